"""A person's own page: language and looks, password, second factor, API tokens, sessions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import available_timezones

import segno
from markupsafe import Markup
from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_platform import people, signin, tokens, totp
from dougong_platform.http.pages.preferences import CHOICES, preferences_of, remember
from dougong_platform.http.pages.visit import Here, Pages, Visit, go
from dougong_platform.http.problem_types import CSRF, NOT_SIGNED_IN
from dougong_platform.http.viewer import door_of, safe_next
from dougong_platform.site import DIRECTORY
from dougong_runtime.errors import Refused
from dougong_runtime.host import Viewer

ZONES = (
    "Asia/Shanghai",
    "Asia/Hong_Kong",
    "Asia/Taipei",
    "Asia/Singapore",
    "Asia/Tokyo",
    "Asia/Dubai",
    "Europe/London",
    "Europe/Berlin",
    "America/New_York",
    "America/Los_Angeles",
    "Australia/Sydney",
    "UTC",
)
"""Zones offered at once; a person's own is added where it is another."""


def routes(pages: Pages) -> list[BaseRoute]:
    """`/me` and its forms."""
    return [
        pages.get("/me", show),
        pages.post("/me/preferences", choose, writes=False),
        pages.post("/me/password", change_password),
        pages.post("/me/totp", begin_factor),
        pages.post("/me/totp/confirm", confirm_factor),
        pages.post("/me/totp/remove", remove_factor),
        pages.post("/me/tokens", issue_token),
        pages.post("/me/tokens/revoke", revoke_token),
        pages.post("/me/sessions/end", end_sessions),
    ]


@dataclass(frozen=True, slots=True)
class Choice:
    """A preference with what it can be."""

    name: str
    label: str
    options: tuple[tuple[str, str], ...]
    value: str


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A second factor being set up."""

    secret: str
    qr: Markup


@dataclass(frozen=True, slots=True)
class TokenLine:
    """An API token as listed."""

    id: str
    name: str
    scopes: str
    used: str
    ends: str
    revoked: bool


@dataclass(frozen=True, slots=True)
class SessionLine:
    """An open session as listed."""

    agent: str
    address: str
    used: str
    current: bool


@dataclass(frozen=True)
class Me:
    """The page."""

    name: str
    username: str
    team: str
    roles: tuple[str, ...]
    choices: tuple[Choice, ...]
    password_min: int
    totp_on: bool
    tokens: tuple[TokenLine, ...]
    sessions: tuple[SessionLine, ...]
    problem: str = ""
    secret: str = ""
    recovery: tuple[str, ...] = ()
    enrolment: Enrolment | None = None


def show(visit: Visit) -> Response:
    """The page as it stands."""
    with visit.reading() as here:
        return _page(here)


def _page(here: Here, status: int = 200, **more: Any) -> Response:
    viewer, reader = here.viewer, here.reader
    user = viewer.user or ""
    kept = tuple(
        TokenLine(
            k.id,
            k.name,
            reader.t("tokens.write" if tokens.WRITE in k.scopes else "tokens.read"),
            reader.moment(k.used_at) if k.used_at else reader.t("tokens.never"),
            reader.moment(k.expires_at) if k.expires_at else reader.t("tokens.endless"),
            k.revoked_at is not None,
        )
        for k in tokens.tokens(here.connection, user)
    )
    mine = signin.token_hash(here.asker.session) if here.asker.session else ""
    sessions = tuple(
        SessionLine(_agent(s.agent), s.address or "", reader.moment(s.used_at), s.token_hash == mine)
        for s in signin.sessions(here.site, here.connection, user)
    )
    team = next((t.name for t in people.teams(here.connection) if t.id == viewer.team), "")
    made = Me(
        viewer.name or viewer.username,
        viewer.username,
        team,
        _roles(here),
        _choices(here),
        here.site.settings.password_length_min,
        totp.is_enrolled(here.connection, user),
        kept,
        sessions,
        **more,
    )
    return here.page("me.html", here.shell(reader.t("nav.me")), status=status, me=made)


def _agent(raw: str | None) -> str:
    """A browser in a few words, from what it says of itself."""
    text = raw or ""
    name = next((n for n in ("Edg", "Firefox", "Chrome", "Safari") if n in text), text[:40])
    system = next((s for s in ("Windows", "Android", "iPhone", "iPad", "Mac OS", "Linux") if s in text), "")
    return " · ".join(w for w in (name.replace("Edg", "Edge"), system) if w)


def _roles(here: Here) -> tuple[str, ...]:
    names = [here.reader.t("role.admin")] if here.viewer.is_admin else []
    for app in here.apps():
        held = here.viewer.roles_in(app.name)
        names += [here.reader.label(app.roles[r].label) for r in sorted(held) if r in app.roles]
    return tuple(names)


def _choices(here: Here) -> tuple[Choice, ...]:
    reader, viewer = here.reader, here.viewer
    chosen = preferences_of(here.visit.request)
    zones = ZONES if viewer.time_zone in ZONES else (viewer.time_zone, *ZONES)
    return (
        Choice("language", reader.t("me.language"), (("zh", "中文"), ("en", "English")), viewer.language),
        Choice("time_zone", reader.t("me.time_zone"), tuple((z, z) for z in zones), viewer.time_zone),
        _looks(here, "theme", chosen.theme),
        _looks(here, "density", chosen.density),
        _looks(here, "keys", chosen.keys),
    )


def _looks(here: Here, name: str, value: str) -> Choice:
    t = here.reader.t
    return Choice(name, t(f"me.{name}"), tuple((v, t(f"{name}.{v}")) for v in CHOICES[name]), value)


def choose(visit: Visit) -> Response:
    """Keep language and zone with the person, looks with the browser."""
    target = safe_next(visit.text("next"))
    kept = {n: visit.text(n) for n in ("language", "time_zone") if visit.text(n)}
    if kept.get("language") not in (None, "zh", "en"):
        kept.pop("language")
    if kept.get("time_zone") not in (None, *available_timezones()):
        kept.pop("time_zone")
    with visit.writing() as here:
        viewer = here.viewer
        if kept and viewer.acting_for is None and viewer.user is not None:
            system = Viewer.system(f"own preferences of {viewer.username}")
            here.site.records(here.connection, system, DIRECTORY).update("user", viewer.user, kept)
    response = go(f"{target}?done=preferences" if target == "/me" else target)
    for name in CHOICES:
        remember(response, visit.request, name, visit.text(name))
    return response


def _act(
    visit: Visit,
    act: Callable[[Here], dict[str, Any]],
    still: Callable[[Here], dict[str, Any]] = lambda here: {},
) -> Response:
    """Do something about the own account and show the page with what came of it, or with why not and what is `still`
    open."""
    refused: Refused | None = None
    more: dict[str, Any] = {}
    try:
        with visit.writing() as here:
            more = act(here)
    except Refused as raised:
        if raised.problems[0].type in (NOT_SIGNED_IN, CSRF):
            raise
        refused = raised
    with visit.reading() as here:
        if refused is not None:
            return _page(here, 422, problem=here.said(refused), **still(here))
        return _page(here, **more)


def change_password(visit: Visit) -> Response:
    """A new password, for who knows the old one; other sessions and all tokens end."""
    current, wanted = str(visit.form.get("current") or ""), str(visit.form.get("password") or "")
    with visit.reading() as here:
        user, username = here.viewer.user or "", here.viewer.username
        session = here.asker.session
        has_factor = totp.is_enrolled(here.connection, user)
    try:
        _prove(visit, username, current, has_factor)
        with visit.writing() as here:
            keep = signin.token_hash(session) if session else None
            people.set_password(here.site, here.connection, here.viewer, user, wanted, keep)
    except Refused as refused:
        with visit.reading() as here:
            return _page(here, 422, problem=here.said(refused))
    return go("/me?done=password")


def _prove(visit: Visit, username: str, password: str, has_factor: bool) -> None:
    """Raises Refused where the password is not the person's; the second factor was asked when they signed in."""
    door = door_of(visit.request)
    try:
        signin.prove(visit.site, username, password, address=door.address, request=door.request)
    except Refused as refused:
        if not (has_factor and refused.problems[0].type is signin.CODE_NEEDED):
            raise


