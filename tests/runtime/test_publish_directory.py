"""Tables of people and teams are made once, and given what a newer program knows."""

from __future__ import annotations

import sqlalchemy as sa

from databases import every_database
from dougong_runtime.model.directory import DIRECTORY
from dougong_runtime.publish import install_directory
from dougong_runtime.storage import auxiliary
from dougong_runtime.storage.dialects import install_functions, make_engine
from dougong_runtime.storage.system import SYSTEM


@every_database
def test_it_is_made_once_and_missing_fields_are_added(database_url: str) -> None:
    engine = make_engine(database_url)
    with engine.begin() as connection:
        install_functions(connection)
        SYSTEM.create_all(connection)
        install_directory(connection)
        install_directory(connection)
    with engine.begin() as connection:
        auxiliary.put_aside(connection, "dougong__user")
        connection.execute(sa.text("ALTER TABLE dougong__user DROP COLUMN time_zone"))
        connection.execute(sa.text("ALTER TABLE dougong__user DROP COLUMN dg_sort_time_zone"))
    with engine.begin() as connection:
        install_directory(connection)
    with engine.connect() as connection:
        present = {c["name"] for c in sa.inspect(connection).get_columns("dougong__user")}
    assert {f.name for f in DIRECTORY.entities["user"].own_fields if f.has_column} <= present
    assert "dg_sort_time_zone" in present
