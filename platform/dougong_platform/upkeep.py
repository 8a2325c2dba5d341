"""What a serving process does beside serving: seals the audit, refreshes formulas that depend on the clock, sweeps.

Every process has the thread; a lease in the database lets one of them do each piece of work, once.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from dougong_platform import seals, signin
from dougong_platform.logs import logger
from dougong_platform.site import Site
from dougong_platform.tables import LEASE
from dougong_runtime.errors import Refused
from dougong_runtime.records import dependants
from dougong_runtime.storage import search

LEASE_TIME = timedelta(minutes=15)
"""After so long whoever took a piece of work is thought dead, and another takes it."""

PAUSE_SECONDS = 5.0
WRITE_USE_SECONDS = 60.0

_log = logger("dougong.upkeep")


@dataclass(frozen=True, slots=True)
class Chore:
    """A piece of work: due when it was last done before `due(now)`."""

    name: str
    due: Callable[[datetime], datetime]
    run: Callable[[], object]


class Upkeep:
    """The thread of one process. `start` and `stop` it around serving."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.holder = f"{socket.gethostname()}/{os.getpid()}"
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="upkeep", daemon=True)
        self._written_at: datetime | None = None

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, after the piece of work in hand; what was noted is written."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)
        self._safely("last use", self._write_use)

    def chores(self) -> tuple[Chore, ...]:
        """All the pieces of work, with when they are due."""
        zone = ZoneInfo(self.site.settings.time_zone)
        every = timedelta(seconds=self.site.settings.seal_seconds)
        return (
            Chore("seal", lambda now: now - every, lambda: seals.seal_now(self.site)),
            Chore("hourly", start_of_hour, lambda: self.refresh("hourly")),
            Chore("daily", lambda now: start_of_day(now, zone), lambda: self.refresh("daily")),
            Chore("sweep", start_of_hour, self._sweep),
        )

    def run_due(self) -> list[str]:
        """Do every chore that is due and that no other process has taken. Gives the names of those done."""
        done = []
        for chore in self.chores():
            now = self.site.clock.now()
            if self._take(chore.name, chore.due(now), now):
                finished = self._safely(chore.name, chore.run)
                self._give_back(chore.name, finished)
                if finished:
                    done.append(chore.name)
        return done

    def refresh(self, which: str) -> int:
        """Bring the stored formulas of that rhythm up to date in every app, a transaction each. Gives how many apps."""
        with self.site.database.read() as connection:
            apps = self.site.apps(connection)
        for name in apps:
            with self.site.database.write() as connection:
                running = self.site.running(connection, name)
                dependants.refresh(connection, running, which, self.site.clock, self.site.settings.time_zone)
        return len(apps)

    def warm(self) -> None:
        """Load what the first request and the first write would wait for: every app, and the readings of characters."""
        with self.site.database.read() as connection:
            for name in self.site.apps(connection):
                self.site.running(connection, name)
        search.pinyin_tokens("斗拱")

    def _run(self) -> None:
        self._safely("warm", self.warm)
        while not self._stop.wait(PAUSE_SECONDS):
            self._safely("leases", self.run_due)
            now = self.site.clock.now()
            if self._written_at is None or (now - self._written_at).total_seconds() >= WRITE_USE_SECONDS:
                self._safely("last use", self._write_use)
                self._written_at = now

    def _safely(self, name: str, run: Callable[[], object]) -> bool:
        """Whether it went well; if not, the log says why and the next round tries again."""
        try:
            run()
        except (SQLAlchemyError, Refused, OSError) as error:
            _log.warning("upkeep failed", chore=name, why=str(error))
            return False
        except Exception:
            _log.exception("upkeep failed", chore=name)
            return False
        return True

    def _take(self, name: str, due: datetime, now: datetime) -> bool:
        with self.site.database.read() as connection:
            row = connection.execute(sa.select(LEASE).where(LEASE.c.name == name)).first()
        if row is not None and (row.until > now or (row.done_at is not None and row.done_at >= due)):
            return False
        with self.site.database.write() as connection:
            insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
            connection.execute(
                insert(LEASE).values(name=name, holder="", until=now, done_at=None).on_conflict_do_nothing()
            )
            free = sa.or_(LEASE.c.done_at.is_(None), LEASE.c.done_at < due)
            taken = connection.execute(
                sa.update(LEASE)
                .where(LEASE.c.name == name, LEASE.c.until <= now, free)
                .values(holder=self.holder, until=now + LEASE_TIME)
            )
            return taken.rowcount == 1

    def _give_back(self, name: str, finished: bool) -> None:
        """The lease ends; unfinished work is tried again after a minute."""
        now = self.site.clock.now()
        values = {"until": now, "done_at": now} if finished else {"until": now + timedelta(minutes=1)}
        with self.site.database.write() as connection:
            connection.execute(
                sa.update(LEASE).where(LEASE.c.name == name, LEASE.c.holder == self.holder).values(**values)
            )

    def _write_use(self) -> None:
        with self.site.database.write() as connection:
            self.site.last_use.write(connection)

    def _sweep(self) -> None:
        with self.site.database.write() as connection:
            signin.sweep(self.site, connection)


def start_of_hour(now: datetime) -> datetime:
    """The full hour before."""
    return now.replace(minute=0, second=0, microsecond=0)


def start_of_day(now: datetime, zone: ZoneInfo) -> datetime:
    """The midnight before, in that zone."""
    return now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
