"""A record with rows of records that refer to it, written as one: all or nothing, and everything wrong told at once.

Each record is written in a savepoint, so that what the database refuses of one leaves the others to be looked at; what
follows from all of them (stored formulas, guards, audit, observers) is settled once, at the end. A problem of a row
names its place: `prescriptions[0].quantity`.

The same steps rehearse a write: the caller rolls it back, and shows what would be said (`Rehearsal`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from dougong_runtime.errors import (
    CONFLICT,
    FORBIDDEN,
    INVALID_VALUE,
    NOT_FOUND,
    NOT_UNIQUE,
    TOO_MUCH,
    UNKNOWN_NAME,
    Problem,
    Refused,
)
from dougong_runtime.fields.base import Json, Value
from dougong_runtime.labels import Label
from dougong_runtime.model.app import Entity, Inverse
from dougong_runtime.names import nearest
from dougong_runtime.records import checks, trash
from dougong_runtime.records.change import Change
from dougong_runtime.records.dependants import settle
from dougong_runtime.records.dirt import Dirty
from dougong_runtime.records.hold import hold
from dougong_runtime.records.read import entity_of
from dougong_runtime.records.scene import Scene
from dougong_runtime.records.values import read_only
from dougong_runtime.records.write import Writer

ROWS_MAX = 500
"""Rows of one record, over all its lists."""


@dataclass(frozen=True, slots=True)
class RowChange:
    """A row: a new record, a change of one (`id`, guarded by `version` if given), or its removal."""

    values: Mapping[str, Json] = field(default_factory=dict)
    id: str | None = None
    version: int | None = None
    removed: bool = False


Lists = Mapping[str, Sequence[RowChange]]
"""Inverse → rows. Rows that are not named stay as they are."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a write came to: the record, its rows in order, and all that stood against it."""

    id: str | None
    rows: Mapping[str, tuple[str | None, ...]]
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


def place(list_name: str, row: int, name: str | None = None) -> str:
    """How a problem names a row, or a field of it.

    >>> place("prescriptions", 0, "quantity"), place("prescriptions", 2)
    ('prescriptions[0].quantity', 'prescriptions[2]')
    """
    return f"{list_name}[{row}].{name}" if name else f"{list_name}[{row}]"


@dataclass(frozen=True)
class Whole:
    """The door to a record and its rows together, for one viewer in the caller's transaction (`Records.whole`)."""

    _scene: Scene
    _writer: Writer
    _must_not_view_as: Callable[[], None]
    _written: Callable[[str, Sequence[str]], Sequence[dict[str, Any]]]

    def ways(self, entity: str) -> Mapping[str, Inverse]:
        """The lists of an entity whose rows the viewer may write with it."""
        return ways_of(self._writer, entity_of(self._scene, entity))

    def create(
        self,
        entity: str,
        values: Mapping[str, Json],
        lists: Lists,
        *,
        reasons: Mapping[str, str] | None = None,
    ) -> tuple[dict[str, Any], dict[str, Sequence[dict[str, Any]]]]:
        """A new record with rows that refer to it, all or nothing; gives both as their writer may read them."""
        return self._write(entity, None, values, lists, None, reasons)

    def update(
        self,
        entity: str,
        id: str,
        values: Mapping[str, Json],
        lists: Lists,
        *,
        version: int | None = None,
        reasons: Mapping[str, str] | None = None,
    ) -> tuple[dict[str, Any], dict[str, Sequence[dict[str, Any]]]]:
        """Change a record and rows that refer to it, all or nothing; each row is guarded by its own version."""
        return self._write(entity, id, values, lists, version, reasons)

    def rehearse(
        self,
        entity: str,
        id: str | None,
        values: Mapping[str, Json],
        lists: Lists,
        *,
        reasons: Mapping[str, str] | None = None,
    ) -> Rehearsal:
        """What would be said of a write: it is tried out in this transaction, which the caller must roll back."""
        self._must_not_view_as()
        found = entity_of(self._scene, entity)
        return attempt(self._writer, found, id, values, lists, None, reasons or {})

    def _write(
        self,
        entity: str,
        id_: str | None,
        values: Mapping[str, Json],
        lists: Lists,
        version: int | None,
        reasons: Mapping[str, str] | None,
    ) -> tuple[dict[str, Any], dict[str, Sequence[dict[str, Any]]]]:
        self._must_not_view_as()
        found = entity_of(self._scene, entity)
        done = write(self._writer, found, id_, values, lists, version, reasons or {})
        rows = {
            name: self._written(found.inverses[name].entity, [i for i in ids if i is not None])
            for name, ids in done.rows.items()
        }
        return self._written(found.name, [str(done.id)])[0], rows


