"""One version's tables laid over those of another, for reading only: how an app that is not published yet would show the
data that there is. What has no column yet reads as absent; nothing is changed in the database."""

from __future__ import annotations

from typing import Any, cast

import sqlalchemy as sa

from dougong_runtime.exact import RecordId
from dougong_runtime.fields.base import Field
from dougong_runtime.model.app import App, Entity
from dougong_runtime.storage.tables import Tables


class TablesOver(Tables):
    """The tables of `app` as they are read from those of the running version, fields found by their ids."""

    def __init__(self, app: App, under: Tables) -> None:
        super().__init__(app, under.dialect)
        self._under = under
        self.missing: dict[str, tuple[str, ...]] = {}
        """Entity → names of fields that have no column yet, or another type than theirs."""
        self.is_same = True
        """Whether all tables are those that there are, so that a write can be rehearsed on them."""
        known = {entity.id: entity for entity in under.app.entities.values()}
        for entity in app.entities.values():
            self._lay(entity, known.get(entity.id))

    def _lay(self, entity: Entity, other: Entity | None) -> None:
        own = self._tables[entity.name]
        fields = {} if other is None else {field.id: field for field in other.own_fields}
        lacking: list[str] = []
        source: dict[str, sa.ColumnElement[Any]] = {}
        below = None if other is None else self._under.of(other.name)
        for field in entity.own_fields:
            before = fields.get(field.id)
            if field.is_many:
                self._lay_link(entity, field, other, before, lacking)
                continue
            if not field.has_column:
                continue
            mine, theirs = field.kind.columns(field), () if before is None else before.kind.columns(before)
            if below is None or before is None or not before.has_column or not _alike(mine, theirs):
                lacking.append(field.name)
                continue
            source |= {m.name: below.c[t.name] for m, t in zip(mine, theirs, strict=True)}
        self.missing[entity.name] = tuple(lacking)
        auxiliary = {
            c.name for c in own.columns if c.name not in source and below is not None and c.name in below.c
        }
        if below is not None:
            of_fields = {c.name for field in entity.own_fields for c in field.kind.columns(field)}
            source |= {name: below.c[name] for name in auxiliary - of_fields}
        if below is not None and own.name == below.name and _is_read_as_it_is(own, below, source):
            return
        self.is_same = False
        columns = [
            source.get(column.name, sa.cast(sa.null(), column.type)).label(column.name)
            for column in own.columns
        ]
        query = sa.select(*columns)
        query = query.where(sa.false()) if below is None else query.select_from(below)
        self._tables[entity.name] = cast(sa.Table, query.subquery(own.name))

    def _lay_link(
        self, entity: Entity, field: Field, other: Entity | None, before: Field | None, lacking: list[str]
    ) -> None:
        if other is not None and before is not None and before.is_many:
            below = self._under.link(other.name, before.name)
            if below.name == self._links[entity.name, field.name].name:
                return
            query = sa.select(below.c.record, below.c.target, below.c.place)
        else:
            lacking.append(field.name)
            nothing = sa.cast(sa.null(), RecordId())
            query = sa.select(
                nothing.label("record"),
                nothing.label("target"),
                sa.cast(sa.null(), sa.Integer()).label("place"),
            ).where(sa.false())
        self.is_same = False
        self._links[entity.name, field.name] = cast(sa.Table, query.subquery(f"{entity.name}_{field.name}"))


def _is_read_as_it_is(own: sa.Table, below: sa.Table, source: dict[str, sa.ColumnElement[Any]]) -> bool:
    """Whether every column stands in the table under its own name."""
    return all(c.name in source and source[c.name] is below.c.get(c.name) for c in own.columns)


def _alike(mine: tuple[sa.Column[Any], ...], theirs: tuple[sa.Column[Any], ...]) -> bool:
    """Whether two fields' columns hold values alike."""
    return len(mine) == len(theirs) and all(
        repr(a.type) == repr(b.type) for a, b in zip(mine, theirs, strict=True)
    )
