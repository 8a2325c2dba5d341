"""Installed apps and every version of them, as rows: documents, author, time, note, and what changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from dougong_runtime.exact import Instant, JsonValue
from dougong_runtime.storage.system import SYSTEM


class AsWritten(sa.TypeDecorator[Any]):
    """A JSON value as text on both databases: properties keep the order in which they were written, so that an app is
    exported to the same bytes from either (PostgreSQL's JSONB would sort them)."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str | None:
        """To the database."""
        return None if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:
        """From the database."""
        return None if value is None else json.loads(value)


APPS = sa.Table(
    "dg_app",
    SYSTEM,
    sa.Column("name", sa.String(48), primary_key=True),
    sa.Column("running", sa.Integer, nullable=False),
)
"""`running`: number of the version that serves now."""

VERSIONS = sa.Table(
    "dg_version",
    SYSTEM,
    sa.Column("app", sa.String(48), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("source", AsWritten(), nullable=False),
    sa.Column("at", Instant(), nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("note", sa.Text),
    sa.Column("changes", JsonValue(), nullable=False),
    sa.Column("back_to", sa.Integer),
)
"""
number   counts from 1 within the app; a way back is a new version too
version  the app document's own version, e.g. 1.4.0
source   all documents, ids filled in (`App.source`)
by       username of who published
changes  {"added": [...], "changed": [...], "removed": [...]}, each `kind/name`
back_to  number of the version that this one repeats, where it was a way back
"""


@dataclass(frozen=True, slots=True)
class Version:
    """One published version of an app."""

    app: str
    number: int
    version: str
    source: Mapping[str, Any]
    at: datetime
    by: str
    note: str | None
    changes: Mapping[str, Any]
    back_to: int | None


_MARK = "dg_published_"
"""PostgreSQL: name of a domain, with the sum of all `running` behind it: says which versions' tables there are.

A name is looked up as it is now, while rows are read as they were when the transaction began. So one statement can
tell that its transaction sees the number of a version whose tables have changed since."""


class Overtaken(Exception):
    """A version was published after this transaction had begun to read: it must begin anew, and sees the new one."""


def running_number(connection: sa.Connection, app: str) -> int | None:
    """Number of the version that serves now; None where the app is not installed. Cheap: one row by key.

    On PostgreSQL no version is published from here to the end of the transaction. Raises Overtaken where one was
    between the beginning of the transaction and here.
    """
    query = sa.select(APPS.c.running, is_as_seen(connection.dialect.name)).where(APPS.c.name == app)
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    expect_as_seen(connection, row[1])
    return int(row[0])


def is_as_seen(dialect: str) -> sa.ColumnElement[bool]:
    """SQL: whether the tables are those of the running versions that this statement sees in `APPS`, which it reads."""
    if dialect != "postgresql":
        return sa.true()
    total = sa.select(sa.func.coalesce(sa.func.sum(APPS.c.running), 0)).scalar_subquery()
    return sa.func.to_regtype(sa.literal(_MARK) + sa.cast(total, sa.Text)).is_not(None)


def expect_as_seen(connection: sa.Connection, as_seen: bool) -> None:
    """Raise Overtaken where `is_as_seen` was answered with no; a database that bears no mark yet is believed."""
    if not as_seen and _marks(connection):
        raise Overtaken


def mark(connection: sa.Connection) -> None:
    """Say in the database which versions' tables there are now. For who changes the running versions."""
    if connection.dialect.name != "postgresql":
        return
    total = connection.execute(sa.select(sa.func.coalesce(sa.func.sum(APPS.c.running), 0))).scalar_one()
    wanted, found = f"{_MARK}{total}", _marks(connection)
    for name in found:
        if name != wanted:
            connection.exec_driver_sql(f'DROP DOMAIN "{name}"')
    if wanted not in found:
        connection.exec_driver_sql(f'CREATE DOMAIN "{wanted}" AS boolean')


def _marks(connection: sa.Connection) -> list[str]:
    """Marks as this transaction sees them, which may be one that is no longer there."""
    found = connection.execute(
        sa.text(
            "SELECT t.typname FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace "
            "WHERE t.typtype = 'd' AND t.typname LIKE :like AND n.nspname = current_schema()"
        ),
        {"like": _MARK.replace("_", r"\_") + "%"},
    )
    return list(found.scalars())


def prepare_anew(connection: sa.Connection, app: str, number: int) -> None:
    """Forget the statements that this connection has prepared for another version of the app: PostgreSQL refuses them
    where a column has another type now."""
    key = f"dougong version of {app}"
    if connection.dialect.name == "postgresql" and connection.info.get(key) != number:
        if key in connection.info:
            # The driver sees it only in a statement that it has not met before.
            connection.exec_driver_sql(f"DEALLOCATE ALL /* {app} {number} */")
        connection.info[key] = number


def current(connection: sa.Connection, app: str) -> Version | None:
    """The version that serves now, or None."""
    query = sa.select(VERSIONS).join(
        APPS, (APPS.c.name == VERSIONS.c.app) & (APPS.c.running == VERSIONS.c.number)
    )
    row = connection.execute(query.where(APPS.c.name == app)).one_or_none()
    return None if row is None else _version(row)


def find(connection: sa.Connection, app: str, number: int) -> Version | None:
    """One version by its number, or None."""
    query = sa.select(VERSIONS).where(VERSIONS.c.app == app, VERSIONS.c.number == number)
    row = connection.execute(query).one_or_none()
    return None if row is None else _version(row)


def versions(connection: sa.Connection, app: str) -> list[Version]:
    """All versions of an app, the oldest first."""
    query = sa.select(VERSIONS).where(VERSIONS.c.app == app).order_by(VERSIONS.c.number)
    return [_version(row) for row in connection.execute(query)]


def outlines(connection: sa.Connection, app: str) -> list[Version]:
    """All versions of an app, the oldest first, without their documents: a long history is quickly listed."""
    columns: list[sa.ColumnElement[Any]] = [c for c in VERSIONS.c if c.name != "source"]
    query: sa.Select[Any] = sa.select(*columns, sa.null().label("source")).where(VERSIONS.c.app == app)
    return [
        replace(_version(row), source={}) for row in connection.execute(query.order_by(VERSIONS.c.number))
    ]


def repeats(connection: sa.Connection, app: str) -> dict[int, int]:
    """Versions that were ways back, with the number of the version that each repeats."""
    query = sa.select(VERSIONS.c.number, VERSIONS.c.back_to).where(VERSIONS.c.app == app)
    rows = connection.execute(query.where(VERSIONS.c.back_to.is_not(None)))
    return {row.number: row.back_to for row in rows}


def all_apps(connection: sa.Connection) -> tuple[str, ...]:
    """Names of the installed apps, in alphabetical order."""
    return tuple(connection.execute(sa.select(APPS.c.name).order_by(APPS.c.name)).scalars())


def lock(connection: sa.Connection, app: str) -> None:
    """Keep others from publishing the app until this transaction ends; nothing to do where it is not installed."""
    connection.execute(sa.select(APPS.c.running).where(APPS.c.name == app).with_for_update()).all()


def store(
    connection: sa.Connection,
    app: str,
    version: str,
    source: Mapping[str, Any],
    at: datetime,
    by: str,
    note: str | None,
    changes: Mapping[str, Any],
    back_to: int | None = None,
) -> int:
    """Keep a version and let it serve; gives its number."""
    last = connection.execute(sa.select(sa.func.max(VERSIONS.c.number)).where(VERSIONS.c.app == app)).scalar()
    number = int(last or 0) + 1
    values = {
        "app": app,
        "number": number,
        "version": version,
        "source": dict(source),
        "at": at,
        "by": by,
        "note": note,
        "changes": dict(changes),
        "back_to": back_to,
    }
    connection.execute(sa.insert(VERSIONS).values(values))
    if last is None:
        connection.execute(sa.insert(APPS).values(name=app, running=number))
    else:
        connection.execute(sa.update(APPS).where(APPS.c.name == app).values(running=number))
    mark(connection)
    return number


def _version(row: sa.Row[Any]) -> Version:
    return Version(
        row.app,
        row.number,
        row.version,
        row.source,
        row.at,
        row.by,
        row.note,
        row.changes,
        row.back_to,
    )
