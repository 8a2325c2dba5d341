"""Signing in: the password, the second factor, and what comes of it, a session.

How guessing is slowed is in `guessing.py`. Hashing happens outside of any transaction, so that nobody waits for it.
Unknown, inactive and wrong are told apart neither by words nor by time.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa

from dougong_platform import accounts, guessing, passwords, people, totp, viewers
from dougong_platform.guessing import Keys
from dougong_platform.people import Person
from dougong_platform.site import Site
from dougong_platform.tables import CREDENTIAL, PENDING_SIGN_IN, SESSION
from dougong_platform.viewers import Door
from dougong_runtime.audit import log
from dougong_runtime.errors import problem_type, refuse
from dougong_runtime.host import Viewer
from dougong_runtime.storage.ready import Ready

TOKEN_LENGTH_MAX = 200
"""A longer text is no session's token."""
PENDING_FOR = timedelta(minutes=5)
PENDING_TRIES_MAX = 5
"""How long a right password waits for the code of the second factor, and for how many wrong ones."""

WRONG_PASSWORD = problem_type(
    "wrong-password",
    401,
    "用户名或密码不对。",
    "The user name or the password is wrong.",
    remedy=("核对后再试；忘记密码可请管理员重设。", "Check both; an administrator can set a new password."),
)
SIGN_IN_EXPIRED = problem_type(
    "sign-in-expired",
    401,
    "等待验证码的时间已过，或输错太多次。",
    "The code was awaited too long, or was wrong too often.",
    remedy=("重新输入用户名和密码。", "Enter user name and password again."),
)
CODE_NEEDED = problem_type(
    "code-needed",
    401,
    "还需要验证器上的 6 位验证码。",
    "The six-digit code of your authenticator is needed too.",
    remedy=("打开验证器，填写当前的验证码。", "Open the authenticator and enter its current code."),
)


NOBODY = "00000000-0000-0000-0000-000000000000"
"""An id that no person has."""


@dataclass(frozen=True, slots=True)
class Session:
    """Someone signed in. `token` is the cookie's value and is kept nowhere; `csrf` goes into forms and headers."""

    token: str
    csrf: str
    user: str
    username: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Pending:
    """A right password whose second factor is awaited. `token` is the cookie's value; it opens nothing."""

    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose session it is, and whether they have a second factor."""

    viewer: Viewer
    has_factor: bool


@dataclass(frozen=True, slots=True)
class Open:
    """A session as a person sees it in a list of their own."""

    token_hash: str
    created_at: datetime
    used_at: datetime
    address: str | None
    agent: str | None


# --- signing in ---------------------------------------------------------------------------------------------
def sign_in(
    site: Site,
    username: str,
    password: str,
    *,
    code: str | None = None,
    address: str | None = None,
    agent: str | None = None,
    request: str | None = None,
    replaces: str | None = None,
    device: str | None = None,
) -> Session:
    """A new session for who proves to be the person; the one in the browser before, `replaces`, ends.

    `code` is of the second factor, where the person has one; `device` is what the browser was given when the person
    signed in there before. Makes transactions of its own: call it outside of any. Raises `Refused`: WRONG_PASSWORD,
    CODE_NEEDED, WRONG_CODE, TOO_MANY_ATTEMPTS (fact `retry_after`, in seconds).
    """
    person = prove(site, username, password, code=code, address=address, request=request, device=device)
    with site.database.write() as connection:
        return _open(site, connection, person, address, agent, replaces)


def begin_code(site: Site, username: str) -> Pending:
    """Remember that a person's password was right just now (CODE_NEEDED was raised): the code may follow alone."""
    now = site.clock.now()
    token = secrets.token_urlsafe(32)
    with site.database.write() as connection:
        person = people.get_person(connection, username)
        connection.execute(
            sa.insert(PENDING_SIGN_IN).values(
                token_hash=token_hash(token),
                user=person.id,
                created_at=now,
                expires_at=now + PENDING_FOR,
                tries=0,
            )
        )
    return Pending(token, now + PENDING_FOR)


