"""A report on its canvas: fields at the left, shelves for rows, columns, figures, filter and chart, and a sentence."""

from __future__ import annotations

from starlette.routing import BaseRoute

from dougong_designer.panel import words as panel_words
from dougong_designer.reporting import CHARTS, report
from dougong_platform.http.pages.studio.canvases import CANVASES, Canvas
from dougong_platform.http.pages.studio.general import beside, head
from dougong_platform.http.pages.visit import Here, Pages
from dougong_platform.studio import Studio

TEMPLATE = "studio/report.html"


def routes(pages: Pages) -> list[BaseRoute]:
    """None of its own: the outline's and the panel's serve it."""
    return []


@CANVASES.adding("report")
def drawing(here: Here, studio: Studio, key: str) -> Canvas:
    """The canvas of a report."""
    charts = [
        (name, icon, here.reader.label(panel_words.word("report", "type", name))) for name, icon in CHARTS
    ]
    made = {"report": report(studio.draft, key), "charts": charts}
    return Canvas(TEMPLATE, {**head(here, studio, key), **made, **beside(here, studio, key)})
