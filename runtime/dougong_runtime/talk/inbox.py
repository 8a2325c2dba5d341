"""A person's notices, as they may read them now: of records, fields and comments that they do not see there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from dougong_runtime.errors import NOT_FOUND, refuse
from dougong_runtime.fields.base import Field
from dougong_runtime.model.app import Entity
from dougong_runtime.records.beside import Glance
from dougong_runtime.records.door import VIEWING_ONLY, Records
from dougong_runtime.records.scene import known_id
from dougong_runtime.talk.cursor import behind
from dougong_runtime.talk.notify import COMMENT as OF_COMMENT
from dougong_runtime.talk.notify import MANY, MENTION, OWNER
from dougong_runtime.talk.tables import COMMENT, NOTICE

Which = Literal["all", "unread", "mentions"]
PAGE = 30
PAGE_MAX = 100
COUNTED_MAX = 99
"""Unread notices are counted up to so many."""
LOOKED_AT_MAX = 1_000
"""Rows that are looked through for those that may be read."""
READ_MAX = 500
"""Notices that one call marks by their ids."""

Doors = Callable[[str], Records | None]
"""From an app's name to its records before the viewer; None where it is not installed, or is none of theirs."""


@dataclass(frozen=True)
class Notice:
    """A notice as its reader has it."""

    id: str
    kind: str
    at: datetime
    is_read: bool
    app: str
    entity: Entity
    record: str | None
    title: str
    """What the record is called; empty where its title is not seen."""
    actor: str | None
    actor_name: str
    field: Field | None
    before: str | None
    after: str | None
    after_name: str
    """Who `after` is, where it is a person."""
    count: int | None
    comment: str | None
    text: str
    """The comment's words."""
    mentions: Mapping[str, str]


