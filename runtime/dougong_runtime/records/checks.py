"""What guards an entity, asked of the records as written, in one statement: rules, uniques, stages, write access.

The answers come from the database after the write and before its end, so that what they read (roll-ups, paths, other
records) is as it will be. A refusal undoes all of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from dougong_runtime.access.grants import HeldGrant
from dougong_runtime.errors import FORBIDDEN, NOT_UNIQUE, RULE_BROKEN, Problem, Refused
from dougong_runtime.fields.base import Transition
from dougong_runtime.formulas.compile import Scope, compile_formula, condition
from dougong_runtime.formulas.context import needed
from dougong_runtime.formulas.dependencies import dependencies
from dougong_runtime.labels import Label
from dougong_runtime.model.app import Entity, Rule, Unique
from dougong_runtime.records import stages, unique_locks
from dougong_runtime.records.change import Change
from dougong_runtime.records.read_sql import IDS
from dougong_runtime.records.scene import Scene
from dougong_runtime.records.values import read_only
from dougong_runtime.storage.ready import Ready, among

REASON_LENGTH_MAX = 2000


@dataclass(frozen=True)
class _Statement:
    ready: Ready
    creating: tuple[HeldGrant, ...]
    """The grants that create, each asked whether it reaches the record; none where nothing binds the writer."""
    rules: tuple[Rule, ...]
    uniques: tuple[Unique, ...]
    ways: tuple[Transition, ...]
    of_old: bool
    """Whether a rule looks at the record before the write, so that records are asked one by one."""


@dataclass(slots=True)
class Wrong:
    """What the guards say of one record."""

    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    """Rules that a reason passes."""


def check(
    scene: Scene,
    entity: Entity,
    changes: Sequence[Change],
    reasons: Mapping[str, str],
    given: Mapping[str, frozenset[str]] = MappingProxyType({}),
) -> None:
    """Ask all guards of an entity about the records of these changes. Raises Refused with all that is wrong.

    `given`: new record → the fields filled in by its writer that not every grant lets be filled in.
    """
    wrong = check_each(scene, entity, changes, reasons, given).values()
    problems = [p for one in wrong for p in one.problems]
    warnings = [w for one in wrong for w in one.warnings]
    if problems or warnings:
        raise Refused(problems, warnings)


def check_each(
    scene: Scene,
    entity: Entity,
    changes: Sequence[Change],
    reasons: Mapping[str, str],
    given: Mapping[str, frozenset[str]] = MappingProxyType({}),
) -> dict[str, Wrong]:
    """The same, told apart by record: those of which nothing is wrong are not in it."""
    statement = _statement(scene, entity, changes[0].kind)
    if not (statement.creating or statement.rules or statement.uniques or statement.ways):
        return {}
    unique_locks.take(scene, entity, changes)
    found: dict[str, Wrong] = {}
    if statement.of_old:
        for change in changes:
            parameters = {**scene.parameters, IDS: [change.record], **_old(entity, change)}
            one = {change.record: change}
            _ask(scene, entity, statement, one, parameters, reasons, given, found)
    else:
        by_record = {c.record: c for c in changes}
        ids = list(by_record)
        for at in range(0, len(ids), 5000):
            parameters = {**scene.parameters, IDS: ids[at : at + 5000]}
            _ask(scene, entity, statement, by_record, parameters, reasons, given, found)
    return {record: wrong for record, wrong in found.items() if wrong.problems or wrong.warnings}


def check_unique(scene: Scene, entity: Entity, changes: Sequence[Change]) -> None:
    """Ask the conditional uniques only: of records that come back out of the trash. Raises Refused."""
    uniques = tuple(u for u in entity.unique if u.when is not None)
    if not uniques:
        return
    unique_locks.take(scene, entity, changes)
    row = scene.tables.of(entity.name).alias("r")
    scope = Scope(scene.app, scene.tables, entity.name, row, scene.dialect)
    taken = [_taken(scene, entity, u, row, scope).label(f"a{i}") for i, u in enumerate(uniques)]
    select = sa.select(*taken).select_from(scope.joined(row)).where(among(row.c.id, IDS, scene.dialect))
    parameters = {**scene.parameters, IDS: [c.record for c in changes]}
    answers = scene.connection.execute(select, parameters).all()
    problems = [
        not_unique(scene, entity, u.fields, u.message)
        for i, u in enumerate(uniques)
        if any(a[i] for a in answers)
    ]
    if problems:
        raise Refused(problems)


def _ask(
    scene: Scene,
    entity: Entity,
    statement: _Statement,
    by_record: Mapping[str, Change],
    parameters: Mapping[str, Any],
    reasons: Mapping[str, str],
    given: Mapping[str, frozenset[str]],
    found: dict[str, Wrong],
) -> None:
    for row in statement.ready.all(scene.connection, parameters):
        change = by_record[row[0]]
        wrong = found.setdefault(change.record, Wrong())
        problems, warnings = wrong.problems, wrong.warnings
        answers = iter(row[1:])
        if statement.creating:
            reaching = [h for h in statement.creating if next(answers)]
            problems.extend(_not_created(entity, reaching, given.get(change.record, frozenset())))
        for rule in statement.rules:
            if next(answers):
                _broken(scene, entity, rule, change, reasons, problems, warnings)
        for unique in statement.uniques:
            if next(answers):
                problems.append(not_unique(scene, entity, unique.fields, unique.message))
        for way in statement.ways:
            true_there = next(answers)
            stage = entity.stage
            assert stage is not None
            moved = (change.before.get(stage.name), change.after.get(stage.name))
            if change.kind == "update" and moved == (way.from_, way.to) and not true_there:
                why = way.message or Label("条件未满足", "its condition is not met")
                problems.append(stages.refusal(stage, way.from_, way.to, why))


def _not_created(entity: Entity, reaching: Sequence[HeldGrant], names: frozenset[str]) -> Iterable[Problem]:
    """Why a new record may not be: no grant reaches it, or none that does lets a field be filled in."""
    if not reaching:
        action = Label("新建这样的记录", "creating such a record")
        yield Problem(FORBIDDEN, None, {"entity": entity.label, "action": action})
        return
    for name in sorted(names):
        if not any(h.writes(entity.fields[name], "create") for h in reaching):
            yield read_only(entity.fields[name])


def _broken(
    scene: Scene,
    entity: Entity,
    rule: Rule,
    change: Change,
    reasons: Mapping[str, str],
    problems: list[Problem],
    warnings: list[Problem],
) -> None:
    at = rule.field
    if at is not None and not scene.access.entity(entity.name).told([at])[0]:
        at = None
    problem = Problem(RULE_BROKEN, at, {"rule": rule.name}, words=rule.message)
    if rule.severity != "warn":
        problems.append(problem)
    elif not reasons.get(rule.name, "").strip() and (change.kind == "create" or _touches(rule, change)):
        warnings.append(problem)


def _touches(rule: Rule, change: Change) -> bool:
    """Whether a change touches what a rule reads of the record itself."""
    read = set()
    for formula in (rule.check, rule.when):
        if formula is not None:
            read |= {d.hops[0].field if d.hops else d.field for d in dependencies(formula.tree)}
    return bool(read & change.fields)


def not_unique(scene: Scene, entity: Entity, names: Sequence[str], words: Label | None = None) -> Problem:
    """The refusal of a value that another living record has. It says nothing of that record."""
    known, labels = scene.access.entity(entity.name).told(names)
    return Problem(NOT_UNIQUE, known[0] if known else None, {"label": labels, "fields": known}, words=words)


def _statement(scene: Scene, entity: Entity, kind: str) -> _Statement:
    def build() -> _Statement:
        return _build(scene, entity, kind)

    return scene.running.plans.get(("check", scene.shape, entity.name, kind), build)


def _build(scene: Scene, entity: Entity, kind: str) -> _Statement:
    row = scene.tables.of(entity.name).alias("r")
    scope = Scope(scene.app, scene.tables, entity.name, row, scene.dialect)
    # A change is allowed by the record as it was. What it becomes may lie outside the writer's own rows (handing a
    # record to a colleague); a role that must not do so has that field readonly.
    access = scene.access.entity(entity.name)
    creating = access.giving("create") if kind == "create" and not access.everything else ()
    columns: list[sa.ColumnElement[Any]] = [scene.rules.holds(h, entity, row) for h in creating]
    for rule in entity.rules:
        broken = sa.not_(compile_formula(rule.check.tree, scope))
        if rule.when is not None:
            broken = sa.and_(condition(rule.when.tree, scope), broken)
        columns.append(sa.case((broken, sa.true()), else_=sa.false()))
    uniques = tuple(u for u in entity.unique if u.when is not None)
    columns.extend(_taken(scene, entity, unique, row, scope) for unique in uniques)
    stage = entity.stage
    ways = tuple(t for t in (stage.transitions if stage and kind == "update" else ()) if t.when is not None)
    for way in ways:
        assert way.when is not None
        columns.append(condition(way.when.tree, scope))
    select = (
        sa.select(row.c.id, *(c.label(f"a{i}") for i, c in enumerate(columns)))
        .select_from(scope.joined(row))
        .where(among(row.c.id, IDS, scene.dialect))
    )
    of_old = any(n.startswith(("dg_old_", "dg_changed_")) for n in needed(select, scene.dialect))
    return _Statement(Ready(select, plan="kept if flat"), creating, entity.rules, uniques, ways, of_old)


def _taken(
    scene: Scene, entity: Entity, unique: Unique, row: sa.FromClause, scope: Scope
) -> sa.ColumnElement[Any]:
    """Whether another living record agrees in all fields, both meeting the unique's condition."""
    assert unique.when is not None
    other = scene.tables.of(entity.name).alias("u")
    there = Scope(scene.app, scene.tables, entity.name, other, scene.dialect)
    other_meets = condition(unique.when.tree, there)
    same = [other.c[n] == row.c[n] for n in unique.fields]
    found = sa.exists(
        sa.select(sa.literal_column("1"))
        .select_from(there.joined(other))
        .where(*same, other.c.id != row.c.id, other.c.deleted_at.is_(None), other_meets)
    )
    return sa.and_(row.c.deleted_at.is_(None), condition(unique.when.tree, scope), found)


def _old(entity: Entity, change: Change) -> dict[str, Any]:
    """Values of `OLD.x` and `CHANGED(x)`: absent and true for a new record."""
    old = change.state_before
    found: dict[str, Any] = {}
    for name in entity.fields:
        found[f"dg_old_{name}"] = old.get(name)
        found[f"dg_changed_{name}"] = change.kind == "create" or name in change.after
    return found
