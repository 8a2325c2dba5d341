"""The whole of a masked value, for who may ask for it: audited, with the reason that a grant may ask for."""

from __future__ import annotations

from dougong_runtime.access.grants import mask_of
from dougong_runtime.audit import log
from dougong_runtime.errors import FORBIDDEN, Refused, problem_type, refuse
from dougong_runtime.fields.base import Json
from dougong_runtime.labels import Label
from dougong_runtime.model.app import Entity
from dougong_runtime.records.hold import hold
from dougong_runtime.records.scene import Scene
from dougong_runtime.records.values import unknown_field

REASON_MAX = 500
"""Characters of a reason that are kept."""
REASON_NEEDED = problem_type(
    "reason-needed",
    422,
    "查看完整的「{label}」要写明理由。",
    "Seeing the whole of “{label}” takes a reason.",
    remedy=("写一句为什么要看，它会记入审计。", "Say in a sentence why; it stands in the audit."),
)


def reveal(scene: Scene, entity: Entity, id_: str, name: str, reason: str) -> Json:
    """The value. Raises Refused: an unknown field, NOT_FOUND, FORBIDDEN, REASON_NEEDED."""
    visible = scene.access.entity(entity.name).visible_names
    if name not in visible:
        raise Refused([unknown_field(entity, name, visible)])
    held = hold(scene, entity, id_, locked=False)
    field, mask = entity.fields[name], mask_of(entity.fields[name], held.reading)
    if not held.sees(field) and not mask.reveal:
        raise refuse(FORBIDDEN, name, entity=entity.label, action=Label("查看完整的值", "revealing"))
    said = reason.strip()[:REASON_MAX]
    if not held.sees(field) and mask.reason and not said:
        raise refuse(REASON_NEEDED, "reason", label=field.label)
    event = log.Event(
        log.REVEAL, scene.app.name, entity.name, held.id, reason=said or None, facts={"field": name}
    )
    log.write(scene.connection, scene.viewer, scene.now, [event], version=scene.running.number)
    value = held.values.get(name)
    return field.kind.to_json(field, value) if value is not None else None
