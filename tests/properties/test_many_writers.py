"""Whoever writes at once, as threads and as processes: afterwards everything is as a computation from the rows says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event
from typing import Any

import pytest
import sqlalchemy as sa

import many_writers
import rollup_app
from databases import every_database
from dougong_platform.database import retrying
from dougong_runtime.errors import Refused
from dougong_runtime.records import dependants
from many_writers import Tally, race
from rollup_app import begun, untrue
from world import World

EFFORT = int(os.environ.get("DOUGONG_TEST_EFFORT", "1"))
THREADS, TURNS = 16, 4 * EFFORT
PROCESSES, THREADS_EACH = 2, 4

pytestmark = every_database


@pytest.fixture
def yard(database_kind: str, tmp_path: Path) -> Iterator[World]:
    """The workshop, empty."""
    world = World.copied(database_kind, tmp_path, "yard", lambda url: World.make(url, rollup_app.yard()))
    yield world
    world.close()


def test_what_many_write_at_once_stays_true(yard: World, tmp_path: Path) -> None:
    known = begun(yard)
    known["slip"] = [yard.make_record("slip", job=known["job"][0])["id"] for _ in range(4)]
    url = yard.engine.url.render_as_string(hide_password=False)
    others = [_process(url, tmp_path, seed, known) for seed in range(1, PROCESSES + 1)]
    tally = race(url, tmp_path, 0, THREADS, TURNS, known)
    for other in others:
        said, wrong = other.communicate(timeout=300 * EFFORT)
        assert other.returncode == 0, wrong
        for name, counts in json.loads(said).items():
            tally[name].update(counts)

    assert untrue(yard) == {}
    slips = rows(yard, "slip")
    numbers_without_gap(slips)
    uniques_hold(yard, slips, tally)
    words_are_kept(slips, tally)
    audit_tells_each_step(yard, tmp_path)
    assert tally["made"].total() > 10


def test_a_unique_that_no_index_holds_makes_the_second_writer_wait(yard: World) -> None:
    known = begun(yard)
    first_has_written = Event()

    def second() -> None:
        first_has_written.wait(10)
        with yard.acting() as records:
            records.create("return", {"job": known["job"][1], "tag": 1})

    with ThreadPoolExecutor(1) as pool:
        with yard.acting() as records:
            later = pool.submit(second)
            records.create("return", {"job": known["job"][0], "tag": 1})
            records.create("return", {"job": known["job"][0], "tag": 2})
            first_has_written.set()
            with pytest.raises(TimeoutError):
                later.result(0.3)
        with pytest.raises(Refused):
            later.result(20)
    assert sorted(r["tag"] for r in rows(yard, "return")) == [1, 2]


def test_two_who_wait_for_each_other_both_come_through(yard: World) -> None:
    """Each changes what the other has locked: the database undoes one, which is done again."""
    first, second = begun(yard)["material"][:2]
    meeting, attempts = Barrier(2), Counter[str]()

    def swap(name: str, one: str, other: str) -> None:
        attempts[name] += 1
        with yard.acting() as records:
            records.update("material", one, {"name": name})
            if yard.engine.dialect.name == "postgresql" and attempts[name] == 1:
                meeting.wait(20)
            records.update("material", other, {"name": name})

    with ThreadPoolExecutor(2) as pool:
        here = pool.submit(retrying, lambda: swap("here", first, second))
        there = pool.submit(retrying, lambda: swap("there", second, first))
        here.result(30)
        there.result(30)
    names = {yard.read("material", id_)["name"] for id_ in (first, second)}
    assert len(names) == 1, "one was written between the other's writes"
    expected = 3 if yard.engine.dialect.name == "postgresql" else 2
    assert attempts.total() == expected


def test_a_figure_that_is_repaired_keeps_what_is_added_meanwhile(yard: World) -> None:
    job = begun(yard)["job"][0]
    with yard.engine.begin() as connection:
        table = yard.running(connection).tables.of("job")
        connection.execute(table.update().where(table.c.id == job).values(net="77.00"))

    def repair() -> None:
        with yard.engine.begin() as connection:
            running = yard.running(connection)
            dependants.recompute(connection, running, {("job", "net")}, yard.clock)

    with ThreadPoolExecutor(1) as pool:
        with yard.acting() as records:
            records.create("return", {"job": job, "price": "4.00"})
            repairing = pool.submit(repair)
            with pytest.raises(TimeoutError):
                repairing.result(0.3)
        repairing.result(20)
    assert yard.read("job", job)["net"] == "-4.00"
    assert untrue(yard) == {}


def _process(url: str, folder: Path, seed: int, known: Mapping[str, Any]) -> subprocess.Popen[str]:
    arguments = [url, str(folder), str(seed), str(THREADS_EACH), str(TURNS), json.dumps(known)]
    return subprocess.Popen(
        [sys.executable, many_writers.__file__, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def rows(world: World, entity: str) -> list[sa.RowMapping]:
    """Every row of an entity's table, the trash too."""
    with world.engine.connect() as connection:
        table = world.running(connection).tables.of(entity)
        return list(connection.execute(sa.select(table)).mappings())


def numbers_without_gap(slips: list[sa.RowMapping]) -> None:
    """Each number once, and none lost by what was refused or undone."""
    assert sorted(s["number"] for s in slips) == [f"S{n:04}" for n in range(1, len(slips) + 1)]


def uniques_hold(world: World, slips: list[sa.RowMapping], tally: Tally) -> None:
    """Of a code there is one slip, made by the one who was told so; of chosen ones one a job, of a tag one return."""
    codes = Counter(s["code"] for s in slips if s["code"])
    assert codes == tally["coded"]
    assert max(codes.values()) == 1
    chosen = Counter(s["job"] for s in slips if s["chosen"])
    assert max(chosen.values(), default=0) <= 1, "two chosen slips of a job"
    living = [r["tag"] for r in rows(world, "return") if r["tag"] is not None and r["deleted_at"] is None]
    assert len(living) == len(set(living)), "two returns of a tag"


def words_are_kept(slips: list[sa.RowMapping], tally: Tally) -> None:
    """Every acknowledged word is there, once: nobody wrote over what they had not seen."""
    assert Counter(f"{s['id']} {word}" for s in slips for word in (s["said"] or "").split()) == tally["said"]
    assert tally["said"]


def audit_tells_each_step(world: World, folder: Path) -> None:
    """The versions of a record follow each other without a gap up to the one it has; each change begins where the last
    one ended; a stage goes only where a way leads."""
    database = many_writers.database_of(world.engine.url.render_as_string(hide_password=False), folder)
    events = many_writers.audited(database)
    database.close()
    versions: dict[str, list[int]] = defaultdict(list)
    stands: dict[str, dict[str, Any]] = {}
    for event in events:
        before, after, facts = (_value(event[n]) or {} for n in ("before", "after", "facts"))
        record = event["record"]
        versions[record].append(facts["version"])
        if event["action"] == "update":
            known = stands[record]
            assert {n: known.get(n) for n in before} == before
            if "stage" in after:
                assert (before.get("stage"), after["stage"]) in {("waiting", "taken"), ("taken", "done")}
        stands[record] = {**stands.get(record, {}), **after}
    for entity in (*rollup_app.ENTITIES, "slip"):
        for row in rows(world, entity):
            told = versions[row["id"]]
            assert told == list(range(1, row["version"] + 1)), (entity, told, row["version"])


def _value(raw: Any) -> Any:
    return json.loads(raw) if isinstance(raw, str) else raw
