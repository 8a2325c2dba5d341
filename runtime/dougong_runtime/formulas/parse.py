"""Formula text → syntax tree: a small white list over Python's own parser.

What Python sees is not the text but a row of stand-ins: each name, number and text literal is replaced by `t<n>`, its
token's number. So no word of the text ever reaches Python as a name, and each node knows its place.
"""

from __future__ import annotations

import ast
from bisect import bisect_right
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from threading import RLock
from typing import TypeAlias

from dougong_runtime.formulas.problems import FormulaProblem, FormulaProblems
from dougong_runtime.formulas.tokens import Sort, Token, tokens
from dougong_runtime.labels import Label

DEPTH_MAX = 120
"""Nodes above each other in a syntax tree."""
NODES_MAX = 1500
KEPT_MAX = 4_096
"""Formulas that a process keeps read, those of `KEPT_LENGTH_MAX` characters at most."""
KEPT_LENGTH_MAX = 200
_parsing = RLock()
"""Python 3.11 counts how deep it builds a tree in one place for all threads, and takes another thread's count for a fault
of its own where a collection of garbage lets that one in between (python/cpython#106905)."""
TOO_COMPLEX = Label(
    "公式太复杂，请拆成几个计算字段", "The formula is too complex; split it into several computed fields"
)


@dataclass(frozen=True, slots=True)
class Name:
    """A dotted name as written: `owner.team.leader`."""

    parts: tuple[str, ...]
    offset: int
    length: int
    part_offsets: tuple[int, ...]

    @property
    def text(self) -> str:
        """The name as written."""
        return ".".join(self.parts)


@dataclass(frozen=True, slots=True)
class Constant:
    """A number, a text, TRUE, FALSE or NULL."""

    value: str | Decimal | bool | None
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Calling:
    """A function applied; operators too, under the names that `tree.Call` lists. `parts`: names after a call,
    as in `USER().team.leader`."""

    function: str
    """Lower case."""
    written: str
    arguments: tuple[Syntax, ...]
    offset: int
    length: int
    parts: tuple[str, ...] = ()
    part_offsets: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Chain:
    """`a <= x <= b`: comparisons joined, the middle written once."""

    first: Syntax
    rest: tuple[tuple[str, Syntax], ...]
    """Function of the comparison (`_le` …) and its right side."""
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Several:
    """Values in parentheses, right of IN."""

    items: tuple[Syntax, ...]
    offset: int
    length: int


Syntax: TypeAlias = Name | Constant | Calling | Chain | Several

_BINARY: dict[type[ast.AST], str] = {
    ast.Add: "_add",
    ast.Sub: "_sub",
    ast.Mult: "_mul",
    ast.Div: "_div",
    ast.BitAnd: "_concat",
}
_COMPARE: dict[type[ast.AST], str] = {
    ast.Eq: "_eq",
    ast.NotEq: "_ne",
    ast.Lt: "_lt",
    ast.LtE: "_le",
    ast.Gt: "_gt",
    ast.GtE: "_ge",
    ast.In: "in",
    ast.NotIn: "not in",
}


def parse(text: str) -> Syntax:
    """The syntax tree of a formula. Raises FormulaProblems, with the place of what is wrong."""
    return _kept(text) if len(text) <= KEPT_LENGTH_MAX else _parse(text)


def _parse(text: str) -> Syntax:
    found = tokens(text)
    if not found:
        raise FormulaProblems([FormulaProblem(0, "公式是空的", "The formula is empty")])
    return _Reader(found).read()


_kept = lru_cache(maxsize=KEPT_MAX)(_parse)
"""The same formulas are read again whenever an app is linked; a tree is frozen, and says nothing of any app."""


