"""OpenAPI of what belongs to filling in forms: drafts, and links to public forms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dougong_platform.http.openapi_schemas import RECORD_ID, Schema

V1 = "/api/v1"
_TEXT: Schema = {"type": "string"}
_MAYBE: Schema = {"type": ["string", "null"]}
_ID: Schema = {"name": "id", "in": "path", "required": True, "schema": RECORD_ID}


def form_paths(op: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Paths of the site, whatever the app. `op` makes an operation."""
    at: Schema = {"type": "string", "format": "date-time"}
    draft: dict[str, Schema] = {
        "id": RECORD_ID,
        "app": _TEXT,
        "entity": _TEXT,
        "record": _MAYBE,
        "form": _MAYBE,
        "version": {"type": ["integer", "null"]},
        "created_at": at,
        "updated_at": at,
    }
    pair: Schema = {"type": "array", "items": _TEXT, "minItems": 2, "maxItems": 2}
    pairs: Schema = {"type": "array", "items": pair, "maxItems": 2_000}
    plain: Schema = {"type": "object", "properties": draft, "required": list(draft)}
    whole: Schema = {
        "type": "object",
        "properties": {**draft, "fields": pairs},
        "required": [*draft, "fields"],
    }
    items: Schema = {"type": "object", "properties": {"items": {"type": "array", "items": plain}}}
    version: Schema = {"type": "integer", "minimum": 0}
    kept: Schema = {
        "type": "object",
        "properties": {
            "app": _TEXT,
            "entity": _TEXT,
            "record": _MAYBE,
            "form": _MAYBE,
            "version": version,
            "fields": pairs,
        },
        "required": ["app", "entity", "fields"],
        "additionalProperties": False,
    }
    return {
        f"{V1}/me/drafts": {
            "get": op("list_drafts", "drafts", items),
            "put": op("keep_draft", "drafts", plain, body=kept),
        },
        f"{V1}/me/drafts/{{id}}": {
            "parameters": [_ID],
            "get": op("get_draft", "drafts", whole),
            "delete": op("drop_draft", "drafts", None, "204"),
        },
        **_link_paths(op, at),
    }


def _link_paths(op: Callable[..., dict[str, Any]], at: Schema) -> dict[str, Any]:
    maybe_at: Schema = {"type": ["string", "null"], "format": "date-time"}
    whole: Schema = {"type": "integer"}
    link: dict[str, Schema] = {
        "id": RECORD_ID,
        "app": _TEXT,
        "form": _TEXT,
        "name": _TEXT,
        "role": _MAYBE,
        "per_hour": whole,
        "path": _TEXT,
        "created_at": at,
        "expires_at": maybe_at,
        "closed_at": maybe_at,
        "received": whole,
        "refused": whole,
        "last_at": maybe_at,
    }
    described: Schema = {"type": "object", "properties": link, "required": list(link)}
    items: Schema = {"type": "object", "properties": {"items": {"type": "array", "items": described}}}
    made: Schema = {
        "type": "object",
        "properties": {
            "app": _TEXT,
            "form": _TEXT,
            "name": _TEXT,
            "role": _MAYBE,
            "days": {"type": "integer", "minimum": 0},
            "per_hour": {"type": "integer", "minimum": 1},
        },
        "required": ["app", "form"],
        "additionalProperties": False,
    }
    return {
        f"{V1}/public-forms": {
            "get": op("list_public_forms", "public forms", items),
            "post": op("make_public_form", "public forms", described, "201", body=made),
        },
        f"{V1}/public-forms/{{id}}/close": {
            "parameters": [_ID],
            "post": op("close_public_form", "public forms", described),
        },
    }
