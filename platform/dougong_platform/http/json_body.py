"""JSON from outside, read exactly: decimals as written, no name twice, no NaN, bounded in depth and digits."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from dougong_platform.http.problem_types import BAD_REQUEST, MALFORMED_JSON, UNKNOWN_MEMBER
from dougong_runtime.errors import refuse
from dougong_runtime.names import nearest

DEPTH_MAX = 32
"""Objects and lists inside each other; the deepest request that the interface has needs 6."""
DIGITS_MAX = 60
"""Digits of a number, and the size of its exponent: `1e999999999` is short to send and endless to write out."""
LIST_MAX = 1000
"""Records that one request may create."""

_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
"""A text that does not end is taken to the end of the body: to look for its end from each quote anew would take the
square of a body's length."""
_ESCAPED_TROUBLE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")


def parse(body: bytes) -> Any:
    """The value that the bytes write. Raises Refused(MALFORMED_JSON) naming line and column."""
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise _malformed(body[: error.start].decode(), "不是 UTF-8。", "it is not UTF-8.") from None
    _bound_depth(body, text)
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_float=_decimal,
            parse_int=_integer,
            parse_constant=_constant,
        )
    except json.JSONDecodeError as error:
        raise _malformed(text[: error.pos], f"{error.msg}。", f"{error.msg}.") from None
    except _Trouble as trouble:
        raise _malformed(text[: trouble.place(text)], trouble.zh, trouble.en) from None
    if _ESCAPED_TROUBLE.search(text):
        _refuse_bad_text(value)
    return value


def parse_object(body: bytes) -> dict[str, Any]:
    """The same, where an object is expected; an empty body is an empty object."""
    value = parse(body) if body.strip() else {}
    if not isinstance(value, dict):
        raise refuse(BAD_REQUEST, zh="这里需要一个 JSON 对象。", en="A JSON object is expected here.")
    return value


def only(body: Mapping[str, Any], known: Iterable[str]) -> None:
    """Refuse members other than the known ones, with the nearest name."""
    names = tuple(known)
    for name in body:
        if name not in names:
            raise refuse(UNKNOWN_MEMBER, name, name=name, known=names, nearest=nearest(name, names))


def text_member(body: Mapping[str, Any], name: str, *, length_max: int = 10_000) -> str | None:
    """A member that is a text or absent. Raises Refused(BAD_REQUEST) naming it."""
    value = body.get(name)
    if value is None or (isinstance(value, str) and len(value) <= length_max):
        return value
    raise wrong_member(
        name, f"应为不超过 {length_max} 字的文本", f"a text of at most {length_max} characters"
    )


def needed_text(body: Mapping[str, Any], name: str, *, length_max: int = 10_000) -> str:
    """A member that must be a text that is not empty."""
    value = text_member(body, name, length_max=length_max)
    if not value:
        raise wrong_member(name, "需要填写", "a text")
    return value


def texts_member(body: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """A member that is a list of texts; absent means none."""
    value = body.get(name)
    if value is None:
        return ()
    if isinstance(value, list) and len(value) <= 100 and all(isinstance(v, str) for v in value):
        return tuple(value)
    raise wrong_member(name, "应为文本的列表", "a list of texts")


def ids_member(body: Mapping[str, Any], name: str) -> list[str]:
    """A member that is a list of ids, as many as a client may send records."""
    value = body.get(name)
    if isinstance(value, list) and len(value) <= LIST_MAX and all(isinstance(v, str) for v in value):
        return value
    limit = f"{LIST_MAX:,}"
    raise wrong_member(name, f"应为不超过 {limit} 个编号的列表", f"a list of at most {limit} ids")


def names_member(body: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """A member that is a list of names, or names between commas; absent means none."""
    value = body.get(name)
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return texts_member(body, name)


def number_member(body: Mapping[str, Any], name: str, default: int, lowest: int, highest: int) -> int:
    """A member that is a whole number within bounds."""
    value = body.get(name, default)
    if isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest:
        return value
    raise wrong_member(
        name, f"应为 {lowest} 到 {highest} 的整数", f"a whole number from {lowest} to {highest}"
    )


def flag_member(body: Mapping[str, Any], name: str) -> bool:
    """A member that is true or false; absent means false."""
    value = body.get(name, False)
    if isinstance(value, bool):
        return value
    raise wrong_member(name, "应为 true 或 false", "true or false")


def wrong_member(name: str, zh: str, en: str) -> Exception:
    """The refusal of a member of the wrong type, to be raised."""
    return refuse(BAD_REQUEST, name, zh=f"「{name}」{zh}。", en=f"“{name}” must be {en}.")


class _Trouble(Exception):
    def __init__(self, near: str, zh: str, en: str) -> None:
        self.near, self.zh, self.en = near, zh, en
        super().__init__(en)

    def place(self, text: str) -> int:
        """Where it stands: the parser does not say, so the last place where the text occurs is taken."""
        return max(text.rfind(self.near), 0)


def _malformed(before: str, zh: str, en: str) -> Exception:
    line = before.count("\n") + 1
    column = len(before) - (before.rfind("\n") + 1) + 1
    return refuse(MALFORMED_JSON, line=line, column=column, zh=zh, en=en)


def _bound_depth(body: bytes, text: str) -> None:
    """The parser recurses in C: the depth is counted before, and only where there are brackets enough."""
    if body.count(b"[") + body.count(b"{") <= DEPTH_MAX:
        return
    depth = 0
    for byte in _STRINGS.sub(b"", body):
        if byte in b"[{":
            depth += 1
            if depth > DEPTH_MAX:
                raise _malformed(text[:0], f"嵌套超过 {DEPTH_MAX} 层。", f"it nests deeper than {DEPTH_MAX}.")
        elif byte in b"]}":
            depth -= 1


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise _Trouble(json.dumps(name), f"「{name}」出现了两次。", f"“{name}” stands there twice.")
            seen.add(name)
    return made


def _decimal(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise _Trouble(text, "数字过大。", "the number is out of range.") from None
    if len(text) > 2 * DIGITS_MAX or abs(value.adjusted()) > DIGITS_MAX:
        raise _Trouble(text, "数字过长或过大。", "the number is too long or out of range.")
    return value


def _integer(text: str) -> int:
    if len(text) > DIGITS_MAX:
        raise _Trouble(text, "数字过长。", "the number is too long.")
    return int(text)


def _constant(text: str) -> Any:
    raise _Trouble(text, f"{text} 不是 JSON 的数字。", f"{text} is no number of JSON.")


def _refuse_bad_text(value: Any) -> None:
    """NUL and halves of surrogate pairs have no place in a database's text."""
    if isinstance(value, str):
        if "\0" in value or any("\ud800" <= c <= "\udfff" for c in value):
            raise refuse(
                BAD_REQUEST,
                zh="文本含有数据库不能保存的字符（NUL 或不成对的代理项）。",
                en="A text holds a character that cannot be stored (NUL, or half of a surrogate pair).",
            )
    elif isinstance(value, dict):
        for name, inner in value.items():
            _refuse_bad_text(name)
            _refuse_bad_text(inner)
    elif isinstance(value, list):
        for inner in value:
            _refuse_bad_text(inner)
