"""The days that demo data lives on: the day of loading, the working days before it, and moments on them."""

from __future__ import annotations

import bisect
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import holidays

WORKING_DAYS = 250
"""How many there are unless the document says."""


@dataclass(frozen=True)
class Days:
    """Days relative to the day of loading. `working` ascends; its last is that day or the last working day before."""

    today: date
    anchor: date
    """The day that the document's own dates were written for; they move by the difference."""
    working: tuple[date, ...]
    zone: ZoneInfo

    @classmethod
    def of(cls, raw: Mapping[str, Any], anchor: date, today: date, zone: str) -> Days:
        """From `{count: 500, closed: CN}`: so many days, Monday to Friday, without a country's public holidays."""
        count = int(raw.get("count", WORKING_DAYS))
        country = raw.get("closed")
        years = range(today.year - count // 200 - 1, today.year + 1)
        closed = holidays.country_holidays(country, years=years) if country else {}
        found: list[date] = []
        day = today
        while len(found) < count:
            if day.weekday() < 5 and day not in closed:
                found.append(day)
            day -= timedelta(days=1)
        return cls(today, anchor, tuple(reversed(found)), ZoneInfo(zone))

    def day(self, offset: int) -> date:
        """A calendar day: 0 the day of loading, -1 the day before."""
        return self.today + timedelta(days=offset)

    def working_day(self, offset: int) -> date:
        """A working day: 0 the last one, -1 the one before it. The first where there are not so many."""
        return self.working[max(0, len(self.working) - 1 + min(0, offset))]

    def index(self, day: date) -> int:
        """The place in `working` of that day, or of the last working day before it."""
        return max(0, bisect.bisect_right(self.working, day) - 1)

    def shifted(self, day: date) -> date:
        """A date that the document writes out, moved with the anchor."""
        return day + (self.today - self.anchor)

    def moment(self, day: date, hour: float) -> datetime:
        """An instant (UTC) at an hour of the site's day, to the second."""
        seconds = min(86_399, int(hour * 3600))
        at = time(seconds // 3600, seconds // 60 % 60, seconds % 60)
        return datetime.combine(day, at, self.zone).astimezone(UTC)


def recent(random: Random, within: int, half_life: float | None) -> int:
    """Days ago, 0 to `within` - 1: evenly, or the fewer the likelier where a half-life is given."""
    if half_life is None:
        return random.randrange(within)
    while True:
        ago = int(random.expovariate(0.6931471805599453 / half_life))
        if ago < within:
            return ago
