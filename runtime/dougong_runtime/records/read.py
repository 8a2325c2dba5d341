"""Plans are run: rows become records, masked, with what was asked to be expanded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import sqlalchemy as sa

from dougong_runtime.errors import NOT_FOUND, UNKNOWN_ENTITY, Problem, Refused, refuse
from dougong_runtime.fields.base import Field
from dougong_runtime.model.app import Entity
from dougong_runtime.names import nearest
from dougong_runtime.records import cursor
from dougong_runtime.records.query import COUNT_LIMIT, Page, Query
from dougong_runtime.records.read_plan import plan_read
from dougong_runtime.records.read_sql import Statement, counting, to_statement
from dougong_runtime.records.scene import Scene, known_id
from dougong_runtime.records.search import searching
from dougong_runtime.records.values import is_plain
from dougong_runtime.storage.ready import Ready, among

Row = dict[str, Any]

_ENCODER = msgspec.json.Encoder(decimal_format="string")

FEW = 5000
"""Records that are sooner fetched and ordered than looked for along an order."""
IDS_MAX = 500
"""Records fetched by id in one statement."""


@dataclass(frozen=True, slots=True)
class Found:
    """A page before it is written: records with values, not yet JSON."""

    rows: list[Row]
    fields: Mapping[str, Field]
    paths: Mapping[str, Field]
    """Path → the field it leads to, where its values do not go into JSON as they are."""
    next: str | None
    count: int
    count_is_exact: bool


def entity_of(scene: Scene, name: str) -> Entity:
    """An entity by the name that a client gave; one that the viewer has no grant on is unknown like any other."""
    found = scene.app.entities.get(name)
    if found is not None and scene.access.entity(name).known:
        return found
    known = [n for n in scene.app.entities if scene.access.entity(n).known]
    raise Refused(
        [
            Problem(
                UNKNOWN_ENTITY,
                None,
                {"name": name, "of": scene.app.label, "nearest": nearest(name, known)},
            )
        ]
    )


def find(scene: Scene, query: Query, ids: Sequence[str] | None = None) -> Found:
    """A page of records, or given ones of them in no order. Raises Refused."""
    entity = entity_of(scene, query.entity)
    after: list[Any] | None = None
    if query.cursor is not None:
        after = cursor.decode(query.cursor, len(query.sort) + 1)
    absent = None if after is None else tuple(v is None for v in after[:-1])
    statement = _statement(scene, query, absent)
    pages: Sequence[Ready] = statement.pages if ids is None else (statement.by_ids,)
    count = statement.count
    if query.search:
        matches = searching(scene, entity, statement.row, query.search)
        pages = (Ready(statement.select.where(matches), once=True),)
        count = Ready(counting(statement.rows.where(matches)), once=True)
    parameters = {**scene.parameters, "dg_limit": query.limit + 1, "dg_count_limit": COUNT_LIMIT + 1}
    if ids is not None:
        parameters["dg_ids"] = list(ids)
    if after is not None:
        parameters["key_id"] = after[-1]
        parameters.update({f"key_{i}": v for i, v in enumerate(after[:-1])})
    known = None
    if ids is None and query.count and not query.search and statement.few is not None:
        ((known,),) = count.all(scene.connection, parameters)
        pages = (statement.few,) if known <= FEW else pages
    raw = _read(scene, pages, parameters, query.limit + 1, statement.names.index("id"))
    more = len(raw) > query.limit
    raw = raw[: query.limit]
    rows = _rows(statement, raw)
    next_ = None
    if more:
        last = raw[-1]
        keys = list(last[len(last) - statement.sort_count :]) if statement.sort_count else []
        next_ = cursor.encode([*keys, rows[-1]["id"]])
    counted, exact = len(rows), not more
    if query.count and (more or query.cursor is not None):
        ((counted,),) = count.all(scene.connection, parameters) if known is None else ((known,),)
        exact = counted <= COUNT_LIMIT
        counted = min(counted, COUNT_LIMIT)
    fields = {n: f for n, f in zip(statement.names, statement.fields, strict=True) if f is not None}
    _join_polymorphic(rows, fields)
    _add_many(scene, entity, query, rows, fields)
    for row, flags in zip(rows, _flags(statement, raw), strict=True):
        statement.cells.apply(row, flags)
    return Found(rows, fields, statement.paths, next_, counted, exact)


def _statement(scene: Scene, query: Query, absent: tuple[bool, ...] | None) -> Statement:
    def build() -> Statement:
        plan = plan_read(scene.app, scene.access, query, absent)
        return to_statement(scene.running, scene.rules, plan)

    key = (
        "list",
        scene.shape,
        query.entity,
        query.filter,
        query.sort,
        query.fields,
        query.expand,
        bool(query.search),
        query.trash,
        query.export,
        absent,
        1 <= query.limit <= 1000,
    )
    return scene.running.plans.get(key, build)


def _read(
    scene: Scene, pages: Sequence[Ready], parameters: dict[str, Any], wanted: int, id_place: int
) -> list[Sequence[Any]]:
    """Rows of ranges one after the other, until there are enough."""
    raw: list[Sequence[Any]] = []
    for page in pages:
        rest = {**parameters, "dg_limit": wanted - len(raw)} if raw else parameters
        # Between two statements a record may have moved from one range to the next.
        seen = {values[id_place] for values in raw}
        raw.extend(values for values in page.all(scene.connection, rest) if values[id_place] not in seen)
        if len(raw) >= wanted:
            break
    return raw


def _rows(statement: Statement, raw: Sequence[Sequence[Any]]) -> list[Row]:
    names = statement.names
    return [dict(zip(names, values, strict=False)) for values in raw]


def _flags(statement: Statement, raw: Sequence[Sequence[Any]]) -> Iterable[Sequence[bool]]:
    start, count = len(statement.names), len(statement.cells.asked)
    return (tuple(bool(v) for v in values[start : start + count]) for values in raw)


def _join_polymorphic(rows: list[Row], fields: Mapping[str, Field]) -> None:
    for name, field in fields.items():
        if field.is_polymorphic and "__" not in name:
            for row in rows:
                of = row.pop(f"{name}__entity", None)
                if row.get(name) is not None:
                    row[name] = {"entity": of, "id": row[name]}


def _add_many(scene: Scene, entity: Entity, query: Query, rows: list[Row], fields: dict[str, Field]) -> None:
    """Ids along `references` fields: one statement a field, only of records that the reader may read."""
    visible = scene.access.entity(entity.name).visible_names
    wanted = [
        f
        for n, f in entity.fields.items()
        if f.is_many and n in visible and (query.fields is None or n in query.fields)
    ]
    for field in wanted:
        fields[field.name] = field
        by_record = linked(scene, entity, field, [r["id"] for r in rows])
        for row in rows:
            row[field.name] = by_record.get(row["id"], [])


def linked(scene: Scene, entity: Entity, field: Field, ids: Sequence[str]) -> dict[str, list[str]]:
    """Record id → ids that a `references` field holds, in place, of those the viewer may read."""
    if not ids:
        return {}
    statement = scene.ready(("linked", entity.name, field.name), lambda: _links(scene, entity, field))
    found: dict[str, list[str]] = {}
    for record, other in statement.all(scene.connection, {**scene.parameters, "dg_ids": list(ids)}):
        found.setdefault(record, []).append(other)
    return found


def _links(scene: Scene, entity: Entity, field: Field) -> sa.Select[Any]:
    link = scene.tables.link(entity.name, field.name)
    target = scene.tables.of(field.targets[0]).alias("t")
    wheres = [among(link.c.record, "dg_ids", scene.dialect), target.c.deleted_at.is_(None)]
    allowed = scene.rules.rows(field.targets[0], target)
    if allowed is not None:
        wheres.append(allowed)
    return (
        sa.select(link.c.record, link.c.target)
        .select_from(link.join(target, target.c.id == link.c.target))
        .where(*wheres)
        .order_by(link.c.record, link.c.place)
    )


# --- records as JSON ----------------------------------------------------------------------------------------


def as_json(row: Row, fields: Mapping[str, Field]) -> Row:
    """A record's values as they stand in JSON. What is masked is text already."""
    made: Row = {}
    for name, value in row.items():
        field = fields.get(name)
        if field is None or value is None or (isinstance(value, str) and "•" in value):
            made[name] = _path_json(value)
        else:
            made[name] = field.kind.to_json(field, value)
    return made


