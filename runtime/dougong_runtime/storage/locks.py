"""PostgreSQL: tables to oneself for a moment, without keeping everybody waiting who comes behind.

A statement that waits for an exclusive lock makes all later ones wait behind it. So the lock is asked for a tenth of a
second at a time, and everybody passes between two attempts. What would not go away by itself, above all the
autovacuum of a large table, is waited for beforehand under a lock that hinders neither readers nor writers.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from dougong_runtime.errors import problem_type, refuse

ATTEMPT_MS = 100
"""How long others may wait behind one attempt, whatever the number of its tables."""
PAUSE_SECONDS = 0.1
"""Between two attempts; it grows to ten times as much."""
PATIENCE_SECONDS = 600.0
"""After so long a publication gives up: some transaction has been open for all that time."""
UNFORESEEN_MS = 2_000
"""How long a statement may wait for a lock that was not asked for here, while everybody waits behind."""
LOCK_NOT_AVAILABLE = "55P03"

NO_QUIET_MOMENT = problem_type(
    "no-quiet-moment",
    409,
    "等了 {seconds} 秒，仍有别的事务在使用 {tables}，没有发布。",
    "Another transaction was still using {tables} after {seconds} s; nothing was published.",
    remedy=(
        "等长时间的导入、导出结束后再发布。",
        "Publish when long imports and exports have ended.",
    ),
)


def hold(
    connection: sa.Connection,
    tables: Iterable[str],
    unwritten: Iterable[str] = (),
    patience_seconds: float = PATIENCE_SECONDS,
) -> None:
    """Have these tables to oneself until the transaction ends; and those of `unwritten` without another's writing,
    which is what making a foreign key asks of its target. Nothing to do on SQLite, where a writer is alone.

    The table that everybody reads first comes first: who has it then waits for nobody who waits for it. Others wait
    at most `ATTEMPT_MS` for an attempt that fails. Raises Refused (NO_QUIET_MOMENT).
    """
    alone = list(dict.fromkeys(tables))
    names = [*alone, *sorted(set(unwritten) - set(alone))]
    if connection.dialect.name != "postgresql" or not names:
        return
    listed = ", ".join(f'"{name}"' for name in names)
    until = time.monotonic() + patience_seconds
    wanted = [("ACCESS EXCLUSIVE", alone), ("SHARE ROW EXCLUSIVE", names[len(alone) :])]
    try:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(patience_seconds * 1000)}")
        connection.exec_driver_sql(f"LOCK TABLE {listed} IN SHARE UPDATE EXCLUSIVE MODE")
        pause = PAUSE_SECONDS
        while not _attempt(connection, wanted):
            if time.monotonic() > until:
                raise refuse(NO_QUIET_MOMENT, seconds=round(patience_seconds), tables=", ".join(names))
            time.sleep(random.uniform(pause / 2, pause))
            pause = min(pause * 1.5, PAUSE_SECONDS * 10)
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {UNFORESEEN_MS}")
    except OperationalError as error:
        if not _is_timeout(error):
            raise
        raise refuse(NO_QUIET_MOMENT, seconds=round(patience_seconds), tables=", ".join(names)) from None


def _attempt(connection: sa.Connection, wanted: Iterable[tuple[str, list[str]]]) -> bool:
    # The timeout is that of each lock, also where one statement asks for several: they share what there is.
    until = time.monotonic() + ATTEMPT_MS / 1000
    savepoint = connection.begin_nested()
    try:
        for name, mode in ((name, mode) for mode, names in wanted for name in names):
            left = max(1, round((until - time.monotonic()) * 1000))
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {left}")
            connection.exec_driver_sql(f'LOCK TABLE "{name}" IN {mode} MODE')
    except OperationalError as error:
        savepoint.rollback()
        if not _is_timeout(error):
            raise
        return False
    savepoint.commit()
    return True


def _is_timeout(error: OperationalError) -> bool:
    return getattr(error.orig, "sqlstate", None) == LOCK_NOT_AVAILABLE
