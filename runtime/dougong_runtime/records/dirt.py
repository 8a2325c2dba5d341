"""What a transaction has changed, gathered so that stored formulas can follow it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from dougong_runtime.model.app import App
from dougong_runtime.records.change import Change

WITH_EVERY_UPDATE = ("updated_at", "updated_by", "version")
"""System fields that change with any other; a formula may follow from them."""


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

    def changed(self, name: str) -> set[str]:
        """Records in which a field has changed."""
        found = self.by_field.get(name)
        return self.every_field if found is None else found | self.every_field


class Dirty:
    """What has changed of all entities."""

    def __init__(self, app: App) -> None:
        self._app = app
        self.of: dict[str, Dirt] = {}

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
        for name in change.fields:
            if entity.fields[name].targets:
                before, after = ids_in(change.before.get(name)), ids_in(change.after.get(name))
                dirt.pointed.setdefault(name, set()).update(before, after)
        for name in entity.references:
            now = change.after if name in change.after else change.state_before or change.before
            dirt.points.setdefault(name, {})[change.record] = tuple(ids_in(now.get(name)))

    def add_formulas(self, entity: str, fields: Iterable[str], records: Iterable[str]) -> None:
        """Take note of stored formulas that have changed."""
        dirt = self.entity(entity)
        found = set(records)
        for name in fields:
            dirt.by_field.setdefault(name, set()).update(found)

    def add_whole(self, entity: str, fields: Iterable[str]) -> None:
        """Take note that any record of an entity may have changed."""
        self.entity(entity).whole.update(fields)


def ids_in(value: Any) -> Iterable[str]:
    """Record ids that a reference's value names."""
    if isinstance(value, str):
        return (value,)
    if isinstance(value, dict):
        return (value["id"],)
    return tuple(value) if isinstance(value, (list, tuple)) else ()
