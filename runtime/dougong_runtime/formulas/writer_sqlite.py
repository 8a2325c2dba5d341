"""SQLite: a decimal column is an integer of 10⁻ˢ units, and stays one as long as no value could leave 64 bits.

Whatever could, and every quotient, goes through our functions on canonical text. A bare column beside a constant is
compared with the constant in the column's own units, so that its index serves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, ClassVar

import sqlalchemy as sa

from dougong_runtime.exact import Exact
from dougong_runtime.exact.numbers import EXACT, PLACES, canonical
from dougong_runtime.exact.types import NARROW_DIGITS, Digits, ordered_text
from dougong_runtime.formulas.sql import INTEGER_MAX, Element, Form, Sql, coerced, function, plain_type
from dougong_runtime.formulas.types import Kind, ValueType
from dougong_runtime.formulas.writer import OPERATORS, Writer, filtered, made

_UNITS = sa.BigInteger()
_DIGITS = Digits()
_NO_SCALE: Element = sa.literal_column("NULL")


def _count(n: int) -> Element:
    return sa.literal_column(str(n))


def _places(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


class SQLiteWriter(Writer):
    """How SQLite says it."""

    dialect: ClassVar[str] = "sqlite"

    def computed_form(self, type_: ValueType) -> Form:
        """Canonical text."""
        return "digits" if type_.kind is Kind.NUMBER else "plain"

    def number_literal(self, value: Decimal, type_: ValueType) -> Sql:
        """Units of its own scale, or canonical text where it is too large."""
        scale = _places(value)
        units = int(value.scaleb(scale, EXACT))
        if abs(units) <= INTEGER_MAX:
            return Sql(
                sa.literal(units, _UNITS),
                type_,
                "units",
                scale,
                abs(units),
                value,
                constant=True,
                present=True,
            )
        return Sql(sa.literal(value, _DIGITS), type_, "digits", literal=value, constant=True, present=True)

    def column(self, column: Element, type_: ValueType) -> Sql:
        """Units, or order-preserving text, by the column's type."""
        if type_.kind is not Kind.NUMBER:
            return Sql(column, type_)
        kept = column.type
        if isinstance(kept, Exact):
            bound = 10**kept.precision - 1
            if kept.is_narrow:
                return Sql(coerced(column, _UNITS), type_, "units", kept.scale, bound)
            return Sql(coerced(column, sa.Text()), type_, "ordered", kept.scale, bound)
        if isinstance(kept, Digits):
            return Sql(column, type_, "digits")
        return Sql(column, type_, "units", 0, 10**NARROW_DIGITS - 1)

    # --- crossing between forms -------------------------------------------------------------------------------

    def _pair(self, value: Sql) -> tuple[Element, Element]:
        """(value, scale) as `dg_add` and its like take it."""
        match value.form:
            case "units":
                return value.expr, _count(value.scale) if value.scale else _NO_SCALE
            case "ordered":
                return function("unordered", value.expr, _count(value.scale), type_=sa.Text()), _NO_SCALE
        return value.expr, _NO_SCALE

    def _digits(self, value: Sql) -> Element:
        """Canonical text."""
        if value.literal is not None:
            return sa.literal(canonical(value.literal), sa.Text())
        match value.form:
            case "units" if value.scale == 0:
                return sa.cast(value.expr, sa.Text())
            case "units":
                return function("number", value.expr, _count(value.scale), type_=sa.Text())
            case "ordered":
                return function("unordered", value.expr, _count(value.scale), type_=sa.Text())
        return coerced(value.expr, sa.Text())

    def argument(self, value: Sql) -> Element:
        """Canonical text, or a whole number as it is."""
        if value.type.kind is not Kind.NUMBER or (value.form == "units" and value.scale == 0):
            return value.expr
        return self._digits(value)

    def _rescaled(self, value: Sql, scale: int) -> Sql | None:
        """The same in units of another, finer scale; None where it could leave 64 bits."""
        if value.form != "units":
            return None
        by = 10 ** (scale - value.scale)
        if value.bound * by > INTEGER_MAX:
            return None
        if by == 1:
            return value
        if value.literal is not None:
            units = int(value.literal.scaleb(scale, EXACT))
            return replace(value, expr=sa.literal(units, _UNITS), scale=scale, bound=abs(units))
        expr = value.expr.op("*", return_type=_UNITS)(_count(by)).self_group()
        return replace(value, expr=expr, scale=scale, bound=value.bound * by)

    def _aligned(self, values: Sequence[Sql]) -> list[Sql] | None:
        """Values in units of one scale; None where one is not, or could not be."""
        scale = max(v.scale for v in values)
        aligned = [self._rescaled(v, scale) for v in values]
        return None if None in aligned else [a for a in aligned if a is not None]

    def leaving(self, value: Sql) -> Element:
        """Typed `Exact`: units, or order-preserving text where the type is wide."""
        if value.type.kind is not Kind.NUMBER:
            return coerced(value.expr, plain_type(value.type))
        match value.form:
            case "units":
                return coerced(value.expr, Exact(NARROW_DIGITS, value.scale))
            case "ordered":
                return coerced(value.expr, Exact(len(str(value.bound)), value.scale))
        return self._as_exact(value, value.type)

    def _as_exact(self, value: Sql, type_: ValueType) -> Element:
        exact = Exact(type_.precision, type_.scale)
        name = "units" if exact.is_narrow else "ordered"
        return function(name, self._digits(value), _count(type_.scale), _count(type_.precision), type_=exact)

    def kept(self, value: Sql, type_: ValueType) -> Sql:
        """Rounded where it has more places; what is too large raises."""
        if type_.kind is not Kind.NUMBER or value.type.kind is not Kind.NUMBER:
            return replace(value, type=type_) if type_.kind is not Kind.NULL else value
        bound = 10**type_.precision - 1
        if value.form == "units" and value.scale <= type_.scale and type_.precision <= NARROW_DIGITS:
            fine = self._rescaled(value, type_.scale)
            if fine is not None and fine.bound <= bound:
                exact = coerced(fine.expr, Exact(type_.precision, type_.scale))
                return Sql(exact, type_, "units", type_.scale, bound)
        form: Form = "units" if type_.precision <= NARROW_DIGITS else "ordered"
        return Sql(self._as_exact(value, type_), type_, form, type_.scale, bound)

    def united(self, values: Sequence[Sql], type_: ValueType) -> tuple[list[Element], Sql]:
        """Units of one scale where all are, else canonical text."""
        if type_.kind is not Kind.NUMBER:
            return [v.expr for v in values], Sql(sa.null(), type_)
        nothing = [v for v in values if _is_null(v)]
        aligned = (
            self._aligned([v for v in values if not _is_null(v)]) if len(nothing) < len(values) else None
        )
        if aligned is None:
            return [self._digits(v) for v in values], Sql(sa.null(), type_, "digits")
        rest = iter(aligned)
        exprs: list[Element] = [
            sa.cast(sa.null(), _UNITS) if _is_null(v) else coerced(next(rest).expr, _UNITS) for v in values
        ]
        return exprs, Sql(sa.null(), type_, "units", aligned[0].scale, max(a.bound for a in aligned))

    # --- numbers ----------------------------------------------------------------------------------------------

    def add(self, a: Sql, b: Sql, type_: ValueType) -> Sql:
        """Integers where the sum stays within 64 bits."""
        return self._sum("+", "add", a, b, type_)

    def subtract(self, a: Sql, b: Sql, type_: ValueType) -> Sql:
        """Likewise."""
        return self._sum("-", "sub", a, b, type_)

    def _sum(self, sign: str, name: str, a: Sql, b: Sql, type_: ValueType) -> Sql:
        aligned = self._aligned([a, b])
        if aligned is not None:
            left, right = aligned
            bound = left.bound + right.bound
            if bound <= INTEGER_MAX:
                expr = left.expr.op(sign, return_type=_UNITS)(right.expr).self_group()
                return Sql(expr, type_, "units", left.scale, bound)
        return self._paired(name, a, b, type_)

    def multiply(self, a: Sql, b: Sql, type_: ValueType) -> Sql:
        """Integers where the product stays within 64 bits."""
        bound = a.bound * b.bound
        if a.form == "units" and b.form == "units" and bound <= INTEGER_MAX and a.scale + b.scale <= PLACES:
            expr = a.expr.op("*", return_type=_UNITS)(b.expr).self_group()
            return Sql(expr, type_, "units", a.scale + b.scale, bound)
        return self._paired("mul", a, b, type_)

    def divide(self, a: Sql, b: Sql, type_: ValueType) -> Sql:
        """Our function."""
        return self._paired("div", a, b, type_)

    def _paired(self, name: str, a: Sql, b: Sql, type_: ValueType) -> Sql:
        return Sql(function(name, *self._pair(a), *self._pair(b), type_=_DIGITS), type_, "digits")

    def negate(self, a: Sql) -> Sql:
        """0 - a."""
        if a.form == "units":
            return replace(a, expr=_count(0).op("-", return_type=_UNITS)(a.expr).self_group(), literal=None)
        return self._paired("sub", Sql(_count(0), a.type, "units", 0, 0), a, a.type)

    def whole(self, expr: Element, type_: ValueType, bound: int) -> Sql:
        """Units of scale 0."""
        return Sql(expr, type_, "units", 0, bound)

    # --- comparisons ------------------------------------------------------------------------------------------

    def comparable(self, a: Sql, b: Sql) -> tuple[Element, Element] | None:
        """Units of one scale, equal forms of wide columns, everything that is no number."""
        if a.type.kind is not Kind.NUMBER or _is_null(a) or _is_null(b):
            return a.expr, b.expr
        for left, right, flip in ((a, b, False), (b, a, True)):
            beside = _in_units_of(left, right)
            if beside is not None:
                return (beside, left.expr) if flip else (left.expr, beside)
        aligned = self._aligned([a, b])
        if aligned is not None:
            return aligned[0].expr, aligned[1].expr
        if a.form == b.form == "ordered" and (a.scale, a.bound) == (b.scale, b.bound):
            return a.expr, b.expr
        return None

    def compare(self, function_: str, a: Sql, b: Sql) -> Element:
        """Directly, or through our function."""
        sides = self.comparable(a, b)
        if sides is None:
            order = function("cmp", *self._pair(a), *self._pair(b), type_=sa.Integer())
            sides = order, _count(0)
        compared: Element = getattr(sides[0], OPERATORS[function_])(sides[1])
        return compared

    # --- the rest ---------------------------------------------------------------------------------------------

    def text_of(self, value: Sql, zone: Element) -> Element:
        """A value as text."""
        match value.type.kind:
            case Kind.NUMBER:
                return self._digits(value)
            case Kind.DATETIME:
                return function("instant_as_text", value.expr, zone, type_=sa.Text())
            case Kind.TIME:
                return sa.func.substr(coerced(value.expr, sa.Text()), 1, 5, type_=sa.Text())
            case Kind.BOOLEAN:
                return sa.case((value.expr, "true"), (sa.not_(value.expr), "false"))
            case Kind.CHOICE:
                return sa.cast(value.expr, sa.Text())
        return coerced(value.expr, sa.Text())

    def ordered_text(self, expr: Element) -> Element:
        """SQLite's own order is that of code points."""
        return expr

    def extreme(self, smallest: bool, values: Sequence[Sql], type_: ValueType) -> Sql:
        """SQLite's own gives NULL where one is NULL: two values stand in for each other, more go through a function."""
        expressions, whole = self.united(values, type_)
        if len(values) == 2 and whole.form == "units":
            a, b = expressions
            called = sa.func.min if smallest else sa.func.max
            left = a if values[0].present else sa.func.coalesce(a, b, type_=_UNITS)
            right = b if values[1].present else sa.func.coalesce(b, a, type_=_UNITS)
            return made(whole, called(left, right, type_=_UNITS))
        if type_.kind is Kind.NUMBER:
            digits = [self._digits(v) for v in values]
            name = "least" if smallest else "greatest"
            return Sql(function(name, *digits, type_=_DIGITS), type_, "digits")
        name = "least_text" if smallest else "greatest_text"
        return made(whole, function(name, *expressions, type_=plain_type(type_)))

    def listed(self, texts: Sequence[Element]) -> Element:
        """Our function."""
        return function("list", *texts, type_=sa.Text())

    def has(self, items: Element, value: Sql, literal: Any) -> Element:
        """Our function."""
        return function("has", items, value.expr, type_=sa.Boolean())

    def array_of(self, value: Element) -> Element:
        """json_array."""
        return sa.case((value.is_not(None), sa.func.json_array(value, type_=sa.Text())))

    def fact(self, column: Element, name: str, type_: ValueType) -> Sql:
        """Our function: SQLite's own would give a float."""
        return Sql(
            function("fact", column, sa.literal(name, sa.Text()), type_=plain_type(type_)),
            type_,
            self.computed_form(type_),
        )

    # --- aggregates -------------------------------------------------------------------------------------------

    def sum(self, value: Sql, type_: ValueType, only: Element | None) -> Sql:
        """Integers by SQLite itself, which raises on overflow."""
        if value.form == "units":
            total = filtered(sa.func.sum(value.expr, type_=_UNITS), only)
            return Sql(sa.func.coalesce(total, _count(0), type_=_UNITS), type_, "units", value.scale)
        total = filtered(function("sum", *self._pair(value), type_=_DIGITS), only)
        return Sql(sa.func.coalesce(total, sa.literal_column("'0'"), type_=_DIGITS), type_, "digits")

    def average(self, value: Sql, type_: ValueType, only: Element | None) -> Sql:
        """Sum over number, by our division."""
        count = Sql(filtered(sa.func.count(value.expr), only), type_, "units", 0)
        if value.form == "units":
            total = Sql(filtered(sa.func.sum(value.expr, type_=_UNITS), only), type_, "units", value.scale)
        else:
            summed = filtered(function("sum", *self._pair(value), type_=_DIGITS), only)
            total = Sql(summed, type_, "digits")
        return self._paired("div", total, count, type_)

    def end(self, smallest: bool, value: Sql, type_: ValueType, only: Element | None) -> Sql:
        """Canonical text has no order of its own: our function."""
        if value.form == "digits":
            name = "min" if smallest else "max"
            return Sql(filtered(function(name, *self._pair(value), type_=_DIGITS), only), type_, "digits")
        called = sa.func.min if smallest else sa.func.max
        return replace(value, expr=filtered(called(value.expr), only), type=type_, present=False)

    def distinct(self, value: Sql) -> Element:
        """Units, or canonical text: one spelling a value."""
        return value.expr

    def deviation(self, value: Sql, type_: ValueType, only: Element | None) -> Sql:
        """Our function."""
        return Sql(filtered(function("stdev", *self._pair(value), type_=_DIGITS), only), type_, "digits")

    def median(self, value: Sql, type_: ValueType, only: Element | None) -> Sql:
        """Our function."""
        return Sql(filtered(function("median", *self._pair(value), type_=_DIGITS), only), type_, "digits")

    def joined(
        self, text: Element, separator: str, order: Element, second: Element, only: Element | None
    ) -> Element:
        """Our function: before 3.44 SQLite's own knows no order."""
        return filtered(
            function("join", text, sa.literal(separator, sa.Text()), order, second, type_=sa.Text()), only
        )

    def internal_rate(self, amount: Sql, day: Element, type_: ValueType, only: Element | None) -> Sql:
        """Our function."""
        return Sql(filtered(function("xirr", *self._pair(amount), day, type_=_DIGITS), only), type_, "digits")


def _is_null(value: Sql) -> bool:
    inner = value.expr
    return isinstance(inner, sa.Cast) and isinstance(inner.clause, type(sa.null()))


def _in_units_of(column: Sql, constant: Sql) -> Element | None:
    """A constant in the column's own units, so that the column stands bare; None where it has no exact place there."""
    if column.literal is not None or column.constant:
        return None
    if constant.literal is not None:
        if _places(constant.literal) > column.scale:
            return None
        units = int(constant.literal.scaleb(column.scale, EXACT))
        if column.form == "units" and abs(units) <= INTEGER_MAX:
            return sa.literal(units, _UNITS)
        if column.form == "ordered" and abs(units) <= column.bound:
            return sa.literal(ordered_text(units, len(str(column.bound))), sa.Text())
        return None
    if constant.constant and column.form == "units" and constant.type.scale <= column.scale:
        return function("bound", constant.expr, _count(column.scale), type_=_UNITS)
    return None
