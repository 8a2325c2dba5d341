"""The functions that SQLite lacks, registered on each connection. All deterministic, so that indexes may use them.

A value crosses as SQLite keeps it: a decimal as its canonical text (or an integer), a day, time or instant as
sortable text, a list as JSON. What a Python function takes and gives is read from its annotations.
"""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from functools import partial
from typing import Any, get_type_hints

from dougong_runtime.exact import figures, lists, numbers, texts, times
from dougong_runtime.exact.numbers import canonical, from_units
from dougong_runtime.exact.types import (
    from_instant_text,
    from_ordered_text,
    instant_text,
    json_text,
    ordered_text,
)

_INTEGER_MAX = 2**63 - 1

PLAIN: dict[str, Callable[..., Any]] = {
    # numbers
    "round": numbers.round_half_up,
    "round_even": numbers.round_half_even,
    "roundup": numbers.round_up,
    "rounddown": numbers.round_down,
    "floor": numbers.floor,
    "ceiling": numbers.ceiling,
    "floor_to": numbers.floor_to,
    "ceiling_to": numbers.ceiling_to,
    "mod": numbers.modulo,
    "power": numbers.power,
    "sqrt": numbers.square_root,
    "abs": numbers.absolute,
    "sign": numbers.sign,
    "clamp": numbers.clamp,
    "iseven": numbers.is_even,
    "quotient": numbers.quotient,
    # texts
    "len": texts.length,
    "left": texts.left,
    "right": texts.right,
    "mid": texts.mid,
    "upper": texts.upper,
    "lower": texts.lower,
    "trim": texts.trim,
    "replace": texts.replace,
    "substitute": texts.substitute,
    "contains": texts.contains,
    "starts": texts.starts,
    "ends": texts.ends,
    "find": texts.find,
    "rept": texts.rept,
    "pad_left": texts.pad_left,
    "split": texts.split,
    "digits": texts.digits,
    "mask": texts.mask,
    "reverse": texts.reverse,
    "value": texts.value,
    "fixed": texts.fixed,
    # times
    "local_day": times.local_day,
    "at": times.at,
    "day_start": times.day_start,
    "day_end": times.day_end,
    "date_add": times.date_add,
    "instant_add": times.instant_add,
    "instant_days": times.instant_days,
    "days": times.days,
    "make_date": times.make_date,
    "edate": times.edate,
    "eomonth": times.eomonth,
    "quarter": times.quarter,
    "weekday": times.weekday,
    "weeknum": times.weeknum,
    "isoweeknum": times.isoweeknum,
    "start_of": times.start_of,
    "end_of": times.end_of,
    "datedif": times.datedif,
    "age": times.age,
    "part": times.part,
    "time_part": times.time_part,
    "day_part": times.day_part,
    "make_time": times.make_time,
    "time_of": times.time_of,
    "is_workday": times.is_workday,
    "workday": times.workday,
    "networkdays": times.networkdays,
    "instant_as_text": times.instant_as_text,
    "format_day": times.format_day,
    "format_instant": times.format_instant,
    "hours": times.hours,
    "minutes": times.minutes,
    "add_hours": times.add_hours,
    "add_minutes": times.add_minutes,
    # lists
    "list_count": lists.count,
    "list_join": lists.joined,
    "has_any": lists.has_any,
    "has_all": lists.has_all,
}
"""Python functions that SQL calls as `dg_<name>`; PostgreSQL has them by the same names (`postgresql.py`)."""


def register_sqlite_functions(dbapi_connection: Any) -> None:
    """Make every `dg_` function known to a `sqlite3.Connection`."""
    create = partial(dbapi_connection.create_function, deterministic=True)
    for name, function in _SCALARS.items():
        create("dg_" + name, -1, function)
    for name, aggregate in _AGGREGATES.items():
        dbapi_connection.create_aggregate("dg_" + name, -1, aggregate)


# --- crossing -------------------------------------------------------------------------------------------------

_READ: dict[Any, Callable[[Any], Any]] = {
    Decimal: Decimal,
    str: str,
    bool: bool,
    date: date.fromisoformat,
    datetime: from_instant_text,
    time: time.fromisoformat,
    list: json.loads,
}


