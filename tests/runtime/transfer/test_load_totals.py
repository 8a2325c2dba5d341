"""What follows for parents from imported rows: the figures that one row after the other would give, and their guards."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from databases import every_database
from dougong_runtime.records.query import Query
from dougong_runtime.records.waiting import waiting_for
from dougong_runtime.transfer import load as loading
from dougong_runtime.transfer.load import LoadAnswer, load
from make import app_of
from rollup_app import untrue
from world import World

pytestmark = every_database

LIBRARY = """
kind: app
name: branches
---
kind: entity
name: town
title: name
fields:
  - {name: name, type: text, required: true, unique: true}
  - {name: loans, type: formula, formula: SUM(branches.loans), result: integer}
  - {name: latest, type: formula, formula: MAX(branches.latest), result: date}
---
kind: entity
name: branch
title: name
fields:
  - {name: name, type: text, required: true, unique: true}
  - {name: town, type: reference, to: town, inverse: branches}
  - {name: seats, type: integer}
  - {name: loans, type: formula, formula: COUNT(lent), result: integer}
  - {name: fees, type: formula, formula: "SUM(lent.fee, late)", result: decimal, precision: 8, scale: 2}
  - {name: average, type: formula, formula: AVG(lent.fee), result: decimal, scale: 4}
  - {name: latest, type: formula, formula: MAX(lent.day), result: date}
  - {name: readers, type: formula, formula: COUNT(visits), result: integer}
---
kind: entity
name: loan
title: name
fields:
  - {name: name, type: text, required: true}
  - {name: branch, type: reference, to: branch, inverse: lent}
  - {name: fee, type: decimal, precision: 8, scale: 2}
  - {name: late, type: boolean}
  - {name: day, type: date}
  - {name: twice, type: formula, formula: fee * 2, result: decimal, scale: 2}
  - {name: part, type: formula, formula: "fee / (branch.fees + 1000000)", result: decimal, scale: 6}
rules:
  - {name: named, check: "name <> 'none'", message: {zh: 没有名称, en: It has no name}}
---
kind: entity
name: visit
title: name
fields:
  - {name: name, type: text, required: true}
  - {name: branch, type: reference, to: branch, inverse: visits, required: true}
rules:
  - {name: seats, check: "branch.readers <= branch.seats", message: {zh: 坐满了, en: It is full}}
