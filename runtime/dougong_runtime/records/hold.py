"""The record as it stands, locked against other writers, with what its writer may do to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from dougong_runtime.access.grants import EntityAccess, HeldGrant, Shown, mask_of
from dougong_runtime.access.masks import masked
from dougong_runtime.errors import NOT_FOUND, Refused, refuse
from dougong_runtime.fields.base import Field, Value
from dougong_runtime.formulas.compile import Scope, condition
from dougong_runtime.model.app import Entity, Lock
from dougong_runtime.records import links, store
from dougong_runtime.records.read_sql import IDS, table_alive
from dougong_runtime.records.scene import Scene, known_id
from dougong_runtime.storage.ready import among


@dataclass(frozen=True)
class Held:
    """A record locked for a write: its values, and which grants and locks hold on it."""

    id: str
    version: int
    values: dict[str, Value]
    grants: tuple[HeldGrant, ...]
    shared_write: bool
    shared_read: bool
    access: EntityAccess
    locks: tuple[Lock, ...]
    deleted_at: datetime | None

    def may(self, action: str) -> bool:
        """Whether an action is allowed on this record."""
        if self.access.everything or any(action in h.grant.actions for h in self.grants):
            return True
        # A share for changes opens the record to those whose roles let them change some: alone it gives nobody the right.
        return action == "update" and self.shared_write and bool(self.access.giving("update"))

    def writes(self, f: Field) -> bool:
        """Whether this field of this record may be changed."""
        if self.access.everything:
            return not (f.is_system or f.is_computed or f.type == "autonumber")
        if any(h.writes(f, "update") for h in self.grants):
            return True
        return self.shared_write and any(h.writes(f, "update") for h in self.access.giving("update"))

    def sees(self, f: Field) -> bool:
        """Whether this field of this record shows unmasked."""
        return self.shown(f) == "yes"

    def shown(self, f: Field) -> Shown:
        """How this field of this record shows."""
        ways = {h.shows(f) for h in self.reading}
        if self.access.everything or "yes" in ways:
            return "yes"
        return "masked" if "masked" in ways else "no"

    def masked(self, f: Field, value: object) -> str | None:
        """A value of this field, or its JSON, as this record shows it masked."""
        return masked(f, value, mask_of(f, self.reading))

    @property
    def reading(self) -> list[HeldGrant]:
        """The grants that show this record: all that show any, where it is shared."""
        if self.shared_read:
            return list(self.access.reading)
        return [h for h in self.grants if "read" in h.grant.actions and not h.grant.aggregate_only]


def hold(scene: Scene, entity: Entity, id_: str, *, trash: bool = False, locked: bool = True) -> Held:
    """A record that the writer may read, locked unless it is only looked at. Raises Refused(NOT_FOUND)."""
    return hold_many(scene, entity, [id_], trash=trash, locked=locked)[0]


def hold_many(
    scene: Scene, entity: Entity, ids: Sequence[str], *, trash: bool = False, locked: bool = True
) -> list[Held]:
    """The same of several, in the order asked; locked in the order of their ids, so that writers do not deadlock.

    Raises Refused(NOT_FOUND) where any is not there or may not be read.
    """
    found = hold_some(scene, entity, ids, trash=trash, locked=locked)
    known = [known_id(i) for i in ids]
    if any(i is None or i not in found for i in known):
        raise refuse(NOT_FOUND)
    return [found[i] for i in known if i is not None]


def hold_some(
    scene: Scene, entity: Entity, ids: Sequence[str], *, trash: bool = False, locked: bool = True
) -> dict[str, Held]:
    """The same by id, of those alone that are there and may be read."""
    access = scene.access.entity(entity.name)
    wanted = sorted({i for i in map(known_id, ids) if i is not None})
    if not wanted or not access.can("read"):
        return {}
    asked = scene.rules.distinct(entity.name, ("read", "update", "delete", "share"))

    statement = scene.ready(
        ("hold", entity.name, trash, locked),
        lambda: _hold_statement(scene, entity, asked, trash, locked),
        "kept if flat",
    )
    rows = statement.mappings(scene.connection, {**scene.parameters, IDS: wanted})
    many = [f.name for f in entity.own_fields if f.is_many]
    linked = links.read(scene, entity, [row["id"] for row in rows], many)
    always = tuple(h for h in access.held if h.grant.rows == "all" and not h.grant.aggregate_only)
    held = {}
    for row in rows:
        id_ = row["id"]
        held[id_] = Held(
            id=id_,
            version=row["version"],
            values=store.values_of(entity, row) | linked.get(id_, {}),
            grants=(*always, *(h for i, h in enumerate(asked) if row[f"flag_{i}"])),
            shared_write=id_ in scene.shared.ids(entity.name, "update"),
            shared_read=id_ in scene.shared.ids(entity.name, "read"),
            access=access,
            locks=tuple(lock for i, lock in enumerate(entity.locks) if row[f"lock_{i}"]),
            deleted_at=row["deleted_at"],
        )
    return held


def _hold_statement(
    scene: Scene, entity: Entity, asked: Sequence[HeldGrant], trash: bool, locked: bool
) -> sa.Select[Any]:
    row = scene.tables.of(entity.name).alias("r")
    scope = Scope(scene.app, scene.tables, entity.name, row, scene.dialect)
    flags = [scene.rules.holds(h, entity, row).label(f"flag_{i}") for i, h in enumerate(asked)]
    locks = [condition(lock.when.tree, scope).label(f"lock_{i}") for i, lock in enumerate(entity.locks)]
    wheres = [among(row.c.id, IDS, scene.dialect), table_alive(row, trash)]
    allowed = scene.rules.rows(entity.name, row)
    if allowed is not None:
        wheres.append(allowed)
    select = sa.select(row, *flags, *locks).select_from(scope.joined(row)).where(*wheres).order_by(row.c.id)
    return (
        select.with_for_update(of=row, key_share=True) if locked and scene.dialect == "postgresql" else select
    )


@dataclass(frozen=True)
class ReadableCells:
    """How the cells of one record show to a reader."""

    id: str
    held: Held

    def shown(self, name: str) -> Shown:
        """How a field of this record shows; one that the entity no longer has does not."""
        field = self.held.access.entity.fields.get(name)
        return "no" if field is None else self.held.shown(field)

    def masked(self, name: str, value: object) -> str | None:
        """A JSON value of the field as it shows masked."""
        return self.held.masked(self.held.access.entity.fields[name], value)


def readable_cells(scene: Scene, entity: Entity, id_: str) -> ReadableCells:
    """The cells of a record that a reader may read, living or in the trash. Raises Refused(NOT_FOUND)."""
    try:
        held = hold(scene, entity, id_, locked=False)
    except Refused:
        held = hold(scene, entity, id_, trash=True, locked=False)
    return ReadableCells(held.id, held)
