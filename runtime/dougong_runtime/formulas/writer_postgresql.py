"""PostgreSQL: numbers are NUMERIC, exact as they are; whole columns stay integers where they are only compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from dougong_runtime.exact.numbers import PLACES
from dougong_runtime.exact.types import Digits
from dougong_runtime.formulas.sql import (
    INTEGER_MAX,
    Element,
    Form,
    Sql,
    coerced,
    exact_type,
    function,
    plain_type,
)
from dougong_runtime.formulas.types import Kind, ValueType
from dougong_runtime.formulas.writer import OPERATORS, Writer, filtered, made

_DIGITS = Digits()


def _numeric(value: Sql) -> Element:
    """A number as NUMERIC."""
    if value.form == "integer":
        return sa.cast(value.expr, sa.Numeric())
    return value.expr


class PostgreSQLWriter(Writer):
    """How PostgreSQL says it."""

    dialect: ClassVar[str] = "postgresql"

    def computed_form(self, type_: ValueType) -> Form:
        """NUMERIC."""
        return "plain"

    def parameter(self, name: str, type_: ValueType) -> Sql:
        """Cast: `$1 IS NULL` alone does not tell PostgreSQL a type, and the driver sends numbers without one."""
        found = super().parameter(name, type_)
        return replace(found, expr=sa.cast(found.expr, plain_type(type_)))

    def number_literal(self, value: Decimal, type_: ValueType) -> Sql:
        """Bound as NUMERIC."""
        return Sql(sa.literal(value, _DIGITS), type_, literal=value, constant=True, present=True)

    def column(self, column: Element, type_: ValueType) -> Sql:
        """Integers as such."""
        if type_.kind is Kind.NUMBER and isinstance(column.type, sa.Integer):
            return Sql(column, type_, "integer")
        return Sql(column, type_)

    def argument(self, value: Sql) -> Element:
        """NUMERIC, or the value itself."""
        return _numeric(value)

    def leaving(self, value: Sql) -> Element:
        """Typed `Exact`."""
        if value.type.kind is not Kind.NUMBER:
            return coerced(value.expr, plain_type(value.type))
        return coerced(_numeric(value), exact_type(value.type))

    def kept(self, value: Sql, type_: ValueType) -> Sql:
        """Rounded where it has more places; NUMERIC's own bound refuses what is too large."""
        if type_.kind is not Kind.NUMBER or value.type.kind is not Kind.NUMBER:
            return replace(value, type=type_) if type_.kind is not Kind.NULL else value
        expr = _numeric(value)
        kept: Element = sa.cast(expr, sa.Numeric(type_.precision, type_.scale))
        return Sql(coerced(kept, _DIGITS), type_)

    def united(self, values: Sequence[Sql], type_: ValueType) -> tuple[list[Element], Sql]:
        """All NUMERIC."""
        if type_.kind is Kind.NUMBER:
            return [_numeric(v) for v in values], Sql(sa.null(), type_)
        return [v.expr for v in values], Sql(sa.null(), type_)

    # --- numbers ----------------------------------------------------------------------------------------------

    def add(self, a: Sql, b: Sql, type_: ValueType) -> Sql:
        """NUMERIC's own."""
        return self._computed(_numeric(a).op("+", return_type=_DIGITS)(_numeric(b)), type_)

    def subtract(self, a: Sql, b: Sql, type_: ValueType) -> Sql:
        """NUMERIC's own."""
        return self._computed(_numeric(a).op("-", return_type=_DIGITS)(_numeric(b)), type_)

    def multiply(self, a: Sql, b: Sql, type_: ValueType) -> Sql:
        """NUMERIC's own, rounded where the places could exceed 20."""
        product: Element = _numeric(a).op("*", return_type=_DIGITS)(_numeric(b))
        if a.type.scale + b.type.scale > PLACES:
            product = sa.func.round(product, PLACES, type_=_DIGITS)
        return self._computed(product, type_)

    def divide(self, a: Sql, b: Sql, type_: ValueType) -> Sql:
        """Exactly to 20 places: NUMERIC's own division would round twice."""
        return self._computed(function("div", _numeric(a), _numeric(b), type_=_DIGITS), type_)

    def negate(self, a: Sql) -> Sql:
        """NUMERIC's own."""
        return self._computed(sa.literal_column("0").op("-", return_type=_DIGITS)(_numeric(a)), a.type)

    def whole(self, expr: Element, type_: ValueType, bound: int) -> Sql:
        """An integer."""
        return Sql(expr, type_, "integer", bound=bound)

    def _computed(self, expr: Element, type_: ValueType) -> Sql:
        return Sql(coerced(expr, _DIGITS).self_group(), type_)

    # --- comparisons ------------------------------------------------------------------------------------------

    def comparable(self, a: Sql, b: Sql) -> tuple[Element, Element]:
        """Everything is; a constant beside an integer column is an integer, so that its index serves."""
        if a.type.kind is Kind.NUMBER:
            return _beside(a, b), _beside(b, a)
        return a.expr, b.expr

    def compare(self, function_: str, a: Sql, b: Sql) -> Element:
        """Text by code points."""
        left, right = self.comparable(a, b)
        if a.type.kind in (Kind.TEXT, Kind.CHOICE) and function_ not in ("_eq", "_ne"):
            left = self.ordered_text(left)
        compared: Element = getattr(left, OPERATORS[function_])(right)
        return compared

    # --- the rest ---------------------------------------------------------------------------------------------

    def text_of(self, value: Sql, zone: Element) -> Element:
        """A value as text."""
        match value.type.kind:
            case Kind.NUMBER if value.form == "integer":
                return sa.cast(value.expr, sa.Text())
            case Kind.NUMBER:
                return function("number_text", value.expr, type_=sa.Text())
            case Kind.DATE:
                return sa.func.to_char(value.expr, "YYYY-MM-DD", type_=sa.Text())
            case Kind.DATETIME:
                return function("instant_as_text", value.expr, zone, type_=sa.Text())
            case Kind.TIME:
                # a time has no pattern of its own: it is formatted as the time since midnight
                since = sa.cast(value.expr, sa.Interval())
                return sa.func.to_char(since, "HH24:MI", type_=sa.Text())
            case Kind.BOOLEAN:
                return sa.case((value.expr, "true"), (sa.not_(value.expr), "false"))
        return sa.cast(value.expr, sa.Text())

    def ordered_text(self, expr: Element) -> Element:
        """Collation "C"."""
        return sa.collate(coerced(expr, sa.Text()), "C")

    def extreme(self, smallest: bool, values: Sequence[Sql], type_: ValueType) -> Sql:
        """LEAST and GREATEST leave absent values out."""
        expressions, whole = self.united(values, type_)
        if type_.kind is Kind.TEXT:
            expressions = [self.ordered_text(e) for e in expressions]
        called = sa.func.least if smallest else sa.func.greatest
        return made(whole, called(*expressions, type_=plain_type(type_)))

    def listed(self, texts: Sequence[Element]) -> Element:
        """CONCAT_WS leaves NULL out."""
        return sa.func.concat_ws(", ", *texts, type_=sa.Text())

    def has(self, items: Element, value: Sql, literal: Any) -> Element:
        """Containment of an array of one, which a GIN index serves."""
        if literal is not None:
            wanted: Element = sa.literal([literal], postgresql.JSONB())
        else:
            wanted = sa.func.jsonb_build_array(value.expr, type_=postgresql.JSONB())
        inside: Element = items.op("@>", return_type=sa.Boolean())(wanted)
        return inside if literal is not None else sa.case((value.expr.is_not(None), inside))

    def array_of(self, value: Element) -> Element:
        """jsonb_build_array."""
        built = sa.func.jsonb_build_array(value, type_=postgresql.JSONB())
        return sa.case((value.is_not(None), built))

    def fact(self, column: Element, name: str, type_: ValueType) -> Sql:
        """By the JSON operator that gives text."""
        text = column.op("->>", return_type=sa.Text())(sa.literal(name, sa.Text()))
        if type_.kind is Kind.NUMBER:
            return Sql(coerced(sa.cast(text, sa.Numeric()), _DIGITS), type_)
        return Sql(sa.func.nullif(text, "", type_=sa.Text()), type_)

    # --- aggregates -------------------------------------------------------------------------------------------

    def sum(self, value: Sql, type_: ValueType, only: Element | None) -> Sql:
        """0 of nothing."""
        total = filtered(sa.func.sum(_numeric(value), type_=_DIGITS), only)
        return Sql(sa.func.coalesce(total, sa.literal_column("0"), type_=_DIGITS), type_)

    def average(self, value: Sql, type_: ValueType, only: Element | None) -> Sql:
        """Sum over number, exactly."""
        total = filtered(sa.func.sum(_numeric(value), type_=_DIGITS), only)
        count = sa.cast(filtered(sa.func.count(value.expr), only), sa.Numeric())
        return Sql(function("div", total, count, type_=_DIGITS), type_)

    def end(self, smallest: bool, value: Sql, type_: ValueType, only: Element | None) -> Sql:
        """Text by code points."""
        expr = self.ordered_text(value.expr) if type_.kind is Kind.TEXT else value.expr
        called = sa.func.min if smallest else sa.func.max
        return replace(value, expr=filtered(called(expr), only), type=type_)

    def distinct(self, value: Sql) -> Element:
        """As it is."""
        return value.expr

    def deviation(self, value: Sql, type_: ValueType, only: Element | None) -> Sql:
        """From the sums, exactly, rounded to 20 places before the root."""
        x = _numeric(value)
        count = sa.cast(filtered(sa.func.count(value.expr), only), sa.Numeric())
        total = filtered(sa.func.sum(x, type_=_DIGITS), only)
        squares = filtered(sa.func.sum(x.op("*", return_type=_DIGITS)(x), type_=_DIGITS), only)
        times = "*"
        spread = (
            count.op(times, return_type=_DIGITS)(squares)
            .self_group()
            .op("-", return_type=_DIGITS)(total.op(times, return_type=_DIGITS)(total).self_group())
        )
        pairs = count.op(times, return_type=_DIGITS)(
            count.op("-", return_type=_DIGITS)(sa.literal_column("1")).self_group()
        )
        return Sql(
            function("sqrt", function("div", spread, pairs, type_=_DIGITS), type_=_DIGITS),
            type_,
        )

    def median(self, value: Sql, type_: ValueType, only: Element | None) -> Sql:
        """Half the sum of the lower and the upper middle."""
        x = _numeric(value)
        half: Element = sa.literal_column("0.5")
        low = filtered(sa.func.percentile_disc(half).within_group(x.asc()), only)
        high = filtered(sa.func.percentile_disc(half).within_group(x.desc()), only)
        total = coerced(low, _DIGITS).op("+", return_type=_DIGITS)(high)
        return Sql(function("div", total, sa.literal_column("2"), type_=_DIGITS), type_)

    def joined(
        self, text: Element, separator: str, order: Element, second: Element, only: Element | None
    ) -> Element:
        """STRING_AGG with its order."""
        ordering = postgresql.aggregate_order_by(
            sa.literal(separator, sa.Text()), self.ordered_text(order).asc().nulls_last(), second.asc()
        )
        return filtered(sa.func.string_agg(text, ordering, type_=sa.Text()), only)

    def internal_rate(self, amount: Sql, day: Element, type_: ValueType, only: Element | None) -> Sql:
        """Over arrays of amounts and days."""
        amounts = filtered(sa.func.array_agg(_numeric(amount)), only)
        days = filtered(sa.func.array_agg(day), only)
        return Sql(function("xirr", amounts, days, type_=_DIGITS), type_)


def _beside(value: Sql, other: Sql) -> Element:
    """A constant beside an integer, as an integer where it is one."""
    constant = value.literal
    if other.form == "integer" and constant is not None and constant == constant.to_integral_value():
        whole = int(constant)
        if abs(whole) <= INTEGER_MAX:
            return sa.literal(whole, sa.BigInteger())
    return value.expr
