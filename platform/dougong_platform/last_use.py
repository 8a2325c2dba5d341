"""When sessions and tokens were last used: noted in memory at each request, written once a minute.

A request that only reads must not write; and a minute is all that idle expiry needs.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import sqlalchemy as sa

GRAIN = timedelta(minutes=1)


class LastUse:
    """What one process noted and has not written yet. Safe for threads."""

    def __init__(self) -> None:
        self._noted: dict[tuple[str, str], tuple[sa.Table, datetime]] = {}
        self._lock = threading.Lock()

    def note(self, table: sa.Table, token_hash: str, written: datetime | None, now: datetime) -> None:
        """A row of `table` was used; `written` is what its `used_at` says."""
        if written is None or now - written >= GRAIN:
            with self._lock:
                self._noted[table.name, token_hash] = (table, now)

    def write(self, connection: sa.Connection) -> int:
        """Write what was noted. Gives how many rows."""
        with self._lock:
            noted, self._noted = self._noted, {}
        for (_, token_hash), (table, at) in noted.items():
            connection.execute(
                sa.update(table)
                .where(table.c.token_hash == token_hash, sa.func.coalesce(table.c.used_at, at) <= at)
                .values(used_at=at)
            )
        return len(noted)
