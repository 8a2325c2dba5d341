"""Work in batches gives way to those who use the site."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic import open_clinic
from databases import every_database
from dougong_platform import upkeep
from dougong_platform.pace import (
    LONG_SECONDS,
    REST_BESIDE_PEOPLE,
    ROWS_LEAST,
    ROWS_MOST,
    SHORT_SECONDS,
    Pace,
)
from dougong_platform.traffic import LATELY_SECONDS, Traffic
from dougong_platform.upkeep import Upkeep
from dougong_runtime.host import FixedClock

BATCHES = 12
COSTS = st.floats(1e-6, 2e-3)
"""Seconds of a row."""


class Hours:
    """Seconds that pass as one says."""

    at = 1_000.0

    def now(self) -> float:
        return self.at


def work(pace: Pace, cost: float, traffic: Traffic | None = None) -> list[tuple[float, float]]:
    """Batches: how long each lasted, and the rest after it. Somebody asks all the time where there is traffic."""
    done = []
    for _ in range(BATCHES):
        if traffic is not None:
            traffic.note()
        seconds = pace.rows * cost
        done.append((seconds, pace.after(seconds)))
    return done


@given(COSTS, st.booleans())
def test_beside_people_it_works_a_third_of_the_time_in_short_batches(
    cost: float, has_one_writer: bool
) -> None:
    traffic = Traffic()
    done = work(Pace(has_one_writer, traffic), cost, traffic)
    worked, rested = sum(seconds for seconds, _ in done), sum(rest for _, rest in done)
    assert worked <= (worked + rested) / 3 * 1.001
    assert all(seconds <= max(SHORT_SECONDS, ROWS_LEAST * cost) * 1.001 for seconds, _ in done[1:])


@given(COSTS)
def test_alone_it_goes_on_as_fast_as_it_can(cost: float) -> None:
    done = work(Pace(False, Traffic()), cost)
    assert all(rest == 0 for _, rest in done)
    last = done[-1][0]
    assert last >= min(LONG_SECONDS / 2, ROWS_MOST * cost) * 0.99
    assert last <= max(LONG_SECONDS, ROWS_LEAST * cost) * 1.001


def test_it_is_quick_again_when_people_have_gone() -> None:
    hours = Hours()
    traffic = Traffic(hours.now)
    pace = Pace(False, traffic)
    traffic.note()
    assert pace.after(0.1) > 0
    hours.at += LATELY_SECONDS
    assert pace.after(0.1) == 0


class Told(Pace):
    """Tells of its rests."""

    rests: list[float] = []

    def after(self, seconds: float) -> float:
        rest = super().after(seconds)
        self.rests.append(rest / seconds)
        return rest


@every_database
@pytest.mark.parametrize("address", ["/apps/clinic", "/api/v1/apps/clinic/patient"])
def test_a_refresh_gives_way_to_who_asks(
    database_kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    """The clinic has formulas that follow the day."""
    monkeypatch.setattr(upkeep, "Pace", Told)
    clock = FixedClock(datetime(2026, 11, 2, 9, tzinfo=UTC))
    with open_clinic(database_kind, tmp_path, clock) as clinic:
        keeper = Upkeep(clinic.site)
        found = []
        for asked in ("/healthz", address):
            assert clinic.client("dr_lin").get(asked).status_code == 200
            Told.rests.clear()
            assert "daily" in keeper.run_due()
            found.append(Told.rests[0])
            clock.at += timedelta(days=1)
        assert found[1] == pytest.approx(REST_BESIDE_PEOPLE)
        assert found[0] < 1, "who asks whether the process lives is nobody who waits"
