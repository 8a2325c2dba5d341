"""Which fields make lanes, days, pictures or a tree, and so which ways of showing an entity fit it for one reader.

What the view's document names comes first; where it names nothing, the entity's own fields of a fitting type do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from dougong_runtime.fields.base import Field
from dougong_runtime.formulas.types import Kind
from dougong_runtime.pages.faces import type_of
from dougong_runtime.pages.lists.frame import Frame
from dougong_runtime.pages.lists.parts import Link
from dougong_runtime.pages.views import ICONS, Column, resolve

_LANE_TYPES = frozenset({"stage", "choice", "user", "reference"})
_DAY_KINDS = (Kind.DATE, Kind.DATETIME)


@dataclass(frozen=True, slots=True)
class Span:
    """Where a record begins and, maybe, ends."""

    start: Column
    end: Column | None

    @property
    def with_hours(self) -> bool:
        """Whether records begin at an hour, not only on a day."""
        return self.start.field.value_type.kind is Kind.DATETIME


def named(frame: Frame, part: str) -> Column | None:
    """The field that the view's document names for a part (`start`, `image` …), as far as the reader sees it."""
    document = frame.view.document
    raw = document.data.get(part) if document is not None else None
    column = resolve(frame.desk.app, frame.entity, str(raw)) if raw else None
    return column if column is not None and frame.desk.sees(column) else None


def seen(frame: Frame) -> list[Field]:
    """The entity's own fields with a column of their own that the reader sees."""
    views = frame.desk.views(frame.entity.name)
    return [f for f in frame.entity.own_fields if f.name in views and f.has_column]


def changeable(frame: Frame, column: Column | None) -> bool:
    """Whether the reader may change this field of some record: what the records say of one is told when it is tried."""
    if column is None or not column.is_own or column.field.is_computed:
        return False
    view = frame.desk.views(frame.entity.name).get(column.path)
    return bool(view and view.update) and frame.desk.records.can(frame.entity.name, "update")


def _own(frame: Frame, field: Field | None) -> Column | None:
    return None if field is None else resolve(frame.desk.app, frame.entity, field.name)


# --- lanes --------------------------------------------------------------------------------------------------------
def lane_fields(frame: Frame) -> list[Field]:
    """Fields whose values can be lanes: the stage, choices, then people and references."""
    fit = [f for f in seen(frame) if type_of(f) in _LANE_TYPES and not f.is_polymorphic and not f.is_computed]
    return sorted(fit, key=lambda f: (f.type != "stage", not f.choices))


def lane_field(frame: Frame) -> Field | None:
    """The field whose values are lanes: the address's, the view's, else the stage or the first choice."""
    able = {f.name: f for f in lane_fields(frame)}
    for name in (frame.state.group, frame.view.group):
        if name in able:
            return able[name]
    return next((f for f in able.values() if f.choices), None)


# --- days ---------------------------------------------------------------------------------------------------------
def span(frame: Frame) -> Span | None:
    """Where records begin and end: as the view says, else the first day or instant that people fill in."""
    start = named(frame, "start")
    if start is not None:
        return Span(start, named(frame, "end"))
    days = [f for f in seen(frame) if f.value_type.kind in _DAY_KINDS and not f.is_computed]
    own = _own(frame, days[0]) if days else None
    return None if own is None else Span(own, None)


def color_field(frame: Frame) -> Field | None:
    """The choice by which records are coloured: the view's, else the stage, else the first choice."""
    wanted = named(frame, "color")
    if wanted is not None and wanted.is_own and wanted.field.choices:
        return wanted.field
    return next((f for f in lane_fields(frame) if f.choices), None)


# --- pictures and trees -------------------------------------------------------------------------------------------
def image_field(frame: Frame) -> Column | None:
    """The picture: the view's, else the first field of images."""
    found = named(frame, "image")
    if found is not None:
        return found
    views = frame.desk.views(frame.entity.name)
    return _own(
        frame, next((f for f in frame.entity.own_fields if f.name in views and f.type == "image"), None)
    )


def parent_field(frame: Frame) -> Column | None:
    """The reference that names the record above."""
    found = named(frame, "parent")
    if found is not None:
        return found
    able = (f for f in seen(frame) if f.type == "reference" and f.targets == (frame.entity.name,))
    return _own(frame, next(able, None))


FITTING: Mapping[str, Callable[[Frame], object]] = {
    "kanban": lane_field,
    "calendar": span,
    "timeline": span,
    "gallery": image_field,
    "tree": parent_field,
}


def way_links(frame: Frame) -> tuple[Link, ...]:
    """The ways in which this reader can look at the entity's records; none where a table is the only one."""
    ways = ["table", *(way for way, fits in FITTING.items() if fits(frame) is not None)]
    if len(ways) < 2:
        return ()
    reader = frame.desk.reader
    shown = frame.as_ if frame.as_ in ways else "table"
    kept = replace(frame.state, group="", cursor="", on="", span="")
    return tuple(
        Link(
            reader.t(f"as.{way}"),
            replace(kept, as_="" if way == frame.view.type else way).address(frame.base),
            way == shown,
            ICONS[way],
        )
        for way in ways
    )
