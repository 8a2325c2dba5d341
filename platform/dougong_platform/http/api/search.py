"""One search over all that a caller sees."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from dougong_platform.http import description, parameters
from dougong_platform.http.answers import json_answer, words
from dougong_platform.http.endpoint import Call, reads
from dougong_platform.http.parameters import bad_parameter
from dougong_runtime.model.app import Entity
from dougong_runtime.records.door import Records

EACH_DEFAULT = 5
EACH_MAX = 50


def search(call: Call) -> Response:
    """`GET /api/v1/search` `?q=&app=&limit=`: for each entity the first records that match, by their titles."""
    given = parameters.parameters(call.request, "q", "app", "limit")
    text = given.get("q", "").strip()
    if not text:
        raise bad_parameter("q", "填写要找的词。", "it must say what to look for.")
    each = parameters.number(given, "limit", EACH_DEFAULT, 1, EACH_MAX)
    names = [n for n in call.site.apps(call.connection) if description.may_see(call.viewer, n)]
    if "app" in given:
        description.require_app(call.viewer, given["app"])
        names = [n for n in names if n == given["app"]]
    groups: list[dict[str, Any]] = []
    for name in names:
        groups += _in_app(call.site.records(call.connection, call.viewer, name), text, each)
    return json_answer({"items": words(groups, call.language)})


def _in_app(records: Records, text: str, each: int) -> list[dict[str, Any]]:
    app = records.running.app
    groups = []
    for entity in app.own_entities:
        if is_searched(records, entity):
            found = records.pick(entity.name, text, limit=each)
            if found:
                groups.append(
                    {
                        "app": app.name,
                        "entity": entity.name,
                        "label": entity.label,
                        "records": [{"id": c.id, "title": c.title, "facts": c.facts} for c in found],
                    }
                )
    return groups


def is_searched(records: Records, entity: Entity) -> bool:
    """Whether a search goes through an entity: it has searched fields, and the viewer may read it."""
    return any(field.search for field in entity.own_fields) and records.can(entity.name, "read")


def routes(prefix: str) -> list[Route]:
    """Its routes."""
    return [Route(prefix + "/search", reads(search), methods=["GET"])]
