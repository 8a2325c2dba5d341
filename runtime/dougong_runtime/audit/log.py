"""The audit: a row for every change, sign-in, export, publish and message.

`dg_audit` is append-only: triggers on both databases refuse UPDATE, DELETE and, on PostgreSQL, TRUNCATE; all but the
one act by which the law lets values be erased (erase.py). Everything that is sealed (seal.py) is stored as text in one
canonical form, so that what is hashed is what stands in the table: instants as `2026-03-02T02:00:00.000000Z`, values as
JSON text.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from dougong_runtime.audit.commit import SALT_BYTES, erased_names
from dougong_runtime.audit.guard import erasable_only
from dougong_runtime.host import Viewer
from dougong_runtime.storage.copying import insert_many
from dougong_runtime.storage.ready import insert_text
from dougong_runtime.storage.system import SYSTEM

# --- actions: the words that stand in `dg_audit.action`, all of them -------------------------------------------
CREATE = "create"
UPDATE = "update"
DELETE = "delete"
RESTORE = "restore"
SHARE = "share"
UNSHARE = "unshare"
REVEAL = "reveal"
DOWNLOAD = "download"  # a file was handed out
EXPORT = "export"
IMPORT = "import"
SETTING = "setting"
SIGN_IN = "sign_in"
SIGN_OUT = "sign_out"
SIGN_IN_FAILED = "sign_in_failed"
LOCKED_OUT = "locked_out"
PASSWORD = "password"  # a password was set or changed
SECOND_FACTOR = "second_factor"
TOKEN = "token"  # an API token was issued
TOKEN_REVOKED = "token_revoked"
GRANT = "grant"
REVOKE = "revoke"
VIEW_AS = "view_as"
PUBLISH = "publish"
ROLLBACK = "rollback"
MESSAGE = "message"
REFRESH = "refresh"  # stored clock formulas were brought up to date
RUN = "run"  # a workflow did something that no other word says
ERASE = "erase"  # values were erased from the audit by law
COMMENT = "comment"  # somebody wrote about a record
COMMENT_EDIT = "comment_edit"
COMMENT_DELETE = "comment_delete"
SAVED_VIEW = "saved_view"  # a view was saved, shared, changed or deleted
LINK = "link"  # a link to a public form was made or closed
RECEIVED = "received"  # something came in by a link to a public form
DRAFT = "draft"  # a builder changed an app's draft
DESTROY = "destroy"  # a retired field or entity was destroyed, as its app's retention says

ACTIONS: tuple[str, ...] = (
    CREATE, UPDATE, DELETE, RESTORE, SHARE, UNSHARE, REVEAL, DOWNLOAD, EXPORT, IMPORT, SETTING,
    SIGN_IN, SIGN_OUT, SIGN_IN_FAILED, LOCKED_OUT, PASSWORD, SECOND_FACTOR, TOKEN, TOKEN_REVOKED,
    GRANT, REVOKE, VIEW_AS, PUBLISH, ROLLBACK, MESSAGE, REFRESH, RUN, ERASE,
    COMMENT, COMMENT_EDIT, COMMENT_DELETE, SAVED_VIEW, DESTROY, LINK, RECEIVED,
    DRAFT,
)  # fmt: skip

dg_audit = sa.Table(
    "dg_audit",
    SYSTEM,
    sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(), primary_key=True),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("actor", sa.Text),
    sa.Column("actor_name", sa.Text, nullable=False),
    sa.Column("acting_for", sa.Text),
    sa.Column("via", sa.Text, nullable=False),
    sa.Column("address", sa.Text),
    sa.Column("request", sa.Text),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("app", sa.Text),
    sa.Column("app_version", sa.Integer),
    sa.Column("entity", sa.Text),
    sa.Column("record", sa.Text),
    sa.Column("before", sa.Text),
    sa.Column("after", sa.Text),
    sa.Column("reason", sa.Text),
    sa.Column("facts", sa.Text),
    sa.Column("salt", sa.LargeBinary),
    sa.Column("erased", sa.Text),
    sa.Column("erased_by", sa.BigInteger),
    sqlite_autoincrement=True,
)
"""Written in the transaction of what it tells.

