"""Straight back over several versions: what an older version held comes back, and what was written since stays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from databases import every_database
from dougong_runtime import publish
from dougong_runtime.records.query import Query
from make import app_of
from world import SYSTEM_VIEWER, World

APP = """
kind: app
name: workshop
version: {number}.0.0
---
kind: entity
name: job
id: job
title: name
fields:
  - {{name: name, id: name, type: text}}
"""
KIND = "  - {{name: kind, id: kind, type: choice, options: [{options}]}}\n"
LOW, HIGH = "{value: low, id: o1}", "{value: high, id: o2}"
VERSIONS = (
    ("price, id: price, type: text", f"{LOW}, {HIGH}"),
    ("price, id: price, type: integer", f"{{value: small, id: o1}}, {HIGH}"),
    ("cost, id: price, type: boolean", HIGH),
    (None, HIGH),
    ("price, id: price, type: text", f"{HIGH}, {{value: late, id: o3}}"),
)


def version(number: int) -> str:
    """The documents of a version: a price retyped, renamed, retired and back; an option renamed, then dropped."""
    price, options = VERSIONS[number - 1]
    text = APP.format(number=number) + KIND.format(options=options)
    return text if price is None else f"{text}  - {{name: {price}}}\n"


@pytest.fixture
def world(database_kind: str, tmp_path: Path) -> Iterator[World]:
    """Five versions."""
    made = World.copied(database_kind, tmp_path, "workshop of five versions", five)
    yield made
    made.close()


def five(url: str) -> World:
    """Jobs made in the first version."""
    world = World.make(url, app_of(version(1)))
    for name, price in (("a", "1"), ("b", "7"), ("c", "面议"), ("d", "02"), ("e", None)):
        world.make_record("job", name=name, price=price, kind="low")
    for number in range(2, 6):
        world.publish(app_of(version(number)))
    return world


def go_to(world: World, number: int, from_rows: int) -> None:
    """Back as a site goes back."""

    def carry_out(connection: sa.Connection, plan: publish.Plan, ready: publish.Prepared) -> int:
        return publish.apply(connection, plan, SYSTEM_VIEWER, "a test", world.clock, prepared=ready)

    publish.publish(
        world.engine,
        lambda connection: publish.plan_rollback(connection, "workshop", number),
        carry_out,
        prepared_from_rows=from_rows,
    )
    world._running.clear()


def jobs(world: World, *fields: str) -> list[tuple[Any, ...]]:
    """All jobs by name."""
    with world.acting() as records:
        items = records.list(Query("job", sort=("name",))).items
    return [tuple(item[f] for f in fields) for item in items]


@every_database
@pytest.mark.parametrize("from_rows", [1, 10**9])
def test_what_nobody_changed_comes_back(world: World, from_rows: int) -> None:
    now = jobs(world, "price", "kind")
    go_to(world, 1, from_rows)
    assert jobs(world, "price", "kind") == [
        ("1", "low"), ("7", "low"), ("面议", "low"), ("02", "low"), (None, "low"),
    ]  # fmt: skip
    go_to(world, 5, from_rows)
    assert jobs(world, "price", "kind") == now
    go_to(world, 2, from_rows)
    assert jobs(world, "price", "kind") == [
        (1, "small"), (7, "small"), (None, "small"), (2, "small"), (None, "small"),
    ]  # fmt: skip


@every_database
def test_what_was_written_since_stays(world: World) -> None:
    with world.acting() as records:
        ids = {item["name"]: item["id"] for item in records.list(Query("job")).items}
        records.update("job", ids["a"], {"price": "12"})
        records.update("job", ids["c"], {"price": "5", "kind": "high"})
        records.update("job", ids["d"], {"name": "f"})
    go_to(world, 1, 10**9)
    assert jobs(world, "name", "price", "kind") == [
        ("a", "12", "low"), ("b", "7", "low"), ("c", "5", "high"), ("e", None, "low"), ("f", "02", "low"),
    ]  # fmt: skip
