"""Signing in: the password, the second factor, and what comes of it, a session.

Guessing is slowed per account and per address: an attempt is counted *before* the password is looked at, so that
attempts sent at once count like those sent one by one, and hashing happens outside of any transaction, so that nobody
waits for it. Unknown, inactive and wrong are told apart neither by words nor by time.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from dougong_platform import passwords, people, totp, viewers
from dougong_platform.people import Person
from dougong_platform.site import Site
from dougong_platform.tables import ATTEMPT, CREDENTIAL, SESSION
from dougong_platform.viewers import Door
from dougong_runtime.audit import log
from dougong_runtime.errors import problem_type, refuse
from dougong_runtime.host import Viewer
from dougong_runtime.storage.ready import Ready

ADDRESS_WINDOW = timedelta(minutes=15)
"""An address's wrong passwords are forgotten when none came for so long."""

LOCK_FIRST = timedelta(seconds=30)
LOCK_MOST = timedelta(hours=1)
"""How long an account is locked after too many in a row: doubled by each further one, up to the most."""

FORGOTTEN_AFTER = timedelta(days=1)

WRONG_PASSWORD = problem_type(
    "wrong-password",
    401,
    "用户名或密码不对。",
    "The user name or the password is wrong.",
    remedy=("核对后再试；忘记密码可请管理员重设。", "Check both; an administrator can set a new password."),
)
TOO_MANY_ATTEMPTS = problem_type(
    "too-many-attempts",
    429,
    "输错次数太多，{retry_after} 秒后再试。",
    "Too many wrong passwords. Try again in {retry_after} seconds.",
    remedy=("等一等，或请管理员重设密码。", "Wait, or ask an administrator to set a new password."),
)
CODE_NEEDED = problem_type(
    "code-needed",
    401,
    "还需要验证器上的 6 位验证码。",
    "The six-digit code of your authenticator is needed too.",
    remedy=("打开验证器，填写当前的验证码。", "Open the authenticator and enter its current code."),
)


@dataclass(frozen=True, slots=True)
class Session:
    """Someone signed in. `token` is the cookie's value and is kept nowhere; `csrf` goes into forms and headers."""

    token: str
    csrf: str
    user: str
    expires_at: datetime


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
) -> Session:
    """A new session for who proves to be the person; the one in the browser before, `replaces`, ends.

    `code` is of the second factor, where the person has one. Makes transactions of its own: call it outside of any.
    Raises `Refused`: WRONG_PASSWORD, CODE_NEEDED, WRONG_CODE, TOO_MANY_ATTEMPTS (fact `retry_after`, in seconds).
    """
    person = prove(site, username, password, code=code, address=address, request=request)
    now = site.clock.now()
    token = secrets.token_urlsafe(32)
    expires = now + timedelta(days=site.settings.session_days)
    with site.database.write() as connection:
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
    return Session(token, csrf_of(site, token), person.id, expires)


def prove(
    site: Site,
    username: str,
    password: str,
    *,
    code: str | None = None,
    address: str | None = None,
    request: str | None = None,
    via: str = "page",
) -> Person:
    """The person whose password and code these are; what `sign_in` and the issue of a token by password share.

    Raises as `sign_in` does. Every outcome is in the audit.
    """
    keys = _Keys.of(people.normal(username).casefold(), address)
    door = Door(via, address, request)
    _count_attempt(site, keys)
    with site.database.read() as connection:
        person = people.find_person(connection, username)
        kept = None
        if person is not None and person.active:
            kept = connection.scalar(
                sa.select(CREDENTIAL.c.password_hash).where(CREDENTIAL.c.user == person.id)
            )
    if not passwords.verify(kept, password) or person is None or kept is None:
        with site.database.write() as connection:
            _failed(site, connection, person, keys, door, "password")
        raise refuse(WRONG_PASSWORD)
    new_hash = passwords.hashed(password) if passwords.is_outdated(kept) else None
    with site.database.write() as connection:
        factor = totp.is_enrolled(connection, person.id)
        if factor and not code:
            _forgive(connection, keys)
        elif factor and not totp.accept(site, connection, person.id, code or ""):
            _failed(site, connection, person, keys, door, "code")
        else:
            _forgive(connection, keys, wholly=True)
            if new_hash is not None:
                connection.execute(
                    sa.update(CREDENTIAL)
                    .where(CREDENTIAL.c.user == person.id, CREDENTIAL.c.password_hash == kept)
                    .values(password_hash=new_hash)
                )
            _audit(site, connection, log.SIGN_IN, person, door, None)
            return person
    raise refuse(totp.WRONG_CODE, "code") if code else refuse(CODE_NEEDED, "code")


