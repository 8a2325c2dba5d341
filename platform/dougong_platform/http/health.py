"""Whether the process lives, and whether it can serve. No data, no names: anyone may ask."""

from __future__ import annotations

import sqlalchemy as sa
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dougong_platform.http.answers import json_answer
from dougong_platform.http.endpoint import in_thread
from dougong_platform.http.metrics import MEDIA_TYPE, Metrics
from dougong_platform.http.problem_types import NOT_READY
from dougong_platform.site import Site
from dougong_runtime.errors import Refused, refuse
from dougong_runtime.storage.system import SYSTEM


async def healthz(request: Request) -> Response:
    """`GET /healthz`: the process answers."""
    return json_answer({"status": "ok"})


async def readyz(request: Request) -> Response:
    """`GET /readyz`: the database is reachable, the system's tables are there, every app loads."""
    return await in_thread(request, lambda: _ready(request.app.state.site))


def _ready(site: Site) -> Response:
    try:
        with site.database.read() as connection:
            there = set(sa.inspect(connection).get_table_names())
            missing = sorted(set(SYSTEM.tables) - there)
            if missing:
                raise refuse(
                    NOT_READY,
                    zh="缺少系统表，运行 dougong init。",
                    en="system tables are missing; run “dougong init”.",
                )
            apps = site.apps(connection)
            for name in apps:
                site.running(connection, name)
    except Refused:
        raise
    except sa.exc.SQLAlchemyError:
        raise refuse(NOT_READY, zh="连不上数据库。", en="the database cannot be reached.") from None
    return json_answer({"status": "ready", "apps": len(apps)})


async def metrics(request: Request) -> Response:
    """`GET /metrics`: figures for Prometheus."""
    kept: Metrics = request.app.state.metrics
    return Response(kept.text(), media_type=MEDIA_TYPE)


def routes() -> list[Route]:
    """Its routes."""
    return [
        Route("/healthz", healthz, methods=["GET"]),
        Route("/readyz", readyz, methods=["GET"]),
        Route("/metrics", metrics, methods=["GET"]),
    ]
