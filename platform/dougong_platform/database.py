"""The site's database: one engine, transactions for reading and for writing, and the system's own tables."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from dougong_platform import installing, positions
from dougong_platform.replica import CONNECT_OPTIONS, Replica, ReplicaFailed
from dougong_platform.settings import Settings
from dougong_platform.slow_statements import SlowStatements
from dougong_platform.writer_queue import WriterQueue
from dougong_runtime.documents.versions import Overtaken
from dougong_runtime.errors import Refused, problem_type, refuse
from dougong_runtime.publish import clear_leftovers
from dougong_runtime.storage.dialects import make_engine
from dougong_runtime.storage.plans import begin_with_kept_plans, end_reading
from dougong_runtime.storage.prepared import Forestalled

T = TypeVar("T")

COLLISIONS = ("40P01", "40001")
"""PostgreSQL's states of a transaction that was undone for another's sake: a deadlock, a failure to serialize."""
RETRIES_MAX = 5
FORESTALLED_SECONDS = 30.0
FORESTALLED_PAUSE_SECONDS = 0.1
"""How long, and how often, a write is tried again that stands against a version not published yet."""
RETRY_SECONDS = 0.01
"""Longest wait before the first new attempt; it doubles with each."""

NO_DATABASE = problem_type(
    "no-database",
    503,
    "连不上数据库：{why}",
    "The database cannot be reached: {why}",
    remedy=(
        "检查 DOUGONG_DATABASE_URL，并确认数据库在运行。",
        "Check DOUGONG_DATABASE_URL, and that the database is running.",
    ),
)


class Database:
    """The engine of a process. Threads share it; connections come from its pool."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.slow_statements = SlowStatements(settings.slow_statement_ms)
        self._queue = WriterQueue()

    @cached_property
    def _pool(self) -> sa.Engine:
        return self._engine_of(self._settings.database_url, {})

    def _engine_of(self, url: str, options: Mapping[str, int]) -> sa.Engine:
        made = make_engine(
            _with_options(url, options),
            pool_size=self._settings.pool_size,
            survives_power_loss=self._settings.durability == "full",
        )
        if made.dialect.name == "postgresql":
            threshold = self._settings.prepare_threshold

            def set_threshold(connection: Any, _record: object) -> None:
                connection.prepare_threshold = threshold

            sa.event.listen(made, "connect", set_threshold)
        self.slow_statements.listen(made)
        return made

    @cached_property
    def replica(self) -> Replica | None:
        """The replica that answers readers, where the settings name one."""
        if not self._settings.read_url:
            return None
        engine = self._engine_of(self._settings.read_url, CONNECT_OPTIONS)
        return Replica(engine, self._pool, self._settings.read_lag_seconds)

    @property
    def engine(self) -> sa.Engine:
        """The engine for writing."""
        return self._pool

    @cached_property
    def reader(self) -> sa.Engine:
        """The same pool for reading: one snapshot a transaction, never waiting for a writer, and no writing."""
        return self._pool.execution_options(readonly=True)

    @property
    def has_one_writer(self) -> bool:
        """Whether a transaction for writing keeps all others from writing (SQLite)."""
        return self._pool.dialect.name == "sqlite"

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A transaction that commits at the end and rolls back on any exception. Raises Refused (BUSY) on SQLite."""
        with self._turn(), self.engine.begin() as connection:
            begin_with_kept_plans(connection)
            yield connection

    def _turn(self) -> AbstractContextManager[None]:
        return self._queue.turn() if self.has_one_writer else nullcontext()

    @contextmanager
    def rehearse(self) -> Iterator[sa.Connection]:
        """A transaction for writing that is always rolled back: what a plan tries out leaves nothing behind."""
        with self._turn(), self.engine.connect() as connection, connection.begin() as transaction:
            try:
                yield connection
            finally:
                transaction.rollback()

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A transaction that reads one state of the data."""
        with self.reader.begin() as connection:
            begin_with_kept_plans(connection)
            yield connection
            end_reading(connection)

    def nearby(self, read: Callable[[bool], T]) -> T:
        """`read(True)` where there is a replica: it finds out who asks by `read`, then reads by `read_near`.
        `read(False)` where there is none, or where the replica broke off: it reads all by `read`. Again where a version
        was published meanwhile."""
        if self.replica is not None:
            with suppress(ReplicaFailed):
                return retrying(lambda: read(True))
        return retrying(lambda: read(False))

    @contextmanager
    def read_near(self, position: int) -> Iterator[sa.Connection]:
        """A transaction that reads one state of the data, on the replica if it has come as far as that position of the
        log, else like `read`. Raises ReplicaFailed where the replica breaks off."""
        if self.replica is not None and self.replica.may_answer(position):
            with self.replica.read() as connection:
                yield connection
        else:
            with self.read() as connection:
                yield connection

    def position_of(self, connection: sa.Connection, user: str | None) -> int:
        """The position of the log that a replica must have replayed before it may answer this person."""
        return positions.position_of(connection, user) if self.replica is not None else 0

    def wrote(self, user: str | None, at: datetime) -> None:
        """Note that a person's transaction has been committed. To be called before they are told."""
        if self.replica is not None and user is not None:
            positions.note(self._pool, user, at)

    def install(self) -> None:
        """Bring the system's tables to this program's form: missing ones are made, older ones migrated.

        Safe to call at every start and from several processes at once; where nothing is to be done it only looks.
        Raises `Refused` where the database cannot be reached, belongs to a newer program, or is older and the
        administrator wants to upgrade it by hand (the setting `upgrade`).
        """
        try:
            installing.install(self, automatic=self._settings.upgrade == "auto")
        except OperationalError as error:
            raise unreachable(error) from None

    def is_installed(self) -> bool:
        """Whether the system's tables are there, in the form that this program knows."""
        with self.read() as connection:
            return installing.is_current(connection)

    def close(self) -> None:
        """Give all connections back to the database."""
        self._pool.dispose()
        if self.replica is not None:
            self.replica.close()


def retrying(work: Callable[[], T]) -> T:
    """Do a transaction's whole work, again where the database ended it because two writers waited for each other.

    PostgreSQL undoes one of them; done anew, it finds the other finished. Again also where a version was published
    after the transaction had begun to read: it goes on under the new one; and where one is about to be published that
    refuses what `work` writes: it is waited for. `work` must have no effect outside its transaction before that is
    committed.
    """
    until = time.monotonic() + FORESTALLED_SECONDS
    while time.monotonic() < until:
        try:
            return _retrying(work)
        except Forestalled as wrong:
            clear_leftovers(wrong.engine)
            time.sleep(FORESTALLED_PAUSE_SECONDS)
    return _retrying(work)


def _retrying(work: Callable[[], T]) -> T:
    for attempt in range(RETRIES_MAX):
        try:
            return work()
        except Overtaken:
            pass
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) not in COLLISIONS:
                raise
            time.sleep(random.uniform(0, RETRY_SECONDS * 2**attempt))
    return work()


def _with_options(url: str, options: Mapping[str, int]) -> str:
    """The URL with parameters of the driver that it does not name itself."""
    parsed = sa.make_url(url)
    added = {name: str(value) for name, value in options.items() if name not in parsed.query}
    return parsed.update_query_dict(added).render_as_string(hide_password=False)


def unreachable(error: OperationalError) -> Refused:
    """The refusal for a database that does not answer, or stays locked by a long write."""
    return refuse(NO_DATABASE, why=str(error.orig).strip().splitlines()[0])
