"""The studio over the interface: the draft of an app read and changed, every act a step that can be taken back."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from dougong_designer import abilities, draft, edits
from dougong_designer import patch as patches
from dougong_designer.draft import Step
from dougong_designer.mending import mend
from dougong_platform.http import json_body, parameters
from dougong_platform.http.answers import json_answer
from dougong_platform.http.endpoint import Call, reads, writes
from dougong_platform.http.problem_types import BAD_REQUEST
from dougong_platform.studio import Studio
from dougong_runtime.documents.export import document_text
from dougong_runtime.documents.references import Reference, Target
from dougong_runtime.documents.source import FILE_KEY
from dougong_runtime.documents.yaml_text import path_text
from dougong_runtime.errors import Problem, refuse
from dougong_runtime.labels import Label, Language

NUMBER_MAX = 2**31 - 1


def list_drafts(call: Call) -> Response:
    """`GET /api/v1/studio`: the apps that the caller may build."""
    parameters.parameters(call.request)
    found = [call.site.running(call.connection, name).app for name in call.site.apps(call.connection)]
    mine = [app for app in found if abilities.may_build(call.viewer, app)]
    items = [{"app": app.name, "label": app.label.in_(call.language), "version": app.version} for app in mine]
    return json_answer({"items": items})


def get_draft(call: Call) -> Response:
    """`GET /api/v1/studio/{app}`: what the draft stands on, its documents, and which of them differ from the version
    that it stands on."""
    parameters.parameters(call.request)
    studio = studio_of(call)
    return json_answer({**_summary(studio), "documents": _documents(studio, call.language)})


def patch_draft(call: Call) -> Response:
    """`PATCH /api/v1/studio/{app}` `{patch, revision}`: one act. `patch` is a JSON Patch over `{"kind/name": document}`;
    `revision`, where it is given, the one that it was made against."""
    parameters.parameters(call.request)
    body = call.json("patch", "revision")
    patch = patches.read(body.get("patch"))
    studio = studio_of(call, writes=True)
    seen = json_body.number_member(body, "revision", studio.draft.revision, 0, NUMBER_MAX)
    return stepped(call, studio, studio.amend(patch, seen))


def get_document(call: Call) -> Response:
    """`GET …/documents/{kind}/{name}` `?format=json|yaml`: a document of the draft."""
    given = parameters.parameters(call.request, "format")
    found = studio_of(call).draft.document(_key(call))
    if given.get("format", "json") == "yaml":
        return Response(document_text(found), media_type="application/yaml; charset=utf-8")
    return json_answer(dict(found))


def put_document(call: Call) -> Response:
    """`PUT …/documents/{kind}/{name}`: a whole document, new or in place of the one of that name."""
    parameters.parameters(call.request)
    data = patches.plain(json_body.parse_object(call.body))
    studio, key = studio_of(call, writes=True), _key(call)
    kind, _, name = key.partition("/")
    if data.get("kind", kind) != kind or data.get("name", name) != name:
        raise refuse(
            BAD_REQUEST,
            zh="文档的 kind 和 name 与地址不符。",
            en="The document's kind and name are not the address's.",
        )
    made = {"kind": kind, "name": name, **data}
    known = key if key in studio.draft.documents else None
    return stepped(call, studio, studio.take(edits.with_document(studio.draft, made, key=known)))


def delete_document(call: Call) -> Response:
    """`DELETE …/documents/{kind}/{name}`: out of the draft. What names it then is among the problems."""
    parameters.parameters(call.request)
    studio = studio_of(call, writes=True)
    return stepped(call, studio, studio.take(edits.without_document(studio.draft, _key(call))))


def rename(call: Call) -> Response:
    """`POST …/rename` `{kind, name, owner, to}`: a thing under another name, formulas and files included."""
    parameters.parameters(call.request)
    body = call.json("kind", "name", "owner", "to")
    studio = studio_of(call, writes=True)
    return stepped(
        call, studio, studio.rename(_target(body), json_body.needed_text(body, "to", length_max=100))
    )


def undo(call: Call) -> Response:
    """`POST …/undo`: take back the caller's last act."""
    parameters.parameters(call.request)
    call.json()
    studio = studio_of(call, writes=True)
    return stepped(call, studio, studio.undo())


def redo(call: Call) -> Response:
    """`POST …/redo`: do again what the caller took back last."""
    parameters.parameters(call.request)
    call.json()
    studio = studio_of(call, writes=True)
    return stepped(call, studio, studio.redo())


def jump(call: Call) -> Response:
    """`POST …/jump` `{step}`: how the draft stood after a step; 0 before the first."""
    parameters.parameters(call.request)
    body = call.json("step")
    studio = studio_of(call, writes=True)
    number = json_body.number_member(body, "step", 0, 0, studio.draft.revision)
    return stepped(call, studio, studio.jump(number))


