"""Who asks, and whether they may ask so: session cookie or token, forged requests, scopes, viewing as another.

A page reads `viewer_of(request, connection)`; both it and the interface go through `asker_of` and `authorise`, so
that no door can forget one of the checks.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import sqlalchemy as sa
from starlette.requests import Request
from starlette.responses import Response

from dougong_platform import people, signin, tokens, totp, viewers
from dougong_platform.http.languages import accepted_language, asked_language
from dougong_platform.http.problem_types import BAD_TOKEN, CSRF, FACTOR_NEEDED, NOT_SIGNED_IN, VIEWING_AS
from dougong_platform.signin import Pending, Session
from dougong_platform.site import Site
from dougong_platform.tokens import Bearer
from dougong_platform.viewers import Door
from dougong_runtime.audit import log
from dougong_runtime.errors import FORBIDDEN, refuse
from dougong_runtime.host import Viewer

COOKIE = "dougong_session"
"""Over https its name begins with `__Host-`: then no other host of the domain can set it."""
PENDING_COOKIE = "dougong_pending"
DEVICE_COOKIE = "dougong_device"
VIEW_AS_COOKIE = "dougong_view_as"
VIEW_AS_HEADER = "X-View-As"
CSRF_HEADER = "X-CSRF-Token"
CSRF_FIELD = "csrf_token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
VIEW_AS_NOTED_EVERY = timedelta(minutes=10)
"""Looking on as the same person is audited when it begins and every so often, not at each request."""

_TOKEN_LENGTH_MAX = signin.TOKEN_LENGTH_MAX


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and by what means: a session's cookie or a token."""

    viewer: Viewer
    session: str | None = None
    """The cookie's value."""
    bearer: Bearer | None = None
    lacks_factor: bool = False
    """Whether the site wants a second factor of who asks, and they have none."""


# --- who ----------------------------------------------------------------------------------------------------------
def door_of(request: Request) -> Door:
    """The door that a request comes by."""
    via = "api" if request.scope["path"].startswith("/api/") else "page"
    address = request.client.host if request.client else None
    language = accepted_language(request.headers.get("accept-language", ""))
    app = request.path_params.get("app")
    return Door(via, address, getattr(request.state, "request_id", None), language, app)


def asker_of(
    site: Site, request: Request, connection: sa.Connection, *, before_factor: bool = False
) -> Asker:
    """Who asks. Raises Refused: NOT_SIGNED_IN, BAD_TOKEN, FORBIDDEN for viewing as another without the right, and
    FACTOR_NEEDED, except to those `before_factor`: the few pages by which one gets a second factor, or leaves."""
    asker = find_asker(site, request, connection)
    if asker is None:
        raise refuse(NOT_SIGNED_IN)
    if asker.lacks_factor and not before_factor:
        raise refuse(FACTOR_NEEDED)
    return asker


def find_asker(site: Site, request: Request, connection: sa.Connection) -> Asker | None:
    """The same, None where nobody has signed in. A token that is sent counts, and is never passed over for a cookie."""
    site.keep_up(connection)
    door = door_of(request)
    given = request.headers.get("authorization")
    if given is not None:
        bearer = _bearer(site, connection, given, door)
        asker = Asker(bearer.viewer, bearer=bearer)
    else:
        token = session_of(request)
        holder = None
        if token and len(token) <= _TOKEN_LENGTH_MAX:
            holder = signin.holder_of_session(site, connection, token, door)
        if holder is None:
            return None
        lacks = not holder.has_factor and totp.is_demanded(site.settings, holder.viewer)
        asker = Asker(holder.viewer, session=token, lacks_factor=lacks)
    if not asker.lacks_factor:
        # Who is at the gate is there for themselves: another's secret is not theirs to see.
        asker = _viewing_as(site, request, connection, asker)
    language = asked_language(request)
    if language is not None:
        asker = replace(asker, viewer=asker.viewer.speaking(language))
    request.state.viewer = asker.viewer
    return asker


def viewer_of(request: Request, connection: sa.Connection) -> Viewer:
    """Who asks for a page. Raises Refused (NOT_SIGNED_IN)."""
    return asker_of(request.app.state.site, request, connection).viewer


def _bearer(site: Site, connection: sa.Connection, header: str, door: Door) -> Bearer:
    scheme, _, token = header.partition(" ")
    bearer = None
    if scheme.lower() == "bearer" and len(token) <= _TOKEN_LENGTH_MAX:
        bearer = tokens.verify(site, connection, token.strip(), door)
    if bearer is None:
        raise refuse(BAD_TOKEN)
    return bearer


# --- whether ------------------------------------------------------------------------------------------------------
def authorise(asker: Asker, *, writes: bool) -> None:
    """A token must have the scope; and nobody writes while viewing as another. Raises Refused."""
    if asker.bearer is not None:
        asker.bearer.require(tokens.WRITE if writes else tokens.READ)
    if writes and asker.viewer.acting_for is not None:
        raise refuse(VIEWING_AS, person=asker.viewer.name or asker.viewer.username)


def check_csrf(site: Site, asker: Asker, request: Request, form: Any = None) -> None:
    """What a browser sends by itself, the cookie, does not suffice to change anything: the session's word must be
    sent too, in the header or in a form's field. Raises Refused (CSRF)."""
    if asker.session is None or request.method in SAFE_METHODS:
        return
    given = request.headers.get(CSRF_HEADER)
    if given is None and form is not None:
        field = form.get(CSRF_FIELD)
        given = field if isinstance(field, str) else None
    if is_cross_site(request) or not signin.csrf_matches(site, asker.session, given):
        raise refuse(CSRF)


