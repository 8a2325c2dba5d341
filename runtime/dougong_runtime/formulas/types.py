"""Types of values that formulas know."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What sort of value it is."""

    TEXT = "text"
    NUMBER = "number"  # integers, decimals, money, percent: exact decimals, see `scale`
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"  # an instant, UTC
    TIME = "time"
    CHOICE = "choice"  # one of `options`, ordered by place; stages too
    LIST = "list"  # several texts or choices (multi_choice, tags): stored as a JSON array
    RECORD = "record"  # the id of a record of `targets`: references, users, teams
    RECORDS = "records"  # many records: an inverse or a `references` field
    FILE = "file"  # facts of a file: sha256, size, media_type, seconds
    JSON = "json"
    NULL = "null"  # the literal NULL, before it meets a typed neighbour


@dataclass(frozen=True, slots=True)
class ValueType:
    """The type of a value. Equal types are equal values."""

    kind: Kind
    scale: int = 0
    """NUMBER: decimal places that a value has at most; 0 for integers."""
    precision: int = 18
    """NUMBER: digits in all."""
    options: tuple[str | int, ...] = ()
    """CHOICE, LIST: the values allowed, in their order; empty where free."""
    targets: tuple[str, ...] = ()
    """RECORD, RECORDS: names of the entities (`user` and `team` for people)."""

    def __str__(self) -> str:
        return self.kind.value


TEXT = ValueType(Kind.TEXT)
INTEGER = ValueType(Kind.NUMBER)
BOOLEAN = ValueType(Kind.BOOLEAN)
DATE = ValueType(Kind.DATE)
DATETIME = ValueType(Kind.DATETIME)
TIME = ValueType(Kind.TIME)
FILE = ValueType(Kind.FILE)
JSON = ValueType(Kind.JSON)
NULL = ValueType(Kind.NULL)


def number(scale: int, precision: int = 18) -> ValueType:
    """Exact decimals with `scale` places."""
    return ValueType(Kind.NUMBER, scale=scale, precision=precision)


def record(*targets: str) -> ValueType:
    """The id of a record of one of these entities."""
    return ValueType(Kind.RECORD, targets=targets)
