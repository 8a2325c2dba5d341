"""Which values a retyped field would lose, told before anything is changed: all counted, some shown.

The database leaves out the values that surely convert, and groups the rest: a conversion looks at a value only, so
each different one is tried once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import sqlalchemy as sa

from dougong_runtime.fields.base import Field, Value, ValueProblem
from dougong_runtime.fields.links import from_columns, to_columns
from dougong_runtime.labels import Label
from dougong_runtime.model.app import Entity
from dougong_runtime.storage.convert import Surroundings, convert
from dougong_runtime.storage.retype import read_linked, surroundings
from dougong_runtime.storage.tables import Tables

SHOWN_MAX = 1_000
"""Values of a field that are shown, with their records; all are counted."""
FETCHED = 5_000
ASKED_TOGETHER = 200
"""Values for which one statement looks up the records."""
_TEXTS = ("text", "long_text")
_EXACT = ("integer", "decimal", "money")
_ALWAYS = frozenset({("datetime", "date"), ("datetime", "time"), ("date", "datetime")})
_BOUNDS = frozenset({"minimum", "maximum", "min_length", "max_length", "pattern", "format", "rules"})


@dataclass(frozen=True, slots=True)
class Unconvertible:
    """A value that has no form in the new type. It stays in the trash, and comes back if the type does."""

    entity: str
    field: str
    record: str
    value: str
    why: Label


@dataclass(frozen=True, slots=True)
class Lost:
    """The values of a field that would not convert."""

    entity: str
    field: str
    count: int
    shown: tuple[Unconvertible, ...]
    """The first of them."""


def find_lost(
    connection: sa.Connection, before: Field, after: Field, entity: Entity, old: Tables, new: Tables
) -> Lost | None:
    """The values of a field that would not convert, before anything is changed; None where all do."""
    around = surroundings(connection, before, after, old, new)
    if before.is_many:
        return _of_links(connection, before, after, entity, old, around)
    table = old.of(entity.name)
    columns = [table.c[name] for name in to_columns(before, None)]
    there: sa.ColumnElement[bool] = columns[0].is_not(None)
    certain = surely_converts(before, after, columns[0])
    if certain is not None:
        there = sa.and_(there, sa.not_(certain))
    grouped = sa.select(*columns, sa.func.count()).where(there).group_by(*columns)
    names = [c.key for c in columns]
    count = 0
    shown: list[Unconvertible] = []
    waiting: list[tuple[tuple[Any, ...], Value, Label]] = []
    for row in connection.execute(grouped, execution_options={"yield_per": FETCHED}):
        value = from_columns(before, dict(zip(names, row[:-1], strict=True)))
        why = _problem(before, after, value, around)
        if why is not None:
            count += row[-1]
            if len(waiting) < SHOWN_MAX:
                waiting.append((tuple(row[:-1]), value, why))
    for some in _together(waiting):
        if len(shown) < SHOWN_MAX:
            shown += _records(connection, table, columns, before, after, entity, some)
    first = tuple(sorted(shown, key=lambda u: u.record)[:SHOWN_MAX])
    return Lost(entity.name, after.name, count, first) if count else None


def surely_converts(
    before: Field, after: Field, column: sa.ColumnElement[Any]
) -> sa.ColumnElement[bool] | None:
    """SQL: values that convert without a second look; None where the database cannot tell. Never true of one that
    does not convert; others may."""
    if before.formula is not None or after.formula is not None or _BOUNDS & after.options.keys():
        return None
    if (before.type, after.type) in _ALWAYS:
        return sa.true()
    if after.type == "long_text" and before.type in ("integer", "decimal", "money", "boolean", *_TEXTS):
        return sa.true()
    if before.type not in _TEXTS:
        return None
    if after.type in _EXACT:
        scale, whole = after.value_type.scale, after.value_type.precision - after.value_type.scale
        places = rf"(\.[0-9]{{1,{scale}}})?" if scale else ""
        return column.regexp_match(rf"^-?[0-9]{{1,{max(1, whole)}}}{places}$")
    if after.type == "date":
        return column.regexp_match(r"^(19|20)[0-9][0-9]-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])$")
    return None


def _problem(before: Field, after: Field, value: Value, around: Surroundings) -> Label | None:
    try:
        convert(before, after, value, around)
    except ValueProblem as problem:
        return problem.label
    return None


def _together(values: list[Any]) -> Iterator[list[Any]]:
    iterator = iter(values)
    while some := list(islice(iterator, ASKED_TOGETHER)):
        yield some


def _records(
    connection: sa.Connection,
    table: sa.Table,
    columns: list[sa.Column[Any]],
    before: Field,
    after: Field,
    entity: Entity,
    values: list[tuple[tuple[Any, ...], Value, Label]],
) -> Iterator[Unconvertible]:
    """Records that hold one of some values, as the database keeps them."""
    same = sa.or_(
        *(
            sa.and_(*(c.is_not_distinct_from(v) for c, v in zip(columns, kept, strict=True)))
            for kept, _, _ in values
        )
    )
    why = {repr(kept): (value, label) for kept, value, label in values}
    query = sa.select(table.c.id, *columns).where(same).order_by(table.c.id).limit(SHOWN_MAX)
    for row in connection.execute(query):
        value, label = why[repr(tuple(row[1:]))]
        yield Unconvertible(entity.name, after.name, row[0], before.kind.to_text(before, value, "zh"), label)


def _of_links(
    connection: sa.Connection,
    before: Field,
    after: Field,
    entity: Entity,
    old: Tables,
    around: Surroundings,
) -> Lost | None:
    count = 0
    shown: list[Unconvertible] = []
    for record, value in _linked(read_linked(connection, old.link(entity.name, before.name))):
        why = _problem(before, after, value, around)
        if why is not None:
            count += 1
            if len(shown) < SHOWN_MAX:
                words = before.kind.to_text(before, value, "zh")
                shown.append(Unconvertible(entity.name, after.name, record, words, why))
    return Lost(entity.name, after.name, count, tuple(shown)) if count else None


def _linked(batches: Iterable[list[tuple[str, list[str]]]]) -> Iterator[tuple[str, Value]]:
    for batch in batches:
        yield from batch
