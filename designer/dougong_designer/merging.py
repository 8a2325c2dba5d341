"""Two sets of changes to the same documents made into one: by ids, so that a rename on one side meets a change on the
other in the same thing.

What only one side changed is taken from it; what both changed alike is taken once; what both changed differently is a
conflict with its place and three values, and one of the two sides is chosen. Members of lists are compared one by one,
and so are properties; a text, a formula, a list of plain values is one value.

merge(base, ours, theirs, choices)    the documents, and the conflicts that nobody has decided
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from dougong_designer.patch import Documents, Tokens, pointer, same
from dougong_runtime.documents.source import FILE_KEY

Side = Literal["ours", "theirs"]
Choices: TypeAlias = Mapping[str, Side]
"""A conflict's place as a JSON Pointer → the side that is taken there."""

ORDER = "#order"
"""Last token of the place where both sides have put the members of a list into another order."""


class _Absent:
    """Stands for what is not there; JSON's null is a value."""

    def __repr__(self) -> str:
        return "absent"


ABSENT: Final = _Absent()


@dataclass(frozen=True, slots=True)
class Conflict:
    """A place that both sides have changed differently. A value that is not there is `ABSENT`."""

    path: Tokens
    """The document's key, then properties and ids of members; `ORDER` last where only their order is at stake, and the
    values are lists of ids."""
    base: Any
    ours: Any
    theirs: Any

    @property
    def place(self) -> str:
        """The path as a JSON Pointer."""
        return pointer(self.path)


@dataclass(frozen=True, slots=True)
class Merged:
    """What came of it. Where a conflict is undecided, `documents` have ours."""

    documents: dict[str, Any]
    conflicts: tuple[Conflict, ...]
    """All of them, decided or not, in the order of documents. What is decided may bring two documents under one name,
    and so another conflict."""
    undecided: tuple[Conflict, ...]


def merge(base: Documents, ours: Documents, theirs: Documents, choices: Choices | None = None) -> Merged:
    """Bring both sides' changes of `base` together. Nothing that is given is changed; what neither side touched is the
    same object in the result."""
    work = _Merging(choices or {})
    made: dict[str, Any] = {}
    sides = [_by_identity(documents) for documents in (base, ours, theirs)]
    for identity in _in_order(list(sides[1]), list(sides[2]), sides[0]):
        keys = [side.get(identity) for side in sides]
        values = [
            ABSENT if key is None else documents[key]
            for key, documents in zip(keys, (base, ours, theirs), strict=True)
        ]
        shown = next(key for key in (keys[1], keys[2], keys[0]) if key is not None)
        value = work.three(values, (shown,))
        if value is not ABSENT:
            work.keep(made, shown, value, from_theirs=keys[1] is None)
    undecided = tuple(c for c in work.conflicts if c.place not in work.choices)
    return Merged(made, tuple(work.conflicts), undecided)


def _by_identity(documents: Documents) -> dict[tuple[str, str], str]:
    """What a document is (its kind and id, or a file's path) → its key."""
    made = {}
    for key, data in documents.items():
        kind, _, name = key.partition("/")
        is_file = key.startswith(FILE_KEY) or not isinstance(data, Mapping)
        made[(kind, name if is_file else str(data.get("id", name)))] = key
    return made


@dataclass
class _Merging:
    choices: Choices
    conflicts: list[Conflict] = field(default_factory=list)

    def three(self, sides: Sequence[Any], path: Tokens) -> Any:
        """One value of three: the base's, ours, theirs."""
        base, ours, theirs = sides
        if _alike(ours, theirs):
            return ours
        if _alike(base, ours):
            return theirs
        if _alike(base, theirs):
            return ours
        if all(isinstance(value, Mapping) for value in (base, ours, theirs)):
            return self._mappings(base, ours, theirs, path)
        lists = [[] if value is ABSENT else value for value in (base, ours, theirs)]
        if ours is not ABSENT and theirs is not ABSENT and all(_is_named(value) for value in lists):
            return self._lists(lists[0], lists[1], lists[2], path)
        return self._decided(Conflict(path, base, ours, theirs))

    def _decided(self, conflict: Conflict) -> Any:
        self.conflicts.append(conflict)
        return conflict.theirs if self.choices.get(conflict.place) == "theirs" else conflict.ours

    def _mappings(
        self, base: Mapping[str, Any], ours: Mapping[str, Any], theirs: Mapping[str, Any], path: Tokens
    ) -> dict[str, Any]:
        made = {}
        for key in _in_order(list(ours), list(theirs), base):
            values = [side.get(key, ABSENT) for side in (base, ours, theirs)]
            value = self.three(values, (*path, key))
            if value is not ABSENT:
                made[key] = value
        return made

    def _lists(self, base: list[Any], ours: list[Any], theirs: list[Any], path: Tokens) -> list[Any]:
        sides = [{member["id"]: member for member in side} for side in (base, ours, theirs)]
        orders = [[i for i in side if all(i in other for other in sides)] for side in sides]
        first, second = list(sides[1]), list(sides[2])
        if orders[1] != orders[2] and orders[0] != orders[2]:
            moved_alone = orders[0] == orders[1]
            conflict = Conflict((*path, ORDER), *orders)
            if moved_alone or self._decided(conflict) is orders[2]:
                first, second = second, first
        made = []
        for identity in _in_order(first, second, sides[0]):
            values = [side.get(identity, ABSENT) for side in sides]
            value = self.three(values, (*path, identity))
            if value is not ABSENT:
                made.append(value)
        return made

    def keep(self, made: dict[str, Any], shown: str, value: Any, *, from_theirs: bool) -> None:
        """A document under its name; where both sides gave it to different ones, one is chosen."""
        kind = shown.partition("/")[0]
        named = isinstance(value, Mapping) and not shown.startswith(FILE_KEY) and "name" in value
        key = f"{kind}/{value['name']}" if named else shown
        if key in made and not _alike(made[key], value):
            ours, theirs = (made[key], value) if from_theirs else (value, made[key])
            value = self._decided(Conflict((key,), ABSENT, ours, theirs))
        made[key] = value


def _alike(a: Any, b: Any) -> bool:
    if a is ABSENT or b is ABSENT:
        return a is b
    return same(a, b)


def _is_named(value: Any) -> bool:
    if not isinstance(value, list):
        return False
    ids = [member.get("id") if isinstance(member, Mapping) else None for member in value]
    return None not in ids and len(set(ids)) == len(ids)


def _in_order(first: list[Any], second: list[Any], base: Iterable[Any]) -> list[Any]:
    """All of both: as in the first, what only the second has after what stands before it there; then what only the base
    still has."""
    made = list(first)
    known = set(first)
    before: Any = ABSENT
    for one in second:
        if one not in known:
            at = 0 if before is ABSENT else made.index(before) + 1
            made.insert(at, one)
            known.add(one)
        before = one
    return made + [one for one in base if one not in known]
