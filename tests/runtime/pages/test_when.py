"""Days and moments as people type them. The browser reads the same list (tests/browser/test_dates.py)."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path

import pytest

from dougong_runtime.pages import when

CASES = json.loads((Path(__file__).parents[2] / "data" / "when.json").read_text("utf-8"))
TODAY, NOW = date.fromisoformat(CASES["today"]), datetime.fromisoformat(CASES["now"])


@pytest.mark.parametrize(("text", "meant"), CASES["days"].items())
def test_a_day_is_understood_or_left_alone(text: str, meant: str | None) -> None:
    assert when.day(text, TODAY) == (None if meant is None else date.fromisoformat(meant))


@pytest.mark.parametrize(("text", "meant"), CASES["moments"].items())
def test_a_moment_is_understood_or_left_alone(text: str, meant: str | None) -> None:
    assert when.moment(text, NOW) == (None if meant is None else datetime.fromisoformat(meant))


@pytest.mark.parametrize(
    "text", ["9" * 60, "+9999w", "９" * 59 + "天", "1:" * 30, "\u0000", "周" * 60, "at " * 20]
)
def test_nothing_that_is_typed_breaks_it(text: str) -> None:
    assert when.moment(text, NOW) is None
