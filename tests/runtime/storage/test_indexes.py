"""Indexes follow from use, and the databases use them."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from databases import every_database
from dougong_runtime.fields import Formula
from dougong_runtime.formulas.tree import Call, Literal, Path
from dougong_runtime.formulas.types import BOOLEAN, TEXT, Kind, ValueType
from dougong_runtime.model.app import Unique
from dougong_runtime.names import uuid7
from dougong_runtime.storage import search
from handmade import AT, Workshop, app, entity, field

OPEN = Call(
    "_eq",
    (
        Path("row", (), "state", ValueType(Kind.CHOICE, options=("open", "done"))),
        Literal("open", TEXT),
    ),
    BOOLEAN,
)


@pytest.fixture
def workshop(database_kind: str, tmp_path: pathlib.Path) -> Iterator[Workshop]:
    made = Workshop.copied(database_kind, tmp_path, "indexes", _fill)
    yield made
    made.close()


def _fill(made: Workshop) -> None:
    made.become(
        app(
            entity("part", field("name")),
            entity(
                "job",
                field("name", search=True),
                field("state", "choice", options=["open", "done"]),
                field("fee", "money"),
                field("due", "date"),
                field("part", "reference", to="part"),
                unique=[Unique("u", ("name",), Formula("state = 'open'", OPEN))],
            ),
            views=[
                {"entity": "job", "sort": ["-fee"], "filter": "due <> NULL and state = 'open'"},
                {"entity": "job", "sort": "name"},
            ],
        )
    )
    table = made.tables.of("job")
    rows = [
        {
            "id": uuid7(),
            "version": 1,
            "created_at": AT,
            "updated_at": AT,
            "due": AT.date() + timedelta(days=n),
        }
        for n in range(3000)
    ]
    with made.begin() as connection:
        connection.execute(sa.insert(table), rows)
        connection.execute(sa.text("ANALYZE"))


def used(workshop: Workshop, query: sa.Select[Any]) -> str:
    """The database's plan for a query, as text, with reading the whole table made dear."""
    explain = "EXPLAIN " if workshop.dialect == "postgresql" else "EXPLAIN QUERY PLAN "
    with workshop.begin() as connection:
        if workshop.dialect == "postgresql":
            connection.execute(sa.text("SET LOCAL enable_seqscan = off"))
        compiled = query.compile(connection)
        bound: Any = compiled.params
        if workshop.dialect == "sqlite":
            bound = tuple(compiled.params[name] for name in compiled.positiontup or ())
        rows = connection.exec_driver_sql(explain + str(compiled), bound).all()
    return "\n".join(str(row[-1]) for row in rows)


def index(workshop: Workshop, kind: str, *fields: str) -> str:
    return next(s.name for s in workshop.tables.indexes("job") if (s.kind, s.fields) == (kind, fields))


@every_database
def test_what_references_views_and_search_use_has_its_index(workshop: Workshop) -> None:
    table = workshop.tables.of("job")
    alive = table.c.deleted_at.is_(None)
    assert index(workshop, "reference", "part") in used(
        workshop, sa.select(table.c.id).where(table.c.part == uuid7())
    )
    assert index(workshop, "filter", "due") in used(
        workshop, sa.select(table.c.id).where(alive, table.c.due == sa.literal_column("'2026-01-01'"))
    )
    for sort in ("-fee", "name"):
        ordered = (
            sa.select(table.c.id).where(alive).order_by(*workshop.tables.order_by("job", [sort])).limit(50)
        )
        assert index(workshop, "sort", sort) in used(workshop, ordered), sort
    found = used(workshop, sa.select(table.c.id).where(search.match(workshop.tables, "job", table, "zs")))
    assert (
        index(workshop, "search", "dg_search") if workshop.dialect == "postgresql" else "VIRTUAL TABLE"
    ) in found


@every_database
def test_a_unique_with_a_condition_binds_only_where_it_holds(workshop: Workshop) -> None:
    workshop.add("job", name="a", state="open")
    workshop.add("job", name="a", state="done")
    workshop.add("job", name="a", state="done")
    with pytest.raises(IntegrityError) as error:
        workshop.add("job", name="a", state="open")
    if workshop.dialect == "postgresql":
        assert index(workshop, "unique", "name") in str(error.value)


@every_database
def test_an_index_goes_when_no_view_asks_for_it(workshop: Workshop) -> None:
    gone = index(workshop, "sort", "-fee")
    assert workshop.app is not None
    workshop.become(app(*workshop.app.own_entities))
    with workshop.begin() as connection:
        names = {i["name"] for i in sa.inspect(connection).get_indexes("workshop__job")}
    assert gone not in names
