"""Many records at once: tried, done, taken back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from dougong_platform import acts, selections
from dougong_platform.acts import Act, Preview
from dougong_platform.http import json_body, parameters
from dougong_platform.http.acting import Acting, Done
from dougong_platform.http.answers import json_answer
from dougong_platform.http.api.jobs import jobs_of
from dougong_platform.http.endpoint import Call, writes
from dougong_platform.http.problem_types import BAD_REQUEST
from dougong_platform.selections import Selection
from dougong_runtime.errors import refuse
from dougong_runtime.records.door import Records
from dougong_runtime.records.each import Edit
from dougong_runtime.records.query import Query

MEMBERS = (
    "ids", "all", "filter", "search", "trash", "verb", "changes", "add", "remove",
    "user", "team", "write", "until", "reasons", "dry_run", "keep_good",
)  # fmt: skip


def act_on_many(call: Call) -> Response:
    """`POST /{entity}/bulk`: one thing done to many records, or with `dry_run` what it would come to."""
    parameters.parameters(call.request)
    at = call.site.clock.now()
    body = call.json(*MEMBERS)
    records, entity = call.records(), call.path("entity")
    act, reasons = _act(body), _reasons(body)
    acts.may(records, entity, act)
    chosen = _chosen(call, records, entity, body, act, at)
    if json_body.flag_member(body, "dry_run"):
        return json_answer(_previewed(acts.rehearse(records, entity, act, chosen.records, reasons)))
    acting = Acting(jobs_of(call), call.connection, records, entity, at)
    keep_good = json_body.flag_member(body, "keep_good")
    return _answer(call, acting.act(chosen, act, reasons, keep_good=keep_good))


def undo_act(call: Call) -> Response:
    """`POST /api/v1/jobs/{id}/undo`: take an act on many records back, where nobody has changed them since."""
    parameters.parameters(call.request)
    at = call.site.clock.now()
    call.json()
    jobs = jobs_of(call)
    act = jobs.act(call.connection, call.viewer, call.path("id"))
    records = call.site.records(call.connection, call.viewer, act.app)
    return _answer(call, Acting(jobs, call.connection, records, act.entity, at).undo(act))


def _answer(call: Call, done: Done) -> Response:
    jobs = jobs_of(call)
    if done.sum is None:
        call.afterwards.append(jobs.wake)
        told = jobs.get(call.connection, call.viewer, done.job)
        return json_answer(told, 202, {"Location": f"/api/v1/jobs/{done.job}"})
    return json_answer({"job": done.job, **done.sum.as_json()})


def _chosen(
    call: Call, records: Records, entity: str, body: Mapping[str, Any], act: Act, at: datetime
) -> Selection:
    """The records named, or with `all` those that the filter gives now."""
    ids, all_ = body.get("ids"), json_body.flag_member(body, "all")
    if (ids is None) == (not all_):
        raise refuse(BAD_REQUEST, "ids", zh="填写 ids 或 all 其中之一。", en="Say either ids or all.")
    if all_:
        query = Query(
            entity,
            filter=json_body.text_member(body, "filter"),
            search=json_body.text_member(body, "search"),
            trash=act.verb == "restore" or json_body.flag_member(body, "trash"),
        )
        return selections.choose(records, call.connection, query, at)
    ids = json_body.ids_member(body, "ids")
    return selections.name(records, call.connection, entity, ids, at)


def _act(body: Mapping[str, Any]) -> Act:
    verb = json_body.text_member(body, "verb") or "update"
    if verb not in acts.VERBS:
        listed = ", ".join(acts.VERBS)
        raise json_body.wrong_member("verb", f"应为其中之一：{listed}", f"one of {listed}")
    edit = Edit(_values(body, "changes"), _values(body, "add"), _values(body, "remove"))
    if (verb == "update") != bool(edit.names):
        raise refuse(
            BAD_REQUEST,
            "changes",
            zh="verb 为 update 时需要 changes、add 或 remove，其他时候不能有。",
            en="An update needs changes, add or remove; any other verb takes none.",
        )
    user, team = json_body.text_member(body, "user"), json_body.text_member(body, "team")
    if verb == "share" and (user is None) == (team is None):
        raise refuse(
            BAD_REQUEST, "user", zh="填写 user 或 team 其中之一。", en="Name either a user or a team."
        )
    return Act(verb, edit, user, team, json_body.flag_member(body, "write"), _until(body))


def _until(body: Mapping[str, Any]) -> str | None:
    text = json_body.text_member(body, "until", length_max=40)
    if text is None:
        return None
    try:
        given = datetime.fromisoformat(text)
        if given.tzinfo is not None:
            return given.astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        pass
    raise json_body.wrong_member(
        "until", "应为带时区的 ISO 8601 时间", "an instant in ISO 8601 with its offset"
    )


def _values(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    given = body.get(name)
    if given is None:
        return {}
    if isinstance(given, dict):
        return given
    raise json_body.wrong_member(name, "应为“字段: 值”的对象", "an object of field and value")


def _reasons(body: Mapping[str, Any]) -> dict[str, str]:
    given = _values(body, "reasons")
    if all(isinstance(v, str) and v.strip() for v in given.values()):
        return given
    raise json_body.wrong_member("reasons", "应为“规则: 理由”的对象", "an object of rule and reason")


def _previewed(preview: Preview) -> dict[str, Any]:
    samples = [{"id": s.record, "before": dict(s.before), "after": dict(s.after)} for s in preview.samples]
    made = preview.sum.as_json()
    return {**made, "records": preview.records, "tried": preview.tried, "samples": samples}


def routes(v1: str, prefix: str) -> list[Route]:
    """Its routes."""
    return [
        Route(v1 + "/jobs/{id}/undo", writes(undo_act), methods=["POST"]),
        Route(prefix + "/{entity}/bulk", writes(act_on_many), methods=["POST"]),
    ]
