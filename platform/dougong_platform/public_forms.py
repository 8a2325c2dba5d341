"""Links by which anybody may fill in one form: made and closed by administrators, slowed, bounded, and read by nobody.

Who comes by a link is a viewer with one role of its own (`access.grants.PUBLIC`): it may create, with the form's fields
and no others. A role of the app beside it, if the link names one, says which records strangers may pick from; it gives
the form nothing to write.

A link's token holds its id under a seal of the site's key: it cannot be guessed (128 bits), and the database alone does
not give it. A page that is filled in bears a ticket: sealed, dated, and good for one sending.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ipaddress
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from dougong_platform import people
from dougong_platform.guessing import attempts_under
from dougong_platform.site import Site
from dougong_platform.tables import ATTEMPT
from dougong_platform.tables_forms import PUBLIC_FORM, RECEIPT
from dougong_runtime.access.grants import PUBLIC
from dougong_runtime.audit import log
from dougong_runtime.errors import INVALID_VALUE, NOT_FOUND, problem_type, refuse
from dougong_runtime.host import Viewer
from dougong_runtime.labels import Language
from dougong_runtime.model.app import Document
from dougong_runtime.names import is_record_id, uuid7

SEAL_BYTES = 16
HOUR = timedelta(hours=1)
PER_ADDRESS_MAX = 30
"""Sendings of one address in an hour, over all links."""
PER_HOUR_DEFAULT, PER_HOUR_MOST = 200, 10_000
NAME_LENGTH_MAX = 120
DAYS_MAX = 3_650
SECONDS_LEAST = 2.0
"""A page that comes back sooner was not filled in by a person."""
TICKET_FOR = timedelta(hours=24)
_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"

FORM_CLOSED = problem_type(
    "form-closed",
    410,
    "这个表单已经不再接收。",
    "This form no longer takes anything.",
    remedy=("请向给你链接的人要一个新的。", "Ask whoever gave you the link for a new one."),
)
TOO_MANY_FORMS = problem_type(
    "too-many-forms",
    429,
    "现在提交的人太多，{retry_after} 秒后再试。",
    "Too much is being sent. Try again in {retry_after} seconds.",
    remedy=("页面先别关，稍后再提交。", "Keep the page open and send it later."),
)
TICKET_OVER = problem_type(
    "form-ticket",
    422,
    "这一页打开得太久了，或已经提交过。",
    "This page has been open for too long, or was sent already.",
    remedy=("核对后再提交一次。", "Look it over and send it again."),
)
NOT_BY_A_PERSON = problem_type(
    "form-too-quick",
    422,
    "看起来像是程序填的。",
    "This looks as if a program had filled it in.",
    remedy=("再看一遍，然后提交。", "Look it over, then send it again."),
)
NO_PUBLIC_FORM = problem_type(
    "no-public-form",
    422,
    "「{name}」不是可公开的表单。",
    "“{name}” is not a form that may be public.",
    remedy=("在表单文档中写 public: true。", "Say public: true in the form's document."),
)


@dataclass(frozen=True, slots=True)
class Link:
    """A link and its counts."""

    id: str
    app: str
    form: str
    name: str
    role: str | None
    per_hour_max: int
    created_by: str | None
    created_at: datetime
    expires_at: datetime | None
    closed_at: datetime | None
    received: int
    refused: int
    last_at: datetime | None

    def is_open(self, now: datetime) -> bool:
        """Whether it takes anything."""
        return self.closed_at is None and (self.expires_at is None or now < self.expires_at)


# --- administration -------------------------------------------------------------------------------------------------
def make(
    site: Site,
    connection: sa.Connection,
    viewer: Viewer,
    app: str,
    form: str,
    *,
    name: str = "",
    role: str | None = None,
    days: int | None = None,
    per_hour: int = PER_HOUR_DEFAULT,
) -> Link:
    """A new link to a form that its document calls public. Administrators may. Audited. Raises Refused."""
    people.require_admin(viewer)
    model = site.running(connection, app).app
    document = model.of("form").get(form)
    if document is None or document.data.get("public") is not True:
        raise refuse(NO_PUBLIC_FORM, "form", name=form)
    if role and role not in model.roles:
        raise refuse(INVALID_VALUE, "role", zh="没有这个角色。", en="There is no such role.")
    if len(name) > NAME_LENGTH_MAX or (days is not None and not 1 <= days <= DAYS_MAX):
        raise refuse(
            INVALID_VALUE,
            "days",
            zh="名称太长，或天数不对。",
            en="The name is too long, or the days are wrong.",
        )
    if not 1 <= per_hour <= PER_HOUR_MOST:
        raise refuse(INVALID_VALUE, "per_hour", zh="每小时的上限不对。", en="The limit an hour is wrong.")
    now = site.clock.now()
    label = name.strip() or title_of(document, "zh")
    made = Link(
        uuid7(), app, form, label, role or None, per_hour, viewer.user, now,
        now + timedelta(days=days) if days else None, None, 0, 0, None,
    )  # fmt: skip
    connection.execute(sa.insert(PUBLIC_FORM).values(**_columns(made)))
    _audit(site, connection, viewer, made, {"state": "open", "role": made.role})
    return made


def close(site: Site, connection: sa.Connection, viewer: Viewer, id_: str) -> Link:
    """Let a link take nothing more. Audited. Raises Refused."""
    people.require_admin(viewer)
    found = _by_id(connection, id_)
    if found is None:
        raise refuse(NOT_FOUND)
    if found.closed_at is None:
        now = site.clock.now()
        connection.execute(sa.update(PUBLIC_FORM).where(PUBLIC_FORM.c.id == found.id).values(closed_at=now))
        _audit(site, connection, viewer, found, {"state": "closed"})
    return _by_id(connection, id_) or found


def all_links(connection: sa.Connection, viewer: Viewer) -> Sequence[Link]:
    """Every link, the newest first. Administrators see them. Raises Refused."""
    people.require_admin(viewer)
    rows = connection.execute(sa.select(PUBLIC_FORM).order_by(PUBLIC_FORM.c.id.desc()))
    return [_link(row) for row in rows]


def title_of(document: Document, language: Language) -> str:
    """What a form is called; its name where it has no label."""
    raw = document.data.get("label")
    if isinstance(raw, str):
        return raw
    return str((raw or {}).get(language) or (raw or {}).get("zh") or document.name)


def _audit(site: Site, connection: sa.Connection, viewer: Viewer, link: Link, facts: dict[str, Any]) -> None:
    facts = {"link": link.id, "name": link.name, "form": link.form, **facts}
    log.write(connection, viewer, site.clock.now(), [log.Event(log.LINK, link.app, facts=facts)])


# --- tokens ----------------------------------------------------------------------------------------------------------
def token_of(site: Site, link: str) -> str:
    """The token of a link: its id under the site's seal."""
    raw = uuid.UUID(link).bytes
    return base64.urlsafe_b64encode(raw + _seal(site, "link", raw)).rstrip(b"=").decode()


