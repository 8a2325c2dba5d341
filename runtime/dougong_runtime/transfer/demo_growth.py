"""Records whose number grows with the scale, each with its children, its ledger and, for a few, a planted case."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from dougong_runtime.transfer.demo_generators import (
    Make,
    Weighted,
    compile_condition,
    compile_fields,
    compile_value,
    fill,
)
from dougong_runtime.transfer.demo_ledger import Ledger
from dougong_runtime.transfer.demo_world import DemoProblem, Row, Spot, World

NOBODY: Mapping[str, Any] = {"name": ""}
Fields = tuple[tuple[str, Make], ...]


@dataclass(frozen=True)
class Branch:
    """Children of one entity."""

    entity: str
    per: Make
    when: Callable[[Spot], bool]
    fields: Fields
    raw: Mapping[str, Any]


@dataclass(frozen=True)
class Plant:
    """A case that must be there: values and children of one parent instead of those that chance would give."""

    persona: str | None
    fields: Fields | None
    children: Mapping[str, tuple[tuple[Make, Fields], ...]]
    without: frozenset[str]
    ledger: bool


@dataclass
class Growth:
    """An entity that grows with the scale, compiled."""

    world: World
    entity: str
    count: int
    fields: Fields
    personas: Weighted | None
    branches: tuple[Branch | Ledger, ...]
    plants: Mapping[int, Plant]
    streams: dict[str, Random] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, raw: Mapping[str, Any], world: World, path: str) -> Growth:
        """From its part of the document. Raises DemoProblem."""
        branches: list[Branch | Ledger] = []
        for place, child in enumerate(raw.get("children", ())):
            spot = f"{path}.children[{place}]"
            branches.append(
                Ledger.of(child["ledger"], world, f"{spot}.ledger")
                if "ledger" in child
                else _branch(child, world, spot)
            )
        weights = (
            {name: p.get("share", 1) for name, p in world.personas.items()} if raw.get("personas") else None
        )
        count = round(raw["count"] * (world.scale if raw.get("grows", True) else 1))
        return cls(
            world=world,
            entity=raw["entity"],
            count=count,
            fields=compile_fields(raw["fields"], world, f"{path}.fields"),
            personas=Weighted(weights, path) if weights else None,
            branches=tuple(branches),
            plants=dict(_plants(raw, branches, count, world, path)),
        )

    @property
    def order(self) -> list[str]:
        """Entities in the order in which their records must be loaded."""
        found = [self.entity]
        for branch in self.branches:
            found += [branch.entity] if isinstance(branch, Branch) else branch.entities.values()
        return list(dict.fromkeys(found))

    def records(self, number: int) -> tuple[str, dict[str, list[Row]]]:
        """The persona, and the record of that number with all its children, by entity."""
        world, plant = self.world, self.plants.get(number)
        random = self._stream(self.entity)
        seed = Spot(random, self.entity, number, {}, {}, NOBODY)
        drawn = self.personas.draw(seed) if self.personas else ""
        persona = (plant.persona if plant else None) or drawn
        row: Row = {"id": world.id(self.entity, number)}
        parent = Spot(random, self.entity, number, row, {}, world.personas.get(persona, NOBODY))
        fill(plant.fields if plant and plant.fields else self.fields, parent)
        made: dict[str, list[Row]] = {self.entity: [row]}
        for branch in self.branches:
            if isinstance(branch, Branch):
                self._grow(branch, plant, parent, made)
            elif plant is None or plant.ledger:
                self._keep(branch, parent, made)
        if plant:
            self._plant(plant, parent, made)
        return persona, made

    def _grow(self, branch: Branch, plant: Plant | None, parent: Spot, made: dict[str, list[Row]]) -> None:
        rows = made.setdefault(branch.entity, [])
        if plant and branch.entity in plant.without:
            return
        if plant and branch.entity in plant.children:
            if not rows:
                for count, fields in plant.children[branch.entity]:
                    self._repeat(branch.entity, count, fields, parent, made)
            return
        outer = self._spot(branch.entity, parent, made)
        outer.row = parent.row
        if branch.when(outer):
            for _ in range(int(branch.per(outer) or 0)):
                rows.append(self._child(branch.entity, branch.fields, parent, made))

    def _repeat(
        self, entity: str, count: Make, fields: Fields, parent: Spot, made: dict[str, list[Row]]
    ) -> None:
        rows = made.setdefault(entity, [])
        for _ in range(int(count(self._spot(entity, parent, made)))):
            rows.append(self._child(entity, fields, parent, made))

    def _plant(self, plant: Plant, parent: Spot, made: dict[str, list[Row]]) -> None:
        """Children of a planted case that no branch makes: those of ledgers."""
        grown = {branch.entity for branch in self.branches if isinstance(branch, Branch)}
        for entity, given in plant.children.items():
            if entity not in grown:
                for count, fields in given:
                    self._repeat(entity, count, fields, parent, made)

    def _keep(self, ledger: Ledger, parent: Spot, made: dict[str, list[Row]]) -> None:
        spot = self._spot(f"ledger of {self.entity}", parent, made)
        spot.row = parent.row
        for kind, facts in ledger.run(spot, made.get(ledger.raw["places"], ())):
            if kind in ledger.entities:
                entity = ledger.entities[kind]
                made.setdefault(entity, []).append(
                    self._child(entity, ledger.fields[kind], parent, made, {kind: facts})
                )

    def _child(
        self,
        entity: str,
        fields: Fields,
        parent: Spot,
        made: dict[str, list[Row]],
        more: dict[str, Row] | None = None,
    ) -> Row:
        spot = self._spot(entity, parent, made)
        if more:
            spot.scope.update(more)
        spot.row["id"] = self.world.id(entity, spot.number)
        self.counters[entity] = spot.number + 1
        return fill(fields, spot)

    def _spot(self, entity: str, parent: Spot, made: dict[str, list[Row]]) -> Spot:
        scope = {self.entity: parent.row}
        number = self.counters.get(entity, 0)
        return Spot(self._stream(entity), entity, number, {}, scope, parent.persona, made)

    def _stream(self, entity: str) -> Random:
        if entity not in self.streams:
            self.streams[entity] = self.world.random(entity)
        return self.streams[entity]


def _branch(raw: Mapping[str, Any], world: World, path: str) -> Branch:
    return Branch(
        entity=raw["entity"],
        per=compile_value(raw.get("per", 1), world, f"{path}.per"),
        when=compile_condition(raw.get("when", {}), world, f"{path}.when"),
        fields=compile_fields(raw["fields"], world, f"{path}.fields"),
        raw=raw,
    )


def _plants(
    raw: Mapping[str, Any], branches: list[Branch | Ledger], count: int, world: World, path: str
) -> Iterator[tuple[int, Plant]]:
    """Number → plant. Where two cases name one number, the later is refused."""
    taken: dict[int, str] = {}
    templates = dict(raw.get("shapes", {}))
    for branch in branches:
        if isinstance(branch, Branch):
            templates.setdefault(branch.entity, branch.raw["fields"])
    for place, given in enumerate(raw.get("planted", ())):
        spot = f"{path}.planted[{place}]"
        plant = Plant(
            persona=given.get("persona"),
            fields=_merged(raw["fields"], given.get("fields"), world, f"{spot}.fields"),
            children={
                entity: tuple(
                    (
                        compile_value(item.get("repeat", 1), world, f"{spot}.{entity}"),
                        compile_fields(
                            {**templates.get(entity, {}), **item["fields"]}, world, f"{spot}.{entity}.fields"
                        ),
                    )
                    for item in items
                )
                for entity, items in given.get("children", {}).items()
            },
            without=frozenset(given.get("without", ())),
            ledger=bool(given.get("ledger", True)),
        )
        for number in _numbers(given):
            if number in taken:
                raise DemoProblem(spot, f"number {number} is taken by {taken[number]}")
            taken[number] = str(given.get("case", spot))
            if number < count:
                yield number, plant


def _merged(base: Mapping[str, Any], more: Any, world: World, path: str) -> Fields | None:
    return compile_fields({**base, **more}, world, path) if more else None


def _numbers(given: Mapping[str, Any]) -> list[int]:
    numbers = given["number"]
    if isinstance(numbers, list):
        return list(range(int(numbers[0]), int(numbers[1]) + 1))
    return [int(numbers)]
