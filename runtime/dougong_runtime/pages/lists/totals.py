"""What columns come to, over all the records that the list's filter and search leave: computed by the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dougong_runtime.formulas.types import Kind
from dougong_runtime.pages.faces import is_number, is_sum, type_of
from dougong_runtime.pages.layout import NONE
from dougong_runtime.pages.lists.frame import Frame
from dougong_runtime.pages.lists.parts import Total
from dougong_runtime.pages.reading import decimal, number, percent, short
from dougong_runtime.pages.views import Column
from dougong_runtime.records.query import AggregateQuery, Measure

_FORMULAS = {
    "sum": "SUM({})",
    "avg": "AVG({})",
    "min": "MIN({})",
    "max": "MAX({})",
    "count": "COUNT({})",
    "distinct": "COUNT_DISTINCT({})",
}
_COUNTED = ("count", "distinct")
_ORDERED = (Kind.NUMBER, Kind.DATE, Kind.DATETIME)


@dataclass(frozen=True, slots=True)
class Figure:
    """What is wanted of a column, under the name that the answer bears it by."""

    name: str
    column: Column
    measure: str


def measures_for(column: Column) -> tuple[str, ...]:
    """What can stand below a column."""
    field = column.field
    if (
        not column.is_own
        or not field.has_column
        or field.value_type.kind in (Kind.LIST, Kind.JSON, Kind.FILE)
    ):
        return ()
    kind = field.value_type.kind
    summed = ("sum", "avg") if is_number(field) else ()
    ordered = ("min", "max") if kind in _ORDERED else ()
    return (*summed, *ordered, *_COUNTED)


def measure_of(frame: Frame, column: Column) -> str:
    """What stands below a column: as somebody has said, else the sum of money and measured amounts."""
    able = measures_for(column)
    said = frame.totals.get(column.path, "")
    if said == NONE or (said and said not in able):
        return ""
    return said or ("sum" if is_sum(column.field) and "sum" in able else "")


def figures(frame: Frame) -> tuple[Figure, ...]:
    """What is to be computed, of columns that the reader sees on every record."""
    views = frame.desk.views(frame.entity.name)
    return tuple(
        Figure(f"m{n}", column, measure)
        for n, column in enumerate(frame.shown_columns)
        if (measure := measure_of(frame, column)) and views[column.path].shown == "yes"
    )


def asked(
    frame: Frame, wanted: tuple[Figure, ...], groups: tuple[str, ...] = (), limit: int = 1
) -> AggregateQuery:
    """The figures as a question, with how many records there are."""
    measures = (Measure(f.name, _FORMULAS[f.measure].format(f.column.path)) for f in wanted)
    return AggregateQuery(
        frame.entity.name,
        groups,
        measures=(Measure("records", "COUNT()"), *measures),
        filter=frame.formula or None,
        limit=limit,
        search=frame.state.search or None,
        listed=True,
        total=not groups,
    )


def totals(frame: Frame) -> tuple[Total | None, ...]:
    """Beside the columns after the first: what they come to."""
    return counted(frame)[1] if figures(frame) else told(frame, (), {})


def counted(frame: Frame) -> tuple[int, tuple[Total | None, ...]]:
    """How many records there are, be they ever so many, and what they come to."""
    wanted = figures(frame)
    answer = frame.desk.records.aggregate(asked(frame, wanted)).total
    return int(answer["records"]), told(frame, wanted, answer)


def told(frame: Frame, wanted: tuple[Figure, ...], answer: Mapping[str, Any]) -> tuple[Total | None, ...]:
    """An answer's figures beside the columns after the first."""
    by_path = {f.column.path: f for f in wanted}
    return tuple(
        _total(frame, by_path[c.path], answer.get(by_path[c.path].name)) if c.path in by_path else None
        for c in frame.shown_columns[1:]
    )


def _total(frame: Frame, figure: Figure, value: Any) -> Total | None:
    if value is None:
        return None
    reader, field = frame.desk.reader, figure.column.field
    label = reader.t(f"total.{figure.measure}")
    if figure.measure in _COUNTED:
        return Total(label, f"{int(value):,}", "")
    if not is_number(field):
        return Total(label, frame.desk.face(field, value).text, "")
    if type_of(field) == "percent":
        return Total(label, percent(value), "")
    found = decimal(value)
    if found is not None and figure.measure == "avg":
        found = round(found, max(field.value_type.scale, 1))
    return Total(label, short(found, reader.language), number(found))
