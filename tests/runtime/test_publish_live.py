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
