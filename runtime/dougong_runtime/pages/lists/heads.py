"""Heads of columns, and the order in force: what a click leads to, alone and with Shift."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dougong_runtime.pages.faces import is_number
from dougong_runtime.pages.lists.frame import Frame
from dougong_runtime.pages.lists.parts import Head
from dougong_runtime.pages.views import Column, resolve
from dougong_runtime.records.read_plan import SORT_MAX


@dataclass(frozen=True, slots=True)
class SortKey:
    """A key of the order, and where its buttons lead."""

    path: str
    label: str
    descending: bool
    turned: str
    up: str
    """The list with this key one place earlier; empty for the first."""
    down: str
    without: str


def head(frame: Frame, column: Column, at: int) -> Head:
    """A head; a click sorts up, then down, then as the view says."""
    able = column.field.kind.sortable
    paths = [s.lstrip("-") for s in frame.sort]
    place = paths.index(column.path) + 1 if len(paths) > 1 and column.path in paths else 0
    return Head(
        path=column.path,
        label=label_of(frame, column),
        unit=frame.desk.unit(column.field),
        number=is_number(column.field),
        href=_sorted_by(frame, column.path) if able else "",
        add_href=_added(frame, column.path) if able else "",
        direction=direction(frame, column.path),
        place=str(place) if place else "",
        width=frame.widths.get(column.path, 0),
        pinned=at < frame.freeze,
        as_of=frame.desk.as_of(column.field),
    )


def label_of(frame: Frame, column: Column) -> str:
    """A column's words: the view's own for it, else its field's; where it lies along references, those of the way there
    too."""
    reader = frame.desk.reader
    own = frame.own_labels.get(column.path)
    if own is not None:
        return reader.label(own)
    if column.is_own:
        return reader.label(column.field.label)
    steps = column.path.split(".")
    found = (resolve(frame.desk.app, frame.entity, ".".join(steps[: n + 1])) for n in range(len(steps)))
    return " › ".join(reader.label(c.field.label) for c in found if c is not None)


def direction(frame: Frame, path: str) -> str:
    """How the list is sorted by a path: `ascending`, `descending`, or not."""
    return "ascending" if path in frame.sort else "descending" if f"-{path}" in frame.sort else ""


def ordered(frame: Frame, keys: Sequence[str]) -> str:
    """The list in another order."""
    sort = ",".join(keys)
    if tuple(keys) == frame.view.sort:
        sort = ""
    return replace(frame.state, sort=sort, cursor="").address(frame.base)


def _sorted_by(frame: Frame, path: str) -> str:
    """One click further, with this key alone."""
    first = frame.sort[0] if frame.sort else ""
    alone = {path: "ascending", f"-{path}": "descending"}.get(first, "")
    following = {"": (path,), "ascending": (f"-{path}",), "descending": ()}[alone]
    return ordered(frame, following) if following else ordered(frame, frame.view.sort)


def _added(frame: Frame, path: str) -> str:
    """One click further, with the other keys as they are."""
    rest = list(frame.sort)
    if path in rest:
        rest[rest.index(path)] = f"-{path}"
    elif f"-{path}" in rest:
        rest.remove(f"-{path}")
    else:
        rest.append(path)
    return ordered(frame, rest[:SORT_MAX])


def sort_keys(frame: Frame) -> tuple[SortKey, ...]:
    """The keys of the order in force, in their places."""
    keys = list(frame.sort)
    made = []
    for at, key in enumerate(keys):
        path = key.removeprefix("-")
        column = resolve(frame.desk.app, frame.entity, path)
        if column is None or not frame.desk.sees(column):
            continue
        turned = [path if k == key and key != path else f"-{path}" if k == key else k for k in keys]
        made.append(
            SortKey(
                path,
                label_of(frame, column),
                key != path,
                ordered(frame, turned),
                ordered(frame, _swapped(keys, at - 1)) if at else "",
                ordered(frame, _swapped(keys, at)) if at + 1 < len(keys) else "",
                ordered(frame, keys[:at] + keys[at + 1 :]),
            )
        )
    return tuple(made)


def _swapped(keys: Sequence[str], at: int) -> list[str]:
    """The same with the key at a place and the one after it the other way round."""
    return [*keys[:at], keys[at + 1], keys[at], *keys[at + 2 :]]


def placed(keys: Sequence[str], path: str, at: int) -> list[str]:
    """The same with one key at another place."""
    moved = [k for k in keys if k.removeprefix("-") == path]
    rest = [k for k in keys if k.removeprefix("-") != path]
    at = max(0, min(at, len(rest)))
    return [*rest[:at], *moved, *rest[at:]]


def sort_label(frame: Frame) -> str:
    """The first order's field, and how many more there are."""
    columns = [resolve(frame.desk.app, frame.entity, s.lstrip("-")) for s in frame.sort]
    shown = [c for c in columns if c is not None]
    if not shown:
        return ""
    first = frame.desk.reader.label(shown[0].field.label)
    return f"{first} +{len(shown) - 1}" if len(shown) > 1 else first
