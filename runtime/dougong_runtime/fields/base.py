"""What a field is, and what every type of field must answer.

A field type is small: facts on the class and a dozen methods. Widgets, conversions and aggregates are registries of
their own under the same name.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeAlias

import sqlalchemy as sa

from dougong_runtime.formulas.tree import Node
from dougong_runtime.formulas.types import ValueType
from dougong_runtime.labels import Label, Language
from dougong_runtime.registry import Registry

Value: TypeAlias = Any
"""A coerced value: str, int, bool, Decimal, date, aware datetime, time, list, dict or None."""
Json: TypeAlias = Any
"""A value as it stands in JSON: decimals are strings with their scale, instants ISO 8601 with `Z`."""


@dataclass(frozen=True, slots=True)
class Option:
    """One choice. `id` never changes; `value` is what is stored."""

    id: str
    value: str | int
    label: Label
    color: str = "gray"
    was: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Transition:
    """A way from one stage to another; `roles` empty: anyone who may change the record."""

    from_: str
    to: str
    roles: tuple[str, ...] = ()
    when: Formula | None = None
    requires: tuple[str, ...] = ()
    label: Label | None = None
    message: Label | None = None


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula as written and as understood."""

    text: str
    tree: Node
    clock: bool = False
    """Whether it depends on what time it is or who asks."""

    @property
    def type(self) -> ValueType:
        """The type of its result."""
        return self.tree.type


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an entity, linked and frozen."""

    id: str
    name: str
    type: str
    """Name in the registry `FIELD_TYPES`."""
    label: Label
    value_type: ValueType
    options: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """What the document says besides, for the type to read: scale, pattern, scheme, currency, unit …"""
    required: bool = False
    unique: bool = False
    search: bool = False
    sensitive: bool = False
    help: Label | None = None
    was: tuple[str, ...] = ()
    choices: tuple[Option, ...] = ()
    """choice, multi_choice, tags, stage: in their order."""
    transitions: tuple[Transition, ...] = ()
    """stage: the ways allowed."""
    default: Formula | None = None
    formula: Formula | None = None
    """type formula: what it is always equal to."""
    refresh: str | None = None
    """formula that depends on the clock: `hourly` or `daily` where it is stored, None where computed when read."""
    visible: str = "stored"
    """formula: `rows` where it is computed per reader, over the rows that reader may see."""
    targets: tuple[str, ...] = ()
    """reference, references, user, team: names of entities."""
    inverse: str | None = None
    on_delete: str = "refuse"
    """reference: refuse, cascade or clear."""

    @property
    def kind(self) -> FieldType:
        """The type's answers."""
        return FIELD_TYPES.get(self.type)

    @property
    def is_reference(self) -> bool:
        """One record of one entity: a column with a foreign key."""
        return (
            self.type in ("reference", "user", "team", "created_by", "updated_by") and len(self.targets) == 1
        )

    @property
    def is_polymorphic(self) -> bool:
        """One record of one of several entities: two columns, `name` and `name__entity`."""
        return self.type == "reference" and len(self.targets) > 1

    @property
    def is_many(self) -> bool:
        """Many records: a link table, no column."""
        return self.type == "references"

    @property
    def is_computed(self) -> bool:
        """Never written by a person."""
        return self.formula is not None

    @property
    def is_stored_formula(self) -> bool:
        """A computed field that has a column."""
        if self.formula is None or self.visible == "rows":
            return False
        return not self.formula.clock or self.refresh is not None

    @property
    def is_system(self) -> bool:
        """Kept by the runtime: id, version, created_at …"""
        return self.name in SYSTEM_FIELDS

    @property
    def has_column(self) -> bool:
        """Whether the entity's table has a column of this name."""
        return not self.is_many and (self.formula is None or self.is_stored_formula)

    def option(self, value: object) -> Option | None:
        """The option of that value."""
        return next((o for o in self.choices if o.value == value), None)


SYSTEM_FIELDS = (
    "id",
    "version",
    "created_at",
    "created_by",
    "updated_at",
    "updated_by",
    "deleted_at",
)
"""Columns that every entity has, in this order, before its own."""


class ValueProblem(ValueError):
    """A value that a field cannot take; both sentences name what was expected, never guess."""

    def __init__(self, zh: str, en: str) -> None:
        self.label = Label(zh, en)
        super().__init__(en)


class FieldType(ABC):
    """A type of field."""

    name: ClassVar[str]
    """What documents write."""
    widget: ClassVar[str]
    """A name in `pages/widgets.py`; many types share one face."""
    label: ClassVar[Label]
    help: ClassVar[Label]
    schema: ClassVar[Mapping[str, Any]] = {}
    """JSON Schema of the properties that this type adds to a field's document."""
    sortable: ClassVar[bool] = True
    groupable: ClassVar[bool] = False

    @abstractmethod
    def value_type(self, raw: Mapping[str, Any]) -> ValueType:
        """The type its values have in formulas, from the field's document."""

    @abstractmethod
    def columns(self, field: Field) -> tuple[sa.Column[Any], ...]:
        """Fresh columns that hold it, the first named as the field; () where it has none. Nullable, without constraints."""

    @abstractmethod
    def coerce(self, field: Field, raw: object) -> Value:
        """A value from JSON, a form or a file. Empty text is None. Raises ValueProblem; never guesses."""

    @abstractmethod
    def to_json(self, field: Field, value: Value) -> Json:
        """Law: `coerce(field, to_json(field, v)) == v`."""

    @abstractmethod
    def to_text(self, field: Field, value: Value, language: Language) -> str:
        """As a person reads it; empty for None."""

    @abstractmethod
    def sample(self, field: Field, random: random.Random) -> Value:
        """Some value it can have; feeds demo data and property tests."""

    def references(self, field: Field) -> Iterator[str]:
        """Names of entities that it points at."""
        yield from field.targets


FIELD_TYPES: Registry[FieldType] = Registry("field type", "dougong.field_types")
