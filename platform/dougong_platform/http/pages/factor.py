"""`/login/factor`: where the site wants a second factor of a person who has none, they set one up before anything else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import quote

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_platform import totp
from dougong_platform.http.pages.me import drawn
from dougong_platform.http.pages.visit import Here, Pages, Visit, go
from dougong_platform.http.viewer import safe_next
from dougong_runtime.errors import Refused


def routes(pages: Pages) -> list[BaseRoute]:
    """The page and its two steps."""
    return [
        pages.get("/login/factor", show, before_factor=True),
        pages.post("/login/factor", begin, before_factor=True),
        pages.post("/login/factor/confirm", confirm, before_factor=True),
    ]


def show(visit: Visit) -> Response:
    """What is asked for; who has it, or need not, goes where they wanted."""
    with visit.reading() as here:
        target = safe_next(visit.query("next"))
        return _page(here, target) if here.asker.lacks_factor else go(target)


def begin(visit: Visit) -> Response:
    """A new secret, to be scanned."""
    target = safe_next(visit.text("next"))
    with visit.writing() as here:
        if not here.asker.lacks_factor:
            return go(target)
        totp.enrol(here.site, here.connection, here.viewer.user or "", here.viewer.username)
    return go(f"/login/factor?next={quote(target, safe='')}")


def confirm(visit: Visit) -> Response:
    """Put it in force by its first code; the recovery codes are shown this once."""
    target = safe_next(visit.text("next"))
    try:
        with visit.writing() as here:
            if not here.asker.lacks_factor:
                return go(target)
            user = here.viewer.user or ""
            codes = totp.confirm(here.site, here.connection, here.viewer, user, visit.text("code"))
    except Refused as refused:
        if refused.problems[0].type is not totp.WRONG_CODE:
            raise
        with visit.reading() as here:
            return _page(here, target, status=422, error=here.said(refused))
    with visit.reading() as here:
        return _page(here, target, recovery=tuple(codes))


def _page(here: Here, target: str, *, status: int = 200, **more: Any) -> Response:
    t = here.reader.t
    made = totp.begun(here.site, here.connection, here.viewer.user or "", here.viewer.username)
    shown = {"error": "", "recovery": (), "enrolment": drawn(made) if made is not None else None, **more}
    shell = replace(here.bare(), title=t("factor.title"))
    return here.page("factor.html", shell, status=status, next=target, factor=shown)
