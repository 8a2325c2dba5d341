"""Formulas that follow the clock: refreshed in batches that can be resumed; only what changes is written."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from databases import every_database
from dougong_platform.database import retrying
from dougong_runtime.audit import log
from dougong_runtime.records import dependants, refresh
from dougong_runtime.records.change import BatchObserver, Change, Recomputed
from dougong_runtime.records.query import Query
from dougong_runtime.records.refresh import Progress, Rhythm
from library import LIBRARY, TODAY, lend
from make import app_of
from world import World

pytestmark = every_database


@pytest.fixture
def world(database_kind: str, tmp_path: Path) -> Iterator[World]:
    """A library of ten loans to two readers, due one day after the other from today on."""
    made = World.copied(database_kind, tmp_path, "library", _with_loans)
    yield made
    made.close()


def _with_loans(url: str) -> World:
    world = World.make(url, app_of(LIBRARY))
    with world.acting() as records:
        lend(records, 10)
    return world


def advance(world: World, rows: int = 4, which: Rhythm = "daily", observers: Sequence[Any] = ()) -> Progress:
    """One batch, committed."""
    with world.engine.begin() as connection:
        return refresh.advance(
            connection, world.running(connection), which, world.clock, rows=rows, observers=observers
        )


def finish(world: World, rows: int = 4, observers: Sequence[Any] = ()) -> Progress:
    """Batches until the end."""
    while (done := advance(world, rows, observers=observers)).ended_at is None:
        pass
    return done


def loans(world: World) -> list[dict[str, Any]]:
    """All loans, in the order of their books."""
    with world.acting() as records:
        return list(records.list(Query("loan", sort=("book",))).items)


def readers(world: World) -> dict[str, dict[str, Any]]:
    """Readers by name."""
    with world.acting() as records:
        return {r["name"]: r for r in records.list(Query("reader")).items}


def refreshed(world: World) -> list[log.StoredEvent]:
    """What the audit tells of refreshes, the oldest first."""
    with world.engine.connect() as connection:
        return log.find(connection, actions=[log.REFRESH])[::-1]


def test_what_depends_on_a_refreshed_formula_follows(world: World) -> None:
    world.advance(days=5)
    done = finish(world)
    assert (done.done, done.changed, done.total) == (10, 5, 10)
    assert [x["days_over"] for x in loans(world)] == [5, 4, 3, 2, 1, 0, 0, 0, 0, 0]
    assert [x["very_late"] for x in loans(world)] == [True, True] + [False] * 8
    found = readers(world)
    assert [(found[n]["late"], found[n]["fine"], found[n]["barred"]) for n in ("Mo", "Su")] == [
        (3, "4.50", True),
        (2, "3.00", True),
    ]


def test_only_changed_records_are_written_and_each_is_audited(world: World) -> None:
    before = loans(world)
    world.advance(days=2)
    finish(world)
    told = refreshed(world)
    assert [(e.record, e.before, e.after) for e in told] == [
        (before[0]["id"], {"days_over": 0}, {"days_over": 2}),
        (before[1]["id"], {"days_over": 0}, {"days_over": 1}),
    ]
    assert {(e.actor_name, e.reason) for e in told} == {("system", "daily refresh of what follows the clock")}
    assert [x["version"] for x in loans(world)] == [1] * 10, "what is computed is no conflict to a writer"
    with world.acting() as records:
        assert records.as_of("loan", before[0]["id"], world.clock.at)["days_over"] == 2


def test_a_second_refresh_at_the_same_time_writes_nothing(world: World) -> None:
    world.advance(days=5)
    finish(world)
    assert finish(world).changed == 0
    assert len(refreshed(world)) == 5


def test_a_refresh_goes_on_behind_the_last_batch_that_was_committed(world: World) -> None:
    world.advance(days=5)
    first = advance(world, rows=3)
    assert (first.done, first.ended_at) == (3, None)
    with pytest.raises(ZeroDivisionError):
        _stopped_before_its_commit(world)
    done = finish(world, rows=3)
    assert (done.done, done.changed, done.started_at) == (10, 5, first.started_at)
    assert len(refreshed(world)) == 5, "nothing is written twice"
    assert len({e.facts["batch"] for e in refreshed(world) if e.facts}) == 1


def _stopped_before_its_commit(world: World) -> None:
    with world.engine.begin() as connection:
        refresh.advance(connection, world.running(connection), "daily", world.clock, rows=3)
        raise ZeroDivisionError


def test_values_are_said_to_be_as_old_as_the_start(world: World) -> None:
    world.advance(days=1)
    started = world.clock.at
    advance(world, rows=3)
    world.advance(hours=1)
    finish(world)
    with world.engine.connect() as connection:
        assert refresh.refreshed_at(connection, "library") == {"daily": started}
        (told,) = refresh.progress(connection)
    assert (told.started_at, told.ended_at) == (started, world.clock.at)


def test_a_batch_computes_with_the_clock_as_it_is_then(world: World) -> None:
    world.advance(days=1)
    advance(world, rows=1)
    world.advance(days=1)
    finish(world)
    assert [x["days_over"] for x in loans(world)][:2] == [1, 1]


def test_a_version_published_meanwhile_renames_what_is_in_hand(world: World) -> None:
    world.advance(days=5)
    advance(world, rows=3)
    renamed = LIBRARY.replace("name: loan\n", "name: lending\nwas: [loan]\n")
    world.publish(app_of(renamed))
    done = finish(world)
    assert (done.done, done.changed) == (10, 5)


@dataclass
class Gathering:
    """Gathers changes by their batch, as a trigger with `batch: true` would."""

    changes: list[Change] = field(default_factory=list)
    recomputed: list[Recomputed] = field(default_factory=list)
    calls: int = 0
    ended: list[tuple[str, str]] = field(default_factory=list)

    def wrote(self, changes: Sequence[Change], recomputed: Sequence[Recomputed]) -> None:
        """Of a batch."""
        self.calls += 1
        self.changes += changes
        self.recomputed += recomputed

    def refreshed(self, app: str, batch: str) -> None:
        """The end."""
        self.ended.append((app, batch))


def test_observers_are_told_batch_by_batch_and_of_the_end(world: World) -> None:
    told = Gathering()
    assert isinstance(told, BatchObserver)
    world.advance(days=5)
    finish(world, rows=2, observers=[told])
    assert [(c.kind, c.entity) for c in told.changes] == [("update", "loan")] * 5
    assert [(c.before["days_over"], c.after["days_over"]) for c in told.changes] == [
        (0, 5),
        (0, 4),
        (0, 3),
        (0, 2),
        (0, 1),
    ]
    assert told.calls == 3, "a call a batch that changed something"
    assert {r.entity for r in told.recomputed} == {"loan", "reader"}
    (batch,) = {c.batch for c in told.changes}
    assert told.ended == [("library", batch)]


def test_what_an_observer_raises_undoes_its_batch_alone(world: World) -> None:
    class Refusing(Gathering):
        def wrote(self, changes: Sequence[Change], recomputed: Sequence[Recomputed]) -> None:
            super().wrote(changes, recomputed)
            if self.calls == 2:
                raise ZeroDivisionError

    world.advance(days=5)
    with pytest.raises(ZeroDivisionError):
        finish(world, rows=2, observers=[Refusing()])
    assert [x["days_over"] for x in loans(world)] == [5, 4] + [0] * 8
    assert len(refreshed(world)) == 2


def test_records_in_the_trash_are_kept_true_too(world: World) -> None:
    first = loans(world)[0]["id"]
    with world.acting() as records:
        records.delete("loan", first)
    world.advance(days=2)
    finish(world)
    with world.acting() as records:
        records.restore("loan", first)
    assert loans(world)[0]["days_over"] == 2


def test_a_writer_meanwhile_waits_for_one_batch_at_most(world: World) -> None:
    """Between two batches nothing is held: a write goes through and is not undone by the rest of the refresh."""
    world.advance(days=5)
    advance(world, rows=3)
    last = loans(world)[9]["id"]
    with world.acting() as records:
        records.update("loan", last, {"due_on": "2026-03-01"})
    finish(world)
    assert loans(world)[9]["days_over"] == 6
    assert last not in {e.record for e in refreshed(world)}, "the write had computed it already"
    assert readers(world)["Su"]["fine"] == "6.00"


WRITES = 15 * int(os.environ.get("DOUGONG_TEST_EFFORT", "1"))


def test_refreshing_while_others_write_ends_with_what_the_rows_give(world: World) -> None:
    """Writers move due dates and readers; batches of three go on meanwhile, and everything is true in the end."""
    known = loans(world)
    people = [r["id"] for r in readers(world).values()]
    world.advance(days=5)

    def write(seed: int) -> None:
        draw = random.Random(seed)
        for _ in range(WRITES):
            loan = draw.choice(known)["id"]
            due = (TODAY + timedelta(days=draw.randint(-9, 9))).isoformat()
            retrying(partial(_change, world, loan, {"due_on": due, "reader": draw.choice(people)}))

    with ThreadPoolExecutor(3) as pool:
        writing = [pool.submit(write, seed) for seed in range(3)]
        while any(not one.done() for one in writing):
            retrying(partial(advance, world, 3))
        for one in writing:
            one.result()
    while retrying(partial(advance, world, 3)).ended_at is None:
        pass
    with world.engine.begin() as connection:
        running = world.running(connection)
        everything = {(s.entity, f) for s in running.graph.steps for f in s.fields}
        assert dependants.recompute(connection, running, everything, world.clock) == []


def _change(world: World, loan: str, values: dict[str, Any]) -> None:
    with world.acting() as records:
        records.update("loan", loan, values)


KILNS = """
kind: app
name: kilns
---
kind: entity
name: pot
title: name
fields:
  - {name: name, type: text}
  - {name: factor, type: integer}
  - {name: day, type: date}
  - {name: big, type: formula, formula: "factor * DAYS(TODAY(), day)", result: decimal, precision: 6, scale: 2, refresh: daily}
"""


def test_a_result_that_does_not_fit_its_field_stops_no_other(database_url: str) -> None:
    kilns = World.make(database_url, app_of(KILNS))
    with kilns.acting() as records:
        for i in range(20):
            factor = 9_000 if i in (3, 11) else i
            records.create("pot", {"name": f"P{i:02}", "factor": factor, "day": "2026-03-02"})
    kilns.advance(days=2)
    done = finish(kilns, rows=20)
    with kilns.acting() as records:
        pots = list(records.list(Query("pot", sort=("name",))).items)
    wanted = ["0.00" if i in (3, 11) else f"{2 * i}.00" for i in range(20)]
    assert [p["big"] for p in pots] == wanted
    assert (done.changed, done.failed) == (17, 2)
    kilns.engine.dispose()
