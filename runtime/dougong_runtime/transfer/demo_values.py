"""Values of demo data as the one door takes them: coerced, constant defaults filled in, helpers left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from dougong_runtime.fields.base import Field, Value, ValueProblem
from dougong_runtime.formulas.tree import Literal
from dougong_runtime.formulas.types import Kind
from dougong_runtime.model.app import App, Entity
from dougong_runtime.transfer.demo_world import DemoProblem, Row

HELPER = "_"
"""A name that begins so is for other generators to read and is not loaded."""
_AS_MADE = ("boolean", "date", "datetime")
"""Types whose values generators make as they are stored; from a file they come as text."""
_PLAIN = ("text", "reference", "user", "team", "references")
"""Types whose values are stored as generators and files give them."""


class Values:
    """Makes rows of any entity of an app ready."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._of: dict[str, tuple[dict[str, Callable[[Any], Value]], Row]] = {}

    def ready(self, entity: str, row: Row) -> Row:
        """The row as `load_many` takes it. Raises DemoProblem for an unknown field or a value that does not fit."""
        if entity not in self._of:
            self._of[entity] = _prepared(self._entity(entity))
        converters, defaults = self._of[entity]
        made = dict(defaults)
        for name, value in row.items():
            if name.startswith(HELPER):
                continue
            try:
                made[name] = value if value is None else converters[name](value)
            except KeyError:
                raise DemoProblem(entity, f'"{name}" is no field that can be written') from None
            except ValueProblem as problem:
                raise DemoProblem(f"{entity}.{name}", f"{value!r}: {problem.label.en}") from None
        return made

    def _entity(self, name: str) -> Entity:
        found = self._app.entities.get(name)
        if found is None:
            raise DemoProblem(name, "there is no such entity")
        return found


def _prepared(entity: Entity) -> tuple[dict[str, Callable[[Any], Value]], Row]:
    writable = [f for f in entity.own_fields if not f.is_computed and f.type != "autonumber"]
    converters: dict[str, Callable[[Any], Value]] = {f.name: _converter(f) for f in writable}
    converters["id"] = str
    defaults = {
        f.name: _converter(f)(f.default.tree.value)
        for f in writable
        if f.default is not None and isinstance(f.default.tree, Literal) and f.default.tree.value is not None
    }
    return converters, defaults


def _converter(field: Field) -> Callable[[Any], Value]:
    kind = field.value_type.kind
    if kind is Kind.NUMBER and field.value_type.scale:
        places = Decimal(1).scaleb(-field.value_type.scale)
        return lambda value: Decimal(str(value)).quantize(places, ROUND_HALF_UP)
    if kind is Kind.NUMBER:
        return int
    if kind is Kind.CHOICE and all(isinstance(option.value, str) for option in field.choices):
        return lambda value: value
    if field.type in _PLAIN:
        return lambda value: value
    if field.type in _AS_MADE:
        return lambda value: field.kind.coerce(field, value) if isinstance(value, str) else value
    return lambda value: field.kind.coerce(field, value)


def written(row: Mapping[str, Any]) -> dict[str, str]:
    """A row as text, for a CSV file."""
    return {name: "" if value is None else str(value) for name, value in row.items()}
