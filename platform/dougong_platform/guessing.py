"""Guessing of passwords and codes, slowed per account and per address, without shutting the person out.

An attempt is counted *before* anything is looked at, so that attempts sent at once count like those sent one by one.
Whoever knows a name could keep its account locked by guessing on; so a browser in which the person signed in before
carries a sign of it, and attempts from there are counted by themselves, whatever strangers do (OWASP calls it a device
cookie). The sign opens nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from dougong_platform import people
from dougong_platform.site import Site
from dougong_platform.tables import ATTEMPT
from dougong_runtime.errors import problem_type, refuse

ADDRESS_WINDOW = timedelta(minutes=15)
"""An address's wrong passwords are forgotten when none came for so long."""

LOCK_FIRST = timedelta(seconds=30)
LOCK_MOST = timedelta(hours=1)
"""How long an account is locked after too many in a row: doubled by each further one, up to the most."""

FORGOTTEN_AFTER = timedelta(days=1)
_DEVICE_LENGTH_MAX = 120

TOO_MANY_ATTEMPTS = problem_type(
    "too-many-attempts",
    429,
    "输错次数太多，{retry_after} 秒后再试。",
    "Too many wrong passwords. Try again in {retry_after} seconds.",
    remedy=("等一等，或请管理员重设密码。", "Wait, or ask an administrator to set a new password."),
)


@dataclass(frozen=True, slots=True)
class Keys:
    """Under which hashes attempts are counted: names and addresses come from outside, so their length is not ours."""

    account: str
    address: str | None

    @classmethod
    def of(cls, site: Site, username: str, address: str | None, device: str | None = None) -> Keys:
        """The keys of a name as typed, from an address; from a browser that the person used before, its own alone."""
        name = people.normal(username).casefold()
        if is_device_of(site, username, device):
            return cls(_hash(f"device/{device}"), None)
        return cls(_hash("account/" + name), _hash("address/" + address) if address else None)


def device_of(site: Site, username: str, given: str | None = None) -> str:
    """The sign that a browser keeps of a person's having signed in; the one it has where that is theirs."""
    if given is not None and is_device_of(site, username, given):
        return given
    nonce = secrets.token_hex(16)
    return f"{nonce}.{_seal(site, username, nonce)}"


def is_device_of(site: Site, username: str, device: str | None) -> bool:
    """Whether a browser's sign is of that person and ours."""
    if device is None or len(device) > _DEVICE_LENGTH_MAX or not device.isascii():
        return False
    nonce, _, seal = device.partition(".")
    return hmac.compare_digest(_seal(site, username, nonce), seal)


def attempts_left(site: Site, connection: sa.Connection, username: str, device: str | None = None) -> int:
    """How many wrong passwords more before a name is locked; the same whether anybody has that name or not."""
    return max(
        0, site.settings.sign_in_failures_max - failures(connection, Keys.of(site, username, None, device))
    )


def failures(connection: sa.Connection, keys: Keys) -> int:
    """How many failures in a row are counted for the account."""
    return connection.scalar(sa.select(ATTEMPT.c.failures).where(ATTEMPT.c.key_hash == keys.account)) or 0


def count_attempt(site: Site, keys: Keys) -> None:
    """Count one attempt as failed, in advance. Raises `Refused` (TOO_MANY_ATTEMPTS) where none is allowed now."""
    now = site.clock.now()
    wait = timedelta(0)
    with site.database.write() as connection:
        counted, last_at = attempts_under(connection, keys.account, now)
        over = counted - site.settings.sign_in_failures_max
        if over >= 0:
            locked = min(LOCK_FIRST * 2 ** min(over, 20), LOCK_MOST)
            wait = max(wait, last_at + locked - now)
        counts = {keys.account: (counted + 1, now)}
        if keys.address is not None:
            most = site.settings.sign_in_per_address_max
            counted, last_at = attempts_under(connection, keys.address, now)
            each = ADDRESS_WINDOW / most
            forgotten = (now - last_at) // each
            if forgotten:
                counted, last_at = max(0, counted - forgotten), now
            if counted >= most:
                wait = max(wait, last_at + each - now)
            counts[keys.address] = (counted + 1, last_at)
        if wait <= timedelta(0):
            for key, (count, at) in counts.items():
                connection.execute(
                    sa.update(ATTEMPT).where(ATTEMPT.c.key_hash == key).values(failures=count, last_at=at)
                )
            return
    raise refuse(TOO_MANY_ATTEMPTS, retry_after=int(wait.total_seconds()) + 1)


def forgive(connection: sa.Connection, keys: Keys, wholly: bool = False) -> None:
    """Take back the attempt counted in advance; `wholly`: the account starts anew."""
    one_less = sa.update(ATTEMPT).where(ATTEMPT.c.failures > 0).values(failures=ATTEMPT.c.failures - 1)
    account = ATTEMPT.c.key_hash == keys.account
    connection.execute(sa.delete(ATTEMPT).where(account) if wholly else one_less.where(account))
    if keys.address is not None:
        connection.execute(one_less.where(ATTEMPT.c.key_hash == keys.address))


def sweep(connection: sa.Connection, now: datetime) -> None:
    """Remove attempts long past."""
    connection.execute(sa.delete(ATTEMPT).where(ATTEMPT.c.last_at <= now - FORGOTTEN_AFTER))


def attempts_under(connection: sa.Connection, key: str, now: datetime) -> tuple[int, datetime]:
    """The count under a key, its row held until the transaction ends."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    made = insert(ATTEMPT).values(key_hash=key, failures=0, last_at=now).on_conflict_do_nothing()
    held = sa.select(ATTEMPT.c.failures, ATTEMPT.c.last_at).where(ATTEMPT.c.key_hash == key)
    while True:  # a good sign-in at the same moment may remove the row between the two statements
        connection.execute(made)
        row = connection.execute(held.with_for_update()).first()
        if row is not None:
            return row.failures, row.last_at


def _seal(site: Site, username: str, nonce: str) -> str:
    text = f"{people.normal(username).casefold()}/{nonce}"
    return hmac.new(site.settings.key("device"), text.encode(), hashlib.sha256).hexdigest()


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
