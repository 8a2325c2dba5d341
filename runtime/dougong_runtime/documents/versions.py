"""Installed apps and every version of them, as rows: documents, author, time, note, and what changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
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


def running_number(connection: sa.Connection, app: str) -> int | None:
    """Number of the version that serves now; None where the app is not installed. Cheap: one row by key."""
    return connection.execute(sa.select(APPS.c.running).where(APPS.c.name == app)).scalar_one_or_none()


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
