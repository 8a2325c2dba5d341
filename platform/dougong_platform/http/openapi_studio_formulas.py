"""OpenAPI of formulas while they are written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

from dougong_platform.http.openapi_schemas import Schema
from dougong_runtime.formulas.check import Place

_TEXT: Schema = {"type": "string"}
_NUMBER: Schema = {"type": "integer", "minimum": 0}
_BOTH: Schema = {"type": "object", "properties": {"zh": _TEXT, "en": _TEXT}}


def studio_formula_paths(op: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Paths below `/api/v1/studio/{app}/formula`. `op` makes an operation (openapi.py)."""
    asked: dict[str, Schema] = {
        "text": {"type": "string", "description": "The formula as it is being written."},
        "at": {
            "type": "string",
            "description": "Where it stands in the draft: a JSON Pointer, `/entity~1visit/…`.",
        },
        "entity": {"type": "string", "description": "Whose fields plain names are, where `at` does not say."},
        "place": {"type": "string", "enum": list(get_args(Place))},
    }
    body: Schema = {"type": "object", "properties": asked, "additionalProperties": False}
    with_cursor: Schema = {**body, "properties": {**asked, "cursor": _NUMBER}}
    fix: Schema = {
        "type": ["object", "null"],
        "properties": {"offset": _NUMBER, "length": _NUMBER, "text": _TEXT},
    }
    problem: Schema = {
        "type": "object",
        "properties": {"offset": _NUMBER, "length": _NUMBER, "detail": _TEXT, "fix": fix},
    }
    chip: Schema = {
        "type": "object",
        "properties": {"offset": _NUMBER, "length": _NUMBER, "label": _TEXT, "kind": _TEXT},
    }
    checked = _object(
        problems=_list(problem),
        type={"type": ["object", "null"], "properties": {"kind": _TEXT, "label": _TEXT}},
        chips=_list(chip),
    )
    offer = _object(
        label=_BOTH,
        insert=_TEXT,
        sort=_TEXT,
        detail=_TEXT,
        help={**_BOTH, "type": ["object", "null"]},
        after=_NUMBER,
    )
    offered = _object(start=_NUMBER, end=_NUMBER, is_whole={"type": "boolean"}, items=_list(offer))
    sample = _object(id=_TEXT, title=_TEXT, value=_TEXT)
    count: Schema = {
        "type": ["object", "null"],
        "properties": {"found": _NUMBER, "of": _NUMBER, "is_exact": {"type": "boolean"}},
    }
    given = _object(samples=_list(sample), says={"type": ["string", "null"]}, count=count)
    app = [{"name": "app", "in": "path", "required": True, "schema": _TEXT}]

    def path(name: str, answer: Schema, sent: Schema) -> dict[str, Any]:
        return {"parameters": app, "post": op(name, "studio", answer, body=sent)}

    formula = "/api/v1/studio/{app}/formula"
    return {
        f"{formula}/check": path("check_formula", checked, body),
        f"{formula}/complete": path("complete_formula", offered, with_cursor),
        f"{formula}/results": path("formula_results", given, body),
    }


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}
