"""One batch of a refresh or a repair: stored formulas made true, what depends on them too, audited, and told.

Everything happens in the caller's transaction, as with any write.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from dougong_runtime.audit import log
from dougong_runtime.host import Clock, Viewer
from dougong_runtime.model.app import Entity
from dougong_runtime.model.graph import Graph, Node, Step
from dougong_runtime.records.change import Change, Observer
from dougong_runtime.records.dependants import parameters_at, settle
from dougong_runtime.records.dirt import Dirty
from dougong_runtime.records.refresh_differences import Difference, Stretch, find, mend
from dougong_runtime.records.running import Running
from dougong_runtime.records.values import for_msgspec


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
