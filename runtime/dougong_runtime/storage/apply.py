"""Steps carried out: a function a step, in the caller's transaction, on both databases.

Alembic's operations do the altering. On SQLite no table is ever rebuilt: what stands beside it (triggers, the readable
view) is put aside first and set up again at the end.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import partial, singledispatchmethod
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from dougong_runtime.errors import Problem, Refused, problem_type
from dougong_runtime.exact import RecordId
from dougong_runtime.fields.base import Field
from dougong_runtime.fields.links import to_columns
from dougong_runtime.model.app import Entity
from dougong_runtime.storage import auxiliary, trash
from dougong_runtime.storage.convert import SITE_TIME_ZONE
from dougong_runtime.storage.fill import OptionRenaming, Searching, rename_targets
from dougong_runtime.storage.identifiers import (
    link_table_name,
    search_column_name,
    sort_column_name,
)
from dougong_runtime.storage.indexes import make_index
from dougong_runtime.storage.prepared import NOTHING, Prepared
from dougong_runtime.storage.retype import (
    Looking,
    Retyping,
    leads_through_links,
    named_after,
    read_linked,
    read_values,
    way_of,
)
from dougong_runtime.storage.steps import (
    AddField,
    AddIndex,
    CreateEntity,
    DropIndex,
    DropSearch,
    FillSearch,
    RenameEntity,
    RenameField,
    RenameOptions,
    RenameTargets,
    RestoreEntity,
    RestoreField,
    RetireEntity,
    RetireField,
    RetypeField,
    Step,
)
from dougong_runtime.storage.tables import Tables, entity_table
from dougong_runtime.storage.way import Carrying
from dougong_runtime.storage.work import Work, is_staged

UNIQUE_VIOLATED = problem_type(
    "unique-violated",
    409,
    "「{entity}」的 {fields} 有重复，不能要求唯一：{records}",
    "{fields} of “{entity}” are not unique: {records}",
    remedy=("先处理重复的记录，再发布。", "Deal with the records that collide, then publish."),
)
NOT_IN_TRASH = problem_type(
    "not-in-trash",
    409,
    "「{name}」已不在回收站中，无法恢复。",
    "“{name}” is no longer in the trash and cannot be restored.",
    remedy=("从备份恢复，或新建它。", "Restore it from a backup, or create it anew."),
)


def apply_steps(
    connection: sa.Connection,
    steps: Iterable[Step],
    before: Tables | None,
    after: Tables,
    at: datetime,
    version: int | None = None,
    time_zone: str = SITE_TIME_ZONE,
    prepared: Prepared = NOTHING,
) -> None:
    """Carry out steps from one app's tables to another's.

    `version` is the number of the version that is left; `time_zone` the site's, in which days become instants;
    `prepared` what was made for these steps beforehand. Raises Refused for a unique that records violate. All changes
    are the caller's transaction's, on both databases.
    """
    work = Steps(connection, before, after, at, version, time_zone, prepared)
    work.begin()
    for step in steps:
        work.do(step)
    work.finish()


class Steps(Work):
    """A function a step."""

    @singledispatchmethod
    def do(self, step: Any) -> None:
        """Carry out one step."""
        raise TypeError(f"no way to carry out {type(step).__name__}")

    # --- entities -------------------------------------------------------------------------------------------------

    @do.register
    def _create_entity(self, step: CreateEntity) -> None:
        self._create(self.after.of(step.entity.name))
        for field in step.entity.own_fields:
            if field.is_many:
                self._create_link(self.after.link(step.entity.name, field.name))

    @do.register
    def _retire_entity(self, step: RetireEntity) -> None:
        auxiliary.put_aside(self.connection, step.table)
        auxiliary.drop_search(self.connection, step.table)
        for field in step.entity.own_fields:
            if field.is_many:
                self._retire_table(
                    step.entity, field.id, link_table_name(step.entity, field.name), "entity_link"
                )
        self._retire_table(step.entity, step.entity.id, step.table, "entity")

    def _retire_table(self, entity: Entity, thing_id: str, table: str, kind: str) -> None:
        name = trash.put(
            self.connection, self.app, kind, entity.id, thing_id, table, "table", self.version, self.at
        )
        self.operations.rename_table(table, name)

    @do.register
    def _restore_entity(self, step: RestoreEntity) -> None:
        self._restore_table(step.entity, step.entity.id, step.table, "entity")
        for field in step.entity.own_fields:
            if field.is_many:
                self._restore_table(
                    step.entity, field.id, link_table_name(step.entity, field.name), "entity_link"
                )

    def _restore_table(self, entity: Entity, thing_id: str, table: str, kind: str) -> None:
        found = trash.find(self.connection, self.app, kind, entity.id, thing_id)
        if found is None:
            raise Refused([Problem(NOT_IN_TRASH, None, {"name": table})])
        self.operations.rename_table(found.trash_name, table)
        trash.take(self.connection, found, self.at)

    @do.register
    def _rename_entity(self, step: RenameEntity) -> None:
        auxiliary.put_aside(self.connection, step.table)
        auxiliary.drop_search(self.connection, step.table)
        self._rename_table(step.table, step.new_table)
        for name in step.links:
            self._rename_table(link_table_name(step.before, name), link_table_name(step.after, name))

    # --- fields ---------------------------------------------------------------------------------------------------

    @do.register
    def _add_field(self, step: AddField) -> None:
        if step.field.is_many:
            self._create_link(self._link_now(step.entity, step.field))
            return
        column = step.field.kind.columns(step.field)[0]
        if self.prepared.column(step.entity.id, column.name) is not None:
            for name in to_columns(step.field, None):
                self._take_prepared(step.entity, step.table, name)
                if is_staged(step.field):
                    self.operations.alter_column(step.table, name, server_default=None)
            return
        for fresh in self._fresh_columns(step.field):
            self._add_column(step.table, fresh)
        if is_staged(step.field):
            table = sa.Table(step.table, sa.MetaData(), column)
            self.connection.execute(sa.update(table).values({column: step.field.choices[0].value}))

    @do.register
    def _retire_field(self, step: RetireField) -> None:
        if step.field.is_many:
            self._link_into_trash("field", step.entity, step.field, step.form)
        else:
            name = self._into_trash("field", step.entity, step.field, step.form)
            self._rename_columns(step.table, step.field, step.field.name, name)

    @do.register
    def _restore_field(self, step: RestoreField) -> None:
        found = trash.find(self.connection, self.app, "field", step.entity.id, step.field.id, step.form)
        if found is None:
            raise Refused([Problem(NOT_IN_TRASH, step.field.name, {"name": step.field.name})])
        if step.field.is_many:
            self._rename_table(found.trash_name, link_table_name(step.entity, step.field.name))
            for index in self._link_now(step.entity, step.field).indexes:
                index.create(self.connection)
        else:
            self._rename_columns(step.table, step.field, found.trash_name, step.field.name)
        trash.take(self.connection, found, self.at)
        self.back[step.entity.id, step.field.name] = found.version

    @do.register
    def _rename_field(self, step: RenameField) -> None:
        old, new = step.before.name, step.after.name
        if step.before.is_many:
            self._rename_table(link_table_name(step.entity, old), link_table_name(step.entity, new))
            return
        self._rename_columns(step.table, step.before, old, new)
        present = self._column_names(step.table)
        for beside, wanted in (
            (sort_column_name(old), sort_column_name(new)),
            (search_column_name(old), search_column_name(new)),
        ):
            own = beside in present and (step.table, beside) not in self.settled
            if own or (step.table, beside) in self.moved:
                self._rename_column(step.table, beside, wanted)
                self.settled.add((step.table, wanted))

    @do.register
    def _retype_field(self, step: RetypeField) -> None:
        if leads_through_links(step):
            self._relink_field(step)
            return
        original = trash.find(
            self.connection, self.app, "retype", step.entity.id, step.after.id, step.form_after
        )
        temporary = self.prepared.column(step.entity.id, step.after.name)
        if temporary is None:
            temporary = self._temporary_name()
            self._fill_new_columns(step, temporary, original)
        self._rename_columns(
            step.table,
            step.before,
            step.before.name,
            self._into_trash("retype", step.entity, step.before, step.form_before),
        )
        self._rename_columns(step.table, step.after, temporary, step.after.name)

    def _fill_new_columns(self, step: RetypeField, temporary: str, original: trash.Trashed | None) -> None:
        names = named_after(step.after, temporary)
        for column in self._fresh_columns(step.after):
            column.name = names[column.name]
            self._add_column(step.table, column)
        old = {n: self.moved.get((step.table, n), n) for n in to_columns(step.before, None)}
        way, look = way_of(step, original), self._looking()
        Retyping.of(step.table, step.before, old, names, way, look).fill(self.connection)

    def _looking(self) -> Looking:
        return Looking(self.before or self.after, self.after, self.time_zone)

    def _relink_field(self, step: RetypeField) -> None:
        """Between a column and a link table, or two link tables; or where the way leads through one."""
        original = trash.find(
            self.connection, self.app, "retype", step.entity.id, step.after.id, step.form_after
        )
        way = way_of(step, original)
        earlier = {k.trash_name: self._all_values(step.table, k.field, k.trash_name) for k in way.all()}
        if step.before.is_many:
            name = link_table_name(step.entity, step.before.name)
            found = self._all_values(step.table, step.before, self.moved.get((name, ""), name))
            self._link_into_trash("retype", step.entity, step.before, step.form_before)
        else:
            now = self.moved.get((step.table, step.before.name), step.before.name)
            found = self._all_values(step.table, step.before, now)
            name = self._into_trash("retype", step.entity, step.before, step.form_before)
            self._rename_columns(step.table, step.before, step.before.name, name)
        look, made = partial(self._looking(), self.connection), {}
        for record in dict.fromkeys([*found, *(r for values in earlier.values() for r in values)]):
            held = {name: values.get(record) for name, values in earlier.items()}
            made[record] = Carrying(held, look).carry(step.before, found.get(record), way)
        self._write_values(step, {record: value for record, value in made.items() if value is not None})

    def _all_values(self, table: str, field: Field, now: str) -> dict[str, Any]:
        """Record id → value that is not absent, of a field that is called `now` (a column, or a link table)."""
        if field.is_many:
            columns: tuple[sa.Column[Any], ...] = (
                sa.Column("record", RecordId()),
                sa.Column("target", RecordId()),
                sa.Column("place", sa.Integer),
            )
            link = sa.Table(now, sa.MetaData(), *columns)
            return {record: ids for batch in read_linked(self.connection, link) for record, ids in batch}
        named = field.kind.columns(field)
        for column in named:
            column.key = column.name
            column.name = column.name.replace(field.name, now, 1)
        whole = sa.Table(table, sa.MetaData(), sa.Column("id", RecordId()), *named)
        return {
            record: value
            for batch in read_values(self.connection, whole, field)
            for record, value, _ in batch
            if value is not None
        }

    def _write_values(self, step: RetypeField, values: dict[str, Any]) -> None:
        """The new column or link table, with these values."""
        if step.after.is_many:
            link = self._link_now(step.entity, step.after)
            self._make_room_for_table(link.name)
            self._create_link(link)
            rows = [
                {"record": record, "target": target, "place": place}
                for record, targets in values.items()
                for place, target in enumerate(targets)
            ]
            if rows:
                self.connection.execute(sa.insert(link), rows)
            return
        fresh = self._fresh_columns(step.after)
        for column in fresh:
            self._make_room_for_column(step.table, column.name)
            self._add_column(step.table, column)
        columns = step.after.kind.columns(step.after)
        table = sa.Table(step.table, sa.MetaData(), sa.Column("id", RecordId()), *columns)
        update = (
            sa.update(table)
            .where(table.c.id == sa.bindparam("dg_of"))
            .values({c.name: sa.bindparam(f"dg_to_{c.name}") for c in columns})
        )
        changes = [
            {"dg_of": record, **{f"dg_to_{n}": v for n, v in to_columns(step.after, value).items()}}
            for record, value in values.items()
        ]
        if changes:
            self.connection.execute(update, changes)

    @do.register
    def _rename_options(self, step: RenameOptions) -> None:
        if self.prepared.column(step.entity.id, step.field.name) is None:
            OptionRenaming.of(step.table, step.field, step.values).fill(self.connection)
        else:
            self.operations.drop_column(step.table, step.field.name)
            self._take_prepared(step.entity, step.table, step.field.name)

    @do.register
    def _rename_targets(self, step: RenameTargets) -> None:
        rename_targets(self.connection, step.table, step.field, step.values)

    # --- what follows from fields ---------------------------------------------------------------------------------

    @do.register
    def _drop_search(self, step: DropSearch) -> None:
        for name in step.columns:
            self.operations.drop_column(step.table, name)

    @do.register
    def _fill_search(self, step: FillSearch) -> None:
        ready = [c for c in (*step.columns, *step.refill) if self.prepared.column(step.entity.id, c)]
        for name in ready:
            if name in step.refill:
                self.operations.drop_column(step.table, name)
            self._take_prepared(step.entity, step.table, name)
        for spec in self.after.indexes(step.entity.name) if ready else ():
            if spec.kind == "search" and spec.fields[0] in ready and spec.fields[0] in step.refill:
                self._take_prepared_index(spec.name)
        table = entity_table(sa.MetaData(), step.entity, step.table, self.dialect)
        for name in step.columns:
            if name not in ready:
                self._add_column(step.table, sa.Column(name, table.c[name].type))
        filled = {c: c for c in step.filled if c not in ready}
        Searching(step.entity, table, filled).fill(self.connection)
        self.filled.add(step.table)

    @do.register
    def _drop_index(self, step: DropIndex) -> None:
        self.connection.exec_driver_sql(f'DROP INDEX IF EXISTS "{step.index.name}"')

    @do.register
    def _add_index(self, step: AddIndex) -> None:
        if self._take_prepared_index(step.index.name):
            return
        table = entity_table(sa.MetaData(), step.entity, step.table, self.dialect)
        index = make_index(step.index, table, step.entity, self.dialect)
        try:
            index.create(self.connection)
        except IntegrityError:
            raise not_unique(step) from None


def not_unique(step: AddIndex) -> Refused:
    """The refusal of a unique that records violate."""
    facts = {"entity": step.entity.label, "fields": ", ".join(step.index.fields), "records": "—"}
    return Refused([Problem(UNIQUE_VIOLATED, step.index.fields[0], facts)])
