"""Dates, instants in a zone, and working days.

An instant's day, hour and so on are those of the zone in force. A day begins at its first instant there, also where
the clocks change at midnight. What would lie outside the years 1 to 9999 is absent.
"""

from __future__ import annotations

import calendar as months
import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from dougong_runtime.exact.numbers import divide, multiply, rounded

_SPAN_MAX = 3_700_000
"""Days that lie between any two dates at most, rounded up."""
_MONTHS_MAX = 120_000
_MICROSECONDS = Decimal(86_400_000_000)
WORKDAYS_MAX = 4_000
"""Working days that WORKDAY counts at most, about sixteen years."""
NETWORK_DAYS_MAX = 12_000
"""Days between the ends of NETWORKDAYS at most, about thirty-three years."""


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    """The zone of an IANA name."""
    return ZoneInfo(name)


def local(at: datetime, zone_name: str) -> datetime:
    """The instant, on the clocks of the zone."""
    return at.astimezone(zone(zone_name))


def local_day(at: datetime, zone_name: str) -> date:
    """The day it is there."""
    return local(at, zone_name).date()


def at(day: date, moment: time, zone_name: str) -> datetime | None:
    """The instant when clocks there show it; the first of two, and where clocks skip it, as before the change."""
    try:
        return datetime.combine(day, moment.replace(tzinfo=None, fold=0), zone(zone_name)).astimezone(UTC)
    except OverflowError:
        return None


def day_start(day: date, zone_name: str) -> datetime | None:
    """A day's first instant."""
    return at(day, time(0), zone_name)


def day_end(day: date, zone_name: str) -> datetime | None:
    """The next day's first instant."""
    return None if day == date.max else at(day + timedelta(days=1), time(0), zone_name)


def date_add(day: date, count: Decimal) -> date | None:
    """So many days later; a part of a day is dropped."""
    if abs(count) > _SPAN_MAX:
        return None
    try:
        return day + timedelta(days=int(count))
    except OverflowError:
        return None


def instant_add(when: datetime, count: Decimal, unit_seconds: Decimal = Decimal(86_400)) -> datetime | None:
    """So many days later (or units of so many seconds), to the microsecond."""
    micros = rounded(multiply(multiply(count, unit_seconds), Decimal(1_000_000)), 0)
    if abs(micros) > _SPAN_MAX * _MICROSECONDS:
        return None
    try:
        return when + timedelta(microseconds=int(micros))
    except OverflowError:
        return None


def instant_days(end: datetime, start: datetime, unit_seconds: Decimal = Decimal(86_400)) -> Decimal | None:
    """Days (or units of so many seconds) from start to end, with their fraction."""
    micros = (end - start) // timedelta(microseconds=1)
    return divide(Decimal(micros), multiply(unit_seconds, Decimal(1_000_000)))


def days(end: date, start: date) -> Decimal:
    """Days from start to end."""
    return Decimal((end - start).days)


def make_date(year: Decimal, month: Decimal, day: Decimal) -> date | None:
    """The date of year, month and day; months and days beyond count on, as in spreadsheets (month 13: January)."""
    if abs(year) > 9999 or abs(month) > _MONTHS_MAX or abs(day) > _SPAN_MAX:
        return None
    whole_year, place = divmod(int(year) * 12 + int(month) - 1, 12)
    if not 1 <= whole_year <= 9999:
        return None
    return date_add(date(whole_year, place + 1, 1), Decimal(int(day) - 1))


def edate(day: date, count: Decimal) -> date | None:
    """So many months later, kept within the month's end."""
    first = _month_first(day, count)
    if first is None:
        return None
    return first.replace(day=min(day.day, months.monthrange(first.year, first.month)[1]))


def eomonth(day: date, count: Decimal = Decimal(0)) -> date | None:
    """The last day of the month so many months later."""
    first = _month_first(day, count)
    return None if first is None else first.replace(day=months.monthrange(first.year, first.month)[1])