seq          order of writing; gaps are transactions that were rolled back
at           the writer's clock, UTC
actor        record id of the person; NULL for the system
actor_name   username as it was then
acting_for   username of the administrator who views as this person
via          the door: page, api, cli, import, workflow, system
app_version  version of the app that was running: the field names in before and after are that version's
before/after JSON objects by field name: of an update only what changed, of a creation or deletion the whole
reason       a person's own words, or why the system acted
facts        a JSON object of whatever else belongs to the action
salt         16 bytes from the machine's source of randomness, behind which the seal hides each value (commit.py)
erased       where something was erased: what stays of it, so that the seal still fits; the salt is gone then
erased_by    seq of the event of the last erasure
"""

sa.Index(
    "dg_audit_record",
    dg_audit.c.record,
    dg_audit.c.seq,
    postgresql_where=dg_audit.c.record.isnot(None),
    sqlite_where=dg_audit.c.record.isnot(None),
)


@dataclass(slots=True)
class Event:
    """What is to be recorded. `before`, `after` and `facts` hold JSON values (Decimals may stand, as strings).

    Not frozen, for the time that takes, like `records.change.Change`.
    """

    action: str
    app: str | None = None
    entity: str | None = None
    record: str | None = None
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    reason: str | None = None
    facts: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """A row of the audit as it is read back; `at` is aware, in UTC."""

    seq: int
    at: datetime
    actor: str | None
    actor_name: str
    acting_for: str | None
    via: str
    address: str | None
    request: str | None
    action: str
    app: str | None
    app_version: int | None
    entity: str | None
    record: str | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    reason: str | None
    facts: dict[str, Any] | None
    erased: frozenset[str] = frozenset()
    """What was erased by law: `before.name`, `after.name`, `facts.name`, `reason`."""


_COMMON = ("at", "actor", "actor_name", "acting_for", "via", "address", "request", "app_version")
_EACH = ("action", "app", "entity", "record", "before", "after", "reason", "facts")
_ALL = (*_COMMON, *_EACH, "salt")

_INSERT_ONE = {
    dialect: f"INSERT INTO dg_audit ({', '.join(_ALL)}) VALUES ({', '.join([mark] * len(_ALL))})"
    for dialect, mark in (("sqlite", "?"), ("postgresql", "%s"))
}

_encode = msgspec.json.Encoder(decimal_format="string").encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode


def instant(at: datetime) -> str:
    """An aware datetime as it stands in the audit: UTC, to the microsecond, sortable as text."""
    if at.tzinfo is None:
        raise ValueError("the audit takes aware datetimes only")
    return at.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def write(
    connection: sa.Connection,
    viewer: Viewer,
    at: datetime,
    events: Sequence[Event],
    *,
    version: int | None = None,
) -> None:
    """Record what `viewer` did at `at`, in the caller's transaction, in the order given.

    `version` is the number of the app's version that was running; history needs it to follow fields through renames.
    """
    if not events:
        return
    common = (
        instant(at),
        viewer.user,
        viewer.username,
        viewer.acting_for,
        viewer.via,
        viewer.address,
        viewer.request,
        version,
    )
    rows = [_row(event, viewer.reason) for event in events]
    if len(rows) == 1:
        insert_text(connection, _INSERT_ONE[connection.dialect.name], common + rows[0])
    else:
        insert_many(connection, dg_audit, _ALL, (common + row for row in rows))


def _row(event: Event, system_reason: str | None) -> tuple[str | bytes | None, ...]:
    reason = event.reason if event.reason is not None else system_reason
    if reason is not None and "\0" in reason:
        reason = reason.replace("\0", "")
    return (
        event.action,
        event.app,
        event.entity,
        event.record,
        _json(event.before),
        _json(event.after),
        reason,
        _json(event.facts),
        os.urandom(SALT_BYTES),
    )


def _json(value: Mapping[str, Any] | None) -> str | None:
    return None if value is None else _encode(value).decode()


# --- reading ---------------------------------------------------------------------------------------------------
def find(
    connection: sa.Connection,
    *,
    app: str | None = None,
    entity: str | None = None,
    record: str | None = None,
    actor_name: str | None = None,
    via: str | None = None,
    actions: Iterable[str] = (),
    but: Iterable[str] = (),
    since: datetime | None = None,
    until: datetime | None = None,
    before_seq: int | None = None,
    limit: int = 100,
) -> list[StoredEvent]:
    """Events that fit, newest first; not those whose action is one of `but`. `until` is exclusive, `before_seq` the last `seq` of the page before."""
    wanted = fitting(
        app=app, entity=entity, record=record, actor_name=actor_name, via=via,
        actions=actions, but=but, since=since, until=until,
    )  # fmt: skip
    return list(stored(connection.execute(newest(wanted, before_seq, limit))))


def fitting(
    *,
    app: str | None = None,
    entity: str | None = None,
    record: str | None = None,
    actor_name: str | None = None,
    via: str | None = None,
    actions: Iterable[str] = (),
    but: Iterable[str] = (),
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[sa.ColumnElement[bool]]:
    """The conditions of `find`."""
    c = dg_audit.c
    wanted: list[sa.ColumnElement[bool]] = [
        column == value
        for column, value in (
            (c.app, app),
            (c.entity, entity),
            (c.record, record),
            (c.actor_name, actor_name),
            (c.via, via),
        )
        if value is not None
    ]
    chosen = tuple(actions)
    if chosen:
        wanted.append(c.action.in_(chosen))
    left_out = tuple(but)
    if left_out:
        wanted.append(c.action.not_in(left_out))
    if since is not None:
        wanted.append(c.at >= instant(since))
    if until is not None:
        wanted.append(c.at < instant(until))
    return wanted


def newest(wanted: Iterable[sa.ColumnElement[bool]], before_seq: int | None, limit: int) -> sa.Select[Any]:
    """Whole rows under these conditions, newest first, for `stored`."""
    statement = sa.select(dg_audit).where(*wanted)
    if before_seq is not None:
        statement = statement.where(dg_audit.c.seq < before_seq)
    return statement.order_by(dg_audit.c.seq.desc()).limit(limit)


def stored(rows: Iterable[sa.Row[Any]]) -> Iterator[StoredEvent]:
    """Events from rows of `SELECT` over all columns of `dg_audit`."""
    for row in rows:
        yield StoredEvent(
            seq=row.seq,
            at=datetime.fromisoformat(row.at),
            actor=row.actor,
            actor_name=row.actor_name,
            acting_for=row.acting_for,
            via=row.via,
            address=row.address,
            request=row.request,
            action=row.action,
            app=row.app,
            app_version=row.app_version,
            entity=row.entity,
            record=row.record,
            before=_object(row.before),
            after=_object(row.after),
            reason=row.reason,
            facts=_object(row.facts),
            erased=erased_names(row.erased),
        )


def _object(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    try:
        return _decode(text)
    except msgspec.DecodeError:  # put there by hand: verifying tells, and reading must go on
        return {"?": text}


def install(connection: sa.Connection) -> None:
    """Let the database itself refuse to change what was written; repeatable. `create_all` has done it already."""
    erasable_only(connection)


@sa.event.listens_for(dg_audit, "after_create")
def _guarded(_table: sa.Table, connection: sa.Connection, **_options: Any) -> None:
    install(connection)
