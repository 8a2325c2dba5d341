"""Apps, and what a caller may see of one."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from dougong_platform.http import description, parameters
from dougong_platform.http.answers import bytes_answer, json_answer, words
from dougong_platform.http.endpoint import Call, reads
from dougong_platform.http.openapi import openapi_bytes


def list_apps(call: Call) -> Response:
    """`GET /api/v1/apps`: those that the caller has a role in; all of them for administrators."""
    parameters.parameters(call.request)
    seen = [name for name in call.site.apps(call.connection) if description.may_see(call.viewer, name)]
    items = [description.describe_app(call.site.running(call.connection, name).app) for name in seen]
    return json_answer({"items": words(items, call.language)})


def get_app(call: Call) -> Response:
    """`GET /api/v1/apps/{app}`: entities, fields and documents as the caller may see them.

    Administrators of the platform get the documents themselves as well, under `source`.
    """
    parameters.parameters(call.request)
    description.require_app(call.viewer, call.path("app"))
    records = call.records()
    app = records.running.app
    entities = {found.entity.name: found for found in description.entities_of(records)}
    answer = {
        **description.describe_app(app),
        "entities": [description.describe_entity(found, records) for found in entities.values()],
        **description.documents_of(app, entities),
    }
    if call.viewer.is_admin and call.viewer.acting_for is None:
        answer["source"] = app.source
    return json_answer(words(answer, call.language))


def get_openapi(call: Call) -> Response:
    """`GET /api/v1/apps/{app}/openapi.json`: OpenAPI 3.1, typed from the entities that the caller sees."""
    parameters.parameters(call.request)
    description.require_app(call.viewer, call.path("app"))
    return bytes_answer(openapi_bytes(call.records(), call.language))


def routes(prefix: str) -> list[Route]:
    """Its routes."""
    return [
        Route(prefix + "/apps", reads(list_apps), methods=["GET"]),
        Route(prefix + "/apps/{app}", reads(get_app), methods=["GET"]),
        Route(prefix + "/apps/{app}/openapi.json", reads(get_openapi), methods=["GET"]),
    ]
