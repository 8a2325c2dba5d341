"""Figures by groups: rows × columns × measures, under the same plan of access as a list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import msgspec
import sqlalchemy as sa

from dougong_runtime.errors import BAD_QUERY, FORBIDDEN, TOO_MUCH, Problem, Refused, refuse
from dougong_runtime.formulas.check import Place, check_formula
from dougong_runtime.formulas.compile import Scope, compile_formula, compile_measure, condition
from dougong_runtime.formulas.problems import FormulaProblems
from dougong_runtime.formulas.tree import Node
from dougong_runtime.formulas.types import Kind, ValueType
from dougong_runtime.labels import Label
from dougong_runtime.model.app import Entity
from dougong_runtime.names import is_name, nearest
from dougong_runtime.records import sums_only
from dougong_runtime.records.query import LIMIT_MAX, AggregateAnswer, AggregateQuery
from dougong_runtime.records.read import entity_of
from dougong_runtime.records.read_plan import SEARCH_LENGTH_MAX, filter_tree, formula_problems, setting_types
from dougong_runtime.records.read_sql import table_alive
from dougong_runtime.records.scene import Scene
from dougong_runtime.records.search import searching
from dougong_runtime.storage.ready import Ready

GROUPS_MAX = 6
MEASURES_MAX = 20
PLACES_MAX = 8
"""Decimal places of a figure that is not of a field's own scale."""


@dataclass(frozen=True, slots=True)
class _Plan:
    query: AggregateQuery
    entity: Entity
    groups: tuple[tuple[str, Node], ...]
    measures: tuple[tuple[str, Node], ...]
    filter: Node | None
    sort: tuple[tuple[str, bool], ...]
    at_least: int


def aggregate(scene: Scene, query: AggregateQuery) -> AggregateAnswer:
    """Figures over the records that a viewer may see, or may see summed. Raises Refused."""
    key = ("figures", scene.shape, query)
    plan = (
        _plan(scene, query)
        if scene.shape is None or query.search
        else scene.running.plans.get(key, lambda: _plan(scene, query))
    )
    limit = min(query.limit, LIMIT_MAX)
    rows = (
        _run(scene, plan, plan.groups, limit if plan.at_least <= 1 else sums_only.GROUPS_MAX)
        if plan.groups
        else []
    )
    wanted = query.total or plan.at_least > 1 or not plan.groups
    total_rows = _run(scene, plan, (), 1) if wanted else []
    total = total_rows[0] if total_rows else {}
    rows = rows if plan.groups else total_rows
    if plan.at_least <= 1:
        return AggregateAnswer([_json(r) for r in rows], _json(total))
    kept, total, withheld = _withhold(scene, plan, rows, total)
    return AggregateAnswer([_json(r) for r in kept[:limit]], _json(total), withheld)


def _withhold(
    scene: Scene, plan: _Plan, rows: Sequence[dict[str, Any]], total: dict[str, Any]
) -> tuple[list[dict[str, Any]], dict[str, Any], int]:
    """The groups and the total that may be told to who sees sums only, and how many groups are withheld.

    All groups are weighed before the limit cuts them, so that neither it nor the order tells of those withheld.
    """
    measured = sums_only.Measured.by(plan.measures, plan.at_least)
    groups = _weigh(scene, plan, plan.groups, measured)
    if len(groups) > sums_only.GROUPS_MAX:
        raise refuse(TOO_MUCH, "rows", what="rows", limit=sums_only.GROUPS_MAX)
    whole = _weigh(scene, plan, (), measured)[()]
    kept, shown = [], []
    for row in rows:
        weighed = groups[tuple(row[name] for name, _ in plan.groups)]
        if weighed.shows:
            shown.append(weighed)
            hidden = measured.of.keys() - weighed.told
            kept.append({n: None if n in hidden else v for n, v in row.items()})
    telling = measured.telling(whole, shown) if plan.groups else frozenset()
    told = {n: v for n, v in total.items() if n in whole.told - telling}
    return kept, told, len(rows) - len(kept)


