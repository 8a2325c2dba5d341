"""A table's rows under groups of one field or two: how many records each has and what they come to, over all of them;
its rows are asked for group by group."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from dougong_runtime.fields.base import Field
from dougong_runtime.formulas.types import Kind
from dougong_runtime.pages import conditions
from dougong_runtime.pages.desk import Row
from dougong_runtime.pages.faces import NOTHING, Face, face
from dougong_runtime.pages.lists.frame import GROUPS_DEEP, Frame
from dougong_runtime.pages.lists.parts import Band, Link
from dougong_runtime.pages.lists.state import UNGROUPED
from dougong_runtime.pages.lists.totals import Figure, asked, figures, told
from dougong_runtime.pages.reading import decimal
from dougong_runtime.records.query import Page

GROUPS_MAX = 200
FIRST_ROWS = 20
"""Rows of a group that come with it."""
ROWS_AT_ONCE = 50
"""Rows of all groups together that come with the page; the other groups ask for theirs when they are scrolled to."""
_TOGETHER: Mapping[str, Callable[[Any, Any], Any]] = {
    "sum": operator.add,
    "count": operator.add,
    "min": min,
    "max": max,
}
"""Measures of which those of parts give that of the whole."""
_KINDS = (Kind.CHOICE, Kind.BOOLEAN)


@dataclass(frozen=True, slots=True)
class Group:
    """One group: the value of each grouping field down to it, how many records it has, and their figures."""

    values: tuple[Any, ...]
    count: int
    figures: Mapping[str, Any]


def group_links(frame: Frame) -> tuple[Link, ...]:
    """Fields that rows can be grouped by: choices, stages, booleans, people and other records."""
    reader, state, chosen = frame.desk.reader, frame.state, frame.groups
    links = []
    for name, view in frame.desk.views(frame.entity.name).items():
        field = view.field
        if field.is_system or not offered(frame, name):
            continue
        if name in chosen:
            following = [n for n in chosen if n != name]
        else:
            following = [*chosen, name][-GROUPS_DEEP:] if chosen else [name]
        named = ",".join(following) or (UNGROUPED if frame.view.group else "")
        links.append(
            Link(
                reader.label(field.label),
                replace(state, group=named, cursor="").address(frame.base),
                name in chosen,
                direction=str(chosen.index(name) + 1) if name in chosen and len(chosen) > 1 else "",
            )
        )
    if not links:
        return ()
    none = replace(state, group=UNGROUPED if frame.view.group else "", cursor="").address(frame.base)
    return (Link(reader.t("list.no_group"), none, not chosen), *links)


def offered(frame: Frame, name: str) -> bool:
    """Whether grouping by a field makes few groups that mean something."""
    field = frame.entity.fields.get(name)
    if field is None or not frame.groups_by(name):
        return False
    pointing = field.value_type.kind is Kind.RECORD and not field.is_polymorphic
    return field.value_type.kind in _KINDS or pointing


def group_label(frame: Frame) -> str:
    """The fields in force, in words."""
    reader = frame.desk.reader
    return " › ".join(reader.label(frame.entity.fields[n].label) for n in frame.groups)


def bands(frame: Frame) -> tuple[tuple[Band, ...], bool]:
    """The groups in order, the first of them with their first rows; and whether there are more than are told."""
    wanted = figures(frame)
    names = frame.groups
    answer = frame.desk.records.aggregate(asked(frame, wanted, names, GROUPS_MAX + 1))
    leaves = [Group(tuple(r.get(n) for n in names), int(r["records"]), r) for r in answer.rows[:GROUPS_MAX]]
    whole = len(answer.rows) <= GROUPS_MAX
    outer = _outer(frame, wanted, leaves, whole) if len(names) > 1 else {}
    faces = [
        _faces(frame, frame.entity.fields[n], {g.values[d] for g in leaves}) for d, n in enumerate(names)
    ]
    left = ROWS_AT_ONCE
    made: list[Band] = []
    seen: set[Any] = set()
    for group in _in_order(frame, leaves, faces):
        first = group.values[0]
        if first in outer and first not in seen:
            seen.add(first)
            made.append(_band(frame, outer[first], faces[0][first], wanted, is_leaf=False))
        rows, more = _first_rows(frame, group) if left > 0 else ((), group_address(frame, group.values))
        left -= len(rows)
        made.append(_band(frame, group, faces[-1][group.values[-1]], wanted, rows=rows, more=more))
    return tuple(made), not whole


def _outer(
    frame: Frame, wanted: tuple[Figure, ...], leaves: Sequence[Group], whole: bool
) -> dict[Any, Group]:
    """The groups of the first field: put together from theirs, where that gives the same; else asked for."""
    if not whole or any(f.measure not in _TOGETHER for f in wanted):
        name = frame.groups[0]
        above = frame.desk.records.aggregate(asked(frame, wanted, (name,), GROUPS_MAX + 1))
        return {r.get(name): Group((r.get(name),), int(r["records"]), r) for r in above.rows}
    found: dict[Any, Group] = {}
    for leaf in leaves:
        first = leaf.values[0]
        before = found.get(first)
        if before is None:
            found[first] = Group((first,), leaf.count, dict(leaf.figures))
            continue
        figures_ = {
            f.name: _together(f.measure, before.figures.get(f.name), leaf.figures.get(f.name)) for f in wanted
        }
        found[first] = Group((first,), before.count + leaf.count, figures_)
    return found


def _together(measure: str, one: Any, other: Any) -> Any:
    """Two groups' figures as that of both."""
    if one is None or other is None:
        return other if one is None else one
    a, b = decimal(one), decimal(other)
    if a is None or b is None:  # days and instants, which stand in order as texts
        return _TOGETHER[measure](one, other)
    return str(_TOGETHER[measure](a, b))


