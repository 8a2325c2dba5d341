"""The records before and after one in a list, and the place at which it stands, by the keys that the list is ordered by.

The record need not be in the list itself: one that has just been changed so that the list's condition no longer holds
still stands between the same two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from dougong_runtime.errors import NOT_FOUND, refuse
from dougong_runtime.formulas.compile import Scope, condition
from dougong_runtime.records.query import COUNT_LIMIT, Query
from dougong_runtime.records.read import entity_of
from dougong_runtime.records.read_plan import plan_read
from dougong_runtime.records.read_sql import key_expression, table_alive
from dougong_runtime.records.scene import Scene, known_id
from dougong_runtime.records.search import searching

Condition = sa.ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Who stands beside a record. `place` counts from 1; beyond `COUNT_LIMIT` neither it nor `count` is exact."""

    before: str | None
    after: str | None
    place: int
    count: int

    @property
    def is_exact(self) -> bool:
        """Whether place and count are what they say."""
        return self.place <= COUNT_LIMIT and self.count <= COUNT_LIMIT


def neighbours(scene: Scene, query: Query, id_: str) -> Neighbours:
    """The neighbours of a record in the list that `query` asks for, whatever page it asks for.

    Raises Refused: NOT_FOUND for a record that the viewer may not read, and whatever a list of that query raises.
    """
    entity, known = entity_of(scene, query.entity), known_id(id_)
    plan = plan_read(scene.app, scene.access, replace(query, fields=("id",), cursor=None, expand=()))
    row = scene.tables.of(entity.name).alias("r")
    scope = Scope(scene.app, scene.tables, entity.name, row, scene.dialect, scene.rules)
    keys = [key_expression(scene.running, scene.rules, entity, k, scope, row) for k in plan.sort]
    down = [k.descending for k in plan.sort]
    last_down = down[-1] if down else True
    alive = [table_alive(row)]
    allowed = scene.rules.rows(entity.name, row)
    if allowed is not None:
        alive.append(allowed)
    listed = list(alive)
    if plan.filter is not None:
        listed.append(condition(plan.filter, scope))
    if query.search:
        listed.append(searching(scene, entity, row, query.search))
    joined = scope.joined(row)
    me = scene.connection.execute(
        sa.select(row.c.id, *keys).select_from(joined).where(row.c.id == known, *alive), scene.parameters
    ).first()
    if known is None or me is None:
        raise refuse(NOT_FOUND)
    here = _Here(keys, down, list(me[1:]), row.c.id, known, last_down)

    def one(where: Condition, order: Sequence[sa.ColumnElement[Any]]) -> str | None:
        found = sa.select(row.c.id).select_from(joined).where(*listed, where).order_by(*order).limit(1)
        return scene.connection.scalar(found, scene.parameters)

    def counted(*where: Condition) -> int:
        rows: sa.Select[Any] = sa.select(sa.literal_column("1")).select_from(joined).where(*listed, *where)
        asked = sa.select(sa.func.count()).select_from(rows.limit(COUNT_LIMIT + 1).subquery())
        return scene.connection.scalar(asked, scene.parameters) or 0

    return Neighbours(
        one(here.before(), here.backward()),
        one(here.after(), here.forward()),
        counted(here.before()) + 1,
        counted(),
    )


@dataclass(frozen=True)
class _Here:
    """A record's place in an order: absent values last, the id deciding among equals."""

    keys: Sequence[sa.ColumnElement[Any]]
    down: Sequence[bool]
    values: Sequence[Any]
    id_column: sa.ColumnElement[Any]
    id: str
    last_down: bool

    def after(self) -> Condition:
        """What stands behind it."""
        found: Condition = self.id_column < self.id if self.last_down else self.id_column > self.id
        for key, down, value in self._inward():
            if value is None:
                found = sa.and_(key.is_(None), found)
            else:
                beyond = key < value if down else key > value
                found = sa.or_(beyond, key.is_(None), sa.and_(key == value, found))
        return found

    def before(self) -> Condition:
        """What stands in front of it."""
        found: Condition = self.id_column > self.id if self.last_down else self.id_column < self.id
        for key, down, value in self._inward():
            if value is None:
                found = sa.or_(key.is_not(None), sa.and_(key.is_(None), found))
            else:
                beyond = key > value if down else key < value
                found = sa.or_(beyond, sa.and_(key == value, found))
        return found

    def forward(self) -> list[sa.ColumnElement[Any]]:
        """The order itself."""
        order = [
            (key.desc() if down else key.asc()).nulls_last()
            for key, down in zip(self.keys, self.down, strict=True)
        ]
        return [*order, self.id_column.desc() if self.last_down else self.id_column.asc()]

    def backward(self) -> list[sa.ColumnElement[Any]]:
        """The order from its end."""
        order = [
            (key.asc() if down else key.desc()).nulls_first()
            for key, down in zip(self.keys, self.down, strict=True)
        ]
        return [*order, self.id_column.asc() if self.last_down else self.id_column.desc()]

    def _inward(self) -> list[tuple[sa.ColumnElement[Any], bool, Any]]:
        return list(reversed(list(zip(self.keys, self.down, self.values, strict=True))))
