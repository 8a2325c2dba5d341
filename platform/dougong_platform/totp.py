"""The second factor: a time-based code (RFC 6238), each taken once, and recovery codes for a lost phone."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass

import pyotp
import sqlalchemy as sa

from dougong_platform import people
from dougong_platform.settings import Settings
from dougong_platform.site import Site
from dougong_platform.tables import RECOVERY, TOTP
from dougong_runtime.audit import log
from dougong_runtime.errors import problem_type, refuse
from dougong_runtime.host import Viewer

STEP_SECONDS = 30
RECOVERY_CODES = 10
ISSUER = "Dougong"

WRONG_CODE = problem_type(
    "wrong-code",
    422,
    "验证码不对，或已用过。",
    "The code is wrong, or was used already.",
    remedy=("等下一个验证码再试。", "Wait for the next code and try again."),
)

FACTOR_IS_ON = problem_type(
    "factor-is-on",
    409,
    "两步验证已开启。",
    "The second factor is on already.",
    remedy=("先关闭，再重新设置。", "Turn it off, then set it up anew."),
)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What the person's app needs: the secret in Base32, and the same as an address for a QR code."""

    secret: str
    uri: str


def enrol(site: Site, connection: sa.Connection, user_id: str, username: str) -> Enrolment:
    """Begin: a new secret, not in force until `confirm`. Raises `Refused` (FACTOR_IS_ON)."""
    if is_enrolled(connection, user_id):
        raise refuse(FACTOR_IS_ON)
    salt = secrets.token_hex(16)
    connection.execute(sa.delete(TOTP).where(TOTP.c.user == user_id))
    connection.execute(sa.insert(TOTP).values(user=user_id, salt=salt))
    return _enrolment(site, user_id, username, salt)


def begun(site: Site, connection: sa.Connection, user_id: str, username: str) -> Enrolment | None:
    """What was begun and is not in force yet, if anything: a wrong code is no reason to scan again."""
    waiting = sa.select(TOTP.c.salt).where(TOTP.c.user == user_id, TOTP.c.confirmed_at.is_(None))
    salt = connection.scalar(waiting)
    return _enrolment(site, user_id, username, salt) if salt is not None else None


def _enrolment(site: Site, user_id: str, username: str, salt: str) -> Enrolment:
    secret = _secret(site, user_id, salt)
    return Enrolment(secret, pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=ISSUER))


def is_demanded(settings: Settings, viewer: Viewer) -> bool:
    """Whether the site wants a second factor of this person (the setting `second_factor`)."""
    if settings.second_factor == "all":
        return True
    return settings.second_factor == "admins" and viewer.is_admin


def has_confirmed(user: sa.ColumnElement[str]) -> sa.Exists:
    """The condition that a person has a factor in force."""
    return sa.exists().where(TOTP.c.user == user, TOTP.c.confirmed_at.is_not(None))


def confirm(site: Site, connection: sa.Connection, actor: Viewer, user_id: str, code: str) -> list[str]:
    """Put the factor in force by its first code. Gives the recovery codes, shown this once.

    Raises `Refused` (WRONG_CODE).
    """
    if is_enrolled(connection, user_id):
        raise refuse(FACTOR_IS_ON)
    if not _take(site, connection, user_id, code):
        raise refuse(WRONG_CODE, "code")
    connection.execute(sa.update(TOTP).where(TOTP.c.user == user_id).values(confirmed_at=site.clock.now()))
    codes = ["-".join((secrets.token_hex(3), secrets.token_hex(3))) for _ in range(RECOVERY_CODES)]
    connection.execute(sa.delete(RECOVERY).where(RECOVERY.c.user == user_id))
    connection.execute(
        sa.insert(RECOVERY), [{"user": user_id, "code_hash": _hash(site, user_id, code)} for code in codes]
    )
    people.record(site, connection, actor, log.SECOND_FACTOR, user_id, {"state": "on"})
    return codes


def is_enrolled(connection: sa.Connection, user_id: str) -> bool:
    """Whether signing in asks for a code."""
    return (
        connection.scalar(
            sa.select(TOTP.c.user).where(TOTP.c.user == user_id, TOTP.c.confirmed_at.is_not(None))
        )
        is not None
    )


def accept(site: Site, connection: sa.Connection, user_id: str, code: str) -> bool:
    """Whether the code is right: one of the last minute not taken before, or a recovery code, which is then spent."""
    if _take(site, connection, user_id, code):
        return True
    spent = connection.execute(
        sa.delete(RECOVERY).where(
            RECOVERY.c.user == user_id, RECOVERY.c.code_hash == _hash(site, user_id, code)
        )
    )
    return spent.rowcount == 1


def remove(site: Site, connection: sa.Connection, actor: Viewer, user_id: str) -> None:
    """Take the factor away: by the person, or by an administrator when the phone is lost."""
    if actor.user != user_id:
        people.require_admin(actor)
    connection.execute(sa.delete(TOTP).where(TOTP.c.user == user_id))
    connection.execute(sa.delete(RECOVERY).where(RECOVERY.c.user == user_id))
    people.record(site, connection, actor, log.SECOND_FACTOR, user_id, {"state": "off"})


def _take(site: Site, connection: sa.Connection, user_id: str, code: str) -> bool:
    """Whether the code is that of this step or a neighbour, later than any taken; it is then taken."""
    salt = connection.scalar(sa.select(TOTP.c.salt).where(TOTP.c.user == user_id))
    if salt is None:
        return False
    generator = pyotp.TOTP(_secret(site, user_id, salt))
    given = "".join(code.split())
    now = int(site.clock.now().timestamp()) // STEP_SECONDS
    for step in (now - 1, now, now + 1):
        if hmac.compare_digest(generator.generate_otp(step).encode(), given.encode()):
            unused = sa.or_(TOTP.c.last_step.is_(None), TOTP.c.last_step < step)
            taken = connection.execute(
                sa.update(TOTP).where(TOTP.c.user == user_id, unused).values(last_step=step)
            )
            return taken.rowcount == 1
    return False


def _secret(site: Site, user_id: str, salt: str) -> str:
    made = hmac.new(site.settings.key("totp"), f"{user_id}/{salt}".encode(), hashlib.sha256).digest()
    return base64.b32encode(made[:20]).decode("ascii")


def _hash(site: Site, user_id: str, code: str) -> str:
    text = f"{user_id}/{code.strip().lower()}"
    return hmac.new(site.settings.key("recovery"), text.encode(), hashlib.sha256).hexdigest()