def attempts_left(site: Site, connection: sa.Connection, username: str) -> int:
    """How many wrong passwords more before a name is locked; the same whether anybody has that name or not."""
    key = _Keys.of(people.normal(username).casefold(), None).account
    failures = connection.scalar(sa.select(ATTEMPT.c.failures).where(ATTEMPT.c.key_hash == key)) or 0
    return max(0, site.settings.sign_in_failures_max - failures)


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
    ended = connection.execute(
        sa.delete(SESSION).where(SESSION.c.user == user_id, SESSION.c.token_hash != (keep or ""))
    ).rowcount
    people.record(site, connection, actor, log.SIGN_OUT, user_id, {"sessions": ended})
    return ended


# --- sessions -----------------------------------------------------------------------------------------------
def viewer_of_session(site: Site, connection: sa.Connection, token: str, door: Door) -> Viewer | None:
    """Who the cookie's token belongs to; None where the session has ended or the person is inactive."""
    found = viewers.parameters(site.clock, site.settings, door)
    now: datetime = found["now"]
    idle = now - timedelta(minutes=site.settings.session_idle_minutes)
    statement = _by_token(connection.dialect.name)
    row = statement.first(connection, {"hash": token_hash(token), "idle": idle, **found})
    if row is None:
        return None
    kept_hash, used_at = row[:2]
    site.last_use.note(SESSION, kept_hash, used_at, now)
    return viewers.viewer_from(connection, row, site.settings, door)


def sessions(site: Site, connection: sa.Connection, user_id: str) -> list[Open]:
    """A person's open sessions, the one last used first."""
    now = site.clock.now()
    idle = now - timedelta(minutes=site.settings.session_idle_minutes)
    columns = ("token_hash", "created_at", "used_at", "address", "agent")
    rows = connection.execute(
        sa.select(*(SESSION.c[name] for name in columns))
        .where(SESSION.c.user == user_id, SESSION.c.expires_at > now, SESSION.c.used_at > idle)
        .order_by(SESSION.c.used_at.desc())
    )
    return [Open(*row) for row in rows]


def csrf_of(site: Site, token: str) -> str:
    """The session's own word against forged requests; it follows from the cookie's token and the site's key."""
    return hmac.new(site.settings.key("csrf"), token.encode(), hashlib.sha256).hexdigest()


def csrf_matches(site: Site, token: str, given: str | None) -> bool:
    """Whether `given` is that word; compared in constant time."""
    return given is not None and hmac.compare_digest(csrf_of(site, token).encode(), given.encode())


def token_hash(token: str) -> str:
    """What is kept of a token. It has 256 random bits, so a plain hash suffices."""
    return hashlib.sha256(token.encode()).hexdigest()


def sweep(site: Site, connection: sa.Connection) -> None:
    """Remove sessions that have ended and attempts long past."""
    now = site.clock.now()
    idle = now - timedelta(minutes=site.settings.session_idle_minutes)
    connection.execute(sa.delete(SESSION).where((SESSION.c.expires_at <= now) | (SESSION.c.used_at <= idle)))
    connection.execute(sa.delete(ATTEMPT).where(ATTEMPT.c.last_at <= now - FORGOTTEN_AFTER))


