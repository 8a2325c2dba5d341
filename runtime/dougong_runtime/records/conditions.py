"""Conditions given by a writer, in fields of type `filter`: each is typed against the entity that it is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dougong_runtime.errors import INVALID_VALUE, Problem
from dougong_runtime.fields.base import Field
from dougong_runtime.model.app import Entity
from dougong_runtime.records.read_plan import filter_tree
from dougong_runtime.records.scene import Scene


def check_conditions(
    scene: Scene, entity: Entity, rows: Sequence[Mapping[str, Any]], problems: list[Problem]
) -> None:
    """Add a problem for each condition that is no condition on its entity, or names what its writer may not see."""
    for field in entity.own_fields:
        of = scene.app.entities.get(str(field.options.get("of"))) if field.type == "filter" else None
        if of is None:
            continue
        for text in dict.fromkeys(values.get(field.name) for values in rows):
            if isinstance(text, str):
                wrong: list[Problem] = []
                filter_tree(scene.app, scene.access.shapes, of, text, wrong, field.name)
                problems += (Problem(INVALID_VALUE, field.name, _facts(field, found)) for found in wrong)


def _facts(field: Field, wrong: Problem) -> dict[str, Any]:
    """What is wrong with a formula, as facts about the value of the field that holds it."""
    zh, en = wrong.facts["zh"], wrong.facts["en"]
    return {
        **wrong.facts,
        "label": field.label,
        "zh": f"「{field.label.zh}」：{zh}",
        "en": f"“{field.label.en}”: {en}",
    }
