"""Addresses of files as pages name them; the interface has its own."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_platform.http.handing_out import hand_back, hand_out
from dougong_platform.http.pages.visit import Pages, Visit


def file(visit: Visit) -> Response:
    """A file of a record's field, under the access to both."""
    return hand_out(visit.site, visit.request)


def waiting(visit: Visit) -> Response:
    """A file that its reader has handed in and not saved yet."""
    return hand_back(visit.site, visit.request)


def routes(pages: Pages) -> list[BaseRoute]:
    """Its routes."""
    return [
        pages.get("/files/waiting/{id}", waiting),
        pages.get("/files/{app}/{entity}/{id}/{field}", file),
    ]
