"""The caller's unsaved work: drafts of forms, theirs alone."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from dougong_platform import drafts
from dougong_platform.drafts import Draft, Key
from dougong_platform.http import description, json_body, parameters
from dougong_platform.http.answers import json_answer, nothing
from dougong_platform.http.endpoint import Call, reads, writes
from dougong_runtime.errors import FORBIDDEN, NOT_FOUND, refuse
from dougong_runtime.labels import Label
from dougong_runtime.names import is_record_id

VERSION_MAX = 2**31 - 1


def list_drafts(call: Call) -> Response:
    """`GET /api/v1/me/drafts`: the latest first, without what was typed."""
    parameters.parameters(call.request)
    found = drafts.all_of(call.connection, call.viewer)
    return json_answer({"items": [_described(d) for d in found]})


def get_draft(call: Call) -> Response:
    """`GET /api/v1/me/drafts/{id}`: with what was typed, as pairs of name and text."""
    parameters.parameters(call.request)
    found = drafts.get(call.connection, call.viewer, call.path("id").lower())
    return json_answer({**_described(found), "fields": [list(pair) for pair in found.fields]})


def put_draft(call: Call) -> Response:
    """`PUT /api/v1/me/drafts` `{app, entity, record, form, version, fields}`: keep what was typed into a form, in place of
    what was kept of it before."""
    parameters.parameters(call.request)
    body = call.json("app", "entity", "record", "form", "version", "fields")
    app = json_body.needed_text(body, "app", length_max=48)
    entity = json_body.needed_text(body, "entity", length_max=48)
    record = (json_body.text_member(body, "record", length_max=36) or "").lower()
    form = json_body.text_member(body, "form", length_max=64) or ""
    version = json_body.number_member(body, "version", 0, 0, VERSION_MAX)
    description.require_app(call.viewer, app)
    records = call.site.records(call.connection, call.viewer, app)
    found = records.running.app.entities.get(entity)
    if found is None or found.app != app:
        raise refuse(NOT_FOUND)
    if not records.can(entity, "update" if record else "create"):
        raise refuse(FORBIDDEN, entity=found.label, action=Label("填写", "filling in"))
    if record and (not is_record_id(record) or record not in records.titles(entity, [record])):
        raise refuse(NOT_FOUND)
    key = Key(app, entity, record, form)
    now = call.site.clock.now()
    kept = drafts.keep(call.connection, call.viewer, key, version or None, _pairs(body.get("fields")), now)
    return json_answer(_described(drafts.get(call.connection, call.viewer, kept)))


def delete_draft(call: Call) -> Response:
    """`DELETE /api/v1/me/drafts/{id}`: away with it."""
    parameters.parameters(call.request)
    found = drafts.get(call.connection, call.viewer, call.path("id").lower())
    drafts.drop(call.connection, call.viewer, found.key)
    return nothing()


def _pairs(given: Any) -> list[tuple[str, str]]:
    pairs = given if isinstance(given, list) else None
    if pairs is None or not all(
        isinstance(p, list) and len(p) == 2 and all(isinstance(t, str) for t in p) for p in pairs
    ):
        raise json_body.wrong_member("fields", "应为 [名称, 文本] 的列表", "a list of pairs of name and text")
    return [(name, text) for name, text in pairs]


def _described(draft: Draft) -> dict[str, Any]:
    key = draft.key
    return {
        "id": draft.id,
        "app": key.app,
        "entity": key.entity,
        "record": key.record or None,
        "form": key.form or None,
        "version": draft.version,
        "created_at": draft.created_at,
        "updated_at": draft.updated_at,
    }


def routes(prefix: str) -> list[Route]:
    """Its routes."""
    one = prefix + "/me/drafts/{id}"
    return [
        Route(prefix + "/me/drafts", reads(list_drafts), methods=["GET"]),
        Route(prefix + "/me/drafts", writes(put_draft), methods=["PUT"]),
        Route(one, reads(get_draft), methods=["GET"]),
        Route(one, writes(delete_draft, body="none"), methods=["DELETE"]),
    ]
