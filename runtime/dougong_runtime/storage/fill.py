"""Stored values that follow from documents: search and sort columns, and the values of renamed options."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from dougong_runtime.exact import RecordId
from dougong_runtime.fields.base import Field
from dougong_runtime.fields.links import ENTITY_SUFFIX
from dougong_runtime.formulas.types import Kind
from dougong_runtime.model.app import Entity
from dougong_runtime.storage.retype import read_values
from dougong_runtime.storage.search import search_columns, search_values, sorted_fields

BATCH_ROWS = 2_000


def fill_search(connection: sa.Connection, table: sa.Table, entity: Entity, columns: Collection[str]) -> None:
    """Write search and sort columns of all records anew, from their fields."""
    searched = {f.name: f for fields in search_columns(entity).values() for f in fields}
    needed = {**searched, **{f.name: f for f in sorted_fields(entity)}}
    if not needed or not columns:
        return
    update = (
        sa.update(table)
        .where(table.c.id == sa.bindparam("of"))
        .values({name: sa.bindparam(f"to_{name}") for name in columns})
    )
    last: str | None = None
    while True:
        query = sa.select(table.c.id, *(table.c[n] for n in needed)).order_by(table.c.id).limit(BATCH_ROWS)
        if last is not None:
            query = query.where(table.c.id > last)
        rows = connection.execute(query).all()
        if not rows:
            return
        changes = []
        for row in rows:
            found = search_values(entity, dict(zip(needed, row[1:], strict=True)))
            changes.append({"of": row[0], **{f"to_{name}": found.get(name) for name in columns}})
        connection.execute(update, changes)
        last = rows[-1][0]


def rename_options(
    connection: sa.Connection, table_name: str, field: Field, values: tuple[tuple[str | int, str | int], ...]
) -> None:
    """Let stored values follow their options' new values; all at once, so that two may change places."""
    columns = field.kind.columns(field)
    table = sa.Table(table_name, sa.MetaData(), sa.Column("id", RecordId()), *columns)
    column = table.c[field.name]
    renamed = dict(values)
    if field.value_type.kind is not Kind.LIST:
        changed: sa.ColumnElement[Any] = sa.case(
            *((column == old, sa.literal(new, column.type)) for old, new in renamed.items()), else_=column
        )
        connection.execute(sa.update(table).where(column.in_(list(renamed))).values({column: changed}))
        return
    update = sa.update(table).where(table.c.id == sa.bindparam("of")).values({column: sa.bindparam("to")})
    for batch in read_values(connection, table, field):
        changes = [
            {"of": record, "to": [renamed.get(item, item) for item in value]}
            for record, value, _ in batch
            if value and any(item in renamed for item in value)
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
