"""The reading for renames: the same text with names replaced, the writer's spacing and spelling kept."""

from __future__ import annotations

from collections.abc import Mapping

from dougong_runtime.formulas.check import Checker, Place
from dougong_runtime.formulas.parse import Name, parse
from dougong_runtime.formulas.resolve import Resolved
from dougong_runtime.formulas.shapes import Shapes
from dougong_runtime.formulas.types import ValueType


def rewrite(
    text: str,
    entity: str | None,
    shapes: Shapes,
    renames: Mapping[tuple[str, str], str],
    *,
    settings: Mapping[str, ValueType] | None = None,
    place: Place = "rule",
    variables: Mapping[str, ValueType] | None = None,
) -> str:
    """A formula after fields and inverses were renamed: (entity, old name) → new name.

    `shapes` are those before the rename, in which the formula is right. A name is replaced where it means that
    field, wherever the path begins; the same word elsewhere stays. Raises FormulaProblems for a formula that is wrong.
    """
    spots = _Spots(shapes, settings or {}, place, entity, variables or {})
    spots.whole(parse(text), None)
    for offset, (owner, word) in sorted(spots.found.items(), reverse=True):
        new = renames.get((owner, word))
        if new is not None:
            text = text[:offset] + new + text[offset + len(word) :]
    return text


class _Spots(Checker):
    """A checker that notes, for each part of each path, which entity's name it is."""

    def __init__(
        self,
        shapes: Shapes,
        settings: Mapping[str, ValueType],
        place: Place,
        entity: str | None,
        variables: Mapping[str, ValueType],
    ) -> None:
        super().__init__(shapes, settings, place, entity, variables)
        self.found: dict[int, tuple[str, str]] = {}
        """Offset → (entity, name)."""

    def resolve(self, syntax: Name) -> Resolved:
        """As any checker, and noted."""
        found = super().resolve(syntax)
        skipped = len(found.variable.split(".")) if found.variable else int(found.base in ("this", "old"))
        here = self._start(found)
        for index, part in enumerate(syntax.parts[skipped:]):
            if here is None or index > len(found.hops):
                break
            self.found[syntax.part_offsets[skipped + index]] = (here, part)
            here = found.hops[index].entity if index < len(found.hops) else None
        return found

    def _start(self, found: Resolved) -> str | None:
        """The entity whose field the first part is."""
        match found.base:
            case "variable":
                return next(iter(self.variables[found.variable].targets), None)
            case "user":
                return "user"
            case "this":
                return self.frame.outer.entity if self.frame.outer is not None else None
            case "row" | "old":
                return self.frame.entity
