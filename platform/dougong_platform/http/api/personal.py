"""What the caller opened lately and what they starred."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from dougong_platform import personal
from dougong_platform.http import description, parameters
from dougong_platform.http.answers import json_answer, nothing
from dougong_platform.http.endpoint import Call, reads, writes
from dougong_platform.personal import Place
from dougong_runtime.errors import NOT_FOUND, refuse


def get_recent(call: Call) -> Response:
    """`GET /api/v1/me/recent` `?app=&limit=`: records opened lately that may still be read, the newest first."""
    given = parameters.parameters(call.request, "app", "limit")
    most = parameters.number(given, "limit", 20, 1, personal.RECENT_MAX)
    found = personal.recent(call.connection, call.viewer, given.get("app"), personal.RECENT_MAX)
    return json_answer({"items": _titled(call, found)[:most]})


def get_starred(call: Call) -> Response:
    """`GET /api/v1/me/starred` `?app=`: starred records that may still be read, the newest first."""
    given = parameters.parameters(call.request, "app")
    found = personal.starred(call.connection, call.viewer, given.get("app"))
    return json_answer({"items": _titled(call, found)})


def put_star(call: Call) -> Response:
    """`PUT /api/v1/me/starred/{app}/{entity}/{id}`: star a record that may be read. 204."""
    parameters.parameters(call.request)
    app, entity, record = _address(call)
    if record not in call.records().titles(entity, [record]):
        raise refuse(NOT_FOUND)
    personal.star(call.connection, call.viewer, app, entity, record, call.site.clock.now())
    return nothing()


def delete_star(call: Call) -> Response:
    """`DELETE /api/v1/me/starred/{app}/{entity}/{id}`: take the star off, also of what may no longer be read. 204."""
    parameters.parameters(call.request)
    personal.unstar(call.connection, call.viewer, *_address(call))
    return nothing()


def _address(call: Call) -> tuple[str, str, str]:
    description.require_app(call.viewer, call.path("app"))
    entity = call.records().running.app.entities.get(call.path("entity"))
    if entity is None:
        raise refuse(NOT_FOUND)
    return call.path("app"), entity.name, call.path("id").lower()


def _titled(call: Call, places: Sequence[Place]) -> list[dict[str, Any]]:
    """Places with what they are called, in their order; those that may no longer be read are left out."""
    titles: dict[tuple[str, str], dict[str, str]] = {}
    installed = call.site.apps(call.connection)
    for app, entity in dict.fromkeys((p.app, p.entity) for p in places):
        if app not in installed or not description.may_see(call.viewer, app):
            continue
        records = call.site.records(call.connection, call.viewer, app)
        if entity in records.running.app.entities and records.can(entity, "read"):
            ids = [p.record for p in places if (p.app, p.entity) == (app, entity)]
            titles[app, entity] = records.titles(entity, ids)
    named = [(p, titles.get((p.app, p.entity), {}).get(p.record)) for p in places]
    return [
        {"app": p.app, "entity": p.entity, "id": p.record, "title": title, "at": p.at}
        for p, title in named
        if title is not None
    ]


def routes(prefix: str) -> list[Route]:
    """Their routes."""
    one = prefix + "/me/starred/{app}/{entity}/{id}"
    return [
        Route(prefix + "/me/recent", reads(get_recent), methods=["GET"]),
        Route(prefix + "/me/starred", reads(get_starred), methods=["GET"]),
        Route(one, writes(put_star, body="none"), methods=["PUT"]),
        Route(one, writes(delete_star, body="none"), methods=["DELETE"]),
    ]
