"""A retyped field: values converted in batches, the old column kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from dougong_runtime.exact import Exact, RecordId
from dougong_runtime.fields.base import Field, Value
from dougong_runtime.fields.links import from_columns, to_columns
from dougong_runtime.formulas.types import Kind
from dougong_runtime.storage.convert import SITE_TIME_ZONE, Surroundings
from dougong_runtime.storage.steps import RetypeField
from dougong_runtime.storage.tables import Tables
from dougong_runtime.storage.trash import Trashed
from dougong_runtime.storage.way import Carrying, Kept, Way

BATCH_ROWS = 2_000
TITLES_MAX = 200_000
"""Records that may be looked up by title; of more, only ids convert."""


def read_values(
    connection: sa.Connection,
    table: sa.FromClause,
    field: Field,
    *more: sa.ColumnElement[Any],
    where: sa.ColumnElement[bool] | None = None,
) -> Iterator[list[tuple[str, Value, tuple[Any, ...]]]]:
    """Batches of (record id, value, further columns) of all records, or those of `where`, in the order of ids."""
    columns = [table.c[name] for name in to_columns(field, None)]
    last: str | None = None
    while True:
        query = sa.select(table.c.id, *columns, *more).order_by(table.c.id).limit(BATCH_ROWS)
        if where is not None:
            query = query.where(where)
        if last is not None:
            query = query.where(table.c.id > last)
        rows = connection.execute(query).all()
        if not rows:
            return
        names = [c.key for c in columns]
        yield [
            (
                row[0],
                from_columns(field, dict(zip(names, row[1 : 1 + len(names)], strict=True))),
                tuple(row[1 + len(names) :]),
            )
            for row in rows
        ]
        last = rows[-1][0]


def read_linked(connection: sa.Connection, link: sa.Table) -> Iterator[list[tuple[str, list[str]]]]:
    """Batches of (record id, ids it names in order) out of a link table."""
    last: str | None = None
    while True:
        records = sa.select(link.c.record).distinct().order_by(link.c.record).limit(BATCH_ROWS)
        if last is not None:
            records = records.where(link.c.record > last)
        ids = list(connection.execute(records).scalars())
        if not ids:
            return
        query = (
            sa.select(link.c.record, link.c.target)
            .where(link.c.record >= ids[0], link.c.record <= ids[-1])
            .order_by(link.c.record, link.c.place, link.c.target)
        )
        named: dict[str, list[str]] = {}
        for record, target in connection.execute(query):
            named.setdefault(record, []).append(target)
        yield list(named.items())
        last = ids[-1]


def surroundings(
    connection: sa.Connection,
    before: Field,
    after: Field,
    old: Tables,
    new: Tables,
    time_zone: str = SITE_TIME_ZONE,
) -> Surroundings:
    """What a conversion looks up: the site's zone, and, between references and texts, records by title."""
    titles: dict[str, str] = {}
    known: dict[str, str] = {}
    by_title: dict[str, str | None] = {}
    links = (Kind.RECORD, Kind.RECORDS)
    if before.value_type.kind in links and after.value_type.kind not in links:
        for name in before.targets:
            titles.update(_titles(connection, new, name, old))
    if after.value_type.kind in links:
        for name in after.targets:
            for identity, title in _titles(connection, new, name, old):
                known[identity] = name
                by_title[title] = None if title in by_title else identity
    unique = {title: identity for title, identity in by_title.items() if identity is not None and title}
    return Surroundings(ZoneInfo(time_zone), titles, known, unique)


def _titles(
    connection: sa.Connection, tables: Tables, entity_name: str, other: Tables
) -> list[tuple[str, str]]:
    """Ids and titles of an entity's records, from the side on which its table is there; perhaps under another name."""
    identity = next(
        (s.app.entities[entity_name].id for s in (tables, other) if entity_name in s.app.entities), ""
    )
    for side in (tables, other):
        entity = next((e for e in side.app.entities.values() if e.id == identity), None)
        if entity is None:
            continue
        table = side.of(entity.name)
        if not sa.inspect(connection).has_table(table.name):
            continue
        title = entity.fields[entity.title]
        present = {c["name"] for c in sa.inspect(connection).get_columns(table.name)}
        column: sa.ColumnElement[Any] = (
            table.c[title.name] if title.has_column and title.name in present else sa.null()
        )
        rows = connection.execute(sa.select(table.c.id, column).limit(TITLES_MAX)).all()
        return [(row[0], title.kind.to_text(title, row[1], "zh")) for row in rows]
    return []


class Looking:
    """What conversions look up, asked once for each pair of fields."""

    def __init__(self, old: Tables, new: Tables, time_zone: str) -> None:
        self._ask = partial(surroundings, old=old, new=new, time_zone=time_zone)
        self._known: dict[tuple[object, ...], Surroundings] = {}

    def __call__(self, connection: sa.Connection, before: Field, after: Field) -> Surroundings:
        """For conversions from one field's values to another's."""
        key = (before.type, before.targets, after.type, after.targets)
        if key not in self._known:
            self._known[key] = self._ask(connection, before, after)
        return self._known[key]


