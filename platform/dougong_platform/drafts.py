"""Unsaved work: what a person has typed into a form is kept on the server, for them alone, until it is saved or dropped.

A draft is what the form would have sent, and nothing in it has been checked: it is read as if it were sent, when it is
taken up again, under the access that its owner has then. It is no record: it is not audited, searched or exported.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from dougong_platform.tables_forms import DRAFT, PICKED
from dougong_runtime.errors import FORBIDDEN, NOT_FOUND, problem_type, refuse
from dougong_runtime.host import Viewer
from dougong_runtime.labels import Label
from dougong_runtime.names import is_record_id, uuid7

KEPT_FOR = timedelta(days=30)
BYTES_MAX = 200 * 1024
PAIRS_MAX = 2_000
OF_A_PERSON_MAX = 100
"""Of more, those that were left longest make room."""
PICKED_MAX = 12
"""Records of an entity that are remembered as lately picked."""

DRAFT_TOO_LARGE = problem_type(
    "draft-too-large",
    413,
    "这份草稿太大，没有存上（上限 {limit} KB）。",
    "The draft is too large and was not kept (limit {limit} KB).",
    remedy=("先保存，再继续填。", "Save what there is, and go on from there."),
)


@dataclass(frozen=True, slots=True)
class Key:
    """Which form a draft is of: `record` is empty for a new record, `form` for the form that follows from the entity."""

    app: str
    entity: str
    record: str = ""
    form: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """Unsaved work. `fields` are pairs of name and text in the order of the form."""

    id: str
    key: Key
    version: int | None
    fields: tuple[tuple[str, str], ...]
    created_at: datetime
    updated_at: datetime

    def getlist(self, key: Any) -> list[str]:
        """All texts under a name, as of a form that was sent."""
        return [text for name, text in self.fields if name == key]

    def __contains__(self, key: object) -> bool:
        return any(name == key for name, _ in self.fields)

    def text(self, name: str) -> str:
        """The last text under a name; empty where there is none."""
        return (self.getlist(name) or [""])[-1]


def keep(
    connection: sa.Connection,
    viewer: Viewer,
    key: Key,
    version: int | None,
    fields: Iterable[tuple[str, str]],
    now: datetime,
) -> str:
    """Keep what was typed, in place of what was kept before; gives the draft's id. Raises Refused."""
    user = _owner(viewer)
    pairs = [[name, text] for name, text in fields]
    if len(pairs) > PAIRS_MAX or len(msgspec.json.encode(pairs)) > BYTES_MAX:
        raise refuse(DRAFT_TOO_LARGE, limit=BYTES_MAX // 1024)
    if key.record and not is_record_id(key.record):
        raise refuse(NOT_FOUND)
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    made = insert(DRAFT).values(
        id=uuid7(), user=user, app=key.app, entity=key.entity, record=key.record, form=key.form,
        version=version, fields=pairs, created_at=now, updated_at=now,
    )  # fmt: skip
    kept = connection.execute(
        made.on_conflict_do_update(
            index_elements=["user", "app", "entity", "record", "form"],
            set_={"version": version, "fields": made.excluded.fields, "updated_at": now},
        ).returning(DRAFT.c.id)
    ).scalar_one()
    stale = (
        sa.select(DRAFT.c.id)
        .where(DRAFT.c.user == user)
        .order_by(DRAFT.c.updated_at.desc(), DRAFT.c.id.desc())
        .offset(OF_A_PERSON_MAX)
    )
    connection.execute(sa.delete(DRAFT).where(DRAFT.c.id.in_(stale)))
    return str(kept)


def find(connection: sa.Connection, viewer: Viewer, key: Key) -> Draft | None:
    """The person's draft of a form. Who looks on as another is shown none: it is nobody else's."""
    if viewer.user is None or viewer.acting_for is not None:
        return None
    row = connection.execute(sa.select(DRAFT).where(*_is(viewer.user, key))).first()
    return None if row is None else _draft(row)


def get(connection: sa.Connection, viewer: Viewer, id_: str) -> Draft:
    """One of the person's drafts. Raises Refused (NOT_FOUND), for another's too."""
    mine = (DRAFT.c.id == id_, DRAFT.c.user == _owner(viewer))
    row = connection.execute(sa.select(DRAFT).where(*mine)).first() if is_record_id(id_) else None
    if row is None:
        raise refuse(NOT_FOUND)
    return _draft(row)


def all_of(connection: sa.Connection, viewer: Viewer) -> Sequence[Draft]:
    """The person's drafts, the latest first."""
    mine = sa.select(DRAFT).where(DRAFT.c.user == _owner(viewer)).order_by(DRAFT.c.updated_at.desc())
    return [_draft(row) for row in connection.execute(mine)]


def drop(connection: sa.Connection, viewer: Viewer, key: Key) -> None:
    """Away with the person's draft of a form, if there is one."""
    if viewer.user is not None and viewer.acting_for is None:
        connection.execute(sa.delete(DRAFT).where(*_is(viewer.user, key)))


def sweep(connection: sa.Connection, now: datetime) -> None:
    """Remove drafts that nobody has touched for long."""
    connection.execute(sa.delete(DRAFT).where(DRAFT.c.updated_at < now - KEPT_FOR))


def forget_record(connection: sa.Connection, record: str) -> None:
    """Remove drafts of a record whose values are erased by law."""
    connection.execute(sa.delete(DRAFT).where(DRAFT.c.record == record))


# --- records picked lately ----------------------------------------------------------------------------------------
def note_picked(
    connection: sa.Connection, user: str, app: str, picked: Iterable[tuple[str, str]], now: datetime
) -> None:
    """Remember records (entity, id) that a person chose; the eldest of each entity are forgotten."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    entities = set()
    for entity, record in sorted(set(picked)):
        made = insert(PICKED).values(user=user, app=app, entity=entity, record=record, at=now)
        connection.execute(
            made.on_conflict_do_update(index_elements=["user", "app", "entity", "record"], set_={"at": now})
        )
        entities.add(entity)
    for entity in sorted(entities):
        mine = (PICKED.c.user == user, PICKED.c.app == app, PICKED.c.entity == entity)
        kept = sa.select(PICKED.c.record).where(*mine).order_by(PICKED.c.at.desc()).limit(PICKED_MAX)
        connection.execute(sa.delete(PICKED).where(*mine, PICKED.c.record.not_in(kept)))


def picked_lately(connection: sa.Connection, viewer: Viewer, app: str, entity: str) -> list[str]:
    """Ids of the records that a person chose lately, the latest first; whether they may still be read is not said."""
    if viewer.user is None:
        return []
    mine = (PICKED.c.user == viewer.user, PICKED.c.app == app, PICKED.c.entity == entity)
    return list(connection.scalars(sa.select(PICKED.c.record).where(*mine).order_by(PICKED.c.at.desc())))


def _owner(viewer: Viewer) -> str:
    if viewer.user is None or viewer.acting_for is not None:
        raise refuse(FORBIDDEN, entity=Label("草稿", "Drafts"), action=Label("查看", "looking"))
    return viewer.user


def _is(user: str, key: Key) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        DRAFT.c.user == user,
        DRAFT.c.app == key.app,
        DRAFT.c.entity == key.entity,
        DRAFT.c.record == key.record,
        DRAFT.c.form == key.form,
    )


def _draft(row: Any) -> Draft:
    pairs = tuple((str(name), str(text)) for name, text in row.fields)
    key = Key(row.app, row.entity, row.record, row.form)
    return Draft(row.id, key, row.version, pairs, row.created_at, row.updated_at)
