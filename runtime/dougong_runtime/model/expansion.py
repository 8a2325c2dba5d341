"""What computed fields come to when they are read: one that is not stored stands, whole, in each that reads it.

Ten fields of which each reads the one before twice would be a statement of a thousand times the first, forty of them
one of a million million. Such an app is refused when it is linked, not when somebody opens a page.
"""

from __future__ import annotations

from collections.abc import Iterator

from dougong_runtime.documents.problems import FORMULA_WRONG, hinted
from dougong_runtime.errors import Problem
from dougong_runtime.formulas.dependencies import parts
from dougong_runtime.formulas.tree import Aggregate, Node, Path
from dougong_runtime.model.app import App
from dougong_runtime.model.graph import Node as FieldOf
from dougong_runtime.model.graph import end_of

WEIGHT_MAX = 3_000
"""Parts of a computed field, with all that it reads and that is not stored."""
DEPTH_MAX = 40
"""Computed fields that read one another and are not stored, one within the other."""


def find_too_heavy(app: App) -> Iterator[tuple[FieldOf, Problem]]:
    """Computed fields that come to too much, each with the problem. The formulas must be free of circles."""
    weights = _Weights(app)
    for entity in app.own_entities:
        for field in entity.own_fields:
            if field.formula is not None and weights.of_field(entity.name, field.name) is None:
                where = f"{entity.name}.{field.name}"
                facts = {
                    "zh": f"公式「{where}」连同它读取的计算字段太复杂，请改为存储的公式或拆开。",
                    "en": f"The formula “{where}”, with the computed fields that it reads, is too complex: "
                    "let some of them be stored, or take it apart.",
                }
                yield (entity.name, field.name), Problem(FORMULA_WRONG, None, hinted(facts))


class _Weights:
    def __init__(self, app: App) -> None:
        self._app = app
        self._known: dict[FieldOf, int | None] = {}
        self._depth = 0

    def of_field(self, entity: str, name: str) -> int | None:
        """Parts of a computed field; 1 of any other; None where there are too many."""
        field = self._app.entities[entity].fields.get(name) if entity in self._app.entities else None
        if field is None or field.formula is None:
            return 1
        if (entity, name) not in self._known:
            self._depth += 1
            found = None if self._depth > DEPTH_MAX else self._of(field.formula.tree, entity, entity)
            self._depth -= 1
            self._known[entity, name] = found
        return self._known[entity, name]

    def _of(self, node: Node, here: str, outer: str) -> int | None:
        if isinstance(node, Path):
            return self._of_path(node, here, outer)
        inside = (here, outer)
        if isinstance(node, Aggregate):
            start = {"this": outer, "user": "user"}.get(node.base, here)
            inside = (end_of(start, node.hops), start)
        total = 1
        for part in parts(node):
            found = self._of(part, *inside)
            if found is None or total + found > WEIGHT_MAX:
                return None
            total += found
        return total

    def _of_path(self, path: Path, here: str, outer: str) -> int | None:
        if path.base in ("old", "variable"):
            return 1
        start = {"this": outer, "user": "user"}.get(path.base, here)
        entity = end_of(start, path.hops)
        field = self._app.entities[entity].fields.get(path.field) if entity in self._app.entities else None
        if field is None or field.formula is None or field.has_column:
            return 1
        return self.of_field(entity, path.field)
