"""Every door of the records asked about every cell, and held to the reference.

Each `*_door` asks as one person and compares cell by cell: with the value where it may be seen, with the mask where it
may be seen masked, with nothing where it may not. A difference prints itself: door, person, record, field, what was
found, what should have been.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeAlias

from access_reference import ABSENT, Reference, Row
from access_worlds import OWN_ENTITIES, Raised, own_fields
from dougong_runtime.errors import Refused
from dougong_runtime.records.door import Records
from dougong_runtime.records.query import Query

NOBODYS_ID = "00000000-0000-7000-8000-000000000000"
Door: TypeAlias = Callable[["Matrix", str, str], None]
"""Asks as a person about an entity, and compares."""


@dataclass
class Matrix:
    """One town, walked. `cells` counts what was compared, `differences` names what differed."""

    raised: Raised
    random: Random
    cells: int = 0
    differences: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.town = self.raised.town
        self.reference = Reference(self.town)

    # --- comparing --------------------------------------------------------------------------------------------

    def same(self, door: str, person: str, what: Any, found: Any, right: Any) -> None:
        """Compare one cell."""
        self.cells += 1
        if found != right:
            name = self.town.rows["user"][person]["username"]
            self.differences.append(f"{door} as {name}: {what}: found {found!r}, should be {right!r}")

    def records(self, person: str) -> Records:
        """The door, for a person."""
        return self.raised.records(self.raised.viewer(person))

    def rows(self, entity: str, *, deleted: bool = False) -> list[Row]:
        """Records of an entity, living ones or those in the trash."""
        return [r for r in self.town.rows[entity].values() if r["deleted"] is deleted]

    def visible(self, person: str, entity: str, *, deleted: bool = False) -> list[Row]:
        """Those that a person may read."""
        found = self.rows(entity, deleted=deleted)
        return [r for r in found if self.reference.sees_row(person, entity, r)]

    @contextmanager
    def undone(self) -> Iterator[None]:
        """What happens inside is taken back."""
        savepoint = self.raised.connection.begin_nested()
        try:
            yield
        finally:
            savepoint.rollback()

    def walk(self, doors: Sequence[Door], share: float = 1.0) -> None:
        """These doors as everybody, about every entity: all of them, or a share drawn at random."""
        for person in self.raised.people:
            for entity in OWN_ENTITIES:
                for door in doors:
                    if self.random.random() < share:
                        door(self, person, entity)

    def cell(self, item: dict[str, Any] | None, name: str) -> tuple[Any, ...]:
        """A cell of an answer."""
        return ABSENT if item is None or name not in item else ("value", item[name])

    def right(self, person: str, entity: str, row: Row, name: str) -> tuple[Any, ...]:
        """What the reference says of a cell of a record that may not be there at all."""
        seen = self.reference.sees_row(person, entity, row)
        return self.reference.cell(person, entity, row, name) if seen else ABSENT

    def compare(
        self, door: str, person: str, entity: str, items: dict[str, dict[str, Any]], *, deleted: bool = False
    ) -> None:
        """All cells of an answer by record id, and that nothing else is in it."""
        rows = self.rows(entity, deleted=deleted)
        for row in rows:
            for name in own_fields(entity):
                item = items.get(row["id"])
                self.same(
                    door,
                    person,
                    (entity, row["id"], name),
                    self.cell(item, name),
                    self.right(person, entity, row, name),
                )
        self.same(door, person, (entity, "others"), set(items) - {r["id"] for r in rows}, set())


def refused(act: Callable[..., Any], *given: Any, **named: Any) -> str | None:
    """The type of the problem with which an act is refused; None where it is not."""
    try:
        act(*given, **named)
    except Refused as found:
        return found.problems[0].type.name if found.problems else "warnings"
    return None


def told(act: Callable[..., Any], *given: Any, **named: Any) -> Any:
    """All that a refusal tells."""
    try:
        return act(*given, **named)
    except Refused as found:
        return [
            (p.type.name, p.field, p.text("en"), p.text("zh"), str(dict(p.facts))) for p in found.problems
        ]


def reads(matrix: Matrix, person: str, entity: str) -> bool:
    """Whether a person may list an entity at all; that it is refused where they may not is compared."""
    may = bool(matrix.reference.giving(person, entity, "read"))
    known = bool(matrix.reference.grants(person, entity))
    if not may:
        found = refused(matrix.records(person).list, Query(entity))
        right = ("forbidden", "aggregate-only") if known else ("unknown-entity",)
        matrix.same("list refused", person, entity, found in right, True)
    return may


def by_id(items: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {item["id"]: item for item in items}
