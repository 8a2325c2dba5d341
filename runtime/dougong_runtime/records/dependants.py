"""Stored formulas kept true: what a write changes is followed along the graph, set-based, in the writing transaction.

Each step of the graph is two statements: the records concerned are locked in the order of their ids, then brought up
to date by one UPDATE whose snapshot is younger than the lock. Computing before the lock would lose updates under READ
COMMITTED; locking with FOR UPDATE would deadlock with the KEY SHARE locks of foreign keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from dougong_runtime.exact import RecordId
from dougong_runtime.formulas.compile import Scope, stored
from dougong_runtime.formulas.context import Context, needed
from dougong_runtime.formulas.tree import Hop
from dougong_runtime.host import Clock
from dougong_runtime.model.graph import Node, Step, end_of
from dougong_runtime.records import settings
from dougong_runtime.records.change import Recomputed
from dougong_runtime.records.dirt import Dirty
from dougong_runtime.records.running import Running
from dougong_runtime.storage.tables import Tables

IDS_MAX = 5_000
"""Ids that travel as parameters of one statement."""

EVERYTHING_FROM = 20_000
"""From so many changed records of one entity on, whole entities are brought up to date instead of following ids."""


def settle(
    connection: sa.Connection, running: Running, dirty: Dirty, parameters: Mapping[str, Any]
) -> list[Recomputed]:
    """Bring every stored formula up to date that follows from what is dirty. Gives what changed."""
    changed: list[Recomputed] = []
    for step in running.graph.steps:
        whole, ids = _concerned(connection, running, step, dirty)
        if not whole and not ids:
            continue
        found = _bring_up_to_date(connection, running, step, None if whole else ids, parameters, dirty)
        if found:
            changed.append(Recomputed(step.entity, step.fields, tuple(found)))
    return changed


def recompute(
    connection: sa.Connection,
    running: Running,
    fields: Iterable[Node],
    clock: Clock,
    time_zone: str = "Asia/Shanghai",
) -> list[Recomputed]:
    """Compute stored formulas of all records anew, and what follows from them.

    For new and changed formulas at publish, after a setting has changed, and to repair.
    """
    wanted = set(fields)
    parameters = parameters_at(connection, running, clock.now(), time_zone)
    dirty = Dirty(running.app)
    changed: list[Recomputed] = []
    for step in running.graph.steps:
        mine = any((step.entity, f) in wanted for f in step.fields)
        whole, ids = (True, set[str]()) if mine else _concerned(connection, running, step, dirty)
        if not whole and not ids:
            continue
        found = _bring_up_to_date(connection, running, step, None if whole else ids, parameters, dirty)
        if found:
            changed.append(Recomputed(step.entity, step.fields, tuple(found)))
    return changed


def recompute_all(
    connection: sa.Connection, running: Running, clock: Clock, time_zone: str = "Asia/Shanghai"
) -> None:
    """Compute every stored formula of an app anew: after a bulk load, and for `doctor`."""
    recompute(
        connection, running, {(s.entity, f) for s in running.graph.steps for f in s.fields}, clock, time_zone
    )


def parameters_at(
    connection: sa.Connection, running: Running, now: datetime, time_zone: str
) -> dict[str, Any]:
    """Bound parameters of stored formulas: days are those of the site's zone."""
    context = Context(
        now=now,
        time_zone=time_zone,
        user=None,
        user_id=None,
        roles=(),
        settings=settings.values(connection, running.app),
        calendar=running.calendar(now.year),
    )
    return context.parameters()


# --- which records are concerned -----------------------------------------------------------------------------


def _concerned(
    connection: sa.Connection, running: Running, step: Step, dirty: Dirty
) -> tuple[bool, set[str]]:
    """Whether all records of a step are concerned, else the ids of those that are."""
    made = dirty.of.get(step.entity)
    # A new record has formulas of its own to compute, also those that only read other records: of none, at first.
    ids: set[str] = set(made.every_field) if made is not None else set()
    by_path: dict[tuple[Hop, ...], tuple[set[str], set[str]]] = {}
    for dependency, _ in step.follows:
        dirt = dirty.of.get(end_of(step.entity, dependency.hops))
        if dirt is None:
            continue
        if dependency.field in dirt.whole:
            return True, set()
        changed = dirt.changed(dependency.field)
        if not changed:
            continue
        reached, left = by_path.setdefault(dependency.hops, (set(), set()))
        reached |= changed
        if dependency.hops and dependency.hops[-1].field == dependency.field:
            # A reference that moved: those it named before are concerned as well.
            left |= dirt.pointed.get(dependency.field, set())
    for hops, (reached, left) in by_path.items():
        if max(len(reached), len(ids)) > EVERYTHING_FROM:
            return True, set()
        ids |= _walk_back(connection, running, step.entity, hops, reached, left, dirty)
    if made is not None and set(step.fields) <= set(running.graph.own.get(step.entity, ())):
        ids = ids - made.computed
    return (True, set()) if len(ids) > EVERYTHING_FROM else (False, ids)


