"""Tables of people and teams: made once, and given the fields that a newer program knows."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa

from dougong_runtime.documents import versions
from dougong_runtime.fields.base import Field
from dougong_runtime.model.app import Entity
from dougong_runtime.model.directory import DIRECTORY
from dougong_runtime.storage.apply import apply_steps
from dougong_runtime.storage.forms import Formed
from dougong_runtime.storage.identifiers import table_name
from dougong_runtime.storage.plan import plan_steps
from dougong_runtime.storage.search import auxiliary_columns
from dougong_runtime.storage.steps import AddField, AddIndex, AnyStep, FillSearch
from dougong_runtime.storage.tables import Tables


def install_directory(connection: sa.Connection) -> None:
    """Make the directory's tables, or add what they lack. Safe to call at every start, the system's tables being there."""
    tables = Tables(DIRECTORY, connection.dialect.name)
    at = datetime.now(UTC)
    if versions.running_number(connection, DIRECTORY.name) is None:
        apply_steps(connection, plan_steps(None, tables), None, tables, at)
        versions.store(connection, DIRECTORY.name, DIRECTORY.version, {}, at, "system", None, {})
        return
    steps = [step for entity in DIRECTORY.own_entities for step in _lacking(connection, tables, entity)]
    if steps:
        apply_steps(connection, steps, tables, tables, at)
    versions.mark(connection)


def _lacking(connection: sa.Connection, tables: Tables, entity: Entity) -> list[AnyStep]:
    name = table_name(entity)
    inspector = sa.inspect(connection)
    present = {c["name"] for c in inspector.get_columns(name)}
    indexes = {i["name"] for i in inspector.get_indexes(name)}
    fields: list[Field] = [f for f in entity.own_fields if f.has_column and f.name not in present]
    columns = tuple(c for c in auxiliary_columns(entity) if c not in present)
    steps: list[AnyStep] = [AddField(entity, name, f, Formed.of(f, DIRECTORY).key) for f in fields]
    if columns:
        steps.append(FillSearch(entity, name, columns, ()))
    steps += [
        AddIndex(entity, name, spec) for spec in tables.indexes(entity.name) if spec.name not in indexes
    ]
    return steps
