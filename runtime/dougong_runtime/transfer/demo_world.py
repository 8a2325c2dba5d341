"""What all generators of demo data share: days, lists, people, the records made so far, ids that follow from a number."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeAlias

from dougong_runtime.transfer.demo_days import Days
from dougong_runtime.transfer.demo_walks import Walks

Row: TypeAlias = dict[str, Any]


class DemoProblem(ValueError):
    """The description of demo data asks for something that cannot be made; says where."""

    def __init__(self, path: str, text: str) -> None:
        super().__init__(f"data/demo.yaml  at {path}: {text}")


@dataclass(frozen=True, slots=True)
class Person:
    """Someone of the directory whom records may name."""

    id: str
    username: str
    team: str | None
    roles: frozenset[str]


@dataclass
class World:
    """One loading of demo data."""

    seed: int
    days: Days
    scale: float
    lists: Mapping[str, Any]
    """Name → list of values, or value → weight."""
    personas: Mapping[str, Mapping[str, Any]]
    people: Sequence[Person]
    walks: Walks
    kept: dict[str, list[Row]] = field(default_factory=dict)
    """Entity → records that references may choose from: those whose number does not grow with the scale."""
    grown: dict[str, int] = field(default_factory=dict)
    """Entity → how many there are of those that do; their ids follow from their number."""

    def random(self, entity: str) -> Random:
        """The entity's own stream: another entity more or less changes nothing in it."""
        return Random(self.number("stream", entity))

    def number(self, *parts: object) -> int:
        """64 bits that follow from the seed and `parts`."""
        text = "/".join(map(str, (self.seed, *parts)))
        return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")

    def id(self, entity: str, number: int) -> str:
        """The record id of the entity's record of that number: a UUID of version 7 in the order of numbers."""
        ms = int(self.days.moment(self.days.today, 0).timestamp() * 1000) - 86_400_000 + number // 4096
        tail = self.number("id", entity, number) & (1 << 62) - 1
        return str(uuid.UUID(int=ms << 80 | 7 << 76 | number % 4096 << 64 | 2 << 62 | tail))


@dataclass(slots=True)
class Spot:
    """Where a generator stands: the record that is being made, and what surrounds it."""

    random: Random
    entity: str
    number: int
    """Of the record among its entity's, from 0."""
    row: Row
    """Values made so far."""
    scope: dict[str, Row]
    """Entity → the record above of that name; `move`, `flow`, `balance`, `sample` where a ledger makes the record."""
    persona: Mapping[str, Any]
    siblings: dict[str, list[Row]] = field(default_factory=dict)
    """Entity → the records of that entity that the same parent has so far."""

    def value(self, path: str) -> Any:
        """A value by its name in this record, or `above.name`. Raises KeyError."""
        head, dot, name = path.partition(".")
        if not dot:
            return self.row[head]
        return self.scope[head].get(name)
