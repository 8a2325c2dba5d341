"""Values into columns: what an INSERT or UPDATE of an entity's table is given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any

import sqlalchemy as sa

from dougong_runtime.errors import INVALID_VALUE, Problem, Refused
from dougong_runtime.fields.base import Value
from dougong_runtime.model.app import Entity
from dougong_runtime.records.checks import not_unique
from dougong_runtime.records.scene import Scene
from dougong_runtime.storage.copying import insert_many
from dougong_runtime.storage.prepared import Forestalled, is_of_unpublished
from dougong_runtime.storage.ready import Ready
from dougong_runtime.storage.search import search_values, search_writer, searched_fields, sorted_fields

_NOTHING_KEPT = (
    "没有保存：数据库拒绝了其中的引用。",
    "Nothing was saved: the database refused a reference in it.",
)


def columns_of(entity: Entity, values: Mapping[str, Value]) -> dict[str, Any]:
    """Column → value, for fields that have a column; a reference to one of several entities has two."""
    odd = entity.odd_fields & values.keys()
    if not odd:
        return dict(values)
    found = {name: value for name, value in values.items() if name not in odd}
    for name in odd:
        if entity.fields[name].is_polymorphic:
            value = values[name]
            found[name] = None if value is None else value["id"]
            found[f"{name}__entity"] = None if value is None else value["entity"]
    return found


def values_of(entity: Entity, row: Mapping[str, Any]) -> dict[str, Value]:
    """The way back: values by field name from a row of the entity's table."""
    found: dict[str, Value] = {}
    for name, field in entity.fields.items():
        if not field.has_column:
            continue
        value = row[name]
        if field.is_polymorphic and value is not None:
            value = {"entity": row[f"{name}__entity"], "id": value}
        found[name] = value
    return found


def insert(scene: Scene, entity: Entity, rows: Sequence[Mapping[str, Value]]) -> None:
    """New records: complete values, `id` and the system's fields included. Raises Refused where a unique is taken."""
    words = search_writer(entity)
    prepared = [columns_of(entity, values) | words(values) for values in rows]
    names = dict.fromkeys(chain.from_iterable(prepared))
    table = scene.tables.of(entity.name)
    if len(prepared) > 1:
        with telling(scene, entity):
            insert_many(scene.connection, table, list(names), ([c.get(n) for n in names] for c in prepared))
        return
    statement = scene.running.plans.get(
        ("insert", entity.name, *names),
        lambda: Ready(table.insert().values(_bound(table, names)), plan="kept"),
    )
    with telling(scene, entity):
        statement.run(scene.connection, _given(prepared[0]))


def update(
    scene: Scene, entity: Entity, id_: str, changed: Mapping[str, Value], whole: Mapping[str, Value]
) -> None:
    """One record's changed values. `whole` is the record after the change, from which search columns follow."""
    table = scene.tables.of(entity.name)
    columns = columns_of(entity, changed)
    if any(f.name in changed for f in (*searched_fields(entity), *sorted_fields(entity))):
        columns.update(search_values(entity, whole))
    mine = table.c.id == sa.bindparam("id", type_=table.c.id.type)
    statement = scene.running.plans.get(
        ("update", entity.name, *columns),
        lambda: Ready(table.update().where(mine).values(_bound(table, columns)), plan="kept"),
    )
    with telling(scene, entity):
        statement.run(scene.connection, {"id": id_, **_given(columns)})


def _bound(table: sa.Table, names: Iterable[str]) -> dict[str, sa.BindParameter[Any]]:
    """Column → the parameter that brings its value; a column may be named like a parameter of our own."""
    return {name: sa.bindparam(f"to_{name}", type_=table.c[name].type) for name in names}


def _given(columns: Mapping[str, Any]) -> dict[str, Any]:
    return {f"to_{name}": value for name, value in columns.items()}


@contextmanager
def telling(scene: Scene, entity: Entity) -> Iterator[None]:
    """Say in the writer's words what the database's own constraints refuse."""
    try:
        yield
    except sa.exc.IntegrityError as wrong:
        if is_of_unpublished(wrong):
            raise Forestalled(scene.connection.engine) from wrong
        names = _constraint_fields(scene, entity, wrong)
        if names is None:
            raise Refused(
                [Problem(INVALID_VALUE, None, {"zh": _NOTHING_KEPT[0], "en": _NOTHING_KEPT[1]})]
            ) from wrong
        raise Refused([not_unique(scene, entity, names)]) from wrong


def _constraint_fields(scene: Scene, entity: Entity, wrong: sa.exc.IntegrityError) -> list[str] | None:
    """Fields of the unique index that was violated; None where it was another constraint."""
    table = scene.tables.of(entity.name)
    text = str(wrong.orig)
    if scene.dialect == "postgresql":
        diagnosis = getattr(wrong.orig, "diag", None)
        name = getattr(diagnosis, "constraint_name", None)
        columns = next(([c.key for c in i.columns] for i in table.indexes if i.name == name), None)
    elif "UNIQUE constraint failed" in text:
        parts = text.partition("failed:")[2].split(",")
        columns = [p.strip().rpartition(".")[2] for p in parts]
        if any(not c or c.startswith("index") for c in columns):
            name = text.partition("'")[2].rpartition("'")[0]
            columns = next(([c.key for c in i.columns] for i in table.indexes if i.name == name), columns)
    else:
        columns = None
    return None if columns is None else [c for c in columns if c in entity.fields]
