"""Addresses of files as pages name them; the interface has its own."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_platform.http.handing_out import hand_out, hand_out_by_id
from dougong_platform.http.pages.visit import Pages, Visit


def file(visit: Visit) -> Response:
    """A file of a record's field, under the access to both."""
    return hand_out(visit.site, visit.request)


def file_by_id(visit: Visit) -> Response:
    """A file by its id, to who may read a field that names it or has handed it in: what faces and forms point at."""
    return hand_out_by_id(visit.site, visit.request)


def routes(pages: Pages) -> list[BaseRoute]:
    """Its routes."""
    return [
        pages.get("/files/{app}/{file}", file_by_id),
        pages.get("/files/{app}/{entity}/{id}/{field}", file),
    ]
