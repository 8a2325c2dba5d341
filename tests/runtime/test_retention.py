"""Retired fields and entities are destroyed when their app says so, and not a day earlier; nothing else ever is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from databases import every_database
from dougong_runtime.audit import log
from dougong_runtime.host import Viewer
from dougong_runtime.publish import retention
from dougong_runtime.publish.retention import Retention
from dougong_runtime.records.query import Query
from dougong_runtime.storage.trash import TRASH
from make import app_of
from world import World

pytestmark = every_database

APP = """
kind: app
name: shed
retention: {days: 30}
---
kind: entity
name: tool
title: name
fields:
  - {name: name, type: text, required: true}
GUARDS
"""
FIELDS = """
  - {name: serial, type: text}
  - {name: maker, type: reference, to: maker, inverse: tools}
  - {name: about, type: reference, to: [maker, tool]}
  - {name: likes, type: references, to: maker, inverse: liked}
"""
MAKER = """
---
kind: entity
name: maker
title: name
fields:
  - {name: name, type: text, required: true}
  - {name: since, type: date}
  - {name: rivals, type: references, to: maker}
"""


def before(guards: str = "", maker: str = "") -> str:
    """The version with everything."""
    whole = APP.replace("retention: {days: 30}\n", "") + MAKER + maker
    return whole.replace("GUARDS", FIELDS.strip("\n") + "\n" + guards)


def after(guards: str = "", days: str = "retention: {days: 30}\n") -> str:
    """The version that has retired the makers and what led to them."""
    return APP.replace("retention: {days: 30}\n", days).replace("GUARDS", guards)


@pytest.fixture
def shed(database_kind: str, tmp_path: Path) -> Iterator[World]:
    """Five tools of a maker; nothing is retired yet."""
    made = World.copied(database_kind, tmp_path, "shed", _fill)
    yield made
    made.close()


def _fill(url: str) -> World:
    world = World.make(url, app_of(before()))
    fill(world)
    return world


def fill(world: World) -> None:
    with world.acting() as records:
        maker = records.create("maker", {"name": "Oak & Sons", "since": "1999-05-01"})["id"]
        for i in range(5):
            about = {"entity": "maker", "id": maker}
            values = {"name": f"T{i}", "serial": f"S{i}", "maker": maker, "about": about, "likes": [maker]}
            records.create("tool", values)


def sweep(world: World) -> int:
    """Everything that is due, each step committed; gives the number of steps."""
    work = Retention.of(Viewer.system("retention"), world.clock)
    steps = 0
    while True:
        with world.engine.begin() as connection:
            if not work.step(connection, world.running(connection)):
                return steps
        steps += 1


def trash(world: World) -> list[str]:
    """What lies there."""
    with world.engine.connect() as connection:
        lying = TRASH.c.until.is_(None)
        return sorted(connection.scalars(sa.select(TRASH.c.name).where(lying, TRASH.c.app == "shed")))


def values_left(world: World) -> list[str]:
    """Tables and columns of the trash that still hold anything."""
    found = []
    with world.engine.connect() as connection:
        inspector = sa.inspect(connection)
        for table in inspector.get_table_names():
            if table.startswith("dg_trash_") and count_rows(connection, table, "*"):
                found.append(table)
            for column in inspector.get_columns(table):
                name = column["name"]
                if name.startswith("dg_trash_") and count_rows(connection, table, f'"{name}"'):
                    found.append(f"{table}.{name}")
    return found


def count_rows(connection: sa.Connection, table: str, what: str) -> int:
    return connection.exec_driver_sql(f'SELECT count({what}) FROM "{table}"').scalar() or 0


EVERYTHING = ["about", "likes", "maker", "serial", "shed__maker", "shed__maker__rivals"]


def test_nothing_is_destroyed_before_its_time(shed: World) -> None:
    shed.publish(app_of(after()))
    assert trash(shed) == EVERYTHING
    shed.advance(days=29, hours=23)
    assert sweep(shed) == 0
    assert trash(shed) == EVERYTHING
    shed.publish(app_of(before()))
    assert trash(shed) == []
    assert [t["serial"] for t in tools(shed)] == ["S0", "S1", "S2", "S3", "S4"]


def test_what_is_due_is_destroyed_and_audited(shed: World) -> None:
    shed.publish(app_of(after()))
    shed.advance(days=30, seconds=1)
    assert sweep(shed) > 0
    assert trash(shed) == []
    assert values_left(shed) == []
    with shed.engine.connect() as connection:
        told = log.find(connection, actions=[log.DESTROY])
    assert sorted(e.facts["name"] for e in told if e.facts) == EVERYTHING
    assert {(e.actor_name, e.reason) for e in told} == {("system", "retention")}
    assert sweep(shed) == 0


def test_the_app_goes_on_and_what_is_gone_begins_empty(shed: World) -> None:
    shed.publish(app_of(after()))
    shed.advance(days=31)
    sweep(shed)
    assert [t["name"] for t in tools(shed)] == ["T0", "T1", "T2", "T3", "T4"]
    shed.publish(app_of(before()))
    assert [t["serial"] for t in tools(shed)] == [None] * 5
    fill(shed)
    assert len(tools(shed)) == 10


def tools(world: World) -> list[dict[str, object]]:
    with world.acting() as records:
        return list(records.list(Query("tool", sort=("name",))).items)


def test_without_retention_everything_is_kept(shed: World) -> None:
    shed.publish(app_of(after(days="")))
    shed.advance(days=36_500)
    assert sweep(shed) == 0
    assert trash(shed) == EVERYTHING


def test_records_in_the_trash_are_no_concern_of_it(shed: World) -> None:
    first = tools(shed)[0]["id"]
    with shed.acting() as records:
        records.delete("tool", str(first))
    shed.publish(app_of(after()))
    shed.advance(days=400)
    sweep(shed)
    with shed.acting() as records:
        assert records.restore("tool", str(first))["name"] == "T0"


def test_what_records_must_keep_is_kept(database_url: str) -> None:
    keeping = "append_only: true"
    world = World.make(database_url, app_of(before(keeping, "retain: {years: 5, from: since}")))
    fill(world)
    world.publish(app_of(after(keeping)))
    world.advance(days=31)
    sweep(world)
    kept = ["about", "likes", "maker", "serial", "shed__maker"]
    assert trash(world) == kept, "of what is append-only, and what it refers to"
    assert len(values_left(world)) == 6
    world.engine.dispose()


def test_an_entity_is_kept_while_a_record_of_it_has_to_be(database_url: str) -> None:
    world = World.make(database_url, app_of(before("", "retain: {years: 28, from: since}")))
    fill(world)
    world.publish(app_of(after()))
    world.advance(days=31)
    sweep(world)
    assert trash(world) == ["shed__maker", "shed__maker__rivals"], "until 2027-05-01"
    world.advance(days=400)
    sweep(world)
    assert trash(world) == []
    world.engine.dispose()


def test_values_go_in_batches(shed: World, monkeypatch: pytest.MonkeyPatch) -> None:
    shed.publish(app_of(after()))
    shed.advance(days=31)
    monkeypatch.setattr(retention, "ROWS", 2)
    steps = sweep(shed)
    assert values_left(shed) == []
    assert steps == (6 if shed.engine.dialect.name == "postgresql" else 6 + 3 * 3 + 1)
