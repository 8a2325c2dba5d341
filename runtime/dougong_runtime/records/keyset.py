"""An order with its id, and the rows after a cursor's: one condition, or ranges one after the other, each of which an index serves.

Absent values stand last in every order. "Beyond the value, or absent" is then two places in an index: as one condition
with OR it is sought nowhere and asked of every row from the first on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from dougong_runtime.storage.indexes import order_terms

Condition = sa.ColumnElement[bool]
Range = tuple[Condition, list[sa.ColumnElement[Any]]]
"""Which rows, and their order."""


@dataclass(frozen=True)
class Keyset:
    """An order that ends with the id, and where a page begins: after which values of its keys.

    The values are bound when a statement runs: `key_0` …, `key_id`.
    """

    keys: Sequence[sa.ColumnElement[Any]]
    descending: Sequence[bool]
    absent: Sequence[bool]
    """Which of the cursor's values are; of a first page nothing is asked about them."""
    id_column: sa.ColumnElement[Any]
    last_down: bool
    """Whether ids descend among equals."""
    dialect: str

    def whole(self) -> Condition:
        """All rows after the cursor's, as one condition."""
        return self._after(0)

    def order(self, settled: int = 0, *, there: bool = False) -> list[sa.ColumnElement[Any]]:
        """ORDER BY. `settled`: so many keys, from the first on, are the same in all rows; `there`: the next is absent
        in none.

        SQLite uses an index for the order only where such keys are left out. PostgreSQL needs them: an order by id
        alone tempts it to walk along the ids.
        """
        found: list[sa.ColumnElement[Any]] = []
        for place, key in enumerate(self.keys):
            terms = order_terms(key, self.descending[place], self.dialect)
            if self.dialect == "sqlite" and place <= settled:
                terms = terms[-1:] if there and place == settled else terms if place == settled else ()
            found += terms
        return [*found, self.id_column.desc() if self.last_down else self.id_column.asc()]

    def ranges(self, served: int) -> list[Range]:
        """The same as ranges in the order of the rows; the first `served` keys are those of an index, at least one.

        None of them has a row of another, and all rows of one stand before those of the next.
        """
        found: list[Range] = []
        for place in reversed(range(served)):
            before = [self._equal(i) for i in range(place)]
            innermost = place == served - 1
            if self.absent[place]:
                if innermost:
                    rest = sa.and_(*before, self._equal(place), self._after(served))
                    found.append((rest, self.order(served)))
                continue
            key, value = self.keys[place], self._value(place)
            beyond = self._beyond(place)
            if innermost:
                from_here = key <= value if self.descending[place] else key >= value
                beyond = sa.and_(from_here, sa.or_(beyond, sa.and_(key == value, self._after(served))))
            found.append((sa.and_(*before, *self._there(place), beyond), self.order(place, there=True)))
            found.append((sa.and_(*before, self._missing(place)), self.order(place + 1)))
        return found

    def _after(self, start: int) -> Condition:
        id_value = sa.bindparam("key_id", type_=self.id_column.type)
        found: Condition = self.id_column < id_value if self.last_down else self.id_column > id_value
        for place in reversed(range(start, len(self.keys))):
            key = self.keys[place]
            if self.absent[place]:
                found = sa.and_(key.is_(None), found)
            else:
                equal = sa.and_(key == self._value(place), found)
                found = sa.or_(self._beyond(place), key.is_(None), equal)
        return found

    def _value(self, place: int) -> sa.BindParameter[Any]:
        return sa.bindparam(f"key_{place}", type_=self.keys[place].type)

    def _beyond(self, place: int) -> Condition:
        key, value = self.keys[place], self._value(place)
        return key < value if self.descending[place] else key > value

    def _equal(self, place: int) -> Condition:
        if self.absent[place]:
            return self._missing(place)
        key, value = self.keys[place], self._value(place)
        # SQLite would put the value of `key = ?` in the place of the key in `key IS NULL`, and not know its index again.
        equal = key.is_not_distinct_from(value) if self._marked(place) else key == value
        return sa.and_(*self._there(place), equal)

    def _there(self, place: int) -> list[Condition]:
        return [self.keys[place].is_(None) == sa.literal_column("0")] if self._marked(place) else []

    def _missing(self, place: int) -> Condition:
        is_absent = self.keys[place].is_(None)
        return sa.and_(is_absent == sa.literal_column("1"), is_absent) if self._marked(place) else is_absent

    def _marked(self, place: int) -> bool:
        """Whether a key stands in indexes behind whether it is absent (`storage.indexes.order_terms`)."""
        return self.dialect == "sqlite" and not self.descending[place]
