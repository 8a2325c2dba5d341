"""Roll-ups moved by differences: what each changed child gave before and gives now, added up for each parent.

The second of two ways to keep a stored formula true, for figures that `model/additive.py` finds; the first, computing
anew (`dependants.py`), is what it is held to. A write then costs the same whatever the number of a parent's children.
`total = total + :d` needs no lock beforehand: PostgreSQL adds to the newest version of the row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql import visitors

from dougong_runtime.exact import JsonValue, RecordId
from dougong_runtime.exact.types import Digits
from dougong_runtime.formulas.compile import Scope, stored
from dougong_runtime.formulas.context import Context, variable_parameter
from dougong_runtime.formulas.evaluate import evaluate
from dougong_runtime.formulas.tree import Call, Hop, Node, Path
from dougong_runtime.model.additive import Term
from dougong_runtime.model.graph import Step
from dougong_runtime.records.dirt import Dirt, Dirty, Image
from dougong_runtime.records.running import Running
from dougong_runtime.storage.ready import Ready, Row

ONE_BY_ONE_MAX = 2
"""Up to so many parents (a child that moves has two) take a statement each, which also locks them."""

PARENTS_MAX = 2_000
"""Parents of one statement."""

_NOTHING_ASKED = Context(datetime(1970, 1, 1, tzinfo=UTC))
"""What a child gives depends on neither time nor settings."""

Sums = dict[str, dict[str, Decimal]]
"""Parent → field → difference, none of them zero."""


@dataclass
class Moving:
    """What a step can leave to differences."""

    fields: frozenset[str] = frozenset()
    """Its fields whose differences are known; often there are none."""
    sums: Sums = field(default_factory=dict)


def moving(running: Running, step: Step, dirty: Dirty) -> Moving:
    """The differences of a step's figures. A figure whose children's changes were not all seen is not among them."""
    known: set[str] = set()
    sums: Sums = {}
    for name in step.fields:
        terms = running.graph.additive.terms.get((step.entity, name))
        if terms is None:
            continue
        changed = [(term, dirty.of[term.source]) for term in terms if term.source in dirty.of]
        seen = [_seen(term, dirt) for term, dirt in changed]
        if any(records is None for records in seen):
            continue
        known.add(name)
        for (term, dirt), records in zip(changed, seen, strict=True):
            for record in records or ():
                _add(sums, name, term, dirt.was[record], -1)
                _add(sums, name, term, dirt.stands[record], 1)
    real = {parent: {n: d for n, d in of.items() if d} for parent, of in sums.items()}
    return Moving(frozenset(known), {parent: of for parent, of in real.items() if of})


def _seen(term: Term, dirt: Dirt) -> set[str] | None:
    """Children whose contribution may have changed; None where it is not known of all what they were."""
    if not dirt.whole.isdisjoint(term.fields):
        return None
    changed = set(dirt.every_field).union(*(dirt.by_field.get(n, ()) for n in term.fields))
    return changed if changed <= dirt.was.keys() and changed.isdisjoint(dirt.unseen) else None


def _add(sums: Sums, name: str, term: Term, image: Image | None, way: int) -> None:
    """One child's contribution, added or taken away."""
    if image is None:
        return
    parent = image[term.reference]
    if parent is None:
        return
    row = _Child(image)
    if term.condition is not None and evaluate(term.condition, row, _NOTHING_ASKED) is not True:
        return
    given = _given(term, row)
    if given:
        of = sums.setdefault(parent, {})
        of[name] = of.get(name, Decimal(0)) + given * way * term.sign


def _given(term: Term, row: _Child) -> Decimal:
    """What a child gives: 1 where it is counted, its value where it is summed, nothing where that is absent."""
    if term.value is None:
        return Decimal(1)
    value = row.get(term.value.field) if isinstance(term.value, Path) else _value(term.value, row)
    if value is None:
        return Decimal(0)
    return Decimal(1) if term.counts else Decimal(value)


def _value(tree: Node, row: _Child) -> Any:
    return evaluate(tree, row, _NOTHING_ASKED)


@dataclass(frozen=True, slots=True)
class _Child:
    """A child's watched values, as a formula reads them."""

    image: Image

    def get(self, field: str) -> Any:
        return self.image[field]

    def follow(self, hop: Hop) -> None:
        raise AssertionError("a contribution reads the child alone")

    def inner(self, hops: tuple[Hop, ...]) -> Iterable[_Child]:
        raise AssertionError("a contribution reads the child alone")

    def old(self) -> None:
        return None


# --- the writing -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Moved:
    """What moving has done."""

    records: tuple[str, ...]
    absent: tuple[str, ...]
    """Those of them with a figure that was not there to be added to: it is to be computed."""