def ways_of(writer: Writer, entity: Entity) -> dict[str, Inverse]:
    """The lists of an entity whose rows the writer may add, change or remove, by name."""
    access = writer.scene.access
    return {
        name: way
        for name, way in entity.inverses.items()
        if not way.many
        and (access.knows_way(entity.name, name) or access.entity(way.entity).can("create"))
        and any(access.entity(way.entity).can(a) for a in ("create", "update", "delete"))
    }


def write(
    writer: Writer,
    entity: Entity,
    id_: str | None,
    values: Mapping[str, Json],
    lists: Lists,
    version: int | None,
    reasons: Mapping[str, str],
) -> Rehearsal:
    """Write a record and its rows. Raises Refused with everything that stands against it."""
    done = attempt(writer, entity, id_, values, lists, version, reasons)
    if done.problems or done.warnings:
        raise Refused(done.problems, done.warnings)
    return done


def attempt(
    writer: Writer,
    entity: Entity,
    id_: str | None,
    values: Mapping[str, Json],
    lists: Lists,
    version: int | None,
    reasons: Mapping[str, str],
) -> Rehearsal:
    """The same, but what stands against it is given rather than raised: then the caller must roll back.

    Raises Refused where the record is not there, may not be read, or there are too many rows.
    """
    if sum(len(rows) for rows in lists.values()) > ROWS_MAX:
        raise Refused([Problem(TOO_MUCH, None, {"what": Label("行数", "rows"), "limit": ROWS_MAX})])
    return _Attempt(writer, reasons).run(entity, id_, values, lists, version)


@dataclass
class _Written:
    """A change with its place: no list for the record itself."""

    change: Change
    list: str = ""
    row: int = 0


