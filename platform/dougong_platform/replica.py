"""A streaming replica of PostgreSQL that answers what only reads (`DOUGONG_READ_URL`).

Three things are kept true. Who writes sees it at their next reading: after each commit the position in the log is kept
with the person, and the replica answers them only once it has replayed that far. What is read is not older than the
setting `read_lag_seconds`: where the primary stood so long ago is compared with what the replica has replayed. And
whatever is wrong with the replica, the primary answers instead.

Who asks, their roles and teams and whether their session still stands are never read here (`http/endpoint.py`).
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from dougong_platform.logs import logger
from dougong_runtime.storage.plans import begin_with_kept_plans

LOOK_SECONDS = 1.0
"""How often it is asked how far it is, while it is near enough."""
LOOK_AGAIN_SECONDS = 0.1
"""How often while it is not."""

AWAY_SECONDS = 5.0
"""After a failure it is left alone for so long."""

CONNECT_OPTIONS = {"connect_timeout": 2, "tcp_user_timeout": 5_000}
"""Seconds, and milliseconds: a host that is gone must not hold up readers."""

_REPLAYED = sa.text("SELECT pg_is_in_recovery(), CAST(pg_last_wal_replay_lsn() - '0/0' AS bigint)")
_WRITTEN = sa.text("SELECT CAST(pg_current_wal_insert_lsn() - '0/0' AS bigint)")

_log = logger("dougong.replica")


class ReplicaFailed(Exception):
    """The replica broke off while it answered; the same is to be asked of the primary."""


@dataclass(frozen=True, slots=True)
class Lag:
    """How a replica stands: `behind` in bytes of the log, None where it does not answer."""

    behind: int | None
    is_standby: bool
    answers_readers: bool


class Replica:
    """The replica as one process sees it. Safe for threads.

    `primary` is where the log is written; `now` gives seconds that only grow.
    """

    def __init__(
        self,
        engine: sa.Engine,
        primary: sa.Engine,
        lag_seconds: float,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool = engine
        self.engine: sa.Engine = engine.execution_options(readonly=True)
        self._plain = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._primary = primary.execution_options(isolation_level="AUTOCOMMIT")
        self._lag_seconds = lag_seconds
        self._now = now
        self._lock = threading.Lock()
        self._replayed = 0
        self._written: deque[tuple[float, int]] = deque()
        self._looked_at: float | None = None
        self._is_near = False
        self._away_until = 0.0

    def may_answer(self, position: int) -> bool:
        """Whether it has replayed the log up to that position, and is near enough to the primary for anyone."""
        if self._now() < self._away_until:
            return False
        try:
            if not self._stands_near():
                return False
            return position <= self._replayed or position <= self._ask()
        except SQLAlchemyError as error:
            self._failed(error)
            return False

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A transaction that reads one state of the data there. Raises ReplicaFailed for any error of the database."""
        try:
            with self.engine.begin() as connection:
                begin_with_kept_plans(connection)
                yield connection
        except DBAPIError as error:
            # A query that stood in the way of replaying is cancelled with a state of its own: others may go on.
            if error.connection_invalidated or getattr(error.orig, "sqlstate", None) is None:
                self._failed(error)
            raise ReplicaFailed from error

    def lag(self) -> Lag:
        """How it stands now, asked of both."""
        try:
            with self._primary.connect() as connection:
                written = int(connection.execute(_WRITTEN).scalar_one())
            with self._plain.connect() as connection:
                is_standby, replayed = connection.execute(_REPLAYED).one()
        except SQLAlchemyError:
            return Lag(None, False, False)
        if not is_standby or replayed is None:
            return Lag(None, False, False)
        return Lag(max(0, written - int(replayed)), True, self.may_answer(0))

    def close(self) -> None:
        """Give all connections back."""
        self._pool.dispose()

    def _stands_near(self) -> bool:
        with self._lock:
            now = self._now()
            pause = LOOK_SECONDS if self._is_near else LOOK_AGAIN_SECONDS
            if self._looked_at is not None and now - self._looked_at < pause:
                return self._is_near
            self._looked_at = now
        with self._primary.connect() as connection:
            written = int(connection.execute(_WRITTEN).scalar_one())
        replayed = self._ask()
        with self._lock:
            self._written.append((now, written))
            self._is_near = replayed >= self._wanted(now)
            return self._is_near

    def _wanted(self, now: float) -> int:
        """The position that must have been replayed: where the primary stood `lag_seconds` ago, or stands now where
        nobody looked about that time."""
        while len(self._written) > 1 and now - self._written[1][0] >= self._lag_seconds:
            self._written.popleft()
        seen_at, position = self._written[0]
        is_of_use = self._lag_seconds <= now - seen_at < 2 * self._lag_seconds
        return position if is_of_use else self._written[-1][1]

    def _ask(self) -> int:
        """How far it has replayed, asked before a snapshot is taken, which then holds at least that much."""
        with self._plain.connect() as connection:
            is_standby, replayed = connection.execute(_REPLAYED).one()
        self._replayed = max(self._replayed, int(replayed)) if is_standby and replayed is not None else -1
        return self._replayed

    def _failed(self, error: SQLAlchemyError) -> None:
        self._away_until = self._now() + AWAY_SECONDS
        self._replayed = 0
        self._looked_at = None
        self._written.clear()
        _log.warning("the replica does not answer; reading from the primary", why=str(error).splitlines()[0])
