"""A row an event, sealed in chained batches."""