"""


@pytest.fixture
def branches(database_kind: str, tmp_path: Path) -> Iterator[World]:
    """Three branches of two towns, empty."""
    world = World.copied(database_kind, tmp_path, "branches", _branches)
    yield world
    world.close()


def _branches(url: str) -> World:
    world = World.make(url, app_of(LIBRARY))
    towns = [world.make_record("town", name=f"T{i}")["id"] for i in range(2)]
    for i in range(3):
        world.make_record("branch", name=f"B{i}", town=towns[i // 2], seats=2)
    return world


def take_in(world: World, text: str, entity: str = "loan", **options: Any) -> LoadAnswer:
    with world.acting() as records:
        return load(records, entity, text.encode(), **options)


def figures(world: World) -> dict[str, tuple[Any, ...]]:
    names = ("loans", "fees", "average", "latest", "readers")
    with world.acting() as records:
        items = records.list(Query("branch", fields=("name", *names))).items
    return {i["name"]: tuple(i[n] for n in names) for i in items}


def lines(draw: random.Random, count: int) -> Iterator[str]:
    for i in range(count):
        fee = "" if draw.random() < 0.1 else f"{draw.randint(-20, 90)}.{draw.randint(0, 99):02}"
        branch = draw.choice(["B0", "B1", "B2", ""])
        yield f"L{i},{branch},{fee},{draw.choice(['yes', 'no', ''])},2026-0{draw.randint(1, 9)}-1{i % 10}\n"


HEADER = "name,branch,fee,late,day\n"


@pytest.mark.parametrize("settle", [1, 7, 50_000])
def test_figures_are_those_of_the_rows(branches: World, monkeypatch: pytest.MonkeyPatch, settle: int) -> None:
    monkeypatch.setattr(loading, "CHUNK", 3)
    monkeypatch.setattr(loading, "SETTLE", settle)
    draw = random.Random(settle)
    rows = list(lines(draw, 40))
    bad = [*rows[:5], "worse,B0,x,,\n", *rows[5:9], ",B1,1,,\n", *rows[9:], "none,B2,4,yes,\n"]
    answer = take_in(branches, HEADER + "".join(bad), keep_good=True)
    assert (answer.created, answer.rejected) == (40, 3)
    assert untrue(branches) == {}
    there = figures(branches)
    assert sum(loans for loans, *_ in there.values()) == sum(",B" in row for row in rows)
    with branches.acting() as records:
        items = records.list(Query("loan", fields=("id",), limit=100)).items
        for item in items:
            records.delete("loan", item["id"])
        for one in rows:
            load(records, "loan", (HEADER + one).encode())
    assert figures(branches) == there


def test_a_parent_is_written_once_an_import(branches: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "CHUNK", 4)
    heard: list[str] = []
    sa.event.listen(branches.engine, "before_cursor_execute", lambda c, cur, text, *_: heard.append(text))
    take_in(branches, HEADER + "".join(lines(random.Random(1), 60)))
    moved = [t for t in heard if "UPDATE branches__branch" in t and "readers" not in t]
    assert 1 <= len(moved) <= 3, "one statement moves, one computes"
    assert untrue(branches) == {}


def test_nothing_is_kept_of_what_is_undone(branches: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "CHUNK", 2)
    before = figures(branches)
    rows = "".join(lines(random.Random(2), 10))
    assert take_in(branches, HEADER + rows, dry_run=True).created == 10
    assert not take_in(branches, HEADER + rows + "x,B9,1,,\n").saved
    assert figures(branches) == before
    assert untrue(branches) == {}


def test_a_rule_that_reads_the_figure_meanwhile_finds_it_true(
    branches: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "CHUNK", 2)
    rows = "".join(f"V{i},B{i % 2}\n" for i in range(7))
    answer = take_in(branches, "name,branch\n" + rows, "visit", keep_good=True)
    assert [(cell.line, cell.reason.en) for cell in answer.bad] == [(n, "It is full") for n in (6, 7, 8)]
    assert [figures(branches)[b][-1] for b in ("B0", "B1", "B2")] == [2, 2, 0]
    assert untrue(branches) == {}


def test_the_row_is_named_by_which_a_figure_grows_too_large(
    branches: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "CHUNK", 2)
    rows = [f"L{i},B0,400000,yes,\n" for i in range(4)]
    answer = take_in(branches, HEADER + "".join(rows), keep_good=True)
    assert (answer.created, [cell.line for cell in answer.bad]) == (2, [4, 5])
    assert figures(branches)["B0"][:2] == (2, "800000.00")
    assert untrue(branches) == {}


def test_no_other_write_comes_between_the_additions(branches: World) -> None:
    other = branches.make_record("loan", name="other")["id"]
    with branches.acting() as records:
        first = records.list(Query("branch", fields=("name",))).items[0]["id"]

        def writes() -> Iterator[Callable[[], object]]:
            yield lambda: records.create("loan", {"name": "one", "branch": first})
            yield lambda: records.update("branch", first, {"seats": 9})
            yield lambda: records.load_many("visit", [{"name": "v", "branch": first}])
            yield lambda: records.delete("loan", other)

        with records.adding("loan"):
            records.load_many("loan", [{"name": "L", "branch": first}])
            for write in writes():
                point = records.connection.begin_nested()
                with pytest.raises(RuntimeError, match="only records of loan are added here"):
                    write()
                point.rollback()
        for write in writes():
            write()
    assert untrue(branches) == {}


def test_what_is_read_meanwhile_does_not_wait(branches: World) -> None:
    with branches.acting() as records:
        scene, steps = records._scene, records.running.graph.steps

        def waits(entity: str) -> set[tuple[str, str]]:
            return {(steps[n].entity, f) for n in waiting_for(scene, entity).steps for f in steps[n].fields}

        assert {("branch", "fees"), ("town", "loans")} <= waits("loan")
        assert ("branch", "readers") not in waits("visit")
        assert ("loan", "twice") not in waits("loan")
