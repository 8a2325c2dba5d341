"""The order of a write: coerce → defaults → validate → access → stage → database → dependants → checks → audit → observers.

All of it happens in the caller's transaction. A refusal is raised, and the caller rolls back: nothing is half done.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from dougong_runtime.access.grants import EntityAccess
from dougong_runtime.access.masks import DOT
from dougong_runtime.audit import log
from dougong_runtime.errors import (
    APPEND_ONLY,
    FORBIDDEN,
    INVALID_VALUE,
    LOCKED,
    REQUIRED,
    Problem,
    Refused,
    refuse,
)
from dougong_runtime.exact.numbers import TENS
from dougong_runtime.fields.base import SYSTEM_FIELDS, Value
from dougong_runtime.fields.times import reading_zone
from dougong_runtime.formulas.dependencies import dependencies
from dougong_runtime.formulas.evaluate import stored
from dougong_runtime.formulas.types import Kind, ValueType
from dougong_runtime.labels import Label
from dougong_runtime.model.app import Entity, Lock
from dougong_runtime.names import uuid7
from dougong_runtime.records import autonumber, checks, conflict, defaults, files, links, stages, store
from dougong_runtime.records.change import Change, Observer
from dougong_runtime.records.conditions import check_conditions
from dougong_runtime.records.dependants import overflow, settle, settle_waiting
from dougong_runtime.records.dirt import Dirty
from dougong_runtime.records.hold import Held, hold, hold_many
from dougong_runtime.records.references import check_references
from dougong_runtime.records.rows import RecordRow
from dougong_runtime.records.scene import Scene
from dougong_runtime.records.values import coerced, for_msgspec, read_only
from dougong_runtime.records.waiting import Waiting

BATCH_MAX = 1000
"""Records of one call; more go through `bulk`."""

TOLD_MAX = 2000
"""Records of which observers are told at once."""


@dataclass
class Writer:
    """Writes of one scene. `deferred` gathers what follows from several writes, to be settled once."""

    scene: Scene
    observers: Sequence[Observer] = ()
    deferred: Dirty | None = None
    waiting: Waiting | None = None
    """What many additions have left to be done of other records; there is no other write meanwhile."""
    cache: dict[str, RecordRow | None] = field(default_factory=dict)
    given: dict[str, frozenset[str]] = field(default_factory=dict)
    """New record → the fields filled in by its writer that not every grant lets be filled in."""
    batch: str | None = None
    """Id of the act that all these writes are part of: it stands in their changes and in the audit."""

    # --- creation ---------------------------------------------------------------------------------------------

    def create(
        self, entity: Entity, rows: Sequence[Mapping[str, Any]], reasons: Mapping[str, str]
    ) -> list[str]:
        """New records from a writer's JSON, all or none; gives their ids in order. Raises Refused."""
        scene = self.scene
        access = scene.access.entity(entity.name)
        if not access.can("create"):
            raise refuse(FORBIDDEN, entity=entity.label, action=Label("新建", "creating"))
        problems: list[Problem] = []
        with reading_zone(scene.viewer.time_zone):
            given = [self._given(entity, access, raw, problems) for raw in rows]
        check_references(scene, entity, given, problems)
        check_conditions(scene, entity, given, problems)
        files.check_files(scene, entity, given, problems)
        if problems:
            raise Refused(problems)
        prepared = self.prepare(entity, given)
        self.compute_own(entity, prepared)
        self.insert(entity, prepared)
        self.finish(entity, self.created(entity, prepared, reasons, computed=True), reasons)
        return [values["id"] for values in prepared]

    def create_one(
        self, entity: Entity, raw: Mapping[str, Any], also: Mapping[str, Value], problems: list[Problem]
    ) -> dict[str, Value]:
        """The complete values of one new record, of what is right in a writer's JSON; adds to `problems` what is
        wrong or missing. `also`: values that are not the writer's to give."""
        scene, access = self.scene, self.scene.access.entity(entity.name)
        with reading_zone(scene.viewer.time_zone):
            given = self._given(entity, access, raw, problems)
        check_references(scene, entity, [given], problems)
        check_conditions(scene, entity, [given], problems)
        files.check_files(scene, entity, [given], problems)
        wrong = {p.field for p in problems}
        given = {n: v for n, v in given.items() if n not in wrong} | dict(also)
        missing: list[Problem] = []
        values = self._complete(entity, dict(given), missing)
        problems += [p for p in missing if p.field not in wrong and p.field not in also]
        uneven = frozenset() if access.everything else access.unevenly_written(given)
        if uneven:
            self.given[values["id"]] = uneven
        self._number(entity, [values])
        return values

    def insert_one(self, entity: Entity, values: dict[str, Value], reasons: Mapping[str, str]) -> Change:
        """Insert one complete record, with the formulas that follow from it alone. Raises Refused."""
        self.compute_own(entity, [values])
        self.insert(entity, [values])
        return self.created(entity, [values], reasons, computed=True)[0]

    def update_one(
        self,
        entity: Entity,
        held: Held,
        raw: Mapping[str, Any],
        version: int | None,
        reasons: Mapping[str, str],
    ) -> Change | None:
        """Write the change of one record, all but what follows from it; None where nothing changes. Raises Refused."""
        return self._update(entity, held, raw, version, reasons)

    def prepare(self, entity: Entity, given: Sequence[dict[str, Value]]) -> list[dict[str, Value]]:
        """`complete`, with a note of what the writer filled in, for the checks of the records as stored."""
        access = self.scene.access.entity(entity.name)
        filled = [frozenset(values) for values in given]
        prepared = self.complete(entity, given)
        if not access.everything:
            for names, values in zip(filled, prepared, strict=True):
                uneven = access.unevenly_written(names)
                if uneven:
                    self.given[values["id"]] = uneven
        return prepared

    def complete(self, entity: Entity, given: Sequence[dict[str, Value]]) -> list[dict[str, Value]]:
        """Defaults, numbers and the system's fields added to a writer's values. Raises Refused."""
        problems: list[Problem] = []
        prepared = [self._complete(entity, values, problems) for values in given]
        if problems:
            raise Refused(problems)
        self._number(entity, prepared)
        return prepared

    def created(
        self,
        entity: Entity,
        prepared: Sequence[Mapping[str, Value]],
        reasons: Mapping[str, str],
        *,
        computed: bool,
    ) -> list[Change]:
        """What an insertion of complete values comes to; `computed`: with the formulas that follow from it alone."""
        own = self.scene.running.graph.own.get(entity.name, ()) if computed else ()
        kept = {*SYSTEM_FIELDS} | {n for n, f in entity.fields.items() if f.is_computed}
        return [
            Change(
                "create",
                entity.name,
                v["id"],
                {},
                _present(v, kept),
                reasons=reasons,
                computed=computed,
                formulas={n: v.get(n) for n in own},
            )
            for v in prepared
        ]

    def insert(self, entity: Entity, prepared: Sequence[dict[str, Value]]) -> None:
        """Into the tables: complete values, links included."""
        store.insert(self.scene, entity, prepared)
        many = [f.name for f in entity.own_fields if f.is_many]
        if many:
            linked = {v["id"]: {n: v[n] for n in many if v.get(n)} for v in prepared}
            links.write(self.scene, entity, {i: fields for i, fields in linked.items() if fields}, fresh=True)

    def _given(
        self, entity: Entity, access: EntityAccess, raw: Mapping[str, Any], problems: list[Problem]
    ) -> dict[str, Value]:
        # A field that a role may write without reading it back can be set when a record is made.
        visible = access.visible_names | {
            n for n, f in entity.fields.items() if any(h.writes(f, "create") for h in access.giving("create"))
        }
        values = coerced(entity, raw, visible, problems)
        for name in values:
            f = entity.fields[name]
            if not access.everything and not any(h.writes(f, "create") for h in access.giving("create")):
                problems.append(read_only(f))
        stage = entity.stage
        if stage is not None and not stages.may_begin_at(self.scene, stage, values.get(stage.name)):
            problems.append(stages.refused_beginning(stage, values[stage.name]))
        return values

    def _complete(
        self, entity: Entity, values: dict[str, Value], problems: list[Problem]
    ) -> dict[str, Value]:
        scene = self.scene
        defaults.fill(scene, entity, values, self.cache, problems)
        check_required(scene, entity, values, problems)
        values |= {
            "id": values.get("id") or uuid7(),
            "version": 1,
            "created_at": scene.now,
            "created_by": scene.viewer.user,
            "updated_at": scene.now,
            "updated_by": scene.viewer.user,
        }
        return values

    def compute_own(self, entity: Entity, prepared: Sequence[dict[str, Value]]) -> None:
        """Stored formulas that follow from the record alone: computed before it is stored, by the same language.

        It spares a new record its first UPDATE. Raises Refused where a result does not fit its field.
        """
        scene = self.scene
        own = [entity.fields[name] for name in scene.running.graph.own.get(entity.name, ())]
        for values in prepared if own else ():
            row = RecordRow(scene, entity, values, self.cache, is_new=True)
            for f in own:
                assert f.formula is not None
                value = stored(f.formula.tree, f.value_type, row, scene.stored_context)
                if (
                    value is not None
                    and f.value_type.kind is Kind.NUMBER
                    and _is_too_large(value, f.value_type)
                ):
                    raise overflow(entity, [f.name])
                values[f.name] = row.values[f.name] = value

    def _number(self, entity: Entity, prepared: Sequence[dict[str, Value]]) -> None:
        day = self.scene.now.astimezone(ZoneInfo(self.scene.site_time_zone)).date()
        for f in entity.own_fields:
            if f.type == "autonumber":
                pattern = f.options.get("pattern", "{000000}")
                numbers = autonumber.take(
                    self.scene.connection, self.scene.app.name, f.id, pattern, day, len(prepared)
                )
                for values, number in zip(prepared, numbers, strict=True):
                    values[f.name] = number

    # --- change -----------------------------------------------------------------------------------------------

    def update(
        self,
        entity: Entity,
        id_: str,
        raw: Mapping[str, Any],
        version: int | None,
        reasons: Mapping[str, str],
    ) -> None:
        """Change one record from a writer's JSON. Raises Refused."""
        change = self._update(entity, hold(self.scene, entity, id_), raw, version, reasons)
        if change is not None:
            self.finish(entity, [change], reasons)

    def update_many(
        self, entity: Entity, changes: Sequence[tuple[str, Mapping[str, Any]]], reasons: Mapping[str, str]
    ) -> None:
        """Change several records; what follows from them is settled once. Raises Refused."""
        held = hold_many(self.scene, entity, [i for i, _ in changes])
        if len({h.id for h in held}) < len(held):
            raise refuse(
                INVALID_VALUE, "id", zh="同一条记录出现了两次。", en="The same record stands there twice."
            )
        done = [
            self._update(entity, h, raw, None, reasons) for h, (_, raw) in zip(held, changes, strict=True)
        ]
        real = [c for c in done if c is not None]
        if real:
            self.finish(entity, real, reasons)

    def _update(
        self,
        entity: Entity,
        held: Held,
        raw: Mapping[str, Any],
        version: int | None,
        reasons: Mapping[str, str],
    ) -> Change | None:
        """Write the change of one record, all but what follows from it; None where nothing changes."""
        problems: list[Problem] = []
        changed = self.examine(entity, held, raw, version, problems)
        check_references(self.scene, entity, [changed], problems)
        check_conditions(self.scene, entity, [changed], problems)
        if problems:
            raise Refused(problems)
        return self.put(entity, held, changed, reasons) if changed else None

    def examine(
        self,
        entity: Entity,
        held: Held,
        raw: Mapping[str, Any],
        version: int | None,
        problems: list[Problem],
    ) -> dict[str, Value]:
        """What a writer's JSON changes of a record, and what is wrong with it before it is written; but for its
        references and conditions, which the caller asks of many records together."""
        scene = self.scene
        raw = _without_masks(entity, held, raw, problems)
        with reading_zone(scene.viewer.time_zone):
            values = coerced(entity, raw, scene.access.entity(entity.name).visible_names, problems)
        files.check_files(scene, entity, [values], problems, held)
        changed = self._changed(entity, held, values, problems)
        if changed and entity.append_only:
            problems.append(Problem(APPEND_ONLY, None, {"entity": entity.label}))
        if version is not None:
            conflict.check_version(scene, entity, held, version, changed, problems)
        if not problems and changed:
            self._guard_change(entity, held, changed, problems)
        return changed

    def put(
        self, entity: Entity, held: Held, changed: Mapping[str, Value], reasons: Mapping[str, str]
    ) -> Change:
        """Write what changes of a record. Raises Refused where the database has a value already."""
        scene = self.scene
        before = {n: held.values.get(n) for n in changed}
        whole = {**held.values, **changed}
        system = {"version": held.version + 1, "updated_at": scene.now, "updated_by": scene.viewer.user}
        store.update(scene, entity, held.id, {**changed, **system}, whole)
        many = {n: v or [] for n, v in changed.items() if entity.fields[n].is_many}
        if many:
            links.write(scene, entity, {held.id: many}, fresh=False)
        return Change(
            "update",
            entity.name,
            held.id,
            before,
            dict(changed),
            state_before=held.values,
            version=held.version + 1,
            reasons=reasons,
            batch=self.batch,
        )

    def _changed(
        self, entity: Entity, held: Held, values: Mapping[str, Value], problems: list[Problem]
    ) -> dict[str, Value]:
        """What really changes. A value equal to what the writer sees is no change; what they do not see counts as
        changed whether it is equal or not, so that nothing can be learned from the answer."""
        changed = {}
        for name, value in values.items():
            f = entity.fields[name]
            current = held.values.get(name)
            seen = held.sees(f)
            if not held.writes(f):
                if not (seen and _same(current, value)):
                    problems.append(read_only(f))
            elif not (seen and _same(current, value)):
                changed[name] = value
        return changed

    def _guard_change(
        self, entity: Entity, held: Held, changed: Mapping[str, Value], problems: list[Problem]
    ) -> None:
        if not held.may("update"):
            problems.append(
                Problem(FORBIDDEN, None, {"entity": entity.label, "action": Label("修改", "changing")})
            )
            return
        for lock in held.locks:
            shut = [n for n in changed if n not in lock.fields]
            if shut:
                problems.append(locked_problem(self.scene, entity, lock, shut[0]))
        after = {**held.values, **changed}
        stage = entity.stage
        if stage is not None and stage.name in changed:
            problems.extend(
                stages.refusals(
                    self.scene, entity, stage, held.values.get(stage.name), changed[stage.name], after
                )
            )
        check_required(self.scene, entity, after, problems)

    # --- what follows from a write ------------------------------------------------------------------------------

    def finish(self, entity: Entity, changes: Sequence[Change], reasons: Mapping[str, str]) -> None:
        """Dependants, checks, audit, observers."""
        scene = self.scene
        self.must_not_wait()
        if self.deferred is not None:
            for change in changes:
                self.deferred.add(change)
            self.audit(changes)
            return
        dirty = Dirty.of_writes(scene.running)
        for change in changes:
            dirty.add(change)
        recomputed = settle(scene.connection, scene.running, dirty, scene.stored_parameters)
        alive = [c for c in changes if c.kind in ("create", "update") and c.entity == entity.name]
        if alive:
            checks.check(scene, entity, alive, reasons, self.given)
        self.audit(changes)
        for observer in self.observers:
            observer.wrote(changes, recomputed)

    def must_not_wait(self) -> None:
        """Raises RuntimeError where figures wait: a write that computes one of them anew would count twice."""
        if self.waiting is not None:
            raise RuntimeError(f"only records of {self.waiting.entity} are added here")

    def settle_waiting(self) -> None:
        """Do what waits, and tell of the records that it waited for. Raises Refused."""
        waiting, scene = self.waiting, self.scene
        if waiting is None or not waiting.records:
            return
        self.waiting = waiting.again()
        recomputed = settle_waiting(scene.connection, scene.running, waiting, scene.stored_parameters)
        for at in range(0, len(waiting.records), TOLD_MAX):
            changes = [Change("create", waiting.entity, i) for i in waiting.records[at : at + TOLD_MAX]]
            for observer in self.observers:
                observer.wrote(changes, recomputed if at == 0 else ())

    def audit(self, changes: Sequence[Change]) -> None:
        """A row for each record written; and which files it names, which the history goes on naming."""
        scene = self.scene
        files.note_uses(scene, changes)
        events = [audit_event(scene, c, self.batch) for c in changes]
        log.write(scene.connection, scene.viewer, scene.now, events, version=scene.running.number)


