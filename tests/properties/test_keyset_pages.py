"""Page after page by cursor gives every record once, in order: absent values last, whatever the keys and directions."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from databases import every_database
from dougong_runtime.records import read
from dougong_runtime.records.query import Query
from make import app_of
from world import World

pytestmark = every_database

EFFORT = int(os.environ.get("DOUGONG_TEST_EFFORT", "1"))
ROWS = 60

TEXT = """
kind: app
name: parcels
---
kind: entity
name: parcel
title: code
fields:
  - {name: code, type: text, required: true}
  - {name: weight, type: integer}
  - {name: sent, type: date}
  - {name: place, type: text}
  - {name: owner, type: user}
---
kind: view
name: by_weight
entity: parcel
type: table
columns: [code]
sort: [weight]
---
kind: view
name: by_latest
entity: parcel
type: table
columns: [code]
sort: [-sent, place, -weight]
---
kind: view
name: by_place
entity: parcel
type: table
columns: [code]
sort: [-place, sent]
---
kind: role
name: porter
grants: [{entity: parcel, actions: [read, create], rows: own}]
"""

SORTS = (
    ("weight",),
    ("-sent",),
    ("weight", "-sent"),
    ("-sent", "place", "-weight"),
    ("-sent", "-place", "weight"),
    ("-place", "sent"),
    ("-place", "sent", "weight"),
    ("place", "-weight"),
    ("-weight", "sent", "-place", "code"),
)
"""Those of an index, those that begin as one, and others."""


@pytest.fixture
def parcels(database_kind: str, tmp_path: Path) -> Iterator[World]:
    """A warehouse without parcels, and a porter."""
    world = World.copied(database_kind, tmp_path, "parcels", _parcels)
    yield world
    world.close()


def _parcels(url: str) -> World:
    world = World.make(url, app_of(TEXT))
    world.person("pia", "porter")
    return world


def filled(world: World, draw: random.Random) -> list[dict[str, Any]]:
    """Parcels with few values each, many of them absent; half of them are the porter's."""

    def one(values: list[Any]) -> Any:
        return draw.choice([None, *values])

    rows = [
        {
            "code": f"P{i}",
            "weight": one([1, 2, 3]),
            "sent": one(["2026-01-02", "2026-03-04"]),
            "place": one(["a", "b", "c"]),
            "owner": draw.choice([world.people["pia"].user, None]),
        }
        for i in range(ROWS)
    ]
    with world.acting() as records:
        return [dict(r) for r in records.create_many("parcel", rows)]


def ordered(rows: list[dict[str, Any]], sort: tuple[str, ...]) -> list[str]:
    """What stands in which place, the obvious way: a stable sort by each key from the last to the first."""
    found = sorted(rows, key=lambda row: row["id"], reverse=sort[-1].startswith("-"))
    for key in reversed(sort):
        name, down = key.lstrip("-"), key.startswith("-")
        present = [row for row in found if row[name] is not None]
        absent = [row for row in found if row[name] is None]
        # `reverse` leaves equals in their order.
        found = sorted(present, key=lambda row: row[name], reverse=down) + absent
    return [row["code"] for row in found]


def paged(world: World, sort: tuple[str, ...], limit: int, who: str | None) -> list[str]:
    codes: list[str] = []
    cursor = None
    with world.acting(who) as records:
        for _ in range(ROWS + 1):
            page = records.list(Query("parcel", sort=sort, fields=("code",), limit=limit, cursor=cursor))
            codes += [item["code"] for item in page.items]
            cursor = page.next
            if cursor is None:
                return codes
    raise AssertionError("the pages come to no end")


@pytest.mark.parametrize("seed", range(EFFORT))
def test_every_record_once_in_order(parcels: World, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    draw = random.Random(seed)
    rows = filled(parcels, draw)
    mine = [row for row in rows if row["owner"] is not None]
    for sort in SORTS:
        limit = draw.randint(2, 9)
        assert paged(parcels, sort, limit, None) == ordered(rows, sort), (sort, limit)
        for few in (0, read.FEW):
            monkeypatch.setattr(read, "FEW", few)
            assert paged(parcels, sort, limit, "pia") == ordered(mine, sort), (sort, limit, few)


@pytest.mark.parametrize("sort", [("weight",), ("-sent", "place", "-weight"), ("-place", "sent")])
def test_an_index_leads_to_a_page(parcels: World, sort: tuple[str, ...]) -> None:
    filled(parcels, random.Random(1))
    asked: list[tuple[str, Any]] = []
    sa.event.listen(
        parcels.engine,
        "before_cursor_execute",
        lambda c, cursor, text, given, *_: asked.append((text, given)) if "ORDER BY" in text else None,
    )
    with parcels.acting() as records:
        cursor = None
        while True:
            page = records.list(Query("parcel", sort=sort, limit=7, cursor=cursor, count=False))
            cursor = page.next
            if cursor is None:
                break
    assert len(asked) > ROWS // 7 + len(sort)
    with parcels.engine.connect() as connection:
        postgresql = connection.dialect.name == "postgresql"
        connection.exec_driver_sql("ANALYZE")
        if postgresql:
            connection.exec_driver_sql("SET enable_seqscan = off")
            connection.exec_driver_sql("SET enable_bitmapscan = off")
            connection.exec_driver_sql("SET enable_sort = off")
        for text, given in asked[1:]:
            explain = "EXPLAIN " if postgresql else "EXPLAIN QUERY PLAN "
            plan = "\n".join(str(tuple(row)) for row in connection.exec_driver_sql(explain + text, given))
            assert ("Index Cond" if postgresql else "SEARCH r USING INDEX") in plan, plan
            assert "Sort" not in plan, plan
            assert "TEMP B-TREE" not in plan, text + plan
