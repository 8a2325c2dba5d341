"""Figures for who may see sums and no record: none over few records, and none by whose difference few could be told.

What holds within one answer (decision 0011): a group has enough records; a figure adds up enough values; and whatever
part of the filter were left out, the group would stay as it is or change by enough records and values. So nobody
picks out a record by its number, by all but its number, or by what it alone has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from dougong_runtime.access.grants import EntityAccess
from dougong_runtime.formulas.compile import Scope, compile_formula, condition
from dougong_runtime.formulas.tree import Aggregate, Call, Literal, Node, Path
from dougong_runtime.formulas.types import BOOLEAN

GROUPS_MAX = 5000
"""Groups that are looked through; more are too fine for sums."""
PARTS_MAX = 12
"""Parts of a filter, each of which is left out once."""

_OVER_MANY = ("sum", "count", "count_distinct", "avg", "stdev")
_JOINING = ("_and", "_or", "_not")


def at_least(access: EntityAccess) -> int:
    """The least number of records that a figure needs: 0 where the reader sees each cell that is summed anyway."""
    only = [h for h in access.held if h.grant.aggregate_only]
    if access.everything or not only:
        return 0
    whole = [h for h in access.reading if h.grant.rows == "all"]
    for field in access.entity.fields.values():
        summed = any(h.shows(field) == "yes" for h in only)
        if summed and not any(h.shows(field) == "yes" for h in whole):
            return max(h.grant.at_least for h in only)
    return 0


def tells_one(tree: Node) -> bool:
    """Whether a measure can show a single record's cell: MIN, JOIN …, or a sum of anything but a field.

    A condition inside a measure would be counted by nobody, and sums of enough powers of a field give all its values.
    """
    match tree:
        case Aggregate(hops=()):
            plain = tree.value is None or isinstance(tree.value, Path)
            return tree.function not in _OVER_MANY or tree.condition is not None or not plain
        case Aggregate():
            return True
        case Call():
            return any(tells_one(a) for a in tree.arguments)
        case _:
            return False


def parts(tree: Node) -> list[Node]:
    """The conditions that a filter joins by AND, OR and NOT; of an IN each value."""
    match tree:
        case Call(function=name) if name in _JOINING:
            return [part for argument in tree.arguments for part in parts(argument)]
        case Call(function="in"):
            first, *rest = tree.arguments
            return [Call("_eq", (first, value), BOOLEAN) for value in rest]
        case Literal():
            return []
        case _:
            return [tree]


def _without(tree: Node, part: Node, stands: bool) -> Node:
    """The filter with one of its parts taken as true or false throughout."""
    if tree == part:
        return Literal(stands, BOOLEAN)
    match tree:
        case Call(function=name) if name in _JOINING:
            return Call(name, tuple(_without(a, part, stands) for a in tree.arguments), tree.type)
        case Call(function="in"):
            first, *rest = tree.arguments
            among = tuple(_without(Call("_eq", (first, value), BOOLEAN), part, stands) for value in rest)
            return Call("_or", among, BOOLEAN)
        case _:
            return tree


def _variants(tree: Node) -> Iterator[Node]:
    """The filter as it would be without one of its parts, and no filter at all."""
    yield Literal(True, BOOLEAN)
    for part in dict.fromkeys(parts(tree)):
        yield _without(tree, part, True)
        yield _without(tree, part, False)


def summed_values(tree: Node) -> Iterator[Path]:
    """The fields that a measure adds up."""
    match tree:
        case Aggregate(value=Path() as value):
            yield value
        case Call():
            for argument in tree.arguments:
                yield from summed_values(argument)
        case _:
            return


@dataclass(frozen=True)
class Weighed:
    """A group as the filter leaves it."""

    members: int
    present: tuple[int, ...]
    """How many of its records have each of the values summed."""
    told: frozenset[str]
    """Measures that may be told of it; none where it is not to be shown at all."""
    shows: bool


@dataclass(frozen=True)
class Measured:
    """The measures asked for, and the values that they add up, each once."""

    values: tuple[Path, ...]
    of: Mapping[str, tuple[int, ...]]
    """Measure → the places of its values."""
    least: int

    @classmethod
    def by(cls, measures: Sequence[tuple[str, Node]], least: int) -> Measured:
        """For measures by name."""
        values = tuple(dict.fromkeys(v for _, tree in measures for v in summed_values(tree)))
        of = {name: tuple(values.index(v) for v in summed_values(tree)) for name, tree in measures}
        return cls(values, of, least)

    def enough(self, number: int) -> bool:
        """Whether a number of records or values, or of those by which two answers differ, tells of none of them."""
        return number == 0 or number >= self.least

    def weighed(self, counts: Sequence[Sequence[int]]) -> Weighed:
        """A group from its counts (records, then each value): as filtered, then by what each variant differs."""
        (members, *present), *differences = counts
        shows = members >= self.least and all(self.enough(d[0]) for d in differences)
        told = frozenset(
            name
            for name, places in self.of.items()
            if shows
            and all(
                present[i] >= self.least and all(self.enough(d[i + 1]) for d in differences) for i in places
            )
        )
        return Weighed(members, tuple(present), told, shows)

    def telling(self, whole: Weighed, shown: Sequence[Weighed]) -> frozenset[str]:
        """Measures whose total would give away, by subtraction of the groups shown, what the others hold."""
        found = set()
        for name, places in self.of.items():
            groups = [g for g in shown if name in g.told]
            rest = [whole.members - sum(g.members for g in groups)]
            rest += [whole.present[i] - sum(g.present[i] for g in groups) for i in places]
            if not all(self.enough(n) for n in rest):
                found.add(name)
        return frozenset(found)


def weigh(
    connection: sa.Connection,
    parameters: Mapping[str, Any],
    scope: Scope,
    wheres: Sequence[sa.ColumnElement[bool]],
    keys: Sequence[Node],
    filter_: Node | None,
    measured: Measured,
) -> dict[tuple[Any, ...], Weighed]:
    """Group → what may be told of it. `wheres` are the rows that may be summed, the filter left out."""
    columns = [compile_formula(key, scope) for key in keys]
    passes = sa.true() if filter_ is None else sa.func.coalesce(condition(filter_, scope), sa.false())
    sets: list[sa.ColumnElement[bool]] = [passes]
    for variant in dict.fromkeys(() if filter_ is None else _variants(filter_)):
        sets.append(sa.func.coalesce(condition(variant, scope), sa.false()).is_distinct_from(passes))
    values = [compile_formula(value, scope) for value in measured.values]
    counted: list[sa.ColumnElement[Any]] = []
    for members in sets:
        counted.append(sa.func.count().filter(members))
        counted.extend(sa.func.count(value).filter(members) for value in values)
    labelled = [c.label(f"c{i}") for i, c in enumerate([*columns, *counted])]
    select = sa.select(*labelled).select_from(scope.joined(scope.row)).where(*wheres)
    if keys:
        select = select.group_by(*(sa.text(str(i + 1)) for i in range(len(keys)))).limit(GROUPS_MAX + 1)
    width = len(values) + 1
    found = {}
    for row in connection.execute(select, parameters):
        numbers = list(row[len(keys) :])
        counts = [numbers[at : at + width] for at in range(0, len(numbers), width)]
        found[tuple(row[: len(keys)])] = measured.weighed(counts)
    return found
