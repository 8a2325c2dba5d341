"""An app's tables, as SQLAlchemy knows them: real tables with typed columns, one an entity, one a `references` field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from dougong_runtime.exact import Instant, RecordId
from dougong_runtime.fields import FIELD_TYPES
from dougong_runtime.fields.base import Field
from dougong_runtime.fields.columns import PLAIN_TEXT
from dougong_runtime.model.app import App, Entity, Unique
from dougong_runtime.storage.identifiers import (
    ROW,
    link_index_name,
    link_table_name,
    sort_column_name,
    table_name,
)
from dougong_runtime.storage.indexes import (
    IndexSpec,
    make_index,
    order_terms,
    sort_expression,
    wanted_indexes,
)
from dougong_runtime.storage.search import auxiliary_columns, sorted_fields


class Tables:
    """The tables of one version of an app, for one dialect (`sqlite` or `postgresql`). Built once, then read only."""

    def __init__(self, app: App, dialect: str) -> None:
        self.app, self.dialect = app, dialect
        self.metadata = sa.MetaData()
        self._later = dialect == "postgresql"
        self._tables: dict[str, sa.Table] = {}
        self._links: dict[tuple[str, str], sa.Table] = {}
        self._indexes: dict[str, tuple[IndexSpec, ...]] = {}
        for entity in app.entities.values():
            self._tables[entity.name] = self._entity_table(entity)
        for entity in app.entities.values():
            for field in entity.own_fields:
                if field.is_many:
                    self._links[entity.name, field.name] = self._link_table(entity, field)
            table = self._tables[entity.name]
            specs = wanted_indexes(app, entity, table, dialect)
            for spec in specs:
                make_index(spec, table, entity, dialect)
            self._indexes[entity.name] = specs

    def of(self, entity: str) -> sa.Table:
        """The table of an entity; its column keys are field names. Raises KeyError for no such entity."""
        return self._tables[entity]

    def link(self, entity: str, field: str) -> sa.Table:
        """The link table of a `references` field: columns `record`, `target`, `place` (from 0)."""
        return self._links[entity, field]

    def sort_column(self, entity: str, field: str) -> sa.Column[Any] | None:
        """The pinyin sort key of a text field, or None where the field sorts by its own column."""
        if any(f.name == field for f in sorted_fields(self.app.entities[entity])):
            return self._tables[entity].c[sort_column_name(field)]
        return None

    def order_by(
        self, entity: str, sort: Sequence[str], row: sa.FromClause | None = None
    ) -> list[sa.ColumnElement[Any]]:
        """ORDER BY terms for names of the entity's own fields (`-` for descending), absent values last, then `id`.

        In the form that the indexes of published views serve, on either database. Choices, which sort by place,
        are not among what this can do.
        """
        table = self._tables[entity] if row is None else row
        terms = [
            term
            for name in sort
            for term in order_terms(
                sort_expression(table, self.app.entities[entity], name), name.startswith("-"), self.dialect
            )
        ]
        last = bool(sort) and sort[-1].startswith("-")
        return [*terms, table.c.id.desc() if last else table.c.id.asc()]

    def indexes(self, entity: str) -> tuple[IndexSpec, ...]:
        """What the entity's indexes are for."""
        return self._indexes[entity]

    def unique_of(self, index: str) -> tuple[str, Unique] | None:
        """The entity and unique that an index holds, from the index's name in a database's error; None for others."""
        for entity, specs in self._indexes.items():
            for spec in specs:
                if spec.name == index and spec.unique is not None:
                    return entity, spec.unique
        return None

    def _entity_table(self, entity: Entity) -> sa.Table:
        table = entity_table(self.metadata, entity, table_name(entity), self.dialect)
        for field in entity.own_fields:
            if field.has_column and field.is_reference and field.formula is None:
                target = self.app.entities.get(field.targets[0])
                if target is not None:
                    key = foreign_key(table_name(target), "RESTRICT", later=self._later)
                    table.c[field.name].append_foreign_key(key)
        return table

    def _link_table(self, entity: Entity, field: Field) -> sa.Table:
        target = self.app.entities[field.targets[0]]
        return link_table(
            self.metadata, entity, field, table_name(entity), table_name(target), later=self._later
        )


def entity_table(metadata: sa.MetaData, entity: Entity, name: str, dialect: str) -> sa.Table:
    """The table of an entity without its foreign keys and indexes."""
    columns: list[sa.Column[Any]] = []
    if dialect == "sqlite":
        columns.append(sa.Column(ROW, sa.Integer(), primary_key=True))
        columns.append(sa.Column("id", RecordId(), nullable=False, unique=True))
    else:
        columns.append(sa.Column("id", RecordId(), primary_key=True))
    columns += [
        sa.Column("version", sa.BigInteger(), nullable=False, server_default=sa.text("1")),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", RecordId()),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("updated_by", RecordId()),
        sa.Column("deleted_at", Instant()),
    ]
    for field in entity.own_fields:
        if field.has_column:
            columns += FIELD_TYPES.get(field.type).columns(field)
    columns += [sa.Column(column, PLAIN_TEXT) for column in auxiliary_columns(entity)]
    return sa.Table(name, metadata, *columns)


def foreign_key(target_table: str, on_delete: str, *, later: bool = False) -> sa.ForeignKey:
    """A reference to a table's records. Checked at once, unless a transaction that loads records naming each other
    defers it. `later`: made when all tables are there, for references may go in circles."""
    return sa.ForeignKey(
        f"{target_table}.id",
        ondelete=on_delete,
        deferrable=True,
        initially="IMMEDIATE",
        use_alter=later,
    )


def link_table(
    metadata: sa.MetaData,
    entity: Entity,
    field: Field,
    record_table: str,
    target_table: str,
    *,
    later: bool = False,
) -> sa.Table:
    """The table of a `references` field, between two tables as they are called now."""
    table = sa.Table(
        link_table_name(entity, field.name),
        metadata,
        sa.Column("record", RecordId(), foreign_key(record_table, "CASCADE", later=later), primary_key=True),
        sa.Column("target", RecordId(), foreign_key(target_table, "CASCADE", later=later), primary_key=True),
        sa.Column("place", sa.Integer(), nullable=False, server_default=sa.text("0")),
    )
    sa.Index(link_index_name(entity.id, field.id), table.c.target, table.c.record)
    return table