@dataclass
class _Attempt:
    writer: Writer
    reasons: Mapping[str, str]
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    written: list[_Written] = field(default_factory=list)

    def run(
        self, entity: Entity, id_: str | None, values: Mapping[str, Json], lists: Lists, version: int | None
    ) -> Rehearsal:
        scene = self.writer.scene
        ways = ways_of(self.writer, entity)
        for name in lists:
            if name not in ways:
                facts = {"name": name, "what": Label("列表", "list"), "of": entity.label}
                self.problems.append(Problem(UNKNOWN_NAME, name, {**facts, "nearest": nearest(name, ways)}))
        known = {name: rows for name, rows in lists.items() if name in ways}
        if id_ is not None:
            id_ = hold(scene, entity, id_).id
            self._remove(entity, id_, ways, known)
        record = self._record(entity, id_, values, version)
        rows = {
            name: tuple(self._row(entity, record, ways[name], name, n, row) for n, row in enumerate(given))
            for name, given in known.items()
        }
        self._settle()
        return Rehearsal(record, rows, tuple(self.problems), tuple(self.warnings))

    # --- the record ------------------------------------------------------------------------------------------
    def _record(
        self, entity: Entity, id_: str | None, values: Mapping[str, Json], version: int | None
    ) -> str | None:
        found: list[Problem] = []
        if id_ is None:
            change = self._create(entity, values, found)
        else:
            change = self._update(entity, id_, values, version, found)
        self.problems += found
        if change is not None:
            self.written.append(_Written(change))
        return change.record if change is not None else id_

    # --- rows ------------------------------------------------------------------------------------------------
    def _remove(self, entity: Entity, id_: str, ways: Mapping[str, Inverse], lists: Lists) -> None:
        """Rows that go, before anything else is written."""
        for name, given in lists.items():
            child = self.writer.scene.entity(ways[name].entity)
            for n, row in enumerate(given):
                if not row.removed or row.id is None:
                    continue
                try:
                    with self.writer.scene.connection.begin_nested():
                        self._belongs(child, row.id, ways[name], entity, id_)
                        trash.delete(self.writer, child, row.id, row.version)
                except Refused as refused:
                    self.problems += _placed(refused.problems, name, n)

    def _row(
        self, entity: Entity, parent: str | None, way: Inverse, name: str, n: int, row: RowChange
    ) -> str | None:
        if row.removed:
            return row.id
        child = self.writer.scene.entity(way.entity)
        found: list[Problem] = []
        if way.field in row.values:
            found.append(read_only(child.fields[way.field]))
        values = {k: v for k, v in row.values.items() if k != way.field}
        change: Change | None = None
        if row.id is None:
            change = self._create(child, values, found, (way, entity, parent))
        else:
            try:
                self._belongs(child, row.id, way, entity, parent)
                change = self._update(child, row.id, values, row.version, found)
            except Refused as refused:
                found += refused.problems
        self.problems += _placed(found, name, n)
        if change is None:
            return row.id
        self.written.append(_Written(change, name, n))
        return change.record

    def _belongs(self, child: Entity, id_: str, way: Inverse, entity: Entity, parent: str | None) -> None:
        """Raises Refused (NOT_FOUND) for a record of somebody else: the same answer as for none of that id."""
        held = hold(self.writer.scene, child, id_)
        named = held.values.get(way.field)
        if isinstance(named, Mapping):
            named = named["id"] if named["entity"] == entity.name else None
        if parent is None or named != parent:
            raise Refused([Problem(NOT_FOUND)])

    # --- one record ------------------------------------------------------------------------------------------
    def _create(
        self,
        entity: Entity,
        raw: Mapping[str, Json],
        found: list[Problem],
        way: tuple[Inverse, Entity, str | None] | None = None,
    ) -> Change | None:
        """A new record of what is right in `raw`; what is wrong goes to `found`. None where there can be none."""
        writer, access = self.writer, self.writer.scene.access.entity(entity.name)
        if not access.can("create"):
            action = Label("新建", "creating")
            found.append(Problem(FORBIDDEN, None, {"entity": entity.label, "action": action}))
            return None
        also: dict[str, Value] = {}
        if way is not None:
            inverse, parent_entity, parent = way
            f = entity.fields[inverse.field]
            if not access.everything and not any(h.writes(f, "create") for h in access.giving("create")):
                found.append(read_only(f))
            also[f.name] = {"entity": parent_entity.name, "id": parent} if f.is_polymorphic else parent
        values = writer.create_one(entity, raw, also, found)
        if way is not None and way[2] is None:
            return None
        for _ in range(2):
            try:
                with writer.scene.connection.begin_nested():
                    return writer.insert_one(entity, values, self.reasons)
            except Refused as wrong:
                found += wrong.problems
                taken = [n for p in wrong.problems if p.type is NOT_UNIQUE for n in p.facts.get("fields", ())]
                if not taken:
                    return None
                values |= dict.fromkeys(taken)
        return None

    def _update(
        self,
        entity: Entity,
        id_: str,
        raw: Mapping[str, Json],
        version: int | None,
        found: list[Problem],
    ) -> Change | None:
        """The change of what is right in `raw`; what is wrong goes to `found`."""
        writer = self.writer
        left = dict(raw)
        while True:
            try:
                with writer.scene.connection.begin_nested():
                    held = hold(writer.scene, entity, id_)
                    return writer.update_one(entity, held, left, version, self.reasons)
            except Refused as refused:
                found += refused.problems
                wrong = {n for p in refused.problems for n in _names_of(p)}
                if not wrong & left.keys():
                    return None
                left = {n: v for n, v in left.items() if n not in wrong}

    # --- what follows ------------------------------------------------------------------------------------------
    def _settle(self) -> None:
        """Stored formulas, guards, audit and observers, over everything that was written."""
        writer, scene = self.writer, self.writer.scene
        changes = [w.change for w in self.written]
        if not changes:
            return
        dirty = Dirty.of_writes(scene.running)
        for change in changes:
            dirty.add(change)
        try:
            with scene.connection.begin_nested():
                recomputed = settle(scene.connection, scene.running, dirty, scene.stored_parameters)
        except Refused as refused:
            self.problems += refused.problems
            return
        for entity, kind in dict.fromkeys((w.change.entity, w.change.kind) for w in self.written):
            group = [w for w in self.written if (w.change.entity, w.change.kind) == (entity, kind)]
            self._check(scene.entity(entity), group)
        if not (self.problems or self.warnings):
            writer.audit(changes)
            for observer in writer.observers:
                observer.wrote(changes, recomputed)

    def _check(self, entity: Entity, group: Sequence[_Written]) -> None:
        """Ask the guards of an entity of all that was written of it; each answer goes to its place."""
        found = checks.check_each(
            self.writer.scene, entity, [w.change for w in group], self.reasons, self.writer.given
        )
        for one in group:
            wrong = found.get(one.change.record)
            if wrong is None:
                continue
            self.problems += _placed(wrong.problems, one.list, one.row) if one.list else wrong.problems
            self.warnings += _placed(wrong.warnings, one.list, one.row) if one.list else wrong.warnings


