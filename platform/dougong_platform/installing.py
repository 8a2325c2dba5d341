"""Bringing a database to this program's form: the migrations it lacks, then what is simply made anew.

Any number of processes may start at once. Each migration is a transaction under a lock, so that one process carries it
out while the others wait and then find it done; one that is killed leaves the database as it stood before.
Functions, triggers and what the directory lacks follow from the program itself: they are renewed in the last
transaction, whenever another program was here before.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from dougong_platform.migrations import runner
from dougong_platform.migrations.runner import Migration
from dougong_platform.tables import SITE
from dougong_runtime import publish
from dougong_runtime.audit import log, seal
from dougong_runtime.errors import problem_type, refuse
from dougong_runtime.exact import POSTGRESQL_FUNCTIONS
from dougong_runtime.model.directory import DIRECTORY
from dougong_runtime.names import uuid7
from dougong_runtime.storage.dialects import install_functions

if TYPE_CHECKING:
    from dougong_platform.database import Database

T = TypeVar("T")

LOCK = 0x446F75676F6E67
"""Key of PostgreSQL's advisory lock under which a database is brought up ("Dougong" in hexadecimal)."""

LOCK_SECONDS = 5
"""So long a migration waits for a table that others use (PostgreSQL): who waits for it holds up all who come later, so
it gives up, lets them through, and tries again."""

PATIENCE_SECONDS = 600.0
PAUSE_SECONDS = 0.2

_BUSY_STATES = ("55P03", "40P01")
"""PostgreSQL's states: a lock was not to be had in time; two waited for each other."""

PENDING_MIGRATIONS = problem_type(
    "pending-migrations",
    409,
    "数据库的系统表还是旧的，差 {count} 步：{steps}",
    "The system tables are older than this program; {count} steps are pending: {steps}",
    remedy=(
        "备份数据库，然后运行 dougong upgrade。",
        "Back the database up, then run “dougong upgrade”.",
    ),
)
DATABASE_BUSY = problem_type(
    "database-busy",
    503,
    "等了 {seconds} 秒，数据库仍被其他进程占用，没有升级。",
    "After {seconds} s the database is still held by others; it was not upgraded.",
    remedy=(
        "运行 dougong doctor 找出长事务，或停止其他进程后重试。",
        "Find long transactions with “dougong doctor”, or stop the other processes, and try again.",
    ),
)


def install(database: Database, automatic: bool) -> list[Migration]:
    """Bring the database up where it needs it; where it does not, this only looks, and waits for no writer.

    `automatic` False: a database that is in use is left as it is, and `Refused` (PENDING_MIGRATIONS) says so; a new
    one is made all the same. Gives what was carried out.
    """
    with database.read() as connection:
        if is_current(connection):
            return []
        lacking = runner.pending(connection)
        is_new = not sa.inspect(connection).has_table(SITE.name)
    if lacking and not automatic and not is_new:
        steps = ", ".join(migration.revision for migration in lacking)
        raise refuse(PENDING_MIGRATIONS, count=len(lacking), steps=steps)
    return bring_up(database)


def bring_up(database: Database, told: Callable[[Migration], object] = lambda done: None) -> list[Migration]:
    """Carry out what is pending, a transaction each, and renew the rest; `told` hears of each step.

    Raises `Refused`: NEWER_DATABASE, and DATABASE_BUSY where others held what it needed for too long.
    """
    done: list[Migration] = []
    while True:
        migration = _patiently(lambda: _step(database))
        if migration is None:
            return done
        done.append(migration)
        told(migration)


def is_current(connection: sa.Connection) -> bool:
    """Whether a database stands where this program does, and this program was the last to renew the rest."""
    if runner.current(connection) != runner.head():
        return False
    kept = json.loads(_facts(connection).get("forms", "{}"))
    return all(kept.get(name) == form for name, form in forms().items())


def forms() -> dict[str, str]:
    """Part → what follows from its definition: functions, the directory's fields, the program's version."""
    parts = {
        entity.table: repr([(f.id, f.name, f.type, f.search) for f in entity.own_fields])
        for entity in DIRECTORY.own_entities
    }
    parts["functions"] = "".join(POSTGRESQL_FUNCTIONS)
    parts["program"] = version("dougong")
    return {name: hashlib.sha256(text.encode()).hexdigest()[:16] for name, text in parts.items()}


def _step(database: Database) -> Migration | None:
    with database.write() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
        migration = runner.run_next(connection)
        if migration is None and not is_current(connection):
            _renew(connection)
        return migration


def _renew(connection: sa.Connection) -> None:
    install_functions(connection)
    log.install(connection)
    seal.install(connection)
    publish.install_directory(connection)
    facts = _facts(connection)
    kept: Mapping[str, str] = json.loads(facts.get("forms", "{}"))
    wanted = {
        "id": facts.get("id", uuid7()),
        "schema": facts.get("schema", "2"),
        "forms": json.dumps({**kept, **forms()}),
    }
    connection.execute(sa.delete(SITE).where(SITE.c.name.in_(wanted)))
    connection.execute(sa.insert(SITE), [{"name": n, "value": v} for n, v in wanted.items()])


def _patiently(work: Callable[[], T]) -> T:
    """Do a transaction's work, again for as long as others hold what it needs."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return work()
        except OperationalError as error:
            if not _is_busy(error):
                raise
            if time.monotonic() > ends:
                raise refuse(DATABASE_BUSY, seconds=int(PATIENCE_SECONDS)) from None
            time.sleep(PAUSE_SECONDS)


def _is_busy(error: OperationalError) -> bool:
    state = getattr(error.orig, "sqlstate", None)
    return state in _BUSY_STATES or "database is locked" in str(error.orig)


def _facts(connection: sa.Connection) -> dict[str, str]:
    return {row.name: row.value for row in connection.execute(sa.select(SITE))}
