"""What a person opened lately and what they starred: ids alone, read again under their access whenever it is shown.

Nobody else sees it, nothing is decided by it, and it changes no record: so it writes no audit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from dougong_platform.tables import RECENT, STAR
from dougong_runtime.errors import problem_type, refuse
from dougong_runtime.host import Viewer

RECENT_MAX = 60
"""How many records opened lately are kept a person."""
STARS_MAX = 500

TOO_MANY_STARS = problem_type(
    "too-many-stars",
    409,
    "已有 {most} 条标星的记录。",
    "There are {most} starred records already.",
    remedy=("先去掉一些标星。", "Take the star off some first."),
)


@dataclass(frozen=True, slots=True)
class Place:
    """A record by its address, and when it was opened or starred."""

    app: str
    entity: str
    record: str
    at: datetime


def opened(
    connection: sa.Connection, viewer: Viewer, app: str, entity: str, record: str, at: datetime
) -> None:
    """Keep that the person opened a record; the oldest beyond `RECENT_MAX` go."""
    if viewer.user is None:
        return
    _keep(connection, RECENT, viewer.user, app, entity, record, at)
    kept = sa.select(RECENT.c.at).where(RECENT.c.user == viewer.user).order_by(RECENT.c.at.desc())
    last = connection.scalar(kept.offset(RECENT_MAX - 1).limit(1))
    if last is not None:
        connection.execute(sa.delete(RECENT).where(RECENT.c.user == viewer.user, RECENT.c.at < last))


def star(connection: sa.Connection, viewer: Viewer, app: str, entity: str, record: str, at: datetime) -> None:
    """Star a record for the person. Raises Refused (TOO_MANY_STARS)."""
    if viewer.user is None:
        return
    count = sa.select(sa.func.count()).select_from(STAR).where(STAR.c.user == viewer.user)
    if (connection.scalar(count) or 0) >= STARS_MAX and not is_starred(
        connection, viewer, app, entity, record
    ):
        raise refuse(TOO_MANY_STARS, most=STARS_MAX)
    _keep(connection, STAR, viewer.user, app, entity, record, at)


def unstar(connection: sa.Connection, viewer: Viewer, app: str, entity: str, record: str) -> None:
    """Take the star off; one that is not there is no error."""
    connection.execute(sa.delete(STAR).where(*_is(STAR, viewer.user, app, entity, record)))


def is_starred(connection: sa.Connection, viewer: Viewer, app: str, entity: str, record: str) -> bool:
    """Whether the person starred a record."""
    found = sa.select(STAR.c.at).where(*_is(STAR, viewer.user, app, entity, record))
    return viewer.user is not None and connection.scalar(found) is not None


def recent(connection: sa.Connection, viewer: Viewer, app: str | None = None, limit: int = 20) -> list[Place]:
    """What the person opened lately, the newest first: in one app, or in all."""
    return _listed(connection, RECENT, viewer, app, limit)


def starred(
    connection: sa.Connection, viewer: Viewer, app: str | None = None, limit: int = STARS_MAX
) -> list[Place]:
    """What the person starred, the newest first: in one app, or in all."""
    return _listed(connection, STAR, viewer, app, limit)


def _listed(
    connection: sa.Connection, table: sa.Table, viewer: Viewer, app: str | None, limit: int
) -> list[Place]:
    if viewer.user is None:
        return []
    wanted = sa.select(table.c.app, table.c.entity, table.c.record, table.c.at).where(
        table.c.user == viewer.user
    )
    if app is not None:
        wanted = wanted.where(table.c.app == app)
    rows = connection.execute(wanted.order_by(table.c.at.desc(), table.c.record).limit(limit))
    return [Place(r.app, r.entity, r.record, r.at) for r in rows]


def _is(
    table: sa.Table, user: str | None, app: str, entity: str, record: str
) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        table.c.user == user,
        table.c.app == app,
        table.c.entity == entity,
        table.c.record == record,
    )


def _keep(
    connection: sa.Connection, table: sa.Table, user: str, app: str, entity: str, record: str, at: datetime
) -> None:
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    adding = insert(table).values(user=user, app=app, entity=entity, record=record, at=at)
    connection.execute(adding.on_conflict_do_update(index_elements=[*table.primary_key], set_={"at": at}))
