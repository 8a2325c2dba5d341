"""Import and export, as jobs: the request is answered at once, the work goes on in a thread."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response
from starlette.routing import Route

from dougong_platform.http import json_body, parameters
from dougong_platform.http.answers import json_answer
from dougong_platform.http.api.jobs import jobs_of
from dougong_platform.http.endpoint import Call, writes
from dougong_platform.http.jobs.runner import Doing, Outcome, Work
from dougong_platform.http.problem_types import BAD_REQUEST, UNKNOWN_MEMBER
from dougong_platform.http.problems import describe
from dougong_platform.http.viewer import CSRF_FIELD
from dougong_platform.site import Site
from dougong_runtime.errors import FORBIDDEN, Problem, Refused, problem_type, refuse
from dougong_runtime.labels import Label
from dougong_runtime.names import nearest
from dougong_runtime.records.door import Records
from dougong_runtime.records.query import Query
from dougong_runtime.transfer.export import FORMATS, export
from dougong_runtime.transfer.load import load
from dougong_runtime.transfer.row_reader import BadCell

BAD_CELLS_MAX = 1_000
"""Bad cells that an answer lists."""

BAD_ROW = problem_type(
    "bad-row",
    422,
    "第 {line} 行「{column}」的值 {value}：{zh}",
    "Line {line}, “{column}”, value {value}: {en}",
    remedy=("改正后重新导入。", "Correct it and import again."),
)
ACTIONS = {"export": Label("导出", "exporting"), "import": Label("导入", "importing")}
FORM_FIELDS = ("file", "key", "dry_run", "keep_good", CSRF_FIELD)


def export_records(call: Call) -> Response:
    """`POST /{entity}/export` `{format, filter, fields, sort, search}`: a job whose result is the file."""
    parameters.parameters(call.request)
    body = call.json("format", "filter", "fields", "sort", "search")
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
    work = jobs_of(call).prepare(call.connection, call.viewer, "export", call.path("app"), query.entity)
    return _accepted(call, work, partial(_export, call.site, call.path("app"), query, form))


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
    work = jobs_of(call).prepare(
        call.connection, call.viewer, "import", call.path("app"), call.path("entity")
    )
    upload = work.folder / "upload"
    with upload.open("wb") as kept:
        shutil.copyfileobj(file.file, kept)
    doing = partial(_import, call.site, call.path("app"), call.path("entity"), upload, options)
    return _accepted(call, work, doing)


def _allowed(call: Call, action: str) -> Records:
    """The door to the records, for who may do that with the entity. Raises Refused before there is a job."""
    records = call.records()
    entity = call.path("entity")
    records.fields(entity)
    if not records.can(entity, action):
        label = records.running.app.entities[entity].label
        raise refuse(FORBIDDEN, entity=label, action=ACTIONS[action])
    return records


def _accepted(call: Call, work: Work, doing: Doing) -> Response:
    """202 with the job; it begins once its row is committed."""
    jobs = jobs_of(call)
    call.afterwards.append(lambda: jobs.submit(work, doing))
    told = jobs.get(call.connection, call.viewer, work.job)
    return json_answer(told, 202, {"Location": f"/api/v1/jobs/{work.job}"})


class _LateAudit(Records):
    """Records for a file that takes long to write: the export is audited afterwards, so that SQLite's only writer is
    not held meanwhile. Until then the file is nobody's to take."""

    late: tuple[str, int, Mapping[str, Any]] | None = None

    def exported(self, entity: str, count: int, facts: Mapping[str, Any]) -> None:
        """Remember it."""
        self.late = (entity, count, facts)


def _export(site: Site, app: str, query: Query, form: str, work: Work) -> Outcome:
    name = f"result.{form.partition('-')[0]}"
    with site.database.read() as connection, (work.folder / name).open("wb") as out:
        running, zone = site.running(connection, app), site.settings.time_zone
        records = _LateAudit(running, connection, work.viewer, site.clock, time_zone=zone)
        rows = export(records, query, form, out, progress=work.progress)
    if records.late is not None:
        with site.database.write() as connection:
            site.records(connection, work.viewer, app).exported(*records.late)
    work.progress(rows, rows)
    return Outcome({"rows": rows}, name)


def _import(
    site: Site, app: str, entity: str, upload: Path, options: Mapping[str, Any], work: Work
) -> Outcome:
    """Raises Refused with every bad cell where nothing was kept for their sake."""
    try:
        with site.database.write() as connection:
            records = site.records(connection, replace(work.viewer, via="import"), app)
            loaded = load(records, entity, upload, progress=work.progress, **options)
    finally:
        upload.unlink(missing_ok=True)
    problems = [_bad_cell(cell) for cell in loaded.bad[:BAD_CELLS_MAX]]
    if problems and not loaded.saved and not options["dry_run"]:
        raise Refused(problems)
    said = describe(Refused(problems), work.viewer.language, work.job).body["problems"] if problems else []
    return Outcome(
        {
            "rows": loaded.rows,
            "created": loaded.created,
            "updated": loaded.updated,
            "rejected": loaded.rejected,
            "problems": said,
            "ignored": list(loaded.ignored),
            "saved": loaded.saved,
            "stopped": loaded.stopped,
        }
    )


def _bad_cell(cell: BadCell) -> Problem:
    facts = {"line": cell.line, "column": cell.column, "value": cell.value}
    return Problem(BAD_ROW, cell.column or None, facts | {"zh": cell.reason.zh, "en": cell.reason.en})


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
