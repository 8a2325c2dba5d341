"""Serving trials: requests of a browser that tries a draft out go to the small site of its copy, at the same addresses.

A cookie says which. The copy knows one session only, that of whoever began it, so the cookie alone opens nothing. The
studio, administration and signing in stay with the real site, and so does every address that is no page of an app.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from dougong_platform import trials
from dougong_platform.site import Site

COOKIE = "dougong_trial"
_PAGES = ("/apps/", "/search", "/api/v1/apps/", "/notifications", "/inbox")
OPEN_MAX = 4
"""Copies that a process keeps open."""


@dataclass(frozen=True, slots=True)
class _Open:
    site: Site
    app: ASGIApp


class TrialSites:
    """Sends a request to the copy that its cookie names, where there is one."""

    def __init__(self, app: ASGIApp, site: Site, make: Callable[[Site], ASGIApp]) -> None:
        self.app, self._site, self._make = app, site, make
        self._open: dict[str, _Open] = {}
        self._opening = threading.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(_PAGES):
            wanted = _wanted(Headers(scope=scope).get("cookie", ""))
            found = self._find(wanted) if wanted else None
            if found is not None:
                await found(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def _find(self, wanted: str) -> ASGIApp | None:
        """The copy's application; None where it has ended, or its day is over."""
        trial = trials.find(self._site, wanted)
        with self._opening:
            known = self._open.get(wanted)
            if trial is None or trial.is_over(self._site.clock.now()):
                if known is not None:
                    self._open.pop(wanted).site.database.close()
                return None
            if known is None:
                while len(self._open) >= OPEN_MAX:
                    self._open.pop(next(iter(self._open))).site.database.close()
                site = trials.open_site(self._site, trial)
                known = self._open[wanted] = _Open(site, self._make(site))
            return known.app


def _wanted(header: str) -> str:
    if COOKIE not in header:
        return ""
    try:
        found = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return ""
    return "" if found is None else found.value