class _Reader:
    def __init__(self, found: list[Token]) -> None:
        self.tokens = found
        starts: list[int] = []
        words: list[str] = []
        width = 0
        for number, token in enumerate(found):
            word = token.word if token.sort is Sort.SIGN else f"t{number}"
            starts.append(width)
            words.append(word)
            width += len(word) + 1
        self.starts = starts
        self.stand_in = " ".join(words)

    def read(self) -> Syntax:
        try:
            with _parsing:
                body = ast.parse(self.stand_in, mode="eval").body
        except SyntaxError as error:
            # at the end of the text Python names no column, or one behind it
            token = self._token_at(error.offset - 1) if error.offset else self.tokens[-1]
            raise _wrong(
                token.offset,
                token.length,
                f"「{token.word or '='}」这里写法不对",
                f"Something is wrong at “{token.word or '='}”",
            ) from None
        except (RecursionError, MemoryError):
            raise _wrong(0, 1, "公式嵌套太深", "The formula is nested too deeply") from None
        self._bound(body)
        return self._convert(body)

    def _bound(self, body: ast.AST) -> None:
        """Refuse what is too deep or too large, before anything recursive looks at it."""
        level: list[ast.AST] = [body]
        depth, total = 0, 0
        while level:
            depth += 1
            total += len(level)
            if depth > DEPTH_MAX or total > NODES_MAX:
                raise _wrong(0, 1, TOO_COMPLEX.zh, TOO_COMPLEX.en)
            level = [
                child
                for node in level
                for child in ast.iter_child_nodes(node)
                if not isinstance(
                    child, ast.expr_context | ast.operator | ast.cmpop | ast.boolop | ast.unaryop
                )
            ]

    def _token_at(self, column: int) -> Token:
        return self.tokens[max(bisect_right(self.starts, column) - 1, 0)]

    def _token(self, stand_in: str) -> Token:
        return self.tokens[int(stand_in[1:])]

    def _span(self, node: ast.expr) -> tuple[int, int]:
        first = self._token_at(node.col_offset)
        last = self._token_at((node.end_col_offset or node.col_offset + 1) - 1)
        return first.offset, last.offset + last.length - first.offset

    def _convert(self, node: ast.expr) -> Syntax:
        offset, length = self._span(node)
        match node:
            case ast.Name(id=stand_in):
                token = self._token(stand_in)
                if token.sort is Sort.NAME:
                    return Name((token.word,), offset, length, (offset,))
                return Constant(token.value, offset, length)
            case ast.Attribute():
                return self._dotted(node, offset, length)
            case ast.Call():
                return self._call(node, offset, length)
            case ast.BinOp(op=op) if type(op) in _BINARY:
                sides = (self._convert(node.left), self._convert(node.right))
                return Calling(_BINARY[type(op)], "", sides, offset, length)
            case ast.UnaryOp(op=ast.USub()):
                return Calling("_neg", "-", (self._convert(node.operand),), offset, length)
            case ast.UnaryOp(op=ast.UAdd()):
                return self._convert(node.operand)
            case ast.UnaryOp(op=ast.Not()):
                return Calling("_not", "NOT", (self._convert(node.operand),), offset, length)
            case ast.BoolOp(op=op, values=values):
                name = "_and" if isinstance(op, ast.And) else "_or"
                return Calling(
                    name, name[1:].upper(), tuple(self._convert(v) for v in values), offset, length
                )
            case ast.Compare():
                return self._compare(node, offset, length)
            case ast.Tuple(elts=items) if items:
                return Several(tuple(self._convert(i) for i in items), offset, length)
        raise _wrong(offset, length, "公式里不能这样写", "This has no meaning in a formula")

    def _dotted(self, node: ast.Attribute, offset: int, length: int) -> Syntax:
        parts: list[Token] = []
        below: ast.expr = node
        while isinstance(below, ast.Attribute):
            parts.append(self._token(below.attr))
            below = below.value
        parts.reverse()
        if any(p.sort is not Sort.NAME for p in parts):
            raise _wrong(offset, length, "点后面要写字段名", "A field's name stands after the dot")
        head = self._convert(below)
        words, offsets = tuple(p.word for p in parts), tuple(p.offset for p in parts)
        if isinstance(head, Name):
            return Name(head.parts + words, offset, length, head.part_offsets + offsets)
        if isinstance(head, Calling) and head.function == "user":
            return Calling(
                head.function, head.written, head.arguments, offset, length, head.parts + words, offsets
            )
        raise _wrong(
            offset, length, "只有字段和 USER() 后面可以跟点", "Only a field or USER() has parts after a dot"
        )

    def _call(self, node: ast.Call, offset: int, length: int) -> Syntax:
        if not isinstance(node.func, ast.Name) or node.keywords:
            raise _wrong(offset, length, "只有函数可以带括号", "Only a function takes arguments")
        token = self._token(node.func.id)
        if token.sort is not Sort.NAME:
            raise _wrong(offset, length, f"「{token.word}」不是函数", f"“{token.word}” is no function")
        if any(isinstance(a, ast.Starred) for a in node.args):
            raise _wrong(offset, length, "公式里不能这样写", "This has no meaning in a formula")
        arguments = tuple(self._convert(a) for a in node.args)
        name = token.word.lower()
        if name.startswith("_"):
            raise _wrong(offset, length, f"没有函数「{token.word}」", f"There is no function “{token.word}”")
        return Calling(name, token.word, arguments, offset, length)

    def _compare(self, node: ast.Compare, offset: int, length: int) -> Syntax:
        first = self._convert(node.left)
        rest: list[tuple[str, Syntax]] = []
        for op, right in zip(node.ops, node.comparators, strict=True):
            name = _COMPARE.get(type(op))
            if name is None:
                raise _wrong(offset, length, "公式里不能这样写", "This has no meaning in a formula")
            rest.append((name, self._convert(right)))
        if len(rest) == 1:
            name, side = rest[0]
            if name in ("in", "not in"):
                items = side.items if isinstance(side, Several) else (side,)
                inside = Calling("in", "IN", (first, *items), offset, length)
                return inside if name == "in" else Calling("_not", "NOT", (inside,), offset, length)
            return Calling(name, "", (first, side), offset, length)
        if any(name in ("in", "not in") for name, _ in rest):
            raise _wrong(offset, length, "IN 不能连写", "IN cannot stand in a chain of comparisons")
        return Chain(first, tuple(rest), offset, length)


def _wrong(offset: int, length: int, zh: str, en: str) -> FormulaProblems:
    return FormulaProblems([FormulaProblem(offset, zh, en, length=max(length, 1))])
