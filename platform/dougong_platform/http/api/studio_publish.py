"""Publishing over the interface: versions, what publishing would do, the publication itself as a job, merging."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from dougong_designer import abilities, describing, draft, publishing
from dougong_designer.draft import Writing
from dougong_designer.merging import Choices, Conflict, Side
from dougong_platform import merging
from dougong_platform import publishing as platform_publishing
from dougong_platform.http import json_body, parameters
from dougong_platform.http.answers import json_answer
from dougong_platform.http.api.jobs import jobs_of
from dougong_platform.http.endpoint import Call, reads, writes
from dougong_platform.http.pages.studio.versions import package_answer
from dougong_platform.publishing import NOTE_LENGTH_MAX, VERSION_LENGTH_MAX, Order
from dougong_platform.studio import Studio
from dougong_runtime.documents import versions
from dougong_runtime.documents.versions import Version
from dougong_runtime.errors import NOT_FOUND, refuse

NUMBER_MAX = 999_999_999


def list_versions(call: Call) -> Response:
    """`GET /api/v1/studio/{app}/versions`: all of them, the latest first."""
    parameters.parameters(call.request)
    studio = _studio(call)
    running = studio.draft.running
    found = versions.outlines(call.connection, studio.name)
    return json_answer({"items": [_version(v, running) for v in reversed(found)]})


def get_version(call: Call) -> Response:
    """`GET …/versions/{number}`: one, with its documents."""
    parameters.parameters(call.request)
    studio = _studio(call)
    found = _found(call, studio, call.path("number"))
    return json_answer({**_version(found, studio.draft.running), "documents": dict(found.source)})


def get_difference(call: Call) -> Response:
    """`GET …/versions/{number}/difference` `?to=`: what another one (the running one, else) has otherwise."""
    given = parameters.parameters(call.request, "to")
    studio = _studio(call)
    old = _found(call, studio, call.path("number"))
    new = _found(call, studio, given.get("to") or str(studio.draft.running))
    told = describing.describe(old.source, new.source)
    return json_answer(
        {
            "from": old.number,
            "to": new.number,
            "changes": describing.count(told),
            "documents": describing.as_data(told, call.language),
        }
    )


def get_package(call: Call) -> Response:
    """`GET …/versions/{number}/package`: as a zip that can be installed elsewhere."""
    parameters.parameters(call.request)
    return package_answer(_found(call, _studio(call), call.path("number")))


def plan(call: Call) -> Response:
    """`POST …/plan` `{version, back_to}`: what publishing the draft would do, or going back to a version. It looks and
    changes nothing."""
    parameters.parameters(call.request)
    body = call.json("version", "back_to")
    studio = _studio(call)
    back_to = _number(body, "back_to")
    if back_to is not None:
        review = platform_publishing.review_rollback(studio, back_to)
    else:
        version = json_body.text_member(body, "version", length_max=VERSION_LENGTH_MAX)
        review = platform_publishing.review_draft(studio, version or "")
    found = studio.draft
    return json_answer({"revision": found.revision, **publishing.as_data(review, call.language)})


def publish(call: Call) -> Response:
    """`POST …/publish` `{version, note, revision}`: have the draft published, by a job. `revision`: the one that was
    looked at; refused where the draft has been changed since."""
    parameters.parameters(call.request)
    body = call.json("version", "note", "revision")
    studio = _studio(call)
    abilities.require_publish(call.viewer, studio.running)
    version = platform_publishing.checked_version(
        json_body.text_member(body, "version", length_max=VERSION_LENGTH_MAX) or ""
    )
    seen = _number(body, "revision", least=0)
    wanted = Order(
        version or platform_publishing.proposed_version(studio),
        json_body.text_member(body, "note", length_max=NOTE_LENGTH_MAX) or None,
        studio.draft.revision if seen is None else seen,
    )
    return _ordered(call, studio, wanted)


def roll_back(call: Call) -> Response:
    """`POST …/rollback` `{number, note}`: have an older version run again, by a job."""
    parameters.parameters(call.request)
    body = call.json("number", "note")
    studio = _studio(call)
    number = _number(body, "number")
    found = _found(call, studio, str(number or 0))
    note = json_body.text_member(body, "note", length_max=NOTE_LENGTH_MAX) or None
    return _ordered(call, studio, Order(found.version, note, None, found.number))


def begin_draft(call: Call) -> Response:
    """`POST …/versions/{number}/draft`: the draft gets the documents of a version, as one act that can be undone."""
    parameters.parameters(call.request)
    call.json()
    studio = _studio(call, writes=True)
    found = _found(call, studio, call.path("number"))
    writing = Writing(call.connection, call.viewer, call.site.clock)
    step = draft.begin_anew(writing, studio.draft, found.number, found.source)
    return json_answer({"app": studio.name, "step": None if step is None else step.number})


def get_merge(call: Call) -> Response:
    """`GET …/merge`: what the draft and the version published meanwhile have both changed differently."""
    parameters.parameters(call.request)
    studio = _studio(call)
    found = merging.find(studio, {})
    return json_answer(
        {
            "base": studio.draft.base,
            "running": studio.draft.running,
            "revision": studio.draft.revision,
            "conflicts": [_conflict(c) for c in found.conflicts],
        }
    )


def merge(call: Call) -> Response:
    """`POST …/merge` `{choices, revision}`: merge it into the draft, as one step. `choices`: place → ours or theirs."""
    parameters.parameters(call.request)
    body = call.json("choices", "revision")
    studio = _studio(call, writes=True)
    step = merging.merge(studio, _choices(body.get("choices")), _number(body, "revision", least=0))
    return json_answer({"app": studio.name, "step": None if step is None else step.number})


def _studio(call: Call, *, writes: bool = False) -> Studio:
    return Studio(call.site, call.connection, call.viewer, call.path("app"), writes)


def _ordered(call: Call, studio: Studio, wanted: Order) -> Response:
    jobs = jobs_of(call)
    job = platform_publishing.ordered(jobs, studio, wanted)
    call.afterwards.append(jobs.wake)
    told = jobs.get(call.connection, call.viewer, job)
    return json_answer(told, 202, {"Location": f"/api/v1/jobs/{job}"})


def _number(body: dict[str, Any], name: str, least: int = 1) -> int | None:
    return None if body.get(name) is None else json_body.number_member(body, name, least, least, NUMBER_MAX)


def _found(call: Call, studio: Studio, given: str) -> Version:
    number = int(given) if given.isascii() and given.isdecimal() and len(given) < 10 else 0
    found = versions.find(call.connection, studio.name, number)
    if found is None:
        raise refuse(NOT_FOUND)
    return found


def _version(found: Version, running: int) -> dict[str, Any]:
    return {
        "number": found.number,
        "version": found.version,
        "at": found.at,
        "by": found.by,
        "note": found.note,
        "changes": dict(found.changes),
        "back_to": found.back_to,
        "runs": found.number == running,
    }


def _conflict(found: Conflict) -> dict[str, Any]:
    values = {name: getattr(found, name) for name in ("base", "ours", "theirs")}
    return {
        "place": found.place,
        **{name: merging.plain(value) for name, value in values.items()},
        "absent": [name for name, value in values.items() if not merging.is_there(value)],
    }


def _choices(given: Any) -> Choices:
    made: dict[str, Side] = {}
    if given is None:
        return made
    if not isinstance(given, dict):
        raise json_body.wrong_member(
            "choices", "应为“位置: ours 或 theirs”的对象", "an object of place and side"
        )
    for place, side in given.items():
        if side not in ("ours", "theirs"):
            raise json_body.wrong_member("choices", "应为 ours 或 theirs", "ours or theirs")
        made[place] = side
    return made


def routes(prefix: str) -> list[Route]:
    """Its routes."""
    app = prefix + "/studio/{app}"
    version = app + "/versions/{number}"
    return [
        Route(app + "/versions", reads(list_versions), methods=["GET"]),
        Route(version, reads(get_version), methods=["GET"]),
        Route(version + "/difference", reads(get_difference), methods=["GET"]),
        Route(version + "/package", reads(get_package), methods=["GET"]),
        Route(version + "/draft", writes(begin_draft), methods=["POST"]),
        Route(app + "/plan", writes(plan), methods=["POST"]),
        Route(app + "/publish", writes(publish), methods=["POST"]),
        Route(app + "/rollback", writes(roll_back), methods=["POST"]),
        Route(app + "/merge", reads(get_merge), methods=["GET"]),
        Route(app + "/merge", writes(merge), methods=["POST"]),
    ]
