"""PostgreSQL: columns filled and indexes built for a publication before it happens, while everybody goes on working.

What a publishing transaction would do with every row of a large table is done here, in many short transactions; it
then only changes names. Columns are filled in batches, and what is written meanwhile is noted by a trigger and filled
again. Indexes are built CONCURRENTLY. `prepared.py` says what becomes of it when the publication does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Any, TypeAlias, TypeVar

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from sqlalchemy.sql import visitors

from dougong_runtime.fields.base import Field
from dougong_runtime.fields.links import to_columns
from dougong_runtime.model.app import Entity
from dougong_runtime.storage import locks, prepared, trash
from dougong_runtime.storage.apply import not_unique
from dougong_runtime.storage.computing import Computing, columns_read
from dougong_runtime.storage.convert import SITE_TIME_ZONE
from dougong_runtime.storage.fill import OptionRenaming, Searching
from dougong_runtime.storage.identifiers import search_column_name, sort_column_name, table_name
from dougong_runtime.storage.indexes import IndexSpec, make_index
from dougong_runtime.storage.prepared import NOTHING, PREFIX, Filling, Prepared
from dougong_runtime.storage.retype import Looking, Retyping, leads_through_links, named_after, way_of
from dougong_runtime.storage.steps import (
    AddField,
    AddIndex,
    AnyStep,
    DropSearch,
    FillSearch,
    RenameField,
    RenameOptions,
    RestoreField,
    RetireField,
    RetypeField,
)
from dougong_runtime.storage.tables import Tables
from dougong_runtime.storage.work import fresh_columns, is_staged

T = TypeVar("T")

PREPARED_FROM_ROWS = 5_000
"""Smaller tables are done in the publishing transaction: it takes some milliseconds."""
DEADLOCK = "40P01"
DEADLOCKS_MAX = 10

Told: TypeAlias = Callable[[int, int], None]
"""Hears that so many parts of so many are done."""


def untold(_done: int, _total: int) -> None:
    """Nobody asks how far it is."""


def prepare(
    engine: sa.Engine,
    steps: Iterable[AnyStep],
    before: Tables,
    after: Tables,
    rows: Mapping[str, int],
    time_zone: str = SITE_TIME_ZONE,
    from_rows: int = PREPARED_FROM_ROWS,
    told: Told = untold,
    computing: Mapping[tuple[str, str], Mapping[str, Any]] = MappingProxyType({}),
) -> Prepared:
    """Make beforehand what these steps need of tables with that many rows; nothing on SQLite.

    `rows`: table → its number of rows. `computing`: new stored formulas (entity, field) that may be computed beforehand,
    in the order in which they follow from each other, with the parameters of their statements. `told` hears how many batches of how many are filled; what it raises ends the
    preparation. Raises Refused for a unique that records violate. Whoever calls it sees to it
    that nobody else publishes, and calls `prepared.clear` when the publication fails.
    """
    if engine.dialect.name != "postgresql":
        return NOTHING
    work = _Preparing(before, after, time_zone, computing)
    with engine.begin() as connection:
        for entity in after.app.own_entities:
            old = next((e for e in before.app.own_entities if e.id == entity.id), None)
            if old is not None and rows.get(table_name(old), 0) >= from_rows:
                work.plan(connection, old, entity, [s for s in steps if _entity_id(s) == entity.id])
    work.make_columns(engine)
    work.fill(engine, told)
    work.make_indexes(engine, told)
    return Prepared(dict(work.columns), dict(work.indexes), tuple(work.fillings), frozenset(work.computed))


def _entity_id(step: AnyStep) -> str | None:
    entity = getattr(step, "entity", None)
    return entity.id if isinstance(entity, Entity) else None


@dataclass
class _Preparing:
    before: Tables
    after: Tables
    time_zone: str
    computing: Mapping[tuple[str, str], Mapping[str, Any]]
    columns: dict[tuple[str, str], str] = field(default_factory=dict)
    indexes: dict[str, str] = field(default_factory=dict)
    fillings: list[Filling] = field(default_factory=list)
    computed: set[tuple[str, str]] = field(default_factory=set)
    """Entity and field of the formulas that fillings compute."""
    added: list[tuple[str, sa.Column[Any]]] = field(default_factory=list)
    """Table and column to be added to it."""
    targets: set[str] = field(default_factory=set)
    """Tables that new columns refer to."""
    built: list[tuple[sa.Index, AddIndex | None]] = field(default_factory=list)

    # --- what is to be made -----------------------------------------------------------------------------------

    def plan(self, connection: sa.Connection, old: Entity, new: Entity, steps: list[AnyStep]) -> None:
        """Go through an entity's steps: where does each column of the new version stand at present?"""
        table = table_name(old)
        names = {c.name: c.name for c in self.before.of(old.name).c}
        refilled: set[str] = set()
        _rename(names, [s for s in steps if isinstance(s, RenameField)], steps)
        for step in steps:
            match step:
                case RestoreField(field=restored) if not restored.is_many:
                    found = trash.find(
                        connection, self.after.app.name, "field", new.id, restored.id, step.form
                    )
                    if found is not None:
                        names |= named_after(restored, found.trash_name)
                case RetypeField(before=was):
                    own = any(f.id == was.id and f.name == was.name for f in old.own_fields)
                    there = {} if was.is_many else to_columns(was, None)
                    # What another field is called afterwards, a field of the old version is called now.
                    sources = {str(c): str(c if own else names.get(c, "")) for c in there}
                    for column, now in sources.items():
                        if names.get(column) == now:
                            del names[column]
                    names |= self._plan_retyping(connection, new, table, sources, names, step)
                case AddField(field=added) if not added.is_many:
                    self._plan_adding(new, table, names, added)
                case RenameOptions(field=choice):
                    source = names.get(choice.name)
                    if source is not None:
                        kind = choice.kind.columns(choice)[0].type
                        target = self._new(new, table, names, choice.name, sa.Column(choice.name, kind))
                        renaming = OptionRenaming.of(table, choice, step.values, source, target)
                        self.fillings.append(renaming)
                case FillSearch():
                    refilled |= set(step.refill)
                    self._plan_search(new, table, names, step)
                case _:
                    pass
        self._plan_computing(new, table, names, steps)
        wanted = {s.index.name: s for s in steps if isinstance(s, AddIndex)}
        for spec in self.after.indexes(new.name):
            kept = spec.kind == "search" and spec.fields[0] in refilled
            if spec.name in wanted or kept:
                self._plan_index(new, table, names, spec, wanted.get(spec.name))

    def _new(
        self, entity: Entity, table: str, names: dict[str, str], name: str, column: sa.Column[Any]
    ) -> str:
        """A column to be added that will be called `name`."""
        column.name = f"{PREFIX}{len(self.added)}"
        self._add(entity, table, names, name, column)
        return column.name

    def _add(
        self, entity: Entity, table: str, names: dict[str, str], name: str, column: sa.Column[Any]
    ) -> None:
        self.added.append((table, column))
        self.columns[entity.id, name] = names[name] = column.name

    def _plan_adding(self, entity: Entity, table: str, names: dict[str, str], added: Field) -> None:
        target = self._target(added)
        if target is None:
            return
        columns = fresh_columns(added, target)
        if is_staged(added):
            first = added.choices[0].value
            default = first if isinstance(first, str) else sa.text(str(first))
            columns[0] = sa.Column(added.name, columns[0].type, server_default=default)
        made = named_after(added, f"{PREFIX}{len(self.added)}")
        for column in columns:
            final, column.name = column.name, made[column.name]
            self._add(entity, table, names, final, column)

    def _plan_computing(
        self, entity: Entity, table: str, names: dict[str, str], steps: list[AnyStep]
    ) -> None:
        added = {step.field.name for step in steps if isinstance(step, AddField)}
        done: set[str] = set()
        for (of, name), parameters in self.computing.items():
            if of != entity.name or name not in added or name not in names:
                continue
            read = columns_read(entity, entity.fields[name])
            # Another formula that changes is computed at the end, and so is what follows from it.
            changing = {other for at, other in self.computing if at == of} - done
            if read is None or not read <= names.keys() or read & changing:
                continue
            present = self._present(entity, table, names)
            done.add(name)
            self.computed.add((of, name))
            self.fillings.append(
                Computing.of(self.after, entity, entity.fields[name], present, read, parameters)
            )

    def _plan_retyping(
        self,
        connection: sa.Connection,
        entity: Entity,
        table: str,
        sources: dict[str, str],
        names: dict[str, str],
        step: RetypeField,
    ) -> dict[str, str]:
        """The field's new columns, and where they stand. `sources`: its old columns, as they are called now."""
        was, now = step.before, step.after
        target = self._target(now)
        if leads_through_links(step) or target is None or not all(sources.values()):
            return {}
        original = trash.find(connection, self.after.app.name, "retype", entity.id, now.id, step.form_after)
        made = named_after(now, f"{PREFIX}{len(self.added)}")
        retyping = Retyping.of(
            table,
            was,
            sources,
            made,
            way_of(step, original),
            Looking(self.before, self.after, self.time_zone),
        )
        for column in fresh_columns(now, target):
            final, column.name = column.name, made[column.name]
            self._add(entity, table, names, final, column)
        self.fillings.append(retyping)
        return made

    def _target(self, of: Field) -> str | None:
        """The table that a field's column refers to, "" where it refers to none; None where it is not there yet."""
        if not of.is_reference or of.formula is not None:
            return ""
        identity = self.after.app.entities[of.targets[0]].id
        found = next((e for e in self.before.app.entities.values() if e.id == identity), None)
        if found is None:
            return None
        self.targets.add(table_name(found))
        return table_name(found)

    def _plan_search(self, entity: Entity, table: str, names: dict[str, str], step: FillSearch) -> None:
        now = self.after.of(entity.name)
        read = Searching(entity, now, {c: c for c in step.filled})
        if not set(read.sources) <= names.keys():
            return
        for name in (*step.columns, *step.refill):
            self._new(entity, table, names, name, sa.Column(name, now.c[name].type))
        if step.filled:
            self.fillings.append(Searching(entity, self._present(entity, table, names), read.columns))

    def _plan_index(
        self, entity: Entity, table: str, names: dict[str, str], spec: IndexSpec, step: AddIndex | None
    ) -> None:
        needed = {c.name for c in _columns_of(make_index(spec, self._bare(entity), entity, "postgresql"))}
        if not needed <= names.keys():
            return
        index = make_index(spec, self._present(entity, table, names), entity, "postgresql")
        self.indexes[spec.name] = f"{PREFIX}ix_{len(self.indexes)}"
        index.name = sa.sql.quoted_name(self.indexes[spec.name], None)
        index.dialect_options["postgresql"]["concurrently"] = True
        self.built.append((index, step))

    def _bare(self, entity: Entity) -> sa.Table:
        return self._present(entity, "bare", {c.name: c.name for c in self.after.of(entity.name).c})

    def _present(self, entity: Entity, table: str, names: Mapping[str, str]) -> sa.Table:
        """The table as it is called now, with the columns of the new version where they stand."""
        columns = [
            sa.Column(names[c.name], c.type, key=c.name)
            for c in self.after.of(entity.name).c
            if c.name in names
        ]
        return sa.Table(table, sa.MetaData(), *columns)

    # --- making it --------------------------------------------------------------------------------------------

    def make_columns(self, engine: sa.Engine) -> None:
        """Add the columns, and begin to note what is written."""
        if not self.added:
            return
        with engine.begin() as connection:
            locks.hold(connection, sorted({table for table, _ in self.added}), self.targets)
            operations = Operations(MigrationContext.configure(connection))
            for table, column in self.added:
                operations.add_column(table, column, inline_references=True)
            if self.fillings:
                prepared.note_writes(connection, self.fillings)

    def fill(self, engine: sa.Engine, told: Told) -> None:
        """Fill the columns in batches, and again what was written meanwhile, until little is left to fill."""
        batches: list[tuple[Filling, sa.ColumnElement[bool]]] = []
        for filling in self.fillings:
            with engine.connect() as connection:
                batches += [(filling, where) for where in prepared.ranges(connection, filling.name)]
        for done, (filling, where) in enumerate(batches):
            told(done, len(batches))
            if isinstance(filling, Computing) and not self.computed:
                continue
            try:
                _in_turn(engine, partial(filling.fill, where=where))
            except DataError:
                # A result too large for its field: the publication itself computes it, and says whose it is.
                if not isinstance(filling, Computing):
                    raise
                self._leave_formulas()
        ready = Prepared(fillings=tuple(self.fillings))
        for _ in range(prepared.ROUNDS_MAX):
            if _in_turn(engine, ready.catch_up) <= prepared.LAST_ROUND_ROWS:
                return

    def _leave_formulas(self) -> None:
        """Compute no formula beforehand."""
        self.fillings = [one for one in self.fillings if not isinstance(one, Computing)]
        self.computed.clear()

    def make_indexes(self, engine: sa.Engine, told: Told) -> None:
        """Build the indexes; the unique ones last, for they hold from then on."""
        alone = engine.execution_options(isolation_level="AUTOCOMMIT")
        for done, (index, step) in enumerate(sorted(self.built, key=lambda b: b[0].unique)):
            told(done, len(self.built))
            try:
                with alone.connect() as connection:
                    index.create(connection)
            except IntegrityError:
                assert step is not None
                raise not_unique(step) from None


