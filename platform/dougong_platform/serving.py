"""A serving process: what uvicorn calls to get the application, in each of its worker processes."""

from __future__ import annotations

import atexit

from starlette.types import ASGIApp

from dougong_platform import logs
from dougong_platform.http.app import make_app
from dougong_platform.settings import Settings
from dougong_platform.site import Site
from dougong_platform.upkeep import Upkeep


def application() -> ASGIApp:
    """The application of a process: settings, logs, database, upkeep. Raises `Refused` where it cannot serve."""
    settings = Settings.load()
    logs.configure(settings)
    site = Site(settings)
    site.database.install()
    upkeep = Upkeep(site)
    upkeep.start()
    atexit.register(upkeep.stop)
    return make_app(site, hosts=[h.strip() for h in settings.hosts.split(",") if h.strip()])
