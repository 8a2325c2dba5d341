"""A record as formulas read it one by one: its values, and what its references lead to, fetched when asked for.

This is the system's own reading, for defaults and conditions of transitions; readers' formulas run as SQL.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from dougong_runtime.fields.base import Value
from dougong_runtime.formulas.evaluate import stored
from dougong_runtime.formulas.tree import Hop
from dougong_runtime.model.app import Entity
from dougong_runtime.records.scene import Scene


class RecordRow:
    """A stored record or a draft of one."""

    def __init__(
        self,
        scene: Scene,
        entity: Entity,
        values: Mapping[str, Value],
        cache: dict[str, RecordRow | None] | None = None,
        *,
        is_new: bool = False,
    ) -> None:
        """`is_new`: it is not stored yet, so that no record names it."""
        self._is_new = is_new
        self._scene = scene
        self._entity = entity
        self.values = dict(values)
        self._cache = {} if cache is None else cache

    def get(self, field: str) -> Value:
        """A field's value; one that has no column, or of a draft, is computed."""
        if field in self.values:
            return self.values[field]
        found = self._entity.fields.get(field)
        if found is None or found.formula is None:
            return None
        return stored(found.formula.tree, found.value_type, self, self._scene.stored_context)

    def follow(self, hop: Hop) -> RecordRow | None:
        """The record that a reference names."""
        id_ = self.get(hop.field)
        if isinstance(id_, Mapping):
            id_ = id_.get("id")
        return None if id_ is None else fetch(self._scene, hop.entity, id_, self._cache)

    def inner(self, hops: tuple[Hop, ...]) -> Iterable[RecordRow]:
        """The living records that hops lead to, each once."""
        here: list[RecordRow] = [self]
        for hop in hops:
            if hop.way == "forward":
                here = [r for row in here if (r := row.follow(hop)) is not None]
            else:
                here = [r for row in here for r in row._many(hop)]
        return list({r.values["id"]: r for r in here}.values())

    def old(self) -> RecordRow | None:
        """A draft has no earlier state."""
        return None

    def _many(self, hop: Hop) -> Iterable[RecordRow]:
        id_ = self.values.get("id")
        if id_ is None or (self._is_new and hop.way in ("back", "many_back")):
            return []
        tables = self._scene.tables
        table = tables.of(hop.entity)
        select = sa.select(table).where(table.c.deleted_at.is_(None))
        if hop.way == "back":
            select = select.where(table.c[hop.field] == id_)
        else:
            owner = self._entity.name if hop.way == "many" else hop.entity
            link = tables.link(owner, hop.field)
            mine, theirs = (
                (link.c.record, link.c.target) if hop.way == "many" else (link.c.target, link.c.record)
            )
            select = select.where(table.c.id.in_(sa.select(theirs).where(mine == id_)))
        entity = self._scene.entity(hop.entity)
        rows = self._scene.connection.execute(select.order_by(table.c.id)).mappings()
        return [RecordRow(self._scene, entity, dict(row), self._cache) for row in rows]


def fetch(scene: Scene, entity: str, id_: str, cache: dict[str, RecordRow | None]) -> RecordRow | None:
    """A record of the system's reading, once a write."""
    if id_ not in cache:
        table = scene.tables.of(entity)
        row = scene.connection.execute(sa.select(table).where(table.c.id == id_)).mappings().first()
        cache[id_] = None if row is None else RecordRow(scene, scene.entity(entity), dict(row), cache)
    return cache[id_]


class Asker(RecordRow):
    """The person who asks, as `USER()` in formulas: fetched only where more than the id is read."""

    def __init__(self, scene: Scene, cache: dict[str, RecordRow | None]) -> None:
        super().__init__(scene, scene.entity("user"), {"id": scene.viewer.user}, cache)

    def get(self, field: str) -> Value:
        """The id, or a field of the person's record."""
        if field != "id" and len(self.values) == 1 and self._scene.viewer.user is not None:
            found = fetch(self._scene, "user", self._scene.viewer.user, self._cache)
            self.values = dict(found.values) if found is not None else self.values
        return super().get(field)
