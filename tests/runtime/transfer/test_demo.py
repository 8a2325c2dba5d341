"""Demo data from a description: the same each time, whole in its references, at any scale."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from databases import every_database
from dougong_runtime.documents.source import Source, of_files
from dougong_runtime.model.link import link
from dougong_runtime.records.door import Records
from dougong_runtime.records.query import Query
from dougong_runtime.transfer.demo import load_demo, load_people, load_teams
from dougong_runtime.transfer.demo_world import DemoProblem
from world import SYSTEM_VIEWER, World

DAY = date(2026, 3, 2)
APP = """
kind: app
name: yard
---
kind: entity
name: tool
title: code
fields:
  - {name: code, type: text, required: true, unique: true}
  - {name: kind, type: choice, options: [hand, power]}
  - {name: price, type: decimal, scale: 4}
  - {name: yesterday, type: decimal, scale: 4}
  - {name: units, type: decimal, scale: 4}
---
kind: entity
name: member
title: name
fields:
  - {name: name, type: text, required: true}
  - {name: phone, type: phone, unique: true}
  - {name: papers, type: id_number, unique: true}
  - {name: born_on, type: date}
  - {name: grade, type: choice, options: [1, 2, 3]}
  - {name: owner, type: user}
  - {name: invited_by, type: reference, to: member, inverse: invited, on_delete: clear}
  - {name: favourites, type: references, to: tool, inverse: fans}
  - {name: active, type: boolean, default: "TRUE"}
  - {name: moved, type: formula, formula: SUM(moves.amount), result: decimal, scale: 2}
---
kind: entity
name: shed
title: number
fields:
  - {name: member, type: reference, to: member, inverse: sheds, required: true}
  - {name: number, type: text, unique: true}
  - {name: opened_on, type: date}
  - {name: cash, type: decimal, scale: 2}
---
kind: entity
name: move
title: number
fields:
  - {name: member, type: reference, to: member, inverse: moves, required: true}
  - {name: shed, type: reference, to: shed, inverse: moves}
  - {name: tool, type: reference, to: tool, inverse: moves}
  - {name: number, type: text, unique: true}
  - {name: way, type: choice, options: [in, out]}
  - {name: quantity, type: decimal, scale: 4}
  - {name: price, type: decimal, scale: 4}
  - {name: on, type: date}
  - {name: amount, type: formula, formula: quantity * price, result: decimal, scale: 2}
rules: [{name: some, check: "quantity > 0", message: Some}]
append_only: true
---
kind: entity
name: kept
title: tool
fields:
  - {name: shed, type: reference, to: shed, inverse: kept, required: true}
  - {name: tool, type: reference, to: tool, inverse: kept}
  - {name: quantity, type: decimal, scale: 4}
unique: [[shed, tool]]
"""
DEMO = """
seed: 11
anchor: 2026-03-02
days: {count: 120}
lists: {names: {Ada: 3, Ben: 1}}
personas:
  busy: {share: 0.5, rate: 8, from: -60, items: {hand: 2, power: 1}}
  idle: {share: 0.5, rate: 1, from: -60, items: {hand: 1}}