def _path_json(value: Any) -> Any:
    return msgspec.to_builtins(value) if not isinstance(value, (str, int, type(None))) else value


def find_page(scene: Scene, query: Query, ids: Sequence[str] | None = None) -> Page:
    """A page as JSON values, expanded and titled as asked."""
    found = find(scene, query, ids)
    written = {**found.fields, **found.paths}
    items = [as_json(row, written) for row in found.rows]
    entity = scene.entity(query.entity)
    if query.expand:
        _expand(scene, entity, query.expand, items)
    if query.titles:
        _add_titles(scene, entity, found.fields, items, skip=query.expand)
    return Page(items, found.next, found.count, found.count_is_exact)


def find_json(scene: Scene, query: Query) -> bytes:
    """The same as ready bytes."""
    if query.expand or query.titles:
        page = find_page(scene, query)
        items: list[Row] = page.items
        found: Found | Page = page
    else:
        answer = find(scene, query)
        special = {n: f for n, f in answer.fields.items() if not is_plain(f)} | dict(answer.paths)
        items = answer.rows
        for row in items if special else ():
            for name, field in special.items():
                value = row.get(name)
                if value is not None and not (isinstance(value, str) and "•" in value):
                    row[name] = field.kind.to_json(field, value)
        found = answer
    return _ENCODER.encode(
        {"items": items, "next": found.next, "count": found.count, "count_is_exact": found.count_is_exact}
    )


