"""Trying a draft out on a copy of the data: begun, used at the ordinary addresses under a band of wood, ended."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_designer.draft import DRAFT_BEHIND
from dougong_platform import trials
from dougong_platform.http.pages.studio.base import open_studio, page
from dougong_platform.http.pages.visit import Here, Pages, Visit, go
from dougong_platform.http.trial_sites import COOKIE
from dougong_platform.http.viewer import session_of
from dougong_platform.signin import token_hash
from dougong_platform.trials import Trial
from dougong_runtime.errors import Refused, refuse

TEMPLATE = "studio/trial.html"


def routes(pages: Pages) -> list[BaseRoute]:
    """`/studio/{app}/trial`."""
    base = "/studio/{app}/trial"
    return [pages.get(base, show), pages.post(base, begin), pages.post(base + "/end", end)]


def show(visit: Visit) -> Response:
    """How large the copy would be and how long it takes; or the one that is there."""
    return _page(visit)


def _page(visit: Visit, said: str = "") -> Response:
    with visit.reading() as here:
        studio = open_studio(here)
        trial = _own(here, studio.name)
        found = trials.size(studio)
        values = {"trial": trial, "size": trials.shown_size(found), "said": said}
        title = here.reader.t("trial.title")
        return page(here, studio, TEMPLATE, "", title, **values)


def begin(visit: Visit) -> Response:
    """Copy, publish there, and go there."""
    session = session_of(visit.request)
    try:
        with visit.reading() as here:
            studio = open_studio(here)
            found = studio.draft
            if found.is_behind:
                raise refuse(DRAFT_BEHIND, base=found.base, running=found.running)
            trial = trials.begin(studio, token_hash(session))
        with visit.writing() as here:
            trials.tell(open_studio(here), trial, "begun")
    except Refused as refused:
        if refused.status in (401, 403, 404):
            raise
        with visit.reading() as here:
            said = here.said(refused)
        return _page(visit, said)
    response = go(f"/apps/{trial.app}")
    set_trial(response, visit.request, trial)
    return response


def end(visit: Visit) -> Response:
    """Remove one's copy; back to the studio."""
    with visit.writing() as here:
        studio = open_studio(here)
        trial = _own(here, studio.name)
        if trial is not None:
            trials.remove(here.site, trial.id)
            trials.tell(studio, trial, "ended")
        response = go(f"/studio/{studio.name}")
    set_trial(response, visit.request, None)
    return response


def _own(here: Here, app: str) -> Trial | None:
    mine = (t for t in trials.all_of(here.site) if (t.app, t.user) == (app, here.viewer.user))
    return next((t for t in mine if not t.is_over(here.site.clock.now())), None)


def set_trial(response: Response, request: Request, trial: Trial | None) -> None:
    """Have the browser ask the copy, or no longer."""
    secure = request.url.scheme == "https"
    if trial is None:
        response.delete_cookie(COOKIE, path="/", secure=secure, httponly=True, samesite="lax")
        return
    age = int(trials.KEPT.total_seconds())
    response.set_cookie(COOKIE, trial.id, max_age=age, path="/", secure=secure, httponly=True, samesite="lax")
