"""A plan becomes one statement. All of a reader's SQL is written here and in `aggregate`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from dougong_runtime.access.rules import Rules
from dougong_runtime.fields.base import Field
from dougong_runtime.formulas.compile import Scope, compile_formula, condition
from dougong_runtime.formulas.tree import Hop, Path
from dougong_runtime.formulas.types import Kind
from dougong_runtime.model.app import App, Entity
from dougong_runtime.records.cells import Cells
from dougong_runtime.records.keyset import Keyset, Range
from dougong_runtime.records.read_plan import ReadPlan, SortKey
from dougong_runtime.records.running import Running
from dougong_runtime.records.values import is_plain
from dougong_runtime.storage.indexes import order_terms, wanted_indexes
from dougong_runtime.storage.ready import Ready, among

LIMIT = sa.bindparam("dg_limit", type_=sa.Integer)
COUNT_LIMIT = sa.bindparam("dg_count_limit", type_=sa.Integer)
IDS = "dg_ids"


@dataclass(frozen=True)
class Statement:
    """A list as SQL, with what turns its rows into records. Columns: the asked, the flags, the sort values, in order."""

    pages: tuple[Ready, ...]
    """The page's rows; where an index serves the order, in ranges to be read one after the other until it is full."""
    by_ids: Ready
    """The same of given records (`dg_ids`), in no order."""
    count: Ready
    """How many there are, up to `dg_count_limit`."""
    few: Ready | None
    """The same page of a reader who has few records, as the count tells: they are fetched, then put in order. The
    database would rather walk along the order, past all that is not theirs, until the page is full. None where no
    rule narrows the rows, and where the database does not mistake itself so."""
    select: sa.Select[Any]
    """The page's rows in one, to be narrowed further."""
    rows: sa.Select[Any]
    """Its rows alone, to be narrowed and counted."""
    row: sa.FromClause
    names: tuple[str, ...]
    fields: tuple[Field | None, ...]
    """Beside each name: the entity's own field, None for a path."""
    paths: Mapping[str, Field]
    """Path → the field it leads to, of those whose values do not go into JSON as they are."""
    cells: Cells
    sort_count: int


def to_statement(running: Running, rules: Rules, plan: ReadPlan, *, once: bool = False) -> Statement:
    """The statement of a plan. A reader's limit, cursor and self are bound when it runs; `once`: it is not kept."""
    entity = running.app.entities[plan.entity]
    table = running.tables.of(entity.name)
    row = table.alias("r")
    scope = Scope(running.app, running.tables, entity.name, row, running.dialect, rules)
    cells = Cells(rules.access.entity(entity.name), [a.name for a in plan.asked if a.field is not None])

    names: list[str] = []
    fields: list[Field | None] = []
    columns: list[sa.ColumnElement[Any]] = []
    for asked in plan.asked:
        if asked.field is None:
            assert asked.tree is not None
            found = [compile_formula(asked.tree, scope)]
        else:
            found = own_columns(running, rules, entity, asked.field, scope, row)
        for i, column in enumerate(found):
            names.append(asked.name if i == 0 else f"{asked.name}__entity")
            fields.append(asked.field)
            columns.append(column.label(f"c{len(columns)}"))
    flags = [rules.reaches(held, entity, row).label(f"flag_{i}") for i, held in enumerate(cells.asked)]
    keys = [key_expression(running, rules, entity, key, scope, row) for key in plan.sort]
    sorts = [k.label(f"sort_{i}") for i, k in enumerate(keys)]

    wheres = [table_alive(row, plan.trash)]
    allowed = rules.rows(entity.name, row)
    if allowed is not None:
        wheres.append(allowed)
    taken_out = rules.acting("export", entity.name, row) if plan.export else None
    if taken_out is not None:
        wheres.append(taken_out)
    if plan.filter is not None:
        wheres.append(condition(plan.filter, scope))
    directions = [k.descending for k in plan.sort]
    last_down = directions[-1] if directions else True
    select = sa.select(*columns, *flags, *sorts)
    joined = scope.joined(row)
    select = select.select_from(joined).where(*wheres)
    keyset = Keyset(keys, directions, plan.after or (), row.c.id, last_down, running.dialect)
    ranges: list[Range] = []
    everything = select
    if plan.after is not None:
        served = _served(running, rules, entity, plan.sort)
        ranges = keyset.ranges(served) if served else []
        select = select.where(keyset.whole())
    by_ids = select.where(among(row.c.id, IDS, running.dialect))
    few = None
    if allowed is not None and running.dialect == "postgresql":
        few = Ready(
            _fetched_first(select.add_columns(row.c.id.label("dg_id")), directions, last_down), once=once
        )
    select = select.order_by(*keyset.order()).limit(LIMIT)
    pages = [everything.where(rows).order_by(*order).limit(LIMIT) for rows, order in ranges] or [select]
    rows: sa.Select[Any] = sa.select(sa.literal_column("1")).select_from(joined).where(*wheres)
    return Statement(
        tuple(Ready(page, once=once) for page in pages),
        Ready(by_ids, once=once, plan="kept if flat"),
        Ready(counting(rows), once=once),
        few,
        select,
        rows,
        row,
        tuple(names),
        tuple(fields),
        _written_paths(running.app, entity, plan),
        cells,
        len(keys),
    )


