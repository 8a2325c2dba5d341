"""The functions that PostgreSQL lacks, as statements run once at installation, in the default schema."""

from __future__ import annotations

POSTGRESQL_FUNCTIONS: tuple[str, ...] = ()
