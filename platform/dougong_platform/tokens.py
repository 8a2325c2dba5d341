"""API tokens: for programs, in a person's name, narrowed by scopes, ending on a date."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache

import sqlalchemy as sa

from dougong_platform import people, viewers
from dougong_platform.signin import token_hash
from dougong_platform.site import Site
from dougong_platform.tables import TOKEN
from dougong_platform.viewers import Door
from dougong_runtime.audit import log
from dougong_runtime.errors import problem_type, refuse
from dougong_runtime.host import Viewer
from dougong_runtime.names import is_record_id, nearest, uuid7
from dougong_runtime.storage.ready import Ready

PREFIX = "dgt_"
"""So that a token found in a file is known for one."""

READ = "read"
WRITE = "write"
DAYS_DEFAULT = 90
DAYS_MAX = 3650
IN_FORCE_MAX = 100
"""Tokens that a person may have at a time."""

UNKNOWN_SCOPE = problem_type(
    "unknown-scope",
    422,
    "没有权限范围「{name}」。可用：read、write 和应用名。",
    "There is no scope “{name}”. There are read, write and the names of apps.",
    remedy=("最接近的是：{nearest}", "Nearest: {nearest}"),
)
SCOPE_MISSING = problem_type(
    "scope-missing",
    403,
    "这个令牌没有「{scope}」权限范围。",
    "This token lacks the scope “{scope}”.",
    remedy=("换一个范围更大的令牌。", "Use a token with that scope."),
)
TOO_MANY_TOKENS = problem_type(
    "too-many-tokens",
    409,
    "已有 {most} 个有效的令牌，不能再发。",
    "There are {most} tokens in force already: no more can be issued.",
    remedy=("先撤销不用的令牌。", "Revoke those that are not used."),
)
NO_TOKEN = problem_type("no-token", 404, "没有这个令牌。", "There is no such token.")


@dataclass(frozen=True, slots=True)
class Issued:
    """A new token; `token` is shown this once."""

    id: str
    token: str
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Kept:
    """A token as its owner sees it later."""

    id: str
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who a token speaks for, and how far. `viewer` already holds only the roles of the apps in its scopes."""

    viewer: Viewer
    scopes: frozenset[str]

    @property
    def may_write(self) -> bool:
        """Whether it may change anything."""
        return WRITE in self.scopes

    def require(self, scope: str) -> None:
        """Raises `Refused` (SCOPE_MISSING) without that scope: `read` or `write`."""
        if scope not in self.scopes:
            raise refuse(SCOPE_MISSING, scope=scope)


def issue(
    site: Site,
    connection: sa.Connection,
    actor: Viewer,
    user_id: str,
    *,
    name: str = "",
    scopes: Iterable[str] = (READ, WRITE),
    days: int | None = DAYS_DEFAULT,
) -> Issued:
    """A new token for a person, by that person or an administrator. `days` None: without end.

    `write` includes `read`. Scopes that name apps narrow it to them; without any it reaches all. Raises `Refused`.
    """
    if actor.user != user_id:
        people.require_admin(actor)
    wanted = tuple(dict.fromkeys(scopes))
    known = (READ, WRITE, *site.apps(connection))
    for scope in wanted:
        if scope not in known:
            raise refuse(UNKNOWN_SCOPE, "scopes", name=scope, nearest=nearest(scope, known))
    if WRITE in wanted or READ not in wanted:
        wanted = tuple(dict.fromkeys((READ, *wanted)))
    now = site.clock.now()
    in_force = TOKEN.c.revoked_at.is_(None) & (TOKEN.c.expires_at.is_(None) | (TOKEN.c.expires_at > now))
    held = connection.scalar(sa.select(sa.func.count()).where(TOKEN.c.user == user_id, in_force)) or 0
    if held >= IN_FORCE_MAX:
        raise refuse(TOO_MANY_TOKENS, most=IN_FORCE_MAX)
    expires = None if days is None else now + timedelta(days=min(days, DAYS_MAX))
    token, token_id = PREFIX + secrets.token_urlsafe(32), uuid7()
    connection.execute(
        sa.insert(TOKEN).values(
            id=token_id,
            user=user_id,
            name=name[:80],
            token_hash=token_hash(token),
            scopes=list(wanted),
            created_at=now,
            expires_at=expires,
        )
    )
    facts = {"token": token_id, "scopes": list(wanted), "until": expires.isoformat() if expires else None}
    people.record(site, connection, actor, log.TOKEN, user_id, facts)
    return Issued(token_id, token, expires)


def verify(site: Site, connection: sa.Connection, token: str, door: Door) -> Bearer | None:
    """Who the token speaks for; None where it is unknown, ended, revoked, or its person inactive."""
    if not token.startswith(PREFIX):
        return None
    found = viewers.parameters(site.clock, site.settings, door)
    row = _by_token(connection.dialect.name).first(connection, {"hash": token_hash(token), **found})
    if row is None:
        return None
    kept_hash, used_at, kept_scopes = row[:3]
    site.last_use.note(TOKEN, kept_hash, used_at, found["now"])
    viewer = viewers.viewer_from(connection, row, site.settings, door)
    scopes = frozenset(kept_scopes)
    apps = scopes - {READ, WRITE}
    if apps:
        narrowed = frozenset(r for r in viewer.roles if r.partition(".")[0] in apps)
        viewer = replace(viewer, roles=narrowed)
    return Bearer(viewer, scopes)


def tokens(connection: sa.Connection, user_id: str) -> list[Kept]:
    """A person's tokens, the newest first."""
    columns = ("id", "name", "scopes", "created_at", "expires_at", "used_at", "revoked_at")
    rows = connection.execute(
        sa.select(*(TOKEN.c[c] for c in columns))
        .where(TOKEN.c.user == user_id)
        .order_by(TOKEN.c.created_at.desc(), TOKEN.c.id.desc())
    )
    return [Kept(r.id, r.name, tuple(r.scopes), *r[3:]) for r in rows]


def revoke(site: Site, connection: sa.Connection, actor: Viewer, token_id: str) -> None:
    """End a token now: by its person or an administrator. Raises `Refused` (NO_TOKEN)."""
    known = sa.select(TOKEN.c.user).where(TOKEN.c.id == token_id)
    owner = connection.scalar(known) if is_record_id(token_id) else None
    if owner is None or not (actor.user == owner or actor.is_system or actor.is_admin):
        raise refuse(NO_TOKEN)
    unrevoked = (TOKEN.c.id == token_id) & TOKEN.c.revoked_at.is_(None)
    connection.execute(sa.update(TOKEN).where(unrevoked).values(revoked_at=site.clock.now()))
    people.record(site, connection, actor, log.TOKEN_REVOKED, owner, {"token": token_id})


@cache
def _by_token(dialect: str) -> Ready:
    found = sa.select(TOKEN.c.user, TOKEN.c.token_hash, TOKEN.c.used_at, TOKEN.c.scopes).where(
        TOKEN.c.token_hash == sa.bindparam("hash"),
        TOKEN.c.revoked_at.is_(None),
        sa.or_(
            TOKEN.c.expires_at.is_(None),
            TOKEN.c.expires_at > sa.bindparam("now", type_=TOKEN.c.expires_at.type),
        ),
    )
    return Ready(viewers.statement(dialect, found.subquery(), "token_hash", "used_at", "scopes"), plan="kept")
