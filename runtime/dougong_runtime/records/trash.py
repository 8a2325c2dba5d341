"""Deletion is a move to the trash, and back. What a deletion brings with it by cascade comes back with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa

from dougong_runtime.errors import (
    APPEND_ONLY,
    BAD_VERSION,
    FORBIDDEN,
    RETAINED,
    STILL_REFERRED,
    Problem,
    Refused,
    refuse,
)
from dougong_runtime.exact import RecordId
from dougong_runtime.fields.base import Field
from dougong_runtime.labels import Label
from dougong_runtime.model.app import Entity
from dougong_runtime.names import uuid7
from dougong_runtime.records import checks, store
from dougong_runtime.records.change import Change
from dougong_runtime.records.dependants import settle
from dougong_runtime.records.dirt import Dirty
from dougong_runtime.records.hold import Held, hold
from dougong_runtime.records.references import readable
from dougong_runtime.records.scene import Scene
from dougong_runtime.records.write import Writer, locked_problem
from dougong_runtime.storage.system import SYSTEM

DELETION = sa.Table(
    "dg_deletion",
    SYSTEM,
    sa.Column("id", RecordId(), nullable=False),
    sa.Column("app", sa.String(48), nullable=False),
    sa.Column("entity", sa.String(48), nullable=False),
    sa.Column("record", RecordId(), nullable=False),
    sa.Column("root", sa.Boolean, nullable=False),
    sa.Index("dg_deletion_record", "record"),
    sa.Index("dg_deletion_id", "id"),
)
"""Which records went together: one id a deletion; `root` is the record that was deleted by hand."""

CASCADE_MAX = 100_000


@dataclass
class _Deletion:
    id: str
    gone: list[tuple[Entity, str]]
    cleared: list[tuple[Entity, Field, list[str]]]


def delete(writer: Writer, entity: Entity, id_: str, version: int | None) -> None:
    """Move a record to the trash, with what its references say goes with it. Raises Refused."""
    scene = writer.scene
    held = hold(scene, entity, id_)
    if not held.may("delete"):
        raise refuse(FORBIDDEN, entity=entity.label, action=Label("删除", "deleting"))
    if version is not None and version != held.version:
        raise refuse(BAD_VERSION, "version", version=version, current=held.version)
    problems = _guards(scene, entity, held)
    if problems:
        raise Refused(problems)
    deletion = _Deletion(uuid7(), [(entity, held.id)], [])
    _follow(scene, entity, [held.id], deletion, problems)
    if problems:
        raise Refused(problems)
    changes = [*_clear(scene, deletion), *_bury(scene, deletion, held)]
    _settle(writer, changes)


def _guards(scene: Scene, entity: Entity, held: Held) -> list[Problem]:
    problems = []
    if entity.append_only:
        problems.append(Problem(APPEND_ONLY, None, {"entity": entity.label}))
    for lock in held.locks:
        problems.append(locked_problem(scene, entity, lock, None))
    until = retained_until(entity, held.values.get(entity.retain.field) if entity.retain else None)
    if until is not None and scene.now.date() < until:
        problems.append(Problem(RETAINED, None, {"until": until.isoformat()}))
    return problems


def retained_until(entity: Entity, start: Any) -> date | None:
    """The first day on which a record may be deleted; None where nothing keeps it."""
    if entity.retain is None or start is None:
        return None
    day: date = start.astimezone(UTC).date() if isinstance(start, datetime) else start
    try:
        return day.replace(year=day.year + entity.retain.years)
    except ValueError:  # 29 February
        return day.replace(year=day.year + entity.retain.years, day=28)


def _follow(
    scene: Scene, entity: Entity, ids: Sequence[str], deletion: _Deletion, problems: list[Problem]
) -> None:
    """Along every reference that names these records: refuse, gather for the cascade, or for clearing."""
    seen = {record for _, record in deletion.gone}
    for other in scene.app.entities.values():
        for f in other.own_fields:
            if entity.name not in f.targets or f.is_many or not f.has_column:
                continue
            found = [i for i in _naming(scene, other, f, entity.name, ids) if i not in seen]
            if not found:
                continue
            if f.on_delete == "cascade":
                if other.append_only or other.retain is not None:
                    problems.append(_still_referred(scene, other, found))
                    continue
                deletion.gone.extend((other, i) for i in found)
                if len(deletion.gone) > CASCADE_MAX:
                    problems.append(_still_referred(scene, other, found))
                    return
                _follow(scene, other, found, deletion, problems)
            elif f.on_delete == "clear":
                deletion.cleared.append((other, f, found))
            else:
                problems.append(_still_referred(scene, other, found))


def _still_referred(scene: Scene, other: Entity, found: Sequence[str]) -> Problem:
    """The refusal for records that name it; of those that the writer may not read, only that there are some."""
    seen = readable(scene, other.name, found) if scene.access.entity(other.name).can("read") else set()
    if seen:
        return Problem(STILL_REFERRED, None, {"entity": other.label, "count": len(seen)})
    hidden = {"entity": Label("其他资料", "other records"), "count": Label("若干", "some")}
    return Problem(STILL_REFERRED, None, hidden)


def _naming(scene: Scene, other: Entity, f: Field, target: str, ids: Sequence[str]) -> list[str]:
    table = scene.tables.of(other.name)
    found: list[str] = []
    for at in range(0, len(ids), 5000):
        where: list[sa.ColumnElement[bool]] = [
            table.c[f.name].in_(list(ids[at : at + 5000])),
            table.c.deleted_at.is_(None),
        ]
        if f.is_polymorphic:
            where.append(table.c[f"{f.name}__entity"] == target)
        found.extend(
            scene.connection.execute(sa.select(table.c.id).where(*where).order_by(table.c.id)).scalars()
        )
    return found


def _clear(scene: Scene, deletion: _Deletion) -> list[Change]:
    changes = []
    gone = {record for _, record in deletion.gone}
    for other, f, ids in deletion.cleared:
        table = scene.tables.of(other.name)
        for id_ in ids:
            if id_ in gone:
                continue
            row = scene.connection.execute(_locked(table, table.c.id == id_)).mappings().one()
            values = store.values_of(other, dict(row))
            columns = store.columns_of(other, {f.name: None})
            scene.connection.execute(
                table.update()
                .where(table.c.id == id_)
                .values(
                    **columns, version=table.c.version + 1, updated_at=scene.now, updated_by=scene.viewer.user
                )
            )
            changes.append(
                Change(
                    "update",
                    other.name,
                    id_,
                    {f.name: values[f.name]},
                    {f.name: None},
                    state_before=values,
                    version=row["version"] + 1,
                    cause=deletion.gone[0][1],
                )
            )
    return changes


def _bury(scene: Scene, deletion: _Deletion, held: Held) -> list[Change]:
    changes: list[Change] = []
    rows = []
    by_entity: dict[str, list[str]] = {}
    for entity, record in deletion.gone:
        by_entity.setdefault(entity.name, []).append(record)
        rows.append(
            {
                "id": deletion.id,
                "app": scene.app.name,
                "entity": entity.name,
                "record": record,
                "root": record == held.id,
            }
        )
    scene.connection.execute(DELETION.insert(), rows)
    for name, ids in by_entity.items():
        entity = scene.entity(name)
        table = scene.tables.of(name)
        for at in range(0, len(ids), 5000):
            chunk = table.c.id.in_(ids[at : at + 5000])
            before = scene.connection.execute(_locked(table, chunk)).mappings().all()
            scene.connection.execute(
                table.update()
                .where(chunk)
                .values(
                    deleted_at=scene.now,
                    version=table.c.version + 1,
                    updated_at=scene.now,
                    updated_by=scene.viewer.user,
                )
            )
            changes.extend(
                Change(
                    "delete",
                    name,
                    row["id"],
                    _kept(entity, store.values_of(entity, dict(row))),
                    {},
                    version=row["version"] + 1,
                    cause=None if row["id"] == held.id else held.id,
                )
                for row in before
            )
    return changes


def _locked(table: sa.Table, which: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Records as they are and stay until they are written: what they give to roll-ups is taken away or given by it."""
    return sa.select(table).where(which).order_by(table.c.id).with_for_update(key_share=True)


