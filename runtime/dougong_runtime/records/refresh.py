"""Formulas that follow the clock, kept by `refresh: hourly|daily`: brought up to date in batches that can be resumed.

A refresh goes through the entities concerned by record id. Where it is stands in a row that each batch moves on in its
own transaction, so that whoever takes it up after a stop goes on behind the last batch that was committed. Each batch
computes with the clock as it is then; `refreshed_at` tells the instant at which the refresh began, which no value is
older than.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal

import sqlalchemy as sa

from dougong_runtime.documents.versions import VERSIONS
from dougong_runtime.exact import Instant, JsonValue, RecordId
from dougong_runtime.host import Clock, Viewer
from dougong_runtime.model.app import App
from dougong_runtime.model.graph import Node, Step
from dougong_runtime.names import uuid7
from dougong_runtime.records.change import BatchObserver, Observer
from dougong_runtime.records.refresh_batch import Batch, in_parts, make_true, steps_of
from dougong_runtime.records.refresh_differences import next_stretch
from dougong_runtime.records.running import Running
from dougong_runtime.storage.system import SYSTEM

Rhythm = Literal["hourly", "daily"]

RHYTHMS: dict[Rhythm, timedelta] = {"hourly": timedelta(hours=1), "daily": timedelta(days=1)}
"""How often formulas of each `refresh` are brought up to date."""

ROWS = 2_000
"""Records of a batch where the caller names no other number."""

REFRESHED = sa.Table(
    "dg_refreshed",
    SYSTEM,
    sa.Column("app", sa.String(48), primary_key=True),
    sa.Column("which", sa.String(16), primary_key=True),
    sa.Column("at", Instant(), nullable=False),
)
"""When the last refresh that came to its end began, hourly and daily ones apart."""

REFRESH = sa.Table(
    "dg_refresh",
    SYSTEM,
    sa.Column("app", sa.String(48), primary_key=True),
    sa.Column("which", sa.String(16), primary_key=True),
    sa.Column("id", RecordId(), nullable=False),
    sa.Column("started_at", Instant(), nullable=False),
    sa.Column("moved_at", Instant(), nullable=False),
    sa.Column("ended_at", Instant()),
    sa.Column("finished", JsonValue(), nullable=False),
    sa.Column("entity_id", sa.String(64)),
    sa.Column("after", RecordId()),
    sa.Column("done", sa.BigInteger, nullable=False),
    sa.Column("changed", sa.BigInteger, nullable=False),
    sa.Column("failed", sa.BigInteger, nullable=False),
    sa.Column("total", sa.BigInteger, nullable=False),
)
"""The refresh under way, or else the last one, of each app and rhythm.

moved_at   when its last batch was committed
ended_at   NULL while it is under way
finished   ids of the entities that are done
entity_id  the entity in hand; `after` is the last record of it that is done
done       records gone through, of about `total`; `changed` of them were written, `failed` left as they were, since what
           comes out does not fit its field
"""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a refresh is."""

    app: str
    which: Rhythm
    started_at: datetime
    moved_at: datetime
    ended_at: datetime | None
    done: int
    changed: int
    failed: int
    """Records left as they were: what comes out does not fit its field."""
    total: int
    """Records to go through, as estimated at the start."""
    unfit: tuple[str, ...] = ()
    """Ids of the records that failed in the batch just done."""


def fields_of(app: App, which: Rhythm) -> tuple[Node, ...]:
    """Entity and name of the fields that are refreshed in that rhythm."""
    return tuple(
        (e.name, f.name)
        for e in app.entities.values()
        for f in e.fields.values()
        if f.refresh == which and f.is_stored_formula
    )


def refreshed_at(connection: sa.Connection, app: str) -> dict[str, datetime]:
    """`hourly` and `daily` → the instant that those formulas are true for, at least."""
    rows = connection.execute(sa.select(REFRESHED.c.which, REFRESHED.c.at).where(REFRESHED.c.app == app))
    return {row.which: row.at for row in rows}


def true_for(connection: sa.Connection, running: Running) -> dict[str, datetime]:
    """The same for every rhythm: what was never refreshed was computed when the running version was published."""
    found = refreshed_at(connection, running.app.name)
    if len(found) < len(RHYTHMS):
        mine = (VERSIONS.c.app == running.app.name) & (VERSIONS.c.number == running.number)
        published = connection.scalar(sa.select(VERSIONS.c.at).where(mine))
        if published is not None:
            found = dict.fromkeys(RHYTHMS, published) | found
    return found


def progress(connection: sa.Connection, app: str | None = None) -> list[Progress]:
    """The refresh under way or the last one, of each rhythm; of all apps where none is named."""
    query = sa.select(REFRESH).order_by(REFRESH.c.app, REFRESH.c.which)
    if app is not None:
        query = query.where(REFRESH.c.app == app)
    return [_progress(row) for row in connection.execute(query)]


