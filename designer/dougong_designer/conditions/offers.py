"""What the rows of a condition may offer at a place: fields along references, related records, settings, roles."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dougong_designer import conditions
from dougong_designer.conditions import Clause
from dougong_designer.formulas import Standing, many_label
from dougong_designer.formulas.scan import Frame, variable_label
from dougong_runtime.fields.base import Field
from dougong_runtime.formulas.resolve import FORWARD_HOPS_MAX
from dougong_runtime.formulas.types import INTEGER, Kind
from dougong_runtime.labels import Label
from dougong_runtime.pages import conditions as plain
from dougong_runtime.pages.desk import Desk
from dougong_runtime.pages.entry import Choice
from dougong_runtime.pages.reading import Reader

STEP, MANY = ".", "*"
"""Ends of a step's name: of a reference that one goes on along, of records that one asks how many there are of."""
ROLE = "@role"
"""Chosen instead of a field: whether who asks has a role."""
ROWS_MAX = 60
DATES = (Kind.DATE, Kind.DATETIME)
TODAY = re.compile(r"TODAY\(\)\s*([+-]\s*\d+)?\Z", re.IGNORECASE)
DAYS = Field("", "days", "integer", Label("天数", "Days"), INTEGER)
_HIDDEN = ("id", "version", "deleted_at")


@dataclass(frozen=True, slots=True)
class Offered:
    """Choices under one heading."""

    label: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Level:
    """One step of a path."""

    name: str
    label: str
    offered: tuple[Offered, ...]
    chosen: str


