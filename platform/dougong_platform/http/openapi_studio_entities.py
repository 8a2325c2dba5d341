"""OpenAPI of building entities."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dougong_platform.http.openapi_schemas import Schema

V1 = "/api/v1"
_TEXT: Schema = {"type": "string"}
_FLAG: Schema = {"type": "boolean"}
_LABEL: Schema = {
    "oneOf": [
        _TEXT,
        {"type": "object", "properties": {"zh": _TEXT, "en": _TEXT}, "additionalProperties": False},
    ]
}


def entities_paths(op: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Paths below `/api/v1/studio/{app}/entities`. `op` makes an operation (openapi.py)."""

    def named(name: str) -> Schema:
        return {"name": name, "in": "path", "required": True, "schema": _TEXT}

    def asked(name: str, schema: Schema = _TEXT, *, required: bool = False) -> Schema:
        return {"name": name, "in": "query", "required": required, "schema": schema}

    def members(required: tuple[str, ...] = (), **properties: Schema) -> Schema:
        found: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
        return {**found, "required": list(required)} if required else found

    app, entity, field = named("app"), named("entity"), named("field")
    entities = f"{V1}/studio/{{app}}/entities"
    one = f"{entities}/{{entity}}"
    stepped: Schema = {"type": "object"}
    wish = members(
        ("label",),
        label=_LABEL,
        name=_TEXT,
        icon=_TEXT,
        title=_LABEL,
        roles={"type": "array", "items": _TEXT},
        in_menu=_FLAG,
    )
    known = {"id": _TEXT, "name": _TEXT, "type": _TEXT, "label": _TEXT}
    listed: Schema = {
        "type": "object",
        "properties": {"items": {"type": "array", "items": {"type": "object", "properties": known}}},
    }
    home = {"at": _TEXT, "kind": _TEXT, "label": _TEXT, "shown": _FLAG, "proposed": _FLAG}
    homes: Schema = {
        "type": "object",
        "properties": {
            "items": {
                "type": "array",
                "items": {"type": "object", "properties": {**home, "why": {"type": ["string", "null"]}}},
            }
        },
    }
    looked: Schema = {
        "type": "object",
        "properties": {
            "filled": {"type": ["integer", "null"]},
            "lost": {"type": "integer"},
            "examples": {"type": "array", "items": {"type": "object"}},
            "values": {"type": "array", "items": {"type": "object"}},
            "problems": {"type": "array", "items": _TEXT},
        },
    }
    at = [app, entity, field]
    return {
        entities: {"parameters": [app], "post": op("make_entity", "studio", stepped, body=wish)},
        one: {
            "parameters": [app, entity],
            "delete": op(
                "remove_entity", "studio", stepped, parameters=[asked("own", {"enum": ["true", "false"]})]
            ),
        },
        f"{one}/fields": {
            "parameters": [app, entity],
            "post": op(
                "add_field", "studio", stepped, body=members(line=_TEXT, type=_TEXT, to=_TEXT, before=_TEXT)
            ),
        },
        f"{one}/fields/retired": {"parameters": [app, entity], "get": op("list_retired", "studio", listed)},
        f"{one}/fields/{{field}}/homes": {"parameters": at, "get": op("list_homes", "studio", homes)},
        f"{one}/fields/{{field}}/put": {
            "parameters": at,
            "post": op("put_field", "studio", stepped, body=members(into={"type": "array", "items": _TEXT})),
        },
        f"{one}/fields/{{field}}/retyping": {
            "parameters": at,
            "get": op(
                "look_at_type", "studio", looked, parameters=[asked("type", required=True), asked("to")]
            ),
        },
        f"{one}/fields/{{field}}/retype": {
            "parameters": at,
            "post": op("retype_field", "studio", stepped, body=members(("type",), type=_TEXT, to=_TEXT)),
        },
        f"{one}/fields/{{field}}/retire": {
            "parameters": at,
            "post": op("retire_field", "studio", stepped, body=members(places=_FLAG)),
        },
        f"{one}/fields/{{field}}/restore": {
            "parameters": at,
            "post": op("restore_field", "studio", stepped, body=members()),
        },
    }