def find(site: Site, connection: sa.Connection, token: str) -> Link:
    """The link of a token. Raises Refused (NOT_FOUND) for anything else; FORM_CLOSED where it takes nothing."""
    try:
        raw = base64.urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
    except (binascii.Error, UnicodeEncodeError, ValueError):
        raise refuse(NOT_FOUND) from None
    given, seal = raw[:16], raw[16:]
    if len(raw) != 16 + SEAL_BYTES or not hmac.compare_digest(_seal(site, "link", given), seal):
        raise refuse(NOT_FOUND)
    found = _by_id(connection, str(uuid.UUID(bytes=given)))
    if found is None:
        raise refuse(NOT_FOUND)
    if not found.is_open(site.clock.now()):
        raise refuse(FORM_CLOSED)
    return found


def viewer_of(site: Site, link: Link, address: str | None, request: str | None, language: Language) -> Viewer:
    """Who comes by a link."""
    roles = {f"{link.app}.{PUBLIC}{link.form}"} | ({f"{link.app}.{link.role}"} if link.role else set())
    return Viewer(
        user=None,
        username=f"form:{link.name}"[:NAME_LENGTH_MAX],
        name=link.name,
        roles=frozenset(roles),
        language=language,
        time_zone=site.settings.site_time_zone,
        via="form",
        address=address,
        request=request,
    )


# --- tickets ---------------------------------------------------------------------------------------------------------
def ticket(site: Site, link: Link) -> str:
    """The ticket of a page that has just been shown."""
    issued, nonce = f"{site.clock.now().timestamp():.0f}", secrets.token_urlsafe(12)
    return f"{issued}.{nonce}.{_ticket_seal(site, link, issued, nonce)}"