def _band(
    frame: Frame,
    group: Group,
    shown: Face,
    wanted: Any,
    *,
    is_leaf: bool = True,
    rows: Sequence[Row] = (),
    more: str = "",
) -> Band:
    left = group.count - len(rows)
    return Band(
        key="-".join("".join(c if c.isalnum() else "_" for c in _word(v)) for v in group.values) or "_",
        depth=len(group.values) - 1,
        face=shown,
        count=f"{group.count:,}",
        totals=told(frame, wanted, group.figures),
        rows=tuple(rows),
        more_href=more if is_leaf else "",
        is_leaf=is_leaf,
        left=frame.desk.reader.t("list.more_n", n=f"{left:,}") if rows and left > 0 else "",
    )


def _first_rows(frame: Frame, group: Group) -> tuple[tuple[Row, ...], str]:
    page = page_of(frame, [_word(v) for v in group.values], FIRST_ROWS)
    rows = frame.desk.rows(frame.entity, page.items, frame.shown_columns)
    return rows, group_address(frame, group.values, page.next)


def group_address(frame: Frame, values: Sequence[Any], cursor: str | None = "") -> str:
    """Where rows of a group are; empty where there are none further."""
    if cursor is None:
        return ""
    pairs = [*frame.state.pairs("cursor"), *(("of", _word(v)) for v in values)]
    return f"{frame.base}/rows?{urlencode([*pairs, ('cursor', cursor)] if cursor else pairs)}"


def page_of(frame: Frame, words: Sequence[str], limit: int) -> Page:
    """A page of the records of one group, named as its address names it."""
    parts = [frame.formula]
    for name, word in zip(frame.groups, words, strict=False):
        parts.append(condition_of(frame.entity.fields[name], name, word))
    asked_for = frame.query(
        filter=conditions.join(parts) or None,
        limit=limit,
        count=False,
        sort=tuple(s for s in frame.sort if s.lstrip("-") not in frame.groups),
    )
    return frame.desk.records.list(asked_for)


def condition_of(field: Field, name: str, word: str) -> str:
    """The condition that a record belongs to a group."""
    if word == "":
        return f"{name} = NULL"
    if field.value_type.kind is Kind.BOOLEAN:
        return f"{name} = {'TRUE' if word == 'true' else 'FALSE'}"
    return f"{name} = {conditions.literal(field, word)}"


def _word(value: Any) -> str:
    """A group's value as its address has it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _faces(frame: Frame, field: Field, values: set[Any]) -> dict[Any, Face]:
    """What is drawn for each value of a grouping field; of records, their titles."""
    reader = frame.desk.reader
    titles: Mapping[str, str] = {}
    pointing = field.value_type.kind is Kind.RECORD
    if pointing:
        titles = frame.desk.records.titles(field.value_type.targets[0], [str(v) for v in values if v])
    found: dict[Any, Face] = {}
    for value in values:
        entry = {"id": value, "title": titles.get(value)} if pointing and value is not None else value
        shown = NOTHING if value is None else face(field, entry, reader)
        found[value] = Face("text", reader.t("list.no_value")) if shown is NOTHING else shown
    return found


def _in_order(frame: Frame, groups: list[Group], faces: Sequence[Mapping[Any, Face]]) -> list[Group]:
    """Choices by place, records by title, absent values last; downwards where the list is sorted so by the field."""
    found = groups
    for depth in reversed(range(len(frame.groups))):
        name = frame.groups[depth]
        field = frame.entity.fields[name]
        down = f"-{name}" in frame.sort
        found = sorted(found, key=_key(field, depth, faces[depth]), reverse=down)
        found = sorted(found, key=_is_absent(depth))
    return found


def _key(field: Field, depth: int, shown: Mapping[Any, Face]) -> Callable[[Group], Any]:
    """By what groups of one field stand."""
    if field.value_type.kind is Kind.RECORD:
        return lambda group: shown[group.values[depth]].text
    places = {o.value: n for n, o in enumerate(field.choices)}
    if places:
        return lambda group: places.get(group.values[depth], len(places))
    return lambda group: (group.values[depth] is not None, group.values[depth])


def _is_absent(depth: int) -> Callable[[Group], bool]:
    return lambda group: group.values[depth] is None
