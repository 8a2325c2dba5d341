"""SQL expressions with what SQL's own types do not say: how a decimal is kept, and how large it can be.

On PostgreSQL a number is an integer or NUMERIC. On SQLite it is an integer of 10⁻ˢ units, order-preserving text (wide
columns), or canonical decimal text (whatever was computed); see `exact/`. Nothing here is left to the operators of
SQLAlchemy or of SQLite, which would add raw units of different scales and turn what overflows into floats.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, TypeAlias

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from dougong_runtime.exact import Exact, Instant, JsonValue, RecordId
from dougong_runtime.exact.types import Digits
from dougong_runtime.formulas.convert import has_number_options
from dougong_runtime.formulas.types import Kind, ValueType

Element: TypeAlias = sa.ColumnElement[Any]
Form: TypeAlias = Literal["plain", "integer", "units", "ordered", "digits"]

INTEGER_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Sql:
    """An expression and what it means.

    `form`, of numbers: `plain` NUMERIC (PostgreSQL), `integer` (PostgreSQL), `units` an integer of 10⁻ˢ (SQLite),
    `ordered` order-preserving text and `digits` canonical text (SQLite). Everything else is `plain`.
    """

    expr: Element
    type: ValueType
    form: Form = "plain"
    scale: int = 0
    """Of units and ordered text."""
    bound: int = INTEGER_MAX
    """units: no value is larger, nor smaller than minus it."""
    literal: Decimal | None = None
    """The constant that it is."""
    constant: bool = False
    """Whether it is the same for every row of a statement."""
    present: bool = False
    """Whether it is never absent."""


def plain_type(type_: ValueType) -> TypeEngine[Any]:
    """The SQLAlchemy type of values that are not numbers."""
    match type_.kind:
        case Kind.BOOLEAN:
            return sa.Boolean()
        case Kind.DATE:
            return sa.Date()
        case Kind.DATETIME:
            return Instant()
        case Kind.TIME:
            return sa.Time()
        case Kind.RECORD:
            return RecordId()
        case Kind.LIST | Kind.FILE | Kind.JSON:
            return JsonValue()
        case Kind.CHOICE if has_number_options(type_):
            return sa.BigInteger()
        case Kind.NUMBER:
            return Digits()
    return sa.Text()


def exact_type(type_: ValueType) -> Exact:
    """The type in which a number leaves the database."""
    return Exact(type_.precision, type_.scale)


def function(name: str, *arguments: Element, type_: TypeEngine[Any]) -> Element:
    """A call of one of our functions in SQL."""
    called: Element = getattr(sa.func, "dg_" + name)(*arguments, type_=type_)
    return called


def coerced(expr: Element, type_: TypeEngine[Any]) -> Element:
    """The expression, with another SQLAlchemy type for its result; a bound value keeps its own on the way in."""
    if isinstance(expr, sa.BindParameter):
        if isinstance(expr.type, type(type_)) or not isinstance(type_, Exact | Digits):
            return expr
        return sa.type_coerce(sa.cast(expr, expr.type), type_)
    if isinstance(type_, sa.Boolean) and isinstance(expr.type, sa.Boolean):
        return expr  # a coerced OR is not put in brackets where it is negated: SQLAlchemy writes `a OR b = 0`
    coerced_: Element = sa.type_coerce(expr, type_)
    return coerced_
