"""Statements kept ready give what SQLAlchemy gives, and tell what it tells."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from databases import every_database, fresh_url
from dougong_runtime.exact import Exact, Instant, RecordId
from dougong_runtime.names import uuid7
from dougong_runtime.storage.copying import insert_many
from dougong_runtime.storage.dialects import make_engine
from dougong_runtime.storage.ready import Ready, among

THING = sa.Table(
    "thing",
    sa.MetaData(),
    sa.Column("id", RecordId(), primary_key=True),
    sa.Column("name", sa.Text, unique=True),
    sa.Column("price", Exact(18, 2)),
    sa.Column("large", Exact(30, 4)),
    sa.Column("at", Instant()),
    sa.Column("on", sa.Date),
    sa.Column("good", sa.Boolean),
)
IDS = [uuid7() for _ in range(3)]
ROWS: list[dict[str, Any]] = [
    {
        "id": id_,
        "name": f"n{i}",
        "price": Decimal(f"{i}.50"),
        "large": Decimal(f"{10**20 + i}.0001"),
        "at": datetime(2026, 3, 2, 2, i, tzinfo=UTC),
        "on": date(2026, 3, 2),
        "good": bool(i % 2),
    }
    for i, id_ in enumerate(IDS)
]


@pytest.fixture
def connection(database_kind: str, tmp_path: Path) -> Iterator[sa.Connection]:
    engine = make_engine(fresh_url(database_kind, tmp_path))
    with engine.begin() as made:
        THING.metadata.create_all(made)
        made.execute(sa.insert(THING), ROWS)
        made.execute(sa.insert(THING).values(id=uuid7(), name="empty"))
        yield made
        made.rollback()
    engine.dispose()


@every_database
def test_rows_are_those_of_sqlalchemy(connection: sa.Connection) -> None:
    statement = sa.select(THING).where(THING.c.price < sa.bindparam("most", type_=Exact(18, 2)))
    statement = statement.where(THING.c.name != "n9").order_by(THING.c.name).limit(10)
    ready = Ready(statement)
    for most in ("1.00", "9.00"):
        given = {"most": Decimal(most), "more_names": "than the statement has"}
        expected = [tuple(row) for row in connection.execute(statement, {"most": Decimal(most)})]
        assert ready.all(connection, given) == expected
    assert [type(v) for v in ready.all(connection, given)[0]] == [type(v) for v in ROWS[0].values()]


@every_database
def test_a_parameter_with_a_value_of_its_own_may_be_left_out(connection: sa.Connection) -> None:
    who = sa.bindparam("who", type_=RecordId(), required=False, value=None)
    ready = Ready(sa.select(THING.c.name).where(THING.c.id == who))
    assert ready.all(connection, {}) == []
    assert ready.all(connection, {"who": IDS[1]}) == [("n1",)]
    asked = sa.select(THING.c.name).where(THING.c.id == sa.bindparam("which", type_=RecordId()))
    with pytest.raises(KeyError, match="which"):
        Ready(asked).all(connection, {})


@every_database
@pytest.mark.parametrize("count", [0, 1, 3])
def test_among_takes_lists_of_any_length(connection: sa.Connection, count: int) -> None:
    listed = among(THING.c.id, "ids", connection.dialect.name)
    ready = Ready(sa.select(THING.c.name).where(listed).order_by(THING.c.name))
    assert ready.all(connection, {"ids": IDS[:count]}) == [(f"n{i}",) for i in range(count)]


@every_database
def test_a_statement_of_many_values_is_run_all_the_same(connection: sa.Connection) -> None:
    many = sa.bindparam("names", expanding=True)
    ready = Ready(sa.select(THING.c.name).where(THING.c.name.in_(many)))
    assert ready.first(connection, {"names": ["n2", "n7"]}) == ("n2",)


@every_database
def test_writing_tells_how_many_rows(connection: sa.Connection) -> None:
    update = THING.update().values(good=sa.true()).where(THING.c.price.is_not(None))
    assert Ready(update).run(connection, {}) == 3


@every_database
def test_an_error_of_the_database_is_raised_as_sqlalchemy_raises_it(connection: sa.Connection) -> None:
    insert = Ready(THING.insert().values(id=sa.bindparam("id", type_=RecordId()), name="n1"))
    with pytest.raises(sa.exc.IntegrityError), connection.begin_nested():
        insert.run(connection, {"id": uuid7()})
    assert connection.scalar(sa.select(sa.func.count()).select_from(THING)) == 4


@every_database
def test_listeners_of_statements_hear_of_it(connection: sa.Connection) -> None:
    heard: list[str] = []

    def hear(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        heard.append(statement)

    sa.event.listen(connection.engine, "before_cursor_execute", hear)
    Ready(sa.select(THING.c.name)).all(connection, {})
    sa.event.remove(connection.engine, "before_cursor_execute", hear)
    assert [statement.split(" \n")[0] for statement in heard] == ["SELECT thing.name"]


@every_database
def test_what_is_written_first_belongs_to_a_transaction_too(database_kind: str, tmp_path: Path) -> None:
    engine = make_engine(fresh_url(database_kind, tmp_path))
    with engine.begin() as connection:
        THING.metadata.create_all(connection)
    rows = [[uuid7(), "a"], [uuid7(), "b"]]
    one = Ready(THING.insert().values(id=sa.bindparam("id", type_=RecordId()), name="c"))
    with engine.connect() as connection:
        insert_many(connection, THING, ["id", "name"], rows)
        connection.rollback()
        one.run(connection, {"id": uuid7()})
        connection.rollback()
        insert_many(connection, THING, ["id", "name"], rows[:1])
        connection.commit()
    with engine.connect() as connection:
        assert Ready(sa.select(THING.c.name)).all(connection, {}) == [("a",)]
    engine.dispose()


@every_database
def test_many_rows_are_stored_as_one_by_one(connection: sa.Connection) -> None:
    connection.execute(sa.delete(THING))
    names = list(THING.c.keys())
    insert_many(connection, THING, names, ([row[n] for n in names] for row in ROWS))
    insert_many(connection, THING, ["id", "name"], [[uuid7(), "tab\t, line\n, \\N and “quotes”"]])
    found = [
        tuple(r)
        for r in connection.execute(
            sa.select(THING).where(THING.c.name.startswith("n")).order_by(THING.c.name)
        )
    ]
    assert found == [tuple(row.values()) for row in ROWS]
    assert (
        connection.scalar(sa.select(THING.c.name).where(THING.c.price.is_(None)))
        == "tab\t, line\n, \\N and “quotes”"
    )
    with pytest.raises(sa.exc.IntegrityError), connection.begin_nested():
        insert_many(connection, THING, ["id", "name"], [[uuid7(), "x"], [uuid7(), "n1"]])
    assert connection.scalar(sa.select(sa.func.count()).select_from(THING)) == 4
