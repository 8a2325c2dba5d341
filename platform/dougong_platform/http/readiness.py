"""Whether a process can serve: asked every few seconds by a balancer, so it costs one small statement."""

from __future__ import annotations

import time

import sqlalchemy as sa

from dougong_platform.http.problem_types import NOT_READY
from dougong_platform.migrations import runner
from dougong_platform.site import Site
from dougong_runtime.errors import refuse

LOOK_SECONDS = 60.0
"""How long it is believed that the system's tables are there and every app loads."""


class Readiness:
    """What one process knows of it. Safe for threads: two that look at once find the same."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._apps = 0
        self._looked = float("-inf")

    def apps(self) -> int:
        """How many apps it serves, as last looked at. Raises `Refused` (NOT_READY), each time until it is mended."""
        try:
            with self._site.database.read() as connection:
                if time.monotonic() - self._looked < LOOK_SECONDS:
                    connection.execute(sa.select(sa.literal_column("1")))
                else:
                    self._apps = self._look(connection)
                    self._looked = time.monotonic()
        except sa.exc.SQLAlchemyError:
            self._looked = float("-inf")
            raise refuse(NOT_READY, zh="连不上数据库。", en="the database cannot be reached.") from None
        return self._apps

    def _look(self, connection: sa.Connection) -> int:
        if runner.pending(connection):
            raise refuse(
                NOT_READY,
                zh="系统表缺失或过旧，运行 dougong upgrade。",
                en="system tables are missing or older than the program; run “dougong upgrade”.",
            )
        apps = self._site.apps(connection)
        for name in apps:
            self._site.running(connection, name)
        return len(apps)
