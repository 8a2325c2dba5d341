"""A refusal as a page: the interface's own where it is installed, else one without any styling."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import Any, TypeAlias

import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from dougong_runtime.labels import Language

_log = structlog.get_logger("dougong.http")

PageMaker: TypeAlias = Callable[[Request, int, Mapping[str, Any], Language], str]
"""`(request, status, problem details, language) -> HTML`; the interface hands one to `make_app`."""


def problem_page(
    request: Request, status: int, body: Mapping[str, Any], language: Language, headers: Mapping[str, str]
) -> Response:
    """The page for a refusal, made by `app.state.problem_page` where there is one, and where that does not fail too."""
    maker: PageMaker | None = (
        getattr(request.app.state, "problem_page", None) if "app" in request.scope else None
    )
    html = bare_page(status, body, language)
    if maker is not None:
        try:
            html = maker(request, status, body, language)
        except Exception as fault:
            _log.error("problem page failed", exc_info=fault)
    return HTMLResponse(html, status, dict(headers))


def bare_page(status: int, body: Mapping[str, Any], language: Language) -> str:
    """The page that needs nothing: what happened, what to do, and the request's number."""
    lines = "".join(
        f"<p>{escape(str(p['detail']))} {escape(str(p['remedy']))}</p>"
        for p in (*body["problems"], *body["warnings"])
    )
    words = "zh-CN" if language == "zh" else "en"
    home = "返回首页" if language == "zh" else "Go to the home page"
    return (
        f'<!doctype html><html lang="{words}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{status}</title></head>'
        f"<body><main><h1>{status}</h1>{lines}"
        f'<p><small>{escape(str(body["instance"]))}</small></p><p><a href="/">{home}</a></p></main></body></html>'
    )
