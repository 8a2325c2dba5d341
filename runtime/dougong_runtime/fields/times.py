"""Days, instants, times of day and durations.

An instant is kept in UTC. A text without an offset (`2026-03-02 09:30`) is taken in the zone that its reader has set
by `reading_zone`; where nobody has, it is refused rather than guessed.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from dougong_runtime.exact import Instant
from dougong_runtime.fields.base import FIELD_TYPES, Field, FieldType, Json, Value, ValueProblem
from dougong_runtime.fields.writing import narrow
from dougong_runtime.formulas.types import DATE, DATETIME, INTEGER, TIME, ValueType
from dougong_runtime.labels import Label, Language

_DATE = re.compile(
    r"(\d{4})(?:-(\d{1,2})-(\d{1,2})|/(\d{1,2})/(\d{1,2})|\.(\d{1,2})\.(\d{1,2})|年(\d{1,2})月(\d{1,2})日)\Z"
)
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?\Z")
_INSTANT = re.compile(r"(.+?)(?:[Tt]|\s++)([\d:.]++)\s*+(Z|z|[+-]\d{2}:?\d{2})?\Z")
_ISO_DURATION = re.compile(r"P(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,7})S)?)?\Z")
_CLOCK_DURATION = re.compile(r"(\d{1,6}):([0-5]\d)(?::([0-5]\d))?\Z")
_YEAR_MIN = 1000
_TEXT_LENGTH_MAX = 60
"""No instant is written longer; looking for one in a longer text could take the square of its length."""

_READING_ZONE: ContextVar[ZoneInfo | None] = ContextVar("reading_zone", default=None)


@contextmanager
def reading_zone(name: str) -> Iterator[None]:
    """While it lasts, times without an offset are taken in that zone (an IANA name), and texts are shown in it."""
    token = _READING_ZONE.set(ZoneInfo(name))
    try:
        yield
    finally:
        _READING_ZONE.reset(token)


def instant_of(local: datetime, zone: ZoneInfo) -> datetime:
    """The instant of a wall-clock time, in UTC.

    A time skipped by daylight saving means the next valid minute, a doubled one the first of the two.
    """
    aware = local.replace(tzinfo=zone, fold=0)
    instant = aware.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == local:
        return instant
    before, after = aware.utcoffset(), local.replace(tzinfo=zone, fold=1).utcoffset()
    assert before is not None
    assert after is not None
    gap_seconds = abs(int((after - before).total_seconds()))
    low, high = instant - timedelta(seconds=gap_seconds), instant
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)


def parse_date(field: Field, raw: object) -> date | None:
    """A day from `2026-03-02`, `2026/3/2`, `2026.3.2` or `2026年3月2日`. Raises ValueProblem."""
    if raw is None or (isinstance(raw, date) and not isinstance(raw, datetime)):
        return raw
    if isinstance(raw, str):
        text = narrow(raw)
        if not text:
            return None
        found = _DATE.match(text)
        if found is not None:
            year, month, day = (int(part) for part in found.groups() if part is not None)
            try:
                if year >= _YEAR_MIN:
                    return date(year, month, day)
            except ValueError:
                raise ValueProblem(
                    f"没有「{text}」这一天。", f"names a day that does not exist: “{text}”."
                ) from None
    raise ValueProblem("应为日期，如 2026-03-02。", "must be a date such as 2026-03-02.")


def parse_time(field: Field, raw: object) -> time | None:
    """A time of day from `9:30` or `09:30:15`. Raises ValueProblem."""
    if raw is None or (isinstance(raw, time) and raw.tzinfo is None):
        return raw
    if isinstance(raw, str):
        text = narrow(raw)
        if not text:
            return None
        found = _TIME.match(text)
        if found is not None:
            fraction = int((found[4] or "0").ljust(6, "0"))
            try:
                return time(int(found[1]), int(found[2]), int(found[3] or 0), fraction)
            except ValueError:
                pass
    raise ValueProblem("应为时间，如 09:30。", "must be a time such as 09:30.")


class DateType(FieldType):
    """date."""

    name: ClassVar[str] = "date"
    widget = "date"
    groupable = True
    label = Label("日期", "Date")
    help = Label("年月日，没有时间。", "A day, without a time.")

    def value_type(self, raw: Mapping[str, Any]) -> ValueType:
        """A day."""
        return DATE

    def columns(self, field: Field) -> tuple[sa.Column[Any], ...]:
        """A date."""
        return (sa.Column(field.name, sa.Date()),)

    def coerce(self, field: Field, raw: object) -> Value:
        """ISO 8601, and what is written in Chinese; never a day and month whose order is not plain."""
        return parse_date(field, raw)

    def to_json(self, field: Field, value: Value) -> Json:
        """ISO 8601."""
        return None if value is None else value.isoformat()

    def to_text(self, field: Field, value: Value, language: Language) -> str:
        """ISO 8601."""
        return "" if value is None else value.isoformat()

    def sample(self, field: Field, random: random.Random) -> Value:
        """A day between 2020 and 2029."""
        return date(2020, 1, 1) + timedelta(days=random.randrange(3650))


class DatetimeType(FieldType):
    """datetime: an instant."""

    name: ClassVar[str] = "datetime"
    widget = "datetime"
    label = Label("日期时间", "Date and time")
    help = Label("一个时刻；按各人的时区显示。", "An instant, shown in each reader's time zone.")

    def value_type(self, raw: Mapping[str, Any]) -> ValueType:
        """An instant."""
        return DATETIME

    def columns(self, field: Field) -> tuple[sa.Column[Any], ...]:
        """An instant in UTC."""
        return (sa.Column(field.name, Instant()),)

    def coerce(self, field: Field, raw: object) -> Value:
        """ISO 8601 with an offset, or without one inside `reading_zone`."""
        if raw is None:
            return None
        local: datetime | None = None
        if isinstance(raw, datetime):
            local = raw
        elif isinstance(raw, str):
            text = narrow(raw)
            if not text:
                return None
            found = _INSTANT.match(text) if len(text) <= _TEXT_LENGTH_MAX else None
            if found is not None:
                day, at = parse_date(field, found[1]), parse_time(field, found[2])
                if day is not None and at is not None:
                    local = datetime.combine(day, at)
                    if found[3]:
                        offset = "+00:00" if found[3] in "Zz" else found[3]
                        local = datetime.fromisoformat(f"{local.isoformat()}{offset}")
        if local is None:
            raise ValueProblem(
                "应为日期和时间，如 2026-03-02T09:30:00+08:00。",
                "must be a date and time such as 2026-03-02T09:30:00+08:00.",
            )
        zone = _READING_ZONE.get()
        try:
            if local.tzinfo is not None:
                return local.astimezone(UTC)
            if zone is not None:
                return instant_of(local, zone)
        except (OverflowError, ValueError):
            raise ValueProblem("超出可用的日期范围。", "lies outside the range of dates.") from None
        raise ValueProblem(
            "缺少时区，如 2026-03-02T09:30:00+08:00。",
            "needs its offset, as in 2026-03-02T09:30:00+08:00.",
        )

    def to_json(self, field: Field, value: Value) -> Json:
        """ISO 8601 in UTC, ending in `Z`; fractions of a second only where there are any."""
        return None if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")

    def to_text(self, field: Field, value: Value, language: Language) -> str:
        """In the reader's zone where `reading_zone` names one, to the minute."""
        if value is None:
            return ""
        return f"{value.astimezone(_READING_ZONE.get() or UTC):%Y-%m-%d %H:%M}"

    def sample(self, field: Field, random: random.Random) -> Value:
        """A minute between 2020 and 2029."""
        return datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=random.randrange(3650 * 1440))


