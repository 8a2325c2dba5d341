"""OpenAPI of all labels of an app in the studio."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dougong_platform.http.openapi_schemas import Schema

_TEXT: Schema = {"type": "string"}
_NUMBER: Schema = {"type": "integer", "minimum": 0}


def labels_paths(op: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """The path `/api/v1/studio/{app}/labels`. `op` makes an operation (openapi.py)."""
    where: dict[str, Schema] = {
        "document": {"type": "string", "examples": ["entity/visit"]},
        "place": {"type": "string", "description": "A JSON Pointer in the document."},
        "zh": _TEXT,
        "en": _TEXT,
        "mark": {"type": "string", "description": "Changes with the label's words."},
    }
    label = _object(**where, of=_TEXT, missing=_list({"enum": ["zh", "en"]}))
    listed = _object(
        revision=_NUMBER, count=_NUMBER, missing=_object(zh=_NUMBER, en=_NUMBER), items=_list(label)
    )
    wish: Schema = {**_object(**where), "required": ["document", "place"], "additionalProperties": False}
    body: Schema = {
        **_object(labels=_list(wish), dry_run={"type": "boolean"}),
        "required": ["labels"],
        "additionalProperties": False,
    }
    refusal = _object(document=_TEXT, place=_TEXT, why={"enum": ["unknown", "changed", "empty", "long"]})
    changed = _object(
        revision=_NUMBER,
        step={"type": ["object", "null"]},
        changes=_list({"type": "object"}),
        refused=_list(refusal),
        same=_NUMBER,
    )
    queries = [
        {"name": "kind", "in": "query", "schema": _TEXT},
        {"name": "missing", "in": "query", "schema": {"enum": ["zh", "en", "any"]}},
        {"name": "text", "in": "query", "schema": _TEXT},
        {"name": "format", "in": "query", "schema": {"enum": ["json", "csv"]}},
    ]
    return {
        "/api/v1/studio/{app}/labels": {
            "parameters": [{"name": "app", "in": "path", "required": True, "schema": _TEXT}],
            "get": op("list_labels", "studio", listed, parameters=queries),
            "put": op("change_labels", "studio", changed, body=body),
        }
    }


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}