def _is_too_large(value: Decimal | int, kept: ValueType) -> bool:
    """Whether a number has more digits than are kept of it."""
    return bool(abs(value) >= TENS[kept.precision - kept.scale])


def _without_masks(
    entity: Entity, held: Held, raw: Mapping[str, Any], problems: list[Problem]
) -> dict[str, Any]:
    """What was shown masked and comes back as it was is no change; anything else with dots is no value of such a field."""
    kept = {}
    for name, given in raw.items():
        f = entity.fields.get(name)
        if f is None or held.sees(f) or not (isinstance(given, str) and DOT in given):
            kept[name] = given
        elif given != held.masked(f, held.values.get(name)):
            problems.append(read_only(f))
    return kept


def audit_event(scene: Scene, change: Change, batch: str | None = None) -> log.Event:
    """A change as the audit keeps it; `batch` names the act that it was part of."""
    entity = scene.entity(change.entity)
    facts: dict[str, Any] = {"version": change.version}
    if batch is not None:
        facts["batch"] = batch
    if change.cause is not None:
        facts["cause"] = change.cause
    if change.reasons:
        facts["reasons"] = dict(change.reasons)
    return log.Event(
        change.kind,
        scene.app.name,
        change.entity,
        change.record,
        for_msgspec(entity, change.before) or None,
        for_msgspec(entity, change.after) or None,
        "; ".join(change.reasons.values()) or None,
        facts,
    )


