"""A reader's query becomes a plan: a frozen value, names and formulas settled under the reader's access.

Nothing here touches a database. A name that the reader never sees is unknown, with the nearest that they do see.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from dougong_runtime.access.grants import Access
from dougong_runtime.errors import (
    BAD_FORMULA,
    BAD_QUERY,
    FORBIDDEN,
    TOO_MUCH,
    WITHHELD,
    Problem,
    Refused,
)
from dougong_runtime.fields.base import Field
from dougong_runtime.formulas.check import check_formula
from dougong_runtime.formulas.problems import FormulaProblems
from dougong_runtime.formulas.shapes import Shapes
from dougong_runtime.formulas.tree import Node, Path
from dougong_runtime.formulas.types import BOOLEAN, Kind, ValueType
from dougong_runtime.labels import Label
from dougong_runtime.model.app import App, Entity
from dougong_runtime.names import nearest
from dougong_runtime.records.query import LIMIT_MAX, Query
from dougong_runtime.records.values import unknown_field

FIELDS_MAX = 200
SORT_MAX = 5
SEARCH_LENGTH_MAX = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """Something to give: a field of the entity itself, or a path (`owner.name`)."""

    name: str
    field: Field | None
    """The entity's own field, read raw and masked row by row."""
    tree: Node | None
    """A path, read through the guard: a cell that is not seen unmasked is absent."""


@dataclass(frozen=True, slots=True)
class SortKey:
    """A sort key: an own field or path, and its direction."""

    name: str
    tree: Path
    descending: bool


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """What will be read, in which order. Equal plans make equal statements."""

    entity: str
    asked: tuple[Asked, ...]
    filter: Node | None
    sort: tuple[SortKey, ...]
    search: bool
    trash: bool
    export: bool
    after: tuple[bool, ...] | None
    """For a following page: which of the cursor's values are absent. None for the first page."""

    def __hash__(self) -> int:
        return hash((self.entity, tuple(a.name for a in self.asked), self.filter, self.sort, self.after))


def plan_read(app: App, access: Access, query: Query, after: tuple[bool, ...] | None = None) -> ReadPlan:
    """Settle a query. Raises Refused with all that is wrong with it."""
    problems: list[Problem] = []
    entity = app.entities[query.entity]
    mine = access.entity(entity.name)
    if not mine.can("read"):
        only_sums = bool(mine.giving("aggregate"))
        kind = WITHHELD if only_sums else FORBIDDEN
        raise Refused([Problem(kind, None, {"entity": entity.label, "action": Label("查看", "reading")})])
    if query.export and not mine.can("export"):
        raise Refused(
            [Problem(FORBIDDEN, None, {"entity": entity.label, "action": Label("导出", "exporting")})]
        )
    if not 1 <= query.limit <= LIMIT_MAX:
        problems.append(
            _bad("limit", f"limit 应在 1 到 {LIMIT_MAX} 之间。", f"limit must be 1 to {LIMIT_MAX}.")
        )
    if query.search is not None and len(query.search) > SEARCH_LENGTH_MAX:
        problems.append(Problem(TOO_MUCH, "search", {"what": "search", "limit": SEARCH_LENGTH_MAX}))
    asked = _asked(app, access, entity, query.fields, problems)
    _check_expand(entity, mine.visible_names, query.expand, problems)
    filter_ = filter_tree(app, access.shapes, entity, query.filter, problems) if query.filter else None
    sort = tuple(_sort(app, access, entity, query.sort, problems))
    if problems:
        raise Refused(problems)
    return ReadPlan(entity.name, asked, filter_, sort, bool(query.search), query.trash, query.export, after)


def filter_tree(
    app: App, shapes: Shapes, entity: Entity, text: str, problems: list[Problem], field: str = "filter"
) -> Node | None:
    """A condition of a reader's own, typed under what they may name."""
    try:
        return check_formula(
            text,
            entity=entity.name,
            shapes=shapes,
            settings=setting_types(app),
            place="filter",
            expect=BOOLEAN,
        ).tree
    except FormulaProblems as wrong:
        problems.extend(formula_problems(wrong, text, field))
        return None


