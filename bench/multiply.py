"""More rows of the same kind, made by the database: copies of an app's records, whose references follow the copies.

For measuring reads at sizes that would take long to write through the door. It goes past the door, past checks and
audit: for scratch databases of the bench only. Roll-ups keep the values of what was copied.
"""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from dougong_runtime.model.app import Entity
from dougong_runtime.records.running import Running

SYSTEM_COLUMNS = ("id", "version", "created_at", "created_by", "updated_at", "updated_by", "deleted_at")


def multiply(connection: sa.Connection, running: Running, times: Mapping[str, int]) -> None:
    """Add `times[entity]` copies of each of its records; entities in the order in which they refer to each other.

    A reference to an entity of `times` names the copy of the same number, so none may have more copies than those it
    refers to. Values of unique fields get the copy's number.
    """
    for name, count in times.items():
        entity = running.app.entities[name]
        names = [c.name for c in running.tables.of(name).columns if c.name != "dg_row"]
        unique = {f.name for f in entity.own_fields if f.unique or f.type == "autonumber"}
        selected = [_copied(running, entity, column, unique, times) for column in names]
        listed = ", ".join(f'"{n}"' for n in names)
        connection.exec_driver_sql(
            f'INSERT INTO "{entity.table}" ({listed}) SELECT {", ".join(selected)} '
            f'FROM "{entity.table}" AS r CROSS JOIN {_numbers(running.dialect, count)}'
        )
    connection.exec_driver_sql("ANALYZE")


def _copied(running: Running, entity: Entity, column: str, unique: set[str], times: Mapping[str, int]) -> str:
    field = entity.fields.get(column)
    follows = field is not None and field.is_reference and field.targets[0] in times
    if column == "id" or (follows and column not in SYSTEM_COLUMNS):
        return _shifted(running.dialect, column)
    if column in unique:
        return f"r.\"{column}\" || '-' || n.n"
    return f'r."{column}"'


def _shifted(dialect: str, column: str) -> str:
    """The id of the n-th copy: its last eight digits are the copy's number."""
    if dialect == "postgresql":
        return f"(substr(r.\"{column}\"::text, 1, 28) || lpad(to_hex(n.n), 8, '0'))::uuid"
    return f"substr(r.\"{column}\", 1, 28) || printf('%08x', n.n)"


def _numbers(dialect: str, count: int) -> str:
    if dialect == "postgresql":
        return f"generate_series(1, {count}) AS n(n)"
    return f"(WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {count}) SELECT n FROM n) AS n"
