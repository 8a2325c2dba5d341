"""What is a person's own on pages: records opened lately, starred ones, comments that mention them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from dougong_runtime.pages.desk import Desk, Mark
from dougong_runtime.pages.faces import hue, initial
from dougong_runtime.talk.inbox import Notice

SAID_MAX = 80
"""Characters of a comment that are shown."""

Touched: TypeAlias = tuple[str, str, str]
"""An entity, a record's id, and when, in words."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A record that the reader opened or starred, or where somebody mentioned them."""

    title: str
    note: str
    href: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class Star:
    """The star of a record: whether it is on."""

    href: str
    on: bool


@dataclass(frozen=True)
class Personal:
    """What is the reader's own in an app, asked for when it is shown."""

    recent: Callable[[int], Sequence[Kept]] = lambda limit: ()
    starred: Callable[[int], Sequence[Kept]] = lambda limit: ()
    mentions: Callable[[int], Sequence[Kept]] = lambda limit: ()


NOTHING_KEPT = Personal()
"""Of somebody who keeps nothing here."""


def kept(desk: Desk, touched: Sequence[Touched]) -> list[Kept]:
    """Those records with their titles, as far as the reader may still read them, in the order given."""
    made = []
    by_entity: dict[str, list[str]] = {}
    for entity, record, _ in touched:
        by_entity.setdefault(entity, []).append(record)
    titles = {e: desk.records.titles(e, ids) for e, ids in by_entity.items() if desk.entity(e) is not None}
    for name, record, when in touched:
        entity_ = desk.entity(name)
        title = titles.get(name, {}).get(record)
        if entity_ is None or not title:
            continue
        note = f"{desk.label(entity_)} · {when}"
        made.append(Kept(title, note, desk.href(name, record), Mark(initial(title), hue(record))))
    return made


def mentioned(desk: Desk, found: Sequence[Notice]) -> list[Kept]:
    """Comments of the desk's app that mention the reader, as notices that they may read: who said what, and where."""
    made = []
    for one in found:
        if one.app != desk.app.name or one.record is None:
            continue
        said = one.text if len(one.text) <= SAID_MAX else one.text[: SAID_MAX - 1] + "…"
        where = " · ".join(filter(None, (one.title, desk.reader.moment(one.at))))
        mark = Mark(initial(one.actor_name), hue(one.actor or one.actor_name))
        made.append(Kept(f"{one.actor_name}: {said}", where, desk.href(one.entity.name, one.record), mark))
    return made
