"""Publishing while people work: what is prepared beforehand, what is written meanwhile, and what is left behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from changing import FIRST, SECOND, courses, everything, school, shape
from databases import every_database
from dougong_runtime import publish
from dougong_runtime.errors import Refused
from dougong_runtime.records import dependants
from dougong_runtime.records.query import Query
from dougong_runtime.storage.prepared import leftovers
from make import app_of
from world import SYSTEM_VIEWER, World

only_postgresql = pytest.mark.parametrize("database_kind", ["postgresql"])


@pytest.fixture
def world(database_kind: str, tmp_path: Path) -> Iterator[World]:
    """A school in its first version."""
    made = World.copied(database_kind, tmp_path, "changing school", school)
    yield made
    made.close()


def publish_live(world: World, text: str, **options: Any) -> int:
    """Publish as a site does, everything prepared that can be."""

    def carry_out(connection: sa.Connection, plan: publish.Plan, ready: publish.Prepared) -> int:
        return publish.apply(connection, plan, SYSTEM_VIEWER, "a test", world.clock, prepared=ready)

    _, number = publish.publish(
        world.engine,
        lambda connection: publish.plan_publish(connection, app_of(text)),
        carry_out,
        **{"prepared_from_rows": 1, **options},
    )
    world._running.clear()
    return number


SEEN_AFTERWARDS = [
    ("木工", "12.50", "0.2500", None, "beginner", None, "planned", "3.00", None),
    ("陶艺", None, "1.2500", 1, "mid", None, "planned", "5.00", 2),
    ("绣花", "8.00", "2.2500", 2, "high", None, "planned", "7.00", 4),
]
FIELDS = ("name", "fee", "cost", "places", "level", "room", "state", "paid", "twice")


@every_database
def test_it_makes_what_one_transaction_would_make(world: World, database_kind: str, tmp_path: Path) -> None:
    publish_live(world, SECOND)
    assert courses(world, "class", *FIELDS) == SEEN_AFTERWARDS
    other = World.copied(database_kind, tmp_path, "changing school", school)
    other.publish(app_of(SECOND))
    assert everything(world) == everything(other)
    assert shape(world) == shape(other)
    other.close()


@every_database
def test_the_way_back_gives_the_same_records(world: World) -> None:
    before, tables = everything(world), shape(world)
    publish_live(world, SECOND)
    publish_live(world, FIRST)
    assert everything(world) == before
    assert shape(world) == tables


WITH_FORMULAS = FIRST.replace(
    "  - {name: seats, type: integer}\n",
    """  - {name: seats, type: integer}
  - {name: takings, type: formula, formula: "seats * price", result: decimal, scale: 2}
  - {name: share, type: formula, formula: "takings / 4", result: decimal, scale: 2}
  - {name: told, type: formula, formula: "IF(takings > 100, name & '!', name)", result: text}
  - {name: with_lessons, type: formula, formula: "takings + paid", result: decimal, scale: 2}
""",
)


@only_postgresql
def test_formulas_of_a_records_own_columns_are_there_before_anybody_waits(world: World) -> None:
    """Also those of records that are written and made while they are computed."""
    written: list[str] = []

    def meanwhile(stage: str, done: int, _total: int | None) -> None:
        if (stage, done) == ("prepare", 0) and not written:
            with world.acting() as records:
                one = records.list(Query("course", sort=("name",), limit=1)).items[0]
                records.update("course", one["id"], {"seats": 41, "price": "3.00"})
                written.append(one["id"])
                written.append(records.create("course", {"name": "新", "seats": 7, "price": "2.50"})["id"])

    ready: list[publish.Prepared] = []

    def carry_out(connection: sa.Connection, plan: publish.Plan, made: publish.Prepared) -> int:
        ready.append(made)
        return publish.apply(connection, plan, SYSTEM_VIEWER, "a test", world.clock, prepared=made)

    publish.publish(
        world.engine,
        lambda connection: publish.plan_publish(connection, app_of(WITH_FORMULAS)),
        carry_out,
        prepared_from_rows=1,
        progress=meanwhile,
    )
    world._running.clear()
    assert ready[0].computed == {("course", n) for n in ("takings", "share", "told", "with_lessons")}
    with world.acting() as records:
        changed, made = (records.get("course", id) for id in written)
    assert (changed["takings"], changed["share"], changed["told"][-1]) == ("123.00", "30.75", "!")
    assert (made["takings"], made["told"]) == ("17.50", "新")
    found = everything(world)
    with world.engine.begin() as connection:
        dependants.recompute_all(connection, world.running(connection), world.clock)
    assert everything(world) == found, "a recomputation finds nothing to change"


@only_postgresql
def test_a_result_too_large_is_refused_and_nothing_is_left(world: World) -> None:
    before = everything(world)
    too_large = FIRST.replace(
        "  - {name: seats, type: integer}\n",
        "  - {name: seats, type: integer}\n"
        '  - {name: huge, type: formula, formula: "seats * 100000000000000000", result: decimal, precision: 18, scale: 2}\n',
    )
    with pytest.raises(Refused) as found:
        publish_live(world, too_large)
    assert found.value.problems[0].type.name == "formula-overflow"
    with world.engine.connect() as connection:
        assert not leftovers(connection)
    assert everything(world) == before
