"""Two people, one record: changes to different fields merge, changes to the same field are told with both values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dougong_runtime.audit import history
from dougong_runtime.audit.log import StoredEvent
from dougong_runtime.errors import BAD_VERSION, CONFLICT, Problem
from dougong_runtime.fields.base import Value
from dougong_runtime.labels import Label
from dougong_runtime.model.app import Entity
from dougong_runtime.records.hold import Held
from dougong_runtime.records.scene import Scene
from dougong_runtime.records.values import as_json


def check_version(
    scene: Scene,
    entity: Entity,
    held: Held,
    version: int,
    changed: Mapping[str, Value],
    problems: list[Problem],
) -> None:
    """Compare the version that a writer had read with the record's. Adds a problem for what both changed.

    The present values are told as the writer sees them: masked where they may write without reading.
    """
    if version == held.version or not changed:
        return
    if version > held.version or version < 1:
        problems.append(Problem(BAD_VERSION, "version", {"version": version, "current": held.version}))
        return
    since: dict[str, StoredEvent] = {}
    for event in history.events(scene.connection, scene.app.name, entity.name, held.id):
        if event.action == "update" and (event.facts or {}).get("version", 0) > version:
            for name in event.after or ():
                since.setdefault(name, event)
    both = [n for n in changed if n in since]
    if not both:
        return
    labels = [entity.fields[n].label for n in both]
    facts = {
        "fields": Label("、".join(x.zh for x in labels), ", ".join(x.en for x in labels)),
        "names": both,
        "yours": as_json(entity, {n: changed[n] for n in both}),
        "theirs": _seen(held, as_json(entity, {n: held.values.get(n) for n in both})),
        "version": held.version,
        "by": {n: _who(since[n]) for n in both},
    }
    problems.append(Problem(CONFLICT, both[0], facts))


def _who(event: StoredEvent) -> dict[str, str | None]:
    """Who changed a field last, and when."""
    return {"user": event.actor, "name": event.actor_name, "at": event.at.isoformat().replace("+00:00", "Z")}


def _seen(held: Held, values: dict[str, Any]) -> dict[str, Any]:
    """Values as the writer sees them; one that they may write without ever seeing it is not told."""
    told: dict[str, Any] = {}
    for name, value in values.items():
        field = held.access.entity.fields[name]
        shown = held.shown(field)
        if shown != "no":
            told[name] = value if shown == "yes" else held.masked(field, value)
    return told
