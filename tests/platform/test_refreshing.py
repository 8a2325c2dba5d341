"""Upkeep refreshes what follows the clock: when due, once, in batches, and on after a `kill -9`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from databases import every_database
from dougong_platform import upkeep
from dougong_platform.doctor import examine
from dougong_platform.site import Site
from dougong_platform.upkeep import Upkeep
from dougong_runtime import publish
from dougong_runtime.audit import log
from dougong_runtime.host import FixedClock
from dougong_runtime.records import refresh
from dougong_runtime.records.query import AggregateQuery
from library import LIBRARY, lend
from make import app_of
from sites import SYSTEM, close, copied_site

LOANS = 40


@pytest.fixture
def library(database_kind: str, tmp_path: Path) -> Iterator[Site]:
    """A site with a library of so many loans, of which one more falls due each day."""
    made = copied_site(database_kind, tmp_path, "library", _fill)
    yield made
    close(made)


def _fill(site: Site) -> None:
    with site.database.write() as connection:
        publish.apply(
            connection, publish.plan_publish(connection, app_of(LIBRARY)), SYSTEM, "tests", site.clock
        )
    with site.database.write() as connection:
        lend(site.records(connection, SYSTEM, "library"), LOANS)


def pass_time(site: Site, **span: float) -> None:
    assert isinstance(site.clock, FixedClock)
    site.clock.at += timedelta(**span)


def overdue(site: Site, app: str = "library") -> int:
    with site.database.read() as connection:
        records = site.records(connection, SYSTEM, app)
        answer = records.aggregate(AggregateQuery("loan", filter="overdue"))
        return int(answer.total["count"])


def refreshes(site: Site) -> list[log.StoredEvent]:
    with site.database.read() as connection:
        return log.find(connection, actions=[log.REFRESH], limit=1000)


@every_database
def test_what_was_missed_is_caught_up_at_the_start(library: Site) -> None:
    assert "daily" in Upkeep(library).run_due()
    pass_time(library, days=7)
    assert overdue(library) == 0, "nobody was there"
    assert "daily" in Upkeep(library).run_due()
    assert overdue(library) == 7


@every_database
def test_days_begin_at_midnight_of_the_site(library: Site) -> None:
    keeper = Upkeep(library)
    keeper.run_due()
    pass_time(library, hours=13, minutes=59)  # 2026-03-02 23:59 in Shanghai
    assert "daily" not in keeper.run_due()
    pass_time(library, minutes=1)
    assert "daily" in keeper.run_due()
    assert overdue(library) == 1


@every_database
def test_an_app_that_fails_keeps_no_other_waiting(library: Site) -> None:
    other = app_of(LIBRARY.replace("name: library", "name: archive"))
    with library.database.write() as connection:
        publish.apply(connection, publish.plan_publish(connection, other), SYSTEM, "tests", library.clock)
    with library.database.write() as connection:
        lend(library.records(connection, SYSTEM, "archive"), 3)
    keeper = Upkeep(library)
    keeper.run_due()
    pass_time(library, days=3)
    _rename_column(library, "due_on", "broken")
    assert "daily" not in keeper.run_due()
    assert overdue(library) == 3
    _rename_column(library, "broken", "due_on")
    pass_time(library, minutes=1)
    assert "daily" in keeper.run_due()
    assert (overdue(library), overdue(library, "archive")) == (3, 3)


def _rename_column(site: Site, old: str, new: str) -> None:
    with site.database.write() as connection:
        connection.exec_driver_sql(f"ALTER TABLE archive__loan RENAME COLUMN {old} TO {new}")


@every_database
def test_who_does_not_hold_the_lease_commits_nothing(library: Site) -> None:
    Upkeep(library).run_due()
    pass_time(library, days=3)
    with pytest.raises(upkeep.LeaseLost):
        Upkeep(library).refresh("daily")
    assert overdue(library) == 0


@every_database
def test_an_unfinished_refresh_is_finished_before_it_counts_as_done(library: Site) -> None:
    """Begun yesterday and ended today: today's is still to be done."""
    keeper = Upkeep(library)
    keeper.run_due()
    pass_time(library, days=3)
    with library.database.write() as connection:
        running = library.running(connection, "library")
        refresh.advance(connection, running, "daily", library.clock, rows=10)
    pass_time(library, days=1)
    assert "daily" in keeper.run_due()
    assert overdue(library) == 4
    with library.database.read() as connection:
        assert refresh.refreshed_at(connection, "library")["daily"] == library.clock.now()


