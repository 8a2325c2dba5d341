"""Who has some of the rows only finds and counts them by an index; an installation of before gets it when it publishes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from databases import every_database
from dougong_runtime import publish
from dougong_runtime.host import Viewer
from dougong_runtime.records.query import Query
from dougong_runtime.storage.steps import AddIndex
from make import app_of
from world import World

pytestmark = every_database

TEXT = """
kind: app
name: lending
---
kind: entity
name: borrower
title: name
fields:
  - {name: name, type: text, required: true}
  - {name: owner, type: user}
  - {name: second, type: user}
---
kind: entity
name: loan
title: name
fields:
  - {name: name, type: text, required: true}
  - {name: borrower, type: reference, to: borrower, inverse: loans}
  - {name: owner, type: user}
  - {name: state, type: choice, options: [{value: open}, {value: done}]}
  - {name: due, type: date}
---
kind: view
name: loans
entity: loan
type: table
columns: [name]
filter: state = 'open'
sort: [-due]
---
kind: role
name: clerk
grants:
  - {entity: loan, actions: [read], rows: own}
  - {entity: borrower, actions: [read], rows: "second = USER() or owner.username = 'bo'"}
---
kind: role
name: runner
grants:
  - {entity: loan, actions: [read], rows: {inherit: borrower}}
  - {entity: borrower, actions: [read]}
"""


@pytest.fixture
def lending(database_kind: str, tmp_path: Path) -> Iterator[World]:
    """Loans, a tenth of which are the clerk's."""
    world = World.copied(database_kind, tmp_path, "lending rows", _lending)
    yield world
    world.close()


def _lending(url: str) -> World:
    world = World.make(url, app_of(TEXT))
    world.person("cara", "clerk")
    mine = world.people["cara"].user
    rows = [
        {"name": f"L{i}", "owner": None if i % 10 else mine, "state": "open" if i % 3 else "done"}
        for i in range(3000)
    ]
    with world.acting() as records:
        records.load_many("loan", rows)
    with world.engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE")
    return world


def wanted(world: World, entity: str) -> set[tuple[tuple[str, ...], tuple[str, ...]]]:
    with world.engine.connect() as connection:
        specs = world.running(connection).tables.indexes(entity)
    return {(spec.fields, spec.also) for spec in specs if spec.kind == "rows"}


def there(world: World) -> set[str]:
    with world.engine.connect() as connection:
        return {str(i["name"]) for i in sa.inspect(connection).get_indexes("lending__loan")}


def name_of(world: World, *fields: str) -> str:
    with world.engine.connect() as connection:
        specs = world.running(connection).tables.indexes("loan")
    return next(spec.name for spec in specs if spec.kind == "rows" and spec.fields == fields)


def test_an_index_for_each_way_to_have_rows(lending: World) -> None:
    assert wanted(lending, "loan") == {(("owner", "-due"), ("state",)), (("borrower", "-due"), ("state",))}
    assert wanted(lending, "borrower") == {(("second",), ()), (("owner",), ())}
    assert {name_of(lending, "owner", "-due"), name_of(lending, "borrower", "-due")} <= there(lending)


def test_a_page_and_its_count_use_it(lending: World) -> None:
    if lending.engine.dialect.name == "postgresql":
        with lending.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE lending__loan")
    asked: list[tuple[str, Any]] = []
    sa.event.listen(
        lending.engine,
        "before_cursor_execute",
        lambda c, cursor, text, given, *_: asked.append((text, given)) if "lending__loan" in text else None,
    )
    with lending.acting("cara") as records:
        page = records.list(Query("loan", sort=("-due",)))
        assert (len(page.items), page.count) == (50, 300)
        statements = [one for one in asked if "count(" in one[0]]
        assert len(statements) == 1
        explain = "EXPLAIN " if lending.engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN "
        plan = [
            str(r) for r in records.connection.exec_driver_sql(explain + statements[0][0], statements[0][1])
        ]
    assert name_of(lending, "owner", "-due") in "\n".join(plan)
    if lending.engine.dialect.name == "postgresql":
        assert any("Index Only Scan" in line for line in plan), plan


def test_an_installation_of_before_gets_it_at_its_next_publication(lending: World) -> None:
    name = name_of(lending, "owner", "-due")
    with lending.engine.begin() as connection:
        connection.exec_driver_sql(f'DROP INDEX "{name}"')
    assert name not in there(lending)
    with lending.engine.begin() as connection:
        plan = publish.plan_publish(connection, app_of(TEXT))
        assert [step.index.name for step in plan.steps if isinstance(step, AddIndex)] == [name]
        publish.apply(connection, plan, Viewer.system("a test"), "lending", lending.clock)
    assert name in there(lending)
    with lending.engine.begin() as connection:
        assert publish.plan_publish(connection, app_of(TEXT)).steps == ()
