"""Values of one kind where another is wanted: what is near enough is converted, literals are read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from decimal import Decimal

from dougong_runtime.formulas.function import Want
from dougong_runtime.formulas.tree import Call, Literal, Node
from dougong_runtime.formulas.types import (
    BOOLEAN,
    DATE,
    DATETIME,
    NULL,
    TEXT,
    TIME,
    Kind,
    ValueType,
    number,
)
from dougong_runtime.names import is_record_id, nearest


class Mismatch(Exception):
    """A value of a kind that does not go where it stands."""

    def __init__(self, zh: str, en: str, near: str | None = None) -> None:
        self.zh, self.en, self.nearest = zh, en, near
        super().__init__(en)


KIND_WORDS: dict[Kind, tuple[str, str]] = {
    Kind.TEXT: ("文本", "text"),
    Kind.NUMBER: ("数字", "a number"),
    Kind.BOOLEAN: ("是或否", "yes or no"),
    Kind.DATE: ("日期", "a date"),
    Kind.DATETIME: ("日期时间", "a date with time"),
    Kind.TIME: ("时刻", "a time of day"),
    Kind.CHOICE: ("选项", "a choice"),
    Kind.LIST: ("多个选项", "several choices"),
    Kind.RECORD: ("一条记录", "a record"),
    Kind.RECORDS: ("多条记录", "many records"),
    Kind.FILE: ("文件", "a file"),
    Kind.JSON: ("数据", "data"),
    Kind.NULL: ("空值", "nothing"),
}

_WANTED = {
    Want.NUMBER: Kind.NUMBER,
    Want.TEXT: Kind.TEXT,
    Want.BOOLEAN: Kind.BOOLEAN,
    Want.DATE: Kind.DATE,
    Want.INSTANT: Kind.DATETIME,
    Want.TIME: Kind.TIME,
    Want.LIST: Kind.LIST,
}
_TYPES = {
    Want.NUMBER: number(0),
    Want.TEXT: TEXT,
    Want.BOOLEAN: BOOLEAN,
    Want.DATE: DATE,
    Want.INSTANT: DATETIME,
    Want.TIME: TIME,
    Want.LIST: ValueType(Kind.LIST),
}
_AS_TEXT = {Kind.NUMBER, Kind.BOOLEAN, Kind.DATE, Kind.DATETIME, Kind.TIME, Kind.CHOICE, Kind.RECORD}


def convert(node: Node, want: Want) -> Node:
    """The node as the kind wanted. Raises Mismatch."""
    if want is Want.ANY:
        return node
    kind, wanted = node.type.kind, _WANTED[want]
    if kind is wanted:
        return node
    if kind is Kind.NULL:
        return Literal(None, _TYPES[want])
    if want is Want.TEXT and kind in _AS_TEXT:
        return as_text(node)
    if want is Want.NUMBER and has_number_options(node.type):
        return Call("_choice_number", (node,), number(0))
    if want is Want.DATE and kind is Kind.DATETIME:
        return Call("_day", (node,), DATE)
    if want is Want.INSTANT and kind is Kind.DATE:
        return day_start(node)
    if isinstance(node, Literal) and isinstance(node.value, str):
        return read_literal(node.value, _TYPES[want])
    zh, en = KIND_WORDS[wanted]
    was_zh, was_en = KIND_WORDS[kind]
    raise Mismatch(f"这里要{zh}，而不是{was_zh}", f"{en[:1].upper()}{en[1:]} is expected here, not {was_en}")


def as_text(node: Node) -> Node:
    """Any plain value as text: numbers without zeros at their end, dates in ISO, instants in the zone in force."""
    if node.type.kind is Kind.TEXT:
        return node
    if isinstance(node, Literal) and isinstance(node.value, str):
        return Literal(node.value, TEXT)
    return Call("_text", (node,), TEXT)


def has_number_options(type_: ValueType) -> bool:
    """Whether it is a choice between whole numbers."""
    return type_.kind is Kind.CHOICE and bool(type_.options) and all(type(o) is int for o in type_.options)


def day_start(node: Node) -> Node:
    """A day's first instant."""
    return Call("_day_start", (node,), DATETIME)


