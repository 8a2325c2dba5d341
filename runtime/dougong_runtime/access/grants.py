"""Whose grants apply: the grants of a set of roles, entity by entity, with what each shows.

Several roles are united cell by cell: a person sees a cell if *one* grant gives both its row and its column. Rows and
columns are never merged apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from dougong_runtime.fields.base import Field
from dougong_runtime.formulas.shapes import EntityShape, FieldShape
from dougong_runtime.formulas.tree import Hop
from dougong_runtime.host import Viewer
from dougong_runtime.labels import Label
from dougong_runtime.lazily import cached_property
from dougong_runtime.model.app import App, Entity, Grant, Mask

Shown = Literal["yes", "masked", "no"]

ACTIONS = ("read", "create", "update", "delete", "export", "share", "import")

UNSEEN = Label("你看不到的字段", "a field that you do not see")
EVERYBODY = "everybody"
"""Name under which `explain` tells of the grants that each person has without a role."""

_COLLEAGUE_FIELDS = ("id", "version", "username", "name", "team", "active", "created_at", "updated_at")
_READ = frozenset({"read"})
_ALL = frozenset({"read", "create", "update", "delete", "export", "share", "import"})

DIRECTORY_GRANTS = (
    Grant(entity="user", actions=_READ, fields=_COLLEAGUE_FIELDS),
    Grant(entity="team", actions=_READ),
)
"""Colleagues and teams are known to all who are signed in: records name them."""

DIRECTORY_ADMIN_GRANTS = (Grant(entity="user", actions=_ALL), Grant(entity="team", actions=_ALL))
SELF_GRANT = Grant(entity="user", actions=_READ, rows="self")


PUBLIC = "public:"
"""Begins the role that strangers have who fill in a form by a link: its name follows. No document's role is so named,
nobody is given it, and with it go none of the grants that all who are signed in have."""


def public_grants(app: App, role: str) -> tuple[Grant, ...]:
    """What that role may do: create, with the fields of that form and no others; nothing unless the form is public."""
    document = app.of("form").get(role.removeprefix(PUBLIC))
    if document is None or document.data.get("public") is not True:
        return ()
    names = tuple(dict.fromkeys(_placed(document.data.get("layout"))))
    return (Grant(str(document.data["entity"]), frozenset({"create"}), fields=names),)


def _placed(part: Any) -> Iterator[str]:
    """Fields that a form's layout places, those of lists aside: they are another entity's."""
    if isinstance(part, (list, tuple)):
        for inner in part:
            yield from _placed(inner)
    elif isinstance(part, Mapping):
        for item in part.get("fields") or ():
            yield str(item.get("field")) if isinstance(item, Mapping) else str(item)
        yield from _placed(part.get("tabs"))
        yield from _placed(part.get("layout"))


@dataclass(frozen=True, slots=True)
class HeldGrant:
    """A grant with the name of the role that gives it."""

    role: str
    grant: Grant

    def shows(self, field: Field) -> Shown:
        """How the grant shows a field, on its rows."""
        g = self.grant
        if field.name in ("id", "version"):
            return "yes"
        if field.name in g.hide or (g.fields is not None and field.name not in g.fields):
            return "no"
        return "masked" if field.name in g.mask else "yes"

    def writes(self, field: Field, action: str) -> bool:
        """Whether the grant lets a person write a field with that action, on its rows."""
        g = self.grant
        if action not in g.actions or field.is_system or field.is_computed or field.type == "autonumber":
            return False
        if self.shows(field) == "no" or field.name in g.readonly:
            return False
        return g.writable is None or field.name in g.writable


@dataclass(frozen=True)
class EntityAccess:
    """What a set of roles may do with one entity."""

    entity: Entity
    held: tuple[HeldGrant, ...]
    everything: bool = False
    """The system itself: no rule binds."""

    def giving(self, action: str) -> tuple[HeldGrant, ...]:
        """Grants that give an action. `read` leaves those out that give sums only."""
        if action == "aggregate":
            return tuple(h for h in self.held if "read" in h.grant.actions)
        return tuple(
            h
            for h in self.held
            if action in h.grant.actions and not (h.grant.aggregate_only and action != "aggregate")
        )

    def can(self, action: str) -> bool:
        """Whether any row may be acted upon so."""
        return self.everything or bool(self.giving(action))

    def unevenly_written(self, names: Iterable[str]) -> frozenset[str]:
        """Of these fields those that not every grant which creates lets be filled in: which one reaches a new record
        decides."""
        creating = self.giving("create")
        fields = self.entity.fields
        return frozenset(n for n in names if not all(h.writes(fields[n], "create") for h in creating))

    @property
    def known(self) -> bool:
        """Whether the entity exists for these roles at all."""
        return self.everything or bool(self.held)

    @cached_property
    def reading(self) -> tuple[HeldGrant, ...]:
        """Grants that show records."""
        return self.giving("read")

    @cached_property
    def visible_names(self) -> frozenset[str]:
        """Fields that some grant shows, at least masked; any other is an unknown name to this reader."""
        if self.everything:
            return frozenset(self.entity.fields)
        return frozenset(
            name
            for name, f in self.entity.fields.items()
            if any(h.shows(f) != "no" for h in self.giving("aggregate"))
        ) - {"deleted_at"}

    def told(self, names: Iterable[str]) -> tuple[list[str], Label]:
        """How a refusal names fields: the names that this reader knows of, and labels; of the others only that they
        are there."""
        known, labels = [], []
        for name in names:
            if self._may_name(self.entity.fields[name]):
                known.append(name)
                labels.append(self.entity.fields[name].label)
            elif UNSEEN not in labels:
                labels.append(UNSEEN)
        return known, Label("、".join(x.zh for x in labels), ", ".join(x.en for x in labels))

    def _may_name(self, field: Field) -> bool:
        seen = self.everything or field.name in self.visible_names
        return seen or any(h.writes(field, "create") for h in self.giving("create"))

    def best(self, field: Field) -> Literal["yes", "masked", "mixed", "no"]:
        """How a field shows over all rows of this reader: `mixed` where it depends on the row."""
        if self.everything:
            return "yes"
        ways = {h.shows(field) for h in self.reading}
        if not ways or ways == {"no"}:
            return "no"
        return next(iter(ways)) if len(ways) == 1 else "mixed"


def mask_of(field: Field, grants: Iterable[HeldGrant]) -> Mask:
    """How a cell is written that these grants show masked: the most telling of their masks.

    To be given the grants that reach the record: what another grant would show elsewhere is not shown here.
    """
    masks = [h.grant.mask[field.name] for h in grants if field.name in h.grant.mask]
    telling = [m for m in masks if m.show != "none"]
    found = (telling or masks or [Mask(field.name)])[0]
    ways = [m for m in masks if m.reveal]
    return Mask(field.name, found.show, bool(ways), bool(ways) and all(m.reason for m in ways))


class Access:
    """Everything that a set of roles may do in one app. Depends on roles only, so it is shared by their holders."""

    def __init__(
        self, app: App, roles: Iterable[str], *, admin: bool = False, everything: bool = False
    ) -> None:
        self.app = app
        self.everything = everything
        held: dict[str, list[HeldGrant]] = {}
        names = sorted(roles)
        for name in names:
            role = app.roles.get(name)
            for grant in public_grants(app, name) if name.startswith(PUBLIC) else role.grants if role else ():
                held.setdefault(grant.entity, []).append(HeldGrant(name, grant))
        if not any(name.startswith(PUBLIC) for name in names):
            for grant in DIRECTORY_ADMIN_GRANTS if admin else (*DIRECTORY_GRANTS, SELF_GRANT):
                held.setdefault(grant.entity, []).append(HeldGrant("admin" if admin else EVERYBODY, grant))
        self._entities = {
            name: EntityAccess(entity, tuple(held.get(name, ())), everything)
            for name, entity in app.entities.items()
        }

    @classmethod
    def of(cls, app: App, viewer: Viewer) -> Access:
        """For a viewer, by the roles held today."""
        return cls(app, viewer.roles_in(app.name), admin=viewer.is_admin, everything=viewer.is_system)

    def entity(self, name: str) -> EntityAccess:
        """Access to one entity of the app."""
        return self._entities[name]

    @cached_property
    def shapes(self) -> Mapping[str, EntityShape]:
        """What this reader's formulas may name: fields never seen are not there at all."""
        return {name: self._shape(access) for name, access in self._entities.items()}

    def _shape(self, access: EntityAccess) -> EntityShape:
        entity = access.entity
        seen = access.visible_names
        fields = {
            n: FieldShape(n, f.value_type, f.label)
            for n, f in entity.fields.items()
            if n in seen and not f.is_many
        }
        many: dict[str, Hop] = {
            n: Hop("many", n, n, f.targets[0])
            for n, f in entity.fields.items()
            if n in seen and f.is_many and self._any(f.targets[0])
        }
        for name, inverse in entity.inverses.items():
            if self.knows_way(entity.name, name):
                many[name] = inverse.hop
        return EntityShape(entity.name, entity.label, entity.title, fields, many)

    def knows_way(self, entity: str, name: str) -> bool:
        """Whether these roles know an inverse: its field is seen, and some grant that reads does not hide the list."""
        mine, inverse = self._entities[entity], self._entities[entity].entity.inverses[name]
        if inverse.field not in self._entities[inverse.entity].visible_names:
            return False
        return self.everything or any(name not in h.grant.hide for h in mine.giving("aggregate"))

    def _any(self, entity: str) -> bool:
        return bool(self._entities[entity].visible_names)


def shapes_of(app: App) -> Mapping[str, EntityShape]:
    """All names of an app, as the system's own formulas may use them."""
    return Access(app, (), everything=True).shapes
