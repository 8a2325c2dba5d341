"""Publishing with data in the tables: shown first, all or nothing, and back again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from databases import every_database
from dougong_runtime import publish
from dougong_runtime.documents import versions
from dougong_runtime.errors import Refused
from dougong_runtime.publish import Plan
from make import app_of
from world import SYSTEM_VIEWER, World

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
  - {name: fee, type: text}
  - {name: seats, type: integer}
  - {name: level, type: choice, options: [{value: low}, {value: high}]}
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
kind: role
name: clerk
grants:
  - {entity: course, actions: [read]}
  - {entity: lesson, actions: [read], rows: own}
"""


@pytest.fixture
def world(database_kind: str, tmp_path: Path) -> Iterator[World]:
    made = World.copied(database_kind, tmp_path, "courses", _courses)
    yield made
    made.close()


def _courses(database_url: str) -> World:
    made = World.make(database_url, app_of(FIRST))
    course = made.make_record("course", name="木工", fee="12.5", seats=8, level="low")
    made.make_record("course", name="陶艺", fee="面议", seats=None, level="high")
    made.make_record("lesson", subject="锯", course=course["id"], price="30.00")
    made.make_record("lesson", subject="刨", course=course["id"], price="12.50")
    return made


def edited(*changes: tuple[str, str]) -> str:
    text = FIRST
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text


def plan(world: World, text: str) -> Plan:
    with world.engine.begin() as connection:
        return publish.plan_publish(connection, app_of(text))


def roll_back(world: World, number: int) -> Plan:
    with world.engine.begin() as connection:
        made = publish.plan_rollback(connection, world.app_name, number)
        publish.apply(connection, made, SYSTEM_VIEWER, "back", world.clock)
    world._running.clear()
    return made


def courses(world: World, *names: str) -> list[tuple[Any, ...]]:
    from dougong_runtime.records.query import Query

    with world.acting() as records:
        items = records.list(Query("course", sort=("created_at",))).items
    return [tuple(item[name] for name in names) for item in items]


@every_database
def test_publishing_the_same_again_makes_no_version(world: World) -> None:
    assert plan(world, FIRST).is_empty
    assert world.publish(app_of(FIRST)) == 1


@every_database
def test_a_rename_by_hand_keeps_values_formulas_and_ids_and_is_done_once(world: World) -> None:
    renamed = edited(
        ("kind: entity\nname: course\ntitle: name", "kind: entity\nname: class\nwas: [course]\ntitle: title"),
        ("{name: name, type: text", "{name: title, was: [name], type: text"),
        ("{value: low}", "{value: beginner, was: [low]}"),
        ("{name: course, type: reference, to: course,", "{name: course, type: reference, to: class,"),
        ("{entity: course, actions", "{entity: class, actions"),
    )
    made = plan(world, renamed)
    assert [
        type(s).__name__
        for s in made.steps
        if "Index" not in type(s).__name__ and "Search" not in type(s).__name__
    ] == [
        "RenameEntity",
        "RenameField",
        "RenameOptions",
    ]
    world.publish(app_of(renamed))
    with world.acting() as records:
        from dougong_runtime.records.query import Query

        items = records.list(Query("class", sort=("created_at",))).items
        found = records.list(Query("class", search="mg")).items
    assert [(i["title"], i["level"], i["paid"]) for i in items] == [
        ("木工", "beginner", "42.50"),
        ("陶艺", "high", "0.00"),
    ]
    assert [i["title"] for i in found] == ["木工"]
    assert plan(world, renamed).is_empty
    assert (
        roll_back(world, 1).after.entities["course"].fields["name"].id
        == app_of(FIRST).entities["course"].fields["name"].id
    )
    assert courses(world, "name", "level", "paid") == [("木工", "low", "42.50"), ("陶艺", "high", "0.00")]


