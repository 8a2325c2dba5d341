"""Triggers by which the database itself refuses to change a system table."""

from __future__ import annotations

import sqlalchemy as sa

from dougong_runtime.audit.commit import OPEN

_NO_DELETE_SQLITE = (
    "CREATE TRIGGER IF NOT EXISTS {table}_no_delete BEFORE DELETE ON {table} "
    "BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END",
    # INSERT OR REPLACE removes the old row without firing a delete trigger
    "CREATE TRIGGER IF NOT EXISTS {table}_no_replace BEFORE INSERT ON {table} "
    "WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key}) "
    "BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END",
)
_SQLITE = (
    "CREATE TRIGGER IF NOT EXISTS {table}_no_update BEFORE UPDATE ON {table} "
    "BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END",
    *_NO_DELETE_SQLITE,
)

_FUNCTION = (
    "CREATE OR REPLACE FUNCTION dg_append_only() RETURNS trigger LANGUAGE plpgsql AS "
    "'BEGIN RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || '' is append-only''; END'"
)
_POSTGRESQL = (
    _FUNCTION,
    "DROP TRIGGER IF EXISTS {table}_no_change ON {table}",
    "CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
    "FOR EACH STATEMENT EXECUTE FUNCTION dg_append_only()",
)

_UNTOUCHED = ("seq", *OPEN)
_ERASURE = (
    "NEW.salt IS NULL AND NEW.erased IS NOT NULL AND NEW.erased_by > COALESCE(OLD.erased_by, OLD.seq) "
    "AND EXISTS (SELECT 1 FROM dg_audit AS e WHERE e.seq = NEW.erased_by AND e.action = 'erase' "
    "AND e.app = OLD.app AND e.record = OLD.record)"
)
"""An update that erases: after an event that says so of this record, and leaving all but the values as they were."""
_ERASABLE_SQLITE = (
    "DROP TRIGGER IF EXISTS dg_audit_no_update",
    "CREATE TRIGGER dg_audit_no_update BEFORE UPDATE ON dg_audit WHEN NOT COALESCE("
    + " AND ".join(f"NEW.{name} IS OLD.{name}" for name in _UNTOUCHED)
    + f" AND {_ERASURE}, FALSE) BEGIN SELECT RAISE(ABORT, 'dg_audit is append-only'); END",
    *(statement.format(table="dg_audit", key="seq") for statement in _NO_DELETE_SQLITE),
)
_ERASABLE_POSTGRESQL = (
    _FUNCTION,
    "CREATE OR REPLACE FUNCTION dg_audit_erasable() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN IF "
    + " AND ".join(f"NEW.{name} IS NOT DISTINCT FROM OLD.{name}" for name in _UNTOUCHED)
    + f" AND {_ERASURE} THEN RETURN NEW; END IF; RAISE EXCEPTION 'dg_audit is append-only'; END$$",
    "DROP TRIGGER IF EXISTS dg_audit_no_change ON dg_audit",
    "CREATE TRIGGER dg_audit_no_change BEFORE DELETE OR TRUNCATE ON dg_audit "
    "FOR EACH STATEMENT EXECUTE FUNCTION dg_append_only()",
    "DROP TRIGGER IF EXISTS dg_audit_no_update ON dg_audit",
    "CREATE TRIGGER dg_audit_no_update BEFORE UPDATE ON dg_audit "
    "FOR EACH ROW EXECUTE FUNCTION dg_audit_erasable()",
)


def append_only(connection: sa.Connection, table: str, key: str) -> None:
    """Refuse UPDATE, DELETE and, on PostgreSQL, TRUNCATE; repeatable. `table` and its integer key are our own names."""
    for statement in _SQLITE if connection.dialect.name == "sqlite" else _POSTGRESQL:
        connection.exec_driver_sql(statement.format(table=table, key=key))


def erasable_only(connection: sa.Connection) -> None:
    """The same of `dg_audit`, but for an UPDATE that erases values by an event which says so; repeatable.

    What may be erased, and that nothing else changes with it, no trigger can see: the seals show it.
    """
    for statement in _ERASABLE_SQLITE if connection.dialect.name == "sqlite" else _ERASABLE_POSTGRESQL:
        connection.exec_driver_sql(statement)
