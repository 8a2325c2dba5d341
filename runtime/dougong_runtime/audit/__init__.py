"""A row an event, sealed in chained batches. Importing the package declares its tables, `dg_audit` and `dg_seal`."""

from dougong_runtime.audit import log, seal

__all__ = ["log", "seal"]
