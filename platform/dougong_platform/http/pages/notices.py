"""One's own notices: all, unread, mentions; marking them read."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_platform import talking
from dougong_platform.http.pages.visit import Here, Pages, Visit, go
from dougong_runtime.pages.notices import WHICH, notices_page
from dougong_runtime.talk.inbox import Which


def routes(pages: Pages) -> list[BaseRoute]:
    """`/notifications`."""
    return [
        pages.get("/notifications", show),
        pages.post("/notifications/read", read),
    ]


def show(visit: Visit) -> Response:
    """A page of them."""
    with visit.reading() as here:
        asked = visit.query("which", "all")
        which: Which = next((w for w in WHICH if w == asked), "all")
        return _page(here, which, visit.query("before"))


def _page(here: Here, which: Which, before: str) -> Response:
    box = talking.inbox(here.site, here.connection, here.viewer)
    found, following = box.page(which, before or None)
    apps = {app.name: app for app in here.apps()}
    page = notices_page(found, following, which, box.unread(), here.reader, apps)
    if before and here.visit.is_fragment:
        return here.block("notices.html", "rows", page=page)
    return here.page("notices.html", here.shell(here.reader.t("notices.title")), page=page)


def read(visit: Visit) -> Response:
    """Mark one read, or all."""
    with visit.writing() as here:
        box = talking.inbox(here.site, here.connection, here.viewer)
        now = here.site.clock.now()
        if visit.text("all") == "1":
            box.mark_all(now)
            return go("/notifications")
        one = visit.text("id")
        box.mark([one], now)
        if not visit.is_fragment:
            return go("/notifications")
        found = [n for n in (box.find(one),) if n is not None]
        apps = {app.name: app for app in here.apps()}
        page = notices_page(found, None, "all", 0, here.reader, apps)
        return here.block("notices.html", "row", page=page)
