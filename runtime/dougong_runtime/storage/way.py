"""The way back of a field's values: from what it holds now, through the columns that it left in the trash.

Each of these columns says what the field held when a version was left. Where the next column on the way still holds
what followed from that, nobody has changed the value since, and it comes back as it was, also where it had not
converted, or where there was none. Elsewhere the newer value is converted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as made_by
from types import MappingProxyType
from typing import Any, TypeAlias

from dougong_runtime.fields.base import Field, Value, ValueProblem
from dougong_runtime.storage.convert import Surroundings, convert

Names: TypeAlias = Mapping[Any, Any]
"""Value of an option, or name of an entity → what it is called instead."""
Look: TypeAlias = Callable[[Field, Field], Surroundings]
"""What a conversion between two fields looks up."""

SAME: Names = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Kept:
    """A column or link table in the trash, that a field had once."""

    field: Field
    """As it was when it was left; targets by the names of the version that is made."""
    trash_name: str
    onward: Way | None
    """How its values became those of the next column; None where they did not (a formula was there, or nothing)."""
    renamed: Names = made_by(default_factory=lambda: SAME)
    """Values of options at the end of the next column's time → as they were called at its beginning."""
    entities: Names = made_by(default_factory=lambda: SAME)
    """Entities by the names that the column has of them → by those of the version that is made."""


@dataclass(frozen=True, slots=True)
class Way:
    """What becomes of a field's values when it is retyped, or goes back over several versions."""

    target: Field
    kept: tuple[Kept, ...] = ()
    """Columns on the way, the newest first."""
    renamed: Names = made_by(default_factory=lambda: SAME)
    """Values of options at the end of the last column's time → as the target has them."""
    original: Kept | None = None
    """A column of the target's type from an earlier time, whose values come back where they say the same."""
    as_is: bool = False
    """Whether the last column held values of the target's own type."""

    def all(self) -> Iterator[Kept]:
        """Every column in the trash that has to be read, each once."""
        found: dict[str, Kept] = {}
        waiting: list[Way] = [self]
        while waiting:
            way = waiting.pop()
            for kept in (*way.kept, *(() if way.original is None else (way.original,))):
                if kept.trash_name not in found:
                    found[kept.trash_name] = kept
                    waiting += () if kept.onward is None else (kept.onward,)
        yield from found.values()


@dataclass
class Carrying:
    """The values of one record on their way."""

    values: Mapping[str, Value]
    """Name in the trash → what that column holds of the record; None or absent for nothing."""
    look: Look
    onward: dict[str, Value] = made_by(default_factory=dict)
    """Name in the trash → what followed from that column's value."""

    def carry(self, before: Field, value: Value, way: Way) -> Value:
        """The value at the end of the way; None where there is none."""
        begun = source = value
        intact = True  # whether no newer change is known of
        now = (
            before  # the field of the source: the newest value that is not known to follow from an older one
        )
        for kept in way.kept:
            earlier = self._held(kept)
            value, source = _called(value, kept.renamed), _called(source, kept.renamed)
            if kept.onward is not None:
                # That two values are both lacking says nothing where the newer is one that did not convert.
                intact = self._followed(kept, earlier) == value and (intact or value is not None)
            elif kept is way.kept[0]:
                intact = value is None
            if intact:
                value, source, now = earlier, earlier, kept.field
            else:
                value = self._converted(now, kept.field, source)
        value, source = _called(value, way.renamed), _called(source, way.renamed)
        if way.original is not None:
            earlier = self._held(way.original)
            if earlier is not None and self._converted(way.target, before, earlier) == begun:
                return earlier
        if way.as_is and (value is not None or source is None):
            return value
        return self._converted(now, way.target, source)

    def _held(self, kept: Kept) -> Value:
        value = self.values.get(kept.trash_name)
        if kept.entities and isinstance(value, dict):
            return {**value, "entity": kept.entities.get(value["entity"], value["entity"])}
        return value

    def _followed(self, kept: Kept, earlier: Value) -> Value:
        if kept.trash_name not in self.onward:
            assert kept.onward is not None
            self.onward[kept.trash_name] = self.carry(kept.field, earlier, kept.onward)
        return self.onward[kept.trash_name]

    def _converted(self, before: Field, after: Field, value: Value) -> Value:
        try:
            return convert(before, after, value, self.look(before, after))
        except ValueProblem:
            return None


def _called(value: Value, names: Names) -> Value:
    if not names or value is None:
        return value
    if isinstance(value, list):
        return [names.get(item, item) for item in value]
    return names.get(value, value) if isinstance(value, (str, int)) else value
