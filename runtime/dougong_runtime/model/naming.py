"""Formulas typed, with every name in them told: what it means, and where in the text it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from dougong_runtime.documents.refactor import quoted_like
from dougong_runtime.documents.references import Target
from dougong_runtime.formulas.check import Checked, Checker, Place
from dougong_runtime.formulas.dependencies import reads_clock, reads_user
from dougong_runtime.formulas.parse import Calling, Chain, Constant, Name, Several, Syntax, parse
from dougong_runtime.formulas.resolve import Resolved
from dougong_runtime.formulas.shapes import Shapes
from dougong_runtime.formulas.types import ValueType

_ROLE_TESTS = ("has", "in", "has_role")
STEPS = "steps"


@dataclass(frozen=True, slots=True)
class Named:
    """A name in a formula: what it means, and which characters say it (quotes included)."""

    target: Target
    offset: int
    length: int


def check_named(
    text: str,
    *,
    entity: str | None,
    shapes: Shapes,
    settings: Mapping[str, ValueType],
    place: Place,
    expect: ValueType | None,
    variables: Mapping[str, ValueType],
    result_of: str = "",
) -> tuple[Checked, tuple[Named, ...]]:
    """A formula typed as by `check_formula`, with its names in the order of the text. Raises FormulaProblems.

    `result_of`: the choice (`entity.field`) that the result is a value of, so that plain results are its options.
    """
    syntax = parse(text)
    checker = _Noting(shapes, settings, place, entity, variables)
    tree = checker.whole(syntax, expect)
    named = {(one.offset, one.length): one for one in checker.names()}
    for one in checker.constants(syntax):
        named.setdefault((one.offset, one.length), one)
    if expect is not None and expect.options and result_of:
        for part in _results(syntax):
            if part.value in expect.options:
                one = Named(Target("option", str(part.value), result_of), part.offset, part.length)
                named.setdefault((one.offset, one.length), one)
    checked = Checked(text, tree, reads_clock(tree), reads_user(tree))
    return checked, tuple(sorted(named.values(), key=lambda one: one.offset))


def renamed(
    text: str,
    names: Mapping[Target, str],
    *,
    entity: str | None,
    shapes: Shapes,
    settings: Mapping[str, ValueType],
    place: Place,
) -> str:
    """A formula with what it means called otherwise, the writer's spacing and spelling kept; the same word that means
    something else stays. `shapes` and `settings` are those before. Raises FormulaProblems for one that is wrong."""
    _, found = check_named(
        text, entity=entity, shapes=shapes, settings=settings, place=place, expect=None, variables={}
    )
    for one in reversed(found):
        new = names.get(one.target)
        if new is not None:
            end = one.offset + one.length
            text = text[: one.offset] + quoted_like(text[one.offset : end], new) + text[end:]
    return text


class _Noting(Checker):
    """A checker that keeps where each dotted name led."""

    def __init__(
        self,
        shapes: Shapes,
        settings: Mapping[str, ValueType],
        place: Place,
        entity: str | None,
        variables: Mapping[str, ValueType],
    ) -> None:
        super().__init__(shapes, settings, place, entity, variables)
        self.led: dict[int, tuple[Name, Resolved, str]] = {}
        """Offset of a name → the name, where it leads, the entity it starts from."""

    def resolve(self, syntax: Name) -> Resolved:
        """As any checker, and kept."""
        found = super().resolve(syntax)
        outer = self.frame.outer
        start = {
            "this": (outer.entity if outer is not None else None) or "",
            "user": "user",
            "variable": next(iter(self.variables[found.variable].targets), "") if found.variable else "",
        }.get(found.base, self.frame.entity or "")
        self.led[syntax.offset] = (syntax, found, start)
        return found

    def names(self) -> Iterator[Named]:
        """The parts of all dotted names."""
        for syntax, found, start in self.led.values():
            skipped = len(found.variable.split(".")) if found.variable else found.base in ("this", "old")
            if found.variable.startswith(f"{STEPS}."):
                yield Named(Target("step", syntax.parts[1]), syntax.part_offsets[1], len(syntax.parts[1]))
            here = start
            parts = list(zip(syntax.parts, syntax.part_offsets, strict=True))[int(skipped) :]
            for index, (part, offset) in enumerate(parts):
                if index < len(found.hops):
                    hop = found.hops[index]
                    kind = "field" if hop.way in ("forward", "many") else "inverse"
                    yield Named(Target(kind, part, here), offset, len(part))
                    here = hop.entity
                elif index == len(found.hops) and here and part != "id":
                    yield Named(Target("field", part, here), offset, len(part))

    def constants(self, syntax: Syntax) -> Iterator[Named]:
        """Texts that are options, settings or roles, because of what stands beside them."""
        parts = _parts(syntax)
        texts = [part for part in parts if isinstance(part, Constant) and part.value is not None]
        if isinstance(syntax, Calling) and syntax.function == "setting":
            for text in texts:
                yield Named(Target("setting", str(text.value)), text.offset, text.length)
        elif isinstance(syntax, Calling) and syntax.function in _ROLE_TESTS and _asks_roles(syntax):
            for text in texts:
                yield Named(Target("role", str(text.value)), text.offset, text.length)
        for part in parts:
            led = self.led.get(part.offset) if isinstance(part, Name) else None
            if led is None or not led[1].type.options:
                continue
            owner = f"{_end(led[1], led[2])}.{led[1].field}"
            for text in texts:
                if text.value in led[1].type.options:
                    yield Named(Target("option", str(text.value), owner), text.offset, text.length)
        for part in parts:
            yield from self.constants(part)


def _parts(syntax: Syntax) -> tuple[Syntax, ...]:
    match syntax:
        case Calling(arguments=arguments):
            return arguments
        case Chain(first, rest):
            return (first, *(side for _, side in rest))
        case Several(items):
            return items
        case _:
            return ()


def _asks_roles(syntax: Calling) -> bool:
    roles = any(
        isinstance(a, Calling) and a.function == "user" and a.parts == ("roles",) for a in syntax.arguments
    )
    return roles or syntax.function == "has_role"


def _end(found: Resolved, start: str) -> str:
    return found.hops[-1].entity if found.hops else start


def _results(syntax: Syntax) -> Iterator[Constant]:
    """The constants that a formula can give back: itself, or what stands in the branches of an IF."""
    match syntax:
        case Constant():
            yield syntax
        case Calling("if", _, arguments):
            for argument in arguments[1:]:
                yield from _results(argument)
        case Calling("coalesce" | "ifs" | "switch", _, arguments):
            for argument in arguments:
                yield from _results(argument)
        case _:
            return


def with_owner(named: Named, workflow: str) -> Target:
    """The target, a step's with its workflow."""
    return replace(named.target, owner=workflow) if named.target.kind == "step" else named.target
