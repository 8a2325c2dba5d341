"""Where stored formulas differ from what their rows give, batch by batch of ids: for refresh, for `doctor`, to mend.

A batch is found without locks by one SELECT that computes the formulas of a stretch of ids and keeps those that differ.
Mending locks only these, in the order of their ids, and computes them anew by a statement younger than the lock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from dougong_runtime.exact import RecordId
from dougong_runtime.formulas.compile import Scope, stored
from dougong_runtime.formulas.context import needed
from dougong_runtime.model.graph import Step
from dougong_runtime.records.running import Running

IDS_MAX = 5_000
"""Ids that travel as parameters of one statement."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Records of one entity whose ids lie above `after` (None: from the first on) and up to `upto`."""

    after: str | None
    upto: str
    rows: int


@dataclass(frozen=True, slots=True)
class Difference:
    """A record whose stored formulas are not what its rows give: those that differ, as stored and as computed."""

    record: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


def next_stretch(
    connection: sa.Connection, running: Running, entity: str, after: str | None, rows: int
) -> Stretch | None:
    """The next so many records of an entity by id, those in the trash among them; None behind the last."""
    ids = running.tables.of(entity).c.id
    query = sa.select(ids).order_by(ids).limit(rows)
    if after is not None:
        query = query.where(ids > after)
    part = query.subquery()
    count, upto = connection.execute(
        sa.select(sa.func.count(), sa.func.max(sa.cast(part.c.id, sa.Text))).select_from(part)
    ).one()
    return Stretch(after, upto, count) if count else None


def find(
    connection: sa.Connection, running: Running, step: Step, stretch: Stretch, parameters: Mapping[str, Any]
) -> list[Difference]:
    """The records of a stretch in which formulas of the step differ. Locks nothing."""
    key = ("differences", step.entity, step.fields, stretch.after is None)
    query, wanted = running.plans.get(key, lambda: _find(running, step, stretch.after is None))
    given = {k: v for k, v in parameters.items() if k in wanted}
    given |= (
        {"upto": stretch.upto} if stretch.after is None else {"upto": stretch.upto, "after": stretch.after}
    )
    count = len(step.fields)
    found = []
    for row in connection.execute(query, given):
        before, after = row[1 : 1 + count], row[1 + count :]
        found.append(_difference(row[0], step.fields, before, after))
    return [d for d in found if d is not None]


def mend(
    connection: sa.Connection,
    running: Running,
    step: Step,
    records: Sequence[str],
    parameters: Mapping[str, Any],
) -> list[Difference]:
    """Store what the rows give in these records, locked in the order of their ids; gives what changed by that."""
    lock = running.plans.get(("mend lock", step.entity, step.fields), lambda: _lock(running, step))
    update, wanted = running.plans.get(("mend", step.entity, step.fields), lambda: _update(running, step))
    given = {k: v for k, v in parameters.items() if k in wanted}
    ordered = sorted(records)
    changed: list[Difference] = []
    for at in range(0, len(ordered), IDS_MAX):
        ids = {"ids": ordered[at : at + IDS_MAX]}
        before = {row[0]: row[1:] for row in connection.execute(lock, ids)}
        for row in connection.execute(update, {**given, **ids}):
            difference = _difference(row[0], step.fields, before[row[0]], row[1:])
            if difference is not None:
                changed.append(difference)
    return changed


def _difference(
    record: str, fields: Sequence[str], before: Sequence[Any], after: Sequence[Any]
) -> Difference | None:
    differs = [i for i in range(len(fields)) if before[i] != after[i]]
    if not differs:
        return None
    return Difference(record, {fields[i]: before[i] for i in differs}, {fields[i]: after[i] for i in differs})


# --- the statements ------------------------------------------------------------------------------------------

_IDS = sa.bindparam("ids", type_=RecordId(), expanding=True)


Wanted = frozenset[str]
"""Names of the bound parameters of formulas that a statement uses."""


def _computed(running: Running, step: Step, *, stored_too: bool) -> tuple[sa.Select[Any], sa.FromClause]:
    """A SELECT of id and computed values (`new_…`), with the stored ones (`old_…`) where asked."""
    entity = running.app.entities[step.entity]
    row = running.tables.of(step.entity).alias("r")
    scope = Scope(running.app, running.tables, step.entity, row, running.dialect)
    values = []
    for name in step.fields:
        f = entity.fields[name]
        assert f.formula is not None
        values.append(stored(f.formula.tree, f.value_type, scope).label("new_" + name))
    kept = [row.c[name].label("old_" + name) for name in step.fields] if stored_too else []
    select = sa.select(row.c.id.label("id"), *kept, *values).select_from(scope.joined(row))
    return select, row


def _find(running: Running, step: Step, from_the_first: bool) -> tuple[sa.Select[Any], Wanted]:
    select, row = _computed(running, step, stored_too=True)
    select = select.where(row.c.id <= sa.bindparam("upto", type_=RecordId()))
    if not from_the_first:
        select = select.where(row.c.id > sa.bindparam("after", type_=RecordId()))
    # Not inlined, or each aggregate would be computed twice: for the value and for the comparison.
    new = select.cte("new").prefix_with("MATERIALIZED")
    table = running.tables.of(step.entity)
    differs = (new.c["new_" + n].is_distinct_from(new.c["old_" + n]) for n in step.fields)
    query = sa.select(
        new.c.id,
        *(new.c["old_" + n] for n in step.fields),
        *(sa.type_coerce(new.c["new_" + n], table.c[n].type) for n in step.fields),
    ).where(sa.or_(*differs))
    return query, frozenset(needed(select))


def _lock(running: Running, step: Step) -> sa.Select[Any]:
    table = running.tables.of(step.entity)
    query = (
        sa.select(table.c.id, *(table.c[n] for n in step.fields))
        .where(table.c.id.in_(_IDS))
        .order_by(table.c.id)
    )
    return query.with_for_update(key_share=True) if running.dialect == "postgresql" else query


def _update(running: Running, step: Step) -> tuple[sa.Update, Wanted]:
    table = running.tables.of(step.entity)
    select, row = _computed(running, step, stored_too=False)
    new = select.where(row.c.id.in_(_IDS)).cte("new").prefix_with("MATERIALIZED")
    update = (
        table.update()
        .values({n: new.c["new_" + n] for n in step.fields})
        .where(
            table.c.id == new.c.id,
            sa.or_(*(table.c[n].is_distinct_from(new.c["new_" + n]) for n in step.fields)),
        )
        .returning(table.c.id, *(table.c[n] for n in step.fields))
    )
    return update, frozenset(needed(select))
