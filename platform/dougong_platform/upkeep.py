"""What a serving process does beside serving: seals the audit, refreshes formulas that depend on the clock, sweeps.

Every process has two threads, one for what is quick and one for what may take long; a lease in the database lets one
process do each piece of work, once. Work in batches renews its lease in the transaction of each batch: whoever has lost
it to another cannot commit, and where its process was killed another goes on a minute later.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from dougong_platform import drafts, positions, seals, signin
from dougong_platform.database import retrying
from dougong_platform.files.sweep import sweep
from dougong_platform.logs import logger
from dougong_platform.pace import Pace
from dougong_platform.presence import Presence
from dougong_platform.site import Site
from dougong_platform.tables import LEASE
from dougong_runtime.errors import Refused
from dougong_runtime.host import Viewer
from dougong_runtime.names import uuid7
from dougong_runtime.publish.retention import Retention
from dougong_runtime.records import refresh
from dougong_runtime.records.change import Observer
from dougong_runtime.records.refresh import Progress, Rhythm
from dougong_runtime.storage import search
from dougong_runtime.talk import notify

LEASE_TIME = timedelta(minutes=15)
"""After so long whoever took a piece of work is thought dead, and another takes it."""
BATCH_LEASE = timedelta(minutes=1)
"""The same for work in batches, since the last of them."""

PAUSE_SECONDS = 5.0
WRITE_USE_SECONDS = 60.0

_log = logger("dougong.upkeep")


@dataclass(frozen=True, slots=True)
class Chore:
    """A piece of work: due when it was last done before `due(now)`."""

    name: str
    due: Callable[[datetime], datetime]
    run: Callable[[], object]
    """Gives the instant that it was done for, where that is not the instant at which it ended."""
    lease: timedelta = LEASE_TIME
    is_quick: bool = True


class LeaseLost(Exception):
    """Another process has taken the work over."""


class _Stopping(Exception):
    """The process ends; the work is to be gone on with."""


class Upkeep:
    """The threads of one process. `start` and `stop` it around serving."""

    def __init__(self, site: Site, observers: Sequence[Observer] = ()) -> None:
        """`observers` are told of what a refresh changes, as of any write."""
        self.site = site
        self.holder = f"{socket.gethostname()}/{os.getpid()}/{uuid7()[-8:]}"
        self._observers = observers
        self._presence = Presence()
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, name="upkeep", daemon=True),
            threading.Thread(target=self._run_long, name="upkeep-long", daemon=True),
        ]
        self._written_at: datetime | None = None

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End, after the piece of work or the batch in hand; what was noted is written."""
        self._stop.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout=10)
        self._safely("last use", self._write_use)
        self._safely("presence", self._leave)

    def chores(self) -> tuple[Chore, ...]:
        """All the pieces of work, with when they are due."""
        zone = ZoneInfo(self.site.settings.site_time_zone)
        every = timedelta(seconds=self.site.settings.seal_seconds)
        return (
            Chore("seal", lambda now: now - every, lambda: seals.seal_now(self.site)),
            Chore("hourly", start_of_hour, lambda: self.refresh("hourly"), lease=BATCH_LEASE, is_quick=False),
            Chore(
                "daily",
                lambda now: start_of_day(now, zone),
                lambda: self.refresh("daily"),
                lease=BATCH_LEASE,
                is_quick=False,
            ),
            Chore(
                "retention",
                lambda now: start_of_day(now, zone),
                self.destroy_old,
                lease=BATCH_LEASE,
                is_quick=False,
            ),
            Chore("sweep", start_of_hour, self._sweep),
            Chore("files", lambda now: start_of_day(now, zone), lambda: sweep(self.site), is_quick=False),
        )

    def run_due(self, which: Callable[[Chore], bool] = lambda chore: True) -> list[str]:
        """Do every chore that is due and that no other process has taken. Gives the names of those done."""
        done = []
        for chore in filter(which, self.chores()):
            now = self.site.clock.now()
            if self._take(chore, chore.due(now), now):
                finished, given = self._safely(chore.name, chore.run)
                self._give_back(chore.name, finished, given)
                if finished:
                    done.append(chore.name)
        return done

    def refresh(self, which: Rhythm) -> datetime:
        """Bring the stored formulas of that rhythm up to date in every app that has some; gives when it began.

        Each batch is a transaction, in which the lease of the chore is renewed. What was begun and not ended is gone
        on with. An app that cannot be refreshed does not keep the others waiting: its error is raised at the end.
        """
        began = self.site.clock.now()
        due = next(c.due(began) for c in self.chores() if c.name == which)
        failed: Exception | None = None
        with self.site.database.read() as connection:
            apps = [
                name
                for name in self.site.apps(connection)
                if refresh.fields_of(self.site.running(connection, name).app, which)
            ]
        for app in apps:
            try:
                self._refresh_app(app, which, due)
            except (LeaseLost, _Stopping):
                raise
            except Exception as error:
                _log.exception("refresh failed", app=app, which=which)
                failed = error
        if failed is not None:
            raise failed
        return began

    def _refresh_app(self, app: str, which: Rhythm, due: datetime) -> None:
        pace = Pace(self.site.database.has_one_writer, self.site.traffic)
        with self.site.database.read() as connection:
            at = refresh.refreshed_at(connection, app).get(which)
        while at is None or at < due:
            if self._stop.is_set():
                raise _Stopping
            before = time.monotonic()
            done = retrying(partial(self._refresh_batch, app, which, pace.rows))
            if done.unfit:
                _log.warning("results do not fit their fields", app=app, which=which, records=done.unfit)
            if done.ended_at is not None:
                _log.info("refreshed", app=app, which=which, rows=done.done, changed=done.changed)
                at = done.started_at
            self._stop.wait(pace.after(time.monotonic() - before))

    def _refresh_batch(self, app: str, which: Rhythm, rows: int) -> Progress:
        with self.site.database.write() as connection:
            self._renew(connection, which)
            return refresh.advance(
                connection,
                self.site.running(connection, app),
                which,
                self.site.clock,
                self.site.settings.site_time_zone,
                rows=rows,
                observers=self._observers,
            )

    def destroy_old(self) -> None:
        """Destroy what was retired from each app longer ago than its `retention` says, a transaction each."""
        with self.site.database.read() as connection:
            apps = self.site.apps(connection)
        for app in apps:
            retention = Retention.of(
                Viewer.system("the app's retention of what was retired"), self.site.clock
            )
            while retrying(partial(self._destroy_next, app, retention)):
                if self._stop.is_set():
                    raise _Stopping

    def _destroy_next(self, app: str, retention: Retention) -> bool:
        with self.site.database.write() as connection:
            self._renew(connection, "retention")
            return retention.step(connection, self.site.running(connection, app))

    def warm(self) -> None:
        """Load what the first request and the first write would wait for: every app, and the readings of characters."""
        with self.site.database.read() as connection:
            for name in self.site.apps(connection):
                self.site.running(connection, name)
        search.pinyin_tokens("斗拱")

    def _run(self) -> None:
        self._safely("warm", self.warm)
        while not self._stop.wait(PAUSE_SECONDS):
            self._safely("leases", lambda: self.run_due(lambda chore: chore.is_quick))
            now = self.site.clock.now()
            if self._written_at is None or (now - self._written_at).total_seconds() >= WRITE_USE_SECONDS:
                self._safely("last use", self._write_use)
                self._written_at = now

    def _run_long(self) -> None:
        while not self._stop.wait(PAUSE_SECONDS):
            self._safely("leases", lambda: self.run_due(lambda chore: not chore.is_quick))

    def _safely(self, name: str, run: Callable[[], object]) -> tuple[bool, object]:
        """Whether it went well, and what it gave; if not, the log says why and the next round tries again."""
        try:
            return True, run()
        except _Stopping:
            _log.info("upkeep goes on later", chore=name)
        except LeaseLost:
            _log.warning("upkeep taken over by another process", chore=name)
        except (SQLAlchemyError, Refused, OSError) as error:
            _log.warning("upkeep failed", chore=name, why=str(error))
        except Exception:
            _log.exception("upkeep failed", chore=name)
        return False, None

    def _take(self, chore: Chore, due: datetime, now: datetime) -> bool:
        with self.site.database.read() as connection:
            row = connection.execute(sa.select(LEASE).where(LEASE.c.name == chore.name)).first()
        if row is not None and (row.until > now or (row.done_at is not None and row.done_at >= due)):
            return False
        with self.site.database.write() as connection:
            insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
            connection.execute(
                insert(LEASE)
                .values(name=chore.name, holder="", until=now, done_at=None)
                .on_conflict_do_nothing()
            )
            free = sa.or_(LEASE.c.done_at.is_(None), LEASE.c.done_at < due)
            taken = connection.execute(
                sa.update(LEASE)
                .where(LEASE.c.name == chore.name, LEASE.c.until <= now, free)
                .values(holder=self.holder, until=now + chore.lease)
            )
            return taken.rowcount == 1

    def _renew(self, connection: sa.Connection, name: str) -> None:
        """In the transaction of a batch: hold the lease for another while. Raises LeaseLost where it is another's."""
        kept = connection.execute(
            sa.update(LEASE)
            .where(LEASE.c.name == name, LEASE.c.holder == self.holder)
            .values(until=self.site.clock.now() + BATCH_LEASE)
        )
        if kept.rowcount != 1:
            raise LeaseLost

    def _give_back(self, name: str, finished: bool, done_for: object) -> None:
        """The lease ends; unfinished work is tried again after a minute, or at once where the process ends."""
        now = self.site.clock.now()
        if finished:
            values = {"until": now, "done_at": done_for if isinstance(done_for, datetime) else now}
        else:
            values = {"until": now if self._stop.is_set() else now + timedelta(minutes=1)}
        with self.site.database.write() as connection:
            connection.execute(
                sa.update(LEASE).where(LEASE.c.name == name, LEASE.c.holder == self.holder).values(**values)
            )

    def _write_use(self) -> None:
        now = self.site.clock.now()
        with self.site.database.write() as connection:
            self.site.last_use.write(connection)
            self.site.database.slow_statements.write(connection, now)
            self._presence.tell(connection, now)

    def _leave(self) -> None:
        with self.site.database.write() as connection:
            self._presence.leave(connection)

    def _sweep(self) -> None:
        with self.site.database.write() as connection:
            signin.sweep(self.site, connection)
            positions.sweep(connection, self.site.clock.now())
            notify.sweep(connection, self.site.clock.now())
            drafts.sweep(connection, self.site.clock.now())


def start_of_hour(now: datetime) -> datetime:
    """The full hour before."""
    return now.replace(minute=0, second=0, microsecond=0)


def start_of_day(now: datetime, zone: ZoneInfo) -> datetime:
    """The midnight before, in that zone."""
    return now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
