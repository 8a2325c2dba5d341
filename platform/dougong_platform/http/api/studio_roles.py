"""Roles in the studio over the interface: why a person sees a record or not, by the roles of the draft."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from dougong_platform import explaining
from dougong_platform.http import json_body, parameters
from dougong_platform.http.answers import json_answer
from dougong_platform.http.endpoint import Call, writes
from dougong_platform.studio import Studio


def explain(call: Call) -> Response:
    """`POST /api/v1/studio/{app}/explain` `{person, entity, record, field}`: each grant of the person's on the record, by
    the roles of the draft over the data there are. For administrators; audited as a look as that person."""
    parameters.parameters(call.request)
    body = call.json("person", "entity", "record", "field")
    studio = Studio(call.site, call.connection, call.viewer, call.path("app"))
    asked = explaining.explain(
        studio,
        json_body.needed_text(body, "person", length_max=100),
        json_body.needed_text(body, "entity", length_max=48),
        json_body.needed_text(body, "record", length_max=36).lower(),
        json_body.text_member(body, "field", length_max=48),
    )
    items = [
        {
            "role": one.role,
            "actions": list(one.actions),
            "rows": one.rows,
            "holds": one.holds,
            "field": one.field,
            "shown": one.shown,
            "writable": one.writable,
            "decides": one.decides,
        }
        for one in asked.reasons
    ]
    return json_answer({"items": items, "by_draft": asked.by_draft})


def routes(prefix: str) -> list[Route]:
    """Its route."""
    return [Route(prefix + "/studio/{app}/explain", writes(explain), methods=["POST"])]
