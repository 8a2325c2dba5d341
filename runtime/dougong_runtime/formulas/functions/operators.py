"""Operators, and the conversions that the checker puts between them. None is written by name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from dougong_runtime.exact import numbers, times
from dougong_runtime.exact.numbers import PLACES
from dougong_runtime.formulas.convert import Mismatch, as_text, convert, has_number_options
from dougong_runtime.formulas.function import FUNCTIONS, Function, Want, define
from dougong_runtime.formulas.tree import Call, Literal, Node
from dougong_runtime.formulas.types import BOOLEAN, DATE, DATETIME, INTEGER, TEXT, Kind, ValueType, number
from dougong_runtime.labels import Label

if TYPE_CHECKING:
    from dougong_runtime.formulas.check import Checker
    from dougong_runtime.formulas.parse import Calling

FAMILY = "operators"


def _whole(type_: ValueType) -> int:
    return type_.precision - type_.scale


def sum_type(a: ValueType, b: ValueType) -> ValueType:
    """The type of a + b and a - b."""
    scale = max(a.scale, b.scale)
    return number(scale, max(_whole(a), _whole(b)) + 1 + scale)


def product_type(a: ValueType, b: ValueType) -> ValueType:
    """The type of a × b: at most 20 places."""
    scale = min(PLACES, a.scale + b.scale)
    return number(scale, _whole(a) + _whole(b) + scale)


def quotient_type(a: ValueType, b: ValueType) -> ValueType:
    """The type of a ÷ b: 20 places."""
    return number(PLACES, _whole(a) + b.scale + PLACES)


_TIME_KINDS = (Kind.DATE, Kind.DATETIME)


def _sides(checker: Checker, syntax: Calling) -> tuple[Node, Node]:
    left, right = checker.nodes(syntax.arguments)
    return left, right


def _numbers(checker: Checker, syntax: Calling, left: Node, right: Node) -> tuple[Node, Node]:
    return (
        checker.converted(left, Want.NUMBER, syntax.arguments[0]),
        checker.converted(right, Want.NUMBER, syntax.arguments[1]),
    )


def _check_add(checker: Checker, syntax: Calling) -> Node:
    left, right = _sides(checker, syntax)
    if right.type.kind in _TIME_KINDS and left.type.kind is not Kind.TEXT:
        return _later(checker, syntax, right, left)
    if left.type.kind in _TIME_KINDS:
        return _later(checker, syntax, left, right)
    if Kind.TEXT in (left.type.kind, right.type.kind):
        checker.fail(syntax, "文本相连用 &", "To join texts write &")
    a, b = _numbers(checker, syntax, left, right)
    return Call("_add", (a, b), sum_type(a.type, b.type))


def _check_sub(checker: Checker, syntax: Calling) -> Node:
    left, right = _sides(checker, syntax)
    if left.type.kind in _TIME_KINDS or right.type.kind in _TIME_KINDS:
        return _difference(checker, syntax, left, right)
    a, b = _numbers(checker, syntax, left, right)
    return Call("_sub", (a, b), sum_type(a.type, b.type))


def _later(checker: Checker, syntax: Calling, when: Node, count: Node) -> Node:
    if count.type.kind in _TIME_KINDS:
        checker.fail(syntax, "两个日期不能相加", "Two dates cannot be added")
    days = checker.converted(count, Want.NUMBER, syntax)
    if when.type.kind is Kind.DATE:
        return Call("_date_add", (when, days), DATE)
    return Call("_instant_add", (when, days), DATETIME)


def _difference(checker: Checker, syntax: Calling, left: Node, right: Node) -> Node:
    if right.type.kind is Kind.NUMBER or has_number_options(right.type) or right.type.kind is Kind.NULL:
        return _later(checker, syntax, left, negated(checker.converted(right, Want.NUMBER, syntax)))
    try:
        if left.type.kind is Kind.DATETIME and right.type.kind is Kind.DATETIME:
            return Call("_instant_days", (left, right), number(PLACES, 10 + PLACES))
        return Call("days", (convert(left, Want.DATE), convert(right, Want.DATE)), INTEGER)
    except Mismatch as mismatch:
        checker.fail(syntax, mismatch.zh, mismatch.en, mismatch.nearest)


def negated(node: Node) -> Node:
    """-x; of a constant, the constant."""
    if isinstance(node, Literal) and isinstance(node.value, Decimal):
        return Literal(node.value.copy_negate() if node.value else node.value, node.type)
    return Call("_neg", (node,), node.type)


def _check_mul(checker: Checker, syntax: Calling) -> Node:
    a, b = checker.nodes(syntax.arguments, Want.NUMBER)
    return Call("_mul", (a, b), product_type(a.type, b.type))


def check_div(checker: Checker, syntax: Calling) -> Node:
    """`/`, DIVIDE and PERCENT."""
    if len(syntax.arguments) != 2:
        checker.fail(syntax, f"{syntax.written} 要两个参数", f"{syntax.written} takes two arguments")
    a, b = checker.nodes(syntax.arguments, Want.NUMBER)
    return Call("_div", (a, b), quotient_type(a.type, b.type))


def _check_neg(checker: Checker, syntax: Calling) -> Node:
    return negated(checker.node(syntax.arguments[0], Want.NUMBER))


def check_concat(checker: Checker, syntax: Calling) -> Node:
    """`&` and CONCAT: everything as text, absence as empty text."""
    parts = []
    for part, syntax_part in zip(checker.nodes(syntax.arguments), syntax.arguments, strict=True):
        parts.append(checker.converted(part, Want.TEXT, syntax_part))
    flat: list[Node] = []
    for node in parts:
        flat.extend(node.arguments if isinstance(node, Call) and node.function == "_concat" else (node,))
    return Call("_concat", tuple(flat), TEXT)


def check_logic(checker: Checker, syntax: Calling) -> Node:
    """AND and OR: nested ones of the same kind become one."""
    name = syntax.function if syntax.function.startswith("_") else "_" + syntax.function
    if not syntax.arguments:
        checker.fail(syntax, f"{syntax.written} 至少要一个条件", f"{syntax.written} needs a condition")
    flat: list[Node] = []
    for node in checker.nodes(syntax.arguments, Want.BOOLEAN):
        flat.extend(node.arguments if isinstance(node, Call) and node.function == name else (node,))
    return Call(name, tuple(flat), BOOLEAN)


def check_not(checker: Checker, syntax: Calling) -> Node:
    """NOT."""
    if len(syntax.arguments) != 1:
        checker.fail(syntax, "NOT 只有一个条件", "NOT has one condition")
    return Call("_not", (checker.node(syntax.arguments[0], Want.BOOLEAN),), BOOLEAN)


# --- in Python ------------------------------------------------------------------------------------------------


def _and(*values: bool | None) -> bool | None:
    if False in values:
        return False
    return None if None in values else True


def _or(*values: bool | None) -> bool | None:
    if True in values:
        return True
    return None if None in values else False


def same(a: Any, b: Any) -> bool:
    """Equal, or both absent."""
    if a is None or b is None:
        return a is b
    return bool(a == b)


def as_text_value(value: Any, zone: str) -> str:
    """A plain value as text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return numbers.canonical(value)
    if isinstance(value, datetime):
        return times.instant_as_text(value, zone)
    if isinstance(value, date):
        return times.day_text(value)
    if isinstance(value, time):
        return times.time_text(value)
    return str(value)