def sign_in_by_code(
    site: Site,
    pending: str,
    code: str,
    *,
    address: str | None = None,
    agent: str | None = None,
    request: str | None = None,
    replaces: str | None = None,
    device: str | None = None,
) -> Session:
    """The session of who gave the password before, and now the code. Raises `Refused`: SIGN_IN_EXPIRED, WRONG_CODE,
    TOO_MANY_ATTEMPTS."""
    key = PENDING_SIGN_IN.c.token_hash == token_hash(pending)
    waiting = sa.select(PENDING_SIGN_IN.c.user).where(key, PENDING_SIGN_IN.c.expires_at > site.clock.now())
    door = Door("page", address, request)
    with site.database.read() as connection:
        user_id = connection.scalar(waiting)
        viewer = viewers.viewer(connection, user_id, site.clock, site.settings, door) if user_id else None
        person = people.find_person(connection, viewer.username) if viewer is not None else None
    if person is None:
        raise refuse(SIGN_IN_EXPIRED)
    keys = Keys.of(site, person.username, address, device)
    guessing.count_attempt(site, keys)
    with site.database.write() as connection:
        tried = sa.update(PENDING_SIGN_IN).where(key, PENDING_SIGN_IN.c.tries < PENDING_TRIES_MAX)
        if not connection.execute(tried.values(tries=PENDING_SIGN_IN.c.tries + 1)).rowcount:
            raise refuse(SIGN_IN_EXPIRED)
        if totp.is_enrolled(connection, person.id) and totp.accept(site, connection, person.id, code):
            connection.execute(sa.delete(PENDING_SIGN_IN).where(key))
            guessing.forgive(connection, keys, wholly=True)
            _audit(site, connection, log.SIGN_IN, person, door, None)
            return _open(site, connection, person, address, agent, replaces)
        _failed(site, connection, person, keys, door, "code")
    raise refuse(totp.WRONG_CODE, "code")


def _open(
    site: Site,
    connection: sa.Connection,
    person: Person,
    address: str | None,
    agent: str | None,
    replaces: str | None,
) -> Session:
    now = site.clock.now()
    token = secrets.token_urlsafe(32)
    expires = now + timedelta(days=site.settings.session_days)
    if replaces:
        connection.execute(sa.delete(SESSION).where(SESSION.c.token_hash == token_hash(replaces)))
    connection.execute(
        sa.insert(SESSION).values(
            token_hash=token_hash(token),
            user=person.id,
            created_at=now,
            used_at=now,
            expires_at=expires,
            address=address,
            agent=(agent or "")[:200],
        )
    )
    return Session(token, csrf_of(site, token), person.id, person.username, expires)


def prove(
    site: Site,
    username: str,
    password: str,
    *,
    code: str | None = None,
    address: str | None = None,
    request: str | None = None,
    via: str = "page",
    device: str | None = None,
) -> Person:
    """The person whose password and code these are; what `sign_in` and the issue of a token by password share.

    Raises as `sign_in` does. Every outcome is in the audit.
    """
    keys = Keys.of(site, username, address, device)
    door = Door(via, address, request)
    guessing.count_attempt(site, keys)
    with site.database.read() as connection:
        person = people.find_person(connection, username)
        # Asked for nobody as well: the same steps, so that time tells nothing of who exists.
        asked = person.id if person is not None and person.active else NOBODY
        kept = connection.scalar(sa.select(CREDENTIAL.c.password_hash).where(CREDENTIAL.c.user == asked))
    if not passwords.verify(kept, password) or person is None or kept is None:
        with site.database.write() as connection:
            _failed(site, connection, person, keys, door, "password")
        raise refuse(WRONG_PASSWORD)
    new_hash = passwords.hashed(password) if passwords.is_outdated(kept) else None
    with site.database.write() as connection:
        factor = totp.is_enrolled(connection, person.id)
        if factor and not code:
            guessing.forgive(connection, keys)
        elif factor and not totp.accept(site, connection, person.id, code or ""):
            _failed(site, connection, person, keys, door, "code")
        else:
            guessing.forgive(connection, keys, wholly=True)
            if new_hash is not None:
                connection.execute(
                    sa.update(CREDENTIAL)
                    .where(CREDENTIAL.c.user == person.id, CREDENTIAL.c.password_hash == kept)
                    .values(password_hash=new_hash)
                )
            _audit(site, connection, log.SIGN_IN, person, door, None)
            return person
    raise refuse(totp.WRONG_CODE, "code") if code else refuse(CODE_NEEDED, "code")


