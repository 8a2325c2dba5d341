"""OpenAPI of why somebody sees a record, by the roles of a draft."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dougong_platform.http.openapi_schemas import RECORD_ID, Schema
from dougong_runtime.access.grants import ACTIONS

_TEXT: Schema = {"type": "string"}
_FLAG: Schema = {"type": "boolean"}


def studio_role_paths(op: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """The path `/api/v1/studio/{app}/explain`. `op` makes an operation (openapi.py)."""
    body: Schema = {
        "type": "object",
        "properties": {
            "person": _TEXT,
            "entity": _TEXT,
            "record": RECORD_ID,
            "field": {"type": ["string", "null"]},
        },
        "required": ["person", "entity", "record"],
        "additionalProperties": False,
    }
    reason: Schema = {
        "type": "object",
        "properties": {
            "role": _TEXT,
            "actions": {"type": "array", "items": {"enum": list(ACTIONS)}},
            "rows": _TEXT,
            "holds": _FLAG,
            "field": {"type": ["string", "null"]},
            "shown": {"enum": ["yes", "masked", "no", None]},
            "writable": {"type": ["boolean", "null"]},
            "decides": _FLAG,
        },
    }
    answer: Schema = {
        "type": "object",
        "properties": {"items": {"type": "array", "items": reason}, "by_draft": _FLAG},
    }
    return {
        "/api/v1/studio/{app}/explain": {
            "parameters": [{"name": "app", "in": "path", "required": True, "schema": _TEXT}],
            "post": op("explain_access", "studio", answer, body=body),
        }
    }