load:
  - entity: tool
    count: 6
    fields:
      code: {sequence: "T{000}"}
      kind: {pick: [hand, power], in_turn: true}
      price: {lognormal: [20, 0.4]}
      units: 1
    walk: {field: price, market: {deviation: 0.01}, own: 0.01, limit: 0.05, before: {yesterday: 1}}
  - entity: member
    count: 40
    batch: 15
    personas: true
    truth: [_returns]
    fields:
      _returns: {chance: 0.5}
      name: {join: [{weighted: names}, " ", {sequence: "{000}"}]}
      phone: {phone: "154"}
      born_on: {age: [20, 70]}
      papers: {identity_number: born_on}
      grade: {weighted: {1: 1, 2: 1, 3: 1}}
      owner: {user: {role: keeper}, in_turn: true}
      invited_by: {chance: 0.5, then: {ref: member}}
      favourites: {ref: tool, each: [0, 2]}
    children:
      - entity: shed
        per: 1
        fields: {member: {value: member.id}, number: {sequence: "S{0000}"}, opened_on: {day: -400}, cash: 0, _size: large}
      - ledger:
          items: tool
          group: kind
          places: shed
          place_group: _size
          accepts: {large: [hand, power]}
          opened: opened_on
          money: cash
          factor: units
          opening: 5000
          moves_each: 9
          moves:
            entity: move
            fields:
              member: {value: member.id}
              shed: {value: move.place}
              tool: {value: move.item}
              number: {sequence: "M{00000}"}
              way: {value: move.way}
              quantity: {value: move.quantity}
              price: {value: move.price}
              "on": {value: move.day}
          balances:
            entity: kept
            fields: {shed: {value: balance.place}, tool: {value: balance.item}, quantity: {value: balance.quantity}}
    shapes:
      move:
        member: {value: member.id}
        shed: {sibling: shed}
        tool: {ref: tool, key: {code: T001}}
        number: {sequence: "M{00000}"}
        way: in
        quantity: 1
        price: 2
        "on": {date: 2026-02-27}
    planted:
      - {case: moved nothing but twice, number: 4, ledger: false, fields: {name: Zoe}, children: {move: [{repeat: 2, fields: {quantity: 3}}]}}
"""
PEOPLE = """
teams: [{name: yard}, {name: gate, parent: yard}]
people:
  - {username: ann, name: Ann, team: gate, roles: [keeper], leads: [gate]}
  - {username: bob, name: Bob, team: gate, roles: [keeper]}
  - {username: eve, name: Eve, team: yard, roles: []}
