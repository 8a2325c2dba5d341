"""OpenAPI of the studio: an app's draft, read and changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

from dougong_designer.patch import OPERATIONS_MAX, Name
from dougong_designer.remarks import TEXT_MAX
from dougong_platform.http.openapi_schemas import RECORD_ID, Schema
from dougong_runtime.documents.kinds import KINDS

STUDIO = "/api/v1/studio"
_TEXT: Schema = {"type": "string"}
_WHOLE: Schema = {"type": "integer", "minimum": 0}
_FLAG: Schema = {"type": "boolean"}
_INSTANT: Schema = {"type": "string", "format": "date-time"}


def studio_paths(op: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Paths below `/api/v1/studio` that read and change drafts. `op` makes an operation (openapi.py)."""
    app, kind, name = _in_path("app"), _in_path("kind", {"enum": list(KINDS)}), _in_path("name")
    stepped = _object(**_SUMMARY, step={"anyOf": [_STEP, {"type": "null"}]})
    drafts = _items(_object(app=_TEXT, label=_TEXT, version=_TEXT))
    document = _object(kind=_TEXT, name=_TEXT, label=_TEXT, changed=_FLAG)
    draft = _object(**_SUMMARY, documents=_list(document))
    patch = _needing(_object(patch=_PATCH, revision=_WHOLE), "patch")
    renaming = _needing(_object(kind=_TEXT, name=_TEXT, owner=_TEXT, to=_TEXT), "kind", "name", "to")
    target = [_query("kind", True), _query("name", True), _query("owner")]
    found = _object(document=_TEXT, at=_TEXT, title=_TEXT, path=_TEXT, text=_TEXT)
    said = _needing(
        _object(document=_TEXT, text={"type": "string", "maxLength": TEXT_MAX}), "document", "text"
    )
    one = f"{STUDIO}/{{app}}"
    return {
        STUDIO: {"get": op("list_studio_drafts", "studio", drafts)},
        one: {
            "parameters": [app],
            "get": op("get_studio_draft", "studio", draft),
            "patch": op("change_studio_draft", "studio", stepped, body=patch),
        },
        f"{one}/documents/{{kind}}/{{name}}": {
            "parameters": [app, kind, name],
            "get": op(
                "get_document",
                "studio",
                {"type": "object"},
                parameters=[_query("format", schema={"enum": ["json", "yaml"], "default": "json"})],
            ),
            "put": op("put_document", "studio", stepped, body={"type": "object"}),
            "delete": op("delete_document", "studio", stepped),
        },
        f"{one}/rename": _posted(app, op("rename_in_draft", "studio", stepped, body=renaming)),
        f"{one}/undo": _posted(app, op("undo_step", "studio", stepped)),
        f"{one}/redo": _posted(app, op("redo_step", "studio", stepped)),
        f"{one}/jump": _posted(
            app, op("jump_to_step", "studio", stepped, body=_needing(_object(step=_WHOLE), "step"))
        ),
        f"{one}/steps": {
            "parameters": [app],
            "get": op(
                "list_steps",
                "studio",
                _items(_STEP),
                parameters=[_query("before", schema=_WHOLE), _query("limit", schema=_WHOLE)],
            ),
        },
        f"{one}/problems": {
            "parameters": [app],
            "get": op("list_problems", "studio", _object(revision=_WHOLE, items=_list(_PROBLEM))),
        },
        f"{one}/uses": {
            "parameters": [app],
            "get": op("list_uses", "studio", _items(_USE), parameters=target),
        },
        f"{one}/search": {
            "parameters": [app],
            "get": op("search_draft", "studio", _items(found), parameters=[_query("q", True)]),
        },
        f"{one}/builders": {"parameters": [app], "get": op("list_builders", "studio", _items(_BUILDER))},
        f"{one}/remarks": {
            "parameters": [app],
            "get": op("list_remarks", "studio", _items(_REMARK), parameters=[_query("document")]),
            "post": op("write_remark", "studio", _REMARK, "201", body=said),
        },
        f"{one}/remarks/{{remark}}": {
            "parameters": [app, _in_path("remark", RECORD_ID)],
            "patch": op(
                "settle_remark",
                "studio",
                _REMARK,
                body=_needing(_object(settled=_FLAG), "settled"),
            ),
        },
    }


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _items(item: Schema) -> Schema:
    return _object(items=_list(item))


def _needing(schema: Schema, *names: str) -> Schema:
    return {**schema, "required": list(names), "additionalProperties": False}


def _in_path(name: str, schema: Schema = _TEXT) -> Schema:
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _query(name: str, required: bool = False, schema: Schema = _TEXT) -> Schema:
    return {"name": name, "in": "query", "required": required, "schema": schema}


def _posted(app: Schema, made: dict[str, Any]) -> dict[str, Any]:
    return {"parameters": [app], "post": made}


_OPERATION: Schema = {
    "type": "object",
    "properties": {
        "op": {"enum": list(get_args(Name))},
        "path": {
            "type": "string",
            "description": "A JSON Pointer over `kind/name` → document; members of lists by id or by number.",
        },
        "from": _TEXT,
        "value": {},
        "before": {"type": "string", "description": "Id or key of the neighbour before which it stands."},
    },
    "required": ["op", "path"],
    "additionalProperties": False,
}
_PATCH: Schema = {"type": "array", "items": _OPERATION, "minItems": 1, "maxItems": OPERATIONS_MAX}
_SUMMARY: dict[str, Schema] = {
    "app": _TEXT,
    "base": _WHOLE,
    "running": _WHOLE,
    "revision": _WHOLE,
    "changed": _list(_TEXT),
}
_STEP: Schema = _object(
    number=_WHOLE,
    kind=_TEXT,
    about={"type": ["integer", "null"]},
    by=_TEXT,
    at=_INSTANT,
    title=_TEXT,
    documents=_list(_TEXT),
    patch=_list(_OPERATION),
)
_PROBLEM: Schema = _object(
    type=_TEXT,
    document=_TEXT,
    path=_TEXT,
    detail=_TEXT,
    remedy=_TEXT,
    nearest={"type": ["string", "null"]},
    mend={"anyOf": [_list(_OPERATION), {"type": "null"}]},
)
_USE: Schema = _object(document=_TEXT, path=_TEXT, form=_TEXT)
_BUILDER: Schema = _object(user=RECORD_ID, name=_TEXT, document=_TEXT)
_REMARK: Schema = _object(
    id=RECORD_ID,
    document=_TEXT,
    by=_TEXT,
    at=_INSTANT,
    text=_TEXT,
    settled_by={"type": ["string", "null"]},
    settled_at={"type": ["string", "null"], "format": "date-time"},
)
