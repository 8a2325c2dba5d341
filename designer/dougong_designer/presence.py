"""Who has an app open in the studio just now, and which document."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from dougong_designer.tables import PRESENCE
from dougong_runtime.host import Viewer

GONE_AFTER = timedelta(seconds=45)
"""Who has not been heard of for so long has left."""
AGAIN_AFTER = timedelta(seconds=15)
"""How old a note may be before it is written anew: a page asks more often."""
SHOWN_MAX = 20


@dataclass(frozen=True, slots=True)
class Present:
    """Somebody else who is there."""

    user: str
    name: str
    document: str


def others(connection: sa.Connection, app: str, viewer: Viewer, now: datetime) -> tuple[Present, ...]:
    """Who else is there, in alphabetical order."""
    query = (
        sa.select(PRESENCE)
        .where(PRESENCE.c.app == app, PRESENCE.c.user != viewer.user, PRESENCE.c.at > now - GONE_AFTER)
        .order_by(PRESENCE.c.name, PRESENCE.c.user)
        .limit(SHOWN_MAX)
    )
    return tuple(Present(row.user, row.name, row.document) for row in connection.execute(query))


def is_noted(connection: sa.Connection, app: str, viewer: Viewer, document: str, now: datetime) -> bool:
    """Whether that the viewer is there, at that document, has been noted lately."""
    query = sa.select(PRESENCE.c.document, PRESENCE.c.at).where(
        PRESENCE.c.app == app, PRESENCE.c.user == viewer.user
    )
    row = connection.execute(query).one_or_none()
    return row is not None and row.document == document and row.at > now - AGAIN_AFTER


def note(connection: sa.Connection, app: str, viewer: Viewer, document: str, now: datetime) -> None:
    """Note that the viewer is there; who left long ago is forgotten. Nothing for the system, which is no person."""
    if viewer.user is None:
        return
    connection.execute(sa.delete(PRESENCE).where(PRESENCE.c.at < now - 10 * GONE_AFTER))
    values = {
        "app": app,
        "user": viewer.user,
        "name": viewer.name or viewer.username,
        "document": document[:200],
        "at": now,
    }
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    changed = {name: values[name] for name in ("name", "document", "at")}
    connection.execute(
        insert(PRESENCE).values(values).on_conflict_do_update(index_elements=["app", "user"], set_=changed)
    )