def read_literal(text: str, type_: ValueType) -> Node:
    """A text literal as what stands beside it: ISO date or time, option of a choice, id of a record."""
    try:
        match type_.kind:
            case Kind.DATE:
                return Literal(_strict_date(text), DATE)
            case Kind.DATETIME:
                return _instant(text)
            case Kind.TIME:
                return Literal(time.fromisoformat(text).replace(tzinfo=None), TIME)
    except (ValueError, OverflowError):
        zh, en = KIND_WORDS[type_.kind]
        sample = {Kind.DATE: "2026-03-02", Kind.DATETIME: "2026-03-02T09:30", Kind.TIME: "09:30"}[type_.kind]
        raise Mismatch(
            f"「{text}」不是{zh}，写法如 '{sample}'", f"“{text}” is not {en}; write it as '{sample}'"
        ) from None
    if type_.kind is Kind.CHOICE:
        return _option(text, type_)
    if type_.kind is Kind.RECORD:
        lower = text.lower()
        if not is_record_id(lower):
            raise Mismatch(
                f"引用旁边要写记录的编号，「{text}」不是",
                f"Beside a reference stands a record's id, which “{text}” is not",
            )
        return Literal(lower, type_)
    if type_.kind in (Kind.TEXT, Kind.JSON):
        return Literal(text, TEXT)
    zh, en = KIND_WORDS[type_.kind]
    hint = (
        ("，去掉引号", "; leave the quotation marks out")
        if type_.kind is Kind.NUMBER and _is_number(text)
        else ("", "")
    )
    raise Mismatch(
        f"这里要{zh}，而不是文本「{text}」{hint[0]}",
        f"{en[:1].upper()}{en[1:]} is expected here, not the text “{text}”{hint[1]}",
    )


def _strict_date(text: str) -> date:
    if len(text) != 10:
        raise ValueError(text)
    return date.fromisoformat(text)


def _instant(text: str) -> Node:
    if len(text) == 10:
        return day_start(Literal(_strict_date(text), DATE))
    value = datetime.fromisoformat(text)
    if value.tzinfo is not None:
        return Literal(value.astimezone(UTC), DATETIME)
    return Call("_at", (Literal(value.date(), DATE), Literal(value.time(), TIME)), DATETIME)


def _is_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except ArithmeticError:
        return False


def _option(text: str, type_: ValueType) -> Node:
    if not type_.options or text in type_.options:
        return Literal(text, type_)
    if has_number_options(type_) and _is_number(text):
        raise Mismatch("选项是数字，去掉引号", "The options are numbers; leave the quotation marks out")
    options = [str(o) for o in type_.options]
    shown = "、".join(options[:12])
    raise Mismatch(
        f"「{text}」不是选项（{shown}）",
        f"“{text}” is none of the options ({', '.join(options[:12])})",
        nearest(text, options),
    )


# --- several values that become one ---------------------------------------------------------------------------


def unify(nodes: Iterable[Node]) -> tuple[tuple[Node, ...], ValueType]:
    """The nodes, converted to one type, and that type: what IF gives, whichever way it goes. Raises Mismatch."""
    found = list(nodes)
    types = [n.type for n in found if n.type.kind is not Kind.NULL]
    typed = [n.type for n in found if n.type.kind is not Kind.NULL and not _is_text_literal(n)]
    kinds = {t.kind for t in typed} or {t.kind for t in types}
    if not kinds:
        return tuple(found), NULL
    if kinds == {Kind.NUMBER} or (
        Kind.NUMBER in kinds and all(t.kind is Kind.NUMBER or has_number_options(t) for t in typed)
    ):
        numbers = tuple(convert(n, Want.NUMBER) for n in found)
        return numbers, widest(n.type for n in numbers)
    if kinds <= {Kind.TEXT, Kind.CHOICE} or (
        Kind.TEXT in kinds and kinds <= {Kind.TEXT, Kind.CHOICE, Kind.RECORD}
    ):
        if len(set(types)) == 1:
            return tuple(retyped(n, types[0]) for n in found), types[0]
        return tuple(convert(n, Want.TEXT) for n in found), TEXT
    if kinds == {Kind.DATE, Kind.DATETIME} or kinds == {Kind.DATETIME}:
        return tuple(convert(n, Want.INSTANT) for n in found), DATETIME
    if len(kinds) == 1:
        target = _united(typed)
        return tuple(beside(n, target) for n in found), target
    words = [KIND_WORDS[k] for k in sorted(kinds)]
    raise Mismatch(
        f"结果不能有时是{words[0][0]}、有时是{words[1][0]}",
        f"The result cannot be {words[0][1]} in one case and {words[1][1]} in another",
    )


