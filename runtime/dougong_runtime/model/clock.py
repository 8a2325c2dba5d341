"""What follows the clock without naming it: formulas that read computed fields which follow it and are not stored.

`z = y + 1` with `y = YEAR(TODAY())` is another number next year, though no record changes: it is computed when it is
read, as `y` is, or kept by a `refresh` of its own. A field kept by a refresh ends the chain: those that read it follow
from stored data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from dougong_runtime.fields.base import Field
from dougong_runtime.formulas.dependencies import dependencies
from dougong_runtime.model.app import Entity
from dougong_runtime.model.graph import Node, end_of


def with_followers(entities: Mapping[str, Entity]) -> dict[str, Entity]:
    """The entities, with every formula marked that follows the clock by what it reads."""
    computed = {
        (entity.name, field.name): field
        for entity in entities.values()
        for field in entity.fields.values()
        if field.formula is not None
    }
    read = {node: _read(node, field) & computed.keys() for node, field in computed.items()}
    following = {
        node for node, field in computed.items() if field.formula is not None and field.formula.clock
    }
    found: set[Node] = set()
    while True:
        unstored = {node for node in following if computed[node].refresh is None}
        more = {node for node in read.keys() - following if read[node] & unstored}
        if not more:
            break
        following |= more
        found |= more
    marked = {name for name, _ in found}
    return {name: _marked(entity, found) if name in marked else entity for name, entity in entities.items()}


def _read(node: Node, field: Field) -> set[Node]:
    assert field.formula is not None
    return {(end_of(node[0], d.hops), d.field) for d in dependencies(field.formula.tree)}


def _marked(entity: Entity, found: set[Node]) -> Entity:
    fields = {
        name: replace(field, formula=replace(field.formula, clock=True))
        if field.formula is not None and (entity.name, name) in found
        else field
        for name, field in entity.fields.items()
    }
    return replace(entity, fields=MappingProxyType(fields))
