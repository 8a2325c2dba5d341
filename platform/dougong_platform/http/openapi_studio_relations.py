"""OpenAPI of an app's relations in the studio."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dougong_designer.relations import ON_DELETE
from dougong_platform.http.openapi_schemas import Schema

V1 = "/api/v1"
_TEXT: Schema = {"type": "string"}
_FLAG: Schema = {"type": "boolean"}


def relations_paths(op: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Paths below `/api/v1/studio/{app}/relations`. `op` makes an operation (openapi.py)."""
    app = {"name": "app", "in": "path", "required": True, "schema": _TEXT}
    identity = {"name": "id", "in": "path", "required": True, "schema": _TEXT}
    of = {"name": "of", "in": "query", "schema": _TEXT, "description": "Only the relations of this entity."}
    rule: Schema = {"enum": list(ON_DELETE)}
    relation: Schema = {
        "type": "object",
        "properties": {
            "id": _TEXT,
            "from": _TEXT,
            "to": {"type": "array", "items": _TEXT},
            "name": _TEXT,
            "label": _TEXT,
            "type": _TEXT,
            "inverse": {"type": ["string", "null"]},
            "required": _FLAG,
            "on_delete": {"type": ["string", "null"]},
            "inherit": {"type": ["boolean", "null"]},
        },
    }
    box: Schema = {
        "type": "object",
        "properties": {
            "entity": _TEXT,
            "id": _TEXT,
            "label": _TEXT,
            **{side: {"type": "integer"} for side in ("x", "y", "width", "height")},
        },
    }
    listed: Schema = {
        "type": "object",
        "properties": {
            "items": {"type": "array", "items": relation},
            "boxes": {"type": "array", "items": box},
            "revision": {"type": "integer"},
        },
    }
    wish: Schema = {
        "type": "object",
        "properties": {
            "from": _TEXT,
            "to": _TEXT,
            "name": _TEXT,
            "label": _TEXT,
            "language": {"enum": ["zh", "en"]},
            "required": _FLAG,
            "many": _FLAG,
            "on_delete": rule,
            "inverse": _TEXT,
        },
        "required": ["from", "to"],
        "additionalProperties": False,
    }
    change: Schema = {
        "type": "object",
        "properties": {
            "label": {"type": ["string", "object"]},
            "required": _FLAG,
            "on_delete": rule,
            "inverse": {"type": ["string", "null"]},
            "inherit": _FLAG,
        },
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
    }
    point: Schema = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
    places: Schema = {
        "type": "object",
        "properties": {"places": {"type": "object", "additionalProperties": point}},
        "required": ["places"],
    }
    stepped: Schema = {"type": "object"}
    own = f"{V1}/studio/{{app}}/relations"
    return {
        own: {
            "parameters": [app],
            "get": op("list_relations", "studio", listed, parameters=[of]),
            "post": op("make_relation", "studio", stepped, body=wish),
        },
        f"{own}/places": {"parameters": [app], "put": op("place_boxes", "studio", places, body=places)},
        f"{own}/{{id}}": {
            "parameters": [app, identity],
            "patch": op("change_relation", "studio", stepped, body=change),
        },
    }
