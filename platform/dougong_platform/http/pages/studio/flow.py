"""A workflow on its canvas: what starts it on top, steps below one another with a + on every wire, ways side by side."""

from __future__ import annotations

from starlette.routing import BaseRoute

from dougong_designer.flow import flow, palette
from dougong_platform.http.pages.studio.canvases import CANVASES, Canvas
from dougong_platform.http.pages.studio.general import beside, head
from dougong_platform.http.pages.visit import Here, Pages
from dougong_platform.studio import Studio

TEMPLATE = "studio/flow.html"


def routes(pages: Pages) -> list[BaseRoute]:
    """None of its own: the outline's and the panel's serve it."""
    return []


@CANVASES.adding("workflow")
def drawing(here: Here, studio: Studio, key: str) -> Canvas:
    """The canvas of a workflow."""
    made = {"flow": flow(studio.draft, key), "palette": palette(studio.draft, key)}
    return Canvas(TEMPLATE, {**head(here, studio, key), **made, **beside(here, studio, key)})
