"""What a formula's names can mean: the entities of an app, by name and type only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from dougong_runtime.formulas.tree import Hop
from dougong_runtime.formulas.types import ValueType
from dougong_runtime.labels import Label


@dataclass(frozen=True, slots=True)
class FieldShape:
    """A field as formulas see it."""

    name: str
    type: ValueType
    label: Label


@dataclass(frozen=True, slots=True)
class EntityShape:
    """An entity as formulas see it. Inverses and `references` fields lead to many records, each by its hop."""

    name: str
    label: Label
    title: str
    fields: Mapping[str, FieldShape]
    many: Mapping[str, Hop] = field(default_factory=dict)
    """Inverse name, or name of a `references` field → the hop it stands for."""


Shapes: TypeAlias = Mapping[str, EntityShape]
"""Entity name → its shape; `user` and `team` included."""
