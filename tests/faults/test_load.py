"""An import that is stopped at any of its statements leaves nothing behind, and can be run again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from databases import every_database
from dougong_runtime.audit import log
from dougong_runtime.records.query import Query
from dougong_runtime.transfer.load import load
from make import app_of
from world import World

WORKSHOP = """
kind: app
name: workshop
version: 1.0.0
---
kind: entity
name: tool
title: name
fields:
  - {name: name, type: text, required: true}
  - {name: number, type: text, unique: true}
  - {name: kept_with, type: reference, to: tool, inverse: keeps}
  - {name: price, type: decimal, precision: 12, scale: 2}
  - {name: worth, type: formula, formula: SUM(keeps.price), result: decimal, scale: 2}
"""
FILE = b"name,number,price,kept_with\nplane,1,20,chest\nsaw,2,15,chest\nchest,3,100,\na,4,1,b\nb,5,1,a\n"


class Stopped(Exception):
    """The process ends here."""


@contextmanager
def stopping(engine: sa.Engine, at: int | None) -> Iterator[list[int]]:
    """Stop at the statement of that number, counted from 0; the list counts them."""
    count = [0]

    def before(*_: Any) -> None:
        count[0] += 1
        if at is not None and count[0] > at:
            raise Stopped

    sa.event.listen(engine, "before_cursor_execute", before)
    try:
        yield count
    finally:
        sa.event.remove(engine, "before_cursor_execute", before)


def take_in(world: World, at: int | None) -> int:
    """Run the import, stopped at a statement; gives how many statements it took."""
    with world.engine.begin() as connection:
        world.running(connection)
    with stopping(world.engine, at) as count, world.acting() as records:
        assert load(records, "tool", FILE).ok
    return count[0]


def kept(world: World) -> tuple[list[str], int]:
    with world.acting() as records:
        tools = [item["name"] for item in records.list(Query("tool", sort=("name",))).items]
    with world.engine.connect() as connection:
        return tools, len(log.find(connection, entity="tool", limit=1000))


@every_database
def test_an_import_stopped_at_any_statement_leaves_nothing(database_url: str) -> None:
    world = World.make(database_url, app_of(WORKSHOP))
    with pytest.raises(Stopped):
        take_in(world, 0)
    at = 1
    while True:
        try:
            take_in(world, at)
        except Stopped:
            assert kept(world) == ([], 0), at
            at += 1
        else:
            break
    assert at > 15
    assert kept(world)[0] == ["a", "b", "chest", "plane", "saw"]
    with world.acting() as records:
        [chest] = records.list(Query("tool", filter="name = 'chest'")).items
    assert chest["worth"] == "35.00"
