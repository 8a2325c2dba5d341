"""Files of records: handed in for a field, and handed out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dougong_platform.database import retrying
from dougong_platform.files.intake import Draft, Wanted, examine, expected
from dougong_platform.files.kinds import RASTER
from dougong_platform.http import parameters
from dougong_platform.http.answers import json_answer
from dougong_platform.http.endpoint import in_thread
from dougong_platform.http.handing_out import hand_back, hand_out
from dougong_platform.http.multipart import OneFile
from dougong_platform.http.problem_types import BAD_PARAMETER
from dougong_platform.http.viewer import asker_of, authorise, check_csrf
from dougong_platform.site import Site
from dougong_runtime.errors import refuse
from dougong_runtime.records import file_table
from dougong_runtime.records.file_table import File

Result = TypeVar("Result")
WRITE_BYTES = 1 << 20
"""How much of a file is gathered before it is written."""


async def hand_in_file(request: Request) -> Response:
    """`POST /{entity}/files?field=`, a form with one `file`: kept for the sender until a record names it; 201 with its
    facts. Refused before it is read where the sender may not fill in that field, and as soon as it is too large."""
    site: Site = request.app.state.site
    app, entity = str(request.path_params["app"]), str(request.path_params["entity"])

    def identify() -> Wanted:
        with site.database.read() as connection:
            asker = asker_of(site, request, connection)
            authorise(asker, writes=True)
            check_csrf(site, asker, request)
            given = parameters.parameters(request, "field")
            if "field" not in given:
                raise refuse(BAD_PARAMETER, "field", name="field", zh="缺少", en="it is missing")
            return expected(site, connection, asker.viewer, app, entity, given["field"])

    wanted = await in_thread(request, identify)
    parser = OneFile(request)
    draft = await _beside(request, partial(Draft.begin, site, wanted))
    try:
        async for chunk in request.stream():
            parser.feed(chunk)
            if parser.size >= WRITE_BYTES:
                await _beside(request, partial(draft.write, parser.take()))
        await _beside(request, partial(draft.write, parser.take()))
        name = parser.end()
        return await _beside(request, partial(_keep, site, request, draft, name))
    finally:
        with anyio.CancelScope(shield=True):
            await _beside(request, draft.drop)


def _keep(site: Site, request: Request, draft: Draft, name: str) -> Response:
    """Bytes first, then the row: what was kept and not entered is swept."""
    with site.database.read() as connection:
        viewer = asker_of(site, request, connection).viewer
    file = examine(site, draft, viewer, name)
    site.files.put(draft.path, file.sha256)

    def enter() -> None:
        with site.database.write() as connection:
            authorise(asker_of(site, request, connection), writes=True)
            file_table.add(connection, file)

    retrying(enter)
    site.database.wrote(viewer.user, site.clock.now())
    told = told_of(file, str(request.path_params["app"]))
    return json_answer(told, 201, {"Location": told["url"]})


def told_of(file: File, app: str) -> dict[str, Any]:
    """A file as its sender is told of it: its facts, and where it and its small image are."""
    address = f"/files/{app}/{file.id}"
    return {**file.facts, "url": address, "preview_url": address if file.media_type in RASTER else None}


async def record_file(request: Request) -> Response:
    """`GET /{entity}/{id}/files/{field}` `?n=&file=&size=&save`: the content, whole or by Range."""
    return await in_thread(request, lambda: hand_out(request.app.state.site, request))


async def waiting_file(request: Request) -> Response:
    """`GET /api/v1/files/{id}`: a file that the caller handed in."""
    return await in_thread(request, lambda: hand_back(request.app.state.site, request))


async def _beside(request: Request, run: Callable[[], Result]) -> Result:
    """Work with files in threads of its own, so that slow disks and stores keep nobody from the database."""
    return await anyio.to_thread.run_sync(run, limiter=request.app.state.file_threads)


def routes(v1: str, app: str) -> list[Route]:
    """Its routes."""
    return [
        Route(v1 + "/files/{id}", waiting_file, methods=["GET"]),
        Route(app + "/{entity}/files", hand_in_file, methods=["POST"]),
        Route(app + "/{entity}/{id}/files/{field}", record_file, methods=["GET"]),
    ]
