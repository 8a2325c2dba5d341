"""A record's history and its state at an instant, with the eyes of who reads: what they do not see unmasked is not told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dougong_runtime.access.masks import DOTS
from dougong_runtime.audit import history, log
from dougong_runtime.audit.log import StoredEvent
from dougong_runtime.documents import versions
from dougong_runtime.errors import NOT_FOUND, refuse
from dougong_runtime.model.app import Entity
from dougong_runtime.records.hold import ReadableCells, readable_cells
from dougong_runtime.records.scene import Scene


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field before and after, as JSON values; masked where the reader sees it masked."""

    field: str
    before: Any
    after: Any
    erased: bool = False
    """Whether what is not told was erased from the audit by law."""


@dataclass(frozen=True, slots=True)
class HistoryEvent:
    """What somebody did to a record."""

    at: datetime
    actor: str | None
    actor_name: str
    acting_for: str | None
    via: str
    action: str
    changes: tuple[FieldChange, ...]
    reason: str | None
    facts: Mapping[str, Any]
    seq: int = 0
    """Its place in the audit; a page of history begins behind one."""


COMMENTS = (log.COMMENT, log.COMMENT_EDIT)
"""What is told by the comments themselves."""


def events(
    scene: Scene, entity: Entity, id_: str, limit: int, before_seq: int | None = None
) -> list[HistoryEvent]:
    """What happened to a record, newest first, behind the event of that seq. Raises Refused(NOT_FOUND)."""
    cells = readable_cells(scene, entity, id_)
    names = names_of(scene, entity)
    found: list[HistoryEvent] = []
    at = before_seq
    while len(found) < limit:
        page = history.events(
            scene.connection,
            scene.app.name,
            entity.name,
            cells.id,
            names=names,
            before_seq=at,
            limit=limit,
            but=COMMENTS,
        )
        found += [told for event in page if (told := _told(event, cells)) is not None]
        if len(page) < limit:
            break
        at = page[-1].seq
    return found[:limit]


def _told(event: StoredEvent, cells: ReadableCells) -> HistoryEvent | None:
    """An event as the reader has it; None where nothing of it is for them."""
    before, after = event.before or {}, event.after or {}
    gone = {label.partition(".")[2] for label in event.erased if label.startswith(("before.", "after."))}
    changes = []
    for name in dict.fromkeys((*before, *after, *sorted(gone))):
        shown = cells.shown(name)
        if shown == "no":
            continue
        if name in gone:
            changes.append(FieldChange(name, DOTS, DOTS, erased=True))
            continue
        old, new = before.get(name), after.get(name)
        if shown == "masked":
            old, new = cells.masked(name, old), cells.masked(name, new)
        changes.append(FieldChange(name, old, new))
    if event.action in ("update", "refresh") and not changes:
        return None
    facts = {k: v for k, v in (event.facts or {}).items() if k in ("version", "cause", "field")}
    if "field" in facts and cells.shown(facts["field"]) == "no":
        facts.pop("field")
    return HistoryEvent(
        event.at,
        event.actor,
        event.actor_name,
        event.acting_for,
        event.via,
        event.action,
        tuple(changes),
        event.reason if event.actor is not None else None,
        facts,
        event.seq,
    )


def as_of(scene: Scene, entity: Entity, id_: str, at: datetime) -> dict[str, Any]:
    """A record as it stood, JSON values under today's names and today's access. Raises Refused(NOT_FOUND)."""
    cells = readable_cells(scene, entity, id_)
    state = history.state_at(
        scene.connection, scene.app.name, entity.name, cells.id, at, names=names_of(scene, entity)
    )
    if state is None:
        raise refuse(NOT_FOUND)
    shown: dict[str, Any] = {"id": cells.id}
    for name, value in state.items():
        how = cells.shown(name)
        if how == "yes":
            shown[name] = value
        elif how == "masked":
            shown[name] = cells.masked(name, value)
    return shown


def names_of(scene: Scene, entity: Entity) -> history.Names:
    """What the entity's fields were called in older versions."""

    def source(number: int) -> Mapping[str, Any] | None:
        version = versions.find(scene.connection, scene.app.name, number)
        return None if version is None else version.source

    return history.Names(entity, scene.running.number, source)