def get(
    scene: Scene,
    entity_name: str,
    id_: str,
    *,
    fields: tuple[str, ...] | None = None,
    expand: tuple[str, ...] = (),
    titles: bool = False,
    trash: bool = False,
) -> Row:
    """One record as JSON values. Raises Refused(NOT_FOUND) where there is none or the viewer may not read it."""
    entity = entity_of(scene, entity_name)
    known = known_id(id_)
    if known is None:
        raise refuse(NOT_FOUND)
    page = find_page(
        scene,
        Query(entity.name, fields=fields, expand=expand, limit=1, count=False, titles=titles, trash=trash),
        [known],
    )
    if not page.items:
        raise refuse(NOT_FOUND)
    return page.items[0]


def _expand(scene: Scene, entity: Entity, names: Sequence[str], items: list[Row]) -> None:
    for name in names:
        field = entity.fields[name]
        for target in field.targets:
            ids = {i for item in items for i in _ids_in(item.get(name), target, field)}
            records = by_ids(scene, target, sorted(ids))
            for item in items:
                item[name] = _replaced(item.get(name), records, target, field)


def _ids_in(value: Any, target: str, field: Field) -> list[str]:
    if isinstance(value, str):
        return [value] if not field.is_polymorphic and "•" not in value else []
    if isinstance(value, dict):
        return [value["id"]] if value.get("entity") == target and isinstance(value.get("id"), str) else []
    if isinstance(value, list):
        return [v for v in value if isinstance(v, str)]
    return []


def _replaced(value: Any, records: Mapping[str, Row], target: str, field: Field) -> Any:
    if isinstance(value, list):
        return [records.get(v, v) if isinstance(v, str) else v for v in value]
    if isinstance(value, dict):
        found = records.get(value.get("id", "")) if value.get("entity") == target else None
        return {"entity": target, **found} if found else value
    return records.get(value, value) if isinstance(value, str) and not field.is_polymorphic else value


def by_ids(
    scene: Scene, entity_name: str, ids: Sequence[str], fields: tuple[str, ...] | None = None
) -> dict[str, Row]:
    """Records by id, of those that the viewer may read, as JSON values."""
    if not ids or not scene.access.entity(entity_name).can("read"):
        return {}
    found: dict[str, Row] = {}
    for start in range(0, len(ids), IDS_MAX):
        query = Query(entity_name, fields=fields, limit=IDS_MAX, count=False)
        page = find_page(scene, query, ids[start : start + IDS_MAX])
        found.update({item["id"]: item for item in page.items})
    return found


def titles(scene: Scene, entity_name: str, ids: Iterable[str]) -> dict[str, str]:
    """Record id → title, of those that the viewer may read; a title that is masked shows masked."""
    wanted = sorted({i for i in ids if known_id(i)})
    if not wanted or not scene.access.entity(entity_name).can("read"):
        return {}
    entity = scene.entity(entity_name)
    title = entity.fields[entity.title]
    if entity.title not in scene.access.entity(entity_name).visible_names:
        return {}
    found: dict[str, str] = {}
    for start in range(0, len(wanted), IDS_MAX):
        query = Query(entity_name, fields=(entity.title,), limit=IDS_MAX, count=False)
        for row in find(scene, query, wanted[start : start + IDS_MAX]).rows:
            value = row.get(entity.title)
            if value is not None:
                shown = isinstance(value, str) and "•" in value
                found[row["id"]] = value if shown else title.kind.to_text(title, value, scene.viewer.language)
    if title.is_reference and found:
        further = titles(scene, title.targets[0], found.values())
        found = {i: further.get(v, "") for i, v in found.items()}
    return found


def _add_titles(
    scene: Scene, entity: Entity, fields: Mapping[str, Field], items: list[Row], skip: Sequence[str]
) -> None:
    pointing = {n: f for n, f in fields.items() if f.targets and n not in skip}
    wanted: dict[str, set[str]] = {}
    for name, field in pointing.items():
        for target in field.targets:
            wanted.setdefault(target, set()).update(
                i for item in items for i in _ids_in(item.get(name), target, field)
            )
    known = {target: titles(scene, target, ids) for target, ids in wanted.items()}
    for name, field in pointing.items():
        for item in items:
            if name in item:
                item[name] = _titled(item[name], field, known)


def _titled(value: Any, field: Field, known: Mapping[str, Mapping[str, str]]) -> Any:
    if isinstance(value, list):
        return [_titled(v, field, known) for v in value]
    if isinstance(value, dict) and field.is_polymorphic:
        return {**value, "title": known.get(value["entity"], {}).get(value["id"])}
    if isinstance(value, str) and "•" not in value:
        return {"id": value, "title": known[field.targets[0]].get(value)}
    return value
