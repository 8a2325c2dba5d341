"""Signing in and out."""

from __future__ import annotations

from typing import TypedDict
from urllib.parse import urlencode

from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute

from dougong_platform import guessing, people, signin
from dougong_platform.http import viewer as asking
from dougong_platform.http.languages import asked_language
from dougong_platform.http.pages.preferences import preferences_of, remember
from dougong_platform.http.pages.visit import Pages, Visit, renderer
from dougong_platform.http.problem_types import CSRF
from dougong_runtime.errors import Refused, refuse
from dougong_runtime.pages.shell import Shell


class Given(TypedDict):
    """What a request for signing in tells besides what was typed."""

    address: str | None
    agent: str | None
    request: str | None
    replaces: str | None
    device: str | None


def routes(pages: Pages) -> list[BaseRoute]:
    """`/login` and `/logout`."""
    return [
        pages.get("/login", show),
        pages.post("/login", enter, writes=False),
        pages.post("/login/preferences", choose, writes=False),
        pages.get("/logout", ask_to_leave),
        pages.post("/logout", leave, writes=False, before_factor=True),
    ]


def show(visit: Visit) -> Response:
    """The sign-in page; who is signed in already goes where they wanted."""
    target = asking.safe_next(visit.query("next"))
    with visit.site.database.read() as connection:
        if asking.find_asker(visit.site, visit.request, connection) is not None:
            return RedirectResponse(target, 303)
        nobody = not people.admins(visit.site, connection)
    return _page(visit, target, notice="signin.no_admin" if nobody else "")


def enter(visit: Visit) -> Response:
    """Sign in. A person with a second factor is asked for its code next."""
    request = visit.request
    if asking.is_cross_site(request):
        raise refuse(CSRF)
    target = asking.safe_next(visit.text("next"))
    username, device = visit.text("username"), request.cookies.get(asking.DEVICE_COOKIE)
    given: Given = {
        "address": request.client.host if request.client else None,
        "agent": request.headers.get("user-agent"),
        "request": getattr(request.state, "request_id", None),
        "replaces": asking.session_of(request) or None,
        "device": device,
    }
    try:
        if "code" in visit.form:
            pending = request.cookies.get(asking.PENDING_COOKIE, "")
            session = signin.sign_in_by_code(visit.site, pending, visit.text("code"), **given)
        else:
            session = signin.sign_in(visit.site, username, str(visit.form.get("password") or ""), **given)
    except Refused as refused:
        return _refused(visit, refused, username, device, target)
    response = RedirectResponse(target, 303)
    asking.set_session(response, request, session)
    asking.set_view_as(response, request, None)
    asking.set_device(response, request, guessing.device_of(visit.site, session.username, device))
    return response


def _refused(visit: Visit, refused: Refused, username: str, device: str | None, target: str) -> Response:
    problem = refused.problems[0]
    reader = visit.stranger()
    if problem.type is signin.CODE_NEEDED:
        response = _page(visit, target, step="code", status=401)
        asking.set_pending(response, visit.request, signin.begin_code(visit.site, username))
        return response
    said = problem.text(reader.language)
    if problem.type is signin.SIGN_IN_EXPIRED:
        said = f"{said} {problem.remedy(reader.language)}".strip()
    if problem.type is signin.WRONG_PASSWORD:
        with visit.site.database.read() as connection:
            left = guessing.attempts_left(visit.site, connection, username, device)
        said = (
            f"{said} {reader.t('signin.left', n=left)}"
            if reader.language == "en"
            else said + reader.t("signin.left", n=left)
        )
    locked = problem.type is guessing.TOO_MANY_ATTEMPTS and "code" in visit.form
    step = "code" if problem.field == "code" or locked else "password"
    return _page(
        visit,
        target,
        username=username,
        step=step,
        error=said,
        status=refused.status,
    )


def _page(
    visit: Visit,
    target: str,
    *,
    username: str = "",
    step: str = "password",
    error: str = "",
    notice: str = "",
    status: int = 200,
) -> Response:
    reader = visit.stranger()
    shell = Shell(reader.t("signin.title"), visit.request.url.path, "", preferences_of(visit.request))
    asked = asked_language(visit.request)
    told = notice or ("signin.left_now" if visit.query("left") else "")
    html = renderer().page(
        "signin.html",
        reader,
        shell=shell,
        next=target,
        username=username,
        step=step,
        error=error,
        notice=reader.t(told) if told else "",
        action=f"/login?lang={asked}" if asked else "/login",
    )
    return HTMLResponse(html, status)


def choose(visit: Visit) -> Response:
    """Language and theme before signing in."""
    if asking.is_cross_site(visit.request):
        raise refuse(CSRF)
    kept = {"next": asking.safe_next(visit.text("next"))}
    language = visit.text("language") or (asked_language(visit.request) or "")
    if language in ("zh", "en"):
        kept["lang"] = language
    response = RedirectResponse(f"/login?{urlencode(kept)}", 303)
    remember(response, visit.request, "theme", visit.text("theme"))
    return response


def ask_to_leave(visit: Visit) -> Response:
    """An address typed by hand ends nothing: it leads home, where the way out is a button."""
    return RedirectResponse("/", 303)


def leave(visit: Visit) -> Response:
    """End the session."""
    with visit.writing() as here:
        if here.asker.session is not None:
            signin.sign_out(visit.site, here.connection, here.asker.session, asking.door_of(visit.request))
    response = RedirectResponse("/login?left=1", 303)
    asking.end_session(response, visit.request)
    return response
