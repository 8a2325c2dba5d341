"""What is a person's own on pages: records opened lately, and starred ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from dougong_runtime.pages.desk import Desk, Mark
from dougong_runtime.pages.faces import hue, initial

Touched: TypeAlias = tuple[str, str, str]
"""An entity, a record's id, and when, in words."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A record that the reader opened or starred."""

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
