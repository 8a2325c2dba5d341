"""A record as a PDF."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from dougong_platform.http import parameters
from dougong_platform.http.endpoint import Call, writes
from dougong_platform.printing import record_pdf
from dougong_runtime.errors import NOT_FOUND, refuse
from dougong_runtime.pages.desk import Desk
from dougong_runtime.pages.reading import Reader
from dougong_runtime.pages.record_page.look import Look


def get_pdf(call: Call) -> Response:
    """`POST …/{id}/pdf`: the record as a PDF, where the caller may export it; audited."""
    parameters.parameters(call.request)
    viewer = call.viewer
    desk = Desk(call.records(), Reader(viewer.language, viewer.time_zone, call.site.clock.now()))
    entity = desk.entity(call.path("entity"))
    if entity is None:
        raise refuse(NOT_FOUND)
    content = record_pdf(call.site, Look(desk, entity, call.path("id").lower()))
    return Response(content, media_type="application/pdf")


def routes(prefix: str) -> list[Route]:
    """Its route."""
    return [Route(prefix + "/{entity}/{id}/pdf", writes(get_pdf, body="none"), methods=["POST"])]