class TimeType(FieldType):
    """time: a time of day, in no zone."""

    name: ClassVar[str] = "time"
    widget = "time"
    label = Label("时间", "Time")
    help = Label("一天中的时间，如 09:30。", "A time of day, such as 09:30.")

    def value_type(self, raw: Mapping[str, Any]) -> ValueType:
        """A time of day."""
        return TIME

    def columns(self, field: Field) -> tuple[sa.Column[Any], ...]:
        """A time."""
        return (sa.Column(field.name, sa.Time()),)

    def coerce(self, field: Field, raw: object) -> Value:
        """`9:30`, `09:30:15`."""
        return parse_time(field, raw)

    def to_json(self, field: Field, value: Value) -> Json:
        """ISO 8601."""
        return None if value is None else value.isoformat()

    def to_text(self, field: Field, value: Value, language: Language) -> str:
        """To the minute, or to the second where it has seconds."""
        if value is None:
            return ""
        return f"{value:%H:%M:%S}" if value.second else f"{value:%H:%M}"

    def sample(self, field: Field, random: random.Random) -> Value:
        """Any minute."""
        return time(random.randrange(24), random.randrange(60))


class DurationType(FieldType):
    """duration: whole seconds; a number in formulas."""

    name: ClassVar[str] = "duration"
    widget = "duration"
    label = Label("时长", "Duration")
    help = Label(
        "多长时间，如 1:30（一小时三十分）。", "A length of time, such as 1:30 (an hour and a half)."
    )

    def value_type(self, raw: Mapping[str, Any]) -> ValueType:
        """Seconds."""
        return INTEGER

    def columns(self, field: Field) -> tuple[sa.Column[Any], ...]:
        """A whole number of seconds."""
        return (sa.Column(field.name, sa.BigInteger()),)

    def coerce(self, field: Field, raw: object) -> Value:
        """Seconds as a whole number, `h:mm`, `h:mm:ss`, or ISO 8601 such as `PT1H30M`."""
        seconds: int | None = None
        if raw is None:
            return None
        if isinstance(raw, int) and not isinstance(raw, bool):
            seconds = raw
        elif isinstance(raw, str):
            text = narrow(raw).upper()
            if not text:
                return None
            clock, iso = _CLOCK_DURATION.match(text), _ISO_DURATION.match(text)
            if text.isascii() and text.isdigit() and len(text) <= 10:
                seconds = int(text)
            elif clock is not None:
                seconds = int(clock[1]) * 3600 + int(clock[2]) * 60 + int(clock[3] or 0)
            elif iso is not None and any(iso.groups()):
                days, hours, minutes, rest = (int(part or 0) for part in iso.groups())
                seconds = ((days * 24 + hours) * 60 + minutes) * 60 + rest
        if seconds is None or not 0 <= seconds <= 10**10:
            raise ValueProblem(
                "应为时长：秒数，或 1:30、PT1H30M。",
                "must be a duration: seconds, or 1:30, or PT1H30M.",
            )
        return seconds

    def to_json(self, field: Field, value: Value) -> Json:
        """Seconds."""
        return None if value is None else int(value)

    def to_text(self, field: Field, value: Value, language: Language) -> str:
        """`h:mm`, with seconds where there are any."""
        if value is None:
            return ""
        minutes, seconds = divmod(int(value), 60)
        text = f"{minutes // 60}:{minutes % 60:02d}"
        return f"{text}:{seconds:02d}" if seconds else text

    def sample(self, field: Field, random: random.Random) -> Value:
        """Up to ten hours."""
        return random.randrange(36_000)


for _made in (DateType(), DatetimeType(), TimeType(), DurationType()):
    FIELD_TYPES.register(_made.name, _made)
