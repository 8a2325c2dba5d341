"""Which language an answer speaks: `?lang=`, the person's setting, then `Accept-Language`."""

from __future__ import annotations

from starlette.datastructures import QueryParams
from starlette.requests import Request

from dougong_runtime.host import Viewer
from dougong_runtime.labels import Language


def language_of(request: Request, viewer: Viewer | None = None) -> Language:
    """The language in force for a request; the viewer resolved for it counts where none is handed in."""
    asked = asked_language(request)
    if asked is not None:
        return asked
    known = viewer if viewer is not None else getattr(request.state, "viewer", None)
    if isinstance(known, Viewer):
        return known.language
    return accepted_language(request.headers.get("accept-language", "")) or _default(request)


def _default(request: Request) -> Language:
    """The site's, where there is a site yet."""
    site = getattr(request.app.state, "site", None) if "app" in request.scope else None
    return "en" if getattr(getattr(site, "settings", None), "language", None) == "en" else "zh"


def asked_language(request: Request) -> Language | None:
    """What `?lang=` says, where it names a language we have: of the address, else of the page that asks for a part of
    itself, which is to be in one language (`HX-Current-URL`, sent by htmx)."""
    page = request.headers.get("hx-current-url", "").partition("#")[0].partition("?")[2]
    for asked in (
        request.query_params.get("lang"),
        QueryParams(page).get("lang") if "lang=" in page else None,
    ):
        if asked in ("zh", "en"):
            return "zh" if asked == "zh" else "en"
    return None


def accepted_language(header: str) -> Language | None:
    """The better of our two by RFC 9110 section 12.5.4; None where neither is named.

    >>> accepted_language("fr, en-GB;q=0.8, zh-CN;q=0.5")
    'en'
    >>> accepted_language("fr") is None
    True
    """
    best: Language | None = None
    best_weight = 0.0
    for part in header[:200].split(","):
        tag, _, parameter = part.strip().partition(";")
        language = tag.strip().lower().split("-")[0]
        weight = _weight(parameter)
        if weight > best_weight and language in ("zh", "en"):
            best, best_weight = ("zh" if language == "zh" else "en"), weight
    return best


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
