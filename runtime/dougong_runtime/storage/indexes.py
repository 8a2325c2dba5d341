"""Which indexes an entity needs: they follow from its references, uniques, search, the views that sort or filter, and
the rules by which people have their own rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from dougong_runtime.fields.base import Field, Formula
from dougong_runtime.fields.links import ENTITY_SUFFIX
from dougong_runtime.formulas.tree import Call, Node, Path
from dougong_runtime.model.app import App, Entity, Inherit, Unique
from dougong_runtime.storage.identifiers import index_name, sort_column_name
from dougong_runtime.storage.partial import plain_condition
from dougong_runtime.storage.search import search_columns, sorted_fields, vector

VIEW_INDEXES_MAX = 12
"""An entity's indexes that views ask for, at most: each makes every write dearer."""
ROWS_INDEXES_MAX = 4
"""Those for the rows of people, at most."""
ROWS_SORTS_MAX = 2
"""Orders of views that such an index is made for."""
ROWS_ALSO_MAX = 3
"""Fields that it can be filtered by besides."""

_FILTERED_TYPES = frozenset(
    {
        "stage",
        "choice",
        "date",
        "datetime",
        "boolean",
        "integer",
        "decimal",
        "money",
        "percent",
        "text",
        "user",
        "team",
    }
)
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")


@dataclass(frozen=True, slots=True)
class IndexSpec:
    """An index of an entity's table, by what it is for."""

    name: str
    entity: str
    kind: Literal["reference", "unique", "filter", "sort", "search", "trash", "rows"]
    fields: tuple[str, ...]
    """Names of fields, a `-` before one for descending; of a search index, the search column."""
    unique: Unique | None = None
    partial: bool = True
    """unique: whether the database itself holds it (its `when` is a plain condition); else `records` alone does."""
    also: tuple[str, ...] = ()
    """rows: names of fields that it holds behind the order."""

    @property
    def named(self) -> tuple[str, ...]:
        """Names of all its fields."""
        return (*self.fields, *self.also)


def wanted_indexes(app: App, entity: Entity, table: sa.Table, dialect: str) -> tuple[IndexSpec, ...]:
    """All indexes of one entity, in a settled order, each once."""
    found: dict[str, IndexSpec] = {}
    for spec in (
        *_references(entity),
        *_uniques(entity, table),
        *_searches(entity, dialect),
        *_views(app, entity),
        *_rows(app, entity),
        IndexSpec(index_name(entity.id, "trash"), entity.name, "trash", ()),
    ):
        found.setdefault(spec.name, spec)
    return tuple(found.values())


def entity_uniques(entity: Entity) -> tuple[Unique, ...]:
    """The entity's uniques and its unique fields, each set of fields once."""
    single = tuple(Unique(f.id, (f.name,)) for f in entity.own_fields if f.unique and f.has_column)
    seen: dict[tuple[tuple[str, ...], str], Unique] = {}
    for unique in (*entity.unique, *single):
        seen.setdefault((unique.fields, unique.when.text if unique.when else ""), unique)
    return tuple(seen.values())


def _ids(entity: Entity, names: tuple[str, ...]) -> str:
    parts = []
    for name in names:
        field = entity.fields.get(name.lstrip("-"))
        parts.append(("-" if name.startswith("-") else "") + (name if field is None else field.id))
    return ",".join(parts)


def _references(entity: Entity) -> Iterator[IndexSpec]:
    for field in entity.own_fields:
        if field.has_column and (field.is_reference or field.is_polymorphic):
            yield IndexSpec(
                index_name(entity.id, "reference", field.id), entity.name, "reference", (field.name,)
            )
    if entity.owner_field == "created_by":
        yield IndexSpec(
            index_name(entity.id, "reference", "created_by"), entity.name, "reference", ("created_by",)
        )


def _uniques(entity: Entity, table: sa.Table) -> Iterator[IndexSpec]:
    for unique in entity_uniques(entity):
        if not all(n in entity.fields and entity.fields[n].has_column for n in unique.fields):
            continue
        when = unique.when
        held = when is None or plain_condition(when.tree, table) is not None
        facts = ("unique", _ids(entity, unique.fields), when.text if when else "", str(held))
        yield IndexSpec(
            index_name(entity.id, *facts), entity.name, "unique", unique.fields, unique=unique, partial=held
        )


