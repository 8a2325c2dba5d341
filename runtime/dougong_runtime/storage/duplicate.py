"""Tables copied into another database, row for row: for a copy of a site that nobody but its maker sees."""

from __future__ import annotations

import sqlalchemy as sa

from dougong_runtime.storage.copying import insert_many
from dougong_runtime.storage.tables import Tables

_BATCH = 1_000


def count_rows(connection: sa.Connection, tables: Tables) -> int:
    """Rows of all the app's own entities together, those in the trash too."""
    count = sa.select(sa.func.count())
    of = (tables.of(entity.name) for entity in tables.app.own_entities)
    return sum(connection.scalar(count.select_from(table)) or 0 for table in of)


def copy_app(source: sa.Connection, target: sa.Connection, old: Tables, new: Tables) -> None:
    """Every row of an app's own entities and of their links. `new`: the same version's tables in the other database."""
    for entity in old.app.own_entities:
        _copy_rows(source, target, old.of(entity.name), new.of(entity.name))
        for field in entity.own_fields:
            if field.is_many:
                _copy_rows(
                    source, target, old.link(entity.name, field.name), new.link(entity.name, field.name)
                )


def copy_table(
    source: sa.Connection, target: sa.Connection, table: sa.Table, where: sa.ColumnElement[bool] | None = None
) -> None:
    """Rows of a system table, those of which a condition is true."""
    _copy_rows(source, target, table, table, where)


def _copy_rows(
    source: sa.Connection,
    target: sa.Connection,
    old: sa.Table,
    new: sa.Table,
    where: sa.ColumnElement[bool] | None = None,
) -> None:
    names = [c.key for c in old.c if c.key in new.c]
    query = sa.select(*(old.c[n] for n in names))
    if where is not None:
        query = query.where(where)
    rows = source.execute(query, execution_options={"yield_per": _BATCH})
    for part in rows.partitions(_BATCH):
        insert_many(target, new, names, [tuple(row) for row in part])