def _served(running: Running, rules: Rules, entity: Entity, sort: Sequence[SortKey]) -> int:
    """How many keys of an order, from the first on, stand in an index in these directions."""
    names = []
    for key in sort:
        is_own = not key.tree.hops and key.tree.part is None
        if not is_own or rules.cell(entity.name, key.tree.field, running.tables.of(entity.name)) is not True:
            break
        names.append(("-" if key.descending else "") + key.tree.field)
    table = running.tables.of(entity.name)
    specs = wanted_indexes(running.app, entity, table, running.dialect)
    return max((_alike(names, spec.fields) for spec in specs if spec.kind == "sort"), default=0)


def _alike(names: Sequence[str], others: Sequence[str]) -> int:
    """How many names are the same, from the first on."""
    return next(
        (n for n, (a, b) in enumerate(zip(names, others, strict=False)) if a != b),
        min(len(names), len(others)),
    )


def _written_paths(app: App, entity: Entity, plan: ReadPlan) -> dict[str, Field]:
    found = {}
    for asked in plan.asked:
        if isinstance(asked.tree, Path) and asked.tree.part is None:
            last = asked.tree.hops[-1].entity if asked.tree.hops else entity.name
            field = app.entities[last].fields[asked.tree.field]
            if not is_plain(field):
                found[asked.name] = field
    return found


def _fetched_first(rows: sa.Select[Any], directions: Sequence[bool], last_down: bool) -> sa.Select[Any]:
    """A page out of rows that are all fetched before they are ordered; their last column is the id."""
    fetched = rows.cte("few").prefix_with("MATERIALIZED")
    *columns, id_ = fetched.c
    page = sa.select(*columns)
    for place, down in enumerate(directions):
        page = page.order_by(*order_terms(fetched.c[f"sort_{place}"], down, "postgresql"))
    return page.order_by(id_.desc() if last_down else id_.asc()).limit(LIMIT)


def counting(rows: sa.Select[Any]) -> sa.Select[Any]:
    """How many rows a statement gives, looking no further than `dg_count_limit`."""
    return sa.select(sa.func.count()).select_from(rows.limit(COUNT_LIMIT).subquery())


def table_alive(row: sa.FromClause, trash: bool = False) -> sa.ColumnElement[bool]:
    """The living records, or those in the trash."""
    return row.c.deleted_at.is_not(None) if trash else row.c.deleted_at.is_(None)


def own_columns(
    running: Running, rules: Rules, entity: Entity, field: Field, scope: Scope, row: sa.FromClause
) -> list[sa.ColumnElement[Any]]:
    """Columns that hold an own field of the row, not yet masked; none for a link table."""
    if field.is_many:
        return []
    if field.formula is not None and not field.is_stored_formula:
        per_reader = rules if field.visible == "rows" else None
        inner = scope if per_reader else scope.as_system()
        return [compile_formula(field.formula.tree, inner)]
    if field.is_polymorphic:
        return [row.c[field.name], row.c[f"{field.name}__entity"]]
    return [row.c[field.name]]


def key_expression(
    running: Running, rules: Rules, entity: Entity, key: SortKey, scope: Scope, row: sa.FromClause
) -> sa.ColumnElement[Any]:
    """What a sort compares: choices by place, text by its sort key, references by their record's title."""
    return sortable(running.app, running.tables, entity, key.tree, scope, row, rules)


def sortable(
    app: App, tables: Any, entity: Entity, tree: Path, scope: Scope, row: sa.FromClause, rules: Rules
) -> sa.ColumnElement[Any]:
    """The expression that a path sorts by; a cell that is not seen unmasked sorts as absent."""
    if not tree.hops:
        column = tables.sort_column(entity.name, tree.field)
        if column is not None:
            return _seen(rules.cell(entity.name, tree.field, row), row.c[column.key])
    if tree.type.kind is Kind.RECORD and len(tree.type.targets) == 1 and tree.field != "id":
        target = app.entities[tree.type.targets[0]]
        title = target.fields[target.title]
        step = Hop("forward", tree.field, tree.field, target.name)
        if (
            title.value_type.kind is not Kind.RECORD
            and title.name in rules.access.entity(target.name).visible_names
        ):
            return sortable(
                app,
                tables,
                entity,
                Path(tree.base, (*tree.hops, step), title.name, title.value_type),
                scope,
                row,
                rules,
            )
    found = compile_formula(tree, scope)
    if tree.type.kind is Kind.CHOICE and tree.type.options:
        places = {value: place for place, value in enumerate(tree.type.options)}
        return sa.case(places, value=found, else_=None)
    if tree.type.kind in (Kind.TEXT, Kind.CHOICE) and scope.dialect == "postgresql":
        return sa.type_coerce(found, sa.Text()).collate("C")
    return found


def _seen(seen: sa.ColumnElement[bool] | bool, column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    if seen is True:
        return column
    # PostgreSQL does not order by a bare NULL.
    return sa.case((sa.false() if seen is False else seen, column), else_=None)
