"""Access said once more, slowly and obviously: plain Python over plain dicts, record by record, cell by cell.

It is what the roles documents mean (decisions 0002 and 0011), written without a look at how they are compiled, and
every door is held to it. Nothing of `access/` or `records/` is imported here, and no SQL is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

Row = dict[str, Any]
"""A record as it is kept: field → JSON value; `deleted` says whether it lies in the trash."""
Rule = Callable[["Town", str, Row], bool]
"""A row rule that is a formula: (town, person, record) → whether it is true."""
Grant = Mapping[str, Any]
"""As a roles document writes it."""

ABSENT = ("absent",)
ALWAYS_SEEN = ("id", "version")
SYSTEM = ("id", "version", "created_at", "created_by", "updated_at", "updated_by")
COLLEAGUE = ["id", "version", "username", "name", "team", "active", "created_at", "updated_at"]
"""What everybody who is signed in sees of everybody."""
WRITTEN = ("text", "long_text", "email", "phone", "autonumber", "id_number", "url", "address", "rich_text")
"""Types whose masked value may show a part of itself."""


@dataclass
class Fact:
    """A field as access needs to know it."""

    type: str
    to: tuple[str, ...] = ()
    kept: bool = False
    """Written by the system alone: formulas, numbers."""
    formula: Callable[[Town, Row], Any] | None = None
    """The system's own value of a formula."""
    seen_formula: Callable[[Reference, str, Row], Any] | None = None
    """Its value for a reader, where it is `visible: rows`."""


@dataclass
class Assignment:
    """A role held, until and including a day if one is given."""

    role: str
    until: date | None = None


@dataclass
class Share:
    """A record shared with a person or a team, until an instant if one is given."""

    entity: str
    record: str
    user: str | None
    team: str | None
    write: bool
    until: datetime | None


@dataclass
class Town:
    """Everything that decides who sees what."""

    now: datetime
    today: date
    facts: dict[str, dict[str, Fact]]
    """Entity → field → what it is."""
    rows: dict[str, dict[str, Row]]
    """Entity → record id → record; people and teams are records of `user` and `team`."""
    roles: dict[str, list[dict[str, Any]]]
    """Role → its grants, as documents write them."""
    rules: dict[str, Rule]
    """Formula → what it means."""
    assignments: dict[str, list[Assignment]] = field(default_factory=dict)
    """Person → roles held."""
    shares: list[Share] = field(default_factory=list)
    admins: set[str] = field(default_factory=set)

    def team_of(self, person: str | None) -> str | None:
        """The team of a person."""
        return None if person is None else self.rows["user"][person]["team"]

    def below(self, team: str | None) -> set[str]:
        """A team and all below it."""
        found = set() if team is None else {team}
        while True:
            more = {t for t, row in self.rows["team"].items() if row["parent"] in found} - found
            if not more:
                return found
            found |= more

    def roles_of(self, person: str) -> list[str]:
        """Roles held today, in the order of their names."""
        held = self.assignments.get(person, [])
        return sorted({a.role for a in held if a.until is None or a.until >= self.today})


