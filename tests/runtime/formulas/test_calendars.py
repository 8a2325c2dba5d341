"""Working days of a country, with a firm's own dates added."""

from __future__ import annotations

from datetime import date

import pytest

from dougong_runtime.exact.times import is_workday
from dougong_runtime.formulas.calendars import WEEK, calendar_rows, make_calendar


def test_public_holidays_and_moved_working_days() -> None:
    china = make_calendar("CN", 2026, 2026)
    assert is_workday(date(2026, 2, 14), china.text)  # a Saturday worked for the spring festival
    assert not is_workday(date(2026, 2, 17), china.text)
    assert is_workday(date(2026, 3, 2), china.text)
    assert china.years == (2026, 2026)


def test_own_dates_win() -> None:
    own = make_calendar("CN", 2026, 2026, closed=[date(2026, 12, 31)], opened=[date(2026, 2, 17)])
    assert not is_workday(date(2026, 12, 31), own.text)
    assert is_workday(date(2026, 2, 17), own.text)


def test_only_what_differs_from_the_weekday_is_kept() -> None:
    assert calendar_rows(None, 2026, 2026) == []
    assert calendar_rows(None, 2026, 2026, closed=[date(2026, 3, 1), date(2026, 3, 2)]) == [
        (date(2026, 3, 2), False)
    ]
    assert is_workday(date(2026, 3, 6), WEEK.text)
    assert not is_workday(date(2026, 3, 7), WEEK.text)


def test_an_unknown_country_is_refused() -> None:
    with pytest.raises(ValueError, match="no calendar"):
        make_calendar("XX", 2026, 2026)
