"""What carrying out steps is made of: tables and columns made, renamed, put into the trash, by the names of the moment.

Alembic's operations do the altering. Where a name is still in use that another thing is to have, its owner waits under
a temporary one.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy.schema import AddConstraint, CreateTable

from dougong_runtime.exact import RecordId
from dougong_runtime.fields.base import Field
from dougong_runtime.fields.links import ENTITY_SUFFIX
from dougong_runtime.model.app import Entity
from dougong_runtime.storage import auxiliary, trash
from dougong_runtime.storage.identifiers import link_index_name, link_table_name, table_name
from dougong_runtime.storage.prepared import Prepared
from dougong_runtime.storage.tables import Tables, foreign_key, link_table


class Work:
    """A connection, the tables before and after, and what has been moved out of the way."""

    def __init__(
        self,
        connection: sa.Connection,
        before: Tables | None,
        after: Tables,
        at: datetime,
        version: int | None,
        time_zone: str,
        prepared: Prepared,
    ) -> None:
        self.connection, self.before, self.after = connection, before, after
        self.at, self.version, self.time_zone, self.prepared = at, version, time_zone, prepared
        self.app = after.app.name
        self.dialect = connection.dialect.name
        self.operations = Operations(MigrationContext.configure(connection))
        self.moved: dict[tuple[str, str], str] = {}
        """(table, column) → where the column was moved to because another wants its name; "" for whole tables."""
        self.settled: set[tuple[str, str]] = set()
        """(table, sort or search column) that got its name from its field: another field of that old name has none."""
        self.created: list[sa.Table] = []
        self.filled: set[str] = set()
        self.touched: set[str] = set()
        self.temporary = 0
        self.back: dict[tuple[str, str], int | None] = {}
        """(entity's id, field) out of the trash under that name → the last version that had had it."""

    def begin(self) -> None:
        """Put aside what would stand in the way."""
        if self.before is not None:
            for entity in self.before.app.own_entities:
                auxiliary.put_aside(self.connection, self.before.of(entity.name).name)

    def finish(self) -> None:
        """Foreign keys of new tables, and what stands beside tables."""
        for table in self.created:
            for constraint in table.foreign_key_constraints:
                if constraint.use_alter:
                    self.connection.execute(AddConstraint(constraint, isolate_from_table=False))
        for entity in self.after.app.own_entities:
            auxiliary.set_up(self.connection, self.after, entity)
            name = self.after.of(entity.name).name
            if name in self.filled:
                auxiliary.rebuild(self.connection, name)

    def _create(self, table: sa.Table) -> None:
        """A table without its indexes, which are steps of their own; foreign keys that go in circles come later."""
        at_once = [c for c in table.foreign_key_constraints if not c.use_alter]
        self.connection.execute(CreateTable(table, include_foreign_key_constraints=at_once))
        self.created.append(table)

    def _create_link(self, table: sa.Table) -> None:
        self._create(table)
        for index in table.indexes:
            index.create(self.connection)

    def _link_into_trash(self, kind: str, entity: Entity, field: Field, form: str) -> None:
        self._drop_link_index(entity, field)
        self._rename_table(link_table_name(entity, field.name), self._into_trash(kind, entity, field, form))

    def _drop_link_index(self, entity: Entity, field: Field) -> None:
        self.connection.exec_driver_sql(f'DROP INDEX IF EXISTS "{link_index_name(entity.id, field.id)}"')

    def _rename_table(self, old: str, new: str) -> None:
        if old == new:
            return
        now = self.moved.pop((old, ""), old)
        self._make_room_for_table(new)
        self.operations.rename_table(now, new)

    def _make_room_for_table(self, name: str) -> None:
        """Where another table still has the name that one wants, it waits under a temporary one."""
        if sa.inspect(self.connection).has_table(name):
            away = self._temporary_name()
            self.operations.rename_table(name, away)
            self.moved[name, ""] = away

    def _temporary_name(self) -> str:
        self.temporary += 1
        return f"dg_moving_{self.temporary}"

    def _take_prepared(self, entity: Entity, table: str, name: str) -> None:
        """Give what was made beforehand its name."""
        made = self.prepared.column(entity.id, name)
        assert made is not None
        self._make_room_for_column(table, name)
        self._alter_name(table, made, name)

    def _table_now(self, entity_name: str) -> str:
        """What the table of a reference's target is called at this moment."""
        inspector = sa.inspect(self.connection)
        for side in (self.after, self.before):
            target = None if side is None else side.app.entities.get(entity_name)
            if target is not None and inspector.has_table(table_name(target)):
                return table_name(target)
        return table_name(self.after.app.entities[entity_name])

    def _link_now(self, entity: Entity, field: Field) -> sa.Table:
        """A link table as it is, or is to be, at this moment."""
        known = sa.MetaData()
        names = (table_name(entity), self._table_now(field.targets[0]))
        for name in set(names):
            sa.Table(name, known, sa.Column("id", RecordId(), primary_key=True))
        return link_table(known, entity, field, *names)

    def _fresh_columns(self, field: Field) -> list[sa.Column[Any]]:
        target = self._table_now(field.targets[0]) if field.is_reference else ""
        return fresh_columns(field, target)

    def _add_column(self, table: str, column: sa.Column[Any]) -> None:
        self.operations.add_column(table, column, inline_references=True)

    def _into_trash(self, kind: str, entity: Entity, field: Field, form: str) -> str:
        return trash.put(
            self.connection,
            self.app,
            kind,
            entity.id,
            field.id,
            field.name,
            form,
            self.back.get((entity.id, field.name), self.version),
            self.at,
        )

    def _rename_columns(self, table: str, field: Field, old: str, new: str) -> None:
        self._rename_column(table, old, new)
        if field.is_polymorphic:
            self._rename_column(table, old + ENTITY_SUFFIX, new + ENTITY_SUFFIX)

    def _rename_column(self, table: str, old: str, new: str) -> None:
        if old == new:
            return
        now = self.moved.pop((table, old), old)
        self._make_room_for_column(table, new)
        self._alter_name(table, now, new)

    def _make_room_for_column(self, table: str, name: str) -> None:
        """The same of a column."""
        if name in self._column_names(table):
            away = self._temporary_name()
            self._alter_name(table, name, away)
            self.moved[table, name] = away

    def _alter_name(self, table: str, old: str, new: str) -> None:
        self.operations.alter_column(table, old, new_column_name=new)

    def _column_names(self, table: str) -> set[str]:
        return {c["name"] for c in sa.inspect(self.connection).get_columns(table)}

    def _take_prepared_index(self, name: str) -> bool:
        made = self.prepared.indexes.get(name)
        if made is not None:
            self.connection.exec_driver_sql(f'ALTER INDEX "{made}" RENAME TO "{name}"')
        return made is not None


def is_staged(field: Field) -> bool:
    """Whether records that are there stand at a first stage when the field is added."""
    return field.type == "stage" and bool(field.choices)


def fresh_columns(field: Field, target_table: str) -> list[sa.Column[Any]]:
    """Columns of a new field, with the foreign key to the table of its target where it has one."""
    columns = list(field.kind.columns(field))
    if field.is_reference and field.formula is None:
        columns[0].append_foreign_key(foreign_key(target_table, "RESTRICT"))
    return columns
