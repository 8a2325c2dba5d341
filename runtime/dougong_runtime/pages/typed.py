"""Numbers, lengths of time and addresses as people type or paste them; what is not plain is left as it is, for the field
to say what it expects."""

from __future__ import annotations

import re
from decimal import Decimal

from dougong_runtime.pages.reading import decimal, plain

_WIDE = {ord("０") + i: str(i) for i in range(10)} | {
    ord("，"): ",", ord("．"): ".", ord("－"): "-", ord("\N{MINUS SIGN}"): "-", ord("\N{EN DASH}"): "-",
    ord("％"): "%", ord("："): ":", ord("\N{NO-BREAK SPACE}"): " ", ord("\u3000"): " ",
}  # fmt: skip
_STEPS = {
    "千": 3, "k": 3, "万": 4, "w": 4, "百万": 6, "m": 6, "mn": 6, "million": 6, "千万": 7, "亿": 8, "bn": 9, "b": 9,
    "billion": 9,
}  # fmt: skip
_AMOUNT = re.compile(
    r"(?P<sign>-?)\s*(?:¥|￥|\$|€|£|[a-z]{3}\s|rmb)?\s*(?P<minus>-?)(?P<digits>[0-9][0-9, ]*(?:\.[0-9]+)?|\.[0-9]+)\s*"
    r"(?P<step>千万|百万|千|万|亿|k|w|m|mn|million|bn|b|billion)?\s*(?:元|人民币|rmb|cny)?",
    re.IGNORECASE,
)
_GROUPS = re.compile(r"[0-9]{1,3}(?:[, ][0-9]{3})+(?:\.[0-9]+)?\Z")
_LENGTH = re.compile(
    r"(?:(?P<d>[0-9]{1,5})\s*(?:天|日|d|days?))?\s*(?:(?P<h>[0-9]{1,6})\s*(?:个?小时|时|h|hours?|hrs?))?\s*"
    r"(?P<half>半)?\s*(?:(?P<m>[0-9]{1,7})\s*(?:分钟?|m|min|mins|minutes?))?\s*(?:(?P<s>[0-9]{1,9})\s*(?:秒钟?|s|secs?|seconds?))?",
    re.IGNORECASE,
)
_CLOCK = re.compile(r"([0-9]{1,6}):([0-5][0-9])(?::([0-5][0-9]))?")
_HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}(?::[0-9]+)?(?:[/?#].*)?\Z", re.IGNORECASE)


def narrowed(text: str) -> str:
    """Digits and signs in their usual width, without white space around."""
    return text.translate(_WIDE).strip()


def amount(text: str) -> str:
    """A number without its groups, currency and 万 or k; unchanged where it is none.

    >>> amount("1,234.50万"), amount("￥8，642"), amount("-2.5k"), amount("1,23"), amount("about 5")
    ('12345000', '8642', '-2500', '1,23', 'about 5')
    """
    given = narrowed(text)
    found = _AMOUNT.fullmatch(given)
    if found is None or (found["sign"] and found["minus"]):
        return given
    digits = found["digits"].strip()
    if re.search(r"[, ]", digits) and not _GROUPS.match(digits):
        return given
    value = decimal(re.sub(r"[, ]", "", digits))
    if value is None:
        return given
    if found["step"]:
        value = value.scaleb(_STEPS[found["step"].lower()])
        written = plain(value)
    else:
        written = f"{value:f}"
    return f"-{written}" if found["sign"] or found["minus"] else written


def grouped(value: object) -> str:
    """A number as it stands in a box that is left: in groups of three.

    >>> grouped("12345000.50"), grouped("-7"), grouped("x")
    ('12,345,000.50', '-7', 'x')
    """
    found = value if isinstance(value, Decimal) else decimal(value)
    return str(value) if found is None or not found.is_finite() else f"{found:,f}"


def seconds(text: str) -> int | str:
    """A length of time in seconds; unchanged where it is none. `1:30` is an hour and a half.

    >>> seconds("1:30"), seconds("90分钟"), seconds("1h 30m"), seconds("1小时半"), seconds("45"), seconds("long")
    (5400, 5400, 5400, 5400, '45', 'long')
    """
    given = narrowed(text)
    clock = _CLOCK.fullmatch(given)
    if clock is not None:
        return int(clock[1]) * 3600 + int(clock[2]) * 60 + int(clock[3] or 0)
    found = _LENGTH.fullmatch(given)
    if found is None or not any(found[p] for p in "dhms"):
        return given
    days, hours, minutes, rest = (int(found[p] or 0) for p in "dhms")
    half = 0
    if found["half"]:
        half = 1800 if found["h"] else 43_200 if found["d"] else 0
    return days * 86_400 + hours * 3600 + minutes * 60 + rest + half


def clock(value: object) -> str:
    """Seconds as `h:mm`, with seconds where there are any.

    >>> clock(5400), clock(61), clock("")
    ('1:30', '0:01:01', '')
    """
    found = decimal(value)
    if found is None:
        return str(value or "")
    minutes, rest = divmod(int(found), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}" + (f":{rest:02}" if rest else "")


def web_address(text: str) -> str:
    """A web address with its scheme, where it was left out.

    >>> web_address("example.com/a"), web_address("mailto:a@b.cn"), web_address("not one")
    ('https://example.com/a', 'mailto:a@b.cn', 'not one')
    """
    given = text.strip()
    return f"https://{given}" if _HOST.match(given) else given