def sign_out(site: Site, connection: sa.Connection, token: str, door: Door) -> None:
    """End one session; nothing happens where there is none."""
    viewer = viewer_of_session(site, connection, token, door)
    connection.execute(sa.delete(SESSION).where(SESSION.c.token_hash == token_hash(token)))
    if viewer is not None:
        people.record(site, connection, viewer, log.SIGN_OUT, viewer.user)


def sign_out_everywhere(
    site: Site, connection: sa.Connection, actor: Viewer, user_id: str, keep: str | None = None
) -> int:
    """End a person's sessions, but for the one whose token hash is `keep`. Gives how many ended."""
    if actor.user != user_id:
        people.require_admin(actor)
    ended = accounts.end_sessions(connection, user_id, keep)
    people.record(site, connection, actor, log.SIGN_OUT, user_id, {"sessions": ended})
    return ended


# --- sessions -----------------------------------------------------------------------------------------------
def viewer_of_session(site: Site, connection: sa.Connection, token: str, door: Door) -> Viewer | None:
    """Who the cookie's token belongs to; None where the session has ended or the person is inactive."""
    found = holder_of_session(site, connection, token, door)
    return found.viewer if found is not None else None


def holder_of_session(site: Site, connection: sa.Connection, token: str, door: Door) -> Holder | None:
    """The same, with what signing in demands of them."""
    found = viewers.parameters(site.clock, site.settings, door)
    now: datetime = found["now"]
    idle = now - timedelta(minutes=site.settings.session_idle_minutes)
    statement = _by_token(connection.dialect.name)
    row = statement.first(connection, {"hash": token_hash(token), "idle": idle, **found})
    if row is None:
        return None
    kept_hash, used_at, has_factor = row[:3]
    site.last_use.note(SESSION, kept_hash, used_at, now)
    return Holder(viewers.viewer_from(connection, row, site.settings, door), bool(has_factor))


def user_of(site: Site, connection: sa.Connection, token: str) -> str | None:
    """Whose session it is, None for one that has ended, and for who has yet to set up a second factor; asking so is no
    use of it."""
    asked = sa.select(SESSION.c.user).where(SESSION.c.token_hash == token_hash(token), _is_open(site))
    user: str | None = connection.scalar(asked)
    if user is None or site.settings.second_factor == "own":
        return user
    viewer = viewers.viewer(connection, user, site.clock, site.settings, Door("page"))
    lacks = viewer is None or (
        totp.is_demanded(site.settings, viewer) and not totp.is_enrolled(connection, user)
    )
    return None if lacks else user


def open_among(site: Site, connection: sa.Connection, hashes: Collection[str]) -> frozenset[str]:
    """Of these sessions, known by the hashes of their tokens, those that have not ended; asking so is no use of them."""
    asked = sa.select(SESSION.c.token_hash).where(SESSION.c.token_hash.in_(sorted(hashes)), _is_open(site))
    return frozenset(connection.scalars(asked))


def _is_open(site: Site) -> sa.ColumnElement[bool]:
    now = site.clock.now()
    idle = now - timedelta(minutes=site.settings.session_idle_minutes)
    return sa.and_(SESSION.c.expires_at > now, SESSION.c.used_at > idle)


def sessions(site: Site, connection: sa.Connection, user_id: str) -> list[Open]:
    """A person's open sessions, the one last used first."""
    columns = ("token_hash", "created_at", "used_at", "address", "agent")
    rows = connection.execute(
        sa.select(*(SESSION.c[name] for name in columns))
        .where(SESSION.c.user == user_id, _is_open(site))
        .order_by(SESSION.c.used_at.desc())
    )
    return [Open(*row) for row in rows]


