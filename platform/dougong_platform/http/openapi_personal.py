"""OpenAPI of what is a person's own, and of the site's settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dougong_platform.http.openapi_schemas import RECORD_ID, Schema
from dougong_platform.live_settings import LIVE
from dougong_platform.personal import RECENT_MAX

V1 = "/api/v1"
_TEXT: Schema = {"type": "string"}


def personal_paths(op: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Paths below `/api/v1/me` that any program may ask, and `/api/v1/settings`, which is the administrators'. `op`
    makes an operation (openapi.py)."""
    place: Schema = {
        "type": "object",
        "properties": {
            "app": _TEXT,
            "entity": _TEXT,
            "id": RECORD_ID,
            "title": _TEXT,
            "at": {"type": "string", "format": "date-time"},
        },
    }
    places: Schema = {"type": "object", "properties": {"items": {"type": "array", "items": place}}}
    app = {"name": "app", "in": "query", "schema": _TEXT}
    limit = {
        "name": "limit",
        "in": "query",
        "schema": {"type": "integer", "minimum": 1, "maximum": RECENT_MAX, "default": 20},
    }
    where = [
        {"name": name, "in": "path", "required": True, "schema": RECORD_ID if name == "id" else _TEXT}
        for name in ("app", "entity", "id")
    ]
    decided: Schema = {"type": "object", "properties": {"value": {}, "origin": _TEXT}}
    settings: Schema = {"type": "object", "properties": {s.name: decided for s in LIVE}}
    change: Schema = {
        "type": "object",
        "properties": {s.name: {"type": ["string", "integer"]} for s in LIVE},
        "additionalProperties": False,
    }
    return {
        f"{V1}/me/recent": {"get": op("list_recent", "me", places, parameters=[app, limit])},
        f"{V1}/me/starred": {"get": op("list_starred", "me", places, parameters=[app])},
        f"{V1}/me/starred/{{app}}/{{entity}}/{{id}}": {
            "parameters": where,
            "put": op("star", "me", None, "204"),
            "delete": op("unstar", "me", None, "204"),
        },
        f"{V1}/settings": {
            "get": op("get_site_settings", "settings", settings),
            "patch": op("change_site_settings", "settings", settings, body=change),
        },
    }
