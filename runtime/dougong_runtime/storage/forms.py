"""What a field looks like in the database, to tell whether a change of its document changes its storage."""

from __future__ import annotations

from typing import TypeAlias

from dougong_runtime.fields.base import Field
from dougong_runtime.formulas.types import Kind

Form: TypeAlias = tuple[str | int, ...]
"""Equal forms are equal columns."""

_TO_TEXT = frozenset(
    {
        "text",
        "autonumber",
        "phone",
        "email",
        "id_number",
        "color",
        "choice",
        "stage",
        "formula",
        "url",
        "address",
    }
)
_SAME_VALUES: frozenset[tuple[str, str]] = frozenset(
    {(kind, "long_text") for kind in (*_TO_TEXT, "filter")}
    | {(kind, "text") for kind in _TO_TEXT - {"url", "address"}}
    | {("decimal", "money"), ("money", "decimal"), ("percent", "decimal"), ("decimal", "percent")}
    | {("money", "percent"), ("percent", "money"), ("rating", "integer"), ("duration", "integer")}
    | {
        ("choice", "stage"),
        ("stage", "choice"),
        ("multi_choice", "tags"),
        ("image", "file"),
        ("signature", "file"),
    }
    | {("signature", "image")}
    | {("user", "reference"), ("team", "reference"), ("reference", "user"), ("reference", "team")}
)
"""From a type to another of the same form, where every value of the one is a value of the other."""


def form(field: Field) -> Form:
    """The form of a field; `("none",)` where it has no column and no link table."""
    if field.is_many:
        return ("link", *field.targets)
    if not field.has_column:
        return ("none",)
    value_type = field.value_type
    match value_type.kind:
        case Kind.NUMBER:
            if value_type.scale == 0 and value_type.precision <= 18:
                return ("integer",)
            return ("number", value_type.precision, value_type.scale)
        case Kind.CHOICE:
            whole = bool(value_type.options) and all(isinstance(o, int) for o in value_type.options)
            return ("integer",) if whole else ("text",)
        case Kind.RECORD:
            return ("record", *field.targets) if field.formula is None else ("record",)
        case _:
            return (value_type.kind.value,)


def keeps_values(before: Field, after: Field) -> bool:
    """Whether the column can stay as it is: same form, and no value needs another look."""
    if form(before) != form(after):
        return False
    if before.type == after.type or before.formula is not None:
        return True
    return (before.type, after.type) in _SAME_VALUES