def _month_first(day: date, count: Decimal) -> date | None:
    if abs(count) > _MONTHS_MAX:
        return None
    year, place = divmod(day.year * 12 + day.month - 1 + int(count), 12)
    return date(year, place + 1, 1) if 1 <= year <= 9999 else None


def quarter(day: date) -> Decimal:
    """1 to 4."""
    return Decimal((day.month + 2) // 3)


def weekday(day: date, kind: Decimal = Decimal(1)) -> Decimal | None:
    """1: Sunday is 1; 2: Monday is 1; 3: Monday is 0."""
    monday = day.weekday()
    match int(kind):
        case 1:
            return Decimal((monday + 1) % 7 + 1)
        case 2:
            return Decimal(monday + 1)
        case 3:
            return Decimal(monday)
    return None


def weeknum(day: date, kind: Decimal = Decimal(1)) -> Decimal | None:
    """The week of the year, 1 January's being the first; weeks begin on Sunday (1) or Monday (2)."""
    first = weekday(day.replace(month=1, day=1), kind) if int(kind) in (1, 2) else None
    return None if first is None else Decimal((day.timetuple().tm_yday + int(first) - 2) // 7 + 1)


def isoweeknum(day: date) -> Decimal:
    """The week of the year by ISO 8601."""
    return Decimal(day.isocalendar().week)


def start_of(day: date, unit: str) -> date | None:
    """The first day of the week (from Monday), month, quarter or year."""
    match unit:
        case "week":
            return date_add(day, Decimal(-day.weekday()))
        case "month":
            return day.replace(day=1)
        case "quarter":
            return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
        case "year":
            return day.replace(month=1, day=1)
    return None


def end_of(day: date, unit: str) -> date | None:
    """The last day of the week (to Sunday), month, quarter or year."""
    match unit:
        case "week":
            return date_add(day, Decimal(6 - day.weekday()))
        case "month":
            return eomonth(day)
        case "quarter":
            return eomonth(day, Decimal(2 - (day.month - 1) % 3))
        case "year":
            return day.replace(month=12, day=31)
    return None


def datedif(start: date, end: date, unit: str) -> Decimal | None:
    """Whole years (Y), months (M) or days (D) from start to end; below zero where the end lies before."""
    if end < start:
        back = datedif(end, start, unit)
        return None if back is None else -back
    match unit.upper():
        case "D":
            return days(end, start)
        case "M":
            return Decimal(_whole_months(start, end))
        case "Y":
            return Decimal(_whole_months(start, end) // 12)
    return None


def _whole_months(start: date, end: date) -> int:
    count = (end.year - start.year) * 12 + end.month - start.month
    last = months.monthrange(end.year, end.month)[1]
    return count if end.day >= min(start.day, last) else count - 1


def age(birth: date, day: date) -> Decimal | None:
    """Whole years on that day; None before birth. Who was born on 29 February is older on 1 March."""
    if day < birth:
        return None
    return Decimal(day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day)))


def part(when: datetime, which: str, zone_name: str) -> Decimal | None:
    """hour, minute or second on the clocks of the zone."""
    return time_part(local(when, zone_name).time(), which)


def time_part(moment: time, which: str) -> Decimal | None:
    """hour, minute or second."""
    match which:
        case "hour":
            return Decimal(moment.hour)
        case "minute":
            return Decimal(moment.minute)
        case "second":
            return Decimal(moment.second)
    return None


def day_part(day: date, which: str) -> Decimal | None:
    """year, month or day."""
    match which:
        case "year":
            return Decimal(day.year)
        case "month":
            return Decimal(day.month)
        case "day":
            return Decimal(day.day)
    return None


def make_time(hour: Decimal, minute: Decimal, second: Decimal = Decimal(0)) -> time | None:
    """The time of day; None where there is none."""
    if not (0 <= hour < 24 and 0 <= minute < 60 and 0 <= second < 60):
        return None
    return time(int(hour), int(minute), int(second))


def time_of(when: datetime, zone_name: str) -> time:
    """What clocks there show, to the second."""
    return local(when, zone_name).time().replace(microsecond=0)


# --- working days ---------------------------------------------------------------------------------------------


@lru_cache(maxsize=32)
def exceptions(calendar: str) -> dict[str, bool]:
    """A calendar's text (`formulas/calendars.py`): ISO date → whether that day is worked, against its weekday."""
    read: dict[str, bool] = json.loads(calendar)
    return read


def is_workday(day: date, calendar: str) -> bool:
    """Monday to Friday, unless the calendar says otherwise."""
    said = exceptions(calendar).get(day.isoformat())
    return day.weekday() < 5 if said is None else said


def workday(start: date, count: Decimal, calendar: str) -> date | None:
    """The `count`-th working day after start (before it, where negative)."""
    left = int(min(max(count, Decimal(-WORKDAYS_MAX - 1)), Decimal(WORKDAYS_MAX + 1)))
    if abs(left) > WORKDAYS_MAX:
        return None
    step: Literal[1, -1] = 1 if left > 0 else -1
    day = start
    while left:
        try:
            day += timedelta(days=step)
        except OverflowError:
            return None
        if is_workday(day, calendar):
            left -= step
    return day


def networkdays(start: date, end: date, calendar: str) -> Decimal | None:
    """Working days from start to end, both counted; below zero where the end lies before."""
    if end < start:
        back = networkdays(end, start, calendar)
        return None if back is None else -back
    span = (end - start).days
    if span > NETWORK_DAYS_MAX:
        return None
    return Decimal(sum(is_workday(start + timedelta(days=n), calendar) for n in range(span + 1)))


# --- as text --------------------------------------------------------------------------------------------------


def day_text(day: date) -> str:
    """2026-03-02."""
    return day.isoformat()


def instant_as_text(when: datetime, zone_name: str) -> str:
    """2026-03-02 09:30, on the clocks of the zone."""
    shown = local(when, zone_name)
    return f"{shown.year:04d}-{shown.month:02d}-{shown.day:02d} {shown.hour:02d}:{shown.minute:02d}"


def time_text(moment: time) -> str:
    """09:30."""
    return f"{moment.hour:02d}:{moment.minute:02d}"


def format_day(day: date, pattern: str) -> str | None:
    """By a pattern of yyyy yy mm m dd d q; other letters and signs stay, in small letters."""
    return _format(day.year, day.month, day.day, 0, 0, 0, pattern)


def format_instant(when: datetime, pattern: str, zone_name: str) -> str | None:
    """The same, with hh mi ss, on the clocks of the zone."""
    shown = local(when, zone_name)
    return _format(shown.year, shown.month, shown.day, shown.hour, shown.minute, shown.second, pattern)


def _format(year: int, month: int, day: int, hour: int, minute: int, second: int, pattern: str) -> str | None:
    if len(pattern) > 100:
        return None
    text = pattern.lower()
    for token, shown in (
        ("yyyy", f"{year:04d}"),
        ("yy", f"{year % 100:02d}"),
        ("mm", f"{month:02d}"),
        ("mi", f"{minute:02d}"),
        ("m", str(month)),
        ("dd", f"{day:02d}"),
        ("d", str(day)),
        ("hh", f"{hour:02d}"),
        ("ss", f"{second:02d}"),
        ("q", str((month + 2) // 3)),
    ):
        text = text.replace(token, shown)
    return text or None


def hours(end: datetime, start: datetime) -> Decimal | None:
    """Hours from start to end."""
    return instant_days(end, start, Decimal(3600))


def minutes(end: datetime, start: datetime) -> Decimal | None:
    """Minutes from start to end."""
    return instant_days(end, start, Decimal(60))


def add_hours(when: datetime, count: Decimal) -> datetime | None:
    """So many hours later."""
    return instant_add(when, count, Decimal(3600))


def add_minutes(when: datetime, count: Decimal) -> datetime | None:
    """So many minutes later."""
    return instant_add(when, count, Decimal(60))
