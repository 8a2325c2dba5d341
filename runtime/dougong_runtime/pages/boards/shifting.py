"""A record put on another day or hour, or stretched: what a write must say, and what it said before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Literal

from dougong_runtime.fields.base import Json
from dougong_runtime.formulas.types import Kind
from dougong_runtime.pages.boards.days import MINUTES_SHOWN, written
from dougong_runtime.pages.boards.fitting import Span
from dougong_runtime.pages.reading import Reader, day, instant
from dougong_runtime.pages.views import Column

DAYS_MAX = 366 * 30
Edge = Literal["both", "start", "end"]


@dataclass(frozen=True, slots=True)
class Shift:
    """How far, by the reader's clock: a day later is the same hour of the next day, whatever the clock does between."""

    days: int
    minutes: int
    edge: Edge = "both"

    @property
    def is_still(self) -> bool:
        """Whether nothing moves."""
        return self.days == 0 and self.minutes == 0


def shifted(span: Span, values: Mapping[str, Json], shift: Shift, reader: Reader) -> dict[str, Json]:
    """The fields to write. A record never ends before it begins: an edge stops at the other one."""
    start, end = span.start, span.end
    begun, ended = _local(start, values, reader), _local(end, values, reader) if end else None
    if begun is None:
        return {}
    by = timedelta(days=shift.days, minutes=shift.minutes)
    made: dict[str, Json] = {}
    if shift.edge in ("both", "start"):
        begun = begun + by if shift.edge == "both" or ended is None else min(begun + by, ended)
        made[start.path] = _written(start, begun, reader)
    if end is not None and shift.edge == "both" and ended is not None:
        made[end.path] = _written(end, ended + by, reader)
    if end is not None and shift.edge == "end":
        shown = timedelta(minutes=MINUTES_SHOWN) if _is_moment(end) else timedelta()
        made[end.path] = _written(end, max((ended or begun + shown) + by, begun), reader)
    return made


def _is_moment(column: Column) -> bool:
    return column.field.value_type.kind is Kind.DATETIME


def _local(column: Column, values: Mapping[str, Json], reader: Reader) -> datetime | None:
    raw = values.get(column.path)
    if _is_moment(column):
        at = instant(raw)
        return None if at is None else reader.local(at).replace(tzinfo=None)
    on = day(raw)
    return None if on is None else datetime.combine(on, time())


def _written(column: Column, at: datetime, reader: Reader) -> str:
    return written(at, reader.time_zone) if _is_moment(column) else at.date().isoformat()