def advance(
    connection: sa.Connection,
    running: Running,
    which: Rhythm,
    clock: Clock,
    time_zone: str = "Asia/Shanghai",
    *,
    rows: int = ROWS,
    observers: Sequence[Observer] = (),
) -> Progress:
    """Take up the refresh under way, or begin one, and do the next `rows` records of it, in the caller's transaction.

    The answer's `ended_at` says whether that was the end; it is for the caller to commit and call again. Where two do
    so at once, the second waits for the first (PostgreSQL) or finds the only writer taken (SQLite).
    """
    legs = steps_of(running.graph, fields_of(running.app, which))
    at = _under_way(connection, running, which)
    if at is None:
        at = _begin(connection, running, which, clock, list(legs))
    viewer = Viewer.system(f"{which} refresh of what follows the clock")
    batch = Batch(connection, running, viewer, clock, time_zone, at.id, observers)
    left, unfit = rows, list[str]()
    while left > 0:
        entity = _in_hand(running, at, legs)
        if entity is None:
            return replace(_end(batch, which, at), unfit=tuple(unfit))
        stretch = next_stretch(connection, running, entity, at.after, left)
        if stretch is not None:
            work = partial(make_true, batch, entity, legs[entity])
            changes, bad = in_parts(connection, running, entity, stretch, work)
            at.changed, at.failed = at.changed + len(changes), at.failed + len(bad)
            unfit += bad
            at.done, at.after, left = at.done + stretch.rows, stretch.upto, left - stretch.rows
        if stretch is None or left > 0:
            at.finished.append(running.app.entities[entity].id)
            at.entity_id = at.after = None
    return replace(_keep(batch, which, at), unfit=tuple(unfit))


def refresh(
    connection: sa.Connection,
    running: Running,
    which: Rhythm,
    clock: Clock,
    time_zone: str = "Asia/Shanghai",
    *,
    rows: int = ROWS,
    observers: Sequence[Observer] = (),
) -> Progress:
    """A whole refresh in the caller's transaction: for stories, and where few records are there."""
    while True:
        done = advance(connection, running, which, clock, time_zone, rows=rows, observers=observers)
        if done.ended_at is not None:
            return done


# --- where it is -----------------------------------------------------------------------------------------------


@dataclass
class _At:
    id: str
    started_at: datetime
    finished: list[str]
    entity_id: str | None
    after: str | None
    done: int
    changed: int
    failed: int
    total: int


def _under_way(connection: sa.Connection, running: Running, which: Rhythm) -> _At | None:
    query = sa.select(REFRESH).where(
        REFRESH.c.app == running.app.name, REFRESH.c.which == which, REFRESH.c.ended_at.is_(None)
    )
    row = connection.execute(query.with_for_update()).one_or_none()
    if row is None:
        return None
    return _At(
        row.id,
        row.started_at,
        list(row.finished),
        row.entity_id,
        row.after,
        row.done,
        row.changed,
        row.failed,
        row.total,
    )


def _begin(
    connection: sa.Connection, running: Running, which: Rhythm, clock: Clock, entities: Sequence[str]
) -> _At:
    total = sum(estimate(connection, running, name) for name in entities)
    at = _At(uuid7(), clock.now(), [], None, None, 0, 0, 0, total)
    connection.execute(sa.delete(REFRESH).where(REFRESH.c.app == running.app.name, REFRESH.c.which == which))
    connection.execute(
        sa.insert(REFRESH).values(
            app=running.app.name,
            which=which,
            id=at.id,
            started_at=at.started_at,
            moved_at=at.started_at,
            finished=[],
            done=0,
            changed=0,
            failed=0,
            total=total,
        )
    )
    return at


def _in_hand(running: Running, at: _At, legs: dict[str, tuple[Step, ...]]) -> str | None:
    """The entity to go on with, None at the end. It is known by its id: a version published meanwhile may have renamed
    it, or have no use for it any more."""
    ids = {running.app.entities[name].id: name for name in legs}
    if at.entity_id in ids:
        return ids[at.entity_id]
    for id_, name in ids.items():
        if id_ not in at.finished:
            at.entity_id, at.after = id_, None
            return name
    return None


def _keep(batch: Batch, which: Rhythm, at: _At, ended_at: datetime | None = None) -> Progress:
    now = batch.clock.now()
    batch.connection.execute(
        sa.update(REFRESH)
        .where(REFRESH.c.app == batch.running.app.name, REFRESH.c.which == which)
        .values(
            moved_at=now,
            ended_at=ended_at,
            finished=at.finished,
            entity_id=at.entity_id,
            after=at.after,
            done=at.done,
            changed=at.changed,
            failed=at.failed,
        )
    )
    return Progress(
        batch.running.app.name, which, at.started_at, now, ended_at, at.done, at.changed, at.failed, at.total
    )


def _end(batch: Batch, which: Rhythm, at: _At) -> Progress:
    app = batch.running.app.name
    key = (REFRESHED.c.app == app) & (REFRESHED.c.which == which)
    if batch.connection.execute(REFRESHED.update().where(key).values(at=at.started_at)).rowcount == 0:
        batch.connection.execute(REFRESHED.insert().values(app=app, which=which, at=at.started_at))
    for observer in batch.observers:
        if isinstance(observer, BatchObserver):
            observer.refreshed(app, at.id)
    return _keep(batch, which, at, batch.clock.now())


def _progress(row: sa.Row[Any]) -> Progress:
    return Progress(
        row.app,
        row.which,
        row.started_at,
        row.moved_at,
        row.ended_at,
        row.done,
        row.changed,
        row.failed,
        row.total,
    )


ESTIMATED_FROM = 100_000
"""Tables of fewer records are counted."""


def estimate(connection: sa.Connection, running: Running, entity: str) -> int:
    """About how many records an entity has: as PostgreSQL's statistics say where they are many, else counted."""
    table = running.tables.of(entity)
    if connection.dialect.name == "postgresql":
        query = sa.text("SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass(:name)")
        known = connection.execute(query, {"name": f'"{table.name}"'}).scalar()
        if known is not None and known >= ESTIMATED_FROM:
            return int(known)
    return int(connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0)
