"""What a browser needs to install the pages as an app of its own: a manifest (W3C Web Application Manifest)."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from dougong_platform.brand import brand_of
from dougong_platform.http.pages.visit import Pages, Visit
from dougong_runtime.pages.assets import Assets

BASE = "#f5f4f1"
"""The paper of the light theme: what is shown before the first paint."""


def routes(pages: Pages) -> list[BaseRoute]:
    """`/manifest.webmanifest`, for everybody."""
    return [pages.get("/manifest.webmanifest", manifest)]


def manifest(visit: Visit) -> Response:
    """Name, icon and colours; nothing that only some may know."""
    reader, brand = visit.stranger(), brand_of(visit.site.settings)
    name = brand.name or reader.t("product")
    icon = {"src": Assets.load().url("app-icon.svg"), "type": "image/svg+xml", "sizes": "any"}
    content = {
        "id": "/",
        "name": name,
        "short_name": name[:12],
        "lang": reader.language,
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": BASE,
        "theme_color": BASE,
        "icons": [{**icon, "purpose": purpose} for purpose in ("any", "maskable")],
        "shortcuts": [{"name": reader.t("search.title"), "url": "/search"}],
    }
    kept = {"Cache-Control": "public, max-age=3600"}
    return JSONResponse(content, media_type="application/manifest+json", headers=kept)