@every_database
def test_a_plan_prints_what_will_not_convert_and_a_rollback_brings_it_back(world: World) -> None:
    retyped = edited(("{name: fee, type: text}", "{name: fee, type: money}"))
    made = plan(world, retyped)
    assert [(u.field, u.value) for u in made.unconvertible] == [("fee", "面议")]
    assert "面议" in made.describe("zh")
    assert made.to_json("en")["unconvertible"][0]["value"] == "面议"
    world.publish(app_of(retyped))
    assert courses(world, "fee") == [("12.50",), (None,)]
    with world.acting() as records:
        from dougong_runtime.records.query import Query

        first = records.list(Query("course", filter="name = '木工'")).items[0]
        records.update("course", first["id"], {"fee": "99.90"})
    roll_back(world, 1)
    assert courses(world, "fee") == [("99.90",), ("面议",)]


@every_database
def test_a_removed_entity_and_field_come_back_with_their_data(world: World) -> None:
    smaller = (
        FIRST.split("---\nkind: entity\nname: lesson")[0]
        .replace(
            '  - {name: paid, type: formula, formula: "SUM(lessons.price)", result: decimal, scale: 2}\n', ""
        )
        .replace("  - {name: seats, type: integer}\n", "")
    )
    world.publish(app_of(smaller))
    assert courses(world, "name") == [("木工",), ("陶艺",)]
    roll_back(world, 1)
    assert courses(world, "seats", "paid") == [(8, "42.50"), (None, "0.00")]
    with world.engine.begin() as connection:
        assert [v.number for v in versions.versions(connection, "school")] == [1, 2, 3]
        current = versions.current(connection, "school")
    assert current is not None
    assert (current.number, current.back_to, current.note) == (3, 1, "back")


@every_database
def test_new_demands_list_the_records_that_break_them_and_do_not_stop(world: World) -> None:
    stricter = edited(
        ("{name: seats, type: integer}", "{name: seats, type: integer, required: true}"),
        ("  - {name: paid,", "  - {name: note, type: text, required: true}\n  - {name: paid,"),
        ("options: [{value: low}, {value: high}]", "options: [{value: low}]"),
        (
            "scale: 2}\n---\nkind: entity\nname: lesson",
            'scale: 2}\nrules:\n  - {name: cheap, check: "paid < 40", message: Too dear}\n---\nkind: entity\nname: lesson',
        ),
    )
    made = plan(world, stricter)
    assert {(v.kind, v.name, v.count) for v in made.violations} == {
        ("required", "seats", 1),
        ("required", "note", 2),
        ("option", "level", 1),
        ("rule", "cheap", 1),
    }
    assert not made.refused
    assert "cheap" in made.describe("en")
    world.publish(app_of(stricter))
    assert len(courses(world, "name")) == 2


@every_database
def test_a_new_unique_that_records_break_is_refused_naming_them(world: World) -> None:
    stricter = edited(
        ("  - {name: subject, type: text}", "  - {name: subject, type: text}\n  - {name: x, type: text}"),
        (
            "{name: price, type: decimal, scale: 2}",
            "{name: price, type: decimal, scale: 2}\nunique: [[course]]",
        ),
    )
    made = plan(world, stricter)
    assert made.refused
    [violation] = [v for v in made.violations if v.kind == "unique"]
    assert violation.count == 2
    with pytest.raises(Refused) as refusal:
        world.publish(app_of(stricter))
    assert violation.records[0] in refusal.value.problems[0].text("en")
    with world.engine.begin() as connection:
        assert versions.running_number(connection, "school") == 1
        columns = {c["name"] for c in sa.inspect(connection).get_columns("school__lesson")}
    assert "x" not in columns


