"""Import and export, as jobs: the request is answered at once, the work goes on beside it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response
from starlette.routing import Route

from dougong_platform import selections
from dougong_platform.http import json_body, parameters
from dougong_platform.http.answers import json_answer
from dougong_platform.http.api.jobs import jobs_of
from dougong_platform.http.endpoint import Call, writes
from dougong_platform.http.jobs.transfers import export_order
from dougong_platform.http.jobs.work import UPLOAD
from dougong_platform.http.problem_types import BAD_REQUEST, UNKNOWN_MEMBER
from dougong_platform.http.viewer import CSRF_FIELD
from dougong_runtime.errors import FORBIDDEN, refuse
from dougong_runtime.labels import Label
from dougong_runtime.names import nearest
from dougong_runtime.records.door import Records
from dougong_runtime.records.query import Query
from dougong_runtime.transfer.export import FORMATS

ACTIONS = {"export": Label("导出", "exporting"), "import": Label("导入", "importing")}
FORM_FIELDS = ("file", "key", "dry_run", "keep_good", CSRF_FIELD)


def export_records(call: Call) -> Response:
    """`POST /{entity}/export` `{format, filter, fields, sort, search, ids}`: a job whose result is the file; with `ids`
    of those records, in that order."""
    parameters.parameters(call.request)
    body = call.json("format", "filter", "fields", "sort", "search", "ids")
    form = json_body.text_member(body, "format") or "csv"
    if form not in FORMATS:
        listed = ", ".join(FORMATS)
        raise json_body.wrong_member("format", f"应为其中之一：{listed}", f"one of {listed}")
    query = Query(
        entity=call.path("entity"),
        filter=json_body.text_member(body, "filter"),
        sort=json_body.names_member(body, "sort"),
        fields=json_body.names_member(body, "fields") or None,
        search=json_body.text_member(body, "search"),
        count=False,
    )
    records = _allowed(call, "export")
    records.list(replace(query, limit=1, export=True))
    order = export_order(query, form)
    if body.get("ids") is not None:
        ids = json_body.ids_member(body, "ids")
        chosen = selections.name(records, call.connection, query.entity, ids, call.site.clock.now())
        order["selection"] = chosen.id
    job, _ = jobs_of(call).prepare(
        call.connection, call.viewer, "export", call.path("app"), query.entity, order
    )
    return _accepted(call, job)


def import_records(call: Call) -> Response:
    """`POST /{entity}/import`, a form with `file`, `key`, `dry_run`, `keep_good`: a job that reads the file in."""
    parameters.parameters(call.request)
    form = call.form if call.form is not None else FormData()
    for name in form:
        if name not in FORM_FIELDS:
            raise refuse(
                UNKNOWN_MEMBER, name, name=name, known=FORM_FIELDS[:-1], nearest=nearest(name, FORM_FIELDS)
            )
    file = form.get("file")
    if not isinstance(file, UploadFile):
        raise refuse(BAD_REQUEST, "file", zh="没有文件。", en="There is no file.")
    options = {
        "dry_run": _flag(form, "dry_run"),
        "keep_good": _flag(form, "keep_good"),
        "key": _text(form, "key"),
        "name": Path(file.filename or "").name[:200] or None,
    }
    _allowed(call, "import")
    job, folder = jobs_of(call).prepare(
        call.connection, call.viewer, "import", call.path("app"), call.path("entity"), options
    )
    file.file.seek(0)  # the transaction may be done again
    with (folder / UPLOAD).open("wb") as kept:
        shutil.copyfileobj(file.file, kept)
    return _accepted(call, job)


def _allowed(call: Call, action: str) -> Records:
    """The door to the records, for who may do that with the entity. Raises Refused before there is a job."""
    records = call.records()
    entity = call.path("entity")
    records.fields(entity)
    if not records.can(entity, action):
        label = records.running.app.entities[entity].label
        raise refuse(FORBIDDEN, entity=label, action=ACTIONS[action])
    return records


def _accepted(call: Call, job: str) -> Response:
    """202 with the job; it begins once its row is committed."""
    jobs = jobs_of(call)
    call.afterwards.append(jobs.wake)
    told = jobs.get(call.connection, call.viewer, job)
    return json_answer(told, 202, {"Location": f"/api/v1/jobs/{job}"})


def _text(form: FormData, name: str) -> str | None:
    value = form.get(name)
    return value if isinstance(value, str) and value else None


def _flag(form: FormData, name: str) -> bool:
    value = _text(form, name)
    if value not in (None, "true", "false"):
        raise json_body.wrong_member(name, "应为 true 或 false", "true or false")
    return value == "true"


def routes(prefix: str) -> list[Route]:
    """Its routes."""
    return [
        Route(prefix + "/{entity}/export", writes(export_records), methods=["POST"]),
        Route(prefix + "/{entity}/import", writes(import_records, body="form"), methods=["POST"]),
    ]