def list_steps(call: Call) -> Response:
    """`GET …/steps` `?before=&limit=`: the history, the latest first."""
    given = parameters.parameters(call.request, "before", "limit")
    studio = studio_of(call)
    before = parameters.number(given, "before", 0, 1, 999_999_999) if "before" in given else None
    limit = parameters.number(given, "limit", 50, 1, 500)
    found = draft.steps(call.connection, studio.name, before, limit)
    return json_answer({"items": [_step(step, call.language) for step in found]})


def list_problems(call: Call) -> Response:
    """`GET …/problems`: everything that keeps the draft from being published, each with its place; `mend`: a patch
    that puts the nearest name in place of a wrong one."""
    parameters.parameters(call.request)
    studio = studio_of(call)
    items = [_problem(studio, one, call.language) for one in studio.linked.problems]
    return json_answer({"revision": studio.draft.revision, "items": items})


def list_uses(call: Call) -> Response:
    """`GET …/uses` `?kind=&name=&owner=`: where a thing is named. `owner`: the entity of a field, `entity.field` of an
    option, the workflow of a step."""
    given = parameters.parameters(call.request, "kind", "name", "owner")
    found = studio_of(call).linked.references.to(_target(given))
    return json_answer({"items": [_use(reference) for reference in found]})


def studio_of(call: Call, *, writes: bool = False) -> Studio:
    """The draft of the app that the address names, before who asks. Raises Refused for who may not build it."""
    return Studio(call.site, call.connection, call.viewer, call.path("app"), writes)


def _key(call: Call) -> str:
    return f"{call.path('kind')}/{call.path('name')}"


def _target(given: Any) -> Target:
    kind = json_body.needed_text(given, "kind", length_max=40)
    name = json_body.needed_text(given, "name", length_max=200)
    return Target(kind, name, json_body.text_member(given, "owner", length_max=200) or "")


def stepped(call: Call, studio: Studio, step: Step | None, **more: Any) -> Response:
    """An act's answer: how the draft stands, its step, and what else there is to say."""
    made = None if step is None else _step(step, call.language)
    return json_answer({**_summary(studio), "step": made, **more})


def _summary(studio: Studio) -> dict[str, Any]:
    found = studio.draft
    return {
        "app": found.app,
        "base": found.base,
        "running": found.running,
        "revision": found.revision,
        "changed": sorted(found.changed),
    }


def _documents(studio: Studio, language: Language) -> list[dict[str, Any]]:
    found = studio.draft
    made = []
    for key, data in found.documents.items():
        if not key.startswith(FILE_KEY):
            kind, _, name = key.partition("/")
            label = Label.of(data.get("label"), name).in_(language)
            made.append({"kind": kind, "name": name, "label": label, "changed": key in found.changed})
    return made


def _step(step: Step, language: Language) -> dict[str, Any]:
    return {
        "number": step.number,
        "kind": step.kind,
        "about": step.about,
        "by": step.by,
        "at": step.at,
        "title": step.title.in_(language),
        "documents": list(step.documents),
        "patch": [one.as_json() for one in step.patch],
    }


def _problem(studio: Studio, one: Problem, language: Language) -> dict[str, Any]:
    place, operation = one.place, mend(studio.draft.documents, one)
    return {
        "type": one.type.name,
        "document": place.file if place else "",
        "path": place.path if place else "",
        "detail": one.text(language),
        "remedy": one.remedy(language),
        "nearest": one.facts.get("nearest"),
        "mend": None if operation is None else [operation.as_json()],
    }


def _use(reference: Reference) -> dict[str, Any]:
    return {"document": reference.document, "path": path_text(reference.path), "form": reference.form}


def routes(prefix: str) -> list[Route]:
    """Its routes."""
    app = prefix + "/studio/{app}"
    document = app + "/documents/{kind}/{name}"
    return [
        Route(prefix + "/studio", reads(list_drafts), methods=["GET"]),
        Route(app, reads(get_draft), methods=["GET"]),
        Route(app, writes(patch_draft), methods=["PATCH"]),
        Route(app + "/undo", writes(undo), methods=["POST"]),
        Route(app + "/redo", writes(redo), methods=["POST"]),
        Route(app + "/jump", writes(jump), methods=["POST"]),
        Route(app + "/rename", writes(rename), methods=["POST"]),
        Route(app + "/steps", reads(list_steps), methods=["GET"]),
        Route(app + "/problems", reads(list_problems), methods=["GET"]),
        Route(app + "/uses", reads(list_uses), methods=["GET"]),
        Route(document, reads(get_document), methods=["GET"]),
        Route(document, writes(put_document), methods=["PUT"]),
        Route(document, writes(delete_document), methods=["DELETE"]),
    ]
