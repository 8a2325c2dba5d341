"""What happened to one record, and how it stood at an instant.

Events are found by the record's id, which no rename touches. Their fields stand under the names they had in the
version of the app that was running (`app_version`); `Names` says what those fields are called now, by their ids.
`docs/decisions/0004-history-names.md` has the reasons.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from dougong_runtime.audit import log
from dougong_runtime.audit.log import StoredEvent, dg_audit, instant
from dougong_runtime.model.app import Entity

EVENTS_MAX = 1_000

Sources = Callable[[int], Mapping[str, Any] | None]
"""From a version's number to its documents as they are kept (`App.source`), or None where it is not known."""


class Names:
    """Names of an entity's fields in older versions, and in the running one. One a request: it remembers versions."""

    def __init__(self, entity: Entity, number: int, sources: Sources) -> None:
        """`entity` as in the running version, whose number is `number`."""
        self._entity = entity
        self._number = number
        self._sources = sources
        self._known: dict[int, Mapping[str, str]] = {}

    def now(self, version: int | None, values: Mapping[str, Any]) -> dict[str, Any]:
        """Values under today's names. A field that is no longer there keeps its old name, with its id if that is taken."""
        if version is None or version == self._number:
            return dict(values)
        names = self._known.get(version)
        if names is None:
            names = self._known[version] = dict(self._renamed(version))
        return {names.get(name, name): value for name, value in values.items()}

    def _renamed(self, version: int) -> Iterator[tuple[str, str]]:
        today = {field.id: field.name for field in self._entity.fields.values()}
        for id, name in _fields_of(self._sources(version) or {}, self._entity.id):
            if id in today:
                yield name, today[id]
            elif name in self._entity.fields:
                yield name, f"{name} ({id})"


def _fields_of(source: Mapping[str, Any], entity_id: str) -> Iterator[tuple[str, str]]:
    for place, document in source.items():
        if place.startswith("entity/") and document.get("id") == entity_id:
            for field in document.get("fields", ()):
                yield field["id"], field["name"]


def events(
    connection: sa.Connection,
    app: str,
    entity: str,
    record: str,
    *,
    names: Names | None = None,
    before_seq: int | None = None,
    limit: int = EVENTS_MAX,
    but: Iterable[str] = (),
) -> list[StoredEvent]:
    """What happened to the record, newest first, with fields under today's names where `names` is given.

    `entity` is for the caller to read: records are known by id, and an entity's name may have changed since.
    `before_seq` is the last seq of the page before; `but` are actions that are left out.
    """
    found = log.find(connection, app=app, record=record, before_seq=before_seq, limit=limit, but=but)
    return [_named(event, names) for event in found]


def state_at(
    connection: sa.Connection,
    app: str,
    entity: str,
    record: str,
    at: datetime,
    *,
    names: Names | None = None,
) -> dict[str, Any] | None:
    """The record's JSON values as they stood at `at` (inclusive); None where it was not there or lay in the trash.

    A field that no event up to `at` mentions has the value that the first later change found there.
    """
    state: dict[str, Any] = {}
    present: bool | None = None
    later: dict[str, Any] = {}
    until = instant(at)
    for event_at, event in _all(connection, app, record):
        event = _named(event, names)
        if event_at <= until:
            match event.action:
                case log.CREATE:
                    state, present = dict(event.after or {}), True
                case log.UPDATE | log.REFRESH:
                    state.update(event.after or {})
                    present = True
                case log.DELETE:
                    state.update(event.before or {})
                    present = False
                case log.RESTORE:
                    state.update(event.after or {})
                    present = True
        else:
            if present is None:
                if event.action == log.CREATE:
                    return None
                present = event.action != log.RESTORE
            for name, value in (event.before or {}).items():
                later.setdefault(name, value)
    if not present:
        return None
    return {**later, **state}


def _all(connection: sa.Connection, app: str, record: str) -> Iterator[tuple[str, StoredEvent]]:
    told = (log.CREATE, log.UPDATE, log.REFRESH, log.DELETE, log.RESTORE)
    statement = (
        sa.select(dg_audit)
        .where(dg_audit.c.record == record, dg_audit.c.app == app, dg_audit.c.action.in_(told))
        .order_by(dg_audit.c.seq)
    )
    for row in connection.execute(statement):
        yield row.at, next(log.stored([row]))


def _named(event: StoredEvent, names: Names | None) -> StoredEvent:
    if names is None:
        return event
    return replace(
        event,
        before=None if event.before is None else names.now(event.app_version, event.before),
        after=None if event.after is None else names.now(event.app_version, event.after),
        erased=frozenset(_label_now(names, event.app_version, label) for label in event.erased),
    )


def _label_now(names: Names, version: int | None, label: str) -> str:
    side, _, name = label.partition(".")
    return f"{side}.{next(iter(names.now(version, {name: None})))}" if side in ("before", "after") else label
