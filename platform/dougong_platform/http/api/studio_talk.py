"""The studio over the interface: search in a draft, who else is there, and remarks on documents."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from dougong_designer import presence, remarks
from dougong_designer.draft import Draft
from dougong_designer.remarks import Remark
from dougong_designer.searching import search
from dougong_platform.http import json_body, parameters
from dougong_platform.http.answers import json_answer
from dougong_platform.http.api.studio import studio_of
from dougong_platform.http.endpoint import Call, reads, writes

WORDS_MAX = 100


def search_draft(call: Call) -> Response:
    """`GET /api/v1/studio/{app}/search` `?q=`: places in the draft whose text has all the words."""
    given = parameters.parameters(call.request, "q")
    studio = studio_of(call)
    found = search(studio.draft.documents, given.get("q", "")[:WORDS_MAX], call.language)
    items = [
        {
            "document": one.key,
            "at": one.at,
            "title": one.title.in_(call.language),
            "path": one.path,
            "text": one.text,
        }
        for one in found
    ]
    return json_answer({"items": items})


def list_builders(call: Call) -> Response:
    """`GET …/builders`: who else has the app open in the studio just now."""
    parameters.parameters(call.request)
    studio = studio_of(call)
    found = presence.others(call.connection, studio.name, call.viewer, call.site.clock.now())
    return json_answer({"items": [{"user": o.user, "name": o.name, "document": o.document} for o in found]})


def list_remarks(call: Call) -> Response:
    """`GET …/remarks` `?document=kind/name`: what was said, what is open first."""
    given = parameters.parameters(call.request, "document")
    studio = studio_of(call)
    key = given.get("document")
    document = str(studio.draft.document(key).get("id", key)) if key else None
    found = remarks.remarks(call.connection, studio.name, document)
    keys = _keys(studio.draft)
    return json_answer({"items": [_remark(one, keys) for one in found]})


def write_remark(call: Call) -> Response:
    """`POST …/remarks` `{document, text}`: say something about a document."""
    parameters.parameters(call.request)
    body = call.json("document", "text")
    studio = studio_of(call, writes=True)
    key = json_body.needed_text(body, "document", length_max=200)
    text = json_body.text_member(body, "text", length_max=10 * remarks.TEXT_MAX) or ""
    made = remarks.write(studio.writing, studio.draft, key, text)
    return json_answer(_remark(made, _keys(studio.draft)), 201)


def settle_remark(call: Call) -> Response:
    """`PATCH …/remarks/{remark}` `{settled}`: mark it as settled, or open it again."""
    parameters.parameters(call.request)
    body = call.json("settled")
    if "settled" not in body:
        raise json_body.wrong_member("settled", "应为 true 或 false", "true or false")
    settled = json_body.flag_member(body, "settled")
    studio = studio_of(call, writes=True)
    found = remarks.settle(studio.writing, studio.draft, call.path("remark"), settled=settled)
    return json_answer(_remark(found, _keys(studio.draft)))


def _keys(draft: Draft) -> dict[str, str]:
    return {str(data.get("id", key)): key for key, data in draft.documents.items()}


def _remark(one: Remark, keys: dict[str, str]) -> dict[str, Any]:
    return {
        "id": one.id,
        "document": keys.get(one.document, ""),
        "by": one.by,
        "at": one.at,
        "text": one.text,
        "settled_by": one.settled_by,
        "settled_at": one.settled_at,
    }


def routes(prefix: str) -> list[Route]:
    """Its routes."""
    app = prefix + "/studio/{app}"
    return [
        Route(app + "/search", reads(search_draft), methods=["GET"]),
        Route(app + "/builders", reads(list_builders), methods=["GET"]),
        Route(app + "/remarks", reads(list_remarks), methods=["GET"]),
        Route(app + "/remarks", writes(write_remark), methods=["POST"]),
        Route(app + "/remarks/{remark}", writes(settle_remark), methods=["PATCH"]),
    ]
