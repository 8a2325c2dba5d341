"""How one person reads numbers, days and instants: language, time zone and today decide."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from dougong_runtime.labels import Label, Language
from dougong_runtime.pages.words import say

ABSENT = "—"
MINUS = "\N{MINUS SIGN}"
_WEEKDAYS = {
    "zh": ["周一", "周二", "周三", "周四", "周五", "周六", "周日"],
    "en": ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
}
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_MONTHS_WHOLE = [
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reader:
    """A person's language and zone, and the instant (aware, UTC) at which the page is made."""

    language: Language
    time_zone: str
    now: datetime

    @property
    def today(self) -> date:
        """The day it is for this person."""
        return self.local(self.now).date()

    def t(self, key: str, **facts: object) -> str:
        """The platform's words for a key."""
        return say(key, self.language, **facts)

    def label(self, label: Label | None) -> str:
        """A document's words."""
        return label.in_(self.language) if label is not None else ""

    def local(self, at: datetime) -> datetime:
        """An instant in this person's zone."""
        return at.astimezone(ZoneInfo(self.time_zone))

    def quoted(self, text: str) -> str:
        """A name as running text quotes it."""
        return f"「{text}」" if self.language == "zh" else f"“{text}”"

    def joined(self, parts: list[str]) -> str:
        """Several names in a row."""
        return ("、" if self.language == "zh" else ", ").join(parts)

    def day(self, day: date) -> str:
        """A day in running text: 今天, 昨天, 3 月 9 日, and with its year where that is another."""
        near = {0: "day.today", -1: "day.yesterday", 1: "day.tomorrow"}.get((day - self.today).days)
        if near:
            return self.t(near)
        return self.full_day(day)

    def full_day(self, day: date) -> str:
        """A day with its month, and its year where that is another, whatever day it is today."""
        if self.language == "zh":
            short = f"{day.month} 月 {day.day} 日"
            return short if day.year == self.today.year else f"{day.year} 年 {short}"
        short = f"{day.day} {_MONTHS[day.month - 1]}"
        return short if day.year == self.today.year else f"{short} {day.year}"

    def month(self, day: date) -> str:
        """2026 年 3 月, March 2026."""
        if self.language == "zh":
            return f"{day.year} 年 {day.month} 月"
        return f"{_MONTHS_WHOLE[day.month - 1]} {day.year}"

    def short_month(self, day: date) -> str:
        """3 月, Mar."""
        return f"{day.month} 月" if self.language == "zh" else _MONTHS[day.month - 1]

    def named_day(self, day: date) -> str:
        """A day with the day of its week, whatever day it is today: 3 月 9 日 周一, Mon 9 Mar."""
        of_week = self.weekday(day)
        parts = (self.full_day(day), of_week) if self.language == "zh" else (of_week, self.full_day(day))
        return " ".join(parts)

    def weekday(self, day: date) -> str:
        """周四, Thu."""
        return _WEEKDAYS[self.language][day.weekday()]

    def moment(self, at: datetime) -> str:
        """An instant in running text: 今天 10:24, 3 月 9 日 10:24."""
        local = self.local(at)
        return f"{self.day(local.date())} {local:%H:%M}"

    def exact_moment(self, at: datetime) -> str:
        """An instant in full, to the minute, with its zone."""
        return f"{self.local(at):%Y-%m-%d %H:%M} {self.time_zone}"


def number(raw: object, scale: int | None = None) -> str:
    """A number with groups of three and a true minus sign; its own places, or `scale` of them.

    >>> number("-8642310.55")
    '−8,642,310.55'
    >>> number("2", 2)
    '2.00'
    """
    value = decimal(raw)
    if value is None:
        return ABSENT
    text = f"{value:,f}" if scale is None else f"{value:,.{scale}f}"
    return text.replace("-", MINUS)


def percent(raw: object, scale: int = 4) -> str:
    """A fraction as a percentage; `scale` is the fraction's.

    >>> percent("0.1450")
    '14.5%'
    """
    value = decimal(raw)
    if value is None:
        return ABSENT
    return f"{plain(value * 100)}%".replace("-", MINUS)


def plain(value: Decimal) -> str:
    """Without an exponent and without zeros at the end.

    >>> plain(Decimal("14.500"))
    '14.5'
    """
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def short(raw: object, language: Language) -> str:
    """A large number for groups and figures: 万 and 亿, or k, m and bn; small ones in full.

    >>> short("62180000", "zh"), short("62180000", "en"), short("950", "zh")
    ('6,218 万', '62.18 m', '950')
    """
    value = decimal(raw)
    if value is None:
        return ABSENT
    steps = (
        ((Decimal(10) ** 8, " 亿"), (Decimal(10) ** 4, " 万"))
        if language == "zh"
        else ((Decimal(10) ** 9, " bn"), (Decimal(10) ** 6, " m"), (Decimal(10) ** 3, " k"))
    )
    for size, unit in steps:
        if abs(value) >= size * (10 if unit in (" 万", " k") else 1):
            shown = (value / size).quantize(Decimal("0.01"))
            return f"{Decimal(plain(shown)):,}{unit}".replace("-", MINUS)
    return number(value)


def decimal(raw: object) -> Decimal | None:
    """A number from JSON (a decimal is a string there); None where it is none."""
    if raw is None or isinstance(raw, bool):
        return None
    try:
        return Decimal(str(raw))
    except InvalidOperation:
        return None


def instant(raw: object) -> datetime | None:
    """An instant from JSON (ISO 8601 with `Z`)."""
    if isinstance(raw, datetime):
        return raw
    if not isinstance(raw, str) or not raw:
        return None
    try:
        at = datetime.fromisoformat(raw)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def day(raw: object) -> date | None:
    """A day from JSON (ISO 8601)."""
    if isinstance(raw, date):
        return raw
    if not isinstance(raw, str):
        return None
    try:
        return date.fromisoformat(raw[:10])
    except ValueError:
        return None


def end_of_day(on: date, time_zone: str) -> datetime:
    """The last instant of a day in a zone, in UTC: what "as of" that day means."""
    start = datetime(on.year, on.month, on.day, tzinfo=ZoneInfo(time_zone)) + timedelta(days=1)
    return (start - timedelta(microseconds=1)).astimezone(UTC)
