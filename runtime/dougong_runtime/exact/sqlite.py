"""The functions that SQLite lacks, registered on each connection. All deterministic, so that indexes may use them."""

from __future__ import annotations

from typing import Any


def register_sqlite_functions(dbapi_connection: Any) -> None:
    """Make every `dg_` function known to a `sqlite3.Connection`."""
