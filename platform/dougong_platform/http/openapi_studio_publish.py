"""OpenAPI of versions, publishing and merging."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dougong_platform.http.openapi_schemas import Schema

V1 = "/api/v1"
_TEXT: Schema = {"type": "string"}
_WHOLE: Schema = {"type": "integer"}
_NUMBER: Schema = {"type": "number"}
_FLAG: Schema = {"type": "boolean"}
_OBJECT: Schema = {"type": "object"}
_JOB: Schema = {"$ref": "#/components/schemas/Job"}


def publish_paths(op: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Paths below `/api/v1/studio/{app}`. `op` makes an operation (openapi.py)."""
    app = {"name": "app", "in": "path", "required": True, "schema": _TEXT}
    number = {"name": "number", "in": "path", "required": True, "schema": _WHOLE}
    to = {"name": "to", "in": "query", "required": False, "schema": _WHOLE}
    base = f"{V1}/studio/{{app}}"
    one = f"{base}/versions/{{number}}"
    version = _version()
    step = _object(app=_TEXT, step=_maybe("integer"))
    package = op("get_version_package", "studio", None)
    package["responses"]["200"] = {
        "description": "a zip that can be installed elsewhere",
        "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
    }
    ordered = _body(version=_TEXT, note=_TEXT, revision=_WHOLE)
    return {
        f"{base}/versions": {
            "parameters": [app],
            "get": op("list_versions", "studio", _object(items=_list(version))),
        },
        one: {
            "parameters": [app, number],
            "get": op(
                "get_version",
                "studio",
                {**version, "properties": {**version["properties"], "documents": _OBJECT}},
            ),
        },
        f"{one}/difference": {
            "parameters": [app, number],
            "get": op("get_version_difference", "studio", _difference(), parameters=[to]),
        },
        f"{one}/package": {"parameters": [app, number], "get": package},
        f"{one}/draft": {
            "parameters": [app, number],
            "post": op("begin_draft_from_version", "studio", step, body=_body()),
        },
        f"{base}/plan": {
            "parameters": [app],
            "post": op("plan_publication", "studio", _plan(), body=_body(version=_TEXT, back_to=_WHOLE)),
        },
        f"{base}/publish": {
            "parameters": [app],
            "post": op("publish_draft", "studio", _JOB, "202", body=ordered),
        },
        f"{base}/rollback": {
            "parameters": [app],
            "post": op("roll_back", "studio", _JOB, "202", body=_body("number", number=_WHOLE, note=_TEXT)),
        },
        f"{base}/merge": {
            "parameters": [app],
            "get": op("get_merge", "studio", _merge()),
            "post": op(
                "merge_running_version", "studio", step, body=_body(choices=_choices(), revision=_WHOLE)
            ),
        },
    }


def _version() -> Schema:
    return _object(
        number=_WHOLE,
        version=_TEXT,
        at={"type": "string", "format": "date-time"},
        by=_TEXT,
        note=_maybe("string"),
        changes=_OBJECT,
        back_to=_maybe("integer"),
        runs=_FLAG,
    )


def _documents() -> Schema:
    change = _object(
        what={"enum": ["added", "removed", "changed", "renamed", "moved", "allowed", "denied"]},
        path=_list(_TEXT),
        text=_TEXT,
        before=_maybe("string"),
        after=_maybe("string"),
        note=_maybe("string"),
    )
    document = _object(what=_TEXT, kind=_TEXT, name=_TEXT, title=_TEXT, changes=_list(change))
    return _list(document)


def _difference() -> Schema:
    return _object(**{"from": _WHOLE, "to": _WHOLE, "changes": _WHOLE, "documents": _documents()})


def _plan() -> Schema:
    line = _object(action=_TEXT, target=_TEXT, rows=_WHOLE, seconds=_NUMBER, note=_TEXT)
    record = _object(id=_TEXT, title=_TEXT, why=_maybe("string"))
    broken = _object(
        kind={"enum": ["required", "option", "rule", "unique", "convert"]},
        entity=_TEXT,
        name=_TEXT,
        count=_WHOLE,
        refuses=_FLAG,
        text=_TEXT,
        remedy=_TEXT,
        filter=_maybe("string"),
        records=_list(record),
    )
    return _object(
        **{
            "app": _TEXT,
            "revision": _WHOLE,
            "from": _maybe("integer"),
            "back_to": _maybe("integer"),
            "version": _TEXT,
            "refused": _FLAG,
            "changes": _WHOLE,
            "documents": _documents(),
            "storage": _list(line),
            "seconds": _NUMBER,
            "seconds_blocked": _NUMBER,
            "breaking": _list(broken),
            "sees_more": _list(_TEXT),
        }
    )


def _merge() -> Schema:
    anything: Schema = {}
    conflict = _object(place=_TEXT, base=anything, ours=anything, theirs=anything, absent=_list(_TEXT))
    return _object(base=_WHOLE, running=_WHOLE, revision=_WHOLE, conflicts=_list(conflict))


def _choices() -> Schema:
    return {"type": "object", "additionalProperties": {"enum": ["ours", "theirs"]}}


def _body(*required: str, **properties: Schema) -> Schema:
    made: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**made, "required": list(required)} if required else made


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _maybe(kind: str) -> Schema:
    return {"type": [kind, "null"]}
