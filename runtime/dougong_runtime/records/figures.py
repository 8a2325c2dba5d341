"""Figures of an app's tables for who looks after the site: how many records there are and lie in the trash. No value of
any record is told, so no access is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from dougong_runtime.records.running import Running

SEARCH = "dg_fts__"
"""How the tables begin in which SQLite finds words; the table they serve follows."""


@dataclass(frozen=True, slots=True)
class Trashed:
    """What lies in the trash of an entity."""

    count: int
    oldest: datetime | None
    newest: datetime | None


def trashed(connection: sa.Connection, running: Running) -> Mapping[str, Trashed]:
    """Entity → its deleted records, of those entities that have any. Read from the index of deletions."""
    found = {}
    for entity in running.app.own_entities:
        table = running.tables.of(entity.name)
        gone = table.c.deleted_at
        asked = sa.select(sa.func.count(), sa.func.min(gone), sa.func.max(gone)).where(gone.is_not(None))
        count, oldest, newest = connection.execute(asked).one()
        if count:
            found[entity.name] = Trashed(count, oldest, newest)
    return found


def entity_of_tables(running: Running) -> Mapping[str, str]:
    """Name of a table → the entity whose records, or references to others, it holds."""
    found = {}
    for entity in running.app.own_entities:
        found[running.tables.of(entity.name).name] = entity.name
        for field in entity.own_fields:
            if field.is_many:
                found[running.tables.link(entity.name, field.name).name] = entity.name
    return found


def table_served(name: str) -> str:
    """The table in whose service another stands: the one searched, or itself."""
    if not name.startswith(SEARCH):
        return name
    inner = name.removeprefix(SEARCH)
    for part in ("_data", "_idx", "_docsize", "_config", "_content"):
        inner = inner.removesuffix(part)
    return inner
