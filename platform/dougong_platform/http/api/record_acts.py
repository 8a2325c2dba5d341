"""What else can be asked of one record: a masked value, its history, why it shows, whom it is shared with."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from dougong_platform.http import json_body, parameters
from dougong_platform.http.answers import json_answer, nothing, words
from dougong_platform.http.endpoint import Call, reads, writes
from dougong_platform.http.problem_types import BAD_REQUEST
from dougong_runtime.errors import NOT_FOUND, refuse
from dougong_runtime.names import is_record_id

HISTORY_LIMIT = 100
HISTORY_LIMIT_MAX = 1000


def reveal_value(call: Call) -> Response:
    """`POST …/{id}/reveal` `{field}`: a masked value whole, where the grant allows; audited."""
    parameters.parameters(call.request)
    field = json_body.needed_text(call.json("field"), "field", length_max=100)
    return json_answer({"value": call.records().reveal(call.path("entity"), call.path("id"), field)})


def record_history(call: Call) -> Response:
    """`GET …/{id}/history`: changes, newest first; with `as_of` the record as it was then."""
    given = parameters.parameters(call.request, "as_of", "limit")
    records = call.records()
    at = parameters.instant(given, "as_of", call.viewer.time_zone)
    if at is not None:
        return json_answer(records.as_of(call.path("entity"), call.path("id"), at))
    limit = parameters.number(given, "limit", HISTORY_LIMIT, 1, HISTORY_LIMIT_MAX)
    events = records.history(call.path("entity"), call.path("id"), limit)
    return json_answer({"items": [_event(event) for event in events]})


def _event(event: Any) -> dict[str, Any]:
    return {
        "at": event.at,
        "actor": event.actor_name,
        "via": event.via,
        "action": event.action,
        "changes": [{"field": name, "before": before, "after": after} for name, before, after in event.changes],
        "reason": event.reason,
    }


def explain_record(call: Call) -> Response:
    """`GET …/{id}/explain` `?field=`: which grant shows it to the caller, or why none does."""
    given = parameters.parameters(call.request, "field")
    reasons = call.records().explain(call.path("entity"), call.path("id"), given.get("field"))
    return json_answer({"items": words([_plain(reason) for reason in reasons], call.language)})


def list_shares(call: Call) -> Response:
    """`GET …/{id}/shares`: with whom the record is shared."""
    parameters.parameters(call.request)
    shares = call.records().shares(call.path("entity"), call.path("id"))
    return json_answer({"items": [_plain(share) for share in shares]})


def share_record(call: Call) -> Response:
    """`POST …/{id}/shares` `{user | team, write, until}`: share it with a person or a team."""
    parameters.parameters(call.request)
    body = call.json("user", "team", "write", "until")
    user, team = _receiver(body)
    call.records().share(
        call.path("entity"),
        call.path("id"),
        user=user,
        team=team,
        write=json_body.flag_member(body, "write"),
        until=_until(body),
    )
    return nothing()


def unshare_record(call: Call) -> Response:
    """`DELETE …/{id}/shares` `{user | team}`: share it no longer."""
    parameters.parameters(call.request)
    user, team = _receiver(call.json("user", "team"))
    call.records().unshare(call.path("entity"), call.path("id"), user=user, team=team)
    return nothing()


def _receiver(body: dict[str, Any]) -> tuple[str | None, str | None]:
    user, team = json_body.text_member(body, "user"), json_body.text_member(body, "team")
    if (user is None) == (team is None):
        raise refuse(
            BAD_REQUEST,
            "user",
            zh="填写 user 或 team 其中之一。",
            en="Name either a user or a team.",
        )
    if not is_record_id(user or team):
        raise refuse(NOT_FOUND, "user" if user else "team", entity="user" if user else "team")
    return user, team


def _until(body: dict[str, Any]) -> datetime | None:
    text = json_body.text_member(body, "until", length_max=40)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise json_body.wrong_member(
            "until", "应为带时区的 ISO 8601 时间", "an instant in ISO 8601 with its offset"
        )
    return moment.astimezone(UTC)


def _plain(value: Any) -> dict[str, Any]:
    """A frozen dataclass as an object, its labels kept."""
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


def routes(prefix: str) -> list[Route]:
    """Its routes."""
    one = prefix + "/{entity}/{id}"
    return [
        Route(one + "/reveal", writes(reveal_value), methods=["POST"]),
        Route(one + "/history", reads(record_history), methods=["GET"]),
        Route(one + "/explain", reads(explain_record), methods=["GET"]),
        Route(one + "/shares", reads(list_shares), methods=["GET"]),
        Route(one + "/shares", writes(share_record), methods=["POST"]),
        Route(one + "/shares", writes(unshare_record), methods=["DELETE"]),
    ]