def begin_factor(visit: Visit) -> Response:
    """A new secret as a picture to scan; in force only once a code of it was given."""

    def act(here: Here) -> dict[str, Any]:
        made = totp.enrol(here.site, here.connection, here.viewer.user or "", here.viewer.username)
        return {"enrolment": drawn(made)}

    return _act(visit, act)


def drawn(made: totp.Enrolment) -> Enrolment:
    """The secret's address as a QR code, drawn with SVG attributes only."""
    code = segno.make(made.uri, error="m")
    svg = code.svg_inline(scale=4, dark="#000", light="#fff", border=3)
    return Enrolment(made.secret, Markup(svg))


def confirm_factor(visit: Visit) -> Response:
    """Put the factor in force; the recovery codes are shown this once."""

    def act(here: Here) -> dict[str, Any]:
        codes = totp.confirm(
            here.site, here.connection, here.viewer, here.viewer.user or "", visit.text("code")
        )
        return {"recovery": tuple(codes)}

    def still(here: Here) -> dict[str, Any]:
        begun = totp.begun(here.site, here.connection, here.viewer.user or "", here.viewer.username)
        return {"enrolment": drawn(begun) if begun is not None else None}

    return _act(visit, act, still)


def remove_factor(visit: Visit) -> Response:
    """Take the factor away, for who knows the password: a browser left open does not suffice."""
    with visit.reading() as here:
        username = here.viewer.username
    try:
        _prove(visit, username, str(visit.form.get("current") or ""), has_factor=True)
    except Refused as refused:
        with visit.reading() as here:
            return _page(here, 422, problem=here.said(refused))

    def act(here: Here) -> dict[str, Any]:
        totp.remove(here.site, here.connection, here.viewer, here.viewer.user or "")
        return {}

    return _act(visit, act)


def issue_token(visit: Visit) -> Response:
    """A new token for a program; shown this once."""

    def act(here: Here) -> dict[str, Any]:
        scopes = (tokens.READ,) if visit.text("scope") == "read" else (tokens.READ, tokens.WRITE)
        user = here.viewer.user or ""
        made = tokens.issue(
            here.site, here.connection, here.viewer, user, name=visit.text("name"), scopes=scopes
        )
        return {"secret": made.token}

    return _act(visit, act)


def revoke_token(visit: Visit) -> Response:
    """End a token."""

    def act(here: Here) -> dict[str, Any]:
        tokens.revoke(here.site, here.connection, here.viewer, visit.text("token"))
        return {}

    return _act(visit, act)


def end_sessions(visit: Visit) -> Response:
    """End every session but this one."""

    def act(here: Here) -> dict[str, Any]:
        keep = signin.token_hash(here.asker.session) if here.asker.session else None
        signin.sign_out_everywhere(here.site, here.connection, here.viewer, here.viewer.user or "", keep)
        return {}

    return _act(visit, act)
