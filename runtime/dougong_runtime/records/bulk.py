"""Many records at once: the steps of a write taken set-based, in batches, with dependants settled once at the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from dougong_runtime.access.grants import EntityAccess
from dougong_runtime.errors import FORBIDDEN, Problem, Refused, refuse
from dougong_runtime.fields.base import Value
from dougong_runtime.labels import Label
from dougong_runtime.model.app import Entity
from dougong_runtime.records import checks, files, stages
from dougong_runtime.records.change import Change
from dougong_runtime.records.conditions import check_conditions
from dougong_runtime.records.dependants import settle
from dougong_runtime.records.dirt import IMAGES_MAX, Dirty
from dougong_runtime.records.references import check_references
from dougong_runtime.records.values import read_only
from dougong_runtime.records.waiting import Waiting
from dougong_runtime.records.write import TOLD_MAX, Writer

BATCH = 2000
"""Records of one INSERT."""


def load(writer: Writer, entity: Entity, rows: Iterable[Mapping[str, Value]]) -> int:
    """Insert records from coerced values; gives how many. Raises Refused at the first batch that is refused.

    Memory is bounded by the batch and by the ids written. Rules that look back (`OLD`) see nothing there.
    """
    scene = writer.scene
    access = scene.access.entity(entity.name)
    if not access.can("create"):
        raise refuse(FORBIDDEN, entity=entity.label, action=Label("新建", "creating"))
    waiting = writer.waiting
    if waiting is None or waiting.entity != entity.name:
        writer.must_not_wait()
        return _load(writer, entity, access, rows, None)
    # A difference is known only while it is remembered what the records were and are.
    source, count = iter(rows), 0
    while part := list(islice(source, IMAGES_MAX)):
        left = waiting.again()
        count += _load(writer, entity, access, part, left)
        waiting.take(left)
    return count


def _load(
    writer: Writer,
    entity: Entity,
    access: EntityAccess,
    rows: Iterable[Mapping[str, Value]],
    waiting: Waiting | None,
) -> int:
    scene = writer.scene
    dirty = writer.deferred if writer.deferred is not None else Dirty.of_writes(scene.running)
    ids: list[str] = []
    for batch in _batches(rows):
        ids.extend(_batch(writer, entity, access, batch, dirty))
    if not ids or writer.deferred is not None:
        return len(ids)
    recomputed = settle(scene.connection, scene.running, dirty, scene.stored_parameters, waiting)
    if waiting is not None:
        waiting.records = ids
    for at in range(0, len(ids), TOLD_MAX):
        chunk = [Change("create", entity.name, i) for i in ids[at : at + TOLD_MAX]]
        checks.check(scene, entity, chunk, {}, writer.given)
        for observer in writer.observers if waiting is None else ():
            observer.wrote(chunk, recomputed if at == 0 else ())
    for record in ids:
        writer.given.pop(record, None)
    return len(ids)


def _batch(
    writer: Writer, entity: Entity, access: EntityAccess, batch: Sequence[dict[str, Value]], dirty: Dirty
) -> list[str]:
    problems: list[Problem] = []
    if not access.everything:
        creating = access.giving("create")
        for name in dict.fromkeys(n for row in batch for n in row):
            if not any(h.writes(entity.fields[name], "create") for h in creating):
                problems.append(read_only(entity.fields[name]))
    stage = entity.stage
    for row in batch if stage is not None else ():
        if stage is not None and not stages.may_begin_at(writer.scene, stage, row.get(stage.name)):
            problems.append(stages.refused_beginning(stage, row[stage.name]))
    check_references(writer.scene, entity, batch, problems)
    check_conditions(writer.scene, entity, batch, problems)
    files.check_files(writer.scene, entity, batch, problems)
    if problems:
        raise Refused(problems)
    prepared = writer.prepare(entity, batch)
    writer.compute_own(entity, prepared)
    writer.insert(entity, prepared)
    changes = writer.created(entity, prepared, {}, computed=True)
    for change in changes:
        dirty.add(change)
    writer.audit(changes)
    return [c.record for c in changes]


def _batches(rows: Iterable[Mapping[str, Value]]) -> Iterator[list[dict[str, Value]]]:
    source = iter(rows)
    while batch := [dict(r) for r in islice(source, BATCH)]:
        yield batch


def settle_deferred(writer: Writer) -> None:
    """Settle what several loads have put off: their dependants, then the guards of all that was written."""
    scene = writer.scene
    dirty = writer.deferred
    if dirty is None:
        return
    writer.deferred = None
    written = {name: sorted(dirt.every_field) for name, dirt in dirty.of.items()}
    settle(scene.connection, scene.running, dirty, scene.stored_parameters)
    for name, ids in written.items():
        for at in range(0, len(ids), BATCH):
            chunk: list[Any] = [Change("create", name, i) for i in ids[at : at + BATCH]]
            checks.check(scene, scene.entity(name), chunk, {}, writer.given)
