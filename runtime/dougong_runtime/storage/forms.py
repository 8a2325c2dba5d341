"""What a field looks like in the database, to tell whether a change of its document changes its storage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from dougong_runtime.fields.base import Field
from dougong_runtime.formulas.types import Kind
from dougong_runtime.model.app import App

Form: TypeAlias = tuple[str | int, ...]
"""Equal forms are equal columns."""

NO_FORM: Form = ("none",)


@dataclass(frozen=True, slots=True)
class Formed:
    """A field with its form."""

    field: Field
    form: Form

    @classmethod
    def of(cls, field: Field, app: App) -> Formed:
        """A field of an app."""
        return cls(field, form(field, {e.name: e.id for e in app.entities.values()}))

    @property
    def is_stored(self) -> bool:
        """Whether anything in the database holds it."""
        return self.form != NO_FORM

    @property
    def key(self) -> str:
        """Type and form as the trash keeps them: what another type, or a formula, left is not what people wrote."""
        return f"{self.field.type} {self.form!r}"

    def with_targets(self, renamed: Mapping[str, str]) -> Formed:
        """The same, its targets as they are called afterwards."""
        targets = tuple(renamed.get(name, name) for name in self.field.targets)
        if targets == self.field.targets:
            return self
        value_type = replace(self.field.value_type, targets=targets)
        return Formed(replace(self.field, targets=targets, value_type=value_type), self.form)


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


def form(field: Field, ids: Mapping[str, str]) -> Form:
    """The form of a field; `NO_FORM` where it has no column and no link table.

    `ids`: entity name → id, of the app the field is from, so that a renamed target makes no other form.
    """
    targets = tuple(ids.get(name, name) for name in field.targets)
    if field.is_many:
        return ("link", *targets)
    if not field.has_column:
        return NO_FORM
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
            return ("record", *targets) if field.formula is None else ("record",)
        case _:
            return (value_type.kind.value,)


def keeps_values(before: Formed, after: Formed) -> bool:
    """Whether the column can stay as it is: same form, and no value needs another look."""
    if before.form != after.form:
        return False
    if before.field.type == after.field.type or before.field.formula is not None:
        return True
    return (before.field.type, after.field.type) in _SAME_VALUES
