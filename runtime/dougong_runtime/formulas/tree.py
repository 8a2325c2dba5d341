"""The typed tree: what a formula means, frozen. Each reading is one `match` over these nodes, closed by `assert_never`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Literal as Word
from typing import TypeAlias

from dougong_runtime.formulas.types import ValueType

Plain: TypeAlias = str | int | bool | Decimal | date | datetime | time | None


@dataclass(frozen=True, slots=True)
class Hop:
    """A step from one entity to another.

    forward: along a reference field `field` of the entity stood on, to `entity`.
    back: along an inverse, to the records of `entity` whose reference field `field` names the record stood on.
    many: along a `references` field `field` of the entity stood on (many-to-many), to `entity`.
    many_back: along the inverse of such a field `field` of `entity`.
    """

    way: Word["forward", "back", "many", "many_back"]
    name: str
    """What the formula's text says: the reference's or the inverse's name."""
    field: str
    entity: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant."""

    value: Plain
    type: ValueType


@dataclass(frozen=True, slots=True)
class Path:
    """A field of the record stood on, or of one that forward hops lead to.

    `base`: `row` the record stood on (inside an aggregate: the inner one); `this` the outer record (`THIS.x`);
    `old` the record before the write (`OLD.x`); `user` the person who asks (`USER().x`; then `hops` start at `user`).
    `variable` a record or value that the surroundings name (`record.x`, `steps.task.due_on` in workflows).
    `field` is `id` where the record itself is meant. `part` names a fact of a file (`sha256`, `size`, …).
    """

    base: Word["row", "this", "old", "user", "variable"]
    hops: tuple[Hop, ...]
    field: str
    type: ValueType
    part: str | None = None
    variable: str = ""
    """base `variable`: its name, with its dots."""


@dataclass(frozen=True, slots=True)
class Context:
    """What the surroundings know: `today`, `now`, `channel`, `roles` (a list of the asker's role names)."""

    what: Word["today", "now", "channel", "roles"]
    type: ValueType


@dataclass(frozen=True, slots=True)
class Setting:
    """`SETTING('code')`: a value that staff change without publishing."""

    code: str
    type: ValueType


@dataclass(frozen=True, slots=True)
class Changed:
    """`CHANGED(x)`: whether this write changes the field."""

    field: str
    type: ValueType


@dataclass(frozen=True, slots=True)
class Call:
    """A function of the registry, by its name, also for operators: `_add`, `_sub`, `_mul`, `_div`, `_neg`, `_eq`,
    `_ne`, `_lt`, `_le`, `_gt`, `_ge`, `_and`, `_or`, `_not`, `_concat`, `if`, `in`, and for what the checker puts
    in between, such as `_text` (any value as text) and `_day_start` (a day's first instant)."""

    function: str
    arguments: tuple[Node, ...]
    type: ValueType


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A value over many records: `SUM(path.value, condition)`.

    `hops` lead from the record stood on to the inner records, with at least one hop of many; without hops it is a
    report's measure, over the records of a group. `value` and `condition` and `order` are read on an inner record
    (`this` there is the outer one). `separator` is JOIN's.
    """

    function: Word[
        "sum",
        "count",
        "avg",
        "min",
        "max",
        "count_distinct",
        "stdev",
        "median",
        "join",
        "first",
        "last",
        "xirr",
    ]
    base: Word["row", "this", "user"]
    hops: tuple[Hop, ...]
    value: Node | None
    condition: Node | None
    order: Node | None
    separator: str | None
    type: ValueType


Node: TypeAlias = Literal | Path | Context | Setting | Changed | Call | Aggregate