def is_cross_site(request: Request) -> bool:
    """Whether the browser says that another site's page sent it (Fetch metadata; `Origin` where that is missing)."""
    fetched_from = request.headers.get("sec-fetch-site")
    if fetched_from is not None:
        return fetched_from not in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc.lower() != request.headers.get("host", "").lower()


def csrf_of(request: Request) -> str:
    """The word that a page puts into its forms; empty for who has not signed in."""
    token = session_of(request)
    return signin.masked(signin.csrf_of(request.app.state.site, token)) if token else ""


# --- viewing as another -------------------------------------------------------------------------------------------
def _viewing_as(site: Site, request: Request, connection: sa.Connection, asker: Asker) -> Asker:
    """The person that an administrator looks on as: named by the header, or by the pages' cookie."""
    name = request.headers.get(VIEW_AS_HEADER)
    if name is None and asker.session is not None and asker.viewer.is_admin:
        name = request.cookies.get(VIEW_AS_COOKIE) or None
    if name is None:
        return asker
    admin = asker.viewer
    if not admin.is_admin:
        raise refuse(FORBIDDEN, entity="user", action="view-as")
    person = people.get_person(connection, _decoded(name))
    seen = viewers.viewer(
        connection, person.id, site.clock, site.settings, door_of(request), acting_for=admin.username
    )
    if seen is None:
        raise refuse(people.NO_PERSON, name=person.username, nearest=None)
    if request.method in SAFE_METHODS or door_of(request).via == "api":
        # A page's form is refused while viewing as another, and may hold SQLite's only writer already.
        _note_view_as(site, admin, person.id, person.username)
    return replace(asker, viewer=seen)


def _decoded(name: str) -> str:
    """A username from a header or cookie: percent-encoded, or its bytes of UTF-8 as they are."""
    try:
        return unquote(name.encode("latin-1").decode())
    except (UnicodeEncodeError, UnicodeDecodeError):
        return unquote(name)


_noted: dict[tuple[str, str, str], datetime] = {}
_noting = threading.Lock()


def _note_view_as(site: Site, admin: Viewer, person: str, username: str) -> None:
    """Enter it into the audit, in a transaction of its own, for the request's may be one that cannot write."""
    now, key = site.clock.now(), (site.settings.database_url, admin.user or "", person)
    with _noting:
        last = _noted.get(key)
        if last is not None and timedelta(0) <= now - last < VIEW_AS_NOTED_EVERY:
            return
        _noted[key] = now
    event = log.Event(log.VIEW_AS, "dougong", "user", person, facts={"username": username})
    with site.database.write() as connection:
        log.write(connection, admin, now, [event])


# --- cookies and ways back ----------------------------------------------------------------------------------------
def session_cookie(request: Request) -> str:
    """The name of the session's cookie; see `COOKIE`."""
    return f"__Host-{COOKIE}" if _is_https(request) else COOKIE


def session_of(request: Request) -> str:
    """The session's token that the browser sent; empty where it sent none."""
    return request.cookies.get(session_cookie(request), "")


def _is_https(request: Request) -> bool:
    return str(request.scope.get("scheme")) == "https"


def set_session(response: Response, request: Request, session: Session) -> None:
    """Give the browser its session: no script reads the cookie, no other site sends it with a form."""
    response.set_cookie(
        session_cookie(request),
        session.token,
        expires=session.expires_at,
        path="/",
        secure=_is_https(request),
        httponly=True,
        samesite="lax",
    )
    set_pending(response, request, None)


def set_pending(response: Response, request: Request, pending: Pending | None) -> None:
    """Let the browser bring back, with the code, that its password was right; None takes that away."""
    response.set_cookie(
        PENDING_COOKIE,
        pending.token if pending is not None else "",
        max_age=int(signin.PENDING_FOR.total_seconds()) if pending is not None else 0,
        path="/login",
        secure=_is_https(request),
        httponly=True,
        samesite="strict",
    )


def set_device(response: Response, request: Request, device: str) -> None:
    """Let the browser keep that the person has signed in there, so that guesses from elsewhere do not shut it out."""
    response.set_cookie(
        DEVICE_COOKIE,
        device,
        max_age=365 * 24 * 3600,
        path="/login",
        secure=_is_https(request),
        httponly=True,
        samesite="strict",
    )


def end_session(response: Response, request: Request) -> None:
    """Take both cookies back."""
    secure = _is_https(request)
    response.delete_cookie(session_cookie(request), path="/", secure=secure, httponly=True, samesite="lax")
    response.delete_cookie(VIEW_AS_COOKIE, path="/", secure=secure, httponly=True, samesite="lax")


def set_view_as(response: Response, request: Request, username: str | None) -> None:
    """Let an administrator's browser view as a person, or as themselves again."""
    secure = _is_https(request)
    if username is None:
        response.delete_cookie(VIEW_AS_COOKIE, path="/", secure=secure, httponly=True, samesite="lax")
        return
    response.set_cookie(
        VIEW_AS_COOKIE,
        quote(username, safe=""),
        path="/",
        secure=secure,
        httponly=True,
        samesite="lax",
    )


def safe_next(target: str | None) -> str:
    """Where to go after signing in: a path of this site, else home.

    >>> safe_next("/apps/clinic?filter=a")
    '/apps/clinic?filter=a'
    >>> [safe_next(t) for t in ("//evil.example", "https://evil.example", "/\\\\evil.example", "javascript:x", None)]
    ['/', '/', '/', '/', '/']
    """
    if not target or len(target) > 2_000 or not target.startswith("/") or target.startswith("//"):
        return "/"
    if "\\" in target or any(ord(c) < 33 or ord(c) == 127 for c in target):
        return "/"
    parts = urlsplit(target)
    if parts.scheme or parts.netloc or parts.path in ("/login", "/login/factor", "/logout"):
        return "/"
    return target
