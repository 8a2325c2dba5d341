"""Figures by groups: rows × columns × measures, under the same plan of access as a list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import msgspec
import sqlalchemy as sa

from dougong_runtime.errors import BAD_QUERY, FORBIDDEN, TOO_MUCH, Problem, Refused
from dougong_runtime.formulas.check import Place, check_formula
from dougong_runtime.formulas.compile import Scope, compile_formula, compile_measure, condition
from dougong_runtime.formulas.problems import FormulaProblems
from dougong_runtime.formulas.tree import Aggregate, Call, Node
from dougong_runtime.formulas.types import Kind, ValueType
from dougong_runtime.labels import Label
from dougong_runtime.model.app import Entity
from dougong_runtime.names import is_name, nearest
from dougong_runtime.records.query import LIMIT_MAX, AggregateAnswer, AggregateQuery
from dougong_runtime.records.read import entity_of
from dougong_runtime.records.read_plan import filter_tree, formula_problems, setting_types
from dougong_runtime.records.read_sql import table_alive
from dougong_runtime.records.scene import Scene

GROUPS_MAX = 6
MEASURES_MAX = 20
PLACES_MAX = 8
"""Decimal places of a figure that is not of a field's own scale."""
_HIDDEN = "dg_members"
"""Name of the measure that counts a group's records, where the reader may see no small group."""


@dataclass(frozen=True, slots=True)
class _Plan:
    entity: Entity
    groups: tuple[tuple[str, Node], ...]
    measures: tuple[tuple[str, Node], ...]
    filter: Node | None
    sort: tuple[tuple[str, bool], ...]
    at_least: int


def aggregate(scene: Scene, query: AggregateQuery) -> AggregateAnswer:
    """Figures over the records that a viewer may see, or may see summed. Raises Refused."""
    plan = _plan(scene, query)
    rows = _run(scene, plan, plan.groups, min(query.limit, LIMIT_MAX))
    total_rows = _run(scene, plan, (), 1)
    total = total_rows[0] if total_rows else {}
    withheld = 0
    if plan.at_least > 1:
        kept = [r for r in rows if r[_HIDDEN] >= plan.at_least]
        withheld = len(rows) - len(kept)
        # What one withheld group holds would follow from the total and the groups shown.
        small = total.get(_HIDDEN, 0) < plan.at_least
        telling = withheld > 0 and total.get(_HIDDEN, 0) - sum(r[_HIDDEN] for r in kept) < plan.at_least
        if small or telling:
            total = {}
        rows = kept
        total.pop(_HIDDEN, None)
        for row in rows:
            row.pop(_HIDDEN, None)
    return AggregateAnswer([_json(r) for r in rows], _json(total), withheld)


def _json(row: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = msgspec.to_builtins(row)
    return made


def _plan(scene: Scene, query: AggregateQuery) -> _Plan:
    problems: list[Problem] = []
    entity = entity_of(scene, query.entity)
    access = scene.access.entity(entity.name)
    if not access.everything and not access.giving("aggregate"):
        raise Refused(
            [Problem(FORBIDDEN, None, {"entity": entity.label, "action": Label("汇总", "summing")})]
        )
    names = [*query.rows, *query.columns]
    if len(names) > GROUPS_MAX:
        problems.append(Problem(TOO_MUCH, "rows", {"what": "rows", "limit": GROUPS_MAX}))
    if not 1 <= len(query.measures) <= MEASURES_MAX:
        problems.append(Problem(TOO_MUCH, "measures", {"what": "measures", "limit": MEASURES_MAX}))
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
        if tree is not None and _at_least(scene, entity) > 1 and _tells_one(tree):
            problems.append(
                _bad(
                    "measures",
                    f"你的角色只能用 SUM、COUNT、AVG、STDEV 汇总「{entity.label.zh}」，且不能带条件；条件写在 filter 里。",
                    f"Your roles sum “{entity.label.en}” by SUM, COUNT, AVG and STDEV only, without a condition; "
                    "put it into the filter.",
                )
            )
        elif tree is not None:
            measures.append((measure.name, tree))
    filter_ = (
        filter_tree(scene.app, scene.access.shapes, entity, query.filter, problems) if query.filter else None
    )
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
    return _Plan(entity, tuple(groups), tuple(measures), filter_, tuple(sort), _at_least(scene, entity))


def _at_least(scene: Scene, entity: Entity) -> int:
    """The least group that may be shown: 0 where the viewer may read all the records anyway."""
    access = scene.access.entity(entity.name)
    if access.everything or any(h.grant.rows == "all" for h in access.reading):
        return 0
    return max((h.grant.at_least for h in access.held if h.grant.aggregate_only), default=0)


_OVER_MANY = ("sum", "count", "count_distinct", "avg", "stdev")


def _tells_one(tree: Node) -> bool:
    """Whether a measure can show a single record's cell: MIN, JOIN, FIRST …, or a sum over what a condition picks out.

    Groups are counted by their records; a condition inside the measure would be counted by nobody.
    """
    match tree:
        case Aggregate():
            if tree.function not in _OVER_MANY or tree.condition is not None:
                return True
            return tree.value is not None and _picks(tree.value)
        case Call():
            return any(_tells_one(a) for a in tree.arguments)
        case _:
            return False


def _picks(tree: Node) -> bool:
    """Whether a summed value compares with a text, a date or an id, and so can be made to pick out one record."""
    if not isinstance(tree, Call):
        return False
    compared = (a.type.kind for a in tree.arguments if not isinstance(a, Call))
    if tree.function in _COMPARING and not all(kind in (Kind.CHOICE, Kind.BOOLEAN) for kind in compared):
        return True
    return any(_picks(a) for a in tree.arguments)


_COMPARING = ("_eq", "_ne", "_lt", "_le", "_gt", "_ge", "in")


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
    entity = plan.entity
    guard = scene.rules.aggregated(entity.name)
    row = scene.tables.of(entity.name).alias("r")
    scope = Scope(scene.app, scene.tables, entity.name, row, scene.dialect, guard)
    keys = [(name, compile_formula(tree, scope)) for name, tree in groups]
    figures = [(name, compile_measure(tree, scope)) for name, tree in plan.measures]
    if plan.at_least > 1:
        figures.append((_HIDDEN, sa.func.count()))
    wheres = [table_alive(row)]
    allowed = guard.rows(entity.name, row)
    if allowed is not None:
        wheres.append(allowed)
    if plan.filter is not None:
        wheres.append(condition(plan.filter, scope))
    columns = [c.label(f"c{i}") for i, (_, c) in enumerate([*keys, *figures])]
    select = sa.select(*columns).select_from(scope.joined(row)).where(*wheres).limit(limit)
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
    types = {name: tree.type for name, tree in (*groups, *plan.measures)}
    return [
        {n: _figure(v, types.get(n)) for n, v in zip(names, values, strict=True)}
        for values in scene.connection.execute(select, scene.parameters)
    ]


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