@dataclass(frozen=True)
class Retyping:
    """The columns of a retyped field, filled from those that it had (`prepared.Filling`)."""

    before: Field
    table: sa.Table
    """The old columns under the keys of the old field, the new ones and those in the trash under their names."""
    new_names: Mapping[str, str]
    """Column of the new field → what it is called now."""
    way: Way
    look: Looking

    @classmethod
    def of(
        cls,
        table: str,
        before: Field,
        old_names: Mapping[str, str],
        new_names: Mapping[str, str],
        way: Way,
        look: Looking,
    ) -> Retyping:
        """Of a table as it is at this moment; `old_names`: column of the old field → what it is called now."""
        columns: list[sa.Column[Any]] = [sa.Column("id", RecordId())]
        columns += _called(before, old_names, lambda own, _: own)
        columns += _called(way.target, new_names, lambda _, now: now)
        for kept in way.all():
            columns += _called(kept.field, named_after(kept.field, kept.trash_name), lambda _, now: now)
        return cls(before, sa.Table(table, sa.MetaData(), *columns), new_names, way, look)

    @property
    def name(self) -> str:
        """The table."""
        return self.table.name

    @property
    def sources(self) -> tuple[str, ...]:
        """The old columns."""
        return tuple(self.table.c[name].name for name in to_columns(self.before, None))

    def fill(self, connection: sa.Connection, where: sa.ColumnElement[bool] | None = None) -> None:
        """Write the values at the end of the way, in one statement where the database can convert them."""
        scaled, after = None, self.way.target
        if next(self.way.all(), None) is None:
            column = self.table.c[self.before.name]
            scaled = scaled_up(self.before, after, column, connection.dialect.name)
        if scaled is None:
            return self._fill_row_by_row(connection, where)
        target = self.table.c[self.new_names[after.name]]
        update = sa.update(self.table).values({target: sa.type_coerce(scaled, target.type)})
        connection.execute(update if where is None else update.where(where))
        return None

    def refill(self, connection: sa.Connection, where: sa.ColumnElement[bool]) -> None:
        """The same where they may hold values already, which perhaps have none now."""
        empty = {self.table.c[now]: sa.null() for now in self.new_names.values()}
        connection.execute(sa.update(self.table).values(empty).where(where))
        self.fill(connection, where)

    def _fill_row_by_row(self, connection: sa.Connection, where: sa.ColumnElement[bool] | None) -> None:
        after = self.way.target
        target: dict[Any, Any] = {now: sa.bindparam(f"dg_to_{name}") for name, now in self.new_names.items()}
        update = sa.update(self.table).where(self.table.c.id == sa.bindparam("dg_of")).values(target)
        trashed = [(kept, named_after(kept.field, kept.trash_name)) for kept in self.way.all()]
        look = partial(self.look, connection)
        more = [self.table.c[now] for _, names in trashed for now in names.values()]
        for batch in read_values(connection, self.table, self.before, *more, where=where):
            changes = []
            for record, value, rest in batch:
                held = dict(zip((c.key for c in more), rest, strict=True))
                earlier = {
                    kept.trash_name: from_columns(kept.field, {own: held[now] for own, now in names.items()})
                    for kept, names in trashed
                }
                made = Carrying(earlier, look).carry(self.before, value, self.way)
                if made is not None:
                    bound = {f"dg_to_{name}": v for name, v in to_columns(after, made).items()}
                    changes.append({"dg_of": record, **bound})
            if changes:
                connection.execute(update, changes)


def _called(of: Field, names: Mapping[str, str], key: Callable[[str, str], str]) -> Iterator[sa.Column[Any]]:
    types = {c.name: c.type for c in of.kind.columns(of)}
    for own, now in names.items():
        yield sa.Column(now, types[own], key=key(own, now))


def named_after(field: Field, name: str) -> dict[str, str]:
    """Column of a field → what it is called where the field goes by another name."""
    return {column: column.replace(field.name, name, 1) for column in to_columns(field, None)}


def way_of(step: RetypeField, original: Trashed | None) -> Way:
    """The way of a retyped field's values. `original`: a column that it had when it was of that type before."""
    if step.way is not None:
        return step.way
    return Way(step.after, original=None if original is None else Kept(step.after, original.trash_name, None))


def scaled_up(before: Field, after: Field, column: sa.ColumnElement[Any], dialect: str) -> Any:
    """The values of a number column with more places, as SQL; None where rows must be looked at one by one."""
    old, new = before.value_type, after.value_type
    if old.kind is not Kind.NUMBER or new.kind is not Kind.NUMBER or before.formula or after.formula:
        return None
    if new.scale < old.scale or new.precision - new.scale < old.precision - old.scale:
        return None
    if after.type == "rating" or "minimum" in after.options or "maximum" in after.options:
        return None
    if dialect == "postgresql":
        return sa.cast(sa.type_coerce(column, sa.Numeric), sa.Numeric(new.precision, new.scale))
    wide = any(
        isinstance(t, Exact) and not t.is_narrow for t in (column.type, Exact(new.precision, new.scale))
    )
    if wide:
        return None
    return sa.type_coerce(column, sa.BigInteger) * sa.literal_column(str(10 ** (new.scale - old.scale)))


def leads_through_links(step: RetypeField) -> bool:
    """Whether values come out of link tables, or go into one."""
    kept = () if step.way is None else step.way.all()
    return step.before.is_many or step.after.is_many or any(k.field.is_many for k in kept)
