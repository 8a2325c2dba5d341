"""Defaults: formulas over the other fields, taken once, at creation."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter

from dougong_runtime.errors import Problem
from dougong_runtime.fields.base import Field, Value, ValueProblem
from dougong_runtime.formulas.dependencies import dependencies
from dougong_runtime.formulas.evaluate import stored
from dougong_runtime.model.app import Entity
from dougong_runtime.records.rows import Asker, RecordRow
from dougong_runtime.records.scene import Scene
from dougong_runtime.records.values import invalid


def fill(
    scene: Scene,
    entity: Entity,
    values: dict[str, Value],
    cache: dict[str, RecordRow | None],
    problems: list[Problem],
) -> None:
    """Give every field that was left out its default, in an order in which each finds what it reads.

    A field that was given, even as empty, keeps what was given.
    """
    ordered = scene.running.plans.get(("defaults", entity.name), lambda: tuple(ordered_defaults(entity)))
    context = None
    for field in ordered:
        if field.name in values or field.default is None:
            continue
        if context is None:
            user = None if scene.viewer.user is None else Asker(scene, cache)
            context = replace(scene.context, user=user)
        row = RecordRow(scene, entity, values, cache)
        value = stored(field.default.tree, field.value_type, row, context)
        try:
            values[field.name] = (
                None if value is None else field.kind.coerce(field, field.kind.to_json(field, value))
            )
        except ValueProblem as wrong:
            problems.append(invalid(field, wrong))
    stage = entity.stage
    if stage is not None and values.get(stage.name) is None and stage.choices:
        values[stage.name] = stage.choices[0].value


@lru_cache(maxsize=512)
def _order(key: tuple[tuple[str, frozenset[str]], ...]) -> tuple[str, ...]:
    sorter = TopologicalSorter(dict(key))
    try:
        return tuple(sorter.static_order())
    except CycleError:
        return tuple(name for name, _ in key)


def ordered_defaults(entity: Entity) -> list[Field]:
    """Fields that have a default, each after those that its default reads."""
    having = {n: f for n, f in entity.fields.items() if f.default is not None}
    key = tuple((n, frozenset(_first(f) & having.keys() - {n})) for n, f in having.items())
    return [having[n] for n in _order(key)]


def _first(field: Field) -> set[str]:
    """Own fields that a default reads."""
    assert field.default is not None
    found = set()
    for needed in dependencies(field.default.tree):
        found.add(needed.hops[0].field if needed.hops else needed.field)
    return found
