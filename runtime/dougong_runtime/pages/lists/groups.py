"""A table's rows under groups: by what they can be grouped, the bands, and how many records each group has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dougong_runtime.errors import Refused
from dougong_runtime.formulas.types import Kind
from dougong_runtime.pages.desk import Row
from dougong_runtime.pages.faces import NOTHING, Face, type_of
from dougong_runtime.pages.lists.frame import Frame
from dougong_runtime.pages.lists.parts import Band, Link
from dougong_runtime.pages.lists.state import UNGROUPED
from dougong_runtime.records.query import AggregateQuery, Page

GROUPS_MAX = 200


def group_of(frame: Frame) -> str:
    """The field that a table's rows are grouped by: the address's, else the view's."""
    name = frame.state.group or frame.view.group
    return name if frame.view.type != "kanban" and frame.shows(name) else ""


def order_with(group: str, sort: tuple[str, ...]) -> tuple[str, ...]:
    """An order in which the records of a group stand together."""
    if not group:
        return sort
    lead = next((s for s in sort if s.lstrip("-") == group), group)
    return (lead, *(s for s in sort if s.lstrip("-") != group))


def group_links(frame: Frame) -> tuple[Link, ...]:
    """Fields that rows can be grouped by: choices, stages, booleans and people."""
    reader, state, current = frame.desk.reader, frame.state, group_of(frame)
    kinds = (Kind.CHOICE, Kind.BOOLEAN)
    fields = [
        v.field
        for v in frame.desk.views(frame.entity.name).values()
        if v.field.value_type.kind in kinds or type_of(v.field) == "user"
    ]
    links = [
        Link(
            reader.label(f.label),
            replace(state, group=f.name, cursor="").address(frame.base),
            f.name == current,
        )
        for f in fields
        if f.has_column and not f.is_system
    ]
    if not links:
        return ()
    none = Link(
        reader.t("list.no_group"),
        replace(state, group=UNGROUPED if frame.view.group else "", cursor="").address(frame.base),
        not current,
    )
    return (none, *links)


def bands(frame: Frame, group: str, found: Page, rows: Sequence[Row]) -> tuple[Band, ...]:
    """Rows cut where the group's value changes, each with the count of the whole group."""
    field = frame.entity.fields[group]
    counted = _counts(frame, group)
    cut: list[tuple[Any, list[Row]]] = []
    for item, row in zip(found.items, rows, strict=True):
        value = item.get(group)
        if not cut or cut[-1][0] != value:
            cut.append((value, []))
        cut[-1][1].append(row)
    empty = Face("text", frame.desk.reader.t("list.no_value"))
    return tuple(
        Band(
            empty if (shown := frame.desk.face(field, value)) is NOTHING else shown,
            counted.get(_key(value), ""),
            tuple(inner),
        )
        for value, inner in cut
    )


def _counts(frame: Frame, group: str) -> dict[str, str]:
    """How many records each group has; nothing while searching, which no aggregate knows."""
    if frame.state.search:
        return {}
    asked = AggregateQuery(frame.entity.name, (group,), filter=frame.formula or None, limit=GROUPS_MAX)
    try:
        answer = frame.desk.records.aggregate(asked)
    except Refused:
        return {}
    return {_key(r.get(group)): f"{int(r['count']):,}" for r in answer.rows if r.get("count") is not None}


def _key(value: Any) -> str:
    if isinstance(value, Mapping):
        return str(value.get("id"))
    return "" if value is None else str(value)
