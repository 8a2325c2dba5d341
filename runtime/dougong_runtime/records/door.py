"""The one door: everything that reads or writes records asks here, as somebody. This class only delegates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from dougong_runtime.access import explain, shares
from dougong_runtime.access.explain import Reason
from dougong_runtime.access.grants import mask_of
from dougong_runtime.access.masks import DOT
from dougong_runtime.access.shares import Shared
from dougong_runtime.audit import log
from dougong_runtime.audit.log import StoredEvent
from dougong_runtime.errors import (
    FORBIDDEN,
    INVALID_VALUE,
    NOT_FOUND,
    TOO_MUCH,
    Problem,
    Refused,
    problem_type,
    refuse,
)
from dougong_runtime.fields.base import Field, Json, Value
from dougong_runtime.host import Clock, SystemClock, Viewer
from dougong_runtime.labels import Label
from dougong_runtime.model.app import Entity
from dougong_runtime.records import bulk, dependants, past, read, refresh, settings, told, trash
from dougong_runtime.records.aggregate import aggregate
from dougong_runtime.records.beside import Beside
from dougong_runtime.records.change import Observer
from dougong_runtime.records.dirt import Dirty
from dougong_runtime.records.file_door import FileDoor
from dougong_runtime.records.hold import hold, readable_cells
from dougong_runtime.records.many import Many
from dougong_runtime.records.neighbours import Neighbours, neighbours
from dougong_runtime.records.past import HistoryEvent
from dougong_runtime.records.query import AggregateAnswer, AggregateQuery, Page, Query
from dougong_runtime.records.read import entity_of
from dougong_runtime.records.read_plan import filter_tree
from dougong_runtime.records.revealing import reveal
from dougong_runtime.records.running import Running
from dougong_runtime.records.scene import Scene, known_id
from dougong_runtime.records.settings import SettingView
from dougong_runtime.records.waiting import waiting_for
from dougong_runtime.records.whole import Whole
from dougong_runtime.records.write import BATCH_MAX, Writer
from dougong_runtime.storage.search import closeness

VIEWING_ONLY = problem_type(
    "viewing-only", 403, "以他人身份查看时不能修改。", "Nothing can be changed while viewing as another person.",
    remedy=("先退出「以此身份查看」。", "Stop viewing as that person first."))  # fmt: skip


@dataclass(frozen=True, slots=True)
class FieldView:
    """What a viewer may do with a field of an entity."""

    field: Field
    shown: Literal["yes", "masked", "mixed"]
    create: bool
    update: bool
    reveal: bool
    reveal_reason: bool = False
    """Whether who has it revealed must say why."""
    read: bool = True
    """Whether it is read at all: some fields may be filled in and never seen."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A record to pick: its title, and the facts that tell namesakes apart."""

    id: str
    title: str
    facts: str