def _kept(entity: Entity, values: dict[str, Any]) -> dict[str, Any]:
    return {n: v for n, v in values.items() if v is not None and not entity.fields[n].is_system}


def restore(writer: Writer, entity: Entity, id_: str) -> None:
    """Bring a record back, with what went with it. Refused where it would collide with a living one."""
    scene = writer.scene
    held = hold(scene, entity, id_, trash=True)
    if not held.may("delete"):
        raise refuse(FORBIDDEN, entity=entity.label, action=Label("恢复", "restoring"))
    deletion = scene.connection.execute(
        sa.select(DELETION.c.id).where(DELETION.c.record == held.id).order_by(DELETION.c.id.desc()).limit(1)
    ).scalar()
    together = [(entity.name, held.id)]
    if deletion is not None:
        rows = scene.connection.execute(
            sa.select(DELETION.c.entity, DELETION.c.record, DELETION.c.root).where(DELETION.c.id == deletion)
        ).all()
        if any(r.root and r.record == held.id for r in rows):
            together = [(r.entity, r.record) for r in rows if r.entity in scene.app.entities]
    problems = _parents_gone(scene, entity, held, {record for _, record in together})
    if problems:
        raise Refused(problems)
    changes = []
    for name, record in together:
        other = scene.entity(name)
        table = scene.tables.of(name)
        row = scene.connection.execute(_locked(table, table.c.id == record)).mappings().first()
        if row is None or row["deleted_at"] is None:
            continue
        with store.telling(scene, other):
            scene.connection.execute(
                table.update()
                .where(table.c.id == record)
                .values(
                    deleted_at=None,
                    version=table.c.version + 1,
                    updated_at=scene.now,
                    updated_by=scene.viewer.user,
                )
            )
        changes.append(
            Change(
                "restore",
                name,
                record,
                {},
                _kept(other, store.values_of(other, dict(row))),
                version=row["version"] + 1,
                cause=None if record == held.id else held.id,
            )
        )
    scene.connection.execute(DELETION.delete().where(DELETION.c.record.in_([r for _, r in together])))
    _settle(writer, changes)