def _placed(problems: Sequence[Problem], name: str, row: int) -> list[Problem]:
    return [replace(p, field=place(name, row, p.field)) for p in problems]


def _names_of(problem: Problem) -> tuple[str, ...]:
    """The fields that a problem takes out of a change."""
    if problem.type is CONFLICT:
        names: Any = problem.facts.get("names", ())
        return tuple(names)
    if problem.type is NOT_UNIQUE:
        return tuple(problem.facts.get("fields", ()))
    return (problem.field,) if problem.field is not None else ()


def read_rows(name: str, raw: Any) -> list[RowChange]:
    """A list of rows from JSON: objects of fields, with `id` and `version` of a record that is there already, and
    `_delete: true` to remove it. Raises Refused."""
    if not isinstance(raw, list):
        raise _malformed(name, "应为列表", "a list is expected")
    rows: list[RowChange] = []
    for n, given in enumerate(raw):
        at = place(name, n)
        if not isinstance(given, dict):
            raise _malformed(at, "应为对象", "an object is expected")
        values = {k: v for k, v in given.items() if k not in ("id", "version", "_delete")}
        id_, version, removed = given.get("id"), given.get("version"), given.get("_delete", False)
        if id_ is not None and not isinstance(id_, str):
            raise _malformed(f"{at}.id", "应为文本", "a text is expected")
        if version is not None and (not isinstance(version, int) or isinstance(version, bool)):
            raise _malformed(f"{at}.version", "应为整数", "a whole number is expected")
        if not isinstance(removed, bool) or (removed and id_ is None):
            raise _malformed(f"{at}._delete", "只用于带 id 的行", "it goes with an id, as true")
        if (version is not None and id_ is None) or any(k.startswith("_") for k in values):
            raise _malformed(at, "有这里不认识的成员", "it has a member that is not known here")
        rows.append(RowChange(values, id_, version, removed))
    return rows


def _malformed(at: str, zh: str, en: str) -> Refused:
    return Refused([Problem(INVALID_VALUE, at, {"zh": f"{at}：{zh}。", "en": f"{at}: {en}."})])
