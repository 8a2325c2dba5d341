"""A serving process: what uvicorn calls to get the application, in each of its worker processes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import anyio.to_thread
from starlette.applications import Starlette

from dougong_platform import logs
from dougong_platform.collecting import collect_seldom
from dougong_platform.http.app import make_app
from dougong_platform.settings import Settings
from dougong_platform.site import Site
from dougong_platform.upkeep import Upkeep
from dougong_runtime import publish


def application() -> Starlette:
    """The application of a process: settings, logs, database, upkeep. Raises `Refused` where it cannot serve."""
    settings = Settings.load()
    logs.configure(settings)
    site = Site(settings)
    site.database.install()
    publish.clear_leftovers(site.database.engine)
    hosts = [name.strip() for name in settings.hosts.split(",") if name.strip()]
    app = with_upkeep(make_app(site, hosts=hosts), Upkeep(site))
    collect_seldom()
    return app


def with_upkeep(app: Starlette, upkeep: Upkeep) -> Starlette:
    """The same application, whose process does the upkeep from its start to its orderly end."""
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(started: Starlette) -> AsyncIterator[Mapping[str, Any]]:
        upkeep.start()
        async with inner(started) as state:
            yield state or {}
        await anyio.to_thread.run_sync(upkeep.stop)

    app.router.lifespan_context = lifespan
    return app
