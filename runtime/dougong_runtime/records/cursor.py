"""The cursor of a keyset page: the sort values of its last row, as text that a client hands back unread."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from dougong_runtime.errors import BAD_QUERY, refuse

CURSOR_LENGTH_MAX = 4000

_TO_TEXT = {bool: "b", int: "i", str: "s", Decimal: "d", datetime: "t", date: "y", time: "h"}


def encode(values: Sequence[Any]) -> str:
    """Values, absent ones included, as URL-safe text."""
    marked = [None if v is None else [_TO_TEXT[type(v)], _text(v)] for v in values]
    return base64.urlsafe_b64encode(msgspec.json.encode(marked)).decode().rstrip("=")


def decode(cursor: str, count: int) -> list[Any]:
    """The values of a cursor that has `count` of them. Raises Refused for one that is not ours or of another sort."""
    try:
        if len(cursor) > CURSOR_LENGTH_MAX:
            raise ValueError("too long")
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        marked = msgspec.json.decode(raw, type=list[list[str] | None])
        values = [None if m is None else _value(*m) for m in marked]
    except (ValueError, TypeError, KeyError, binascii.Error, msgspec.MsgspecError, InvalidOperation):
        values = []
    if len(values) != count:
        raise refuse(
            BAD_QUERY,
            "cursor",
            zh="cursor 与这次查询不符，从第一页重新读取。",
            en="The cursor does not fit this query; read again from the first page.",
        )
    return values


def _text(value: Any) -> str:
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, bool):
        return "1" if value else ""
    return str(value)


def _value(mark: str, text: str) -> Any:
    match mark:
        case "b":
            return text == "1"
        case "i":
            return _bounded(int(text))
        case "s":
            return text
        case "d":
            found = Decimal(text)
            if not found.is_finite() or len(text) > 60:
                raise ValueError(text)
            return found
        case "t":
            instant = datetime.fromisoformat(text)
            if instant.tzinfo is None:
                raise ValueError(text)
            return instant
        case "y":
            return date.fromisoformat(text)
        case "h":
            return time.fromisoformat(text)
    raise ValueError(mark)


def _bounded(number: int) -> int:
    if abs(number) >= 2**63:
        raise ValueError(number)
    return number
