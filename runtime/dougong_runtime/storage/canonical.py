"""What a formula means, by the ids of what it names: equal before and after a rename."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

from dougong_runtime.fields.base import Field
from dougong_runtime.formulas.tree import Aggregate, Changed, Hop, Node, Path
from dougong_runtime.model.app import App


def meaning(app: App, entity: str, field: Field) -> Any:
    """A stored formula with every name replaced by an id, and what its column holds; comparable with `==`."""
    assert field.formula is not None
    facts = (field.value_type.kind, field.value_type.scale, field.refresh, field.visible)
    return (*facts, _canonical(app, entity, entity, field.formula.tree))


def _canonical(app: App, here: str, outer: str, node: Any) -> Any:
    match node:
        case Path():
            start = {"this": outer, "user": "user"}.get(node.base, here)
            hops, end = _hops(app, start, node.hops)
            return ("path", node.base, hops, _id(app, end, node.field), node.part)
        case Changed():
            return ("changed", _id(app, here, node.field))
        case Aggregate():
            start = {"this": outer, "user": "user"}.get(node.base, here)
            hops, end = _hops(app, start, node.hops)
            inner = tuple(_canonical(app, end, here, part) for part in _parts(node))
            return ("aggregate", node.function, node.base, hops, inner, node.separator)
        case tuple():
            return tuple(_canonical(app, here, outer, part) for part in node)
        case _ if is_dataclass(node) and not isinstance(node, type):
            return (
                type(node).__name__,
                *(
                    _canonical(app, here, outer, getattr(node, f.name))
                    for f in fields(node)
                    if f.name != "type"
                ),
            )
        case _:
            return node


def _parts(node: Aggregate) -> tuple[Node | None, ...]:
    return (node.value, node.condition, node.order)


def _hops(app: App, start: str, hops: tuple[Hop, ...]) -> tuple[tuple[tuple[str, str], ...], str]:
    found = []
    here = start
    for hop in hops:
        owner = here if hop.way in ("forward", "many") else hop.entity
        found.append((hop.way, _id(app, owner, hop.field)))
        here = hop.entity
    return tuple(found), here


def _id(app: App, entity: str, field: str) -> str:
    found = app.entities.get(entity)
    known = None if found is None else found.fields.get(field)
    return f"{entity}.{field}" if found is None or known is None else f"{found.id}.{known.id}"
