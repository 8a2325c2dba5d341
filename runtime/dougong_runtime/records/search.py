"""Search by a reader: only through what that reader sees unmasked."""

from __future__ import annotations

import sqlalchemy as sa

from dougong_runtime.model.app import Entity
from dougong_runtime.records.scene import Scene
from dougong_runtime.storage.search import match, searched_fields


def searching(scene: Scene, entity: Entity, row: sa.FromClause, text: str) -> sa.ColumnElement[bool]:
    """The condition that a text is found in a record.

    The index serves where the reader sees every ordinary search field on all rows. Where some of them are hidden or
    masked, the fields that remain are looked through one by one, cell by cell.
    """
    access = scene.access.entity(entity.name)
    searched = searched_fields(entity)
    ordinary = [f for f in searched if not f.sensitive]
    if all(access.best(f) == "yes" for f in ordinary):
        sensitive = {f.name for f in searched if f.sensitive and access.best(f) == "yes"}
        return match(scene.tables, entity.name, row, text, sensitive)
    found = []
    for field in ordinary:
        seen = scene.rules.cell(entity.name, field.name, row)
        if seen is not False:
            contains = sa.cast(row.c[field.name], sa.Text()).icontains(text.strip(), autoescape=True)
            found.append(contains if seen is True else sa.and_(seen, contains))
    return sa.or_(*found) if found else sa.false()