def _weigh(
    scene: Scene, plan: _Plan, groups: Sequence[tuple[str, Node]], measured: sums_only.Measured
) -> dict[tuple[Any, ...], sums_only.Weighed]:
    scope, wheres = _summed(scene, plan)
    keys = [tree for _, tree in groups]
    found = sums_only.weigh(scene.connection, scene.parameters, scope, wheres, keys, plan.filter, measured)
    types = [tree.type for tree in keys]
    return {tuple(map(_figure, values, types)): weighed for values, weighed in found.items()}


def _summed(scene: Scene, plan: _Plan) -> tuple[Scope, list[sa.ColumnElement[bool]]]:
    """Where figures of an entity stand, and which of its records they may be drawn from."""
    entity = plan.entity
    guard = scene.rules if plan.query.listed else scene.rules.aggregated(entity.name)
    row = scene.tables.of(entity.name).alias("r")
    scope = Scope(scene.app, scene.tables, entity.name, row, scene.dialect, guard)
    wheres = [table_alive(row)]
    allowed = guard.rows(entity.name, row)
    if allowed is not None:
        wheres.append(allowed)
    if plan.query.search:
        wheres.append(searching(scene, entity, row, plan.query.search))
    return scope, wheres


def _json(row: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = msgspec.to_builtins(row)
    return made


def _plan(scene: Scene, query: AggregateQuery) -> _Plan:
    problems: list[Problem] = []
    entity = entity_of(scene, query.entity)
    access = scene.access.entity(entity.name)
    least = 1 if query.listed else sums_only.at_least(access)
    if not access.can("read") if query.listed else not access.everything and not access.giving("aggregate"):
        raise Refused(
            [Problem(FORBIDDEN, None, {"entity": entity.label, "action": Label("汇总", "summing")})]
        )
    names = [*query.rows, *query.columns]
    if len(names) > GROUPS_MAX:
        problems.append(Problem(TOO_MUCH, "rows", {"what": "rows", "limit": GROUPS_MAX}))
    if not 1 <= len(query.measures) <= MEASURES_MAX:
        problems.append(Problem(TOO_MUCH, "measures", {"what": "measures", "limit": MEASURES_MAX}))
    if query.search is not None and len(query.search) > SEARCH_LENGTH_MAX:
        problems.append(Problem(TOO_MUCH, "search", {"what": "search", "limit": SEARCH_LENGTH_MAX}))
    if problems:
        raise Refused(problems)
    groups = []
    for text in dict.fromkeys(names):
        tree = _tree(scene, entity, text, "filter", "rows", problems)
        if tree is not None and tree.type.kind in (Kind.LIST, Kind.JSON, Kind.FILE, Kind.RECORDS):
            problems.append(_bad("rows", f"不能按「{text}」分组。", f"“{text}” cannot be grouped by."))
        elif tree is not None:
            groups.append((text, tree))
    measures = []
    for measure in query.measures:
        if not is_name(measure.name) or measure.name.startswith("dg_"):
            problems.append(
                _bad("measures", f"「{measure.name}」不能作名称。", f"“{measure.name}” is no name.")
            )
            continue
        tree = _tree(scene, entity, measure.formula, "measure", "measures", problems)
        if tree is not None and least > 1 and sums_only.tells_one(tree):
            problems.append(
                _bad(
                    "measures",
                    f"你的角色只能用 SUM、COUNT、AVG、STDEV 汇总「{entity.label.zh}」的字段本身，且不能带条件；条件写在 filter 里。",
                    f"Your roles sum “{entity.label.en}” by SUM, COUNT, AVG and STDEV of a field itself, without a "
                    "condition; put it into the filter.",
                )
            )
        elif tree is not None:
            measures.append((measure.name, tree))
    filter_ = (
        filter_tree(scene.app, scene.access.shapes, entity, query.filter, problems) if query.filter else None
    )
    if least > 1 and filter_ is not None and len(sums_only.parts(filter_)) > sums_only.PARTS_MAX:
        problems.append(Problem(TOO_MUCH, "filter", {"what": "filter", "limit": sums_only.PARTS_MAX}))
    known = [n for n, _ in groups] + [n for n, _ in measures]
    sort = []
    for raw in query.sort:
        name = raw.removeprefix("-")
        if name not in known:
            near = nearest(name, known)
            problems.append(
                _bad(
                    "sort",
                    f"「{name}」不在结果中。" + (f"最接近的是 {near}。" if near else ""),
                    f"“{name}” is not in the answer." + (f" Nearest: {near}." if near else ""),
                )
            )
        sort.append((name, raw.startswith("-")))
    if problems:
        raise Refused(problems)
    return _Plan(query, entity, tuple(groups), tuple(measures), filter_, tuple(sort), least)


def _tree(
    scene: Scene, entity: Entity, text: str, place: Place, parameter: str, problems: list[Problem]
) -> Node | None:
    try:
        return check_formula(
            text,
            entity=entity.name,
            shapes=scene.access.shapes,
            settings=setting_types(scene.app),
            place=place,
            expect=None,
        ).tree
    except FormulaProblems as wrong:
        problems.extend(formula_problems(wrong, text, parameter))
        return None


def _run(scene: Scene, plan: _Plan, groups: Sequence[tuple[str, Node]], limit: int) -> list[dict[str, Any]]:
    if plan.query.search:  # a text that is looked for stands in the statement, which is therefore not kept
        statement = Ready(_statement(scene, plan, groups, limit), once=True)
    else:
        statement = scene.ready(
            ("figures", plan.query, bool(groups), limit), lambda: _statement(scene, plan, groups, limit)
        )
    types = {name: tree.type for name, tree in (*groups, *plan.measures)}
    names = [name for name, _ in (*groups, *plan.measures)]
    return [
        {n: _figure(v, types.get(n)) for n, v in zip(names, values, strict=True)}
        for values in statement.all(scene.connection, scene.parameters)
    ]


def _statement(scene: Scene, plan: _Plan, groups: Sequence[tuple[str, Node]], limit: int) -> sa.Select[Any]:
    scope, wheres = _summed(scene, plan)
    keys = [(name, compile_formula(tree, scope)) for name, tree in groups]
    figures = [(name, compile_measure(tree, scope)) for name, tree in plan.measures]
    if plan.filter is not None:
        wheres.append(condition(plan.filter, scope))
    columns = [c.label(f"c{i}") for i, (_, c) in enumerate([*keys, *figures])]
    select = sa.select(*columns).select_from(scope.joined(scope.row)).where(*wheres).limit(limit)
    if keys:
        select = select.group_by(*(sa.text(str(i + 1)) for i in range(len(keys))))
    names = [n for n, _ in (*keys, *figures)]
    trees = dict(groups)
    for name, down in plan.sort if keys else ():
        at = names.index(name)
        column = _ordered(trees.get(name), columns[at])
        select = select.order_by(column.desc().nulls_last() if down else column.asc().nulls_last())
    if keys:
        for (name, tree), column in zip(groups, columns, strict=False):
            if name not in [n for n, _ in plan.sort]:
                select = select.order_by(_ordered(tree, column).asc().nulls_last())
    return select


def _figure(value: Any, type_: ValueType | None) -> Any:
    """Whole numbers are numbers in JSON; a quotient carries no more places than are of use."""
    if not isinstance(value, Decimal) or type_ is None:
        return value
    if type_.scale == 0:
        return int(value)
    if type_.scale <= PLACES_MAX:
        return value
    rounded = value.quantize(Decimal(1).scaleb(-PLACES_MAX), ROUND_HALF_UP).normalize()
    return rounded.quantize(Decimal(1)) if rounded == rounded.to_integral() else rounded


def _ordered(tree: Node | None, column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    if tree is not None and tree.type.kind is Kind.CHOICE and tree.type.options:
        inner = column.element if isinstance(column, sa.Label) else column
        return sa.case({v: i for i, v in enumerate(tree.type.options)}, value=inner, else_=None)
    return column


def _bad(parameter: str, zh: str, en: str) -> Problem:
    return Problem(BAD_QUERY, parameter, {"zh": zh, "en": en})
