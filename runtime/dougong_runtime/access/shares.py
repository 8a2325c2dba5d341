"""Records shared with a person or a team, beside what roles give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from dougong_runtime.exact import Instant, RecordId
from dougong_runtime.host import Viewer
from dougong_runtime.names import uuid7
from dougong_runtime.storage.system import SYSTEM

SHARE = sa.Table(
    "dg_share",
    SYSTEM,
    sa.Column("id", RecordId(), primary_key=True),
    sa.Column("app", sa.String(48), nullable=False),
    sa.Column("entity", sa.String(48), nullable=False),
    sa.Column("record", RecordId(), nullable=False),
    sa.Column("user", RecordId()),
    sa.Column("team", RecordId()),
    sa.Column("write", sa.Boolean, nullable=False),
    sa.Column("until", Instant()),
    sa.Column("by", RecordId()),
    sa.Column("at", Instant(), nullable=False),
    sa.Index("dg_share_user", "user", "app"),
    sa.Index("dg_share_team", "team", "app"),
    sa.Index("dg_share_record", "app", "entity", "record"),
)

SHARES_MAX = 10_000
"""Shares that one person can hold in one app, the newest first; the ids travel as parameters of each statement."""


@dataclass(frozen=True, slots=True)
class Shared:
    """Ids of the records of each entity that are shared with a viewer."""

    read: Mapping[str, tuple[str, ...]]
    write: Mapping[str, tuple[str, ...]]

    def ids(self, entity: str, action: str) -> tuple[str, ...]:
        """Records of an entity that a share opens to an action (read or update)."""
        return {"read": self.read, "update": self.write}.get(action, {}).get(entity, ())

    @property
    def shape(self) -> frozenset[tuple[str, str]]:
        """Of which entities there are any, each with its action: what a statement's text depends on."""
        return frozenset([*((e, "read") for e in self.read), *((e, "update") for e in self.write)])


NOTHING_SHARED = Shared({}, {})


def shared_with(connection: sa.Connection, app: str, viewer: Viewer, now: datetime) -> Shared:
    """What is shared with a viewer at an instant, by themselves or their team."""
    if viewer.user is None:
        return NOTHING_SHARED
    holder = SHARE.c.user == viewer.user
    if viewer.team is not None:
        holder = holder | (SHARE.c.team == viewer.team)
    rows = connection.execute(
        sa.select(SHARE.c.entity, SHARE.c.record, SHARE.c.write)
        .where(SHARE.c.app == app, holder, SHARE.c.until.is_(None) | (SHARE.c.until > now))
        .order_by(SHARE.c.id.desc())
        .limit(SHARES_MAX)
    ).all()
    if not rows:
        return NOTHING_SHARED
    read: dict[str, list[str]] = {}
    write: dict[str, list[str]] = {}
    for entity, record, may_write in rows:
        read.setdefault(entity, []).append(record)
        if may_write:
            write.setdefault(entity, []).append(record)
    return Shared(
        {k: tuple(sorted(set(v))) for k, v in read.items()},
        {k: tuple(sorted(set(v))) for k, v in write.items()},
    )


def shares_of(connection: sa.Connection, app: str, entity: str, record: str) -> list[dict[str, Any]]:
    """With whom one record is shared: rows as `id, user, team, write, until, by, at`."""
    found = connection.execute(
        sa.select(
            SHARE.c.id, SHARE.c.user, SHARE.c.team, SHARE.c.write, SHARE.c.until, SHARE.c.by, SHARE.c.at
        )
        .where(SHARE.c.app == app, SHARE.c.entity == entity, SHARE.c.record == record)
        .order_by(SHARE.c.at)
    )
    return [dict(row) for row in found.mappings()]


def add_share(
    connection: sa.Connection,
    app: str,
    entity: str,
    record: str,
    *,
    user: str | None,
    team: str | None,
    write: bool,
    until: datetime | None,
    by: str | None,
    at: datetime,
) -> str:
    """Share a record; gives the share's id. Exactly one of user and team is given."""
    made = uuid7()
    connection.execute(
        SHARE.insert().values(
            id=made,
            app=app,
            entity=entity,
            record=record,
            user=user,
            team=team,
            write=write,
            until=until,
            by=by,
            at=at,
        )
    )
    return made


def remove_share(connection: sa.Connection, app: str, entity: str, record: str, share: str) -> bool:
    """End a share; whether there was one."""
    gone = connection.execute(
        SHARE.delete().where(
            SHARE.c.id == share, SHARE.c.app == app, SHARE.c.entity == entity, SHARE.c.record == record
        )
    )
    return gone.rowcount > 0
