"""Choosing and arranging a list's columns: what a click in the columns' panel or in a head's menu makes of the layout,
and the fields that can be added, one step along references at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dougong_runtime.model.app import Entity
from dougong_runtime.pages.layout import (
    COLUMNS_MAX,
    MEASURES,
    NONE,
    WIDTH_MAX,
    WIDTH_MIN,
    Chosen,
    Layout,
    columns_text,
    totals_text,
)
from dougong_runtime.pages.lists.frame import Frame
from dougong_runtime.pages.lists.heads import label_of
from dougong_runtime.pages.lists.totals import measure_of, measures_for
from dougong_runtime.pages.views import Column, resolve

HOPS_MAX = 3
_UNFIT = ("json", "signature", "filter")
_HIDDEN = ("id", "version", "deleted_at")


@dataclass(frozen=True, slots=True)
class Item:
    """A column in the panel."""

    path: str
    label: str
    fixed: bool
    """The one that names the record: always first."""
    pinned: bool
    is_first: bool
    is_last: bool


@dataclass(frozen=True, slots=True)
class Offer:
    """A field that can be added, or a step further along a reference."""

    path: str
    label: str
    shown: bool
    leads: bool
    """Whether one can go on from it."""


@dataclass(frozen=True, slots=True)
class Panel:
    """What the columns' panel shows."""

    items: tuple[Item, ...]
    offers: tuple[Offer, ...]
    at: str
    """The reference that the offers lie behind; empty for the entity's own fields."""
    at_label: str
    back: str
    freeze: int
    changed: bool


def panel(frame: Frame, at: str = "") -> Panel:
    """The panel, its offers at one step along references."""
    column = resolve(frame.desk.app, frame.entity, at) if at else None
    here = at if column is not None and frame.desk.sees(column) and _leads(frame, at, column) else ""
    columns = frame.shown_columns
    items = tuple(
        Item(
            c.path,
            label_of(frame, c),
            n == 0 and c.path == frame.entity.title,
            n < frame.freeze,
            n <= (1 if columns[0].path == frame.entity.title else 0),
            n == len(columns) - 1,
        )
        for n, c in enumerate(columns)
    )
    return Panel(
        items,
        offers(frame, here),
        here,
        label_of(frame, column) if here and column is not None else "",
        here.rpartition(".")[0],
        frame.freeze,
        bool(frame.said),
    )


def offers(frame: Frame, at: str) -> tuple[Offer, ...]:
    """Fields behind a path, the entity's own for the empty one; in the document's order, system fields last."""
    entity = _entity_at(frame, at)
    if entity is None:
        return ()
    reader, shown = frame.desk.reader, {c.path for c in frame.shown_columns}
    found = []
    for name, view in frame.desk.views(entity.name).items():
        field = view.field
        if name in _HIDDEN or field.type in _UNFIT or (at and field.is_many):
            continue
        path = f"{at}.{name}" if at else name
        column = Column(path, field, entity.name, frame.entity.name)
        found.append(
            (
                field.is_system,
                Offer(path, reader.label(field.label), path in shown, _leads(frame, path, column)),
            )
        )
    return tuple(offer for _, offer in sorted(found, key=lambda f: f[0]))


def _entity_at(frame: Frame, at: str) -> Entity | None:
    if not at:
        return frame.entity
    column = resolve(frame.desk.app, frame.entity, at)
    if column is None or len(column.field.targets) != 1:
        return None
    return frame.desk.app.entities.get(column.field.targets[0])


def _leads(frame: Frame, path: str, column: Column) -> bool:
    targets = column.field.targets
    return (
        len(targets) == 1
        and not column.field.is_many
        and path.count(".") + 1 < HOPS_MAX + 1
        and bool(frame.desk.views(targets[0]))
    )


# --- arranging ----------------------------------------------------------------------------------------------------
def arranged(frame: Frame, do: str) -> Layout | None:
    """The layout after one act; None for an act that there is not.

    `show:PATH`, `hide:PATH`, `move:PATH:STEPS`, `place:PATH:INDEX`, `width:PATH:PIXELS` (0 for none),
    `freeze:COUNT`, `total:PATH:MEASURE`, `reset`.
    """
    act, _, rest = do.partition(":")
    path, _, word = rest.partition(":")
    columns = [Chosen(c.path, frame.widths.get(c.path, 0)) for c in frame.shown_columns]
    paths = [c.path for c in columns]
    said = frame.said
    if act == "reset":
        return Layout()
    if act == "freeze":
        count = _whole(path)
        return None if count is None else replace(said, freeze=str(max(1, min(count, len(columns)))))
    if act == "show":
        if path in paths or not frame.sees(path) or len(columns) >= COLUMNS_MAX:
            return said
        return replace(said, columns=columns_text([*columns, Chosen(path)]))
    if path not in paths:
        return None
    at = paths.index(path)
    number = _whole(word)
    match act:
        case "hide" if path != frame.entity.title and len(columns) > 1:
            return replace(said, columns=columns_text(c for c in columns if c.path != path))
        case "move" | "place" if number is not None:
            to = at + number if act == "move" else number
            return replace(said, columns=columns_text(_at(columns, at, to, frame.entity.title)))
        case "width" if number is not None:
            width = max(WIDTH_MIN, min(WIDTH_MAX, number)) if number else 0
            columns[at] = Chosen(path, width)
            return replace(said, columns=columns_text(columns))
        case "total":
            return replace(said, totals=_with_total(frame, path, word))
    return None


def _at(columns: Sequence[Chosen], at: int, to: int, title: str) -> list[Chosen]:
    """The same with one column at another place; the one that names the record stays first."""
    rest = [c for n, c in enumerate(columns) if n != at]
    first = 1 if columns[0].path == title else 0
    if at < first:
        return list(columns)
    to = max(first, min(to, len(rest)))
    return [*rest[:to], columns[at], *rest[to:]]


def _with_total(frame: Frame, path: str, measure: str) -> str:
    totals = {c.path: measure_of(frame, c) or NONE for c in frame.shown_columns if measures_for(c)}
    totals = {p: m for p, m in totals.items() if m != NONE or p in frame.totals}
    totals[path] = measure if measure in MEASURES else NONE
    return totals_text(totals)


def _whole(text: str) -> int | None:
    sign, digits = text[:1] == "-", text.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal() and len(digits) < 6):
        return None
    return -int(digits) if sign else int(digits)
