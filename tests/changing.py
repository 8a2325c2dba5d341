"""A school in two versions, between which every kind of step lies; with a few records in it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from dougong_runtime.records.query import Query
from make import app_of
from world import World

FIRST = """
kind: app
name: school
version: 1.0.0
---
kind: entity
name: course
title: name
fields:
  - {name: name, type: text, required: true, search: true}
  - {name: code, type: text}
  - {name: fee, type: text}
  - {name: price, type: decimal, scale: 2}
  - {name: seats, type: integer}
  - {name: old_note, type: text, search: true}
  - {name: level, type: choice, options: [{value: low}, {value: mid}, {value: high}]}
  - {name: room, type: reference, to: room}
  - {name: place, type: reference, to: room, on_delete: clear}
  - {name: paid, type: formula, formula: "SUM(lessons.price)", result: decimal, scale: 2}
---
kind: entity
name: lesson
title: subject
fields:
  - {name: subject, type: text}
  - {name: course, type: reference, to: course, inverse: lessons}
  - {name: price, type: decimal, scale: 2}
---
kind: entity
name: room
title: name
fields:
  - {name: name, type: text}
---
kind: entity
name: hall
title: name
fields:
  - {name: name, type: text}
---
kind: entity
name: leaflet
title: name
fields:
  - {name: name, type: text}
---
kind: view
name: courses
entity: course
columns: [name]
sort: [price]
---
kind: role
name: clerk
grants:
  - {entity: course, actions: [read]}
"""

SECOND = """
kind: app
name: school
version: 2.0.0
---
kind: entity
name: class
was: [course]
title: name
fields:
  - {name: name, type: text, required: true, search: true}
  - {name: code, type: text, unique: true, required: true}
  - {name: fee, type: money}
  - {name: cost, was: [price], type: decimal, scale: 4}
  - {name: places, was: [seats], type: integer}
  - {name: level, type: choice, options: [{value: beginner, was: [low]}, {value: high}]}
  - {name: room, type: reference, to: hall}
  - {name: place, type: reference, to: room, on_delete: refuse}
  - {name: hint, type: text, search: true}
  - {name: teacher, type: reference, to: teacher}
  - {name: helpers, type: references, to: teacher}
  - {name: state, type: stage, stages: [{value: planned}, {value: held}]}
  - {name: paid, type: formula, formula: "SUM(lessons.price) * 2", result: decimal, scale: 2}
  - {name: twice, type: formula, formula: "places * 2", result: integer}
---
kind: entity
name: lesson
title: subject
fields:
  - {name: subject, type: text}
  - {name: course, type: reference, to: class, inverse: lessons}
  - {name: price, type: decimal, scale: 2}
---
kind: entity
name: teacher
title: name
fields:
  - {name: name, type: text}
---
kind: entity
name: room
title: name
fields:
  - {name: name, type: text}
---
kind: entity
name: hall
title: name
fields:
  - {name: name, type: text}
---
kind: view
name: courses
entity: class
columns: [name]
sort: [cost, -places]
---
kind: role
name: office
was: [clerk]
grants:
  - {entity: class, actions: [read]}
"""


def school(database_url: str) -> World:
    """The first version, with records."""
    world = World.make(database_url, app_of(FIRST))
    room = world.make_record("room", name="东厅")
    for n, (name, fee) in enumerate((("木工", "12.5"), ("陶艺", "面议"), ("绣花", "8"))):
        course = world.make_record(
            "course",
            name=name,
            code=f"c{n}",
            fee=fee,
            price=f"{n}.25",
            seats=n or None,
            old_note=f"备注 {n}",
            level=("low", "mid", "high")[n],
            room=room["id"],
            place=room["id"],
        )
        world.make_record("lesson", subject="锯", course=course["id"], price=f"{n + 1}.50")
    world.make_record("leaflet", name="简章")
    return world


def courses(world: World, entity: str, *names: str) -> list[tuple[Any, ...]]:
    """Those fields of all courses, in the order in which they were made."""
    with world.acting() as records:
        items = records.list(Query(entity, sort=("created_at", "code"))).items
    return [tuple(item[name] for name in names) for item in items]


def everything(world: World) -> dict[str, list[dict[str, Any]]]:
    """All records of all entities as the running version shows them."""
    with world.acting() as records:
        names = [e.name for e in records.running.app.own_entities]
        found = {name: records.list(Query(name, sort=("created_at", "id"))).items for name in names}
    return {name: [dict(item) for item in items] for name, items in found.items()}


def shape(world: World) -> dict[str, Any]:
    """Tables with their columns and indexes, as the database has them; the trash is left out."""
    inspector = sa.inspect(world.engine)
    names = {
        "sqlite": "SELECT name, tbl_name FROM sqlite_master WHERE type = 'index'",
        "postgresql": "SELECT indexname, tablename FROM pg_indexes",
    }
    with world.engine.connect() as connection:
        indexes = connection.execute(sa.text(names[world.engine.dialect.name])).all()
    return {
        table: (
            sorted(c["name"] for c in inspector.get_columns(table) if "dg_trash" not in c["name"]),
            sorted(index for index, of in indexes if of == table and index.startswith(("ix_", "dg_"))),
        )
        for table in inspector.get_table_names()
        if table.startswith(f"{world.app_name}__")
    }
