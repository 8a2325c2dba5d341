"""A writer's JSON becomes values: names known, writable by somebody, coerced. All problems at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from dougong_runtime.errors import (
    INVALID_VALUE,
    READ_ONLY,
    SYSTEM_FIELD,
    UNKNOWN_NAME,
    Problem,
)
from dougong_runtime.fields.base import Field, Value, ValueProblem
from dougong_runtime.formulas.types import Kind
from dougong_runtime.labels import Label
from dougong_runtime.model.app import Entity
from dougong_runtime.names import nearest


def coerced(
    entity: Entity, raw: Mapping[str, Any], visible: Collection[str], problems: list[Problem]
) -> dict[str, Value]:
    """Values by field name. Adds to `problems` what is unknown, kept by the system, or wrong.

    Names that begin with `_` are no fields (`_reasons`) and are passed over; `version` is the guard of a change.
    """
    values: dict[str, Value] = {}
    for name, given in raw.items():
        if name.startswith("_") or name == "version":
            continue
        field = entity.fields.get(name)
        if field is None or name not in visible:
            problems.append(unknown_field(entity, name, visible))
        elif field.is_system or field.is_computed or field.type in _KEPT:
            problems.append(Problem(SYSTEM_FIELD, name, {"label": field.label}))
        else:
            try:
                values[name] = field.kind.coerce(field, given)
            except ValueProblem as wrong:
                problems.append(invalid(field, wrong))
    return values


_KEPT = ("autonumber", "created_at", "created_by", "updated_at", "updated_by")


def unknown_field(entity: Entity, name: str, visible: Collection[str]) -> Problem:
    """The refusal of a name: the nearest is one that this reader may see."""
    known = [n for n in visible if n in entity.fields]
    return Problem(
        UNKNOWN_NAME,
        name,
        {"name": name, "what": Label("字段", "field"), "of": entity.label, "nearest": nearest(name, known)},
    )


def invalid(field: Field, wrong: ValueProblem) -> Problem:
    """The refusal of a value, naming the field."""
    return Problem(
        INVALID_VALUE,
        field.name,
        {
            "label": field.label,
            "zh": f"「{field.label.zh}」：{wrong.label.zh}",
            "en": f"“{field.label.en}”: {wrong.label.en}",
        },
    )


def read_only(field: Field) -> Problem:
    """The refusal of a change that no grant of the writer allows."""
    return Problem(READ_ONLY, field.name, {"label": field.label})


def as_json(entity: Entity, values: Mapping[str, Value]) -> dict[str, Any]:
    """Values as they stand in JSON, by field name."""
    return {
        name: entity.fields[name].kind.to_json(entity.fields[name], value) for name, value in values.items()
    }


PLAIN_KINDS = frozenset(
    {Kind.TEXT, Kind.BOOLEAN, Kind.DATE, Kind.DATETIME, Kind.CHOICE, Kind.RECORD, Kind.LIST, Kind.NUMBER}
)
"""Kinds whose values msgspec writes just as `to_json` would."""
WRITTEN_TYPES = frozenset({"duration", "time"})
"""Types of such a kind whose JSON differs all the same."""


def is_plain(field: Field) -> bool:
    """Whether a field's values can go to msgspec as they are."""
    if field.formula is not None and not field.is_stored_formula and field.value_type.kind is Kind.NUMBER:
        return False  # computed where it is read, a whole number comes as a decimal
    return field.value_type.kind in PLAIN_KINDS and field.type not in WRITTEN_TYPES


def for_msgspec(entity: Entity, values: Mapping[str, Value]) -> dict[str, Any]:
    """Values that msgspec writes as they stand in JSON, by field name."""
    made = dict(values)
    for name, value in values.items():
        field = entity.fields[name]
        if value is not None and not is_plain(field):
            made[name] = field.kind.to_json(field, value)
    return made
