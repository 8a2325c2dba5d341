"""Interprets documents: metadata, formulas, storage, records, access, audit, pages."""