"""
ROLE = "\n---\nkind: role\nname: keeper\ngrants: [{entity: member, actions: [read]}]\n"


def source(demo: str = DEMO) -> Source:
    return of_files(
        {
            "app.yaml": (APP + ROLE).encode(),
            "data/demo.yaml": demo.encode(),
            "data/people.yaml": PEOPLE.encode(),
        }
    )


def world_with(url: str, given: Source) -> World:
    world = World.make(url, link(given))
    for person in load_people(given):
        world.person(person.username)
    return world


def door_of(world: World) -> Any:
    @contextmanager
    def door() -> Iterator[Records]:
        with world.engine.begin() as connection:
            yield Records(world.running(connection), connection, SYSTEM_VIEWER, world.clock)

    return door


def everything(world: World, entity: str, sort: str, *fields: str) -> list[dict[str, Any]]:
    with door_of(world)() as records:
        return list(records.list(Query(entity, sort=(sort,), fields=fields or None, limit=1000)).items)


@every_database
def test_records_are_whole_and_the_same_each_time(database_url: str, tmp_path: Path) -> None:
    given, truth = source(), tmp_path / "truth.csv"
    world = world_with(database_url, given)
    loaded = load_demo(door_of(world), given, anchor=DAY, truth=truth)
    assert loaded["tool"] == 6
    assert loaded["member"] == loaded["shed"] == 40
    assert 250 < loaded["move"] < 470
    members = everything(world, "member", "phone", "name", "phone", "moved", "invited_by", "owner", "active")
    moves = everything(world, "move", "number", "member", "amount", "on", "quantity")
    totals: Counter[str] = Counter()
    for move in moves:
        totals[move["member"]] += round(float(move["amount"]) * 100)
    assert all(round(float(m["moved"]) * 100) == totals[m["id"]] for m in members)
    ids = {m["id"] for m in members}
    assert {m["invited_by"] for m in members if m["invited_by"]} <= ids
    assert len({m["owner"] for m in members}) == 2
    assert all(m["active"] for m in members)
    with truth.open(encoding="utf-8") as sheet:
        rows = list(csv.DictReader(sheet))
    assert {row["id"] for row in rows} == ids
    assert {row["persona"] for row in rows} == {"busy", "idle"}


def test_the_same_description_gives_the_same_records(tmp_path: Path) -> None:
    given = source()
    first, second = (world_with(f"sqlite:///{tmp_path / name}", given) for name in ("a.sqlite", "b.sqlite"))
    for world in (first, second):
        load_demo(door_of(world), given, anchor=DAY)
    for entity, sort in (("member", "phone"), ("move", "number"), ("kept", "quantity")):
        names = ("id", "name", "phone") if entity == "member" else ("id", "quantity")
        assert everything(first, entity, sort, *names) == everything(second, entity, sort, *names)


def test_what_one_entity_draws_depends_on_no_other(tmp_path: Path) -> None:
    plain = world_with(f"sqlite:///{tmp_path / 'a.sqlite'}", source())
    load_demo(door_of(plain), source(), anchor=DAY)
    no_moves = DEMO.replace("moves_each: 9", "moves_each: 2")
    other = world_with(f"sqlite:///{tmp_path / 'b.sqlite'}", source(no_moves))
    load_demo(door_of(other), source(no_moves), anchor=DAY)
    names = ("name", "phone", "papers", "born_on")
    assert everything(plain, "member", "phone", *names) == everything(other, "member", "phone", *names)


def test_a_planted_case_is_there_whatever_the_scale(tmp_path: Path) -> None:
    world = world_with(f"sqlite:///{tmp_path / 'a.sqlite'}", source())
    load_demo(door_of(world), source(), anchor=date(2026, 3, 5), scale=0.25)
    members = everything(world, "member", "phone", "name", "moved")
    assert len(members) == 10
    (zoe,) = [m for m in members if m["name"] == "Zoe"]
    assert zoe["moved"] == "12.00"
    (on,) = {m["on"] for m in everything(world, "move", "number", "member", "on") if m["member"] == zoe["id"]}
    assert on == "2026-03-02", "a date written out moves with the anchor"


def test_money_and_tools_add_up(tmp_path: Path) -> None:
    world = world_with(f"sqlite:///{tmp_path / 'a.sqlite'}", source())
    load_demo(door_of(world), source(), anchor=DAY)
    kept = {(k["shed"], k["tool"]): float(k["quantity"]) for k in everything(world, "kept", "quantity")}
    moved: Counter[tuple[str, str]] = Counter()
    planted = {m["id"] for m in everything(world, "member", "phone", "name") if m["name"] == "Zoe"}
    for move in everything(world, "move", "number"):
        if move["member"] not in planted:
            moved[move["shed"], move["tool"]] += float(move["quantity"]) * (1 if move["way"] == "in" else -1)
    assert {key: left for key, left in moved.items() if left > 0} == pytest.approx(kept)
    assert all(left >= 0 for left in moved.values())


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("{age: [20, 70]}", "{aeg: [20, 70]}"), "no generator"),
        (("{weighted: names}", "{weighted: nmaes}"), "weights"),
        (("role: keeper", "role: kepper"), "nobody fits"),
        (("{code: T001}", "{code: T999}"), "T999"),
        (("born_on: {age", "bron_on: {age"), "bron_on"),
        (("{value: member.id}, number", "{value: membre.id}, number"), "membre"),
    ],
    ids=["generator", "list", "person", "key", "field", "value"],
)
def test_what_cannot_be_followed_is_said_with_its_place(
    tmp_path: Path, change: tuple[str, str], says: str
) -> None:
    given = source(DEMO.replace(*change).replace("papers: {identity_number: born_on}\n", "\n"))
    world = world_with(f"sqlite:///{tmp_path / 'a.sqlite'}", given)
    with pytest.raises(DemoProblem, match=says):
        load_demo(door_of(world), given, anchor=DAY)


def test_people_and_teams_are_read_parents_first() -> None:
    assert [(t.name, t.parent) for t in load_teams(source())] == [("yard", None), ("gate", "yard")]
    assert load_people(source())[0].leads == ("gate",)
