"""Field types: what a field can hold, a family a file. Importing the package fills the registry `FIELD_TYPES`."""

from __future__ import annotations

from dougong_runtime.fields import choices, computed, contacts, files, links, numbers, text, times
from dougong_runtime.fields.base import (
    FIELD_TYPES,
    Field,
    FieldType,
    Formula,
    Option,
    Transition,
    ValueProblem,
)

__all__ = [
    "FIELD_TYPES",
    "Field",
    "FieldType",
    "Formula",
    "Option",
    "Transition",
    "ValueProblem",
    "choices",
    "computed",
    "contacts",
    "files",
    "links",
    "numbers",
    "text",
    "times",
]