def encode(value: Any) -> Any:
    """A plain value as SQLite keeps it."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, Decimal):
        return canonical(value)
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.strftime("%H:%M:%S.%f")
    if isinstance(value, list):
        return json_text(value)
    return value


def _reader(annotation: Any) -> tuple[Callable[[Any], Any], bool]:
    """How a parameter is read, and whether it may be absent."""
    if typing.get_origin(annotation) in (types.UnionType, typing.Union):
        inner = next(a for a in typing.get_args(annotation) if a is not type(None))
        return _reader(inner)[0], True
    if typing.get_origin(annotation) is list:
        return json.loads, False
    return _READ[annotation], False


def _crossing(function: Callable[..., Any]) -> Callable[..., Any]:
    hints = get_type_hints(function)
    hints.pop("return")
    readers = [_reader(hint) for hint in hints.values()]

    def call(*given: Any) -> Any:
        values: list[Any] = []
        for raw, (read, may_be_absent) in zip(given, readers, strict=False):
            if raw is None:
                if not may_be_absent:
                    return None
                values.append(None)
            else:
                values.append(read(raw))
        return encode(function(*values))

    return call


# --- arithmetic, on (value, scale) pairs: an integer of 10⁻ˢ units, or canonical text with no scale ------------------


def _pair(value: Any, scale: int | None) -> Decimal:
    return from_units(value, scale) if scale else Decimal(value)


def _on_pairs(function: Callable[[Decimal, Decimal], Decimal | None]) -> Callable[..., str | None]:
    def call(a: Any, a_scale: int | None, b: Any, b_scale: int | None) -> str | None:
        if a is None or b is None:
            return None
        result = function(_pair(a, a_scale), _pair(b, b_scale))
        return None if result is None else canonical(result)

    return call


def _compare(a: Any, a_scale: int | None, b: Any, b_scale: int | None) -> int | None:
    if a is None or b is None:
        return None
    return numbers.compare(_pair(a, a_scale), _pair(b, b_scale))


def _number(value: Any, scale: int | None) -> str | None:
    return None if value is None else canonical(_pair(value, scale))


def _unordered(value: str | None, scale: int) -> str | None:
    return None if value is None else canonical(from_units(from_ordered_text(value), scale))


def _units(value: Any, scale: int, precision: int) -> int | None:
    """Canonical text as an integer of 10⁻ˢ units, rounded half away from zero. Raises where it does not fit."""
    if value is None:
        return None
    units = int(numbers.rounded(Decimal(value), scale).scaleb(scale, numbers.EXACT))
    if abs(units) >= 10**precision:
        raise OverflowError(f"{value} does not fit {precision} digits with {scale} places")
    return units


def _ordered(value: Any, scale: int, precision: int) -> str | None:
    units = _units(value, scale, precision)
    return None if units is None else ordered_text(units, precision)


def _extreme(pick: Callable[..., Decimal]) -> Callable[..., str | None]:
    def call(*given: Any) -> str | None:
        values = [Decimal(v) for v in given if v is not None]
        return canonical(pick(values)) if values else None

    return call


def _bound(value: Any, scale: int) -> int | None:
    """A constant in a column's units, for comparison only: what no column holds becomes the largest integer."""
    if value is None:
        return None
    units = int(Decimal(value).scaleb(scale, numbers.EXACT))
    return max(-_INTEGER_MAX, min(units, _INTEGER_MAX))


def _extreme_text(pick: Callable[..., Any]) -> Callable[..., Any]:
    def call(*given: Any) -> Any:
        return pick((v for v in given if v is not None), default=None)

    return call


def _list(*given: str | None) -> str | None:
    return ", ".join(v for v in given if v is not None) or None


def _has(items: str | None, value: Any) -> int | None:
    if items is None or value is None:
        return None
    return int(value in json.loads(items))


def _fact(facts: str | None, name: str) -> str | None:
    """A fact of a file: text, or a number as its canonical text."""
    if facts is None:
        return None
    value = json.loads(facts, parse_float=Decimal).get(name)
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return canonical(Decimal(value))
    return value or None


_SCALARS: dict[str, Callable[..., Any]] = {
    **{name: _crossing(function) for name, function in PLAIN.items()},
    "add": _on_pairs(numbers.add),
    "sub": _on_pairs(numbers.subtract),
    "mul": _on_pairs(numbers.multiply),
    "div": _on_pairs(numbers.divide),
    "cmp": _compare,
    "number": _number,
    "unordered": _unordered,
    "units": _units,
    "ordered": _ordered,
    "least": _extreme(min),
    "greatest": _extreme(max),
    "least_text": _extreme_text(min),
    "greatest_text": _extreme_text(max),
    "bound": _bound,
    "list": _list,
    "has": _has,
    "fact": _fact,
}


# --- aggregates -----------------------------------------------------------------------------------------------


class _Values:
    """Collects decimals given as (value, scale)."""

    def __init__(self) -> None:
        self.values: list[Decimal] = []

    def step(self, value: Any, scale: int | None = None) -> None:
        """One row."""
        if value is not None:
            self.values.append(_pair(value, scale))


class _Sum(_Values):
    def finalize(self) -> str | None:
        """None of none, as SQL's SUM."""
        return canonical(figures.total(self.values)) if self.values else None


class _Smallest(_Values):
    def finalize(self) -> str | None:
        """The smallest."""
        return canonical(min(self.values)) if self.values else None


class _Largest(_Values):
    def finalize(self) -> str | None:
        """The largest."""
        return canonical(max(self.values)) if self.values else None


class _Deviation(_Values):
    def finalize(self) -> str | None:
        """The sample's deviation."""
        result = figures.deviation(self.values)
        return None if result is None else canonical(result)


class _Median(_Values):
    def finalize(self) -> str | None:
        """The middle."""
        result = figures.median(self.values)
        return None if result is None else canonical(result)


class _Join:
    """Texts in the order of a key, then of a second."""

    def __init__(self) -> None:
        self.rows: list[tuple[bool, str, str, str]] = []
        self.separator = ""

    def step(self, text: str | None, separator: str, key: Any, second: Any) -> None:
        """One row; absent texts are left out, absent keys stand last."""
        self.separator = separator
        if text is not None:
            self.rows.append((key is None, str(key or ""), str(second), text))

    def finalize(self) -> str | None:
        """The texts, joined."""
        return self.separator.join(row[3] for row in sorted(self.rows)) or None


class _InternalRate:
    """Dated flows, amounts given as (value, scale)."""

    def __init__(self) -> None:
        self.flows: list[tuple[Decimal, date]] = []

    def step(self, amount: Any, scale: int | None, day: str | None) -> None:
        """One row; without amount or day it does not count."""
        if amount is not None and day is not None:
            self.flows.append((_pair(amount, scale), date.fromisoformat(day)))

    def finalize(self) -> str | None:
        """The yearly rate."""
        result = figures.internal_rate(self.flows)
        return None if result is None else canonical(result)


_AGGREGATES: dict[str, type] = {
    "sum": _Sum,
    "min": _Smallest,
    "max": _Largest,
    "stdev": _Deviation,
    "median": _Median,
    "join": _Join,
    "xirr": _InternalRate,
}
