"""The pages: requests parsed, records asked as the person who is signed in, templates rendered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.routing import BaseRoute

from dougong_platform.http.pages import (
    admin_audit,
    admin_erase,
    admin_health,
    admin_index,
    admin_jobs,
    admin_links,
    admin_people,
    admin_roles,
    admin_settings,
    admin_storage,
    admin_teams,
    admin_trash,
    answering,
    app_trash,
    boards,
    bulk,
    cells,
    components,
    documents,
    drafting,
    factor,
    files,
    filters,
    forms,
    homes,
    installable,
    lists,
    me,
    notices,
    options,
    paste,
    personal,
    printing,
    public,
    quick,
    reasons,
    records,
    saved_views,
    search,
    signing,
    studio,
    tags,
    talk,
    trash,
    views,
    walk,
)
from dougong_platform.http.pages.visit import Pages
from dougong_platform.site import Site
from dougong_runtime.labels import Language

__all__ = ["problem_page", "routes"]


def routes(site: Site) -> list[BaseRoute]:
    """Every page's route. The order matters where addresses overlap: words come before names and ids."""
    pages = Pages(site)
    parts = (
        signing,
        factor,
        homes,
        installable,
        search,
        components,
        me,
        notices,
        admin_index,
        admin_people,
        admin_roles,
        admin_audit,
        admin_erase,
        admin_jobs,
        admin_links,
        public,
        admin_health,
        admin_settings,
        admin_teams,
        admin_storage,
        admin_trash,
        app_trash,
        studio,
        documents,
        views,
        lists,
        filters,
        saved_views,
        boards,
        bulk,
        cells,
        paste,
        quick,
        options,
        files,
        tags,
        trash,
        talk,
        walk,
        reasons,
        printing,
        answering,
        drafting,
        forms,
        personal,
        records,
    )
    return [route for part in parts for route in part.routes(pages)]


def problem_page(request: Request, status: int, body: Mapping[str, Any], language: Language) -> str:
    """A refusal as a page: what happened, what to do, and the request's number."""
    return Pages(request.app.state.site).problem(request, status, body, language)