@dataclass(frozen=True)
class Offers:
    """Who builds, where."""

    standing: Standing
    desk: Desk

    @property
    def reader(self) -> Reader:
        """How they read."""
        return self.desk.reader

    @property
    def frame(self) -> Frame:
        """What plain names belong to at the place."""
        return Frame(self.standing.at.entity)

    def _measurable(self, entity: str, function: str) -> tuple[Choice, ...]:
        """Fields of inner records that a function can be taken of, those one reference further too."""
        own = self.standing.app.entities.get(entity)
        made: list[Choice] = []
        for name, field in own.fields.items() if own is not None else ():
            if name in _HIDDEN:
                continue
            label = self.reader.label(field.label)
            if _fits(field, function):
                made.append(Choice(name, label))
            further = self.standing.app.entities.get(field.targets[0]) if field.is_reference else None
            for inner, other in further.fields.items() if further is not None and not field.is_system else ():
                if inner not in _HIDDEN and not other.is_system and _fits(other, function):
                    made.append(Choice(f"{name}.{inner}", f"{label} › {self.reader.label(other.label)}"))
        return tuple(made)

    def _settings(self, field: Field) -> tuple[Choice, ...]:
        kind = field.value_type.kind
        return tuple(
            Choice(code, self.reader.label(one.label))
            for code, one in self.standing.app.settings.items()
            if one.field.value_type.kind is kind
        )

    def _alike(self, field: Field, frame: Frame, but: str) -> tuple[Choice, ...]:
        """Fields of the same sort, of the record itself and of what surrounds it."""
        made: list[Choice] = []
        for begin in conditions.beginnings(self.standing, frame):
            entity = self.standing.app.entities.get(begin.entity)
            word = self._word(begin.before)
            for name, other in entity.fields.items() if entity is not None else ():
                alike = other.value_type.kind is field.value_type.kind and other.targets == field.targets
                if alike and name not in _HIDDEN and begin.before + name != but:
                    label = self.reader.label(other.label)
                    made.append(Choice(begin.before + name, f"{word} › {label}" if word else label))
        return tuple(made)

    def _operators(self, item: Clause, field: Field | None, frame: Frame) -> tuple[str, ...]:
        names = plain.operators(field) if field is not None else ()
        own = item.before == "" and "." not in item.path and frame.outer is None
        return (*names, "changed", "unchanged") if own and self.standing.judges_a_write else names

    def _level(self, name: str, label: str, choices: tuple[Choice, ...], chosen: str) -> Level:
        return Level(name, self.reader.t(label), (Offered("", choices),), chosen)

    # --- paths ------------------------------------------------------------------------------------------------
    def _levels(self, item: Clause, frame: Frame) -> tuple[Level, ...]:
        label = self.reader.t("studio.condition.field")
        if item.kind == "role":
            return (Level("f", label, self._first_offers(frame), ROLE),)
        names = item.path.split(".")
        made: list[Level] = []
        if item.before:
            made.append(Level("f", label, self._first_offers(frame), item.before))
        entity = item.entity
        for depth, name in enumerate(names):
            last = depth == len(names) - 1
            chosen = name + (MANY if last and item.kind == "many" else "" if last else STEP)
            first = depth == 0 and not item.before
            offered = self._first_offers(frame) if first else self._offers(entity, depth, frame)
            made.append(Level("f", label, offered, chosen))
            entity = self._next(entity, name)
        return tuple(made)

    def _next(self, entity: str, name: str) -> str:
        shape = self.standing.shapes.get(entity)
        if shape is None:
            return ""
        if name in shape.many:
            return shape.many[name].entity
        field = shape.fields.get(name)
        return field.type.targets[0] if field is not None and len(field.type.targets) == 1 else ""

    def _first_offers(self, frame: Frame) -> tuple[Offered, ...]:
        offered: list[Offered] = []
        further: list[Choice] = []
        for begin in conditions.beginnings(self.standing, frame):
            if not begin.before:
                offered += self._offers(begin.entity, 0, frame)
            else:
                further.append(Choice(begin.before, f"{self._word(begin.before)} ›"))
        if self.standing.at.place != "formula" and self.standing.app.roles:
            further.append(Choice(ROLE, self.reader.t("studio.condition.my_role")))
        if further:
            offered.append(Offered(self.reader.t("studio.condition.around"), tuple(further)))
        return tuple(offered)

    def _word(self, before: str) -> str:
        name = before.removesuffix(STEP)
        if name in ("THIS", "OLD"):
            return self.reader.t(f"studio.condition.{name.lower()}")
        return self.reader.label(variable_label(self.standing, name))

    def _offers(self, entity: str, depth: int, frame: Frame) -> tuple[Offered, ...]:
        """What a step may lead to: fields that can be asked about, references to go along, related records."""
        own, shape = self.standing.app.entities.get(entity), self.standing.shapes.get(entity)
        if own is None or shape is None:
            return ()
        ordered = sorted(own.fields.values(), key=lambda f: f.is_system)
        fields = tuple(
            Choice(f.name, self.reader.label(f.label))
            for f in ordered
            if f.name not in _HIDDEN and plain.operators(f) and not f.is_many
        )
        steps = tuple(
            Choice(f.name + STEP, f"{self.reader.label(f.label)} ›")
            for f in ordered
            if f.name not in _HIDDEN and len(f.targets) == 1 and not f.is_many and depth < FORWARD_HOPS_MAX
        )
        many = tuple(
            Choice(name + MANY, self.reader.label(many_label(self.standing, shape, name)))
            for name in shape.many
            if frame.outer is None
        )
        found = (("filter.field", fields), ("filter.along", steps), ("studio.condition.many", many))
        return tuple(Offered(self.reader.t(key), choices) for key, choices in found if choices)

    def entity_of(self, clause: Clause) -> str:
        """The entity of the related records that an aggregate is over."""
        found = conditions.walked(self.standing, clause.entity, clause.path)
        return found.type.targets[0] if found is not None and found.type.targets else ""


def _fits(field: Field, function: str) -> bool:
    kind = field.value_type.kind
    if function in ("sum", "avg"):
        return kind is Kind.NUMBER
    if function in ("min", "max"):
        return kind in (Kind.NUMBER, Kind.DATE, Kind.DATETIME)
    return kind not in (Kind.FILE, Kind.JSON, Kind.LIST, Kind.RECORDS)
