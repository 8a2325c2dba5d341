"""OpenAPI of how apps begin, and of patterns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dougong_platform.http.openapi_schemas import Schema

V1 = "/api/v1"
_TEXT: Schema = {"type": "string"}
_NAMES: Schema = {"type": "array", "items": _TEXT}
_WHOLE: Schema = {"type": "integer"}


def starts_paths(op: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Paths below `/api/v1/studio` by which apps begin. `op` makes an operation (openapi.py)."""
    app = {"name": "app", "in": "path", "required": True, "schema": _TEXT}
    made: Schema = {
        "type": "object",
        "properties": {
            "name": _TEXT,
            "version": _TEXT,
            "entities": _WHOLE,
            "roles": _WHOLE,
            "documents": _WHOLE,
            "number": {"type": ["integer", "null"]},
            "plan": {"type": "object"},
        },
    }
    begun: Schema = {
        "type": "object",
        "properties": {
            "label": _TEXT,
            "name": _TEXT,
            "language": {"enum": ["zh", "en"]},
            "from": {"enum": ["blank", "empty", "copy"], "default": "blank"},
            "of": _TEXT,
        },
        "required": ["label"],
        "additionalProperties": False,
    }
    package = op("plan_package", "studio", made)
    package["requestBody"] = {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "bundled": _TEXT,
                        "install": {"enum": ["true", "false"]},
                    },
                }
            }
        },
    }
    pattern: Schema = {
        "type": "object",
        "properties": {
            "name": _TEXT,
            "label": _TEXT,
            "help": _TEXT,
            "entity": _TEXT,
            "documents": _NAMES,
        },
    }
    wish: Schema = {
        "type": "object",
        "properties": {
            "pattern": _TEXT,
            "name": _TEXT,
            "label": _TEXT,
            "language": {"enum": ["zh", "en"]},
            "references": _NAMES,
            "roles": _NAMES,
        },
        "required": ["pattern"],
        "additionalProperties": False,
    }
    listed: Schema = {"type": "object", "properties": {"items": {"type": "array", "items": pattern}}}
    return {
        f"{V1}/studio/packages": {"post": package},
        f"{V1}/studio/{{app}}/patterns": {
            "parameters": [app],
            "get": op("list_patterns", "studio", listed),
            "post": op("add_pattern", "studio", {"type": "object"}, body=wish),
        },
        f"{V1}/studio": {"post": op("begin_app", "studio", made, "201", body=begun)},
    }