def _on_day(when: datetime | None, day: date | None, zone: str) -> bool:
    return same(None if when is None else times.local_day(when, zone), day)


def _operator(name: str, python: Callable[..., Any] | None, **rest: Any) -> Function:
    return define(Function(name=name, family=FAMILY, help=Label("", ""), hidden=True, python=python, **rest))


_operator("_add", numbers.add, check=_check_add)
_operator("_sub", numbers.subtract, check=_check_sub)
_operator("_mul", numbers.multiply, check=_check_mul)
_operator("_div", numbers.divide, check=check_div)
_operator("_neg", lambda x: x.copy_negate() if x else x, check=_check_neg)
_operator("_date_add", times.date_add)
_operator("_instant_add", times.instant_add)
_operator("_instant_days", times.instant_days)
_operator("_eq", same, sees_absent=True)
_operator("_ne", lambda a, b: not same(a, b), sees_absent=True)
_operator("_same_person", lambda a, b: a is not None and a == b, sees_absent=True)
_operator("_lt", lambda a, b: a < b)
_operator("_le", lambda a, b: a <= b)
_operator("_gt", lambda a, b: a > b)
_operator("_ge", lambda a, b: a >= b)
_operator("_and", _and, sees_absent=True, check=check_logic)
_operator("_or", _or, sees_absent=True, check=check_logic)
_operator("_not", lambda x: not x, check=check_not)
_operator(
    "_concat",
    lambda *parts: "".join(p for p in parts if p is not None) or None,
    sees_absent=True,
    check=check_concat,
)
_operator("_text", as_text_value, zone=True)
_operator("_day", times.local_day, zone=True, sql="local_day")
_operator("_day_start", times.day_start, zone=True)
_operator("_day_end", times.day_end, zone=True)
_operator("_at", times.at, zone=True)
_operator("_on_day", _on_day, zone=True, sees_absent=True)
_operator("_choice_number", Decimal)
_operator("_list", lambda x: [x])
_operator(
    "_option",
    lambda place, options: options[int(place) - 1] if 1 <= place <= len(options) else None,
)

__all__ = ["FUNCTIONS", "as_text", "check_concat", "check_logic", "check_not", "negated", "same"]
