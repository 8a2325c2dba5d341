"""What an app's `retention` says: retired fields and entities stay restorable for so many days, then they are destroyed.

Without `retention` nothing ever is. Records in the trash are none of its concern. Nor is anything destroyed of an entity
that is append-only, or has a record whose own time (`retain`) has not run out: to drop it would delete that record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from dougong_runtime.audit import log
from dougong_runtime.documents import versions
from dougong_runtime.host import Clock, Viewer
from dougong_runtime.model.app import App, Entity
from dougong_runtime.model.link import link_stored
from dougong_runtime.records.running import Running
from dougong_runtime.records.trash import retained_until
from dougong_runtime.storage import destroy
from dougong_runtime.storage.destroy import Old
from dougong_runtime.storage.identifiers import short
from dougong_runtime.storage.trash import TRASH

ROWS = 2_000
"""Records of a batch."""


def days_kept(app: App) -> int | None:
    """Days that retired fields and entities of an app are kept; None for ever."""
    document: Mapping[str, Any] = app.source.get(f"app/{app.name}", {})
    found = (document.get("retention") or {}).get("days")
    return found if isinstance(found, int) else None


@dataclass
class Retention:
    """Destroys what is due of one app, a step a transaction of the caller's. It remembers what it could not destroy."""

    viewer: Viewer
    """The system, with its reason."""
    clock: Clock
    _passed_over: set[int]
    _after: dict[int, str]

    @classmethod
    def of(cls, viewer: Viewer, clock: Clock) -> Retention:
        """Nothing looked at yet."""
        return cls(viewer, clock, set(), {})

    def step(self, connection: sa.Connection, running: Running) -> bool:
        """Do the next piece of work; whether there was one. Publishing the app waits meanwhile."""
        days = days_kept(running.app)
        if days is None:
            return False
        versions.lock(connection, running.app.name)
        now = self.clock.now()
        for old in destroy.find_old(connection, running.app.name, now - timedelta(days=days)):
            if old.id in self._passed_over:
                continue
            if self._is_held(connection, running, old, now):
                self._passed_over.add(old.id)
            elif self._destroy(connection, running, old, days, now):
                return True
        return False

    def _destroy(
        self, connection: sa.Connection, running: Running, old: Old, days: int, now: datetime
    ) -> bool:
        """Whether something was done: it is gone, or part of its values are."""
        gone = [old.id]
        if destroy.is_table(connection, old):
            dropped = destroy.drop_table(connection, old.trash_name, ROWS)
            if dropped == "refused":
                self._passed_over.add(old.id)
            if dropped != "gone":
                return dropped == "more"
            if old.kind == "entity":
                gone += _within(connection, running.app.name, old)
        else:
            table = _table_of(connection, running, old)
            if table is None:
                self._passed_over.add(old.id)
                return False
            columns = destroy.columns_of(connection, table, old)
            last = destroy.empty_columns(connection, table, columns, self._after.get(old.id), ROWS)
            if last is not None:
                self._after[old.id] = last
                return True
            destroy.drop_columns(connection, table, columns)
        destroy.note(connection, gone, now)
        entity = _entity_of(running.app, old.entity_id)
        facts = {"trash": old.kind, "name": old.name, "id": old.thing_id, "since": old.since, "days": days}
        event = log.Event(
            log.DESTROY,
            running.app.name,
            None if entity is None else entity.name,
            facts=facts | {"since": log.instant(old.since)},
        )
        log.write(connection, self.viewer, now, [event], version=running.number)
        return True

    def _is_held(self, connection: sa.Connection, running: Running, old: Old, now: datetime) -> bool:
        """Whether records that must not be deleted yet would lose something by it."""
        entity = _entity_of(running.app, old.entity_id)
        table = None if entity is None else running.tables.of(entity.name).name
        if entity is None:
            version = (
                None if old.version is None else versions.find(connection, running.app.name, old.version)
            )
            if version is None:
                return False
            entity = _entity_of(link_stored(version.source), old.entity_id)
            table = _trashed_table(connection, running.app.name, old.entity_id)
        if entity is None or table is None:
            return False
        return _guards(connection, entity, table, now)


def _guards(connection: sa.Connection, entity: Entity, table: str, now: datetime) -> bool:
    rows = sa.Table(table, sa.MetaData(), sa.Column("id"))
    if entity.append_only:
        return connection.execute(sa.select(rows.c.id).limit(1)).first() is not None
    if entity.retain is None:
        return False
    field = entity.fields[entity.retain.field]
    column = field.kind.columns(field)[0]
    kept = sa.Table(table, sa.MetaData(), column)
    if column.name not in {c["name"] for c in sa.inspect(connection).get_columns(table)}:
        return True  # the field that tells the time lies in the trash itself
    newest = connection.scalar(sa.select(sa.func.max(kept.c[column.name], type_=column.type)))
    until = retained_until(entity, newest)
    return until is not None and now.date() < until


def _entity_of(app: App, entity_id: str) -> Entity | None:
    return next((e for e in app.own_entities if e.id == entity_id), None)


def _table_of(connection: sa.Connection, running: Running, old: Old) -> str | None:
    """The table that a column in the trash is in: the entity's, or where that was retired since, its own in the trash."""
    entity = _entity_of(running.app, old.entity_id)
    if entity is not None:
        return short(entity.table)
    return _trashed_table(connection, running.app.name, old.entity_id)


def _trashed_table(connection: sa.Connection, app: str, entity_id: str) -> str | None:
    query = sa.select(TRASH.c.trash_name).where(
        TRASH.c.app == app, TRASH.c.kind == "entity", TRASH.c.entity_id == entity_id, TRASH.c.until.is_(None)
    )
    return connection.scalar(query.order_by(TRASH.c.id.desc()).limit(1))


def _within(connection: sa.Connection, app: str, old: Old) -> list[int]:
    """Fields in the trash whose columns went with the table."""
    inside = (TRASH.c.app == app) & (TRASH.c.entity_id == old.entity_id) & TRASH.c.until.is_(None)
    rows = connection.execute(
        sa.select(TRASH.c.id, TRASH.c.trash_name).where(inside, TRASH.c.kind.in_(("field", "retype")))
    ).all()
    inspector = sa.inspect(connection)
    return [row.id for row in rows if not inspector.has_table(row.trash_name)]
