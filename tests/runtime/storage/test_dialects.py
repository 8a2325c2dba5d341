"""An engine behaves as a server's database should, on both databases."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, OperationalError

from databases import every_database
from dougong_runtime.storage.dialects import install_functions, make_engine

PARENT = sa.Table(
    "parent", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), sa.Column("n", sa.Integer)
)


@every_database
def test_tables_and_rows_roll_back_together(database_url: str) -> None:
    engine = make_engine(database_url)
    with engine.connect() as connection:
        connection.begin()
        connection.execute(sa.text("CREATE TABLE a (x integer)"))
        connection.execute(sa.text("INSERT INTO a VALUES (1)"))
        connection.rollback()
    assert not sa.inspect(engine).has_table("a")


@every_database
def test_foreign_keys_are_held(database_url: str) -> None:
    engine = make_engine(database_url)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE a (x integer PRIMARY KEY)"))
        connection.execute(sa.text("CREATE TABLE b (a integer REFERENCES a (x))"))
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO b VALUES (7)"))


@every_database
def test_writers_wait_for_each_other_and_lose_nothing(database_url: str) -> None:
    engine = make_engine(database_url)
    PARENT.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(sa.insert(PARENT).values(id=1, n=0))

    def add() -> None:
        for _ in range(25):
            with engine.begin() as connection:
                n = connection.execute(
                    sa.select(PARENT.c.n).where(PARENT.c.id == 1).with_for_update()
                ).scalar_one()
                connection.execute(sa.update(PARENT).values(n=n + 1))

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with engine.begin() as connection:
        assert connection.execute(sa.select(PARENT.c.n)).scalar_one() == 100


def test_a_sqlite_reader_does_not_wait_for_a_writer(tmp_path: object) -> None:
    url = f"sqlite:///{tmp_path}/a.sqlite"
    engine, reader = make_engine(url), make_engine(url, read_only=True)
    PARENT.metadata.create_all(engine)
    with engine.begin() as writing:
        writing.execute(sa.insert(PARENT).values(id=1, n=5))
        with reader.begin() as reading:
            assert reading.execute(sa.select(sa.func.count()).select_from(PARENT)).scalar_one() == 0
            with pytest.raises(OperationalError):
                reading.execute(sa.insert(PARENT).values(id=2, n=5))


def test_of_many_who_open_a_new_sqlite_file_at_once_none_is_refused(tmp_path: Path) -> None:
    failed: list[BaseException] = []

    def open_it(engine: sa.Engine, all_of_them: threading.Barrier) -> None:
        all_of_them.wait()
        try:
            PARENT.metadata.create_all(engine)
        except BaseException as error:
            failed.append(error)

    for number in range(60):
        engines = [make_engine(f"sqlite:///{tmp_path}/{number}.sqlite") for _ in range(6)]
        barrier = threading.Barrier(len(engines))
        threads = [threading.Thread(target=open_it, args=(engine, barrier)) for engine in engines]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for engine in engines:
            engine.dispose()
    assert failed == []


@every_database
def test_functions_can_be_installed_again(database_url: str) -> None:
    engine = make_engine(database_url)
    for _ in range(2):
        with engine.begin() as connection:
            install_functions(connection)


@every_database
def test_a_failure_does_not_carry_what_was_written(database_url: str) -> None:
    engine = make_engine(database_url)
    with pytest.raises(sa.exc.DBAPIError) as failed, engine.begin() as connection:
        connection.execute(sa.text("SELECT :phone FROM nowhere"), {"phone": "13800138000"})
    engine.dispose()
    assert "13800138000" not in str(failed.value)
