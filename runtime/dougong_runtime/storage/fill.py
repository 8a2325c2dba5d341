"""Stored values that follow from documents: search and sort columns, and the values of renamed options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from dougong_runtime.exact import RecordId
from dougong_runtime.fields.base import Field
from dougong_runtime.fields.links import ENTITY_SUFFIX
from dougong_runtime.formulas.types import Kind
from dougong_runtime.model.app import Entity
from dougong_runtime.storage.identifiers import sort_column_name
from dougong_runtime.storage.retype import read_values
from dougong_runtime.storage.search import search_columns, search_values, sorted_fields

BATCH_ROWS = 2_000


@dataclass(frozen=True)
class Searching:
    """Search and sort columns, filled from the fields whose words they hold (`prepared.Filling`)."""

    entity: Entity
    table: sa.Table
    """Its column keys are names of the new version; their names are those of this moment."""
    columns: Mapping[str, str]
    """Search or sort column → key, in the table, of the column to fill."""

    @property
    def name(self) -> str:
        """The table."""
        return self.table.name

    @property
    def sources(self) -> tuple[str, ...]:
        """Columns of the fields."""
        return tuple(self.table.c[name].name for name in self._fields())

    def _fields(self) -> tuple[str, ...]:
        searched = search_columns(self.entity)
        names = [f.name for column in self.columns for f in searched.get(column, ())]
        names += [f.name for f in sorted_fields(self.entity) if sort_column_name(f.name) in self.columns]
        return tuple(dict.fromkeys(names))

    def fill(self, connection: sa.Connection, where: sa.ColumnElement[bool] | None = None) -> None:
        """Write them anew."""
        table, needed = self.table, self._fields()
        if not needed or not self.columns:
            return
        update = (
            sa.update(table)
            .where(table.c.id == sa.bindparam("dg_of"))
            .values({table.c[key]: sa.bindparam(f"dg_to_{name}") for name, key in self.columns.items()})
        )
        last: str | None = None
        while True:
            query = sa.select(table.c.id, *(table.c[n] for n in needed)).order_by(table.c.id)
            if where is not None:
                query = query.where(where)
            if last is not None:
                query = query.where(table.c.id > last)
            rows = connection.execute(query.limit(BATCH_ROWS)).all()
            if not rows:
                return
            changes = []
            for row in rows:
                found = search_values(self.entity, dict(zip(needed, row[1:], strict=True)))
                changes.append(
                    {"dg_of": row[0], **{f"dg_to_{name}": found.get(name) for name in self.columns}}
                )
            connection.execute(update, changes)
            last = rows[-1][0]

    def refill(self, connection: sa.Connection, where: sa.ColumnElement[bool]) -> None:
        """The same: every value is written."""
        self.fill(connection, where)


@dataclass(frozen=True)
class OptionRenaming:
    """Stored values of options under their new values, all at once, so that two may change places
    (`prepared.Filling`)."""

    field: Field
    values: tuple[tuple[str | int, str | int], ...]
    """Old and new."""
    table: sa.Table
    source: sa.Column[Any]
    target: sa.Column[Any]
    """The same column as the source, where stored values are to follow in place."""

    @classmethod
    def of(
        cls,
        table: str,
        field: Field,
        values: tuple[tuple[str | int, str | int], ...],
        source: str | None = None,
        target: str | None = None,
    ) -> OptionRenaming:
        """From one column of a table to another; both are the field's own unless named."""
        kind = field.kind.columns(field)[0].type
        names = dict.fromkeys((source or field.name, target or field.name))
        bare = sa.Table(
            table, sa.MetaData(), sa.Column("id", RecordId()), *(sa.Column(n, kind) for n in names)
        )
        return cls(field, values, bare, bare.c[source or field.name], bare.c[target or field.name])

    @property
    def name(self) -> str:
        """The table."""
        return self.table.name

    @property
    def sources(self) -> tuple[str, ...]:
        """The field's column."""
        return (self.source.name,)

    def fill(self, connection: sa.Connection, where: sa.ColumnElement[bool] | None = None) -> None:
        """Write them; where source and target are one, only what changes."""
        renamed, in_place = dict(self.values), self.source is self.target
        if self.field.value_type.kind is Kind.LIST:
            return self._fill_lists(connection, renamed, where)
        changed: sa.ColumnElement[Any] = sa.case(
            *((self.source == old, sa.literal(new, self.source.type)) for old, new in renamed.items()),
            else_=self.source,
        )
        update = sa.update(self.table).values({self.target: changed})
        if in_place:
            update = update.where(self.source.in_(list(renamed)))
        connection.execute(update if where is None else update.where(where))
        return None

    def refill(self, connection: sa.Connection, where: sa.ColumnElement[bool]) -> None:
        """The same: every value is written."""
        self.fill(connection, where)

    def _fill_lists(
        self,
        connection: sa.Connection,
        renamed: Mapping[str | int, str | int],
        where: sa.ColumnElement[bool] | None,
    ) -> None:
        in_place = self.source is self.target
        update = (
            sa.update(self.table)
            .where(self.table.c.id == sa.bindparam("dg_of"))
            .values({self.target: sa.bindparam("dg_to")})
        )
        named = sa.select(self.table.c.id, self.source.label(self.field.name)).subquery()
        for batch in read_values(connection, named, self.field, where=where):
            changes = [
                {
                    "dg_of": record,
                    "dg_to": None if value is None else [renamed.get(item, item) for item in value],
                }
                for record, value, _ in batch
                if not in_place or (value and any(item in renamed for item in value))
            ]
            if changes:
                connection.execute(update, changes)


def rename_targets(
    connection: sa.Connection, table_name: str, field: Field, values: tuple[tuple[str, str], ...]
) -> None:
    """Let the stored names of a reference's targets follow their entities' new names, all at once."""
    columns = field.kind.columns(field)
    table = sa.Table(table_name, sa.MetaData(), *columns)
    column = table.c[field.name + ENTITY_SUFFIX]
    changed = sa.case(*((column == old, new) for old, new in values), else_=column)
    names = [old for old, _ in values]
    connection.execute(sa.update(table).where(column.in_(names)).values({column: changed}))
