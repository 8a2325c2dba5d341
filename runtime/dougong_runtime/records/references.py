"""References given by a writer: each names a living record that the writer may read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from dougong_runtime.errors import INVALID_VALUE, Problem
from dougong_runtime.fields.base import Field
from dougong_runtime.model.app import Entity
from dougong_runtime.records.read_sql import IDS, table_alive
from dougong_runtime.records.scene import Scene
from dougong_runtime.storage.ready import among

IDS_MAX = 5000


def check_references(
    scene: Scene, entity: Entity, rows: Sequence[Mapping[str, Any]], problems: list[Problem]
) -> None:
    """Add a problem for each reference to a record that is not there, or that the writer may not read.

    Both are answered in the same words, so that ids of others cannot be tried out.
    """
    wanted: dict[str, set[str]] = {}
    uses: list[tuple[Field, str, str]] = []
    for values in rows:
        for name, value in values.items():
            field = entity.fields[name]
            for target, id_ in _pointed(field, value):
                wanted.setdefault(target, set()).add(id_)
                uses.append((field, target, id_))
    known = {target: readable(scene, target, sorted(ids)) for target, ids in wanted.items()}
    told = set()
    for field, target, id_ in uses:
        if id_ not in known[target] and (field.name, id_) not in told:
            told.add((field.name, id_))
            label = scene.entity(target).label
            facts = {
                "label": field.label,
                "zh": f"「{field.label.zh}」：没有这条{label.zh}，或你不能查看它。",
                "en": f"“{field.label.en}”: there is no such {label.en.lower()}, or you may not see it.",
            }
            problems.append(Problem(INVALID_VALUE, field.name, facts))


def _pointed(field: Field, value: Any) -> Iterable[tuple[str, str]]:
    if not field.targets or value is None:
        return
    if isinstance(value, Mapping):
        yield value["entity"], value["id"]
    elif isinstance(value, (list, tuple)):
        for id_ in value:
            yield field.targets[0], id_
    else:
        yield field.targets[0], value


def readable(scene: Scene, target: str, ids: Sequence[str]) -> set[str]:
    """Of these records those that are alive and that the viewer may read."""
    statement = scene.ready(("readable", target), lambda: _statement(scene, target), "kept if flat")
    found: set[str] = set()
    for at in range(0, len(ids), IDS_MAX):
        parameters = {**scene.parameters, IDS: ids[at : at + IDS_MAX]}
        found.update(id_ for (id_,) in statement.all(scene.connection, parameters))
    return found


def _statement(scene: Scene, target: str) -> sa.Select[Any]:
    row = scene.tables.of(target).alias("r")
    wheres = [among(row.c.id, IDS, scene.dialect), table_alive(row)]
    allowed = scene.rules.rows(target, row)
    if allowed is not None:
        wheres.append(allowed)
    return sa.select(row.c.id).where(*wheres)