def _rename(names: dict[str, str], renames: list[RenameField], steps: list[AnyStep]) -> None:
    """What stands under which name once fields have left and others have changed theirs, all at once."""
    for step in steps:
        match step:
            case RetireField(field=gone) if not gone.is_many:
                for column in to_columns(gone, None):
                    names.pop(column, None)
            case DropSearch(columns=columns):
                for column in columns:
                    names.pop(column, None)
            case _:
                pass
    taken: dict[str, str] = {}
    for step in renames:
        old, new = step.before.name, step.after.name
        if step.before.is_many:
            continue
        pairs = dict(zip(to_columns(step.before, None), to_columns(step.after, None), strict=True))
        pairs[sort_column_name(old)] = sort_column_name(new)
        pairs[search_column_name(old)] = search_column_name(new)
        taken |= {after: names.pop(before) for before, after in pairs.items() if before in names}
    names |= taken


def _columns_of(index: sa.Index) -> Iterator[sa.Column[Any]]:
    where = index.dialect_options["postgresql"]["where"]
    for part in (*index.expressions, *(() if where is None else (where,))):
        for found in visitors.iterate(part):
            if isinstance(found, sa.Column):
                yield found


def _in_turn(engine: sa.Engine, work: Callable[[sa.Connection], T]) -> T:
    """A transaction, done again where it and another waited for each other."""
    for attempt in range(DEADLOCKS_MAX + 1):
        try:
            with engine.begin() as connection:
                return work(connection)
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) != DEADLOCK or attempt == DEADLOCKS_MAX:
                raise
    raise AssertionError("the last attempt returns or raises")
