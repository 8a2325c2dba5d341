"""An act on many records, taken back: from the audit, record by record, as far as nobody has changed them since.

The old values stand in the audit and nowhere else; every event of such an act names it (`facts.batch`). They are
written like any change, guarded by the version that the act had made: what others have changed since stays, and is told.
`docs/decisions/0017-acts-on-many.md` has the reasons.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa

from dougong_runtime.audit import log
from dougong_runtime.audit.log import StoredEvent, dg_audit
from dougong_runtime.errors import NOT_FOUND, Refused, problem_type, refuse
from dougong_runtime.host import Viewer
from dougong_runtime.model.app import Entity
from dougong_runtime.records import trash
from dougong_runtime.records.each import Edit, Outcome, Wish, act_on_each, update_each
from dougong_runtime.records.past import names_of
from dougong_runtime.records.scene import Scene
from dougong_runtime.records.write import Writer

GRACE = timedelta(minutes=15)
"""So long one can take back what one has thereby lost sight of: a record handed to a colleague."""

GONE_ON = problem_type(
    "changed-since",
    409,
    "之后又有人修改过，没有撤销。",
    "It has been changed since, and was not taken back.",
    remedy=("打开记录查看历史。", "Open the record and look at its history."),
)
ERASED = problem_type(
    "erased-since", 409, "原来的值已依法删除，无法恢复。", "What it held before has been erased by law."
)


@dataclass(slots=True)
class _Back:
    """What an act did to its records."""

    wishes: list[Wish] = field(default_factory=list)
    made: dict[str, int] = field(default_factory=dict)
    """Records that it created or brought back, each with the version that it had then."""
    deleted: list[str] = field(default_factory=list)
    refused: dict[str, Refused] = field(default_factory=dict)


def take_back(writer: Writer, entity: Entity, records: Sequence[str], batch: str, since: datetime) -> Outcome:
    """Undo what an act of the viewer's own did to these records; `since` is when it began.

    Under the viewer's access, and every rule. Within `GRACE` also where the act itself took the record out of their
    sight, if nothing has happened to it since: then the system writes it back in their name.
    """
    scene = writer.scene
    back = _gathered(scene, entity, records, batch, since)
    outcome = update_each(writer, entity, back.wishes, {})
    lost = [w for w in back.wishes if _is_unseen(outcome.refused.get(w.record))]
    if lost and scene.now - since <= GRACE:
        _write_back(writer, entity, lost, outcome)
    _remove(writer, entity, back, outcome)
    returned = act_on_each(writer, back.deleted, lambda id_: trash.restore(writer, entity, id_))
    outcome.done += returned.done
    outcome.refused |= returned.refused | back.refused
    return outcome


def _gathered(scene: Scene, entity: Entity, records: Sequence[str], batch: str, since: datetime) -> _Back:
    back = _Back()
    names = names_of(scene, entity)
    for id_, events in _events(scene, records, since).items():
        mine = [e for e in events if _is_part(e, batch) and e.actor == scene.viewer.user]
        if not mine:
            continue
        event = mine[-1]
        version = int((event.facts or {}).get("version") or 0)
        if event.action == log.DELETE:
            back.deleted.append(id_)
        elif event.action in (log.CREATE, log.RESTORE):
            back.made[id_] = version
        elif event.action == log.UPDATE:
            if any(label.startswith("before.") for label in event.erased):
                back.refused[id_] = refuse(ERASED)
                continue
            before = names.now(event.app_version, event.before or {})
            there = {n: v for n, v in before.items() if n in entity.fields}
            back.wishes.append(Wish(id_, Edit(there), version))
    return back


def _is_part(event: StoredEvent, batch: str) -> bool:
    """Whether an event is of an act itself, not of what it brought along."""
    facts = event.facts or {}
    return facts.get("batch") == batch and "cause" not in facts


def _events(scene: Scene, records: Sequence[str], since: datetime) -> dict[str, list[StoredEvent]]:
    """What happened to each of these since then, oldest first."""
    found: dict[str, list[StoredEvent]] = {}
    for at in range(0, len(records), 500):
        statement = (
            sa.select(dg_audit)
            .where(
                dg_audit.c.record.in_(list(records[at : at + 500])),
                dg_audit.c.app == scene.app.name,
                dg_audit.c.at >= log.instant(since),
            )
            .order_by(dg_audit.c.seq)
        )
        for event in log.stored(scene.connection.execute(statement)):
            assert event.record is not None
            found.setdefault(event.record, []).append(event)
    return found


def _is_unseen(refused: Refused | None) -> bool:
    return refused is not None and any(p.type is NOT_FOUND for p in refused.problems)


def _write_back(writer: Writer, entity: Entity, lost: Sequence[Wish], outcome: Outcome) -> None:
    """The system gives back what its writer no longer sees, where it is just as they left it."""
    scene = writer.scene
    viewer = Viewer.system(f"undo by {scene.viewer.username}")
    system = Scene(scene.running, scene.connection, viewer, scene.clock, scene.site_time_zone)
    own = Writer(system, writer.observers, batch=writer.batch)
    table = scene.tables.of(entity.name)
    standing = sa.select(table.c.id, table.c.version).where(
        table.c.id.in_([w.record for w in lost]), table.c.deleted_at.is_(None)
    )
    versions = {row.id: row.version for row in scene.connection.execute(standing)}
    untouched = [w for w in lost if versions.get(w.record) == w.version]
    for wish in untouched:
        outcome.refused.pop(wish.record, None)
    given_back = update_each(own, entity, untouched, {})
    outcome.done += given_back.done
    outcome.same += given_back.same
    outcome.refused |= given_back.refused


def _remove(writer: Writer, entity: Entity, back: _Back, outcome: Outcome) -> None:
    """Into the trash with what the act had made, unless somebody has worked on it."""

    def remove(id_: str) -> None:
        try:
            trash.delete(writer, entity, id_, back.made[id_])
        except Refused as refused:
            if any(p.type.name == "bad-version" for p in refused.problems):
                raise refuse(GONE_ON) from refused
            raise

    removed = act_on_each(writer, list(back.made), remove)
    outcome.done += removed.done
    outcome.refused |= removed.refused
