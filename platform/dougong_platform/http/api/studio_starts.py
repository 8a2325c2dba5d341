"""How apps begin, over the interface: blank, copied, from a package; and patterns added to a draft."""

from __future__ import annotations

from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response
from starlette.routing import Route

from dougong_designer import naming, patterns
from dougong_designer.patterns import Wish
from dougong_platform import apps, beginnings, people
from dougong_platform.http import json_body, parameters
from dougong_platform.http.answers import json_answer
from dougong_platform.http.api.studio import stepped, studio_of
from dougong_platform.http.endpoint import Call, reads, writes
from dougong_platform.http.problem_types import BAD_REQUEST, UNKNOWN_MEMBER
from dougong_platform.http.viewer import CSRF_FIELD
from dougong_platform.site import DIRECTORY
from dougong_runtime.errors import refuse
from dougong_runtime.labels import Language
from dougong_runtime.names import nearest

WAYS = ("blank", "empty", "copy")
PACKAGE_BYTES_MAX = 20_000_000
FORM_FIELDS = ("file", "bundled", "install", CSRF_FIELD)


def begin(call: Call) -> Response:
    """`POST /api/v1/studio` `{label, name, language, from, of}`: a new app, installed as its version 1. `from`: `blank`
    (one entity), `empty` (none), `copy` (of the app `of`, without its records)."""
    parameters.parameters(call.request)
    body = call.json("label", "name", "language", "from", "of")
    people.require_admin(call.viewer)
    label = json_body.needed_text(body, "label", length_max=beginnings.LABEL_LENGTH_MAX)
    way = json_body.text_member(body, "from") or "blank"
    if way not in WAYS:
        raise json_body.wrong_member("from", f"应为其中之一：{', '.join(WAYS)}", f"one of {', '.join(WAYS)}")
    language = _language(body, call.language)
    taken = [*call.site.apps(call.connection), DIRECTORY]
    name = json_body.text_member(body, "name") or naming.name_from(label, "app", taken)
    given = (call.site, call.connection, call.viewer)
    if way == "copy":
        of = json_body.needed_text(body, "of", length_max=100)
        plan = beginnings.copy(*given, of, name, label, language)
    elif way == "empty":
        plan = beginnings.empty(*given, name, label, language)
    else:
        plan = beginnings.blank(*given, name, label, language)
    told = {**beginnings.facts(plan), "number": 1}
    return json_answer(told, 201, {"Location": f"/api/v1/studio/{name}"})


def package(call: Call) -> Response:
    """`POST /api/v1/studio/packages`, a form with `file` (a zip) or `bundled` (a template's name): what installing it
    would do; with `install=true` it is installed."""
    parameters.parameters(call.request)
    form = call.form if call.form is not None else FormData()
    for name in form:
        if name not in FORM_FIELDS:
            raise refuse(
                UNKNOWN_MEMBER, name, name=name, known=FORM_FIELDS[:-1], nearest=nearest(name, FORM_FIELDS)
            )
    people.require_admin(call.viewer)
    installs = form.get("install")
    if installs not in (None, "", "true", "false"):
        raise json_body.wrong_member("install", "应为 true 或 false", "true or false")
    plan = beginnings.package(call.site, call.connection, _content(form))
    told: dict[str, Any] = {**beginnings.facts(plan), "plan": plan.to_json(call.language), "number": None}
    if installs != "true":
        return json_answer(told)
    told["number"] = beginnings.carry_out(call.site, call.connection, call.viewer, plan)
    return json_answer(told, 201, {"Location": f"/api/v1/studio/{plan.after.name}"})


def _content(form: FormData) -> bytes | str:
    file, bundled = form.get("file"), form.get("bundled")
    if isinstance(file, UploadFile):
        file.file.seek(0)
        content = file.file.read(PACKAGE_BYTES_MAX + 1)
        if len(content) > PACKAGE_BYTES_MAX:
            megabytes = PACKAGE_BYTES_MAX // 1_000_000
            raise refuse(
                BAD_REQUEST,
                "file",
                zh=f"模板包超过 {megabytes} MB。",
                en=f"The package is larger than {megabytes} MB.",
            )
        return content
    if isinstance(bundled, str) and bundled in apps.bundled():
        return bundled
    if isinstance(bundled, str) and bundled:
        raise refuse(apps.NO_TEMPLATE, path=bundled[:80], bundled=sorted(apps.bundled()))
    raise refuse(BAD_REQUEST, "file", zh="没有文件。", en="There is no file.")


def list_patterns(call: Call) -> Response:
    """`GET /api/v1/studio/{app}/patterns`: the patterns that can be added."""
    parameters.parameters(call.request)
    studio_of(call)
    items = [
        {
            "name": pattern.name,
            "label": pattern.label.in_(call.language),
            "help": pattern.help.in_(call.language),
            "entity": pattern.entity,
            "documents": [f"{d['kind']}/{str(d['name']).removeprefix('$')}" for d in pattern.documents],
        }
        for pattern in patterns.all_patterns().values()
    ]
    return json_answer({"items": items})


def add_pattern(call: Call) -> Response:
    """`POST /api/v1/studio/{app}/patterns` `{pattern, name, label, language, references, roles}`: one added, as one act.
    `references`: entities that it is to refer to; `roles`: those that may work with it."""
    parameters.parameters(call.request)
    body = call.json("pattern", "name", "label", "language", "references", "roles")
    wish = Wish(
        pattern=json_body.needed_text(body, "pattern", length_max=100),
        name=json_body.text_member(body, "name", length_max=100) or "",
        label=json_body.text_member(body, "label", length_max=beginnings.LABEL_LENGTH_MAX) or "",
        language=_language(body, call.language),
        references=json_body.names_member(body, "references"),
        roles=json_body.names_member(body, "roles"),
    )
    studio = studio_of(call, writes=True)
    documents, key = patterns.added(studio.draft.documents, wish)
    return stepped(call, studio, studio.take(documents), entity=key.partition("/")[2])


def _language(body: dict[str, Any], own: Language) -> Language:
    given = json_body.text_member(body, "language")
    if given not in (None, "zh", "en"):
        raise json_body.wrong_member("language", "应为 zh 或 en", "zh or en")
    return own if given is None else "en" if given == "en" else "zh"


def routes(prefix: str) -> list[Route]:
    """Its routes."""
    studio = prefix + "/studio"
    return [
        Route(studio, writes(begin), methods=["POST"]),
        Route(studio + "/packages", writes(package, body="form"), methods=["POST"]),
        Route(studio + "/{app}/patterns", reads(list_patterns), methods=["GET"]),
        Route(studio + "/{app}/patterns", writes(add_pattern), methods=["POST"]),
    ]
