"""Stored formulas stay true whoever writes at once: after a race they equal a computation from the rows."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from databases import every_database
from dougong_platform.database import retrying
from dougong_runtime.records import dependants
from dougong_runtime.records.door import Records
from dougong_runtime.records.query import Query
from make import app
from world import SYSTEM_VIEWER, World

THREADS, WRITES = 8, 25


@every_database
def test_roll_ups_equal_their_rows_after_a_race(database_url: str) -> None:
    world = World.make(database_url, app("clinic"))
    patients = [world.make_record("patient", name=f"P{i}")["id"] for i in range(3)]
    medicines = [
        world.make_record("medicine", name=f"M{i}", code=f"M{i}", price="1.25")["id"] for i in range(2)
    ]
    with world.engine.connect() as connection:
        world.running(connection)

    def write(turn: float, mine: list[tuple[str, str]]) -> list[tuple[str, str]]:
        with world.acting() as records:
            return step(random.Random(turn), records, patients, medicines, mine)

    def work(seed: int) -> int:
        draw = random.Random(seed)
        mine: list[tuple[str, str]] = []
        for _ in range(WRITES):
            mine += retrying(partial(write, draw.random(), mine))
        return len(mine)

    with ThreadPoolExecutor(THREADS) as pool:
        assert sum(pool.map(work, range(THREADS))) > 0

    kept = figures(world)
    with world.engine.begin() as connection:
        changed = dependants.recompute(
            connection,
            world.running(connection),
            {(s.entity, f) for s in world.running(connection).graph.steps for f in s.fields},
            world.clock,
        )
    assert changed == [], "recomputing changes nothing"
    assert figures(world) == kept
    numbers = [v["code"] for v in everything(world, "visit")]
    assert len(numbers) == len(set(numbers)), "no number was given twice"


def step(
    draw: random.Random,
    records: Records,
    patients: list[str],
    medicines: list[str],
    mine: list[tuple[str, str]],
) -> list[tuple[str, str]]:
    """One write of several kinds, on what this thread has made; gives what it adds to that."""
    what = draw.random()
    if what < 0.5 or not mine:
        visit = records.create(
            "visit", {"patient": draw.choice(patients), "fee": f"{draw.randint(1, 99)}.10"}
        )
        made = records.create(
            "prescription",
            {"visit": visit["id"], "medicine": draw.choice(medicines), "quantity": draw.randint(1, 9)},
        )
        return [(visit["id"], made["id"])]
    visit_id, prescription_id = draw.choice(mine)
    if what < 0.7:
        records.update("visit", visit_id, {"patient": draw.choice(patients)})
    elif what < 0.85:
        records.update("prescription", prescription_id, {"quantity": draw.randint(1, 9)})
    else:
        records.update("medicine", draw.choice(medicines), {"price": f"{draw.randint(1, 9)}.05"})
    return []


def everything(world: World, entity: str) -> list[dict[str, Any]]:
    """All records of an entity."""
    with world.engine.begin() as connection:
        records = Records(world.running(connection), connection, SYSTEM_VIEWER, world.clock)
        return records.list(Query(entity, limit=1000, sort=("created_at",))).items


def figures(world: World) -> list[tuple[Any, ...]]:
    """The stored roll-ups of all patients and medicines."""
    found: list[tuple[Any, ...]] = [
        (p["id"], p["spent"], p["visit_count"], p["open_visits"], p["last_visit_at"])
        for p in everything(world, "patient")
    ]
    found += [(m["id"], m["sold"]) for m in everything(world, "medicine")]
    return sorted(found)
