"""Erasing values from the audit by law, an audited act that leaves every seal as it was.

The event that tells of the erasure is written first; then the rows are changed, which the database's triggers allow
only by such an event. `verify` holds each erased value to an event that names it. `docs/decisions/0012-erasing.md` has
the reasons.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from dougong_runtime.audit import commit, log
from dougong_runtime.audit.commit import COLUMNS, Erased, ErasedWhole
from dougong_runtime.audit.history import Names
from dougong_runtime.audit.log import dg_audit
from dougong_runtime.errors import problem_type, refuse
from dougong_runtime.host import Viewer

NOTHING_TO_ERASE = problem_type(
    "nothing-to-erase",
    409,
    "审计中没有可抹除的值。",
    "The audit holds no value that could be erased.",
    remedy=(
        "核对记录编号与字段；已抹除的值不会再次抹除。",
        "Check the record's id and the fields; what was erased before is not erased again.",
    ),
)

REASONS = ("reason", "facts.reasons")
"""What people wrote about a change; erased where all of a record is."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """What an erasure did."""

    seq: int
    """The event that tells of it."""
    rows: int
    values: int
    fields: tuple[str, ...]
    """Names that the erased fields had in the rows."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What an erasure would do."""

    rows: int
    values: int
    fields: Mapping[str, int]
    """Field as the rows call it → how many of its values would go."""


def outlook(
    connection: sa.Connection,
    *,
    app: str,
    record: str,
    fields: Collection[str] | None = None,
    names: Names | None = None,
) -> Outlook:
    """What `erase` would do, told without any value."""
    rows = values = 0
    counts: dict[str, int] = {}
    for row in connection.execute(_of_record(app, record)):
        chosen = _chosen(tuple(row), fields, names)
        rows += bool(chosen)
        values += len(chosen)
        for label in chosen:
            name = label.partition(".")[2] if "." in label and label not in REASONS else "reason"
            counts[name] = counts.get(name, 0) + 1
    return Outlook(rows, values, dict(sorted(counts.items())))


def erase(
    connection: sa.Connection,
    viewer: Viewer,
    at: datetime,
    *,
    app: str,
    entity: str,
    record: str,
    reason: str,
    fields: Collection[str] | None = None,
    names: Names | None = None,
    version: int | None = None,
) -> Erasure:
    """Erase from the audit the values of a record: of some fields by today's names, or all, with the words of people.

    Who did what when from where stays. The record itself is not touched: what it still holds is written again by its
    next change. Raises Refused (NOTHING_TO_ERASE).
    """
    found = _found(connection, app, record)
    chosen = {row[0]: _chosen(row, fields, names) for row in found}
    rows = [row for row in found if chosen[row[0]]]
    if not rows:
        raise refuse(NOTHING_TO_ERASE)
    emptied = {row[0]: _emptied(row, chosen[row[0]]) for row in rows}
    told = {
        str(row[0]): commit.old_hash(emptied[row[0]]).hex() for row in rows if _is_older_than_salts(row[1:])
    }
    gone = sorted({label.partition(".")[2] for labels in chosen.values() for label in labels if "." in label})
    values = sum(map(len, chosen.values()))
    facts: dict[str, Any] = {"fields": gone, "rows": len(rows), "values": values}
    if fields is None:
        facts["all"] = True
    if told:
        facts["left"] = told
    event = log.Event(log.ERASE, app, entity, record, reason=reason, facts=facts)
    log.write(connection, viewer, at, [event], version=version)
    seq = _written(connection)
    for row in rows:
        remains = _remains(row[1:], chosen[row[0]], seq)
        left = dict(zip(COLUMNS, emptied[row[0]], strict=True))
        changed = {name: left[name] for name in (*commit.SIDES, commit.REASON)}
        connection.execute(
            sa.update(dg_audit)
            .where(dg_audit.c.seq == row[0])
            .values(**changed, salt=None, erased=commit.write_remains(remains), erased_by=seq)
        )
    return Erasure(seq, len(rows), values, tuple(gone))


def _found(connection: sa.Connection, app: str, record: str) -> list[tuple[Any, ...]]:
    """The record's events but for erasures: seq, then `COLUMNS`; locked, so that two erasures take turns."""
    asked = _of_record(app, record)
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete = ON")
    return [tuple(row) for row in connection.execute(asked.with_for_update())]


def _of_record(app: str, record: str) -> sa.Select[Any]:
    columns = (dg_audit.c.seq, *(dg_audit.c[name] for name in COLUMNS))
    return (
        sa.select(*columns)
        .where(dg_audit.c.record == record, dg_audit.c.app == app, dg_audit.c.action != log.ERASE)
        .order_by(dg_audit.c.seq)
    )


