"""Typing of comparisons: two sides become comparable, or the writer is told why not.

A text literal takes the type of what stands beside it. A date beside an instant means that whole day. A choice is
ordered by the place of its options. `= NULL` and `= ''` ask for absence, whatever the type.
"""

from __future__ import annotations

from decimal import Decimal

from dougong_runtime.formulas.convert import (
    KIND_WORDS,
    Mismatch,
    as_text,
    beside,
    convert,
    day_start,
    has_number_options,
)
from dougong_runtime.formulas.function import Want
from dougong_runtime.formulas.tree import Call, Literal, Node
from dougong_runtime.formulas.types import BOOLEAN, DATE, DATETIME, INTEGER, Kind

_FLIPPED = {"_eq": "_eq", "_ne": "_ne", "_lt": "_gt", "_le": "_ge", "_gt": "_lt", "_ge": "_le"}
_ORDERED = {Kind.NUMBER, Kind.TEXT, Kind.DATE, Kind.DATETIME, Kind.TIME, Kind.CHOICE}
_WHOLE_ONLY = {Kind.LIST, Kind.FILE, Kind.JSON}


def compare(function: str, left: Node, right: Node) -> Node:
    """`_eq`, `_ne`, `_lt`, `_le`, `_gt` or `_ge` of two nodes, typed. Raises Mismatch."""
    equality = function in ("_eq", "_ne")
    if Kind.NULL in (left.type.kind, right.type.kind):
        return _absence(function, left, right)
    if _is_text_literal(left) and not _is_text_literal(right):
        left = _read_beside(left, right)
    elif _is_text_literal(right) and not _is_text_literal(left):
        right = _read_beside(right, left)
    kinds = {left.type.kind, right.type.kind}
    if kinds == {Kind.DATE, Kind.DATETIME}:
        return _whole_day(function, left, right)
    if kinds & _WHOLE_ONLY:
        return _whole(function, left, right)
    if len(kinds) == 1:
        kind = kinds.pop()
        if kind is Kind.CHOICE:
            return _choices(function, left, right)
        if kind is Kind.RECORD:
            _same_entities(left, right)
        if equality or kind in _ORDERED:
            return Call(function, (left, right), BOOLEAN)
        raise _not_ordered(kind)
    if Kind.NUMBER in kinds and all(
        n.type.kind is Kind.NUMBER or has_number_options(n.type) for n in (left, right)
    ):
        return Call(function, (convert(left, Want.NUMBER), convert(right, Want.NUMBER)), BOOLEAN)
    if kinds <= {Kind.TEXT, Kind.CHOICE, Kind.RECORD}:
        return Call(function, (as_text(left), as_text(right)), BOOLEAN)
    raise _different(left, right)


def _absence(function: str, left: Node, right: Node) -> Node:
    typed = right if left.type.kind is Kind.NULL else left
    left, right = beside(left, typed.type), beside(right, typed.type)
    return Call(function, (left, right), BOOLEAN)


def _is_text_literal(node: Node) -> bool:
    return isinstance(node, Literal) and node.type.kind is Kind.TEXT


def _read_beside(text: Node, other: Node) -> Node:
    """A literal as its neighbour's type; a plain day beside an instant stays a day."""
    if other.type.kind is Kind.LIST:
        raise _ask_has()
    if other.type.kind is Kind.DATETIME and isinstance(text, Literal) and len(str(text.value)) == 10:
        return beside(text, DATE)
    return beside(text, other.type)


def _whole_day(function: str, left: Node, right: Node) -> Node:
    if left.type.kind is Kind.DATE:
        return _whole_day(_FLIPPED[function], right, left)
    match function:
        case "_eq":
            return Call("_on_day", (left, right), BOOLEAN)
        case "_ne":
            return Call("_not", (Call("_on_day", (left, right), BOOLEAN),), BOOLEAN)
        case "_lt" | "_ge":
            return Call(function, (left, day_start(right)), BOOLEAN)
        case "_gt":
            return Call("_ge", (left, _day_end(right)), BOOLEAN)
    return Call("_lt", (left, _day_end(right)), BOOLEAN)


def _day_end(node: Node) -> Node:
    return Call("_day_end", (node,), DATETIME)


def _whole(function: str, left: Node, right: Node) -> Node:
    """Lists, files and data are only asked whether they are equal."""
    if function not in ("_eq", "_ne") or left.type.kind is not right.type.kind:
        if Kind.LIST in (left.type.kind, right.type.kind):
            raise _ask_has()
        raise _not_ordered(left.type.kind if left.type.kind in _WHOLE_ONLY else right.type.kind)
    return Call(function, (left, right), BOOLEAN)


def _choices(function: str, left: Node, right: Node) -> Node:
    if function in ("_eq", "_ne"):
        if has_number_options(left.type) != has_number_options(right.type):
            return Call(function, (as_text(left), as_text(right)), BOOLEAN)
        return Call(function, (left, right), BOOLEAN)
    if left.type.options != right.type.options:
        raise Mismatch(
            "两个选项字段的选项不同，比较大小请用 ORD()",
            "These choices have different options; to order them compare ORD() of each",
        )
    return Call(function, (ordinal(left), ordinal(right)), BOOLEAN)


def ordinal(node: Node) -> Node:
    """The place of a choice among its options, from 1."""
    if isinstance(node, Literal):
        place = node.type.options.index(node.value) + 1 if node.value in node.type.options else None
        return Literal(None if place is None else Decimal(place), INTEGER)
    return Call("ord", (node,), INTEGER)


def _same_entities(left: Node, right: Node) -> None:
    ours, theirs = left.type.targets, right.type.targets
    if ours and theirs and not set(ours) & set(theirs):
        raise Mismatch(
            f"一边是「{ours[0]}」，一边是「{theirs[0]}」，不能比较",
            f"One side is of “{ours[0]}”, the other of “{theirs[0]}”",
        )


def _ask_has() -> Mismatch:
    return Mismatch("多个选项请用 HAS(字段, 值) 判断", "For several choices write HAS(field, value)")


def _not_ordered(kind: Kind) -> Mismatch:
    zh, en = KIND_WORDS[kind]
    return Mismatch(f"{zh}不能这样比较", f"This comparison has no meaning for {en}")


def _different(left: Node, right: Node) -> Mismatch:
    (zh, en), (other_zh, other_en) = KIND_WORDS[left.type.kind], KIND_WORDS[right.type.kind]
    return Mismatch(
        f"{zh}不能和{other_zh}比较", f"{en[:1].upper()}{en[1:]} cannot be compared with {other_en}"
    )