def _searches(entity: Entity, dialect: str) -> Iterator[IndexSpec]:
    if dialect == "postgresql":
        for column, fields in search_columns(entity).items():
            facts = ("search", *([] if column == "dg_search" else [f.id for f in fields]))
            yield IndexSpec(index_name(entity.id, *facts), entity.name, "search", (column,))


def _views(app: App, entity: Entity) -> Iterator[IndexSpec]:
    made: dict[str, IndexSpec] = {}
    for view in app.of("view").values():
        if view.data.get("entity") != entity.name:
            continue
        sort = sort_names(view.data.get("sort"))
        if sort and all(_is_sortable(entity, name) for name in sort):
            facts = ("sort", _ids(entity, sort))
            name = index_name(entity.id, *facts)
            made[name] = IndexSpec(name, entity.name, "sort", sort)
        for filtered in _filtered(entity, view.data):
            name = index_name(entity.id, "filter", entity.fields[filtered].id)
            made[name] = IndexSpec(name, entity.name, "filter", (filtered,))
        lasting = _lasting(entity, view.data)
        if lasting:
            name = index_name(entity.id, "filter", *(entity.fields[n].id for n in lasting))
            made[name] = IndexSpec(name, entity.name, "filter", lasting)
    yield from list(made.values())[:VIEW_INDEXES_MAX]


def _rows(app: App, entity: Entity) -> Iterator[IndexSpec]:
    """For lists of those who have some rows only: what says whose a record is, in the order of the views, with the
    choices that views filter by. It gives a page in its order, and is counted without looking at records."""
    views = [view.data for view in app.of("view").values() if view.data.get("entity") == entity.name]
    sorts = [sort_names(view.get("sort")) for view in views]
    able = [s for s in dict.fromkeys(sorts) if s and all(_is_sortable(entity, name) for name in s)]
    filtered = dict.fromkeys(name for view in views for name in _filtered(entity, view))
    short = [n for n in filtered if entity.fields[n].type in ("choice", "stage", "boolean")][:ROWS_ALSO_MAX]
    made = []
    for whose in dict.fromkeys(_fields_of_rules(app, entity)):
        for sort in able[:ROWS_SORTS_MAX] or [()]:
            also = tuple(n for n in short if n not in (whose, *(s.lstrip("-") for s in sort)))
            facts = ("rows", _ids(entity, (whose, *sort)), _ids(entity, also))
            name = index_name(entity.id, *facts)
            made.append(IndexSpec(name, entity.name, "rows", (whose, *sort), also=also))
    yield from made[:ROWS_INDEXES_MAX]


def _fields_of_rules(app: App, entity: Entity) -> Iterator[str]:
    """The references by which roles have rows of an entity."""
    for role in app.roles.values():
        for grant in role.grants:
            if grant.entity != entity.name:
                continue
            match grant.rows:
                case "own" | "team" | "team_below":
                    yield entity.owner_field
                case Inherit():
                    names = [grant.rows.field]
                    yield from (n for n in names if entity.fields[n].is_reference)
                case Formula():
                    for path in _compared(grant.rows.tree):
                        name = path.hops[0].field if path.hops else path.field
                        if entity.fields[name].is_reference:
                            yield name


def _compared(tree: Node) -> Iterator[Path]:
    """The paths that a rule compares with something, or with nothing of another record."""
    if isinstance(tree, Call):
        if tree.function in ("_and", "_or"):
            for part in tree.arguments:
                yield from _compared(part)
        elif tree.function in ("_eq", "in"):
            path = tree.arguments[0]
            if (
                isinstance(path, Path)
                and path.base == "row"
                and all(h.way == "forward" for h in path.hops[:1])
            ):
                yield path


def sort_names(raw: object) -> tuple[str, ...]:
    """A view's `sort`: a list of names or a text with commas, `-` before one for descending."""
    if isinstance(raw, str):
        raw = raw.split(",")
    return tuple(str(name).strip() for name in raw) if isinstance(raw, (list, tuple)) else ()


def _is_sortable(entity: Entity, name: str) -> bool:
    field = entity.fields.get(name.lstrip("-"))
    if field is None or not field.has_column or not field.kind.sortable:
        return False
    return field.type not in ("choice", "stage") and not field.is_reference and not field.is_polymorphic


def _filtered(entity: Entity, view: Mapping[str, Any]) -> Iterator[str]:
    words = _NAME.findall(_QUOTED.sub(" ", str(view.get("filter") or "")))
    for name in (*words, view.get("group"), view.get("start"), view.get("parent")):
        field = entity.fields.get(str(name))
        if field is not None and not field.is_system and field.has_column and not field.is_reference:
            result = field.options.get("result") if field.type == "formula" else field.type
            if result in _FILTERED_TYPES:
                yield field.name


