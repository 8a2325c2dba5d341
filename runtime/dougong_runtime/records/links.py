"""`references` fields: many records, in a link table of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from dougong_runtime.model.app import Entity
from dougong_runtime.records.scene import Scene


def read(
    scene: Scene, entity: Entity, records: Sequence[str], names: Sequence[str]
) -> dict[str, dict[str, list[str]]]:
    """Record → field name → the ids it holds, in place, trashed ones included: the system's own reading."""
    found: dict[str, dict[str, list[str]]] = {r: {n: [] for n in names} for r in records}
    for name in names:
        link = scene.tables.link(entity.name, name)
        select = sa.select(link.c.record, link.c.target).where(link.c.record.in_(list(records)))
        for record, target in scene.connection.execute(select.order_by(link.c.record, link.c.place)):
            found[record][name].append(target)
    return found


def write(
    scene: Scene, entity: Entity, changed: Mapping[str, Mapping[str, Sequence[str]]], *, fresh: bool
) -> None:
    """Set what `references` fields hold: record id → field name → ids. `fresh`: the records are new."""
    by_field: dict[str, dict[str, Sequence[str]]] = {}
    for record, fields in changed.items():
        for name, ids in fields.items():
            by_field.setdefault(name, {})[record] = ids
    for name, records in by_field.items():
        link = scene.tables.link(entity.name, name)
        if not fresh:
            scene.connection.execute(link.delete().where(link.c.record.in_(list(records))))
        rows = [
            {"record": record, "target": target, "place": place}
            for record, ids in records.items()
            for place, target in enumerate(dict.fromkeys(ids))
        ]
        if rows:
            scene.connection.execute(link.insert(), rows)