_DYING = """
import os, sys, time
from pathlib import Path
from datetime import datetime
from dougong_platform import pace
from dougong_platform.upkeep import Upkeep
from dougong_runtime.host import FixedClock
from sites import make_site

url, folder, at = sys.argv[1:]
pace.ROWS_FIRST = pace.ROWS_LEAST = pace.ROWS_MOST = 4

class Telling:
    def wrote(self, changes, recomputed):
        print(len(changes), flush=True)
        time.sleep(0.3)

site = make_site(url, Path(folder), FixedClock(datetime.fromisoformat(at)))
Upkeep(site, [Telling()]).run_due()
print("ended", flush=True)
"""


@every_database
def test_killed_half_way_it_goes_on_behind_the_last_batch(library: Site, tmp_path: Path) -> None:
    Upkeep(library).run_due()
    pass_time(library, days=30)
    given = [library.settings.database_url, str(tmp_path), library.clock.now().isoformat()]
    path = os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])
    dying = subprocess.Popen(
        [sys.executable, "-c", _DYING, *given],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert dying.stdout is not None
    assert [dying.stdout.readline() for _ in range(3)] == ["4\n"] * 3
    dying.kill()
    dying.wait()
    dying.stdout.close()

    written = len(refreshes(library))
    assert 8 <= written < 30, "whole batches of four, but not all of them"
    assert written % 4 == 0
    keeper = Upkeep(library)
    assert "daily" not in keeper.run_due(), "for a minute it might still be alive"
    pass_time(library, minutes=1)
    assert "daily" in keeper.run_due()
    assert overdue(library) == 30
    events = refreshes(library)
    assert len(events) == len({e.record for e in events}) == 30, "no record is written twice"
    assert len({e.facts["batch"] for e in events if e.facts}) == 1, "it is the same refresh"


@every_database
def test_a_refresh_without_changes_writes_no_audit(library: Site) -> None:
    keeper = Upkeep(library)
    keeper.run_due()
    pass_time(library, days=1)
    keeper.run_due()
    before = len(refreshes(library))
    pass_time(library, hours=12)
    keeper.run_due()
    assert len(refreshes(library)) == before


def stale(site: Site) -> list[tuple[str, str]]:
    return [(f.state, f.says.en) for f in examine(site, slow=False) if f.name == "refreshes"]


@every_database
def test_the_doctor_tells_what_is_stale_and_how_far_a_refresh_is(library: Site) -> None:
    at = "2026-03-02 02:00 UTC"
    assert stale(library) == [("good", f"library: daily formulas are as of {at}")], "published then"
    pass_time(library, days=2)
    assert [state for state, _ in stale(library)] == ["good"]
    pass_time(library, minutes=1)
    with library.database.write() as connection:
        running = library.running(connection, "library")
        refresh.advance(connection, running, "daily", library.clock, rows=10)
    says = f"library: daily formulas are as of {at}, a refresh is under way: 10 / {LOANS}, which is stale"
    assert stale(library) == [("warning", says)]
    Upkeep(library).run_due()
    assert stale(library) == [("good", "library: daily formulas are as of 2026-03-04 02:01 UTC")]


@every_database
def test_what_was_retired_is_destroyed_when_the_app_says_so(library: Site) -> None:
    without = LIBRARY.replace("  - {name: due_on, type: date}\n", "").replace("DAYS(TODAY(), due_on)", "3")
    without = without.replace("AND due_on < TODAY()", "").replace(", refresh: daily", "")
    kept = without.replace("name: library", "name: library\nretention: {days: 30}", 1)
    with library.database.write() as connection:
        publish.apply(
            connection, publish.plan_publish(connection, app_of(kept)), SYSTEM, "tests", library.clock
        )
    keeper = Upkeep(library)
    keeper.run_due()
    pass_time(library, days=29)
    assert "retention" in keeper.run_due()
    assert destroyed(library) == []
    pass_time(library, days=2)
    keeper.run_due()
    assert destroyed(library) == ["due_on"]


def destroyed(site: Site) -> list[str]:
    with site.database.read() as connection:
        return [e.facts["name"] for e in log.find(connection, actions=[log.DESTROY]) if e.facts]
