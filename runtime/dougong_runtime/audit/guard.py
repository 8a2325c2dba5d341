"""Triggers by which the database itself refuses to change a system table."""

from __future__ import annotations

import sqlalchemy as sa

_SQLITE = (
    "CREATE TRIGGER IF NOT EXISTS {table}_no_update BEFORE UPDATE ON {table} "
    "BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END",
    "CREATE TRIGGER IF NOT EXISTS {table}_no_delete BEFORE DELETE ON {table} "
    "BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END",
    # INSERT OR REPLACE removes the old row without firing a delete trigger
    "CREATE TRIGGER IF NOT EXISTS {table}_no_replace BEFORE INSERT ON {table} "
    "WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key}) "
    "BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END",
)

_POSTGRESQL = (
    "CREATE OR REPLACE FUNCTION dg_append_only() RETURNS trigger LANGUAGE plpgsql AS "
    "'BEGIN RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || '' is append-only''; END'",
    "DROP TRIGGER IF EXISTS {table}_no_change ON {table}",
    "CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
    "FOR EACH STATEMENT EXECUTE FUNCTION dg_append_only()",
)


def append_only(connection: sa.Connection, table: str, key: str) -> None:
    """Refuse UPDATE, DELETE and, on PostgreSQL, TRUNCATE; repeatable. `table` and its integer key are our own names."""
    for statement in _SQLITE if connection.dialect.name == "sqlite" else _POSTGRESQL:
        connection.exec_driver_sql(statement.format(table=table, key=key))
