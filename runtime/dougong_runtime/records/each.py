"""Many records, each for itself: what can be done is done, and of the rest it is told why not.

One record's refusal undoes nothing of another's. What is refused before it is written falls out at once; what the
guards refuse of the records as written falls out by a savepoint, and the rest is written anew without it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dougong_runtime.errors import NOT_FOUND, Problem, Refused, refuse
from dougong_runtime.fields.base import Field, Json, Value, ValueProblem
from dougong_runtime.formulas.types import Kind
from dougong_runtime.model.app import Entity
from dougong_runtime.records import checks
from dougong_runtime.records.change import Change, Recomputed
from dougong_runtime.records.conditions import check_conditions
from dougong_runtime.records.dependants import settle
from dougong_runtime.records.dirt import Dirty
from dougong_runtime.records.hold import Held, hold_some
from dougong_runtime.records.references import check_references
from dougong_runtime.records.scene import known_id
from dougong_runtime.records.values import as_json, invalid, read_only
from dougong_runtime.records.write import Writer


@dataclass(frozen=True, slots=True)
class Edit:
    """What is to become of a record."""

    set: Mapping[str, Json] = field(default_factory=dict)
    """Field → its new value."""
    add: Mapping[str, Json] = field(default_factory=dict)
    """Field of several values → values that it is to have besides its own."""
    remove: Mapping[str, Json] = field(default_factory=dict)
    """Field of several values → values that it is to have no more."""

    @property
    def names(self) -> tuple[str, ...]:
        """The fields that it names."""
        return tuple(dict.fromkeys((*self.set, *self.add, *self.remove)))


@dataclass(frozen=True, slots=True)
class Wish:
    """One record and what is to become of it; `version` guards it as in a single change."""

    record: str
    edit: Edit
    version: int | None = None


@dataclass(slots=True)
class Outcome:
    """What came of many records."""

    done: list[Change] = field(default_factory=list)
    same: list[str] = field(default_factory=list)
    """Records that were so already."""
    refused: dict[str, Refused] = field(default_factory=dict)
    """Record → why nothing was done to it."""


def takes_several(of: Field) -> bool:
    """Whether a field holds several values, to which some can be added."""
    return of.is_many or of.value_type.kind is Kind.LIST


def update_each(
    writer: Writer, entity: Entity, wishes: Sequence[Wish], reasons: Mapping[str, str]
) -> Outcome:
    """Change records as far as each may be changed. The caller owns the transaction."""
    outcome = Outcome()
    ready = _examined(writer, entity, wishes, outcome)
    if ready:
        _write(writer, entity, ready, reasons, outcome)
    return outcome


def act_on_each(writer: Writer, records: Sequence[str], act: Callable[[str], None]) -> Outcome:
    """Do one thing to each record (delete, restore, share), each in a savepoint of its own."""
    outcome = Outcome()
    connection = writer.scene.connection
    for record in dict.fromkeys(records):
        attempt = connection.begin_nested()
        try:
            act(record)
        except Refused as refused:
            attempt.rollback()
            outcome.refused[record] = refused
        else:
            attempt.commit()
            outcome.done.append(Change("update", "", record))
    return outcome


@dataclass(slots=True)
class Made:
    """What came of new records, each by its place among those asked for."""

    ids: dict[int, str] = field(default_factory=dict)
    refused: dict[int, Refused] = field(default_factory=dict)


def create_each(
    writer: Writer, entity: Entity, rows: Sequence[Mapping[str, Json]], reasons: Mapping[str, str]
) -> Made:
    """Make new records as far as each may be made, each in a savepoint of its own."""
    made = Made()
    for place, values in enumerate(rows):
        attempt = writer.scene.connection.begin_nested()
        try:
            (made.ids[place],) = writer.create(entity, [values], reasons)
        except Refused as refused:
            attempt.rollback()
            made.refused[place] = refused
        else:
            attempt.commit()
    return made


@dataclass(frozen=True, slots=True)
class _Ready:
    held: Held
    changed: Mapping[str, Value]


def _examined(writer: Writer, entity: Entity, wishes: Sequence[Wish], outcome: Outcome) -> list[_Ready]:
    """What stands up to all that can be said before anything is written."""
    scene = writer.scene
    held = hold_some(scene, entity, [w.record for w in wishes])
    asked: dict[str, list[Problem]] = {}
    ready: dict[str, _Ready] = {}
    for wish in wishes:
        id_ = known_id(wish.record)
        of = held.get(id_) if id_ is not None else None
        if of is None or of.id in ready:
            outcome.refused[wish.record] = refuse(NOT_FOUND)
            continue
        problems: list[Problem] = []
        raw = _raw(entity, of, wish.edit, problems)
        changed = {} if problems else writer.examine(entity, of, raw, wish.version, problems)
        # Many records get the same values as a rule: each is asked about once.
        named = repr({n: v for n, v in changed.items() if _is_asked(entity.fields[n])})
        if named not in asked:
            asked[named] = []
            check_references(scene, entity, [changed], asked[named])
            check_conditions(scene, entity, [changed], asked[named])
        problems += asked[named]
        if problems:
            outcome.refused[of.id] = Refused(problems)
        elif changed:
            ready[of.id] = _Ready(of, changed)
        else:
            outcome.same.append(of.id)
    return list(ready.values())


def _is_asked(of: Field) -> bool:
    return bool(of.targets) or of.type == "filter"


def _raw(entity: Entity, held: Held, edit: Edit, problems: list[Problem]) -> dict[str, Json]:
    """The edit as plain values for this record. One who does not see what a field holds cannot add to it."""
    raw = dict(edit.set)
    for given, adds in ((edit.add, True), (edit.remove, False)):
        for name, more in given.items():
            of = entity.fields.get(name)
            if of is None or name not in held.access.visible_names or not takes_several(of):
                raw[name] = more
                continue
            if not held.sees(of):
                problems.append(read_only(of))
                continue
            try:
                wanted = as_json(entity, {name: of.kind.coerce(of, more)})[name] or []
            except ValueProblem as wrong:
                problems.append(invalid(of, wrong))
                continue
            present = raw.get(name)
            if not isinstance(present, list):
                present = as_json(entity, {name: held.values.get(name)})[name] or []
            kept = present if adds else [v for v in present if v not in wanted]
            raw[name] = [*kept, *(v for v in wanted if v not in kept)] if adds else kept
    return raw


def _write(
    writer: Writer, entity: Entity, ready: Sequence[_Ready], reasons: Mapping[str, str], outcome: Outcome
) -> None:
    """Write, and again without those that the guards refuse, until what is left stands."""
    left = list(ready)
    while left:
        attempt = writer.scene.connection.begin_nested()
        try:
            changes, refused = _put(writer, entity, left, reasons)
            recomputed = _settled(writer, changes)
            refused |= _guarded(writer, entity, changes, reasons)
        except Refused as whole:
            # What no single record answers for: find out whose doing it is.
            attempt.rollback()
            if len(left) == 1:
                outcome.refused[left[0].held.id] = whole
                return
            middle = len(left) // 2
            _write(writer, entity, left[:middle], reasons, outcome)
            _write(writer, entity, left[middle:], reasons, outcome)
            return
        if refused:
            attempt.rollback()
            outcome.refused |= refused
            left = [r for r in left if r.held.id not in refused]
            continue
        attempt.commit()
        writer.audit(changes)
        for observer in writer.observers:
            observer.wrote(changes, recomputed)
        outcome.done += changes
        return


def _put(
    writer: Writer, entity: Entity, ready: Sequence[_Ready], reasons: Mapping[str, str]
) -> tuple[list[Change], dict[str, Refused]]:
    """All of them written; a value that must be the only one is tried record by record."""
    changes: list[Change] = []
    refused: dict[str, Refused] = {}
    unique = {n for u in entity.unique for n in u.fields} | {f.name for f in entity.own_fields if f.unique}
    for one in ready:
        if not unique & one.changed.keys():
            changes.append(writer.put(entity, one.held, one.changed, reasons))
            continue
        attempt = writer.scene.connection.begin_nested()
        try:
            changes.append(writer.put(entity, one.held, one.changed, reasons))
        except Refused as taken:
            attempt.rollback()
            refused[one.held.id] = taken
        else:
            attempt.commit()
    return changes, refused


def _settled(writer: Writer, changes: Sequence[Change]) -> Sequence[Recomputed]:
    scene = writer.scene
    dirty = Dirty.of_writes(scene.running)
    for change in changes:
        dirty.add(change)
    return settle(scene.connection, scene.running, dirty, scene.stored_parameters)


def _guarded(
    writer: Writer, entity: Entity, changes: Sequence[Change], reasons: Mapping[str, str]
) -> dict[str, Refused]:
    if not changes:
        return {}
    wrong: Any = checks.check_each(writer.scene, entity, changes, reasons, writer.given)
    return {record: Refused(one.problems, one.warnings) for record, one in wrong.items()}
