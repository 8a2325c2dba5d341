"""Text: counted in code points, never empty (empty text is absent), without wildcards."""

from __future__ import annotations

import re
from decimal import Decimal

from dougong_runtime.exact.numbers import PLACES, canonical, rounded

REPEAT_MAX = 10_000
"""Characters that REPT and PAD give at most; beyond, there is no answer."""
GROWN_MAX = 100_000
"""Characters that SUBSTITUTE gives at most where it makes a text longer: within itself it would square each time."""
COUNT_MAX = 1_000_000_000
"""Positions and counts beyond it are taken as it."""
_SPACES = re.compile("[ \t\n\r\u00a0\u3000]+")
_NUMBER = re.compile(r"[+-]?[0-9]{1,38}(\.[0-9]{1,20})?\Z")
_WIDE_DIGITS = str.maketrans("０１２３４５６７８９．－＋", "0123456789.-+")


def whole(x: Decimal) -> int:
    """A count or position: the whole part, kept within bounds."""
    return int(min(max(x, Decimal(-COUNT_MAX)), Decimal(COUNT_MAX)))


def filled(text: str) -> str | None:
    """Empty text is absent."""
    return text or None


def left(text: str, count: Decimal = Decimal(1)) -> str | None:
    """The first `count` characters."""
    return filled(text[: max(whole(count), 0)])


def right(text: str, count: Decimal = Decimal(1)) -> str | None:
    """The last `count` characters."""
    wanted = whole(count)
    return filled(text[-wanted:]) if wanted > 0 else None


def mid(text: str, start: Decimal, count: Decimal) -> str | None:
    """`count` characters from the `start`-th on, counted from 1; None before the first."""
    first, wanted = whole(start), whole(count)
    return filled(text[first - 1 : first - 1 + wanted]) if first >= 1 and wanted > 0 else None


def upper(text: str) -> str | None:
    """In capitals."""
    return filled(text.upper())


def lower(text: str) -> str | None:
    """In small letters."""
    return filled(text.lower())


def trim(text: str) -> str | None:
    """Without spaces at the ends, inner runs as one; the full-width space counts."""
    return filled(_SPACES.sub(" ", text).strip(" "))


def replace(text: str, start: Decimal, count: Decimal, new: str | None) -> str | None:
    """`count` characters from the `start`-th on give way to `new`; None before the first."""
    first, wanted = whole(start), max(whole(count), 0)
    if first < 1:
        return None
    return filled(text[: first - 1] + (new or "") + text[first - 1 + wanted :])


def substitute(text: str, old: str, new: str | None) -> str | None:
    """Every `old` becomes `new`; None where that would be longer than both the text and `GROWN_MAX`."""
    put = new or ""
    grown = len(text) + text.count(old) * (len(put) - len(old))
    return filled(text.replace(old, put)) if grown <= max(GROWN_MAX, len(text)) else None


def contains(text: str, part: str) -> bool:
    """Whether `part` stands in it."""
    return part in text


def starts(text: str, part: str) -> bool:
    """Whether it begins with `part`."""
    return text.startswith(part)


def ends(text: str, part: str) -> bool:
    """Whether it ends with `part`."""
    return text.endswith(part)


def find(part: str, text: str, start: Decimal = Decimal(1)) -> Decimal | None:
    """Where `part` first stands, from the `start`-th character on, counted from 1; None where it does not."""
    first = whole(start)
    if first < 1:
        return None
    place = text.find(part, first - 1)
    return None if place < 0 else Decimal(place + 1)


def rept(text: str, count: Decimal) -> str | None:
    """`text`, `count` times over."""
    times = whole(count)
    return filled(text * times) if times > 0 and times * len(text) <= REPEAT_MAX else None


def pad_left(text: str, length: Decimal, fill: str = " ") -> str | None:
    """Filled up on the left to `length` characters; longer text stays."""
    wanted = whole(length)
    if wanted > REPEAT_MAX:
        return None
    missing = wanted - len(text)
    return (fill * (missing // len(fill) + 1))[:missing] + text if missing > 0 else text


def split(text: str, separator: str, number: Decimal) -> str | None:
    """The `number`-th of the parts between separators, counted from 1."""
    parts, which = text.split(separator), whole(number)
    return filled(parts[which - 1]) if 1 <= which <= len(parts) else None


def digits(text: str) -> str | None:
    """Only the digits 0 to 9 in it."""
    return filled("".join(c for c in text if "0" <= c <= "9"))


def mask(text: str, first: Decimal, last: Decimal) -> str:
    """The first and last characters; what lies between shows as •."""
    head, tail = max(whole(first), 0), max(whole(last), 0)
    hidden = max(len(text) - head - tail, 0)
    return text[:head] + "•" * hidden + (text[head + hidden :])


def reverse(text: str) -> str:
    """Back to front."""
    return text[::-1]


def value(text: str) -> Decimal | None:
    """A number from text: `1,234.50`, full-width digits; None where it is none."""
    plain = _SPACES.sub("", text.translate(_WIDE_DIGITS)).replace(",", "").replace("，", "")
    return Decimal(plain) if _NUMBER.match(plain) else None


def fixed(x: Decimal, places: Decimal = Decimal(2), grouped: bool = False) -> str:
    """A number with so many places, rounded half away from zero; `grouped`: 1,234,567.00."""
    count = min(max(whole(places), 0), PLACES)
    shown = rounded(x, count)
    if not shown:
        shown = shown.copy_abs()
    return format(shown, f"{',' if grouped else ''}.{count}f")


def number_text(x: Decimal) -> str:
    """A number as text, without zeros at its end."""
    return canonical(x)


def length(text: str) -> Decimal:
    """Characters in it: code points."""
    return Decimal(len(text))
