"""Writing notices, and the observer that writes those of changes: a record's stage, and whose it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from dougong_runtime.host import Clock, Viewer
from dougong_runtime.model.app import Entity
from dougong_runtime.names import uuid7
from dougong_runtime.records.change import Change, Recomputed
from dougong_runtime.records.running import Running
from dougong_runtime.talk.followers import followers
from dougong_runtime.talk.tables import NOTICE

MENTION, COMMENT, STAGE, OWNER, ASSIGNED, MANY = "mention", "comment", "stage", "owner", "assigned", "many"

EACH_MAX = 20
"""Notices of one kind that one write brings one person; of more they are told by a single one."""
ROWS = 1000
"""Rows of one INSERT."""
READ_FOR, KEPT_FOR = timedelta(days=90), timedelta(days=365)
"""How long notices are kept, once they have been read and at all."""


@dataclass(frozen=True, slots=True)
class Row:
    """A notice to be written."""

    user: str
    kind: str
    app: str
    entity_id: str
    record: str | None
    actor: str | None
    comment: str | None = None
    field: str | None = None
    before: str | None = None
    after: str | None = None
    how_many: int | None = None


def write(connection: sa.Connection, rows: Iterable[Row], at: datetime) -> None:
    """Enter notices, in the transaction of what caused them."""
    values = [{"id": uuid7(), "at": at, **asdict(row)} for row in rows]
    for start in range(0, len(values), ROWS):
        connection.execute(NOTICE.insert(), values[start : start + ROWS])


def sweep(connection: sa.Connection, now: datetime) -> int:
    """Take away notices that nobody looks for any more: read ones after `READ_FOR`, all after `KEPT_FOR`."""
    old = sa.or_(NOTICE.c.at < now - KEPT_FOR, NOTICE.c.read_at < now - READ_FOR)
    return connection.execute(NOTICE.delete().where(old)).rowcount


class Notifier:
    """Observes the writes of one viewer in one transaction. Nobody is told of what they did themselves."""

    def __init__(self, running: Running, connection: sa.Connection, viewer: Viewer, clock: Clock) -> None:
        self._running, self._connection, self._viewer, self._clock = running, connection, viewer, clock

    def wrote(self, changes: Sequence[Change], recomputed: Sequence[Recomputed]) -> None:
        """Called once a write: notices of new stages and owners, to who follows and to who was assigned."""
        by_entity: dict[str, list[Change]] = {}
        for change in changes:
            if change.kind in ("create", "update"):
                by_entity.setdefault(change.entity, []).append(change)
        rows = [row for name, group in by_entity.items() for row in self._rows(name, group)]
        if rows:
            write(self._connection, _few(rows), self._clock.now())

    def _rows(self, name: str, changes: Sequence[Change]) -> list[Row]:
        entity = self._running.app.entities[name]
        if entity.app != self._running.app.name:
            return []
        owner = entity.owner_field if entity.owner_field != "created_by" else ""
        rows = self._assigned(entity, owner, changes) if owner else []
        watched = [n for n in (owner, entity.stage.name if entity.stage else "") if n]
        moved = [c for c in changes if c.kind == "update" and any(n in c.after for n in watched)]
        return rows + (self._moved(entity, owner, moved) if moved else [])

    def _assigned(self, entity: Entity, owner: str, changes: Sequence[Change]) -> list[Row]:
        """To whoever is a record's owner now and was not before."""
        found = []
        for change in changes:
            person = change.after.get(owner)
            if person is not None and person != self._viewer.user and person != change.before.get(owner):
                found.append(self._row(person, ASSIGNED, entity, change, owner))
        return found

    def _moved(self, entity: Entity, owner: str, changes: Sequence[Change]) -> list[Row]:
        """To who follows: that a record is at another stage, or is another's."""
        whose = {c.record: _whose(c, entity) for c in changes}
        following = followers(self._connection, [c.record for c in changes], whose)
        found = []
        for change in changes:
            told = following[change.record] - {self._viewer.user}
            if entity.stage is not None and entity.stage.name in change.after:
                found += [self._row(p, STAGE, entity, change, entity.stage.name) for p in sorted(told)]
            if owner and owner in change.after:
                others = told - {change.after[owner]}
                found += [self._row(p, OWNER, entity, change, owner) for p in sorted(others)]
        return found

    def _row(self, person: str, kind: str, entity: Entity, change: Change, field: str) -> Row:
        return Row(
            person,
            kind,
            entity.app,
            entity.id,
            change.record,
            self._viewer.user,
            field=entity.fields[field].id,
            before=_text(change.before.get(field)),
            after=_text(change.after.get(field)),
        )


def _whose(change: Change, entity: Entity) -> set[str]:
    """The owner before the change and its creator, who follow without having said so; and the owner now."""
    before = change.state_before
    people = {before.get("created_by"), before.get(entity.owner_field), change.after.get(entity.owner_field)}
    return {p for p in people if isinstance(p, str)}


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _few(rows: Sequence[Row]) -> list[Row]:
    """The same; where one write brings one person very many of a kind, one that counts them."""
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.user, row.kind, row.entity_id), []).append(row)
    found: list[Row] = []
    for (user, kind, entity_id), group in groups.items():
        if len(group) <= EACH_MAX:
            found += group
        elif kind == ASSIGNED:
            one = group[0]
            found.append(
                Row(user, MANY, one.app, entity_id, None, one.actor, field=one.field, how_many=len(group))
            )
        else:
            found += group[:EACH_MAX]
    return found