def open_count(site: Site, connection: sa.Connection) -> int:
    """How many sessions there are that have not ended, of all people."""
    asked = sa.select(sa.func.count()).select_from(SESSION).where(_is_open(site))
    return int(connection.scalar(asked) or 0)


def csrf_of(site: Site, token: str) -> str:
    """The session's own word against forged requests; it follows from the cookie's token and the site's key."""
    return hmac.new(site.settings.key("csrf"), token.encode(), hashlib.sha256).hexdigest()


def masked(word: str) -> str:
    """The word as a page holds it: another text each time, so that the length of packed pages does not give it away."""
    veil = secrets.token_bytes(len(word) // 2)
    return veil.hex() + bytes(a ^ b for a, b in zip(veil, bytes.fromhex(word), strict=True)).hex()


def csrf_matches(site: Site, token: str, given: str | None) -> bool:
    """Whether `given` is the session's word, masked or not; compared in constant time."""
    word = csrf_of(site, token)
    if given is None or not given.isascii():
        return False
    if len(given) == 2 * len(word):
        try:
            veil, rest = bytes.fromhex(given[: len(word)]), bytes.fromhex(given[len(word) :])
        except ValueError:
            return False
        given = bytes(a ^ b for a, b in zip(veil, rest, strict=True)).hex() if len(veil) == len(rest) else ""
    return hmac.compare_digest(word.encode(), given.encode())


def token_hash(token: str) -> str:
    """What is kept of a token. It has 256 random bits, so a plain hash suffices."""
    return hashlib.sha256(token.encode()).hexdigest()


def sweep(site: Site, connection: sa.Connection) -> None:
    """Remove sessions and pending sign-ins that have ended, and attempts long past."""
    now = site.clock.now()
    idle = now - timedelta(minutes=site.settings.session_idle_minutes)
    connection.execute(sa.delete(SESSION).where((SESSION.c.expires_at <= now) | (SESSION.c.used_at <= idle)))
    connection.execute(sa.delete(PENDING_SIGN_IN).where(PENDING_SIGN_IN.c.expires_at <= now))
    guessing.sweep(connection, now)


@cache
def _by_token(dialect: str) -> Ready:
    instant = SESSION.c.used_at.type
    has_factor = totp.has_confirmed(SESSION.c.user).label("has_factor")
    found = sa.select(SESSION.c.user, SESSION.c.token_hash, SESSION.c.used_at, has_factor).where(
        SESSION.c.token_hash == sa.bindparam("hash"),
        SESSION.c.expires_at > sa.bindparam("now", type_=instant),
        SESSION.c.used_at > sa.bindparam("idle", type_=instant),
    )
    carried = ("token_hash", "used_at", "has_factor")
    return Ready(viewers.statement(dialect, found.subquery(), *carried), plan="kept")


# --- the audit ---------------------------------------------------------------------------------------------
def _failed(
    site: Site, connection: sa.Connection, person: Person | None, keys: Keys, door: Door, factor: str
) -> None:
    """Enter a failure into the audit; where it is the one that locks the account, that too.

    The name as typed is not kept where nobody has it: people type passwords there.
    """
    _audit(site, connection, log.SIGN_IN_FAILED, person, door, {"factor": factor})
    failures = guessing.failures(connection, keys)
    if person is not None and failures == site.settings.sign_in_failures_max:
        _audit(site, connection, log.LOCKED_OUT, person, door, {"failures": failures})


def _audit(
    site: Site,
    connection: sa.Connection,
    action: str,
    person: Person | None,
    door: Door,
    facts: dict[str, Any] | None,
) -> None:
    actor = Viewer(
        user=person.id if person else None,
        username=person.username if person else "unknown",
        via=door.via,
        address=door.address,
        request=door.request,
    )
    people.record(site, connection, actor, action, person.id if person else None, facts)
