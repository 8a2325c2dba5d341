"""The processes that serve, as rows: which program each of them runs."""

from __future__ import annotations

import os
import socket
from datetime import datetime, timedelta
from importlib.metadata import version

import sqlalchemy as sa

from dougong_platform.migrations import runner
from dougong_platform.tables import PROCESS
from dougong_runtime.names import uuid7

SEEN_WITHIN = timedelta(minutes=5)
"""A process that did not tell of itself for so long has died, and its row is forgotten."""


class Presence:
    """This process."""

    def __init__(self) -> None:
        self._id = uuid7()
        self._started_at: datetime | None = None

    def tell(self, connection: sa.Connection, now: datetime) -> None:
        """Note that it lives, and forget those that have died."""
        connection.execute(sa.delete(PROCESS).where(PROCESS.c.seen_at < now - SEEN_WITHIN))
        seen = connection.execute(sa.update(PROCESS).where(PROCESS.c.id == self._id).values(seen_at=now))
        if seen.rowcount:
            return
        self._started_at = self._started_at or now
        connection.execute(
            sa.insert(PROCESS).values(
                id=self._id,
                host=socket.gethostname(),
                pid=os.getpid(),
                program=version("dougong"),
                revision=runner.head(),
                started_at=self._started_at,
                seen_at=now,
            )
        )

    def leave(self, connection: sa.Connection) -> None:
        """It ends in good order."""
        connection.execute(sa.delete(PROCESS).where(PROCESS.c.id == self._id))
