"""A publication that is stopped at its n-th statement, for each n: the old version runs or the new one, never between."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from changing import SECOND, courses, everything, school, shape
from databases import every_database
from dougong_platform.database import retrying
from dougong_runtime import publish
from dougong_runtime.documents import versions
from dougong_runtime.errors import Refused
from dougong_runtime.storage.dialects import make_engine
from make import app_of
from world import SYSTEM_VIEWER, World

EFFORT = int(os.environ.get("DOUGONG_TEST_EFFORT", "1"))
STOPS = 6
"""The default run stops at so many statements, far and near; with effort, at each."""


class Killed(BaseException):
    """The process ends here. Nothing may catch it, and nothing is done after it."""


@pytest.fixture
def world(database_kind: str, tmp_path: Path) -> Iterator[World]:
    """A school in its first version."""
    made = World.copied(database_kind, tmp_path, "changing school", school)
    yield made
    made.close()


class Process:
    """One that publishes, over connections of its own, and dies at a statement: they break, and it says no more."""

    def __init__(self, world: World, dies_at: int) -> None:
        self.world, self.dies_at, self.count, self.dead = world, dies_at, 0, False
        self.engine = make_engine(world.engine.url.render_as_string(hide_password=False))
        sa.event.listen(self.engine, "before_cursor_execute", self._before)
        sa.event.listen(self.engine, "commit", lambda connection: self._before(connection))

    def _before(self, connection: sa.Connection, *_: Any) -> None:
        self.count += 1
        if self.count >= self.dies_at:
            self.dead = True
            # As the database sees it: the other end is gone.
            connection.connection.dbapi_connection.close()
            raise Killed

    def publish(self, text: str) -> bool:
        """Whether it lived to its end."""

        def carry_out(connection: sa.Connection, plan: publish.Plan, ready: publish.Prepared) -> int:
            clock = self.world.clock
            return publish.apply(connection, plan, SYSTEM_VIEWER, "a test", clock, prepared=ready)

        try:
            publish.publish(
                self.engine,
                lambda connection: publish.plan_publish(connection, app_of(text)),
                carry_out,
                prepared_from_rows=1,
            )
        except (Killed, sa.exc.SQLAlchemyError):
            if not self.dead:
                raise
        finally:
            self.dies_at = 1_000_000
            self.engine.dispose()
        return not self.dead


def state(world: World) -> tuple[int | None, dict[str, Any]]:
    """The running version and all that it shows."""
    world._running.clear()
    with world.engine.connect() as connection:
        number = versions.running_number(connection, world.app_name)
    return number, everything(world)


@every_database
def test_a_publication_is_whole_or_not_at_all(world: World, database_kind: str, tmp_path: Path) -> None:
    number, before = state(world)
    whole = World.copied(database_kind, tmp_path, "changing school", school)
    living = Process(whole, 1_000_000)
    assert living.publish(SECOND)
    new_number, after = state(whole)
    tables = shape(whole)
    whole.close()
    assert living.count > STOPS
    places = range(1, living.count + 1)
    for n in places if EFFORT > 1 else places[:: living.count // STOPS + 1]:
        assert not Process(world, n).publish(SECOND)
        assert state(world) == (number, before), f"stopped at statement {n}"
    assert Process(world, 1_000_000).publish(SECOND)
    assert state(world) == (new_number, after)
    assert shape(world) == tables


@every_database
def test_work_goes_on_where_a_publication_was_stopped(world: World) -> None:
    for n in (60, 120, 180):
        assert not Process(world, n).publish(SECOND)
        course = world.make_record("course", name=f"新课 {n}", code=f"n{n:03}", fee="3", seats=4)
        with world.acting() as records:
            records.update("course", course["id"], {"fee": "4"})
    assert Process(world, 1_000_000).publish(SECOND)
    world._running.clear()
    assert courses(world, "class", "name", "fee", "twice")[-3:] == [
        ("新课 60", "4.00", 8),
        ("新课 120", "4.00", 8),
        ("新课 180", "4.00", 8),
    ]
    assert not publish.clear_leftovers(world.engine)


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_what_a_killed_publication_left_is_cleared_away(world: World) -> None:
    tables = shape(world)
    assert not Process(world, last_statement_before(world, 'LOCK TABLE "dg_app"')).publish(SECOND)
    assert shape(world) != tables
    assert publish.clear_leftovers(world.engine)
    assert shape(world) == tables
    assert not publish.clear_leftovers(world.engine)


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_a_unique_that_was_never_published_refuses_nobody(world: World) -> None:
    assert not Process(world, last_statement_before(world, 'LOCK TABLE "dg_app"')).publish(SECOND)
    made = retrying(lambda: world.make_record("course", name="又一门", code="c0"))
    assert world.read("course", made)["code"] == "c0"
    with pytest.raises(Refused):
        Process(world, 1_000_000).publish(SECOND)
    assert not publish.clear_leftovers(world.engine)


def last_statement_before(world: World, beginning: str) -> int:
    """The number of the first statement of a publication that begins so, counted without carrying it out."""
    process = Process(world, 1_000_000)
    found: list[int] = []

    def look(connection: sa.Connection, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith(beginning) and not found:
            found.append(process.count)
            process.dies_at = 1

    sa.event.listen(process.engine, "before_cursor_execute", look)
    process.publish(SECOND)
    return found[0]