class Reference:
    """Who sees and may do what in a town."""

    def __init__(self, town: Town) -> None:
        self.town = town

    # --- grants and rows --------------------------------------------------------------------------------------

    def grants(self, person: str, entity: str) -> list[Grant]:
        """All grants of a person on an entity: those of their roles, then what everybody has."""
        town = self.town
        found: list[Grant] = []
        for role in town.roles_of(person):
            found += [g for g in town.roles[role] if g["entity"] == entity]
        everything = ["read", "create", "update", "delete", "export", "share", "import"]
        if person in town.admins:
            found += [{"entity": e, "actions": everything} for e in ("user", "team") if e == entity]
        elif entity == "user":
            found.append({"entity": "user", "actions": ["read"], "fields": COLLEAGUE})
            found.append({"entity": "user", "actions": ["read"], "rows": "self"})
        elif entity == "team":
            found.append({"entity": "team", "actions": ["read"]})
        return found

    def giving(self, person: str, entity: str, action: str) -> list[Grant]:
        """The grants that give an action on single records."""
        return [
            g for g in self.grants(person, entity) if action in actions(g) and not g.get("aggregate_only")
        ]

    def holds(
        self, grant: Grant, person: str, entity: str, row: Row, coming_from: tuple[str, ...] = ()
    ) -> bool:
        """Whether a grant's row rule is true of a record."""
        town = self.town
        rule = grant.get("rows", "all")
        if isinstance(rule, Mapping):
            return self._inherited(rule["inherit"], person, entity, row, coming_from)
        owner = row.get("owner") if "owner" in town.facts[entity] else row.get("created_by")
        match rule:
            case "all":
                return True
            case "self":
                return bool(row["id"] == person)
            case "own":
                return bool(owner == person)
            case "team":
                mine = town.team_of(person)
                return mine is not None and owner is not None and town.team_of(owner) == mine
            case "team_below":
                return owner is not None and town.team_of(owner) in town.below(town.team_of(person))
        return town.rules[rule](town, person, row)

    def _inherited(self, name: str, person: str, entity: str, row: Row, coming_from: tuple[str, ...]) -> bool:
        """Whoever may read the record that a field names. A way that comes back to an entity gives nothing."""
        named = row.get(name)
        if named is None:
            return False
        target = named["entity"] if isinstance(named, Mapping) else self.town.facts[entity][name].to[0]
        id = named["id"] if isinstance(named, Mapping) else named
        if target in (*coming_from, entity):
            return False
        return self.sees_row(person, target, self.town.rows[target][id], (*coming_from, entity))

    def shared(self, person: str, entity: str, row: Row, *, to_write: bool = False) -> bool:
        """Whether a record is shared with a person now, by themselves or their team."""
        return any(
            s.entity == entity
            and s.record == row["id"]
            and (s.until is None or s.until > self.town.now)
            and (s.user == person or (s.team is not None and s.team == self.town.team_of(person)))
            and (s.write or not to_write)
            for s in self.town.shares
        )

    def holding(
        self, person: str, entity: str, row: Row, action: str, coming_from: tuple[str, ...] = ()
    ) -> list[Grant]:
        """The grants by which a person may act so on a record. A share lets all that read reach it, and all that
        change it where it was shared for changes."""
        giving = self.giving(person, entity, action)
        if action == "read" and self.shared(person, entity, row):
            return giving
        if action == "update" and self.shared(person, entity, row, to_write=True):
            return giving
        return [g for g in giving if self.holds(g, person, entity, row, coming_from)]

    def sees_row(self, person: str, entity: str, row: Row, coming_from: tuple[str, ...] = ()) -> bool:
        """Whether a record is there for a person."""
        return bool(self.holding(person, entity, row, "read", coming_from))

    def may(self, person: str, entity: str, row: Row, action: str) -> bool:
        """Whether a person may act so on a record, which they must be able to read."""
        return self.sees_row(person, entity, row) and bool(self.holding(person, entity, row, action))

    # --- cells ------------------------------------------------------------------------------------------------

    def knows(self, person: str, entity: str, name: str) -> bool:
        """Whether a field is there at all for a person, on some record or in sums."""
        return any(shows(g, name) != "no" for g in self.grants(person, entity) if "read" in actions(g))

    def way(self, person: str, entity: str, row: Row, name: str) -> str:
        """How a cell shows: yes, masked or no."""
        ways = {shows(g, name) for g in self.holding(person, entity, row, "read")}
        return "yes" if "yes" in ways else "masked" if "masked" in ways else "no"

    def cell(self, person: str, entity: str, row: Row, name: str) -> tuple[Any, ...]:
        """What a person sees: `("absent",)`, or `("value", v)`, a masked value being text with dots."""
        way = self.way(person, entity, row, name)
        if way == "no":
            return ABSENT
        value = self.value(person, entity, row, name)
        if way == "yes":
            return ("value", value)
        return ("value", masked(value, self.mask(person, entity, row, name), self.town.facts[entity][name]))

    def mask(self, person: str, entity: str, row: Row, name: str) -> str:
        """The most telling mask among the grants that reach this record."""
        masks = [mask_of(g, name) for g in self.holding(person, entity, row, "read") if mask_of(g, name)]
        telling = [m for m in masks if m != "none"]
        return str((telling or masks)[0])

    def value(self, person: str, entity: str, row: Row, name: str) -> Any:
        """What stands in a cell for a reader who may see it."""
        fact = self.town.facts[entity][name]
        if fact.seen_formula is not None:
            return fact.seen_formula(self, person, row)
        if fact.formula is not None:
            return fact.formula(self.town, row)
        value = row.get(name)
        if fact.type == "references":
            there = self.town.rows[fact.to[0]]
            return [
                i
                for i in value or []
                if not there[i]["deleted"] and self.sees_row(person, fact.to[0], there[i])
            ]
        return value

    def plain(self, person: str, entity: str, row: Row, name: str) -> Any:
        """A cell for every other use (filter, sort, group, path): its value where it shows whole, else None."""
        return self.value(person, entity, row, name) if self.way(person, entity, row, name) == "yes" else None

    def along(self, person: str, entity: str, row: Row, path: str) -> Any:
        """A path of references: every cell on the way seen whole, every record on it there for the person."""
        *hops, last = path.split(".")
        for hop in hops:
            named = self.plain(person, entity, row, hop)
            if named is None:
                return None
            entity = self.town.facts[entity][hop].to[0]
            row = self.town.rows[entity][named]
            if not self.sees_row(person, entity, row):
                return None
        return self.plain(person, entity, row, last)

    def revealable(self, person: str, entity: str, row: Row, name: str) -> bool:
        """Whether the whole of a masked cell may be asked for."""
        return self.way(person, entity, row, name) == "yes" or any(
            isinstance(m, Mapping) and m["field"] == name and m.get("reveal")
            for g in self.holding(person, entity, row, "read")
            for m in g.get("mask", [])
        )

    # --- writing ----------------------------------------------------------------------------------------------

    def writes(self, person: str, entity: str, row: Row, name: str, action: str = "update") -> bool:
        """Whether a field of a record may be written: by one grant that reaches the record and gives the field."""
        return any(self.gives_field(g, entity, name) for g in self.holding(person, entity, row, action))

    def gives_field(self, grant: Grant, entity: str, name: str) -> bool:
        """Whether a grant lets a field be written."""
        if name in SYSTEM or self.town.facts[entity][name].kept:
            return False
        if shows(grant, name) == "no" or name in grant.get("readonly", []):
            return False
        return "writable" not in grant or name in grant["writable"]

    def creates(self, person: str, entity: str, row: Row, given: Iterable[str]) -> bool:
        """Whether a record like this may be made, these fields filled in: each by a grant that reaches it."""
        reaching = [g for g in self.giving(person, entity, "create") if self.holds(g, person, entity, row)]
        return bool(reaching) and all(
            any(self.gives_field(g, entity, name) for g in reaching) for name in given
        )

    # --- sums -------------------------------------------------------------------------------------------------

    def summed(self, person: str, entity: str) -> list[Row]:
        """The living records that a person may see summed."""
        return [
            r for r in self.town.rows[entity].values() if not r["deleted"] and self._sums(person, entity, r)
        ]

    def _sums(self, person: str, entity: str, row: Row) -> bool:
        only = [g for g in self.grants(person, entity) if g.get("aggregate_only") and "read" in actions(g)]
        return self.sees_row(person, entity, row) or any(self.holds(g, person, entity, row) for g in only)


