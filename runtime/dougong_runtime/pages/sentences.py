"""A record's history as sentences: who did what, old value and new."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from dougong_runtime.fields.base import Field, Json
from dougong_runtime.pages.faces import Face, face, hue
from dougong_runtime.pages.reading import Reader
from dougong_runtime.records.past import HistoryEvent

_ICONS = {
    "create": "plus",
    "update": "pencil",
    "delete": "trash",
    "restore": "restore",
    "reveal": "eye",
    "download": "download",
    "share": "share",
    "unshare": "share",
    "export": "download",
    "import": "upload",
    "erase": "shield",
    "comment_delete": "message",
}
_COLORS = {
    "create": "green",
    "update": "purple",
    "delete": "red",
    "restore": "green",
    "share": "blue",
    "reveal": "amber",
    "download": "blue",
}
CHANGES_SHOWN = 6
_OWN_DOORS = frozenset({"page", "api", "system"})
"""Doors that a sentence need not name: people's own hands, and the system's, which is named as the doer."""


@dataclass(frozen=True, slots=True)
class Change:
    """One field's change."""

    label: str
    before: Face
    after: Face


@dataclass(frozen=True, slots=True)
class Sentence:
    """One event. `verb` is said of `who`; `changes` follow it."""

    at: datetime
    time: str
    exact: str
    day: date
    who: str
    who_color: str
    verb: str
    icon: str
    color: str
    changes: tuple[Change, ...]
    more: int
    reason: str
    via: str


@dataclass(frozen=True, slots=True)
class Day:
    """Events of one day under its name."""

    label: str
    sentences: tuple[Sentence, ...]


def sentences(
    events: Sequence[HistoryEvent], fields: Mapping[str, Field], reader: Reader, link: str
) -> tuple[Day, ...]:
    """Events (newest first) told by day. Fields a reader does not see are not in `fields` and are not told."""
    days: dict[date, list[Sentence]] = {}
    for event in events:
        told = _sentence(event, fields, reader, link)
        if told is not None:
            days.setdefault(told.day, []).append(told)
    return tuple(Day(_day_label(day, reader), tuple(told)) for day, told in days.items())


def _day_label(day: date, reader: Reader) -> str:
    return f"{reader.day(day)} · {reader.weekday(day)}"


def _sentence(event: HistoryEvent, fields: Mapping[str, Field], reader: Reader, link: str) -> Sentence | None:
    shown = [c for c in event.changes if c.field in fields and not fields[c.field].is_system]
    if event.action == "update" and not shown and not event.reason:
        return None
    changes: tuple[Change, ...] = ()
    if event.action == "update":
        changes = tuple(_change(fields[c.field], c.before, c.after, reader, link) for c in shown)
    local = reader.local(event.at)
    action = str(event.action)
    who = reader.t("history.system") if event.actor is None else event.actor_name
    return Sentence(
        at=event.at,
        time=f"{local:%H:%M}",
        exact=reader.exact_moment(event.at),
        day=local.date(),
        who=who,
        who_color=hue(who),
        verb=reader.t(f"history.{action}") if action in _ICONS else action,
        icon=_ICONS.get(action, "activity"),
        color=_COLORS.get(action, "gray"),
        changes=changes[:CHANGES_SHOWN],
        more=max(0, len(changes) - CHANGES_SHOWN),
        reason=event.reason or "",
        via=reader.t("history.via", door=_door(event.via, reader)) if event.via not in _OWN_DOORS else "",
    )


def _change(field: Field, before: Json, after: Json, reader: Reader, link: str) -> Change:
    return Change(
        reader.label(field.label),
        face(field, before, reader, link=link),
        face(field, after, reader, link=link),
    )


def _door(via: str, reader: Reader) -> str:
    return reader.t(f"door.{via}") if via in ("cli", "import", "workflow") else via