def read_ticket(site: Site, link: Link, text: str) -> str:
    """The hash under which a ticket is remembered. Raises Refused: not ours, too old, or too quick."""
    issued, _, rest = text.partition(".")
    nonce, _, seal = rest.partition(".")
    good = issued.isascii() and issued.isdecimal() and len(issued) < 12 and len(nonce) < 40
    if (
        not good
        or not seal.isascii()
        or not hmac.compare_digest(_ticket_seal(site, link, issued, nonce), seal)
    ):
        raise refuse(TICKET_OVER)
    age = site.clock.now().timestamp() - int(issued)
    if age > TICKET_FOR.total_seconds():
        raise refuse(TICKET_OVER)
    if age < SECONDS_LEAST:
        raise refuse(NOT_BY_A_PERSON)
    return hashlib.sha256(f"{link.id}/{nonce}".encode()).hexdigest()


def receipt_of(connection: sa.Connection, nonce_hash: str) -> str | None:
    """The number given for a ticket that was sent already: sending it again changes nothing."""
    return connection.scalar(sa.select(RECEIPT.c.number).where(RECEIPT.c.nonce_hash == nonce_hash))


# --- receiving -------------------------------------------------------------------------------------------------------
def slow_down(site: Site, link: Link, address: str | None) -> None:
    """Count a sending, in a transaction of its own, before it is looked at. Raises Refused (TOO_MANY_FORMS)."""
    now = site.clock.now()
    most = {_hash(f"form/{link.id}"): link.per_hour_max}
    if address is not None:
        most[_hash(f"form-address/{_network(address)}")] = PER_ADDRESS_MAX
    wait = timedelta(0)
    with site.database.write() as connection:
        counts = {}
        for key in sorted(most):
            each = HOUR / most[key]
            counted, last_at = attempts_under(connection, key, now)
            forgotten = (now - last_at) // each
            if forgotten > 0:
                counted, last_at = max(0, counted - forgotten), now
            if counted >= most[key]:
                wait = max(wait, last_at + each - now)
            counts[key] = (counted + 1, last_at)
        if wait <= timedelta(0):
            for key, (count, at) in counts.items():
                connection.execute(
                    sa.update(ATTEMPT).where(ATTEMPT.c.key_hash == key).values(failures=count, last_at=at)
                )
            return
        _count(connection, link, "refused", now)
    raise refuse(TOO_MANY_FORMS, retry_after=int(wait.total_seconds()) + 1)


def received(
    site: Site,
    connection: sa.Connection,
    viewer: Viewer,
    link: Link,
    nonce_hash: str,
    entity: str,
    record: str,
) -> str:
    """Give a receipt for a record, in the transaction that made it; gives its number. Audited."""
    now = site.clock.now()
    number = f"R{now:%y%m%d}-" + "".join(secrets.choice(_LETTERS) for _ in range(6))
    connection.execute(
        sa.insert(RECEIPT).values(
            number=number, link=link.id, nonce_hash=nonce_hash, entity=entity, record=record, at=now
        )
    )
    _count(connection, link, "received", now)
    facts = {"link": link.id, "name": link.name, "form": link.form, "receipt": number}
    log.write(connection, viewer, now, [log.Event(log.RECEIVED, link.app, entity, record, facts=facts)])
    return number


def turned_away(site: Site, link: Link) -> None:
    """Count what was refused."""
    with site.database.write() as connection:
        _count(connection, link, "refused", site.clock.now())


def _count(connection: sa.Connection, link: Link, what: str, now: datetime) -> None:
    column = PUBLIC_FORM.c[what]
    more = {what: column + 1, **({"last_at": now} if what == "received" else {})}
    connection.execute(sa.update(PUBLIC_FORM).where(PUBLIC_FORM.c.id == link.id).values(**more))


def _network(address: str) -> str:
    """An address as it is counted: of IPv6 the network that one household has."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else address


def _by_id(connection: sa.Connection, id_: str) -> Link | None:
    if not is_record_id(id_):
        return None
    row = connection.execute(sa.select(PUBLIC_FORM).where(PUBLIC_FORM.c.id == id_)).first()
    return None if row is None else _link(row)


def _link(row: Any) -> Link:
    return Link(**{name: getattr(row, name) for name in Link.__slots__})


def _columns(link: Link) -> dict[str, Any]:
    return {name: getattr(link, name) for name in Link.__slots__}


def _seal(site: Site, purpose: str, raw: bytes) -> bytes:
    return hmac.new(site.settings.key("public-form"), purpose.encode() + b"/" + raw, hashlib.sha256).digest()[
        :SEAL_BYTES
    ]


def _ticket_seal(site: Site, link: Link, issued: str, nonce: str) -> str:
    return _seal(site, "ticket", f"{link.id}/{issued}/{nonce}".encode()).hex()


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