class Records:
    """Records of one app for one viewer, on a connection whose transaction the caller owns.

    What is refused raises `errors.Refused`; the caller rolls back. Values given and taken are JSON values: decimals
    are strings, instants ISO 8601 in UTC; a masked value is text with dots, a hidden field is not there.
    """

    def __init__(
        self,
        running: Running,
        connection: sa.Connection,
        viewer: Viewer,
        clock: Clock | None = None,
        *,
        time_zone: str = "Asia/Shanghai",
        observers: Sequence[Observer] = (),
        shared: Shared | None = None,
    ) -> None:
        """`time_zone` is the site's: that of stored formulas, autonumbers and schedules. `shared` is what is shared
        with the viewer, where the host knows it already."""
        self.running = running
        self.viewer = viewer
        self.connection = connection
        self._scene = Scene(running, connection, viewer, clock or SystemClock(), time_zone)
        if shared is not None:
            self._scene.shared = shared
        self._writer = Writer(self._scene, observers)
        self._true_for: Mapping[str, datetime] | None = None

    # --- what the viewer may do ---------------------------------------------------------------------------------

    def can(self, entity: str, action: str) -> bool:
        """Whether the viewer may act so on any record of an entity; False for an entity unknown to them."""
        found = self.running.app.entities.get(entity)
        return found is not None and self._scene.access.entity(entity).can(action)

    def reads_all(self, entity: str) -> bool:
        """Whether the viewer reads every living record of an entity, whatever it holds."""
        if not self.can(entity, "read"):
            return False
        access = self._scene.access.entity(entity)
        return access.everything or any(h.grant.rows == "all" for h in access.giving("read"))

    def fields(self, entity: str) -> tuple[FieldView, ...]:
        """The fields that the viewer sees at least masked, or may fill in, in the document's order."""
        name = entity_of(self._scene, entity).name
        return self.running.plans.get(("fields", self._scene.shape, name), lambda: self._fields(name))

    def _fields(self, entity: str) -> tuple[FieldView, ...]:
        access = self._scene.access.entity(entity)
        views = []
        for field in access.entity.fields.values():
            shown = access.best(field)
            create = access.everything or any(h.writes(field, "create") for h in access.giving("create"))
            update = access.everything or any(h.writes(field, "update") for h in access.giving("update"))
            kept = field.is_system or field.is_computed or field.type == "autonumber"
            if field.name == "deleted_at" or (shown == "no" and (kept or not create)):
                continue
            mask = mask_of(field, access.reading)
            reveal = shown in ("masked", "mixed") and mask.reveal
            views.append(
                FieldView(
                    field,
                    "masked" if shown == "no" else shown,
                    create and not kept,
                    update and not kept,
                    reveal,
                    reveal and mask.reason,
                    shown != "no",
                )
            )
        return tuple(views)

    def refreshed_at(self, field: Field) -> datetime | None:
        """The instant that a formula which follows the clock is true for, at least; None for any other field."""
        if field.refresh is None:
            return None
        if self._true_for is None:
            self._true_for = refresh.true_for(self.connection, self.running)
        return self._true_for.get(field.refresh)

    def wrong(self, entity: str, filter: str) -> Sequence[Problem]:
        """What is wrong with a condition for this viewer, to whom a field never seen is unknown; empty: nothing."""
        problems: list[Problem] = []
        found = entity_of(self._scene, entity)
        filter_tree(self.running.app, self._scene.access.shapes, found, filter, problems)
        return problems

    def knows_way(self, entity: str, inverse: str) -> bool:
        """Whether the viewer knows of the records that refer to one of an entity by this inverse."""
        return self._scene.access.knows_way(entity, inverse)

    # --- reading ------------------------------------------------------------------------------------------------

    def list(self, query: Query) -> Page:
        """A page of records."""
        return read.find_page(self._scene, query)

    def list_json(self, query: Query) -> bytes:
        """The same as ready bytes: `{"items", "next", "count", "count_is_exact"}`."""
        return read.find_json(self._scene, query)

    def get(
        self,
        entity: str,
        id: str,
        *,
        fields: tuple[str, ...] | None = None,
        expand: tuple[str, ...] = (),
        titles: bool = False,
    ) -> dict[str, Any]:
        """One record. Raises Refused(NOT_FOUND) where it is not there or may not be read: the answers are equal."""
        return read.get(self._scene, entity, id, fields=fields, expand=expand, titles=titles)

    def titles(self, entity: str, ids: Iterable[str]) -> dict[str, str]:
        """Record id → title, of those that the viewer may read."""
        return read.titles(self._scene, entity_of(self._scene, entity).name, ids)

    def neighbours(self, query: Query, id: str) -> Neighbours:
        """The records before and after one in the list that is asked for, and its place there."""
        return neighbours(self._scene, query, id)

    def pick(self, entity: str, text: str, limit: int = 20, filter: str | None = None) -> Sequence[Choice]:
        """Records to choose from by a few letters (pinyin too), with two facts that tell namesakes apart."""
        found = entity_of(self._scene, entity)
        shown = {v.field.name for v in self.fields(entity) if v.shown == "yes"}
        telling = [
            f.name
            for f in found.own_fields
            if f.name in shown
            and f.name != found.title
            and f.type in _TELLING
            and (f.search or f.unique or f.choices)
        ][:2]
        title = (found.title,) if found.title in shown else ()
        sort = title if not text else ()
        page = self.list(
            Query(
                entity,
                filter=filter,
                search=text or None,
                sort=sort,
                fields=(*title, *telling),
                limit=max(limit, _LOOKED_AT) if text else limit,
                count=False,
            )
        )
        names = self.titles(entity, [item["id"] for item in page.items])
        nearest = sorted(page.items, key=lambda item: closeness(names.get(item["id"], ""), text))
        return [
            Choice(item["id"], names.get(item["id"], ""), self._facts(found, telling, item))
            for item in nearest[:limit]
        ]

    def _facts(self, entity: Entity, names: Sequence[str], item: Mapping[str, Any]) -> str:
        words = []
        for name in names:
            field, value = entity.fields[name], item.get(name)
            if value is not None and not (isinstance(value, str) and DOT in value):
                words.append(field.kind.to_text(field, field.kind.coerce(field, value), self.viewer.language))
        return " · ".join(w for w in words if w)

    def aggregate(self, query: AggregateQuery) -> AggregateAnswer:
        """Figures by groups, over the records that the viewer may read or may see summed."""
        return aggregate(self._scene, query)

    def reveal(self, entity: str, id: str, field: str, reason: str = "") -> Json:
        """The whole of a masked value, where a grant that holds on the record allows it; audited, with the reason that
        the grant may ask for."""
        self._must_not_view_as()
        return reveal(self._scene, entity_of(self._scene, entity), id, field, reason)

    @property
    def files(self) -> FileDoor:
        """Files of records."""
        return FileDoor(self._scene, self._audit, self._must_not_view_as)

    def history(
        self, entity: str, id: str, limit: int = 100, before_seq: int | None = None
    ) -> Sequence[HistoryEvent]:
        """What happened to a record, newest first, behind the event of that seq."""
        return past.events(self._scene, entity_of(self._scene, entity), id, limit, before_seq)

    def told(self, events: Sequence[StoredEvent]) -> Sequence[StoredEvent]:
        """Events of the audit about this app, with no more of its records than the viewer may read."""
        return told.told(self._scene, events)

    def as_of(self, entity: str, id: str, at: datetime) -> dict[str, Any]:
        """A record as it stood at an instant, under today's access."""
        return past.as_of(self._scene, entity_of(self._scene, entity), id, at)

    def explain(self, entity: str, id: str, field: str | None = None) -> Sequence[Reason]:
        """Why this viewer sees a record (and a field of it), or why not: each grant and what it comes to.

        The record itself is read as the system, so that a refusal can be explained; no value of it is told.
        """
        scene = self._scene
        found = scene.app.entities.get(entity)
        known = known_id(id)
        if found is None or known is None:
            raise refuse(NOT_FOUND)
        access = scene.access.entity(entity)
        # Who asks for themselves learns nothing of fields that they never see; who views as them does.
        named = found.fields if self.viewer.acting_for or self.viewer.is_admin else access.visible_names
        if field is not None and field not in named:
            raise refuse(NOT_FOUND)
        row = scene.tables.of(entity).alias("r")
        asked = [scene.rules.holds(h, found, row).label(f"h{i}") for i, h in enumerate(access.held)]
        answer = scene.connection.execute(
            sa.select(row.c.id, *asked).where(row.c.id == known), scene.parameters
        ).first()
        if answer is None:
            raise refuse(NOT_FOUND)
        holding = {i: bool(v) for i, v in enumerate(answer[1:])}
        shared = known in scene.shared.ids(entity, "read")
        return explain.reasons(access, holding, found.fields[field] if field else None, shared=shared)

    # --- beside records -----------------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        """The instant of this transaction."""
        return self._scene.now

    @property
    def beside(self) -> Beside:
        """What those who write beside records ask of them."""
        return Beside(self._scene)

    def seen_by(self, viewer: Viewer) -> Records:
        """The same app at the same moment before another person: for asking what they may read."""
        scene = self._scene
        return Records(self.running, self.connection, viewer, scene.clock, time_zone=scene.site_time_zone)

    # --- writing ------------------------------------------------------------------------------------------------

    def create(
        self, entity: str, values: Mapping[str, Json], *, reasons: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """A new record; gives it as its writer may read it (its id and version at least)."""
        return self.create_many(entity, [values], reasons=reasons)[0]

    def create_many(
        self, entity: str, rows: Sequence[Mapping[str, Json]], *, reasons: Mapping[str, str] | None = None
    ) -> Sequence[dict[str, Any]]:
        """New records, all or none."""
        self._must_not_view_as()
        if len(rows) > BATCH_MAX:
            raise refuse(TOO_MUCH, what="records", limit=BATCH_MAX)
        found = entity_of(self._scene, entity)
        ids = self._writer.create(found, rows, reasons or {}) if rows else []
        return self._written(entity, ids)

    def update(
        self,
        entity: str,
        id: str,
        values: Mapping[str, Json],
        *,
        version: int | None = None,
        reasons: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Change a record. `version` is the one that the writer had read: others' changes to other fields merge."""
        self._must_not_view_as()
        self._writer.update(entity_of(self._scene, entity), id, values, version, reasons or {})
        return self._written(entity, [id.lower()])[0]

    def update_many(
        self,
        entity: str,
        changes: Sequence[tuple[str, Mapping[str, Json]]],
        *,
        reasons: Mapping[str, str] | None = None,
    ) -> Sequence[dict[str, Any]]:
        """Change several records, all or none; what follows from them is settled once."""
        self._must_not_view_as()
        if len(changes) > BATCH_MAX:
            raise refuse(TOO_MUCH, what="records", limit=BATCH_MAX)
        found = entity_of(self._scene, entity)
        if changes:
            self._writer.update_many(found, changes, reasons or {})
        return self._written(entity, [i.lower() for i, _ in changes])

    def delete(self, entity: str, id: str, *, version: int | None = None) -> None:
        """Move a record to the trash."""
        self._must_not_view_as()
        trash.delete(self._writer, entity_of(self._scene, entity), id, version)

    def restore(self, entity: str, id: str) -> dict[str, Any]:
        """Bring a record back out of the trash, with what went with it."""
        self._must_not_view_as()
        trash.restore(self._writer, entity_of(self._scene, entity), id)
        return self._written(entity, [id.lower()])[0]

    @property
    def whole(self) -> Whole:
        """Writes of a record together with rows that refer to it."""
        return Whole(self._scene, self._writer, self._must_not_view_as, self._written)

    @property
    def many(self) -> Many:
        """Acts on many records, each for itself."""
        return Many(self._scene, self._writer, self._must_not_view_as, self.share)

    def load_many(self, entity: str, rows: Iterable[Mapping[str, Value]]) -> int:
        """Insert many records from coerced values, set-based; gives how many."""
        self._must_not_view_as()
        return bulk.load(self._writer, entity_of(self._scene, entity), rows)

    @contextmanager
    def adding(self, entity: str) -> Iterator[None]:
        """Within it, what follows for records of other entities from those that `load_many` adds to this one waits
        until `settle_added` or the end, so that a parent is not written once a batch. Figures that are read meanwhile
        do not wait. There may be no other write."""
        self._writer.waiting = waiting_for(self._scene, entity_of(self._scene, entity).name)
        try:
            yield
            self._writer.settle_waiting()
        finally:
            self._writer.waiting = None

    def settle_added(self) -> None:
        """Do what waits. Raises Refused, where a figure grows too large for its field."""
        self._writer.settle_waiting()

    @contextmanager
    def deferring(self) -> Iterator[None]:
        """Within it, several `load_many` put off what follows from them; it is settled once, at the end."""
        self._writer.deferred = Dirty.of_writes(self.running)
        try:
            yield
            bulk.settle_deferred(self._writer)
        finally:
            self._writer.deferred = None

    def _written(self, entity: str, ids: Sequence[str]) -> Sequence[dict[str, Any]]:
        found = read.by_ids(self._scene, entity, ids)
        return [found.get(i, {"id": i}) for i in ids]

    def _must_not_view_as(self) -> None:
        if self.viewer.acting_for is not None:
            raise refuse(VIEWING_ONLY)

    # --- sharing ------------------------------------------------------------------------------------------------

    def share(
        self,
        entity: str,
        id: str,
        *,
        user: str | None = None,
        team: str | None = None,
        write: bool = False,
        until: datetime | None = None,
    ) -> str:
        """Share a record with a person or a team, until an instant if one is given; gives the share's id."""
        self._must_not_view_as()
        scene = self._scene
        found = entity_of(scene, entity)
        held = hold(scene, found, id)
        if not held.may("share"):
            raise refuse(FORBIDDEN, entity=found.label, action=Label("共享", "sharing"))
        if write and not held.may("update"):
            raise refuse(FORBIDDEN, entity=found.label, action=Label("共享修改权", "sharing for changes"))
        receiver = known_id(user or team)
        if receiver is None or (user is None) == (team is None):
            raise _wrong("user", "选择一位同事或一个团队。", "Choose one person or one team.")
        if receiver not in read.by_ids(scene, "user" if user else "team", [receiver]):
            raise _wrong("user", "没有这位同事或这个团队。", "There is no such person or team.")
        made = shares.add_share(
            scene.connection,
            scene.app.name,
            entity,
            held.id,
            user=receiver if user else None,
            team=receiver if team else None,
            write=write,
            until=until,
            by=self.viewer.user,
            at=scene.now,
        )
        facts = {"user": user, "team": team, "write": write, "until": until.isoformat() if until else None}
        self._audit(log.SHARE, entity, held.id, facts=facts)
        return made

    def unshare(self, entity: str, id: str, share: str) -> None:
        """End a share."""
        self._must_not_view_as()
        scene = self._scene
        found = entity_of(scene, entity)
        held = hold(scene, found, id)
        if not held.may("share"):
            raise refuse(FORBIDDEN, entity=found.label, action=Label("共享", "sharing"))
        known = known_id(share)
        if known is None or not shares.remove_share(scene.connection, scene.app.name, entity, held.id, known):
            raise refuse(NOT_FOUND)
        self._audit(log.UNSHARE, entity, held.id, facts={"share": known})

    def shares(self, entity: str, id: str) -> Sequence[dict[str, Any]]:
        """With whom a record is shared."""
        cells = readable_cells(self._scene, entity_of(self._scene, entity), id)
        return shares.shares_of(self._scene.connection, self.running.app.name, entity, cells.id)

    # --- settings -----------------------------------------------------------------------------------------------

    def settings(self) -> Sequence[SettingView]:
        """All settings of the app, as they stand."""
        if not self._may_read_settings():
            raise refuse(
                FORBIDDEN, entity=self.running.app.label, action=Label("查看参数", "reading settings")
            )
        return settings.stored(self._scene.connection, self.running.app)

    def change_settings(self, values: Mapping[str, Json]) -> None:
        """Set values, all or none; formulas that read them are computed anew. Audited."""
        self._must_not_view_as()
        scene = self._scene
        if not self.may_change_settings():
            raise refuse(
                FORBIDDEN, entity=self.running.app.label, action=Label("修改参数", "changing settings")
            )
        changed = settings.change(
            scene.connection, self.running.app, values, by=self.viewer.username, at=scene.now
        )
        for code, (before, after) in changed.items():
            self._audit(log.SETTING, None, None, {"value": before}, {"value": after}, {"code": code})
        scene.forget_settings()
        nodes = {n for code in changed for n in self.running.graph.by_setting.get(code, ())}
        if nodes:
            dependants.recompute(scene.connection, self.running, nodes, scene.clock, scene.site_time_zone)

    def _may_read_settings(self) -> bool:
        return (
            self.viewer.is_system or self.viewer.is_admin or bool(self.viewer.roles_in(self.running.app.name))
        )

    def may_change_settings(self) -> bool:
        """Whether the viewer may: the platform's administrators, and roles that have `settings: true`."""
        if self.viewer.is_system or self.viewer.is_admin:
            return True
        roles = self.running.app.roles
        return any(r in roles and roles[r].settings for r in self.viewer.roles_in(self.running.app.name))

    # --- audit --------------------------------------------------------------------------------------------------

    def exported(self, entity: str, count: int, facts: Mapping[str, Any]) -> None:
        """Record that the viewer took records out by the file. Raises Refused where they may not."""
        found = entity_of(self._scene, entity)
        if not self.can(entity, "export"):
            raise refuse(FORBIDDEN, entity=found.label, action=Label("导出", "exporting"))
        self._audit(log.EXPORT, entity, None, facts={**facts, "count": count})

    def imported(self, entity: str, facts: Mapping[str, Any]) -> None:
        """Record that the viewer brought records in by the file."""
        self._audit(log.IMPORT, entity, None, facts=facts)

    def _audit(
        self,
        action: str,
        entity: str | None,
        record: str | None,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        event = log.Event(action, self.running.app.name, entity, record, before, after, None, facts)
        scene = self._scene
        log.write(scene.connection, self.viewer, scene.now, [event], version=self.running.number)


_LOOKED_AT = 100
"""Matches among which a picker looks for the nearest."""
_TELLING = ("text", "autonumber", "choice", "stage", "email", "phone", "date", "integer")


def _wrong(field: str, zh: str, en: str) -> Refused:
    return Refused([Problem(INVALID_VALUE, field, {"zh": zh, "en": en})])