def move(connection: sa.Connection, running: Running, entity: str, sums: Sums, dirty: Dirty) -> Moved:
    """Add differences to the stored figures of parents, noted as dirty.

    Parents beyond `ONE_BY_ONE_MAX` must be locked already; fewer are locked by this, in the order of their ids.
    """
    fields = tuple(sorted({name for of in sums.values() for name in of}))
    columns = _columns(running, entity, fields)
    parents = sorted(sums)
    found: list[Row] = []
    if len(parents) <= ONE_BY_ONE_MAX:
        one = running.plans.get(
            ("move", entity, fields), lambda: Ready(_one(running, entity, fields), plan="kept")
        )
        for parent in parents:
            given = {_parameter(i): sums[parent].get(n, Decimal(0)) for i, n in enumerate(fields)}
            found += one.all(connection, {**given, "parent": parent})
    else:
        many = running.plans.get(("move many", entity, fields), lambda: Ready(_many(running, entity, fields)))
        for at in range(0, len(parents), PARENTS_MAX):
            each = [
                {"id": p, **{f"d{i}": format(sums[p].get(n, 0), "f") for i, n in enumerate(fields)}}
                for p in parents[at : at + PARENTS_MAX]
            ]
            found += many.all(connection, {"sums": each})
    rows = [dict(zip(columns, row, strict=True)) for row in found]
    _note(running, entity, sums, rows, dirty)
    absent = tuple(row["id"] for row in rows if any(row[n] is None for n in sums[row["id"]]))
    return Moved(tuple(row["id"] for row in rows), absent)


def _note(running: Running, entity: str, sums: Sums, rows: Sequence[Mapping[str, Any]], dirty: Dirty) -> None:
    """Which figures changed of whom, and what these records were and are for the roll-ups made of them."""
    watched = running.graph.additive.watched.get(entity, ())
    dirt = dirty.entity(entity)
    dirt.held.update(row["id"] for row in rows)
    by_field: dict[str, list[str]] = {}
    for row in rows:
        difference = sums[row["id"]]
        for name in difference:
            by_field.setdefault(name, []).append(row["id"])
        if watched:
            dirt.capture(row["id"], _without(image_of(row, watched), difference), watched)
    now = {row["id"]: row for row in rows}
    for name, records in by_field.items():
        dirty.add_formulas(entity, (name,), records, now)


def _without(image: Image | None, difference: Mapping[str, Decimal]) -> Image | None:
    """A record as it was before a difference was added to it."""
    if image is None:
        return None
    return {n: v if v is None or n not in difference else v - difference[n] for n, v in image.items()}


def image_of(row: Mapping[str, Any], watched: Iterable[str]) -> Image | None:
    """The watched fields of a row that was read with `deleted_at`; None where it lies in the trash."""
    return None if row["deleted_at"] is not None else {n: row[n] for n in watched}


def image_columns(running: Running, entity: str) -> tuple[str, ...]:
    """The columns that `image_of` reads; none where nothing is made of the entity."""
    watched = running.graph.additive.watched.get(entity, ())
    return (*watched, "deleted_at") if watched else ()


def _parameter(index: int) -> str:
    return variable_parameter(f"delta.{index}", (), "id")


def _added(running: Running, entity: str, fields: Sequence[str]) -> dict[str, sa.ColumnElement[Any]]:
    """Field → its column and a bound difference, added and kept as the field keeps it: too large a figure raises."""
    table = running.tables.of(entity)
    scope = Scope(running.app, running.tables, entity, table, running.dialect)
    found = {}
    for i, name in enumerate(fields):
        type_ = running.app.entities[entity].fields[name].value_type
        difference = Path("variable", (), "id", type_, variable=f"delta.{i}")
        found[name] = stored(Call("_add", (Path("row", (), name, type_), difference), type_), type_, scope)
    return found


def _columns(running: Running, entity: str, fields: Sequence[str]) -> tuple[str, ...]:
    """What the statements give of each parent."""
    return tuple(dict.fromkeys(("id", *fields, *image_columns(running, entity))))


def _one(running: Running, entity: str, fields: Sequence[str]) -> sa.Update:
    table = running.tables.of(entity)
    return (
        table.update()
        .values(_added(running, entity, fields))
        .where(table.c.id == sa.bindparam("parent", type_=RecordId()))
        .returning(*(table.c[n] for n in _columns(running, entity, fields)))
    )


def _many(running: Running, entity: str, fields: Sequence[str]) -> sa.Update:
    """The same with the differences of many parents, which travel as one JSON array."""
    table = running.tables.of(entity)
    given = sa.bindparam("sums", type_=JsonValue())
    names = [f"d{i}" for i in range(len(fields))]
    if running.dialect == "postgresql":
        each = (
            sa.func.jsonb_to_recordset(given)
            .table_valued(sa.column("id", RecordId()), *(sa.column(n, Digits()) for n in names))
            .render_derived(with_types=True)
        )
        ids: sa.ColumnElement[Any] = each.c.id
        differences: dict[str, sa.ColumnElement[Any]] = {n: each.c[n] for n in names}
    else:
        each = sa.func.json_each(given).table_valued(sa.column("value", sa.Text()))
        ids = sa.func.json_extract(each.c.value, "$.id", type_=RecordId())
        differences = {n: sa.func.json_extract(each.c.value, f"$.{n}", type_=Digits()) for n in names}
    by_parameter = {_parameter(i): differences[n] for i, n in enumerate(names)}

    def from_the_array(element: Any, **_: Any) -> Any:
        return by_parameter.get(element.key) if isinstance(element, sa.BindParameter) else None

    values = {
        name: visitors.replacement_traverse(added, {}, from_the_array)
        for name, added in _added(running, entity, fields).items()
    }
    return (
        table.update()
        .values(values)
        .where(table.c.id == ids)
        .returning(*(table.c[n] for n in _columns(running, entity, fields)))
    )
