"""Links to public forms, for administrators."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from dougong_platform import public_forms
from dougong_platform.http import json_body, parameters
from dougong_platform.http.answers import json_answer
from dougong_platform.http.endpoint import Call, reads, writes
from dougong_platform.public_forms import DAYS_MAX, NAME_LENGTH_MAX, PER_HOUR_DEFAULT, PER_HOUR_MOST, Link


def list_links(call: Call) -> Response:
    """`GET /api/v1/public-forms`: the newest first, with their addresses and counts."""
    parameters.parameters(call.request)
    found = public_forms.all_links(call.connection, call.viewer)
    return json_answer({"items": [_described(call, link) for link in found]})


def make_link(call: Call) -> Response:
    """`POST /api/v1/public-forms` `{app, form, name, role, days, per_hour}`: a link to a form that is public."""
    parameters.parameters(call.request)
    body = call.json("app", "form", "name", "role", "days", "per_hour")
    days = json_body.number_member(body, "days", 0, 0, DAYS_MAX)
    made = public_forms.make(
        call.site,
        call.connection,
        call.viewer,
        json_body.needed_text(body, "app", length_max=48),
        json_body.needed_text(body, "form", length_max=64),
        name=json_body.text_member(body, "name", length_max=NAME_LENGTH_MAX) or "",
        role=json_body.text_member(body, "role", length_max=64),
        days=days or None,
        per_hour=json_body.number_member(body, "per_hour", PER_HOUR_DEFAULT, 1, PER_HOUR_MOST),
    )
    return json_answer(_described(call, made), 201)


def close_link(call: Call) -> Response:
    """`POST /api/v1/public-forms/{id}/close`: it takes nothing more."""
    parameters.parameters(call.request)
    closed = public_forms.close(call.site, call.connection, call.viewer, call.path("id").lower())
    return json_answer(_described(call, closed))


def _described(call: Call, link: Link) -> dict[str, Any]:
    return {
        "id": link.id,
        "app": link.app,
        "form": link.form,
        "name": link.name,
        "role": link.role,
        "per_hour": link.per_hour_max,
        "path": f"/f/{public_forms.token_of(call.site, link.id)}",
        "created_at": link.created_at,
        "expires_at": link.expires_at,
        "closed_at": link.closed_at,
        "received": link.received,
        "refused": link.refused,
        "last_at": link.last_at,
    }


def routes(prefix: str) -> list[Route]:
    """Its routes."""
    return [
        Route(prefix + "/public-forms", reads(list_links), methods=["GET"]),
        Route(prefix + "/public-forms", writes(make_link), methods=["POST"]),
        Route(prefix + "/public-forms/{id}/close", writes(close_link, body="none"), methods=["POST"]),
    ]
