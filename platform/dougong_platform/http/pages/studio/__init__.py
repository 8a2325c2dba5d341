"""The studio's pages: a frame around one document of an app's draft, a canvas for each kind, its properties beside."""

from __future__ import annotations

from starlette.routing import BaseRoute

from dougong_platform.http.pages.studio import (
    condition,
    documents,
    entity,
    finding,
    flow,
    form,
    formula,
    frame,
    general,
    grid,
    labels,
    menu,
    merge,
    overview,
    page,
    panel,
    patterns,
    preview,
    problems,
    publish,
    relations,
    remarking,
    reporting,
    role,
    role_why,
    spreadsheet,
    starts,
    trial,
    valuing,
    versions,
    view,
)
from dougong_platform.http.pages.visit import Pages

PARTS = (
    spreadsheet,
    reporting,
    grid,
    valuing,
    entity,
    labels,
    menu,
    general,
    flow,
    condition,
    formula,
    preview,
    form,
    page,
    panel,
    starts,
    patterns,
    relations,
    view,
    role,
    role_why,
    documents,
    finding,
    overview,
    problems,
    remarking,
    publish,
    versions,
    merge,
    trial,
    frame,
)
"""Modules with routes; those with fixed words in their addresses stand before those with names."""


def routes(pages: Pages) -> list[BaseRoute]:
    """Every route of the studio."""
    return [route for part in PARTS for route in part.routes(pages)]
