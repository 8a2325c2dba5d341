"""A record on paper: a page to be printed, and a PDF, which is a way out of the site like an export."""

from __future__ import annotations

from urllib.parse import quote

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_platform.http.pages.visit import Here, Pages, Visit
from dougong_platform.printing import font_of, record_pdf
from dougong_runtime.errors import NOT_FOUND, refuse
from dougong_runtime.pages.record_page import RecordBuilder
from dougong_runtime.pages.record_page.printing import printed


def routes(pages: Pages) -> list[BaseRoute]:
    """Below a record's address."""
    base = "/apps/{app}/{entity}/{id}"
    return [pages.get(base + "/print", show), pages.post(base + "/pdf", pdf)]


def show(visit: Visit) -> Response:
    """The record as a page of its own, for paper."""
    with visit.reading() as here:
        look = _look(here)
        shell = here.shell(look.title)
        return here.page("print.html", shell, printed=printed(look), href=look.href)


def pdf(visit: Visit) -> Response:
    """The record as a PDF. Raises Refused where the reader may not take it out, or the machine has no font."""
    with visit.writing() as here:
        if font_of(here.site) is None:
            raise refuse(NOT_FOUND)
        look = _look(here)
        content = record_pdf(here.site, look)
        name = quote(f"{look.title}.pdf", safe="")
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
    return Response(content, media_type="application/pdf", headers=headers)


def _look(here: Here) -> RecordBuilder:
    desk = here.desk()
    return RecordBuilder(desk, here.entity(desk), here.visit.path("id").lower())
