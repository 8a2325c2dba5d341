"""Values of the audit can be erased by law: a salt a row, what stays of an erased one, and the triggers that let it be."""

from __future__ import annotations

import sqlalchemy as sa
from alembic.operations import Operations

from dougong_runtime.labels import Label

revision = "0003"
down_revision = "0002"
SAYS = Label("审计中的值可依法抹除", "Values of the audit can be erased by law")

_UNTOUCHED = (
    "seq", "at", "actor", "actor_name", "acting_for", "via", "address", "request", "action", "app", "app_version",
    "entity", "record",
)  # fmt: skip
_ERASURE = (
    "NEW.salt IS NULL AND NEW.erased IS NOT NULL AND NEW.erased_by > COALESCE(OLD.erased_by, OLD.seq) "
    "AND EXISTS (SELECT 1 FROM dg_audit AS e WHERE e.seq = NEW.erased_by AND e.action = 'erase' "
    "AND e.app = OLD.app AND e.record = OLD.record)"
)
_SQLITE = (
    "DROP TRIGGER IF EXISTS dg_audit_no_update",
    "CREATE TRIGGER dg_audit_no_update BEFORE UPDATE ON dg_audit WHEN NOT COALESCE("
    + " AND ".join(f"NEW.{name} IS OLD.{name}" for name in _UNTOUCHED)
    + f" AND {_ERASURE}, FALSE) BEGIN SELECT RAISE(ABORT, 'dg_audit is append-only'); END",
)
_POSTGRESQL = (
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


def upgrade(op: Operations) -> None:
    """Rows written before have no salt and keep the hash that they were sealed under."""
    op.add_column("dg_audit", sa.Column("salt", sa.LargeBinary))
    op.add_column("dg_audit", sa.Column("erased", sa.Text))
    op.add_column("dg_audit", sa.Column("erased_by", sa.BigInteger))
    connection = op.get_bind()
    for statement in _SQLITE if connection.dialect.name == "sqlite" else _POSTGRESQL:
        connection.exec_driver_sql(statement)