def _lasting(entity: Entity, view: Mapping[str, Any]) -> tuple[str, ...]:
    """Of a view with days, its end and its start: what began before a day and has not ended is found in one index."""
    names = (str(view.get("end") or ""), str(view.get("start") or ""))
    fields = [entity.fields.get(n) for n in names]
    able = all(
        f is not None and not f.is_system and f.has_column and f.type in ("date", "datetime") for f in fields
    )
    return names if able else ()


def make_index(spec: IndexSpec, table: sa.Table, entity: Entity, dialect: str) -> sa.Index:
    """The index as SQLAlchemy knows it, attached to the table."""
    living = table.c.deleted_at.is_(None)
    where: sa.ColumnElement[bool] | None = living
    expressions: list[Any]
    unique = False
    using: dict[str, Any] = {}
    match spec.kind:
        case "search":
            expressions, where = [vector(table.c[spec.fields[0]])], None
            using = {"postgresql_using": "gin"}
        case "trash":
            expressions, where = [table.c.deleted_at, table.c.id], table.c.deleted_at.isnot(None)
        case "unique":
            expressions = [c for n in spec.fields for c in _columns(table, entity.fields[n])]
            when = spec.unique.when if spec.unique is not None else None
            condition = plain_condition(when.tree, table) if when is not None else None
            unique = spec.partial
            where = living if condition is None else sa.and_(living, condition)
        case "sort":
            expressions = _in_order(table, entity, spec.fields, dialect)
        case "rows":
            whose, *sort = spec.fields
            ordered = _in_order(table, entity, sort, dialect)
            expressions = [table.c[whose], *ordered, *_columns_by_name(table, entity, spec.also)]
        case "reference":
            expressions, where = [*_columns_by_name(table, entity, spec.fields), table.c.id], None
        case "filter":
            expressions = [*_columns_by_name(table, entity, spec.fields), table.c.id]
    conditions: dict[str, Any] = {} if where is None else {"postgresql_where": where, "sqlite_where": where}
    return sa.Index(spec.name, *expressions, unique=unique, **conditions, **using)


def _in_order(
    table: sa.Table, entity: Entity, sort: Sequence[str], dialect: str
) -> list[sa.ColumnElement[Any]]:
    """The terms of an order, with the id among equals."""
    terms = [
        term
        for name in sort
        for term in order_terms(sort_expression(table, entity, name), name.startswith("-"), dialect)
    ]
    down = not sort or sort[-1].startswith("-")
    return [*terms, table.c.id.desc() if down else table.c.id.asc()]


def sort_expression(table: sa.FromClause, entity: Entity, name: str) -> sa.ColumnElement[Any]:
    """What a field sorts by: its pinyin key where it has one, else its column."""
    plain = name.lstrip("-")
    key = sort_column_name(plain)
    if any(f.name == plain for f in sorted_fields(entity)) and key in table.c:
        return table.c[key]
    return table.c[plain]


def order_terms(
    column: sa.ColumnElement[Any], descending: bool, dialect: str
) -> tuple[sa.ColumnElement[Any], ...]:
    """ORDER BY terms with absent values last, in the form that our indexes can serve on that database.

    SQLite takes NULL for the smallest value: descending needs nothing, and ascending `NULLS LAST` would use no index.
    """
    directed = column.desc() if descending else column.asc()
    if dialect == "sqlite":
        return (directed,) if descending else (column.is_(None), directed)
    return (directed.nulls_last(),)


def _columns(table: sa.Table, field: Field) -> tuple[sa.ColumnElement[Any], ...]:
    if field.is_polymorphic:
        return (table.c[field.name], table.c[field.name + ENTITY_SUFFIX])
    return (table.c[field.name],)


def _columns_by_name(
    table: sa.Table, entity: Entity, names: tuple[str, ...]
) -> tuple[sa.ColumnElement[Any], ...]:
    return tuple(c for n in names for c in _columns(table, entity.fields[n]))


def indexes_there(connection: sa.Connection) -> frozenset[str]:
    """Names of the indexes that the database has."""
    text = (
        "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema()"
        if connection.dialect.name == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'index'"
    )
    return frozenset(connection.exec_driver_sql(text).scalars())
