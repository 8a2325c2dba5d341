"""Kept plans for look-ups by key, fresh ones for all else, and nothing of either left to the next transaction."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from databases import fresh_url
from dougong_platform.database import Database
from dougong_platform.settings import Settings
from dougong_runtime.storage.copying import insert_many
from dougong_runtime.storage.ready import Plan, Ready, driver_cursor

KEPT = ("force_generic_plan", "off", "off")
FRESH = ("force_custom_plan", "on", "on")
T = sa.table("t", sa.column("id", sa.Integer), sa.column("name", sa.Text))
ONE = sa.select(T.c.name).where(T.c.id == sa.bindparam("id", type_=sa.Integer))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    given = {"DOUGONG_DATABASE_URL": fresh_url("postgresql", tmp_path), "DOUGONG_DATA_DIR": str(tmp_path)}
    made = Database(Settings.load(given, file=tmp_path / "none.toml"))
    with made.write() as connection:
        connection.execute(sa.text("CREATE TABLE t (id int PRIMARY KEY, name text)"))
        connection.execute(sa.text("INSERT INTO t SELECT n, 'n' || n FROM generate_series(1, 3) n"))
    yield made
    made.close()


def planned(connection: sa.Connection) -> tuple[str, ...]:
    """How the transaction plans now, asked past everything that would change it."""
    cursor = driver_cursor(connection)
    names = ("plan_cache_mode", "enable_seqscan", "jit")
    return tuple(str(cursor.execute(f"SHOW {name}").fetchone()[0]) for name in names)


def test_a_look_up_by_key_keeps_its_plan_and_anything_else_is_planned_anew(database: Database) -> None:
    for begin in (database.read, database.write):
        with begin() as connection:
            assert Ready(ONE, plan="kept").all(connection, {"id": 2}) == [("n2",)]
            assert planned(connection) == KEPT
            assert Ready(ONE).all(connection, {"id": 2}) == [("n2",)]
            assert planned(connection) == FRESH
            assert Ready(ONE, plan="kept").all(connection, {"id": 3}) == [("n3",)]
            assert (
                planned(connection) == FRESH
            )  # no way back: two statements a turn would cost more than a plan


def test_what_sqlalchemy_runs_is_planned_anew(database: Database) -> None:
    with database.read() as connection:
        assert planned(connection) == KEPT
        assert connection.execute(sa.select(sa.func.count()).select_from(T)).scalar() == 3
        assert planned(connection) == FRESH


@pytest.mark.parametrize(("plan", "inside", "expected"), [
    ("kept if flat", False, KEPT),
    ("kept if flat", True, FRESH),
    ("kept", True, KEPT),
    ("anew", False, FRESH),
])  # fmt: skip
def test_a_statement_with_others_inside_is_believed_only_where_they_were_meant(
    database: Database, plan: Plan, inside: bool, expected: tuple[str, ...]
) -> None:
    other = T.alias("o")
    asked = ONE.where(sa.exists().where(other.c.id == T.c.id)) if inside else ONE
    with database.read() as connection:
        assert Ready(asked, plan=plan).all(connection, {"id": 1}) == [("n1",)]
        assert planned(connection) == expected


def test_a_turn_that_a_savepoint_takes_back_is_made_again(database: Database) -> None:
    with database.write() as connection:
        part = connection.begin_nested()
        connection.execute(sa.text("SELECT 1"))
        assert planned(connection) == FRESH
        part.rollback()
        connection.execute(sa.text("SELECT 1"))
        assert planned(connection) == FRESH


def test_the_next_transaction_of_a_connection_knows_nothing_of_it(database: Database) -> None:
    with database.read() as connection:
        Ready(ONE, plan="kept").all(connection, {"id": 1})
    for engine in (database.engine, database.reader):
        with (
            engine.begin() as connection
        ):  # the pool's first connection again, as who begins by other doors gets it
            assert planned(connection) == FRESH


def test_a_plan_kept_from_a_small_table_finds_by_the_index_when_it_has_grown(database: Database) -> None:
    text = "SELECT name FROM t WHERE id = %(id)s::INTEGER"
    with database.write() as connection:
        cursor = driver_cursor(connection)
        for id_ in range(10):
            cursor.execute(text, {"id": id_}, prepare=True)
        name = cursor.execute(
            "SELECT name FROM pg_prepared_statements WHERE statement LIKE '%FROM t%'"
        ).fetchone()[0]
        plan = cursor.execute(f'EXPLAIN EXECUTE "{name}"(1)').fetchall()
    assert "Index Scan" in plan[0][0]
    assert "$1" in plan[1][0]


def test_reading_stays_one_snapshot_that_nothing_can_write(database: Database) -> None:
    with database.read() as reader:
        assert Ready(ONE, plan="kept").all(reader, {"id": 1}) == [("n1",)]
        with database.write() as writer:
            writer.execute(sa.text("UPDATE t SET name = 'changed'"))
        assert Ready(ONE, plan="kept").all(reader, {"id": 1}) == [("n1",)]
        assert Ready(ONE).all(reader, {"id": 1}) == [("n1",)]
        with pytest.raises(sa.exc.InternalError, match="read-only"):
            reader.execute(sa.text("DELETE FROM t"))


def test_a_connection_that_is_gone_is_told_as_ever_and_not_given_out_again(database: Database) -> None:
    with database.read() as connection:
        pid = Ready(sa.select(sa.func.pg_backend_pid())).all(connection, {})[0][0]
    other = sa.create_engine(database.engine.url)
    with other.begin() as connection:
        connection.execute(sa.select(sa.func.pg_terminate_backend(pid, 5_000)))
    other.dispose()
    with pytest.raises(sa.exc.OperationalError) as told, database.read() as connection:
        Ready(ONE, plan="kept").all(connection, {"id": 1})
    assert told.value.connection_invalidated
    with database.read() as connection:
        assert Ready(ONE, plan="kept").all(connection, {"id": 1}) == [("n1",)]


def test_a_reading_that_failed_ends_like_any_other(database: Database) -> None:
    with pytest.raises(sa.exc.ProgrammingError), database.read() as connection:
        connection.execute(sa.text("SELECT nothing FROM nowhere"))
    with database.read() as connection, pytest.raises(sa.exc.ProgrammingError):
        Ready(sa.select(sa.column("nothing")).select_from(sa.table("t")), plan="kept").all(connection, {})
    with database.read() as connection:
        assert Ready(ONE, plan="kept").all(connection, {"id": 1}) == [("n1",)]
        assert planned(connection) == KEPT


def test_what_many_new_rows_refer_to_is_looked_up_by_one_plan(database: Database) -> None:
    copied = sa.Table("t", sa.MetaData(), sa.Column("id", sa.Integer), sa.Column("name", sa.Text))
    tell = "BEGIN NEW.name := current_setting('plan_cache_mode'); RETURN NEW; END"
    with database.write() as connection:
        connection.execute(sa.text(f"CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $${tell}$$"))
        connection.execute(
            sa.text("CREATE TRIGGER tell BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tell()")
        )
    with database.write() as connection:
        connection.execute(sa.text("SELECT 1"))
        insert_many(connection, copied, ("id", "name"), [(8, ""), (9, "")])
        assert planned(connection) == FRESH
        assert Ready(ONE).all(connection, {"id": 9}) == [("force_generic_plan",)]
        part = connection.begin_nested()
        with pytest.raises(sa.exc.IntegrityError):
            insert_many(connection, copied, ("id", "name"), [(10, ""), (9, "")])
        part.rollback()
        assert planned(connection) == FRESH
