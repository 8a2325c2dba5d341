"""One batch of a refresh or a repair: stored formulas made true, what depends on them too, audited, and told.

Everything happens in the caller's transaction, as with any write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa

from dougong_runtime.audit import log
from dougong_runtime.errors import BAD_QUERY, Refused
from dougong_runtime.host import Clock, Viewer
from dougong_runtime.model.app import Entity
from dougong_runtime.model.graph import Graph, Node, Step
from dougong_runtime.records.change import Change, Observer
from dougong_runtime.records.dependants import FORMULA_OVERFLOW, parameters_at, settle
from dougong_runtime.records.dirt import Dirty
from dougong_runtime.records.refresh_differences import Difference, Stretch, find, mend, next_stretch
from dougong_runtime.records.running import Running
from dougong_runtime.records.values import for_msgspec

T = TypeVar("T")

UNFIT = (FORMULA_OVERFLOW, BAD_QUERY)
"""What a result is refused as that does not fit its field; SQLite has one word for a number and a query too large."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Who makes formulas true in which transaction, and who is told."""

    connection: sa.Connection
    running: Running
    viewer: Viewer
    """The system, with its reason."""
    clock: Clock
    time_zone: str
    """The site's: days of stored formulas are those of this zone."""
    id: str
    """Of the refresh or repair that it is a part of; stands in the audit's facts and in `Change.batch`."""
    observers: Sequence[Observer] = ()


def steps_of(graph: Graph, wanted: Iterable[Node]) -> dict[str, tuple[Step, ...]]:
    """Entity → the steps that compute its wanted fields, in the order in which they follow from each other."""
    nodes = set(wanted)
    found: dict[str, list[Step]] = {}
    for step in graph.steps:
        fields = tuple(f for f in step.fields if (step.entity, f) in nodes)
        if fields:
            found.setdefault(step.entity, []).append(Step(step.entity, fields, ()))
    return {entity: tuple(steps) for entity, steps in found.items()}


def make_true(batch: Batch, entity: str, steps: Sequence[Step], stretch: Stretch) -> list[Change]:
    """Bring the steps' formulas up to date in a stretch of records; gives the records that changed by that.

    Records that are true already are neither locked nor written. No rules are asked: nobody has written anything.
    """
    parameters = parameters_at(batch.connection, batch.running, batch.clock.now(), batch.time_zone)
    found: list[Difference] = []
    for step in steps:
        differing = find(batch.connection, batch.running, step, stretch, parameters)
        if differing:
            records = [d.record for d in differing]
            found += mend(batch.connection, batch.running, step, records, parameters)
    if not found:
        return []
    changes = _changes(batch, entity, found)
    dirty = Dirty(batch.running.app)
    for step in steps:
        touched = [c.record for c in changes if not c.fields.isdisjoint(step.fields)]
        dirty.add_formulas(entity, step.fields, touched)
    recomputed = settle(batch.connection, batch.running, dirty, parameters)
    _audit(batch, batch.running.app.entities[entity], changes)
    for observer in batch.observers:
        observer.wrote(changes, recomputed)
    return changes


def in_parts(
    connection: sa.Connection,
    running: Running,
    entity: str,
    stretch: Stretch,
    work: Callable[[Stretch], list[T]],
) -> tuple[list[T], list[str]]:
    """Work on a stretch, whole or in halves down to the records whose result does not fit its field; these are left as
    they are. Gives what came of it, and the ids of those."""
    attempt = connection.begin_nested()
    try:
        done = work(stretch)
    except (sa.exc.DataError, Refused) as error:
        attempt.rollback()
        if isinstance(error, Refused) and error.problems[0].type not in UNFIT:
            raise
        half = next_stretch(connection, running, entity, stretch.after, stretch.rows // 2)
        if stretch.rows == 1 or half is None:
            return [], [stretch.upto]
        rest = Stretch(half.upto, stretch.upto, stretch.rows - half.rows)
        first, bad = in_parts(connection, running, entity, half, work)
        second, worse = in_parts(connection, running, entity, rest, work)
        return first + second, bad + worse
    attempt.commit()
    return done, []


def differing(
    connection: sa.Connection,
    running: Running,
    steps: Sequence[Step],
    stretch: Stretch,
    now: datetime,
    time_zone: str,
) -> list[Difference]:
    """Where stored formulas of a stretch differ from what their rows give, a step after the other; only looks."""
    parameters = parameters_at(connection, running, now, time_zone)
    return [d for step in steps for d in find(connection, running, step, stretch, parameters)]


def _changes(batch: Batch, entity: str, found: Iterable[Difference]) -> list[Change]:
    """One change a record, whatever the number of steps in which it differed."""
    before: dict[str, dict[str, Any]] = {}
    after: dict[str, dict[str, Any]] = {}
    for difference in found:
        before.setdefault(difference.record, {}).update(difference.before)
        after.setdefault(difference.record, {}).update(difference.after)
    return [Change("update", entity, id_, before[id_], after[id_], batch=batch.id) for id_ in sorted(after)]


def _audit(batch: Batch, entity: Entity, changes: Sequence[Change]) -> None:
    facts = {"batch": batch.id}
    events = [
        log.Event(
            log.REFRESH,
            batch.running.app.name,
            change.entity,
            change.record,
            for_msgspec(entity, change.before),
            for_msgspec(entity, change.after),
            None,
            facts,
        )
        for change in changes
    ]
    log.write(batch.connection, batch.viewer, batch.clock.now(), events, version=batch.running.number)
