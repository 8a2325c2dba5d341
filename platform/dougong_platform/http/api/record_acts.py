"""What else can be asked of one record: a masked value, its history, why it shows, whom it is shared with."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from dougong_platform.http import json_body, parameters
from dougong_platform.http.answers import json_answer, nothing
from dougong_platform.http.endpoint import Call, reads, writes
from dougong_platform.http.problem_types import BAD_REQUEST
from dougong_runtime.access.explain import Reason
from dougong_runtime.errors import refuse
from dougong_runtime.records.past import HistoryEvent
from dougong_runtime.records.revealing import REASON_MAX

HISTORY_LIMIT = 100
HISTORY_LIMIT_MAX = 1000


def reveal_value(call: Call) -> Response:
    """`POST …/{id}/reveal` `{field, reason}`: a masked value whole, where the grant allows; audited."""
    parameters.parameters(call.request)
    body = call.json("field", "reason")
    field = json_body.needed_text(body, "field", length_max=100)
    reason = json_body.text_member(body, "reason", length_max=REASON_MAX) or ""
    value = call.records().reveal(call.path("entity"), call.path("id"), field, reason)
    return json_answer({"value": value})


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


def _event(event: HistoryEvent) -> dict[str, Any]:
    return {
        "at": event.at,
        "actor": event.actor_name,
        "viewed_by": event.acting_for,
        "via": event.via,
        "action": event.action,
        "changes": [
            {"field": c.field, "before": c.before, "after": c.after} | ({"erased": True} if c.erased else {})
            for c in event.changes
        ],
        "reason": event.reason,
    }


def explain_record(call: Call) -> Response:
    """`GET …/{id}/explain` `?field=`: which grants show it to the caller, and which do not.

    For a record that the caller may not read only an administrator is told, by viewing as the person: the answer
    would tell others that there is such a record.
    """
    given = parameters.parameters(call.request, "field")
    records = call.records()
    if call.viewer.acting_for is not None or call.viewer.is_admin:
        hidden: tuple[str, ...] = ()
    else:
        # A row rule may name a field that the caller does not know of.
        hidden = ("rows",)
        records.get(call.path("entity"), call.path("id"), fields=("id",))
    reasons = records.explain(call.path("entity"), call.path("id"), given.get("field"))
    return json_answer({"items": [_reason(reason, hidden) for reason in reasons]})


def list_shares(call: Call) -> Response:
    """`GET …/{id}/shares`: with whom the record is shared."""
    parameters.parameters(call.request)
    return json_answer({"items": call.records().shares(call.path("entity"), call.path("id"))})


def share_record(call: Call) -> Response:
    """`POST …/{id}/shares` `{user | team, write, until}`: share it with a person or a team."""
    parameters.parameters(call.request)
    body = call.json("user", "team", "write", "until")
    user, team = json_body.text_member(body, "user"), json_body.text_member(body, "team")
    if (user is None) == (team is None):
        raise refuse(
            BAD_REQUEST, "user", zh="填写 user 或 team 其中之一。", en="Name either a user or a team."
        )
    made = call.records().share(
        call.path("entity"),
        call.path("id"),
        user=user,
        team=team,
        write=json_body.flag_member(body, "write"),
        until=_until(body),
    )
    return json_answer({"id": made}, 201)


def unshare_record(call: Call) -> Response:
    """`DELETE …/{id}/shares/{share}`: share it so no longer."""
    parameters.parameters(call.request)
    call.records().unshare(call.path("entity"), call.path("id"), call.path("share"))
    return nothing()


def _until(body: dict[str, Any]) -> datetime | None:
    text = json_body.text_member(body, "until", length_max=40)
    if text is None:
        return None
    try:
        given = datetime.fromisoformat(text)
        moment = given.astimezone(UTC) if given.tzinfo is not None else None
    except (ValueError, OverflowError):
        moment = None
    if moment is None:
        raise json_body.wrong_member(
            "until", "应为带时区的 ISO 8601 时间", "an instant in ISO 8601 with its offset"
        )
    return moment


def _reason(reason: Reason, hidden: tuple[str, ...]) -> dict[str, Any]:
    return {f.name: getattr(reason, f.name) for f in dataclasses.fields(reason) if f.name not in hidden}


def routes(prefix: str) -> list[Route]:
    """Its routes."""
    one = prefix + "/{entity}/{id}"
    return [
        Route(one + "/reveal", writes(reveal_value), methods=["POST"]),
        Route(one + "/history", reads(record_history), methods=["GET"]),
        Route(one + "/explain", reads(explain_record), methods=["GET"]),
        Route(one + "/shares", reads(list_shares), methods=["GET"]),
        Route(one + "/shares", writes(share_record), methods=["POST"]),
        Route(one + "/shares/{share}", writes(unshare_record, body="none"), methods=["DELETE"]),
    ]
