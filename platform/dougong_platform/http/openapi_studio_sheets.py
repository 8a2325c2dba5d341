"""OpenAPI of spreadsheets that become entities."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dougong_designer.spreadsheet import TYPES
from dougong_platform.http.openapi_schemas import RECORD_ID, Schema

V1 = "/api/v1"
_TEXT: Schema = {"type": "string"}
_TEXTS: Schema = {"type": "array", "items": _TEXT}
_WHOLE: Schema = {"type": "integer"}
_FLAG: Schema = {"type": "boolean"}


def sheets_paths(op: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Paths below `/api/v1/studio/{app}/spreadsheets`. `op` makes an operation (openapi.py)."""
    app = {"name": "app", "in": "path", "required": True, "schema": _TEXT}
    identity = {"name": "id", "in": "path", "required": True, "schema": RECORD_ID}
    job: Schema = {"type": ["object", "null"]}
    summary: dict[str, Schema] = {
        "id": RECORD_ID,
        "name": _TEXT,
        "size": _WHOLE,
        "rows": _WHOLE,
        "at": {"type": "string", "format": "date-time"},
        "entity_id": {"type": ["string", "null"]},
        "job": job,
    }
    column: Schema = {
        "type": "object",
        "properties": {
            "place": _WHOLE,
            "header": _TEXT,
            "name": _TEXT,
            "type": {"enum": list(TYPES)},
            "certainty": {"type": "integer", "minimum": 0, "maximum": 100},
            "to": {"type": ["string", "null"]},
            "filled": _WHOLE,
            "distinct": _WHOLE,
            "unique": _FLAG,
            "title": _FLAG,
            "samples": _TEXTS,
            "unread": _TEXTS,
        },
    }
    sheet: Schema = {
        "type": "object",
        "properties": {**summary, "app": _TEXT, "columns": {"type": "array", "items": column}},
    }
    listed: Schema = {
        "type": "object",
        "properties": {"items": {"type": "array", "items": {"type": "object", "properties": summary}}},
    }
    wanted: Schema = {
        "type": "object",
        "properties": {
            "place": _WHOLE,
            "label": _TEXT,
            "name": _TEXT,
            "type": {"enum": list(TYPES)},
            "required": _FLAG,
            "unique": _FLAG,
            "to": _TEXT,
            "take": _FLAG,
        },
        "required": ["place"],
        "additionalProperties": False,
    }
    wish: Schema = {
        "type": "object",
        "properties": {
            "label": _TEXT,
            "name": _TEXT,
            "language": {"enum": ["zh", "en"]},
            "title": _WHOLE,
            "roles": _TEXTS,
            "columns": {"type": "array", "items": wanted},
        },
        "required": ["label"],
        "additionalProperties": False,
    }
    receive = op("receive_spreadsheet", "studio", sheet, "201")
    receive["requestBody"] = {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"file": {"type": "string", "format": "binary"}},
                    "required": ["file"],
                }
            }
        },
    }
    own = f"{V1}/studio/{{app}}/spreadsheets"
    return {
        own: {"parameters": [app], "get": op("list_spreadsheets", "studio", listed), "post": receive},
        f"{own}/{{id}}": {
            "parameters": [app, identity],
            "get": op("get_spreadsheet", "studio", sheet),
            "post": op("make_entity_of_spreadsheet", "studio", {"type": "object"}, body=wish),
            "delete": op("drop_spreadsheet", "studio", None, "204"),
        },
        f"{own}/{{id}}/import": {
            "parameters": [app, identity],
            "post": op("import_spreadsheet_again", "studio", {"type": "object"}, "202"),
        },
    }
