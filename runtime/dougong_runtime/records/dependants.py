"""Stored formulas kept true: what a write changes is followed along the graph, set-based, in the writing transaction.

Sums and counts are moved by differences where these are known (`deltas.py`). All else is two statements a step of the
graph: the records concerned are locked in the order of their ids, then computed anew by one UPDATE whose snapshot is
younger than the lock. Computing before the lock would lose updates under READ COMMITTED; locking with FOR UPDATE would
deadlock with the KEY SHARE locks of foreign keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from dougong_runtime.errors import Refused, problem_type, refuse
from dougong_runtime.exact import RecordId
from dougong_runtime.formulas.compile import Scope, stored
from dougong_runtime.formulas.context import Context, needed
from dougong_runtime.formulas.tree import Hop
from dougong_runtime.host import Clock
from dougong_runtime.labels import Label
from dougong_runtime.model.app import Entity
from dougong_runtime.model.graph import Node, Step, end_of
from dougong_runtime.records import deltas, settings
from dougong_runtime.records.change import Recomputed
from dougong_runtime.records.dirt import Dirty
from dougong_runtime.records.running import Running
from dougong_runtime.records.waiting import Waiting, Work
from dougong_runtime.storage.ready import Ready, among
from dougong_runtime.storage.tables import Tables

FORMULA_OVERFLOW = problem_type(
    "formula-overflow",
    422,
    "{entity}的计算字段放不下算出的结果：{fields}",
    "What comes out does not fit the computed fields of {entity}: {fields}",
    remedy=("检查数额，或给字段更多位数。", "Check the amounts, or give the fields more digits."),
)

IDS_MAX = 5_000
"""Ids that travel as parameters of one statement."""

EVERYTHING_FROM = 20_000
"""From so many changed records of one entity on, whole entities are brought up to date instead of following ids."""


def settle(
    connection: sa.Connection,
    running: Running,
    dirty: Dirty,
    parameters: Mapping[str, Any],
    waiting: Waiting | None = None,
) -> list[Recomputed]:
    """Bring every stored formula up to date that follows from what is dirty. Gives what changed.

    Steps that wait are noted in `waiting` instead, until `settle_waiting`.
    """
    return _follow(connection, running, dirty, parameters, waiting=waiting)


def settle_waiting(
    connection: sa.Connection, running: Running, waiting: Waiting, parameters: Mapping[str, Any]
) -> list[Recomputed]:
    """Do what waits, and what follows from it. Gives what changed."""
    return _follow(connection, running, Dirty.of_writes(running), parameters, due=waiting.works)


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
    parameters = parameters_at(connection, running, clock.now(), time_zone)
    return _follow(connection, running, Dirty(running.app), parameters, wanted=frozenset(fields))


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


def _follow(
    connection: sa.Connection,
    running: Running,
    dirty: Dirty,
    parameters: Mapping[str, Any],
    *,
    wanted: frozenset[Node] = frozenset(),
    waiting: Waiting | None = None,
    due: Mapping[int, Work] = MappingProxyType({}),
) -> list[Recomputed]:
    """Every step of the graph in its order: for the records concerned and what is `due`, for all where one of its
    fields is `wanted`."""
    changed: list[Recomputed] = []
    for number, step in enumerate(running.graph.steps):
        whole = any((step.entity, name) in wanted for name in step.fields)
        work = Work(step.fields, True) if whole else _work(connection, running, step, dirty)
        if waiting is not None and number in waiting.steps:
            waiting.add(number, work)
            continue
        if number in due:
            work.take(due[number])
        try:
            changed += _bring_up_to_date(connection, running, step.entity, work, parameters, dirty)
        except (sa.exc.DataError, Refused) as wrong:
            if not _is_overflow(wrong):
                raise
            raise overflow(running.app.entities[step.entity], step.fields) from wrong
    return changed


def _is_overflow(wrong: Exception) -> bool:
    """Whether a number came out too large: SQLite says so of our functions in words that `storage.limits` reads as a
    statement's size."""
    return isinstance(wrong, sa.exc.DataError) or "string or blob too big" in str(wrong.__cause__)


