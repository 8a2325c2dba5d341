"""SQLite only: what stands beside a table and follows from it: its full-text table with triggers, its readable view."""

from __future__ import annotations

import sqlalchemy as sa

from dougong_runtime.exact import Exact
from dougong_runtime.model.app import Entity
from dougong_runtime.storage.identifiers import ROW, readable_view_name, search_table_name
from dougong_runtime.storage.search import search_columns
from dougong_runtime.storage.tables import Tables

_TOKENIZER = "unicode61 remove_diacritics 0"


def put_aside(connection: sa.Connection, table: str) -> None:
    """Drop the triggers and the view of a table, so that its columns can be changed. The full-text table stays."""
    if connection.dialect.name != "sqlite":
        return
    connection.exec_driver_sql(f'DROP VIEW IF EXISTS "{readable_view_name(table)}"')
    for event in ("insert", "update", "delete"):
        connection.exec_driver_sql(f'DROP TRIGGER IF EXISTS "{search_table_name(table)}_{event}"')


def drop_search(connection: sa.Connection, table: str) -> None:
    """Drop a table's full-text table."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f'DROP TABLE IF EXISTS "{search_table_name(table)}"')


def set_up(connection: sa.Connection, tables: Tables, entity: Entity) -> None:
    """Create what stands beside an entity's table, as its present columns ask for. The index is built anew if needed."""
    if connection.dialect.name != "sqlite":
        return
    table = tables.of(entity.name)
    put_aside(connection, table.name)
    _set_up_search(connection, table, tuple(search_columns(entity)))
    connection.exec_driver_sql(readable_view(table))


def readable_view(table: sa.Table) -> str:
    """The view in which scaled decimals read as decimals, for tools that know nothing of scales."""
    columns = []
    for column in table.c:
        name = f'"{column.name}"'
        if column.name == ROW or column.name.startswith("dg_"):
            continue
        if isinstance(column.type, Exact) and column.type.is_narrow and column.type.scale:
            columns.append(f"{name} / {10**column.type.scale}.0 AS {name}")
        else:
            columns.append(name)
    return (
        f'CREATE VIEW "{readable_view_name(table.name)}" AS SELECT {", ".join(columns)} FROM "{table.name}"'
    )


def _set_up_search(connection: sa.Connection, table: sa.Table, columns: tuple[str, ...]) -> None:
    name = search_table_name(table.name)
    if not columns:
        drop_search(connection, table.name)
        return
    listed = ", ".join(f'"{c}"' for c in columns)
    create = (
        f'CREATE VIRTUAL TABLE "{name}" USING fts5({listed}, content="{table.name}", content_rowid="{ROW}", '
        f'tokenize="{_TOKENIZER}")'
    )
    there = connection.execute(
        sa.text("SELECT sql FROM sqlite_master WHERE name = :name"), {"name": name}
    ).scalar_one_or_none()
    if there != create:
        drop_search(connection, table.name)
        connection.exec_driver_sql(create)
        connection.exec_driver_sql(f'INSERT INTO "{name}"("{name}") VALUES (\'rebuild\')')
    new = ", ".join(f'new."{c}"' for c in columns)
    old = ", ".join(f'old."{c}"' for c in columns)
    add = f'INSERT INTO "{name}"(rowid, {listed}) VALUES (new."{ROW}", {new});'
    remove = f'INSERT INTO "{name}"("{name}", rowid, {listed}) VALUES (\'delete\', old."{ROW}", {old});'
    different = " OR ".join(f'old."{c}" IS NOT new."{c}"' for c in columns)
    for event, when, body in (
        ("insert", "AFTER INSERT", add),
        ("delete", "AFTER DELETE", remove),
        ("update", f"AFTER UPDATE OF {listed}", remove + add),
    ):
        condition = f" WHEN {different}" if event == "update" else ""
        connection.exec_driver_sql(
            f'CREATE TRIGGER "{name}_{event}" {when} ON "{table.name}"{condition} BEGIN {body} END'
        )


def rebuild(connection: sa.Connection, table: str) -> None:
    """Build a full-text index anew from its table, if it has one."""
    name = search_table_name(table)
    if connection.dialect.name == "sqlite" and sa.inspect(connection).has_table(name):
        connection.exec_driver_sql(f'INSERT INTO "{name}"("{name}") VALUES (\'rebuild\')')
