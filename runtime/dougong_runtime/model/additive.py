"""Which stored roll-ups move by deltas: sums and counts over the records that name one, by those records' own fields.

Such a figure is a sum over its children of what each gives by itself, so that a child that comes, goes, moves or
changes moves it by a difference. All else (MIN, MAX, AVG, figures over two steps or link tables, conditions that look
elsewhere or at the clock, values with more places than the field keeps) is computed anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dougong_runtime.fields.base import Field
from dougong_runtime.formulas.dependencies import nodes
from dougong_runtime.formulas.tree import Aggregate, Call, Literal, Node, Path
from dougong_runtime.formulas.types import Kind
from dougong_runtime.model.app import App, Entity

PLAIN_FUNCTIONS = frozenset(
    {
        *("_and", "_or", "_not", "_eq", "_ne", "_lt", "_le", "_gt", "_ge", "in", "between", "isblank"),
        *("_add", "_sub", "_mul", "_neg", "abs", "if", "coalesce"),
    }
)
"""Functions that a child's contribution may use: of the child's values alone, the same at any time and in any zone."""


@dataclass(frozen=True, slots=True)
class Term:
    """A sum or count that is part of a figure."""

    source: str
    """Entity of the children."""
    reference: str
    """Their field that names the record whose figure it is."""
    counts: bool
    value: Node | None
    condition: Node | None
    sign: int
    fields: tuple[str, ...]
    """Fields of a child that decide what it gives and to whom."""


@dataclass(frozen=True)
class Additive:
    """An app's figures that move by deltas."""

    terms: Mapping[tuple[str, str], tuple[Term, ...]]
    """(Entity, field) → the terms whose sum it is."""
    watched: Mapping[str, tuple[str, ...]]
    """Entity of children → those of its fields that some figure is made of."""

    @classmethod
    def of(cls, app: App) -> Additive:
        """Find them."""
        found: dict[tuple[str, str], tuple[Term, ...]] = {}
        watched: dict[str, set[str]] = {}
        for entity in app.entities.values():
            for field in entity.fields.values():
                terms = _terms_of(app, field) if field.is_stored_formula else None
                if terms:
                    found[entity.name, field.name] = terms
                    for term in terms:
                        watched.setdefault(term.source, set()).update(term.fields)
        return cls(found, {name: tuple(sorted(fields)) for name, fields in watched.items()})


def _terms_of(app: App, field: Field) -> tuple[Term, ...] | None:
    """The terms of a formula, or None where it is more than sums and counts added up."""
    if field.formula is None or field.value_type.kind is not Kind.NUMBER:
        return None
    found = []
    for sign, part in _addends(field.formula.tree, 1):
        term = _term(app, field, sign, part)
        if term is None:
            return None
        found.append(term)
    return tuple(found)


def _addends(tree: Node, sign: int) -> Iterator[tuple[int, Node]]:
    match tree:
        case Call(function="_add", arguments=(a, b)):
            yield from _addends(a, sign)
            yield from _addends(b, sign)
        case Call(function="_sub", arguments=(a, b)):
            yield from _addends(a, sign)
            yield from _addends(b, -sign)
        case Call(function="_neg", arguments=(a,)):
            yield from _addends(a, -sign)
        case _:
            yield sign, tree


def _term(app: App, field: Field, sign: int, node: Node) -> Term | None:
    if not isinstance(node, Aggregate) or node.function not in ("sum", "count") or node.base != "row":
        return None
    if len(node.hops) != 1 or node.hops[0].way != "back":
        return None
    hop = node.hops[0]
    child = app.entities[hop.entity]
    if child.fields[hop.field].is_polymorphic:
        return None
    counts = node.function == "count"
    if not counts and (node.value is None or node.value.type.scale > field.value_type.scale):
        return None
    read = {hop.field}
    for part in (node.value, node.condition):
        if part is None:
            continue
        names = _own_fields(child, part)
        if names is None:
            return None
        read |= names
    return Term(child.name, hop.field, counts, node.value, node.condition, sign, tuple(sorted(read)))


def _own_fields(child: Entity, tree: Node) -> set[str] | None:
    """The child's fields that a tree reads; None where it is made of more than them."""
    found = set()
    for node in nodes(tree):
        match node:
            case Literal():
                continue
            case Call(function=name) if name in PLAIN_FUNCTIONS:
                continue
            case Path(base="row", hops=(), part=None, field=name) if _is_plain(child.fields.get(name)):
                found.add(name)
            case _:
                return None
    return found


def _is_plain(field: Field | None) -> bool:
    """Whether a change of a record tells this field's value before and after."""
    return (
        field is not None
        and field.has_column
        and not (field.is_system or field.is_many or field.is_polymorphic)
        and field.value_type.kind not in (Kind.JSON, Kind.FILE, Kind.LIST)
    )