def overflow(entity: Entity, names: Iterable[str]) -> Refused:
    """The refusal where a result has more digits than its field."""
    labels = [entity.fields[name].label for name in names]
    fields = Label("、".join(x.zh for x in labels), ", ".join(x.en for x in labels))
    return refuse(FORMULA_OVERFLOW, entity=entity.label, fields=fields)


# --- which records are concerned -----------------------------------------------------------------------------


def _work(connection: sa.Connection, running: Running, step: Step, dirty: Dirty) -> Work:
    moving = deltas.moving(running, step, dirty)
    rest = tuple(name for name in step.fields if name not in moving.fields)
    whole, ids = _concerned(connection, running, step, rest, dirty)
    new = _new(running, step, dirty)
    if not new:
        return Work(rest, whole, ids, moving.sums)
    # A new record has all its formulas computed; a difference on top of that would count twice.
    ids |= new
    sums = {} if whole else {parent: of for parent, of in moving.sums.items() if parent not in ids}
    return Work(step.fields, whole, ids, sums)


def _new(running: Running, step: Step, dirty: Dirty) -> set[str]:
    """Records that came or went, all of whose formulas are to be computed, but for those stored with them."""
    made = dirty.of.get(step.entity)
    if made is None:
        return set()
    own = set(step.fields) <= set(running.graph.own.get(step.entity, ()))
    return made.every_field - made.computed if own else set(made.every_field)


def _concerned(
    connection: sa.Connection, running: Running, step: Step, fields: tuple[str, ...], dirty: Dirty
) -> tuple[bool, set[str]]:
    """Whether some of a step's fields are to be computed of all records, else of which."""
    ids: set[str] = set()
    by_path: dict[tuple[Hop, ...], tuple[set[str], set[str]]] = {}
    for dependency, of in step.follows:
        dirt = dirty.of.get(end_of(step.entity, dependency.hops))
        if dirt is None or not any(name in fields for name in of):
            continue
        if dependency.field in dirt.whole:
            return True, set()
        # What came or went itself is `_new`.
        changed = dirt.changed(dependency.field) if dependency.hops else dirt.by_field.get(dependency.field)
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
class _Statement:
    update: Ready
    needed: frozenset[str]
    seen: tuple[str, ...]
    """Watched fields that it changes and gives back."""


def _bring_up_to_date(
    connection: sa.Connection,
    running: Running,
    entity: str,
    work: Work,
    parameters: Mapping[str, Any],
    dirty: Dirty,
) -> list[Recomputed]:
    """Do a step's work: lock, add, compute. What changed is noted as dirty and given back."""
    if not work:
        return []
    _lock(connection, running, entity, work, dirty)
    changed: list[Recomputed] = []
    if work.sums:
        moved = deltas.move(connection, running, entity, work.sums, dirty)
        fields = tuple(sorted({name for of in work.sums.values() for name in of}))
        changed.append(Recomputed(entity, fields, moved.records))
        if moved.absent:
            again = Work(fields, False, set(moved.absent))
            _compute(connection, running, entity, again, parameters, dirty)
    if work.whole or work.ids:
        found = _compute(connection, running, entity, work, parameters, dirty)
        if found:
            changed.append(Recomputed(entity, work.fields, tuple(found)))
    return changed