@cache
def _by_token(dialect: str) -> Ready:
    instant = SESSION.c.used_at.type
    found = sa.select(SESSION.c.user, SESSION.c.token_hash, SESSION.c.used_at).where(
        SESSION.c.token_hash == sa.bindparam("hash"),
        SESSION.c.expires_at > sa.bindparam("now", type_=instant),
        SESSION.c.used_at > sa.bindparam("idle", type_=instant),
    )
    return Ready(viewers.statement(dialect, found.subquery(), "token_hash", "used_at"))


# --- guessing -----------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class _Keys:
    """Under which hashes attempts are counted: names and addresses come from outside, so their length is not ours."""

    account: str
    address: str | None

    @classmethod
    def of(cls, username: str, address: str | None) -> _Keys:
        return cls(token_hash("account/" + username), token_hash("address/" + address) if address else None)


def _count_attempt(site: Site, keys: _Keys) -> None:
    """Count one attempt as failed, in advance. Raises `Refused` (TOO_MANY_ATTEMPTS) where none is allowed now."""
    now = site.clock.now()
    wait = timedelta(0)
    with site.database.write() as connection:
        failures, last_at = _attempts(connection, keys.account, now)
        over = failures - site.settings.sign_in_failures_max
        if over >= 0:
            locked = min(LOCK_FIRST * 2 ** min(over, 20), LOCK_MOST)
            wait = max(wait, last_at + locked - now)
        counts = {keys.account: (failures + 1, now)}
        if keys.address is not None:
            most = site.settings.sign_in_per_address_max
            failures, last_at = _attempts(connection, keys.address, now)
            each = ADDRESS_WINDOW / most
            forgotten = (now - last_at) // each
            if forgotten:
                failures, last_at = max(0, failures - forgotten), now
            if failures >= most:
                wait = max(wait, last_at + each - now)
            counts[keys.address] = (failures + 1, last_at)
        if wait <= timedelta(0):
            for key, (count, at) in counts.items():
                connection.execute(
                    sa.update(ATTEMPT).where(ATTEMPT.c.key_hash == key).values(failures=count, last_at=at)
                )
            return
    raise refuse(TOO_MANY_ATTEMPTS, retry_after=int(wait.total_seconds()) + 1)


def _attempts(connection: sa.Connection, key: str, now: datetime) -> tuple[int, datetime]:
    """The count under a key, its row held until the transaction ends."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    made = insert(ATTEMPT).values(key_hash=key, failures=0, last_at=now).on_conflict_do_nothing()
    held = sa.select(ATTEMPT.c.failures, ATTEMPT.c.last_at).where(ATTEMPT.c.key_hash == key)
    while True:  # a good sign-in at the same moment may remove the row between the two statements
        connection.execute(made)
        row = connection.execute(held.with_for_update()).first()
        if row is not None:
            return row.failures, row.last_at


def _forgive(connection: sa.Connection, keys: _Keys, wholly: bool = False) -> None:
    """Take back the attempt counted in advance; `wholly`: the account starts anew."""
    one_less = sa.update(ATTEMPT).where(ATTEMPT.c.failures > 0).values(failures=ATTEMPT.c.failures - 1)
    account = ATTEMPT.c.key_hash == keys.account
    connection.execute(sa.delete(ATTEMPT).where(account) if wholly else one_less.where(account))
    if keys.address is not None:
        connection.execute(one_less.where(ATTEMPT.c.key_hash == keys.address))


def _failed(
    site: Site, connection: sa.Connection, person: Person | None, keys: _Keys, door: Door, factor: str
) -> None:
    """Enter a failure into the audit; where it is the one that locks the account, that too.

    The name as typed is not kept where nobody has it: people type passwords there.
    """
    _audit(site, connection, log.SIGN_IN_FAILED, person, door, {"factor": factor})
    failures = connection.scalar(sa.select(ATTEMPT.c.failures).where(ATTEMPT.c.key_hash == keys.account))
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
