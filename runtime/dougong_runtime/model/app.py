"""An app as the runtime sees it: plain immutable values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dougong_runtime.fields.base import Field, Formula
from dougong_runtime.formulas.tree import Hop
from dougong_runtime.labels import Label
from dougong_runtime.lazily import cached_property


@dataclass(frozen=True, slots=True)
class Rule:
    """Checked on every write, from any door. `when` None: always. A `warn` asks for a reason, which is kept."""

    id: str
    name: str
    check: Formula
    message: Label
    when: Formula | None = None
    severity: str = "block"
    field: str | None = None
    """Where a form shows it; the first field that the check reads, unless the document says."""


@dataclass(frozen=True, slots=True)
class Unique:
    """No two living records agree in all `fields` (among those for which `when` is true)."""

    id: str
    fields: tuple[str, ...]
    when: Formula | None = None
    message: Label | None = None


@dataclass(frozen=True, slots=True)
class Lock:
    """While `when` is true nothing but `fields` may change."""

    id: str
    when: Formula
    fields: tuple[str, ...] = ()
    """The document's `except`."""
    message: Label | None = None


@dataclass(frozen=True, slots=True)
class Retain:
    """No deletion before `years` after the date in `field`."""

    years: int
    field: str


@dataclass(frozen=True, slots=True)
class Inverse:
    """The way back along a reference: `visits` of a patient are the visits whose `patient` names it."""

    name: str
    entity: str
    """Whose field it is."""
    field: str
    many: bool = False
    """Whether that field is a `references` (a link table) rather than a reference (a column)."""

    @property
    def hop(self) -> Hop:
        """The same as a step of a path."""
        return Hop("many_back" if self.many else "back", self.name, self.field, self.entity)


@dataclass(frozen=True)
class Entity:
    """A kind of record, with everything that guards it."""

    app: str
    """Name of the app; `dougong` for the directory's `user` and `team`."""
    id: str
    name: str
    label: Label
    title: str
    """Name of the field that names a record."""
    fields: Mapping[str, Field]
    """In the document's order, system fields first (`id`, `version`, …)."""
    inverses: Mapping[str, Inverse] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    unique: tuple[Unique, ...] = ()
    locks: tuple[Lock, ...] = ()
    append_only: bool = False
    retain: Retain | None = None
    comments: tuple[str, ...] | None = None
    """Roles whose holders may comment on its records; None: whoever reads them."""
    was: tuple[str, ...] = ()
    icon: str = "box"
    help: Label | None = None
    plural: Label | None = None

    @property
    def table(self) -> str:
        """Name of its table: `<app>__<entity>`."""
        return f"{self.app}__{self.name}"

    @cached_property
    def own_fields(self) -> tuple[Field, ...]:
        """Without the system's."""
        return tuple(f for f in self.fields.values() if not f.is_system)

    @cached_property
    def references(self) -> tuple[str, ...]:
        """Names of the fields that hold one record of one entity, the system's included."""
        return tuple(n for n, f in self.fields.items() if f.is_reference)

    @cached_property
    def pointing(self) -> tuple[str, ...]:
        """Names of all fields whose values name records."""
        return tuple(n for n, f in self.fields.items() if f.targets)

    @cached_property
    def odd_fields(self) -> frozenset[str]:
        """Fields that are not one column of their own name: link tables, and references to several entities."""
        return frozenset(n for n, f in self.fields.items() if f.is_many or f.is_polymorphic)

    @cached_property
    def stage(self) -> Field | None:
        """The field of type stage, if it has one (at most one)."""
        return next((f for f in self.fields.values() if f.type == "stage"), None)

    @cached_property
    def owner_field(self) -> str:
        """Which field says whose a record is: `owner` where that is a user, else `created_by`."""
        found = self.fields.get("owner")
        return "owner" if found is not None and found.targets == ("user",) else "created_by"


@dataclass(frozen=True, slots=True)
class Mask:
    """How a field shows to a role that may see that it is there, but not what it says."""

    field: str
    show: str = "none"
    """none, last4, first1, domain."""
    reveal: bool = False
    """Whether the whole value may be asked for; audited."""
    reason: bool = False
    """Whether who asks for it has to say why."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a role may do with an entity, on which rows, with which columns."""

    entity: str
    actions: frozenset[str]
    """read, create, update, delete, export, share, import."""
    rows: str | Formula | Inherit = "all"
    """`own`, `team`, `team_below`, `all`, a formula, or inheritance along a reference."""
    fields: tuple[str, ...] | None = None
    """Fields shown; None for all."""
    hide: frozenset[str] = frozenset()
    mask: Mapping[str, Mask] = field(default_factory=dict, hash=False)
    readonly: frozenset[str] = frozenset()
    writable: frozenset[str] | None = None
    """Fields that may be written; None for all that are not readonly."""
    aggregate_only: bool = False
    at_least: int = 0


@dataclass(frozen=True, slots=True)
class Inherit:
    """Whoever may read the record that `field` names."""

    field: str


@dataclass(frozen=True, slots=True)
class Role:
    """A role of an app."""

    id: str
    name: str
    label: Label
    grants: tuple[Grant, ...]
    forbid: tuple[frozenset[str], ...] = ()
    was: tuple[str, ...] = ()
    home: str | None = None
    """Name of the page or view it starts on."""
    settings: bool = False
    """Whether its holders may change the values of the app's settings."""
    share_views: bool = False
    """Whether its holders may share saved views with every role, and look after those that are shared."""
    build: bool = False
    """Whether its holders may change the app's draft."""
    publish: bool = False
    """Whether its holders may publish the draft and go back to versions."""


@dataclass(frozen=True, slots=True)
class SettingValue:
    """A value that staff change without publishing."""

    code: str
    field: Field
    """Its type, as a field has it."""
    value: Any
    label: Label
    minimum: Any = None
    maximum: Any = None
    group: Label | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A document of a kind that the core knows only by name (form, view, page, workflow, report …)."""

    kind: str
    id: str
    name: str
    label: Label
    data: Mapping[str, Any]
    """As written, validated; ids filled in."""
    linked: Any = None
    """What the kind's `link` made of it, a frozen value; None where the kind has nothing to add."""


@dataclass(frozen=True)
class App:
    """One version of an app, linked."""

    name: str
    label: Label
    version: str
    entities: Mapping[str, Entity]
    """Its own and the directory's `user` and `team`."""
    roles: Mapping[str, Role]
    documents: Mapping[str, Mapping[str, Document]]
    """kind → name → document, for all kinds but app, entity and role (settings and calendar included)."""
    settings: Mapping[str, SettingValue] = field(default_factory=dict)
    source: Mapping[str, Any] = field(default_factory=dict)
    """The documents as they are kept: `{"kind/name": {…}}`, ids filled in, JSON values only."""
    menu: tuple[Mapping[str, Any], ...] = ()
    requires: tuple[Mapping[str, Any], ...] = ()

    def of(self, kind: str) -> Mapping[str, Document]:
        """Documents of one kind by name; empty where there are none."""
        return self.documents.get(kind, {})

    @cached_property
    def own_entities(self) -> tuple[Entity, ...]:
        """Without the directory's."""
        return tuple(e for e in self.entities.values() if e.app == self.name)
