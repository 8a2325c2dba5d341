"""A new stored formula computed beforehand, where it reads nothing but columns of the same record."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from dougong_runtime.fields.base import Field
from dougong_runtime.fields.links import to_columns
from dougong_runtime.formulas.compile import Scope, stored
from dougong_runtime.formulas.context import needed
from dougong_runtime.formulas.dependencies import dependencies, reads_clock, settings_of
from dougong_runtime.model.app import Entity
from dougong_runtime.storage.tables import Tables


def columns_read(entity: Entity, field: Field) -> frozenset[str] | None:
    """Columns that a formula's value follows from; None where other records, the clock or settings are in it too, or
    where it follows from nothing: then no write of a record tells that it must be computed."""
    if not field.is_stored_formula or field.formula is None:
        return None
    tree = field.formula.tree
    found = dependencies(tree)
    if any(one.hops for one in found) or reads_clock(tree) or settings_of(tree):
        return None
    read = [entity.fields[one.field] for one in found]
    if any(one.is_many for one in read):
        return None
    return frozenset(column for one in read for column in to_columns(one, None)) or None


@dataclass(frozen=True)
class Computing:
    """A column filled with a formula's values (`prepared.Filling`)."""

    table: sa.Table
    """Its column keys are names of the new version; their names are those of this moment."""
    column: str
    """Key of the column to fill."""
    value: sa.ColumnElement[Any]
    read: Collection[str]
    """Keys of the columns that it follows from."""
    parameters: Mapping[str, Any]
    """What the statement binds."""

    @classmethod
    def of(
        cls,
        after: Tables,
        entity: Entity,
        field: Field,
        table: sa.Table,
        read: Collection[str],
        parameters: Mapping[str, Any],
    ) -> Computing:
        """The formula over the table as it is now; `parameters` are those of stored formulas."""
        assert field.formula is not None
        scope = Scope(after.app, after, entity.name, table, after.dialect)
        value = stored(field.formula.tree, field.value_type, scope)
        wanted = {name: parameters[name] for name in needed(sa.select(value)) if name in parameters}
        return cls(table, field.name, value, read, wanted)

    @property
    def name(self) -> str:
        """The table."""
        return self.table.name

    @property
    def sources(self) -> tuple[str, ...]:
        """Columns that the formula reads."""
        return tuple(self.table.c[key].name for key in sorted(self.read))

    def fill(self, connection: sa.Connection, where: sa.ColumnElement[bool] | None = None) -> None:
        """Compute it."""
        table = self.table
        select = sa.select(table.c.id, self.value.label("value"))
        new = (select if where is None else select.where(where)).params(self.parameters).cte("new")
        update = sa.update(table).values({table.c[self.column]: new.c.value}).where(table.c.id == new.c.id)
        connection.execute(update)

    def refill(self, connection: sa.Connection, where: sa.ColumnElement[bool]) -> None:
        """The same: every value is written."""
        self.fill(connection, where)
