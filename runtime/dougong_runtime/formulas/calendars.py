"""Calendars of working days: Monday to Friday, a country's public holidays and moved working days, own dates."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which days are worked, against their weekday."""

    text: str
    """JSON: ISO date → whether it is worked. Sorted, so that equal calendars are equal texts."""
    years: tuple[int, int] | None = None
    """First and last year that are filled; outside them weekdays decide."""


WEEK = Calendar("{}")
"""Monday to Friday, without holidays."""


def make_calendar(
    country: str | None,
    from_year: int,
    to_year: int,
    closed: Iterable[date] = (),
    opened: Iterable[date] = (),
) -> Calendar:
    """A country's days (ISO code, as the `holidays` library knows them), and own dates added.

    Raises ValueError for a country that the library does not know.
    """
    days = {row[0]: row[1] for row in calendar_rows(country, from_year, to_year, closed, opened)}
    text = json.dumps({d.isoformat(): w for d, w in sorted(days.items())}, separators=(",", ":"))
    return Calendar(text, (from_year, to_year))


def calendar_rows(
    country: str | None,
    from_year: int,
    to_year: int,
    closed: Iterable[date] = (),
    opened: Iterable[date] = (),
) -> list[tuple[date, bool]]:
    """(day, worked) for each day whose weekday alone would decide otherwise, in order; own dates win."""
    days = dict(_public(country, from_year, to_year)) if country else {}
    days |= dict.fromkeys(closed, False)
    days |= dict.fromkeys(opened, True)
    return [(day, worked) for day, worked in sorted(days.items()) if worked != (day.weekday() < 5)]


@lru_cache(maxsize=16)
def _public(country: str, from_year: int, to_year: int) -> tuple[tuple[date, bool], ...]:
    import holidays  # takes 0.2 s to import; few processes need it

    try:
        known = holidays.country_holidays(country, years=range(from_year, to_year + 1))
    except NotImplementedError:
        raise ValueError(f"no calendar is known of {country}") from None
    day, last = date(from_year, 1, 1), date(to_year, 12, 31)
    found: list[tuple[date, bool]] = []
    while day <= last:
        found.append((day, bool(known.is_working_day(day))))
        day += timedelta(days=1)
    return tuple(found)
