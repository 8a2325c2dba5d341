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
    is_comment: bool = False


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
        one = told(event, fields, reader, link)
        if one is not None:
            days.setdefault(one.day, []).append(one)
    return tuple(Day(day_label(day, reader), tuple(of_day)) for day, of_day in days.items())


def day_label(day: date, reader: Reader) -> str:
    """What a day is called over what belongs to it: 今天 · 周四."""
    return f"{reader.day(day)} · {reader.weekday(day)}"


def told(event: HistoryEvent, fields: Mapping[str, Field], reader: Reader, link: str) -> Sentence | None:
    """An event as a sentence; None where nothing of it is for this reader."""
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
        verb=_verb(event, fields, reader),
        icon=_ICONS.get(action, "activity"),
        color=_COLORS.get(action, "gray"),
        changes=changes[:CHANGES_SHOWN],
        more=max(0, len(changes) - CHANGES_SHOWN),
        reason=event.reason or "",
        via=reader.t("history.via", door=_door(event.via, reader)) if event.via not in _OWN_DOORS else "",
    )


def _verb(event: HistoryEvent, fields: Mapping[str, Field], reader: Reader) -> str:
    field = fields.get(str(event.facts.get("field")))
    if event.action == "reveal" and field is not None:
        return reader.t("history.reveal_of", field=reader.label(field.label))
    return reader.t(f"history.{event.action}") if event.action in _ICONS else str(event.action)


def _change(field: Field, before: Json, after: Json, reader: Reader, link: str) -> Change:
    return Change(
        reader.label(field.label),
        face(field, before, reader, link=link),
        face(field, after, reader, link=link),
    )


def _door(via: str, reader: Reader) -> str:
    return reader.t(f"door.{via}") if via in ("cli", "import", "workflow") else via
