"""Events of the audit for who looks over it: that something was done is told, values only as the record itself shows them.

An administrator of the platform sees no data of records by that. So a value that a record does not show them stands as
dots, as do the words of people about a record that they may not read, and what somebody searched for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dougong_runtime.access.masks import DOTS
from dougong_runtime.audit.history import Names
from dougong_runtime.audit.log import StoredEvent
from dougong_runtime.errors import Refused
from dougong_runtime.model.app import Entity
from dougong_runtime.records.hold import ReadableCells, readable_cells
from dougong_runtime.records.past import names_of
from dougong_runtime.records.scene import Scene

ASKED = ("filter", "search")
"""Facts of an export that hold what somebody asked for."""
WORDS = ("reasons",)
"""Facts of a change that hold what somebody wrote."""


def told(scene: Scene, events: Sequence[StoredEvent]) -> list[StoredEvent]:
    """Events of the app as the viewer may read them; fields keep the names they had."""
    reader = _Reader(scene)
    return [reader.told(event) for event in events]


def withheld(event: StoredEvent) -> StoredEvent:
    """An event of which no value is told: of an app that is not there any more."""
    return replace(
        event,
        before=_dotted(event.before),
        after=_dotted(event.after),
        reason=DOTS if event.reason and event.actor is not None else event.reason,
        facts=_without(event.facts, (*ASKED, *WORDS)),
    )


class _Reader:
    """What the viewer may read, asked once a record."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._cells: dict[tuple[str, str], ReadableCells | None] = {}
        self._names: dict[str, Names] = {}

    def told(self, event: StoredEvent) -> StoredEvent:
        if event.entity is None:
            return event
        entity = self._scene.app.entities.get(event.entity)
        if entity is None:
            return withheld(event)
        if event.record is None:
            may_ask = self._scene.access.entity(entity.name).can("read")
            return event if may_ask else replace(event, facts=_without(event.facts, ASKED))
        cells = self._readable(entity, event.record)
        if cells is None:
            return withheld(event)
        return replace(
            event,
            before=self._shown(entity, cells, event.app_version, event.before),
            after=self._shown(entity, cells, event.app_version, event.after),
        )

    def _readable(self, entity: Entity, record: str) -> ReadableCells | None:
        key = (entity.name, record)
        if key not in self._cells:
            try:
                self._cells[key] = readable_cells(self._scene, entity, record)
            except Refused:
                self._cells[key] = None
        return self._cells[key]

    def _shown(
        self, entity: Entity, cells: ReadableCells, version: int | None, values: Mapping[str, Any] | None
    ) -> dict[str, Any] | None:
        if values is None:
            return None
        names = self._names.get(entity.name)
        if names is None:
            names = self._names[entity.name] = names_of(self._scene, entity)
        found: dict[str, Any] = {}
        for name, value in values.items():
            today = next(iter(names.now(version, {name: value})))
            how = cells.shown(today)
            if value is None or how == "yes":
                found[name] = value
            else:
                found[name] = cells.masked(today, value) if how == "masked" else DOTS
        return found


def _dotted(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if values is None else {n: None if v is None else DOTS for n, v in values.items()}


def _without(facts: Mapping[str, Any] | None, names: Sequence[str]) -> dict[str, Any] | None:
    return None if facts is None else {n: DOTS if n in names and v else v for n, v in facts.items()}
