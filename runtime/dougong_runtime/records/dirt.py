"""What a transaction has changed, gathered so that stored formulas can follow it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dougong_runtime.model.app import App
from dougong_runtime.records.change import Change
from dougong_runtime.records.running import Running

WITH_EVERY_UPDATE = ("updated_at", "updated_by", "version")
"""System fields that change with any other; a formula may follow from them."""

IMAGES_MAX = 20_000
"""Records of one entity of which it is remembered what they were and are; of more, roll-ups are computed anew."""

Image = Mapping[str, Any]
"""The watched fields of a living record."""


@dataclass
class Dirt:
    """What has changed of one entity: its records by field, and where its references pointed and point."""

    by_field: dict[str, set[str]] = field(default_factory=dict)
    every_field: set[str] = field(default_factory=set)
    """Records that came or went, of which every field counts as changed."""
    pointed: dict[str, set[str]] = field(default_factory=dict)
    """Reference field → ids that it named before or names now, of the records in which it changed."""
    points: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)
    """Reference field → record → what it names now, of the records written: it need not be asked again."""
    held: set[str] = field(default_factory=set)
    """Records that the transaction has written, and so holds locked."""
    computed: set[str] = field(default_factory=set)
    """New records whose formulas over themselves were stored with them, and still hold."""
    whole: set[str] = field(default_factory=set)
    """Fields of which any record may have changed."""
    was: dict[str, Image | None] = field(default_factory=dict)
    """Watched records as they were before the transaction's first change of them; None where there was none living."""
    stands: dict[str, Image | None] = field(default_factory=dict)
    """The same records as they are now."""
    unseen: set[str] = field(default_factory=set)
    """Records of which it is not known what they were, or are."""

    def changed(self, name: str) -> set[str]:
        """Records in which a field has changed."""
        found = self.by_field.get(name)
        return self.every_field if found is None else found | self.every_field

    def capture(self, record: str, image: Image | None, watched: Iterable[str]) -> None:
        """Remember what a watched record was, as it has just been read; too late where it has changed already."""
        if record in self.was or record in self.unseen:
            return
        if record in self.every_field or any(record in self.by_field.get(n, ()) for n in watched):
            self.unseen.add(record)
        else:
            self.was[record] = self.stands[record] = image


class Dirty:
    """What has changed of all entities.

    `watched` (entity → fields; `Graph.additive.watched`): what is to be remembered of records as they were, so that
    roll-ups can be moved by a difference. Where nothing is remembered, they are computed anew.
    """

    def __init__(self, app: App, watched: Mapping[str, tuple[str, ...]] | None = None) -> None:
        self._app = app
        self._watched = watched or {}
        self.of: dict[str, Dirt] = {}

    @classmethod
    def of_writes(cls, running: Running) -> Dirty:
        """For writes to records, of which it is seen what they were."""
        return cls(running.app, running.graph.additive.watched)

    def entity(self, name: str) -> Dirt:
        """What has changed of one entity."""
        return self.of.setdefault(name, Dirt())

    def add(self, change: Change) -> None:
        """Take note of one record's change."""
        dirt = self.entity(change.entity)
        entity = self._app.entities[change.entity]
        dirt.held.add(change.record)
        if change.computed:
            dirt.computed.add(change.record)
        else:
            dirt.computed.discard(change.record)
        if change.kind == "update":
            for name in (*change.fields, *WITH_EVERY_UPDATE):
                dirt.by_field.setdefault(name, set()).add(change.record)
        else:
            dirt.every_field.add(change.record)
        for name in entity.pointing:
            if name in change.after or name in change.before:
                before, after = ids_in(change.before.get(name)), ids_in(change.after.get(name))
                dirt.pointed.setdefault(name, set()).update(before, after)
        for name in entity.references:
            now = change.after if name in change.after else change.state_before or change.before
            dirt.points.setdefault(name, {})[change.record] = tuple(ids_in(now.get(name)))
        if change.entity in self._watched:
            self._remember(dirt, change)

    def _remember(self, dirt: Dirt, change: Change) -> None:
        """What a watched record was before this change, unless known, and what it is now."""
        fields = self._watched[change.entity]
        if change.record not in dirt.was:
            if len(dirt.was) >= IMAGES_MAX:
                dirt.unseen.add(change.record)
                return
            dirt.was[change.record] = _before(change, fields)
        match change.kind:
            case "delete":
                dirt.stands[change.record] = None
            case "create" | "restore":
                given = {**change.after, **change.formulas}
                dirt.stands[change.record] = {n: given.get(n) for n in fields}
            case "update":
                now = dirt.stands.get(change.record) or _before(change, fields) or {}
                dirt.stands[change.record] = {n: change.after.get(n, now.get(n)) for n in fields}

    def add_formulas(
        self,
        entity: str,
        fields: Iterable[str],
        records: Iterable[str],
        now: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        """Take note of stored formulas that have changed. `now`: record → new values, of watched fields at least."""
        dirt = self.entity(entity)
        found = set(records)
        for name in fields:
            dirt.by_field.setdefault(name, set()).update(found)
        for id_ in found & dirt.was.keys():
            if now is None or id_ not in now:
                dirt.unseen.add(id_)
            elif (image := dirt.stands[id_]) is not None:
                dirt.stands[id_] = {n: now[id_].get(n, v) for n, v in image.items()}

    def add_whole(self, entity: str, fields: Iterable[str]) -> None:
        """Take note that any record of an entity may have changed."""
        self.entity(entity).whole.update(fields)


def _before(change: Change, fields: Iterable[str]) -> Image | None:
    """The watched fields of a record before a change; None where there was none living."""
    match change.kind:
        case "create" | "restore":
            return None
        case "update":
            return {n: change.state_before.get(n) for n in fields}
        case "delete":
            return {n: change.before.get(n) for n in fields}


def ids_in(value: Any) -> Iterable[str]:
    """Record ids that a reference's value names."""
    if isinstance(value, str):
        return (value,)
    if isinstance(value, dict):
        return (value["id"],)
    return tuple(value) if isinstance(value, (list, tuple)) else ()
