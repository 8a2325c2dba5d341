"""Query parameters are checked strictly."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from starlette.requests import Request

from dougong_platform.http import parameters
from dougong_runtime.errors import Refused


def asked(query: str) -> Request:
    return Request({"type": "http", "query_string": query.encode(), "headers": []})


def test_known_ones_are_given_and_empty_ones_left_out() -> None:
    given = parameters.parameters(asked("filter=a%20%3D%20%27%E5%BC%A0%27&sort=&lang=en"), "filter", "sort")
    assert given == {"filter": "a = '张'", "lang": "en"}


def test_all_wrong_ones_are_told_at_once() -> None:
    with pytest.raises(Refused) as caught:
        parameters.parameters(asked("filtr=1&limit=1&limit=2&search=%00"), "filter", "limit", "search")
    problems = {p.field: p for p in caught.value.problems}
    assert set(problems) == {"filtr", "limit", "search"}
    assert problems["filtr"].facts["nearest"] == "filter"
    assert caught.value.status == 400


@pytest.mark.parametrize("text", ["0", "1001", "-1", "1.5", "٣", "x", "99999999999999999999"])
def test_a_number_must_lie_within_its_bounds(text: str) -> None:
    with pytest.raises(Refused):
        parameters.number({"limit": text}, "limit", 50, 1, 1000)


def test_a_day_means_its_end_in_the_readers_zone() -> None:
    at = parameters.instant({"as_of": "2026-03-02"}, "as_of", "Asia/Shanghai")
    assert at == datetime(2026, 3, 2, 15, 59, 59, 999999, tzinfo=UTC)
    assert parameters.instant({"as_of": "2026-03-02T09:30:00Z"}, "as_of", "Asia/Shanghai") == datetime(
        2026, 3, 2, 9, 30, tzinfo=UTC
    )
    plus_became_a_blank = {"as_of": "2026-03-02T09:30:00 08:00"}
    assert parameters.instant(plus_became_a_blank, "as_of", "UTC") == datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
    for wrong in ("yesterday", "2026-02-30", "9999-12-31", "2026-03-02T25:00"):
        with pytest.raises(Refused):
            parameters.instant({"as_of": wrong}, "as_of", "Asia/Shanghai")
