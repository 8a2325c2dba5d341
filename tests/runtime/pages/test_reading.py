"""Numbers, days and instants as people read them."""

from __future__ import annotations

import doctest
from datetime import UTC, date, datetime

import pytest

from dougong_runtime.labels import Language
from dougong_runtime.pages import reading
from dougong_runtime.pages.reading import Reader

NOW = datetime(2026, 3, 12, 2, 0, tzinfo=UTC)


def reader(language: Language = "zh", zone: str = "Asia/Shanghai") -> Reader:
    return Reader(language, zone, NOW)


def test_the_examples_in_the_module_hold() -> None:
    assert doctest.testmod(reading).failed == 0


@pytest.mark.parametrize(
    ("language", "day", "text"),
    [
        ("zh", date(2026, 3, 12), "今天"),
        ("zh", date(2026, 3, 11), "昨天"),
        ("zh", date(2026, 3, 9), "3 月 9 日"),
        ("zh", date(2025, 11, 3), "2025 年 11 月 3 日"),
        ("en", date(2026, 3, 9), "9 Mar"),
        ("en", date(2025, 11, 3), "3 Nov 2025"),
    ],
)
def test_days_near_by_have_their_names(language: Language, day: date, text: str) -> None:
    assert reader(language).day(day) == text


def test_a_day_of_the_week_stands_where_the_language_puts_it() -> None:
    assert reader("zh").named_day(date(2026, 3, 12)) == "3 月 12 日 周四"
    assert reader("en").named_day(date(2026, 3, 12)) == "Thu 12 Mar"


def test_an_instant_is_told_in_the_readers_zone() -> None:
    at = datetime(2026, 3, 11, 17, 30, tzinfo=UTC)
    assert reader().moment(at) == "今天 01:30"
    assert reader("en", "Europe/London").moment(at) == "Yesterday 17:30"


@pytest.mark.parametrize(
    ("raw", "language", "text"),
    [
        ("6218000000", "zh", "62.18 亿"),
        ("-2860000", "en", "−2.86 m"),
        ("86420.5", "zh", "86,420.5"),
        (None, "zh", "—"),
    ],
)
def test_large_figures_are_shortened(raw: str | None, language: Language, text: str) -> None:
    assert reading.short(raw, language) == text


def test_the_end_of_a_day_is_that_of_the_zone() -> None:
    assert (
        reading.end_of_day(date(2026, 1, 31), "Asia/Shanghai").isoformat()
        == "2026-01-31T15:59:59.999999+00:00"
    )
