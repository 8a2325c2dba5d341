"""A write that is stopped at its n-th statement, for each n, leaves the record as it was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from databases import every_database
from make import app
from world import World

pytestmark = every_database


class Stopped(Exception):
    """The process ends here."""


@pytest.fixture
def world(database_kind: str, tmp_path: Path) -> Iterator[World]:
    """A clinic with a doctor."""
    made = World.copied(database_kind, tmp_path, "clinic with a doctor", _with_a_doctor)
    yield made
    made.close()


def _with_a_doctor(database_url: str) -> World:
    world = World.make(database_url, app("clinic"))
    world.person("dr_an", "doctor", "head", team="ward")
    return world


def state(world: World) -> dict[str, list[Any]]:
    """Everything in the app's tables, the audit and the counters."""
    with world.engine.connect() as connection:
        names = [
            n
            for n in sa.inspect(connection).get_table_names()
            if n.startswith(("clinic__", "dg_")) and "fts" not in n
        ]
        return {
            n: sorted(map(repr, connection.execute(sa.text(f'SELECT * FROM "{n}"')).all())) for n in names
        }


def write(world: World, patient: str, medicine: str) -> None:
    """A write that touches two tables, links, roll-ups of two levels, numbers and audit."""
    with world.acting("dr_an") as records:
        records.update("patient", patient, {"mail": "new@example.com", "allergies": []})
        visit = records.create("visit", {"patient": patient, "fee": "30.00"})
        records.create("prescription", {"visit": visit["id"], "medicine": medicine, "quantity": 2})


def test_a_write_is_whole_or_not_at_all(world: World) -> None:
    allergy = world.make_record("allergy", name="花粉", severity="mild")
    owner = world.people["dr_an"].user
    patient = world.make_record("patient", name="甲", owner=owner, allergies=[allergy["id"]])
    medicine = world.make_record("medicine", name="药", code="M", price="2.50")
    before = state(world)

    count = 0
    stop_at: int | None = None

    @sa.event.listens_for(world.engine, "before_cursor_execute")
    def counting(conn: Any, cursor: Any, statement: str, *_: Any) -> None:
        nonlocal count
        count += 1
        if stop_at is not None and count == stop_at:
            raise Stopped

    stopped = 0
    for n in range(1, 200):
        count, stop_at = 0, n
        try:
            write(world, patient["id"], medicine["id"])
        except Stopped:
            stopped += 1
            stop_at = None
            assert state(world) == before, f"stopped at statement {n}"
        else:
            break
    stop_at = None
    assert stopped >= 15
    assert world.read("patient", patient)["spent"] == "35.00"
