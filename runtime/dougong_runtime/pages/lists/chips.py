"""The filter in force as chips, in words, and the list without one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlencode

from dougong_runtime.fields.base import Field
from dougong_runtime.formulas.types import Kind
from dougong_runtime.pages import conditions, filters
from dougong_runtime.pages.conditions import Condition
from dougong_runtime.pages.faces import type_of
from dougong_runtime.pages.lists.frame import Frame
from dougong_runtime.pages.lists.heads import label_of
from dougong_runtime.pages.lists.parts import Chip
from dougong_runtime.pages.lists.state import ListState
from dougong_runtime.pages.reading import number, percent
from dougong_runtime.pages.views import resolve


def chips(frame: Frame) -> tuple[Chip, ...]:
    """One for each condition."""
    return tuple(_chip(frame, at, part) for at, part in enumerate(frame.parts))


def _chip(frame: Frame, at: int, part: Condition) -> Chip:
    reader = frame.desk.reader
    column = resolve(frame.desk.app, frame.entity, part.path) if part.path else None
    pairs = [*frame.state.pairs("cursor"), ("at", str(at))]
    if column is None:
        said = _together(frame, part)
        return Chip(at, said or part.text, "formula", said, "", "", without(frame, at), urlencode(pairs))
    return Chip(
        at,
        spoken(frame, part),
        part.op,
        label_of(frame, column),
        reader.t(f"op.{part.op}"),
        spoken_value(frame, column.field, part),
        without(frame, at),
        urlencode(pairs),
    )


def spoken(frame: Frame, part: Condition) -> str:
    """A condition as one phrase."""
    column = resolve(frame.desk.app, frame.entity, part.path) if part.path else None
    if column is None:
        return _together(frame, part) or part.text
    reader = frame.desk.reader
    words = (
        label_of(frame, column),
        reader.t(f"op.{part.op}"),
        spoken_value(frame, column.field, part),
    )
    return " ".join(w for w in words if w)


def _together(frame: Frame, part: Condition) -> str:
    """A group of conditions as one phrase; empty where one of them is a formula."""
    found = filters.read(frame.desk.app, frame.entity, part.text)
    alone = found.items[0] if len(found.items) == 1 else None
    join, items = (alone.join, alone.items) if isinstance(alone, filters.Group) else (found.join, found.items)
    each = [i for i in items if isinstance(i, Condition) and i.op != "formula"]
    if len(each) != len(items) or len(each) < 2:
        return ""
    return f" {frame.desk.reader.t(f'filter.{join}')} ".join(spoken(frame, one) for one in each)


def spoken_value(frame: Frame, field: Field, part: Condition) -> str:
    """What a condition compares with, as a person reads it."""
    reader = frame.desk.reader
    if part.op in conditions.WITHOUT_VALUE:
        return ""
    if part.op in ("in", "notin"):
        each = [replace(part, op="eq", value=v) for v in part.value.split(conditions.LIST_SIGN)]
        return reader.joined([spoken_value(frame, field, one) for one in each])
    if part.op == "within":
        return reader.t(f"period.{part.value}")
    if part.op in ("last", "next"):
        return reader.t("period.n_days", n=part.value)
    kind = field.value_type.kind
    if kind in (Kind.CHOICE, Kind.LIST):
        option = next((o for o in field.choices if str(o.value) == part.value), None)
        return reader.label(option.label) if option else part.value
    if kind is Kind.NUMBER:
        return percent(part.value) if type_of(field) == "percent" else number(part.value)
    if kind is Kind.RECORD and field.value_type.targets:
        if part.value.upper() == "USER()":
            return reader.t("op.me")
        titles = frame.desk.records.titles(field.value_type.targets[0], [part.value])
        return titles.get(part.value, part.value)
    if part.value.upper().startswith("TODAY()"):
        rest = part.value[7:].replace(" ", "")
        return reader.t("day.today") + rest
    return part.value


def without(frame: Frame, at: int) -> str:
    """The list without one condition."""
    return filtered(frame, [p.text for n, p in enumerate(frame.parts) if n != at])


def filtered(frame: Frame, texts: Sequence[str]) -> str:
    """The list under other conditions."""
    return filtered_state(frame, texts).address(frame.base)


def filtered_state(frame: Frame, texts: Sequence[str]) -> ListState:
    """The state under other conditions; the view's own filter stays where it still heads them."""
    state = replace(frame.state, cursor="")
    own = [p.text for p in conditions.parse(frame.desk.app, frame.entity, frame.own_filter)]
    if own == list(texts[: len(own)]):
        return replace(state, filter=conditions.join(texts[len(own) :]), all=False)
    return replace(state, filter=conditions.join(texts), all=True)