def setting_types(app: App) -> Mapping[str, ValueType]:
    """Setting code → the type of its values."""
    return {code: s.field.value_type for code, s in app.settings.items()}


def formula_problems(wrong: FormulaProblems, text: str, field: str) -> Iterable[Problem]:
    """What is wrong with a formula, as problems of the parameter that brought it."""
    for found in wrong.problems:
        facts = {
            "zh": found.zh,
            "en": found.en,
            "at": found.offset + 1,
            "formula": text[:200],
            "nearest": found.nearest,
        }
        yield Problem(BAD_FORMULA, field, facts)


def _asked(
    app: App, access: Access, entity: Entity, names: tuple[str, ...] | None, problems: list[Problem]
) -> tuple[Asked, ...]:
    visible = access.entity(entity.name).visible_names
    if names is None:
        return tuple(Asked(n, f, None) for n, f in entity.fields.items() if n in visible)
    if len(names) > FIELDS_MAX:
        problems.append(Problem(TOO_MUCH, "fields", {"what": "fields", "limit": FIELDS_MAX}))
        return ()
    asked = [
        _one_asked(app, access, entity, name, visible, problems) for name in dict.fromkeys((*names, "id"))
    ]
    return tuple(a for a in asked if a is not None)


def _one_asked(
    app: App, access: Access, entity: Entity, name: str, visible: frozenset[str], problems: list[Problem]
) -> Asked | None:
    if "." not in name:
        if name not in visible:
            problems.append(replace(unknown_field(entity, name, visible), field="fields"))
            return None
        return Asked(name, entity.fields[name], None)
    path = _path(app, access, entity, name, "fields", problems)
    return Asked(name, None, path) if path is not None else None


def _path(
    app: App, access: Access, entity: Entity, name: str, parameter: str, problems: list[Problem]
) -> Path | None:
    try:
        tree = check_formula(
            name, entity=entity.name, shapes=access.shapes, settings={}, place="filter", expect=None
        ).tree
    except FormulaProblems as wrong:
        problems.extend(formula_problems(wrong, name, parameter))
        return None
    if not isinstance(tree, Path) or tree.base != "row":
        problems.append(
            _bad(parameter, f"「{name}」不是字段或路径。", f"“{name}” is neither a field nor a path.")
        )
        return None
    return tree


def _check_expand(
    entity: Entity, visible: frozenset[str], names: tuple[str, ...], problems: list[Problem]
) -> None:
    able = [n for n in visible if entity.fields[n].targets]
    for name in names:
        if name not in able:
            near = nearest(name, able)
            problems.append(
                _bad(
                    "expand",
                    f"「{name}」不是引用字段。" + (f"最接近的是 {near}。" if near else ""),
                    f"“{name}” is no reference." + (f" Nearest: {near}." if near else ""),
                )
            )


_UNSORTABLE = (Kind.LIST, Kind.JSON, Kind.FILE, Kind.RECORDS)


def _sort(
    app: App, access: Access, entity: Entity, names: tuple[str, ...], problems: list[Problem]
) -> Iterable[SortKey]:
    if len(names) > SORT_MAX:
        problems.append(Problem(TOO_MUCH, "sort", {"what": "sort", "limit": SORT_MAX}))
        return
    for raw in names:
        name = raw.removeprefix("-")
        path = _path(app, access, entity, name, "sort", problems)
        if path is None:
            continue
        if path.type.kind in _UNSORTABLE:
            problems.append(_bad("sort", f"不能按「{name}」排序。", f"“{name}” cannot be sorted by."))
            continue
        yield SortKey(name, path, raw.startswith("-"))


def _bad(parameter: str, zh: str, en: str) -> Problem:
    return Problem(BAD_QUERY, parameter, {"zh": zh, "en": en})
