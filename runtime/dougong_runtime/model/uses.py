"""What a typed formula names: entities' fields, inverses, options and settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import assert_never

from dougong_runtime.documents.references import Target
from dougong_runtime.formulas.tree import (
    Aggregate,
    Call,
    Changed,
    Context,
    Hop,
    Literal,
    Node,
    Path,
    Setting,
)
from dougong_runtime.formulas.types import ValueType


def uses_of(
    tree: Node, entity: str, variables: Mapping[str, ValueType] = MappingProxyType({}), outer: str | None = None
) -> Iterator[Target]:
    """Everything that a formula over `entity` names, in the order of its text; `outer` is where `THIS` stands."""
    start = _Starts(entity, variables, outer)
    match tree:
        case Literal() | Context():
            return
        case Setting(code):
            yield Target("setting", code)
        case Changed(name):
            yield Target("field", name, entity)
        case Path(base, hops, name, variable=variable):
            here, targets = _along(start.of(base, variable), hops)
            yield from targets
            if here and name != "id":
                yield Target("field", name, here)
        case Call(_, arguments):
            for argument in arguments:
                yield from uses_of(argument, entity, variables, outer)
            yield from _options(arguments, start)
        case Aggregate(_, base, hops, value, condition, order):
            inner, targets = _along(start.of(base, getattr(tree, "variable", "")), hops)
            yield from targets
            for part in (value, condition, order):
                if part is not None:
                    yield from uses_of(part, inner, variables, entity)
        case _:
            assert_never(tree)


@dataclass(frozen=True, slots=True)
class _Starts:
    """Which entity a path begins at."""

    entity: str
    variables: Mapping[str, ValueType]
    outer: str | None

    def of(self, base: str, variable: str) -> str:
        if base == "user":
            return "user"
        if base == "variable":
            known = self.variables.get(variable)
            return known.targets[0] if known is not None and known.targets else ""
        return self.outer or self.entity if base == "this" else self.entity


def _along(start: str, hops: tuple[Hop, ...]) -> tuple[str, list[Target]]:
    here, targets = start, []
    for hop in hops:
        kind = "field" if hop.way in ("forward", "many") else "inverse"
        targets.append(Target(kind, hop.name, here))
        here = hop.entity
    return here, targets


def _options(arguments: tuple[Node, ...], start: _Starts) -> Iterator[Target]:
    """Literals that stand beside a choice are its options."""
    paths = [argument for argument in arguments if isinstance(argument, Path) and argument.type.options]
    for argument in arguments:
        if not isinstance(argument, Literal):
            continue
        for path in paths:
            if argument.value in path.type.options:
                here, _ = _along(start.of(path.base, path.variable), path.hops)
                yield Target("option", str(argument.value), f"{here}.{path.field}")


def results_of(tree: Node) -> Iterator[Literal]:
    """The constants that a formula can give back: itself, or what stands in the branches of an IF."""
    match tree:
        case Literal():
            yield tree
        case Call("if", arguments):
            for argument in arguments[1:]:
                yield from results_of(argument)
        case Call("coalesce", arguments):
            for argument in arguments:
                yield from results_of(argument)
        case _:
            return


def first_field(tree: Node) -> str | None:
    """The first field of the record itself that a formula reads."""
    match tree:
        case Path("row" | "old" | "this", hops, name):
            return hops[0].field if hops else name
        case Changed(name):
            return name
        case Call(_, arguments):
            return next((found for a in arguments if (found := first_field(a)) is not None), None)
        case _:
            return None