def _chosen(row: tuple[Any, ...], fields: Collection[str] | None, names: Names | None) -> frozenset[str]:
    """Labels of the parts of a row that are to go and are still there."""
    version = row[1 + COLUMNS.index("app_version")]
    labels = set()
    for label in commit.parts(row[1:]):
        side, _, name = label.partition(".")
        if label in REASONS or side == "facts":
            wanted = fields is None and label in REASONS
        else:
            today = next(iter(names.now(version, {name: None}))) if names is not None else name
            wanted = fields is None or today in fields or name in fields
        if wanted:
            labels.add(label)
    return frozenset(labels)


def _emptied(row: tuple[Any, ...], chosen: Collection[str]) -> list[Any]:
    """The columns of a row as they are when the parts are gone."""
    left = list(row[1:])
    for side in commit.SIDES:
        place = COLUMNS.index(side)
        gone = [label.partition(".")[2] for label in chosen if label.partition(".")[0] == side]
        if gone:
            left[place] = commit.without(left[place], gone)
    if commit.REASON in chosen:
        left[COLUMNS.index(commit.REASON)] = None
    return left


def _remains(columns: tuple[Any, ...], chosen: Collection[str], seq: int) -> commit.Remains:
    """What stays of a row, for its hash to follow from."""
    known = None if columns[-2] is None else commit.read_remains(columns[-2])
    if _is_older_than_salts(columns):
        before = known if isinstance(known, ErasedWhole) else ErasedWhole(commit.old_hash(columns).hex(), ())
        return ErasedWhole(before.row, tuple(sorted({*before.labels, *chosen})))
    listed = known if isinstance(known, list) else commit.salted(columns)
    there = commit.parts(columns)
    return [
        Erased(part.label, None, commit.commitment(part.salt, there[part.label]), seq)
        if part.label in chosen and part.salt is not None
        else part
        for part in listed
    ]


def _is_older_than_salts(columns: tuple[Any, ...]) -> bool:
    if columns[-2] is not None:
        return isinstance(commit.read_remains(columns[-2]), ErasedWhole)
    return columns[-3] is None


def _written(connection: sa.Connection) -> int:
    """Seq of the row that this connection wrote last."""
    asking = (
        "SELECT last_insert_rowid()"
        if connection.dialect.name == "sqlite"
        else "SELECT currval(pg_get_serial_sequence('dg_audit', 'seq'))"
    )
    return int(connection.exec_driver_sql(asking).scalar_one())


class Erasures:
    """The events that tell of erasures, looked up one by one; the last is kept, for its rows follow one another."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._last: tuple[int, Mapping[str, Any] | None] = (0, None)

    def explain(self, row: sa.Row[Any]) -> bool:
        """Whether all that is gone from a row went by erasures of its record, and for an old one, left what they tell."""
        try:
            remains = commit.read_remains(row.erased)
        except (ValueError, TypeError):
            return False
        if isinstance(remains, ErasedWhole):
            facts = self._facts(row, row.erased_by)
            left = facts.get("left", {}) if facts is not None else {}
            return bool(left.get(str(row.seq)) == commit.old_hash(row[1:]).hex())
        return all(
            self._tells(self._facts(row, part.by), part.label)
            for part in remains
            if part.commitment is not None
        )

    def _tells(self, facts: Mapping[str, Any] | None, label: str) -> bool:
        if facts is None:
            return False
        side, _, name = label.partition(".")
        if facts.get("all") is True:
            return label in REASONS or side != "facts"
        return side in ("before", "after") and name in facts.get("fields", ())

    def _facts(self, row: sa.Row[Any], by: int | None) -> Mapping[str, Any] | None:
        """Facts of the erasure of that seq; None where it is none, or tells of another record or of rows before."""
        if by is None or by <= row.seq:
            return None
        if self._last[0] != by:
            c = dg_audit.c
            asked = sa.select(c.app, c.record, c.facts).where(c.seq == by, c.action == log.ERASE)
            event = self._connection.execute(asked).first()
            try:
                facts = {} if event is None else msgspec.json.decode(event.facts)
            except (ValueError, TypeError):
                facts = {}
            self._last = (
                by,
                None if event is None else {**facts, "app": event.app, "record": event.record},
            )
        about = self._last[1]
        return (
            about if about is not None and (about["app"], about["record"]) == (row.app, row.record) else None
        )
