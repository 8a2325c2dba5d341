"""What those who write beside a record (comments, notices) ask of it: who may read it, whose it is, what they see."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from dougong_runtime.access.grants import Shown
from dougong_runtime.audit import log
from dougong_runtime.records.hold import Held, hold_many
from dougong_runtime.records.read_sql import table_alive
from dougong_runtime.records.references import readable
from dougong_runtime.records.scene import Scene, known_id

IDS_MAX = 500


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who is there: record id, username, name."""

    id: str
    username: str
    name: str


@dataclass(frozen=True)
class Glance:
    """A record that the viewer may read, and how its fields show to them."""

    held: Held

    def shown(self, field_id: str) -> Shown:
        """How the field of that id shows; one that the entity no longer has does not."""
        fields = self.held.access.entity.fields.values()
        found = next((f for f in fields if f.id == field_id), None)
        return "no" if found is None else self.held.shown(found)


@dataclass(frozen=True, slots=True)
class Beside:
    """The records of one app before one viewer, for what stands beside them."""

    scene: Scene

    def glances(self, name: str, ids: Collection[str]) -> dict[str, Glance]:
        """The living records of these ids that the viewer may read, by id."""
        entity = self.scene.app.entities.get(name)
        if entity is None or not self.scene.access.entity(name).can("read"):
            return {}
        known = sorted({i for i in map(known_id, ids) if i is not None})
        there = sorted(readable(self.scene, entity.name, known))
        found: dict[str, Glance] = {}
        for at in range(0, len(there), IDS_MAX):
            for held in hold_many(self.scene, entity, there[at : at + IDS_MAX], locked=False):
                found[held.id] = Glance(held)
        return found

    def whose(self, name: str, ids: Sequence[str]) -> dict[str, frozenset[str]]:
        """Record id → its owner and its creator. Read as the system: it decides who is told, and tells nobody."""
        entity = self.scene.app.entities[name]
        table = self.scene.tables.of(name)
        columns = {entity.owner_field, "created_by"}
        found: dict[str, frozenset[str]] = {}
        for at in range(0, len(ids), IDS_MAX):
            chosen = sa.select(table.c.id, *(table.c[name] for name in sorted(columns)))
            rows = self.scene.connection.execute(chosen.where(table.c.id.in_(list(ids[at : at + IDS_MAX]))))
            found.update({row[0]: frozenset(v for v in row[1:] if v is not None) for row in rows})
        return found

    def called(self, words: Collection[str]) -> list[Colleague]:
        """The active people who bear one of these words as name, username or id."""
        user = self.scene.tables.of("user")
        given = list(words)
        found: list[Colleague] = []
        for at in range(0, len(given), IDS_MAX):
            part = given[at : at + IDS_MAX]
            ids = [i for i in map(known_id, part) if i is not None]
            asked = sa.select(user.c.id, user.c.username, user.c.name).where(
                sa.or_(user.c.name.in_(part), user.c.username.in_(part), user.c.id.in_(ids)),
                user.c.active.is_(sa.true()),
                table_alive(user),
            )
            found += [Colleague(*row) for row in self.scene.connection.execute(asked)]
        return found

    def people(self, ids: Collection[str]) -> Mapping[str, str]:
        """Record id → name, of people who are there or were: who signed in may know them."""
        user = self.scene.tables.of("user")
        given = sorted({i for i in map(known_id, ids) if i is not None})
        found: dict[str, str] = {}
        for at in range(0, len(given), IDS_MAX):
            asked = sa.select(user.c.id, user.c.name, user.c.username).where(
                user.c.id.in_(given[at : at + IDS_MAX])
            )
            found.update({i: name or username for i, name, username in self.scene.connection.execute(asked)})
        return found

    def said(
        self,
        action: str,
        entity: str,
        record: str,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        """Record in the audit what the viewer did beside a record: a comment, a print."""
        scene = self.scene
        event = log.Event(action, scene.app.name, entity, record, before, after, None, facts)
        log.write(scene.connection, scene.viewer, scene.now, [event], version=scene.running.number)
