"""What follows for accounts when a person's record changes, by whichever door: the directory is an app like others.

Whoever is kept out or deleted loses sessions and sign-ins under way in the same transaction; and the last administrator
stays, for nobody else could let another in.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from dougong_platform import viewers
from dougong_platform.settings import Settings
from dougong_platform.tables import ASSIGNMENT, PENDING_SIGN_IN, SESSION, TOKEN
from dougong_runtime.errors import problem_type, refuse
from dougong_runtime.host import Clock, today
from dougong_runtime.records.change import Change, Recomputed

ADMIN = "admin"
"""The one role that belongs to no app: the platform's administrator."""

LAST_ADMIN = problem_type(
    "last-admin",
    409,
    "「{name}」是最后一位管理员。",
    "“{name}” is the last administrator.",
    remedy=("先让另一个人担任管理员。", "Make someone else an administrator first."),
)


class Accounts:
    """Observes the writes of one transaction."""

    def __init__(self, connection: sa.Connection, clock: Clock, settings: Settings) -> None:
        self._connection, self._clock, self._settings = connection, clock, settings

    def wrote(self, changes: Sequence[Change], recomputed: Sequence[Recomputed]) -> None:
        """Called once a write. Raises `Refused` (LAST_ADMIN), which undoes it."""
        gone = [c.record for c in changes if c.entity == "user" and _keeps_out(c)]
        for user_id in gone:
            end_sessions(self._connection, user_id)
        if gone and not admins(self._connection, self._clock, self._settings):
            held = sa.select(ASSIGNMENT.c.user).where(ASSIGNMENT.c.role == ADMIN, ASSIGNMENT.c.user.in_(gone))
            last = self._connection.scalar(held)
            if last is not None:
                raise refuse(LAST_ADMIN, name=username_of(self._connection, last))


def _keeps_out(change: Change) -> bool:
    return change.kind == "delete" or ("active" in change.after and not change.after["active"])


def end_sessions(connection: sa.Connection, user_id: str, keep: str | None = None) -> int:
    """End a person's sessions, but for the one whose token hash is `keep`, and sign-ins that wait for a code.

    Gives how many sessions ended.
    """
    connection.execute(sa.delete(PENDING_SIGN_IN).where(PENDING_SIGN_IN.c.user == user_id))
    others = sa.delete(SESSION).where(SESSION.c.user == user_id, SESSION.c.token_hash != (keep or ""))
    return connection.execute(others).rowcount


def end_tokens(connection: sa.Connection, user_id: str, now: datetime) -> list[str]:
    """Revoke a person's tokens; gives the ids of those that were not revoked yet."""
    unrevoked = (TOKEN.c.user == user_id) & TOKEN.c.revoked_at.is_(None)
    ids = list(connection.scalars(sa.select(TOKEN.c.id).where(unrevoked).order_by(TOKEN.c.id)))
    connection.execute(sa.update(TOKEN).where(unrevoked).values(revoked_at=now))
    return ids


def admins(connection: sa.Connection, clock: Clock, settings: Settings) -> list[str]:
    """Record ids of the active administrators; empty on a new site."""
    user = viewers.directory(connection.dialect.name).of("user")
    day = today(clock, settings.time_zone)
    return list(
        connection.scalars(
            sa.select(user.c.id)
            .join(ASSIGNMENT, ASSIGNMENT.c.user == user.c.id)
            .where(
                ASSIGNMENT.c.role == ADMIN,
                sa.or_(ASSIGNMENT.c.until.is_(None), ASSIGNMENT.c.until >= day),
                user.c.deleted_at.is_(None),
                user.c.active.is_(sa.true()),
            )
        )
    )


def username_of(connection: sa.Connection, user_id: str) -> str | None:
    """The username of a record of the directory."""
    user = viewers.directory(connection.dialect.name).of("user")
    return connection.scalar(sa.select(user.c.username).where(user.c.id == user_id))
