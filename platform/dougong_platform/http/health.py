"""Whether the process lives, and whether it can serve: no data, no names, so anyone may ask. And its figures."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dougong_platform.http.answers import json_answer
from dougong_platform.http.endpoint import in_thread
from dougong_platform.http.metrics import MEDIA_TYPE, Metrics
from dougong_platform.http.readiness import Readiness
from dougong_platform.networks import hold
from dougong_runtime.errors import NOT_FOUND, refuse


async def healthz(request: Request) -> Response:
    """`GET /healthz`: the process answers."""
    return json_answer({"status": "ok"})


async def readyz(request: Request) -> Response:
    """`GET /readyz`: the database is reachable, the system's tables are there, every app loads."""
    return await in_thread(request, lambda: _ready(request.app.state.readiness))


def _ready(readiness: Readiness) -> Response:
    return json_answer({"status": "ready", "apps": readiness.apps()})


async def metrics(request: Request) -> Response:
    """`GET /metrics`: figures for Prometheus, for those that `metrics_from` names; to others there is no such address."""
    if not hold(request.app.state.metrics_from, request.client.host if request.client else None):
        raise refuse(NOT_FOUND)
    kept: Metrics = request.app.state.metrics
    return Response(kept.text(), media_type=MEDIA_TYPE)


def routes() -> list[Route]:
    """Its routes."""
    return [
        Route("/healthz", healthz, methods=["GET"]),
        Route("/readyz", readyz, methods=["GET"]),
        Route("/metrics", metrics, methods=["GET"]),
    ]
