"""Rows of the audit in words: a sentence each, the change of each field, under the batches that they are sealed in."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from dougong_platform import people
from dougong_platform.http.pages.audit_filter import VIAS, Asked
from dougong_platform.http.pages.visit import Here
from dougong_platform.site import DIRECTORY
from dougong_runtime.audit.log import ACTIONS, ERASE, StoredEvent
from dougong_runtime.audit.seal import dg_seal
from dougong_runtime.fields.base import Field
from dougong_runtime.model.app import App
from dougong_runtime.pages.reading import number
from dougong_runtime.records.told import withheld

ID_DIGITS = 8
"""Of a record's id the last are shown: the first tell the time, and are the same for all that was made together."""


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One field of a change."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class EventLine:
    """A row in words."""

    seq: int
    when: str
    exact: str
    who: str
    verb: str
    what: str
    title: str
    href: str
    """The record's page, for who may read it."""
    via: str
    as_: str
    changes: tuple[ChangeLine, ...]
    details: tuple[tuple[str, str], ...]
    record_href: str
    """The same list, of this record alone."""
    erase_href: str
    job_href: str


@dataclass(frozen=True, slots=True)
class BatchLines:
    """Rows that one seal covers, or that none does yet."""

    batch: int | None
    text: str
    events: tuple[EventLine, ...]


def told(here: Here, connection: sa.Connection, events: Sequence[StoredEvent]) -> list[StoredEvent]:
    """The events with no more of records than the administrator may read of them."""
    found: dict[int, StoredEvent] = {}
    apps = (*here.site.apps(connection), DIRECTORY)
    for app in {event.app for event in events}:
        mine = [event for event in events if event.app == app]
        if app in apps:
            mine = list(here.site.records(connection, here.viewer, app).told(mine))
        elif app is not None:
            mine = [withheld(event) for event in mine]
        found |= {event.seq: event for event in mine}
    return [found[event.seq] for event in events]


def in_batches(here: Here, asked: Asked, events: Sequence[StoredEvent]) -> list[BatchLines]:
    """The events, newest first, under the seals that cover them."""
    if not events:
        return []
    writer = _Writer(here, asked, events)
    columns = (dg_seal.c.batch, dg_seal.c.first_seq, dg_seal.c.last_seq, dg_seal.c.rows, dg_seal.c.at)
    covering = (dg_seal.c.last_seq >= events[-1].seq) & (dg_seal.c.first_seq <= events[0].seq)
    seals = here.connection.execute(
        sa.select(*columns).where(covering).order_by(dg_seal.c.batch.desc())
    ).all()
    groups: list[tuple[Any, list[EventLine]]] = []
    for event in events:
        seal = next((s for s in seals if s.first_seq <= event.seq <= s.last_seq), None)
        if not groups or groups[-1][0] != seal:
            groups.append((seal, []))
        groups[-1][1].append(writer.line(event))
    t, reader = here.reader.t, here.reader
    return [
        BatchLines(
            None if seal is None else seal.batch,
            t("audit.unsealed")
            if seal is None
            else t(
                "audit.batch",
                batch=number(seal.batch),
                rows=number(seal.rows),
                when=reader.moment(datetime.fromisoformat(seal.at)),
            ),
            tuple(lines),
        )
        for seal, lines in groups
    ]


class _Writer:
    """Puts the events of a page into words; titles are asked once for all of them."""

    def __init__(self, here: Here, asked: Asked, events: Sequence[StoredEvent]) -> None:
        self._here, self._asked, self._reader = here, asked, here.reader
        self._apps: dict[str, App] = {
            name: here.site.running(here.connection, name).app
            for name in (*here.site.apps(here.connection), DIRECTORY)
        }
        self._titles = self._named(events)
        self._usernames = {p.id: p.username for p in people.people(here.connection)}

    def _named(self, events: Sequence[StoredEvent]) -> dict[tuple[str, str, str], str]:
        """(app, entity, record) → title, of records that the administrator may read."""
        wanted: dict[tuple[str, str], set[str]] = {}
        for event in events:
            app = self._apps.get(event.app or "")
            if app is not None and event.entity and event.entity in app.entities and event.record:
                wanted.setdefault((app.name, event.entity), set()).add(event.record)
        found = {}
        for (name, entity), ids in wanted.items():
            records = self._here.site.records(self._here.connection, self._here.viewer, name)
            if not records.can(entity, "read"):
                continue
            for record, title in records.titles(entity, sorted(ids)).items():
                found[name, entity, record] = title
        return found

    def line(self, event: StoredEvent) -> EventLine:
        """One event."""
        reader = self._reader
        app = self._apps.get(event.app or "")
        entity = app.entities.get(event.entity or "") if app else None
        key = (event.app or "", event.entity or "", event.record or "")
        title = self._titles.get(key, "")
        href = ""
        if event.app == DIRECTORY and event.entity == "user" and event.record in self._usernames:
            href = f"/admin/people/{self._usernames[event.record]}"
        elif title and event.app != DIRECTORY:
            href = f"/apps/{event.app}/{event.entity}/{event.record}"
        what = reader.label(entity.label) if entity else event.entity or ""
        if app is not None and event.app != DIRECTORY and not entity and not what:
            what = reader.label(app.label)
        is_erasable = entity is not None and event.app != DIRECTORY and event.record and event.action != ERASE
        facts = event.facts or {}
        return EventLine(
            event.seq,
            reader.moment(event.at),
            event.at.isoformat(),
            event.actor_name if event.actor else reader.t("history.system"),
            reader.t(f"action.{event.action}") if event.action in ACTIONS else event.action,
            what,
            title or (event.record or "")[-ID_DIGITS:],
            href,
            reader.t(f"via.{event.via}") if event.via in VIAS else event.via,
            reader.t("audit.as", name=event.acting_for) if event.acting_for else "",
            self._changes(entity.fields if entity else {}, event),
            self._details(event),
            self._asked.href(record=event.record, before="") if event.record else "",
            f"/admin/audit/erase?app={event.app}&entity={event.entity}&record={event.record}"
            if is_erasable
            else "",
            f"/admin/jobs#job-{facts['batch']}" if isinstance(facts.get("batch"), str) else "",
        )

    def _changes(self, fields: Any, event: StoredEvent) -> tuple[ChangeLine, ...]:
        before, after = event.before or {}, event.after or {}
        names = list(dict.fromkeys([*before, *after]))
        return tuple(
            ChangeLine(self._label(fields, n), _text(before.get(n)), _text(after.get(n))) for n in names
        )

    def _label(self, fields: Any, name: str) -> str:
        field: Field | None = fields.get(name)
        return self._reader.label(field.label) if field is not None else name

    def _details(self, event: StoredEvent) -> tuple[tuple[str, str], ...]:
        listed = (
            ("reason", event.reason or ""),
            ("facts", json.dumps(event.facts, ensure_ascii=False) if event.facts else ""),
            ("record", f"{event.app}.{event.entity} {event.record}" if event.record else ""),
            ("seq", f"{event.seq:,}"),
            ("address", event.address or ""),
            ("request", event.request or ""),
            ("erased", ", ".join(sorted(event.erased))),
        )
        return tuple((self._reader.t(f"audit.{name}"), text) for name, text in listed if text)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
