"""What a reader asks, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

LIMIT_DEFAULT = 50
LIMIT_MAX = 1000
COUNT_LIMIT = 10_000
"""Counts are exact up to here, then "more than"."""


@dataclass(frozen=True, slots=True)
class Query:
    """A list that a reader asks for. Names and formulas are the client's own text, not yet trusted."""

    entity: str
    filter: str | None = None
    """A formula over the entity's fields, e.g. `stage <> 'dormant' and owner.team = USER().team`."""
    sort: tuple[str, ...] = ()
    """Field names or paths, `-` before one for descending."""
    fields: tuple[str, ...] | None = None
    """Names or paths to give; None for all that the reader sees."""
    expand: tuple[str, ...] = ()
    """Reference fields whose record stands in place of its id."""
    limit: int = LIMIT_DEFAULT
    cursor: str | None = None
    """`next` of the page before."""
    search: str | None = None
    trash: bool = False
    """The trash instead of the living records."""
    count: bool = True
    export: bool = False
    """Only what the reader may also take out by the file."""
    titles: bool = False
    """Reference values as `{"id": …, "title": …}` instead of ids."""


@dataclass(frozen=True, slots=True)
class Page:
    """An answer: records as JSON values (decimals as strings), in order."""

    items: list[dict[str, Any]]
    next: str | None
    count: int
    count_is_exact: bool


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure of an aggregate: a formula such as `SUM(amount)`, `COUNT()`, `SUM(amount) / COUNT()`."""

    name: str
    formula: str


@dataclass(frozen=True, slots=True)
class AggregateQuery:
    """Figures over the records that a reader sees, by groups."""

    entity: str
    rows: tuple[str, ...] = ()
    """Field names, paths or formulas (`MONTH(at)`) to group by."""
    columns: tuple[str, ...] = ()
    measures: tuple[Measure, ...] = (Measure("count", "COUNT()"),)
    filter: str | None = None
    sort: tuple[str, ...] = ()
    """Names of rows or measures."""
    limit: int = LIMIT_MAX
    search: str | None = None
    listed: bool = False
    """Only over records that the viewer may read one by one, as a list shows them; not those that they see summed."""
    total: bool = True
    """Whether the figures of all groups together are wanted too."""


@dataclass(frozen=True, slots=True)
class AggregateAnswer:
    """Groups as JSON values; totals computed over the records, not added up."""

    rows: list[dict[str, Any]]
    total: dict[str, Any]
    withheld: int = 0
    """Groups not shown because they hold fewer records than the reader's role allows to tell apart."""
