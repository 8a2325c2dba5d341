"""A workshop with roll-ups of every kind, and random writes to it: what the tests of stored figures have in common."""

from __future__ import annotations

import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from dougong_runtime.errors import Refused
from dougong_runtime.model.app import App
from dougong_runtime.records import dependants
from dougong_runtime.records.door import Records
from dougong_runtime.records.running import Running
from make import app_of
from world import World

TEXT = """
kind: app
name: yard
---
kind: settings
name: rates
values:
  - {code: dear_from, type: decimal, scale: 2, value: 40}
---
kind: entity
name: site
title: name
fields:
  - {name: name, type: text, required: true}
  - {name: above, type: reference, to: site, inverse: below, on_delete: clear}
  - {name: own_cost, type: decimal, scale: 2}
  - {name: below_count, type: formula, formula: COUNT(below), result: integer}
  - {name: below_cost, type: formula, formula: SUM(below.own_cost), result: decimal, scale: 2}
  - {name: job_total, type: formula, formula: SUM(jobs.total), result: decimal, scale: 2}
  - {name: job_count, type: formula, formula: "COUNT(jobs, state = 'open')", result: integer}
  - {name: owed, type: formula, formula: "SUM(jobs.left_over, left_over < 0)", result: decimal, scale: 2}
  - {name: part_total, type: formula, formula: SUM(jobs.parts.value), result: decimal, scale: 2}
---
kind: entity
name: job
title: name
fields:
  - {name: name, type: text, required: true}
  - {name: site, type: reference, to: site, inverse: jobs, on_delete: cascade}
  - {name: state, type: choice, default: "'open'", options: [{value: open}, {value: closed}]}
  - {name: budget, type: decimal, scale: 2, default: "100"}
  - {name: total, type: formula, formula: SUM(parts.value), result: decimal, scale: 2}
  - {name: wide_total, type: formula, formula: SUM(parts.value), result: decimal, precision: 30, scale: 4}
  - {name: fitted_total, type: formula, formula: "SUM(parts.value, fitted AND NOT kind = 'c')", result: decimal, scale: 2}
  - {name: part_count, type: formula, formula: COUNT(parts), result: integer}
  - {name: priced_count, type: formula, formula: "COUNT(parts.price, kind IN ('a', NULL))", result: integer}
  - {name: spare_count, type: formula, formula: COUNT(spares), result: integer}
  - {name: net, type: formula, formula: SUM(parts.value) - SUM(returns.amount), result: decimal, scale: 2}
  - {name: dear_total, type: formula, formula: "SUM(parts.price, price >= SETTING('dear_from'))", result: decimal, scale: 2}
  - {name: rough_total, type: formula, formula: "SUM(parts.fine)", result: decimal, scale: 1}
  - {name: average, type: formula, formula: AVG(parts.value), result: decimal, scale: 4}
  - {name: dearest, type: formula, formula: MAX(parts.price), result: decimal, scale: 2}
  - {name: left_over, type: formula, formula: budget - total, result: decimal, scale: 2}
---
kind: entity
name: material
title: name
fields:
  - {name: name, type: text, required: true}
  - {name: price, type: decimal, scale: 2}
  - {name: used, type: formula, formula: SUM(parts.quantity), result: integer}
---
kind: entity
name: part
title: name
fields:
  - {name: name, type: text}
  - {name: job, type: reference, to: job, inverse: parts, on_delete: cascade}
  - {name: spare_of, type: reference, to: job, inverse: spares, on_delete: clear}
  - {name: material, type: reference, to: material, inverse: parts}
  - {name: kind, type: choice, options: [{value: a}, {value: b}, {value: c}]}
  - {name: fitted, type: boolean}
  - {name: quantity, type: integer, default: 1}
  - {name: price, type: decimal, scale: 2}
  - {name: fine, type: decimal, scale: 4}
  - {name: value, type: formula, formula: quantity * material.price, result: decimal, scale: 2}
---
kind: entity
name: return
title: name
fields:
  - {name: name, type: text}
  - {name: job, type: reference, to: job, inverse: returns, on_delete: cascade, required: true}
  - {name: quantity, type: integer, default: 1}
  - {name: price, type: decimal, scale: 2}
  - {name: amount, type: formula, formula: quantity * price, result: decimal, scale: 2}
  - {name: tag, type: integer}
unique:
  - {name: one_of_a_tag, fields: [tag], when: "job.name <> 'none'"}
---
kind: entity
name: slip
title: number
fields:
  - {name: number, type: autonumber, pattern: "S{0000}"}
  - {name: job, type: reference, to: job, inverse: slips, required: true}
  - {name: code, type: text, unique: true}
  - {name: chosen, type: boolean, default: false}
  - {name: said, type: long_text}
  - name: stage
    type: stage
    stages: [{value: waiting}, {value: taken}, {value: done}]
    transitions: [{from: waiting, to: taken}, {from: taken, to: done}]
unique:
  - {name: one_chosen, fields: [job], when: chosen}
"""


def yard() -> App:
    """The workshop."""
    return app_of(TEXT)


ENTITIES = ("site", "job", "material", "part", "return")

Known = dict[str, list[str]]
"""Entity → ids that were made, some of them in the trash by now."""


def begun(world: World) -> Known:
    """A few sites, jobs and materials to begin with."""
    sites = [world.make_record("site", name=f"S{i}", own_cost=f"{i}.50")["id"] for i in range(3)]
    return {
        "site": sites,
        "job": [world.make_record("job", name=f"J{i}", site=sites[i % 2])["id"] for i in range(4)],
        "material": [world.make_record("material", name=f"M{i}", price=f"{i}.25")["id"] for i in range(3)],
        "part": [],
        "return": [],
    }