def _parents_gone(scene: Scene, entity: Entity, held: Held, together: set[str]) -> list[Problem]:
    """A record cannot come back while a record that it names lies in the trash itself."""
    problems = []
    for f in entity.own_fields:
        value = held.values.get(f.name)
        if not f.is_reference or value is None or value in together:
            continue
        target = scene.tables.of(f.targets[0])
        gone = scene.connection.execute(sa.select(target.c.deleted_at).where(target.c.id == value)).scalar()
        if gone is not None:
            known, label = scene.access.entity(entity.name).told([f.name])
            problems.append(
                Problem(STILL_REFERRED, known[0] if known else None, {"entity": label, "count": 1})
            )
    return problems


def _settle(writer: Writer, changes: Sequence[Change]) -> None:
    scene = writer.scene
    writer.must_not_wait()
    dirty = Dirty.of_writes(scene.running)
    for change in changes:
        dirty.add(change)
    recomputed = settle(scene.connection, scene.running, dirty, scene.stored_parameters)
    restored: dict[str, list[Change]] = {}
    for change in changes:
        if change.kind == "restore":
            restored.setdefault(change.entity, []).append(change)
    for name, group in restored.items():
        checks.check_unique(scene, scene.entity(name), group)
    writer.audit(changes)
    for observer in writer.observers:
        observer.wrote(changes, recomputed)
