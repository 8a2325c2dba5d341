"""Runs the chain of migrations: which there are, which a database lacks, and the next one in the caller's transaction.

Where a database stands is a row of `dg_migration`, written in the transaction of the migration itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory

from dougong_runtime.errors import problem_type, refuse
from dougong_runtime.labels import Label

VERSION_TABLE = "dg_migration"

NEWER_DATABASE = problem_type(
    "newer-database",
    409,
    "数据库的结构版本是 {found}，本程序只认识到 {known}。",
    "The database has structure {found}; this program knows structures up to {known}.",
    remedy=("安装更新的 dougong。", "Install a newer dougong."),
)


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the chain."""

    revision: str
    says: Label


@cache
def _scripts() -> ScriptDirectory:
    return ScriptDirectory(Path(__file__).parent)


@cache
def chain() -> tuple[Migration, ...]:
    """All migrations that this program knows, the oldest first."""
    return tuple(
        Migration(script.revision, script.module.SAYS)
        for script in reversed(list(_scripts().walk_revisions()))
    )


def head() -> str:
    """The revision at which this program's tables stand."""
    return chain()[-1].revision


def current(connection: sa.Connection) -> str | None:
    """The revision at which a database stands; None before the chain: it is empty, or the first release made it."""
    if not sa.inspect(connection).has_table(VERSION_TABLE):
        return None
    found = connection.execute(sa.text(f"SELECT version_num FROM {VERSION_TABLE}")).first()
    return None if found is None else str(found[0])


def pending(connection: sa.Connection) -> tuple[Migration, ...]:
    """What a database lacks, in order. Raises `Refused` (NEWER_DATABASE) where it stands beyond this program."""
    stands = current(connection)
    revisions = [migration.revision for migration in chain()]
    if stands is None:
        return chain()
    if stands not in revisions:
        raise refuse(NEWER_DATABASE, found=stands, known=head())
    return chain()[revisions.index(stands) + 1 :]


def run_next(connection: sa.Connection) -> Migration | None:
    """Carry out the first migration that the database lacks, in the caller's transaction; None where it lacks none.

    The caller holds the lock by which one process at a time comes here. Raises `Refused` like `pending`.
    """
    lacking = pending(connection)
    if not lacking:
        return None
    target = lacking[0].revision
    context = MigrationContext.configure(
        connection,
        opts={
            "version_table": VERSION_TABLE,
            "transactional_ddl": True,
            "fn": lambda heads, _context: _scripts()._upgrade_revs(target, heads),
        },
    )
    context.run_migrations(op=Operations(context))
    return lacking[0]