def money(draw: random.Random) -> str | None:
    """An amount, negative at times, or none."""
    return None if draw.random() < 0.15 else f"{draw.randint(-20, 90)}.{draw.randint(0, 99):02}"


def values_of(draw: random.Random, entity: str, known: Known) -> dict[str, Any]:
    """Random values for all of an entity's own fields."""

    def one(of: str, absent: float = 0.15) -> str | None:
        return None if draw.random() < absent or not known[of] else draw.choice(known[of])

    match entity:
        case "site":
            return {"name": "S", "above": one("site", 0.5), "own_cost": money(draw)}
        case "job":
            state = draw.choice(["open", "closed"])
            return {"name": "J", "site": one("site"), "state": state, "budget": money(draw)}
        case "material":
            return {"name": "M", "price": money(draw)}
        case "part":
            return {
                "job": one("job"),
                "spare_of": one("job", 0.6),
                "material": one("material"),
                "kind": draw.choice(["a", "b", "c", None]),
                "fitted": draw.choice([True, False, None]),
                "quantity": draw.choice([None, *range(1, 9)]),
                "price": money(draw),
                "fine": f"{draw.randint(0, 9)}.{draw.randint(0, 9999):04}",
            }
    tag = draw.randrange(20) if draw.random() < 0.3 else None
    return {"job": one("job", 0), "quantity": draw.randint(1, 9), "price": money(draw), "tag": tag}


def write(draw: random.Random, records: Records, known: Known) -> None:
    """One random write, through one of the ways there are; what it makes is added to `known`."""
    ways: list[tuple[Callable[[random.Random, Records, Known], None], int]] = [
        (_create, 6),
        (_create_many, 2),
        (_load, 1),
        (_update, 8),
        (_update_many, 2),
        (_delete, 3),
        (_restore, 3),
        (_change_setting, 1),
    ]
    way = draw.choices([w for w, _ in ways], [n for _, n in ways])[0]
    way(draw, records, known)


def _entity(draw: random.Random) -> str:
    return draw.choices(ENTITIES, [1, 3, 2, 8, 3])[0]


def _create(draw: random.Random, records: Records, known: Known) -> None:
    entity = _entity(draw)
    known[entity].append(records.create(entity, values_of(draw, entity, known))["id"])


def _create_many(draw: random.Random, records: Records, known: Known) -> None:
    entity = _entity(draw)
    rows = [values_of(draw, entity, known) for _ in range(draw.randint(2, 6))]
    known[entity].extend(made["id"] for made in records.create_many(entity, rows))


def _load(draw: random.Random, records: Records, known: Known) -> None:
    """Jobs with their parts, what follows from both put off to the end."""
    with records.deferring():
        records.load_many("job", [{"name": f"L{i}", "site": draw.choice(known["site"])} for i in range(2)])
        rows = []
        for _ in range(draw.randint(1, 30)):
            values = values_of(draw, "part", known)
            rows.append(
                {n: Decimal(v) if n in ("price", "fine") and v is not None else v for n, v in values.items()}
            )
        records.load_many("part", rows)


def _update(draw: random.Random, records: Records, known: Known) -> None:
    entity = _entity(draw)
    if known[entity]:
        records.update(entity, draw.choice(known[entity]), _some(draw, values_of(draw, entity, known)))


def _update_many(draw: random.Random, records: Records, known: Known) -> None:
    entity = _entity(draw)
    ids = draw.sample(known[entity], min(len(known[entity]), draw.randint(1, 5)))
    records.update_many(entity, [(i, _some(draw, values_of(draw, entity, known))) for i in ids])


def _some(draw: random.Random, values: dict[str, Any]) -> dict[str, Any]:
    return {n: v for n, v in values.items() if draw.random() < 0.5}


def _delete(draw: random.Random, records: Records, known: Known) -> None:
    entity = _entity(draw)
    if known[entity]:
        records.delete(entity, draw.choice(known[entity]))


def _restore(draw: random.Random, records: Records, known: Known) -> None:
    entity = draw.choice(ENTITIES)
    if known[entity]:
        records.restore(entity, draw.choice(known[entity]))


def _change_setting(draw: random.Random, records: Records, known: Known) -> None:
    records.change_settings({"dear_from": f"{draw.randint(10, 60)}.00"})


def attempt(world: World, draw: random.Random, known: Known, writes: int = 1) -> int:
    """Some random writes in one transaction, each undone by itself where it is refused; gives how many were done."""
    done = 0
    with world.acting() as records:
        for _ in range(writes):
            tried = {entity: list(ids) for entity, ids in known.items()}
            point = records.connection.begin_nested()
            try:
                write(draw, records, tried)
            except Refused:
                point.rollback()
            else:
                point.commit()
                known.update(tried)
                done += 1
    return done


def untrue(world: World) -> dict[tuple[str, str, str], tuple[Any, Any]]:
    """Entity, record and field → the stored figure, and what a computation from the rows says. Nothing is stored."""
    with world.engine.connect() as connection:
        running = world.running(connection)
        kept = _figures(connection, running)
        nodes = {(s.entity, f) for s in running.graph.steps for f in s.fields}
        dependants.recompute(connection, running, nodes, world.clock)
        computed = _figures(connection, running)
        connection.rollback()
    return {key: (kept[key], computed[key]) for key in kept if kept[key] != computed[key]}


def _figures(connection: sa.Connection, running: Running) -> dict[tuple[str, str, str], Any]:
    found = {}
    for step in running.graph.steps:
        table = running.tables.of(step.entity)
        for row in connection.execute(sa.select(table)).mappings():
            found.update({(step.entity, row["id"], name): row[name] for name in step.fields})
    return found