def _united(types: list[ValueType]) -> ValueType:
    first = types[0]
    if first.kind is Kind.RECORD:
        return ValueType(Kind.RECORD, targets=tuple(dict.fromkeys(t for x in types for t in x.targets)))
    if first.kind is Kind.LIST:
        return ValueType(Kind.LIST, options=tuple(dict.fromkeys(o for x in types for o in x.options)))
    return first


def _is_text_literal(node: Node) -> bool:
    return isinstance(node, Literal) and node.type.kind is Kind.TEXT


def beside(node: Node, type_: ValueType) -> Node:
    """A literal read as the type of what stands beside it; others as they are."""
    if node.type.kind is Kind.NULL:
        return Literal(None, type_)
    if isinstance(node, Literal) and node.type.kind is Kind.TEXT and isinstance(node.value, str):
        return read_literal(node.value, type_)
    return node


def retyped(node: Node, type_: ValueType) -> Node:
    """NULL with the type of its neighbours."""
    return Literal(None, type_) if node.type.kind is Kind.NULL else node


def widest(types: Iterable[ValueType]) -> ValueType:
    """A number type that holds each of these."""
    found = list(types)
    scale = max(t.scale for t in found)
    return number(scale, max(t.precision - t.scale for t in found) + scale)


def fit(node: Node, expect: ValueType) -> Node:
    """A whole formula as the type its place expects. Raises Mismatch."""
    kind, wanted = node.type.kind, expect.kind
    if kind is Kind.NULL:
        return Literal(None, expect)
    if wanted is Kind.CHOICE:
        return _fit_choice(node, expect)
    if isinstance(node, Literal) and kind is Kind.TEXT and wanted not in (Kind.TEXT, Kind.JSON):
        if wanted is Kind.LIST:
            return Call("_list", (_option(str(node.value), expect),), expect)
        return read_literal(str(node.value), expect)
    if wanted is Kind.RECORD and kind is Kind.RECORD:
        if set(node.type.targets) & set(expect.targets) or not expect.targets or not node.type.targets:
            return node
    elif wanted is Kind.LIST and kind in (Kind.LIST, Kind.CHOICE):
        return node if kind is Kind.LIST else Call("_list", (node,), expect)
    elif wanted is Kind.DATE and kind is Kind.DATETIME:
        return convert(node, Want.DATE)
    elif wanted is Kind.DATETIME and kind is Kind.DATE:
        return convert(node, Want.INSTANT)
    elif wanted is Kind.TEXT and kind is Kind.CHOICE:
        return as_text(node)
    elif wanted is kind or wanted in (Kind.JSON, Kind.NULL):
        return node
    elif wanted is Kind.NUMBER and has_number_options(node.type):
        return convert(node, Want.NUMBER)
    zh, en = KIND_WORDS[wanted]
    was_zh, was_en = KIND_WORDS[kind]
    raise Mismatch(
        f"结果应是{zh}，而这个公式给出{was_zh}", f"The result must be {en}; this formula gives {was_en}"
    )


def _fit_choice(node: Node, expect: ValueType) -> Node:
    """Text that a choice may be: every literal it can end in is an option."""
    if isinstance(node, Literal) and isinstance(node.value, str):
        return _option(node.value, expect)
    if isinstance(node, Literal) and isinstance(node.value, Decimal):
        if node.value in expect.options or not expect.options:
            return Literal(int(node.value), expect)
        raise Mismatch(f"「{node.value}」不是选项", f"“{node.value}” is none of the options")
    if isinstance(node, Call) and node.function == "if":
        arguments = list(node.arguments)
        for index in range(len(arguments)):
            if index % 2 == 1 or index == len(arguments) - 1:
                arguments[index] = retyped(_fit_choice(arguments[index], expect), expect)
        return Call("if", tuple(arguments), expect)
    if node.type.kind is Kind.NULL:
        return Literal(None, expect)
    if node.type.kind in (Kind.TEXT, Kind.CHOICE) or (
        node.type.kind is Kind.NUMBER and has_number_options(expect)
    ):
        return node
    was_zh, was_en = KIND_WORDS[node.type.kind]
    raise Mismatch(
        f"结果应是选项，而这个公式给出{was_zh}", f"The result must be a choice; this formula gives {was_en}"
    )