def _lock(connection: sa.Connection, running: Running, entity: str, work: Work, dirty: Dirty) -> None:
    """Lock what is to be changed in the order of ids, unless the transaction or a single addition does so anyway.

    Watched records are read by it as they are before the step: on SQLite that is all there is to do.
    """
    dirt, ids = dirty.entity(entity), set[str]()
    watched = running.graph.additive.watched.get(entity, ())
    if work.whole:
        if running.dialect == "postgresql":
            everything = running.plans.get(("lock all", entity), lambda: _locking_all(running, entity))
            connection.execute(everything)
        return
    if running.dialect == "postgresql":
        ids = (work.ids | work.sums.keys()) - dirt.held
        if len(work.sums) <= deltas.ONE_BY_ONE_MAX and ids <= work.sums.keys():
            ids = set()
    if not set(watched).isdisjoint(work.fields):
        ids |= work.ids - dirt.was.keys() - dirt.unseen - work.sums.keys()
    columns = ("id", *deltas.image_columns(running, entity))
    locking = running.plans.get(
        ("lock", entity), lambda: Ready(_locking(running, entity, columns), plan="kept")
    )
    ordered = sorted(ids)
    for at in range(0, len(ordered), IDS_MAX):
        for row in locking.all(connection, {"ids": ordered[at : at + IDS_MAX]}):
            dirt.held.add(row[0])
            if watched:
                image = deltas.image_of(dict(zip(columns, row, strict=True)), watched)
                dirt.capture(row[0], image, watched)


def _compute(
    connection: sa.Connection,
    running: Running,
    entity: str,
    work: Work,
    parameters: Mapping[str, Any],
    dirty: Dirty,
) -> list[str]:
    """Compute fields anew of given records, or of all; gives the ids of those that changed, noted as dirty."""
    key = ("step", entity, work.fields, work.whole)
    built = running.plans.get(key, lambda: _build(running, entity, work.fields, work.whole))
    wanted = {k: v for k, v in parameters.items() if k in built.needed}
    if work.whole:
        found = [row[0] for row in built.update.all(connection, wanted)]
        if len(found) > EVERYTHING_FROM:
            dirty.add_whole(entity, work.fields)
        elif found:
            dirty.add_formulas(entity, work.fields, found)
        return found
    now: dict[str, Mapping[str, Any]] = {}
    ordered = sorted(work.ids)
    for at in range(0, len(ordered), IDS_MAX):
        for row in built.update.all(connection, {**wanted, "ids": ordered[at : at + IDS_MAX]}):
            now[row[0]] = dict(zip(built.seen, row[1:], strict=True))
    if now:
        dirty.add_formulas(entity, work.fields, now, now)
    return list(now)


def _locking(running: Running, entity: str, columns: Iterable[str]) -> sa.Select[Any]:
    table = running.tables.of(entity)
    select = sa.select(*(table.c[n] for n in columns)).where(among(table.c.id, "ids", running.dialect))
    return select.order_by(table.c.id).with_for_update(key_share=True)


def _locking_all(running: Running, entity: str) -> sa.Select[Any]:
    """Every record of an entity locked: one whose children change meanwhile would be given a figure of before."""
    table = running.tables.of(entity)
    each = sa.select(table.c.id).order_by(table.c.id).with_for_update(key_share=True).subquery()
    return sa.select(sa.func.count()).select_from(each)


def _build(running: Running, name: str, fields: tuple[str, ...], whole: bool) -> _Statement:
    entity = running.app.entities[name]
    table = running.tables.of(name)
    row = table.alias("r")
    scope = Scope(running.app, running.tables, name, row, running.dialect)
    values = {}
    for each in fields:
        f = entity.fields[each]
        assert f.formula is not None
        values[each] = stored(f.formula.tree, f.value_type, scope).label(each)
    select = sa.select(row.c.id.label("id"), *values.values()).select_from(scope.joined(row))
    if not whole:
        select = select.where(among(row.c.id, "ids", running.dialect))
    # Not inlined, or each aggregate would be computed twice: for the value and for the comparison.
    new = select.cte("new").prefix_with("MATERIALIZED")
    seen = () if whole else tuple(n for n in fields if n in running.graph.additive.watched.get(name, ()))
    update = (
        table.update()
        .values({each: new.c[each] for each in fields})
        .where(table.c.id == new.c.id, sa.or_(*(table.c[n].is_distinct_from(new.c[n]) for n in fields)))
        .returning(table.c.id, *(table.c[n] for n in seen))
    )
    return _Statement(Ready(update), frozenset(needed(select)), seen)