def actions(grant: Grant) -> Iterable[str]:
    """What a grant gives; reading where it says nothing."""
    found: Iterable[str] = grant.get("actions") or ["read"]
    return found


def shows(grant: Grant, name: str) -> str:
    """How a grant shows a field on its rows."""
    if name in ALWAYS_SEEN:
        return "yes"
    if name in grant.get("hide", []) or ("fields" in grant and name not in grant["fields"]):
        return "no"
    return "masked" if mask_of(grant, name) else "yes"


def mask_of(grant: Grant, name: str) -> str | None:
    """How a grant masks a field; None where it does not."""
    for mask in grant.get("mask", []):
        if mask == name:
            return "none"
        if isinstance(mask, Mapping) and mask["field"] == name:
            return str(mask.get("show", "none"))
    return None


def masked(value: Any, show: str, fact: Fact) -> Any:
    """The masked form of a value. What is no text shows nothing of itself."""
    if value is None:
        return None
    if fact.type not in WRITTEN:
        return "••••"
    if show == "last4" and len(value) > 6:
        return "•••• " + value[-4:]
    if show == "first1" and len(value) > 1:
        return value[0] + "••••"
    if show == "domain" and "@" in value:
        return "••••@" + value.rsplit("@", 1)[1]
    return "••••"
