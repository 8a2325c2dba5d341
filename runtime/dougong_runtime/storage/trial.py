"""Steps tried out: on SQLite where they will be carried out, on PostgreSQL on copies that only this connection sees.

There every change of a table would keep all others from it until the trial is over. A temporary table of the same name
comes before the real one in every statement of the connection, so what tries the steps, and what then asks the tables,
need not know. Indexes and search are left out: no answer depends on them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from dougong_runtime.fields.base import Field
from dougong_runtime.model.app import App, Entity
from dougong_runtime.storage import trash
from dougong_runtime.storage.apply import Steps, apply_steps
from dougong_runtime.storage.convert import SITE_TIME_ZONE
from dougong_runtime.storage.identifiers import link_table_name, table_name
from dougong_runtime.storage.prepared import NOTHING
from dougong_runtime.storage.search import auxiliary_columns
from dougong_runtime.storage.steps import (
    AddIndex,
    AnyStep,
    DropIndex,
    DropSearch,
    FillSearch,
    RestoreEntity,
    RetireEntity,
)
from dougong_runtime.storage.tables import Tables

UNASKED = (AddIndex, DropIndex, DropSearch, FillSearch)
"""Steps that change no answer."""


def try_steps(
    connection: sa.Connection,
    steps: Iterable[AnyStep],
    before: Tables,
    after: Tables,
    at: datetime,
    written: Collection[str] = (),
) -> None:
    """Carry out steps so that the tables can be asked how they will be; the caller rolls back.

    `written`: ids of further entities whose records the caller is going to change.
    """
    if connection.dialect.name != "postgresql":
        apply_steps(connection, [s for s in steps if not isinstance(s, AddIndex)], before, after, at)
        return
    tried = [s for s in steps if not isinstance(s, UNASKED)]
    ids = {e.id for step in tried for e in entities_of(step)} | set(written)
    emptied = {s.entity.id for s in tried if isinstance(s, RetireEntity)}
    for entity in before.app.own_entities:
        if entity.id in ids:
            for table in _tables(entity):
                _copy(connection, table, auxiliary_columns(entity), empty=entity.id in emptied)
    for name in _restored(connection, before.app, tried):
        _copy(connection, name, ())
    work = _OnCopies(connection, before, after, at, None, SITE_TIME_ZONE, NOTHING)
    for step in tried:
        work.do(step)


def entities_of(step: AnyStep) -> Iterator[Entity]:
    """The entities that a step names: one, or as it is before and after."""
    for name in ("entity", "before", "after"):
        found = getattr(step, name, None)
        if isinstance(found, Entity):
            yield found


def _tables(entity: Entity) -> Iterator[str]:
    yield table_name(entity)
    yield from (link_table_name(entity, f.name) for f in entity.own_fields if f.is_many)


def _restored(connection: sa.Connection, app: App, steps: Iterable[AnyStep]) -> Iterator[str]:
    """Tables in the trash that steps take out."""
    for step in steps:
        if isinstance(step, RestoreEntity):
            wanted = [("entity", step.entity.id)]
            wanted += [("entity_link", f.id) for f in step.entity.own_fields if f.is_many]
            for kind, identity in wanted:
                found = trash.find(connection, app.name, kind, step.entity.id, identity)
                if found is not None:
                    yield found.trash_name


def _copy(connection: sa.Connection, table: str, but: Collection[str], *, empty: bool = False) -> None:
    columns = [c["name"] for c in sa.inspect(connection).get_columns(table)]
    listed = ", ".join(f'"{name}"' for name in columns if name not in but)
    rows = "NO DATA" if empty else "DATA"
    connection.exec_driver_sql(
        f'CREATE TEMPORARY TABLE "{table}" ON COMMIT DROP AS SELECT {listed} FROM "{table}" WITH {rows}'
    )
    connection.exec_driver_sql(f'ANALYZE "{table}"')


class _OnCopies(Steps):
    """The same steps, on tables that refer to no others."""

    def _create(self, table: sa.Table) -> None:
        columns = [sa.Column(c.name, c.type) for c in table.c]
        made = sa.Table(
            table.name, sa.MetaData(), *columns, prefixes=["TEMPORARY"], postgresql_on_commit="DROP"
        )
        made.create(self.connection)

    def _create_link(self, table: sa.Table) -> None:
        self._create(table)

    def _drop_link_index(self, entity: Entity, field: Field) -> None:
        """There is none; that of the real table stays."""

    def _fresh_columns(self, field: Field) -> list[sa.Column[Any]]:
        return list(field.kind.columns(field))
