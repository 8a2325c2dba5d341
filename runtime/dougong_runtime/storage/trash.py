"""What publishing took away, and where it lies: nothing is destroyed before its time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from dougong_runtime.exact import Instant
from dougong_runtime.storage.identifiers import short
from dougong_runtime.storage.system import SYSTEM

TRASH = sa.Table(
    "dg_trash",
    SYSTEM,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("app", sa.String(48), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("entity_id", sa.String(64), nullable=False),
    sa.Column("thing_id", sa.String(64), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("form", sa.Text, nullable=False),
    sa.Column("trash_name", sa.Text),
    sa.Column("version", sa.Integer),
    sa.Column("since", Instant(), nullable=False),
    sa.Column("until", Instant()),
    sa.Index("dg_trash_thing", "app", "thing_id", "kind"),
)
"""
kind        `entity` a table, `field` a column or link table, `retype` the column that a field had before it was retyped
entity_id   the entity's id; thing_id is that of the field, or again the entity's
name        what it was called
form        what its column looks like (`forms.form`), as text
trash_name  name of the table or column in the trash; NULL once it is destroyed (`destroy.py`)
version     number of the last version that had it; NULL where there was none
since       when it was put there
until       when it was taken back or destroyed; NULL while it lies there
"""


@dataclass(frozen=True, slots=True)
class Trashed:
    """A row of the trash."""

    id: int
    kind: str
    thing_id: str
    name: str
    form: str
    trash_name: str
    version: int | None


def put(
    connection: sa.Connection,
    app: str,
    kind: str,
    entity_id: str,
    thing_id: str,
    name: str,
    form: str,
    version: int | None,
    at: datetime,
) -> str:
    """Note that a thing goes into the trash; gives the name to rename it to."""
    values = {
        "app": app,
        "kind": kind,
        "entity_id": entity_id,
        "thing_id": thing_id,
        "name": name,
        "form": form,
        "version": version,
        "since": at,
    }
    number = connection.execute(sa.insert(TRASH).values(**values).returning(TRASH.c.id)).scalar_one()
    trash_name = short(f"dg_trash_{number}_{name}")
    connection.execute(sa.update(TRASH).where(TRASH.c.id == number).values(trash_name=trash_name))
    return trash_name


def find(
    connection: sa.Connection, app: str, kind: str, entity_id: str, thing_id: str, form: str | None = None
) -> Trashed | None:
    """The latest thing of that id in the trash, of that form where one is given."""
    query = (
        sa.select(TRASH)
        .where(TRASH.c.app == app, TRASH.c.kind == kind, TRASH.c.until.is_(None))
        .where(TRASH.c.entity_id == entity_id, TRASH.c.thing_id == thing_id)
        .order_by(TRASH.c.id.desc())
        .limit(1)
    )
    if form is not None:
        query = query.where(TRASH.c.form == form)
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    return Trashed(row.id, row.kind, row.thing_id, row.name, row.form, row.trash_name, row.version)


def left_since(
    connection: sa.Connection, app: str, entity_id: str, field_id: str, version: int
) -> list[Trashed]:
    """Columns and link tables in the trash that a field had in a version or later, those of the newest first."""
    query = (
        sa.select(TRASH)
        .where(TRASH.c.app == app, TRASH.c.kind.in_(("field", "retype")), TRASH.c.until.is_(None))
        .where(TRASH.c.entity_id == entity_id, TRASH.c.thing_id == field_id, TRASH.c.version >= version)
        .order_by(TRASH.c.version.desc(), TRASH.c.id.desc())
    )
    return [
        Trashed(row.id, row.kind, row.thing_id, row.name, row.form, row.trash_name, row.version)
        for row in connection.execute(query)
    ]


def fields_of(connection: sa.Connection, app: str, entity_id: str) -> list[Trashed]:
    """The fields of an entity that lie in the trash, the latest first."""
    query = (
        sa.select(TRASH)
        .where(TRASH.c.app == app, TRASH.c.kind == "field", TRASH.c.until.is_(None))
        .where(TRASH.c.entity_id == entity_id, TRASH.c.trash_name.is_not(None))
        .order_by(TRASH.c.id.desc())
    )
    return [
        Trashed(row.id, row.kind, row.thing_id, row.name, row.form, row.trash_name, row.version)
        for row in connection.execute(query)
    ]


@dataclass(frozen=True, slots=True)
class Lying:
    """What lies in the trash, for who looks over it."""

    kind: str
    entity_id: str
    name: str
    since: datetime


def lying(connection: sa.Connection, app: str) -> list[Lying]:
    """All that lies in an app's trash."""
    columns = (TRASH.c.kind, TRASH.c.entity_id, TRASH.c.name, TRASH.c.since)
    there = (TRASH.c.app == app) & TRASH.c.until.is_(None) & TRASH.c.trash_name.is_not(None)
    query = sa.select(*columns).where(there).order_by(TRASH.c.id)
    return [Lying(*row) for row in connection.execute(query)]


def take(connection: sa.Connection, trashed: Trashed, at: datetime) -> None:
    """Note that a thing is out of the trash again."""
    connection.execute(sa.update(TRASH).where(TRASH.c.id == trashed.id).values(until=at))