@every_database
def test_what_a_plan_tries_out_leaves_nothing_behind_and_waits_for_nobody(world: World) -> None:
    stricter = app_of(
        edited(
            ("{name: seats, type: integer}", "{name: seats, type: decimal, required: true}"),
            ("{name: price,", "{name: fee, was: [price],"),
            ("SUM(lessons.price)", "SUM(lessons.fee)"),
        )
    )
    with world.engine.connect() as connection, connection.begin() as transaction:
        connection.execute(sa.text("SELECT * FROM school__lesson")).all()
        made = publish.plan_publish(connection, stricter)
        transaction.rollback()
    assert ("seats", 1) in [(v.name, v.count) for v in made.violations]
    with world.engine.begin() as connection:
        columns = {c["name"] for c in sa.inspect(connection).get_columns("school__lesson")}
    assert "price" in columns
    assert "fee" not in columns


@every_database
def test_a_plan_that_was_overtaken_is_refused(world: World) -> None:
    old = plan(world, edited(("{name: seats, type: integer}", "{name: seats, type: decimal}")))
    world.publish(app_of(edited(("  - {name: seats, type: integer}\n", ""))))
    with pytest.raises(Refused) as refusal, world.engine.begin() as connection:
        publish.apply(connection, old, SYSTEM_VIEWER, None, world.clock)
    assert refusal.value.problems[0].type.name == "plan-stale"


@every_database
def test_new_and_changed_formulas_are_computed_for_the_records_that_are_there(world: World) -> None:
    changed = edited(
        ("SUM(lessons.price)", "SUM(lessons.price) * 2"),
        (
            "  - {name: paid,",
            '  - {name: twice, type: formula, formula: "seats * 2", result: integer}\n  - {name: paid,',
        ),
    )
    made = plan(world, changed)
    assert made.recompute == {("course", "twice"), ("course", "paid")}
    world.publish(app_of(changed))
    assert courses(world, "twice", "paid") == [(16, "85.00"), (None, "0.00")]


@every_database
def test_a_plan_says_who_sees_more_than_their_rows(world: World) -> None:
    more = edited(
        (
            "  - {name: paid,",
            '  - {name: lesson_count, type: formula, formula: "COUNT(lessons)", result: integer}\n  - {name: paid,',
        )
    )
    assert [(s.role, s.field, s.of) for s in plan(world, more).sees_more] == [
        ("clerk", "lesson_count", "lesson")
    ]
    hidden = more.replace(
        "{entity: course, actions: [read]}", "{entity: course, actions: [read], hide: [lesson_count]}"
    )
    assert plan(world, hidden).sees_more == ()


@every_database
def test_a_field_that_became_a_formula_has_its_own_values_again_after_a_rollback(world: World) -> None:
    world.publish(
        app_of(
            edited(
                (
                    "{name: seats, type: integer}",
                    '{name: seats, type: formula, formula: "1 + 1", result: integer}',
                )
            )
        )
    )
    assert courses(world, "seats") == [(2,), (2,)]
    roll_back(world, 1)
    assert courses(world, "seats") == [(8,), (None,)]


@every_database
def test_publishing_is_audited_in_the_same_transaction(world: World) -> None:
    world.publish(app_of(edited(("  - {name: seats, type: integer}\n", ""))))
    with world.engine.begin() as connection:
        rows = connection.execute(
            sa.text("SELECT app, facts FROM dg_audit WHERE action = 'publish' ORDER BY seq")
        ).all()
    assert [r[0] for r in rows] == ["school", "school"]
    assert "seats" in rows[-1][1]


@every_database
def test_what_serves_is_not_linked_again_and_another_id_is_another_thing(world: World) -> None:
    again = app_of(edited(("{name: fee, type: text}", "{name: fee, id: another, type: text}")))
    with world.engine.begin() as connection:
        running = world.running(connection)
        made = publish.plan_publish(connection, again, running=running)
        assert made.before is running.app
        assert made.after is again
        assert {"RetireField", "AddField"} <= {type(step).__name__ for step in made.steps}
        publish.apply(connection, made, SYSTEM_VIEWER, None, world.clock)
        later = publish.plan_publish(connection, again, running=running)
        assert later.before is not running.app
        assert later.is_empty
    world._running.clear()
    assert courses(world, "fee") == [(None,), (None,)]