def check_required(
    scene: Scene, entity: Entity, values: Mapping[str, Value], problems: list[Problem]
) -> None:
    """A problem for each required field that is absent."""
    for f in entity.own_fields:
        if (
            f.required
            and f.type != "autonumber"
            and not f.is_computed
            and values.get(f.name) in (None, "", [])
        ):
            known, label = scene.access.entity(entity.name).told([f.name])
            problems.append(Problem(REQUIRED, known[0] if known else None, {"label": label}))


def _present(values: Mapping[str, Value], kept: Collection[str]) -> dict[str, Value]:
    """What a writer gave, or a default did: not what the system keeps, and nothing empty."""
    return {
        n: v for n, v in values.items() if n not in kept and v is not None and (v or not isinstance(v, list))
    }


def _same(a: Value, b: Value) -> bool:
    if a in (None, []) and b in (None, []):
        return True
    return bool(a == b) and isinstance(a, bool) == isinstance(b, bool)


_LOCKED = Label("记录已锁定", "the record is locked")
"""Why, where the lock has no message and its condition names what the writer does not see."""


def locked_problem(scene: Scene, entity: Entity, lock: Lock, name: str | None) -> Problem:
    """The refusal of a change to a locked record; `name` is the field that was to change."""
    access = scene.access.entity(entity.name)
    _, open_ = access.told(n for n in lock.fields if n in entity.fields)
    fields = Label(open_.zh or "无", open_.en or "none")
    read = {d.hops[0].field if d.hops else d.field for d in dependencies(lock.when.tree)}
    known, _ = access.told(n for n in read if n in entity.fields)
    why = lock.message or (lock.when.text if len(known) == len(read) else _LOCKED)
    return Problem(LOCKED, name, {"why": why, "fields": fields})
