"""A log line and the figures of each request, by the template of its address, never by the address itself."""

from __future__ import annotations

import logging
import time

import structlog
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dougong_platform.http.metrics import Metrics
from dougong_runtime.host import Viewer

_log = structlog.get_logger("dougong.access")
_STREAM = "text/event-stream"
_level = logging.getLogger("dougong.access")
_QUIET = ("/healthz", "/readyz", "/metrics", "/static/")


class AccessLog:
    """Logs method, path without query (it may hold names of people), status, milliseconds, and who asked."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 500
        sent = 0
        answered: float | None = None

        async def watch(message: Message) -> None:
            nonlocal status, sent, answered
            if message["type"] == "http.response.start":
                status = message["status"]
                if Headers(raw=message["headers"]).get("content-type", "").startswith(_STREAM):
                    answered = time.perf_counter()
            elif message["type"] == "http.response.body":
                sent += len(message.get("body", b""))
            await send(message)

        self.metrics.begin()
        try:
            await self.app(scope, receive, watch)
        finally:
            # An answer that goes on for as long as its page is open was given when it began.
            seconds = (answered or time.perf_counter()) - started
            template = template_of(scope)
            self.metrics.end(scope["method"], template, status, seconds)
            # structlog would write the line whole before the level drops it: a tenth of the layers' time.
            if _level.isEnabledFor(logging.INFO) and not scope["path"].startswith(_QUIET):
                viewer = scope.get("state", {}).get("viewer")
                client = scope.get("client")
                _log.info(
                    "request",
                    method=scope["method"],
                    path=scope["path"],
                    route=template,
                    status=status,
                    ms=round(seconds * 1000, 1),
                    bytes=sent,
                    user=viewer.username if isinstance(viewer, Viewer) else None,
                    acting_for=viewer.acting_for if isinstance(viewer, Viewer) else None,
                    address=client[0] if client else None,
                )


def template_of(scope: Scope) -> str:
    """The template of the route that answered, e.g. `/api/v1/apps/{app}`; `none` where none did."""
    path = getattr(scope.get("route"), "path", None)
    return path if isinstance(path, str) else "none"