class Inbox:
    """The notices of one viewer, over all apps, in a transaction that the caller owns."""

    def __init__(
        self, connection: sa.Connection, viewer_id: str | None, doors: Doors, *, views: bool = False
    ) -> None:
        """`views`: an administrator looks on as the person, and changes nothing."""
        self._connection, self._user, self._doors, self._views = connection, viewer_id, doors, views
        self._opened: dict[str, Records | None] = {}

    def page(
        self, which: Which = "all", before: str | None = None, limit: int = PAGE
    ) -> tuple[list[Notice], str | None]:
        """Notices, the newest first, and the id behind which the next page begins (None: that was the last)."""
        found: list[Notice] = []
        at, looked = behind(before) if before else None, 0
        while len(found) <= limit and looked < LOOKED_AT_MAX:
            rows = self._rows(which, at, limit + 1)
            looked += len(rows)
            found += self._told(rows)
            if len(rows) <= limit:
                break
            at = rows[-1].id
        else:
            if len(found) <= limit:
                return found, at
        return (found[:limit], found[limit - 1].id) if len(found) > limit else (found, None)

    def find(self, id: str) -> Notice | None:
        """One of the viewer's own; None where it is not there, or not to be read now."""
        asked = sa.select(NOTICE).where(NOTICE.c.user == self._user, NOTICE.c.id == known_id(id))
        rows = self._connection.execute(asked).all() if known_id(id) else []
        return next(iter(self._told(rows)), None)

    def unread(self) -> int:
        """How many unread notices may be read, counted up to `COUNTED_MAX` + 1."""
        rows = self._rows("unread", None, COUNTED_MAX + 1)
        return len(self._readable(rows)) if rows else 0

    def mark(self, ids: Sequence[str], at: datetime) -> int:
        """Mark notices of one's own read; gives how many were unread. Others' ids do nothing."""
        known = [i for i in map(known_id, ids[:READ_MAX]) if i is not None]
        return self._mark(NOTICE.c.id.in_(known), at)

    def mark_all(self, at: datetime) -> int:
        """Mark all read."""
        return self._mark(sa.true(), at)

    def mark_record(self, record: str, at: datetime) -> int:
        """Mark those of one record read: it has been opened."""
        known = known_id(record)
        return self._mark(NOTICE.c.record == known, at) if known is not None else 0

    # --- inside ---------------------------------------------------------------------------------------------------
    def _mark(self, which: sa.ColumnElement[bool], at: datetime) -> int:
        if self._views:
            raise refuse(VIEWING_ONLY)
        if self._user is None:
            raise refuse(NOT_FOUND)
        mine = sa.and_(NOTICE.c.user == self._user, NOTICE.c.read_at.is_(None))
        return self._connection.execute(NOTICE.update().where(mine, which).values(read_at=at)).rowcount

    def _rows(self, which: Which, before: str | None, limit: int) -> Sequence[sa.Row[Any]]:
        asked = sa.select(NOTICE).where(NOTICE.c.user == self._user)
        if which == "unread":
            asked = asked.where(NOTICE.c.read_at.is_(None))
        elif which == "mentions":
            asked = asked.where(NOTICE.c.kind == MENTION)
        if before is not None:
            asked = asked.where(NOTICE.c.id < before)
        return self._connection.execute(asked.order_by(NOTICE.c.id.desc()).limit(limit)).all()

    def _door(self, app: str) -> Records | None:
        if app not in self._opened:
            self._opened[app] = self._doors(app)
        return self._opened[app]

    def _readable(self, rows: Iterable[sa.Row[Any]]) -> list[tuple[sa.Row[Any], Records, Entity]]:
        """Those of what the viewer may read now: the record, and the field that changed."""
        wanted: dict[tuple[str, str], set[str]] = {}
        placed = []
        for row in rows:
            records = self._door(row.app)
            entity = _entity(records, row.entity_id)
            if records is None or entity is None or not records.can(entity.name, "read"):
                continue
            placed.append((row, records, entity))
            if row.record is not None:
                wanted.setdefault((row.app, entity.name), set()).add(row.record)
        seen: dict[str, Glance] = {}
        for (app, name), ids in wanted.items():
            door = self._door(app)
            if door is not None:
                seen |= door.beside.glances(name, ids)
        return [p for p in placed if _shows(p[0], p[2], seen)]

    def _told(self, rows: Sequence[sa.Row[Any]]) -> list[Notice]:
        readable = self._readable(rows)
        words = self._words({r.comment for r, _, _ in readable if r.comment})
        titles: dict[str, str] = {}
        by_entity: dict[tuple[str, str], set[str]] = {}
        people: dict[str, set[str]] = {}
        for row, _, entity in readable:
            if row.record is not None:
                by_entity.setdefault((row.app, entity.name), set()).add(row.record)
            named = {row.actor, row.after if row.kind == OWNER else None}
            people.setdefault(row.app, set()).update(n for n in named if n is not None)
        for (app, name), ids in by_entity.items():
            door = self._door(app)
            if door is not None:
                titles |= door.titles(name, ids)
        names: dict[str, str] = {}
        for app, actors in people.items():
            door = self._door(app)
            if door is not None:
                names |= door.beside.people(actors)
        found = []
        for row, _, entity in readable:
            if row.kind in (MENTION, OF_COMMENT) and row.comment not in words:
                continue
            text, mentions = words.get(row.comment, ("", {}))
            found.append(
                Notice(
                    row.id,
                    row.kind,
                    row.at,
                    row.read_at is not None,
                    row.app,
                    entity,
                    row.record,
                    titles.get(row.record, ""),
                    row.actor,
                    names.get(row.actor, ""),
                    _field(entity, row.field),
                    row.before,
                    row.after,
                    names.get(row.after, ""),
                    row.how_many,
                    row.comment,
                    text,
                    mentions,
                )
            )
        return found

    def _words(self, comments: Iterable[str]) -> dict[str, tuple[str, Mapping[str, str]]]:
        """Comment → its words; only of those that are still there."""
        ids = sorted(comments)
        asked = sa.select(COMMENT.c.id, COMMENT.c.text, COMMENT.c.mentions).where(
            COMMENT.c.id.in_(ids), COMMENT.c.deleted_at.is_(None)
        )
        return {i: (text, mentions) for i, text, mentions in self._connection.execute(asked)} if ids else {}


def _entity(records: Records | None, entity_id: str) -> Entity | None:
    """The entity of that id, whatever it is called now."""
    if records is None:
        return None
    return next((e for e in records.running.app.own_entities if e.id == entity_id), None)


def _field(entity: Entity, field_id: str | None) -> Field | None:
    return next((f for f in entity.fields.values() if f.id == field_id), None) if field_id else None


def _shows(row: sa.Row[Any], entity: Entity, seen: Mapping[str, Glance]) -> bool:
    if row.kind == MANY:
        return _field(entity, row.field) is not None
    glance = seen.get(row.record)
    if glance is None:
        return False
    return row.field is None or glance.shown(row.field) == "yes"
