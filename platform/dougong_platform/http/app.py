"""Assembly of the web application, and nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

import anyio
import anyio.to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import BaseRoute, Route

from dougong_platform.http import events, health, pages
from dougong_platform.http.api import (
    aggregates,
    apps,
    bulk,
    drafts,
    files,
    jobs,
    me,
    paper,
    personal,
    problem_catalogue,
    public_forms,
    record_acts,
    records,
    search,
    settings,
    site_settings,
    studio,
    studio_entities,
    studio_formulas,
    studio_labels,
    studio_publish,
    studio_relations,
    studio_roles,
    studio_sheets,
    studio_starts,
    studio_talk,
    talk,
    tokens,
    transfer,
    views,
)
from dougong_platform.http.events import Events
from dougong_platform.http.jobs.runner import Jobs
from dougong_platform.http.metrics import Metrics
from dougong_platform.http.middleware.access_log import AccessLog
from dougong_platform.http.middleware.bodies import Bodies
from dougong_platform.http.middleware.faults import Faults
from dougong_platform.http.middleware.hosts import Hosts
from dougong_platform.http.middleware.request_id import RequestId
from dougong_platform.http.middleware.security_headers import SecurityHeaders
from dougong_platform.http.middleware.shapes import Shapes
from dougong_platform.http.problems import on_http_exception, on_refused
from dougong_platform.http.readiness import Readiness
from dougong_platform.http.routing import Routes
from dougong_platform.http.static import StaticFiles
from dougong_platform.http.trial_sites import TrialSites
from dougong_platform.networks import networks
from dougong_platform.site import Site
from dougong_runtime.errors import Refused
from dougong_runtime.names import folder

V1 = "/api/v1"
GZIP_LEVEL = 4
"""Level 9 takes three times as long for a twentieth less."""
GZIP_BYTES_MIN = 1024
FILE_THREADS = 8
"""Files that are written or made small at the same time."""


def make_app(site: Site, *, hosts: Collection[str] = ()) -> Starlette:
    """The ASGI application of a site. `hosts`: names it answers to; none given, any."""
    metrics = Metrics()
    app = Starlette(
        middleware=[
            *_trials(site, hosts),
            Middleware(RequestId),
            Middleware(AccessLog, metrics=metrics),
            Middleware(SecurityHeaders),
            Middleware(GZipMiddleware, minimum_size=GZIP_BYTES_MIN, compresslevel=GZIP_LEVEL),
            Middleware(Faults),
            Middleware(Shapes),
            Middleware(Hosts, names=hosts),
            Middleware(Bodies, file_bytes_max=site.settings.file_megabytes_max << 20),
        ],
        exception_handlers={Refused: on_refused, HTTPException: on_http_exception},
    )
    app.router = Routes(routes(site), lifespan=_lifespan)
    app.state.site = site
    app.state.metrics = metrics
    app.state.metrics_from = networks(site.settings.metrics_from)
    app.state.readiness = Readiness(site)
    app.state.jobs = Jobs(site)
    app.state.events = Events(site)
    app.state.file_threads = anyio.CapacityLimiter(FILE_THREADS)
    app.state.threads = anyio.CapacityLimiter(site.settings.pool_size)
    app.state.problem_page = pages.problem_page
    return app


def _trials(site: Site, hosts: Collection[str]) -> list[Middleware]:
    """Trials are served beside a site, not beside a trial."""
    if site.trial:
        return []
    return [Middleware(TrialSites, site=site, make=lambda copy: make_app(copy, hosts=hosts))]


def routes(site: Site) -> list[BaseRoute]:
    """All routes: probes, the interface, static files, pages."""
    app = V1 + "/apps/{app}"
    return [
        *health.routes(),
        *api_routes(app),
        *problem_catalogue.routes(),
        *StaticFiles(folder("pages/static/dist", "dougong_runtime/pages/static/dist")).routes(),
        *events.routes(),
        *pages.routes(site),
    ]


def api_routes(app: str) -> list[Route]:
    """The interface, version 1. Fixed words stand before `{entity}` and `{id}`, for which they would be taken."""
    return [
        *tokens.routes(V1),
        *me.routes(V1),
        *personal.routes(V1),
        *drafts.routes(V1),
        *public_forms.routes(V1),
        *site_settings.routes(V1),
        *studio.routes(V1),
        *studio_entities.routes(V1),
        *studio_formulas.routes(V1),
        *studio_publish.routes(V1),
        *studio_labels.routes(V1),
        *studio_roles.routes(V1),
        *studio_relations.routes(V1),
        *studio_sheets.routes(V1),
        *studio_starts.routes(V1),
        *studio_talk.routes(V1),
        *apps.routes(V1),
        *search.routes(V1),
        *bulk.routes(V1, app),
        *jobs.routes(V1),
        *talk.site_routes(V1),
        *settings.routes(app),
        *aggregates.routes(app),
        *transfer.routes(app),
        *files.routes(V1, app),
        *views.routes(app),
        *record_acts.routes(app),
        *talk.routes(app),
        *paper.routes(app),
        *records.routes(app),
    ]


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    kept: Jobs = app.state.jobs
    await anyio.to_thread.run_sync(kept.start)
    yield
    app.state.events.end()
    await anyio.to_thread.run_sync(kept.close)