def _walk_back(
    connection: sa.Connection,
    running: Running,
    start: str,
    hops: tuple[Hop, ...],
    reached: set[str],
    left: set[str],
    dirty: Dirty,
) -> set[str]:
    """Ids of the records of `start` from which `hops` lead to a changed record, or led before a reference moved."""
    ids = reached
    for i in reversed(range(len(hops))):
        hop, before = hops[i], end_of(start, hops[:i])
        ids = _step_back(connection, running.tables, before, hop, ids, dirty)
        if i == len(hops) - 1 and hop.way in ("back", "many_back"):
            ids |= left
        if not ids:
            break
    return ids


def _step_back(
    connection: sa.Connection, tables: Tables, entity: str, hop: Hop, ids: set[str], dirty: Dirty
) -> set[str]:
    found: set[str | None] = set()
    match hop.way:
        case "forward":
            table = tables.of(entity)
            select, column = sa.select(table.c.id), table.c[hop.field]
        case "back":
            table = tables.of(hop.entity)
            select, column = sa.select(table.c[hop.field]).distinct(), table.c.id
            written = dirty.of.get(hop.entity)
            known = written.points.get(hop.field, {}) if written is not None else {}
            for id_ in ids & known.keys():
                found.update(known[id_])
            ids = ids - known.keys()
        case "many":
            link = tables.link(entity, hop.field)
            select, column = sa.select(link.c.record).distinct(), link.c.target
        case "many_back":
            link = tables.link(hop.entity, hop.field)
            select, column = sa.select(link.c.target).distinct(), link.c.record
    ordered = sorted(ids)
    for at in range(0, len(ordered), IDS_MAX):
        found.update(
            connection.execute(select.where(column.in_(_IDS)), {"ids": ordered[at : at + IDS_MAX]}).scalars()
        )
    return {i for i in found if i is not None}


_IDS = sa.bindparam("ids", type_=RecordId(), expanding=True)


# --- bringing up to date -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Statements:
    lock: sa.Select[Any] | None
    update: sa.Update
    needed: frozenset[str]


def _bring_up_to_date(
    connection: sa.Connection,
    running: Running,
    step: Step,
    ids: set[str] | None,
    parameters: Mapping[str, Any],
    dirty: Dirty,
) -> list[str]:
    """Run one step for given records, or for all (None); gives the ids of those that changed, noted as dirty."""
    key = ("step", step.entity, step.fields, ids is None)
    built = running.plans.get(key, lambda: _build(running, step, ids is None))
    wanted = {k: v for k, v in parameters.items() if k in built.needed}
    found: list[str] = []
    if ids is None:
        found = list(connection.execute(built.update, wanted).scalars())
    else:
        held = dirty.entity(step.entity).held
        ordered = sorted(ids)
        for at in range(0, len(ordered), IDS_MAX):
            chunk = ordered[at : at + IDS_MAX]
            if built.lock is not None and not held.issuperset(chunk):
                connection.execute(built.lock, {"ids": chunk})
            found.extend(connection.execute(built.update, {**wanted, "ids": chunk}).scalars())
    if len(found) > EVERYTHING_FROM:
        dirty.add_whole(step.entity, step.fields)
    elif found:
        dirty.add_formulas(step.entity, step.fields, found)
    return found


def _build(running: Running, step: Step, whole: bool) -> _Statements:
    entity = running.app.entities[step.entity]
    table = running.tables.of(step.entity)
    row = table.alias("r")
    scope = Scope(running.app, running.tables, step.entity, row, running.dialect)
    values = {}
    for name in step.fields:
        f = entity.fields[name]
        assert f.formula is not None
        values[name] = stored(f.formula.tree, f.value_type, scope).label(name)
    select = sa.select(row.c.id.label("id"), *values.values()).select_from(scope.joined(row))
    lock = None
    if not whole:
        select = select.where(row.c.id.in_(_IDS))
        if running.dialect == "postgresql":
            lock = (
                sa.select(table.c.id)
                .where(table.c.id.in_(_IDS))
                .order_by(table.c.id)
                .with_for_update(key_share=True)
            )
    # Not inlined, or each aggregate would be computed twice: for the value and for the comparison.
    new = select.cte("new").prefix_with("MATERIALIZED")
    update = (
        table.update()
        .values({name: new.c[name] for name in step.fields})
        .where(table.c.id == new.c.id, sa.or_(*(table.c[n].is_distinct_from(new.c[n]) for n in step.fields)))
        .returning(table.c.id)
    )
    return _Statements(lock, update, frozenset(needed(select)))
