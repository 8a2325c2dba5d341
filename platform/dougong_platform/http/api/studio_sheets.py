"""Spreadsheets that become entities, over the interface."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response
from starlette.routing import Route

from dougong_designer.spreadsheet import SheetColumn
from dougong_designer.spreadsheet.entity import SheetWish, Taken
from dougong_platform import spreadsheets
from dougong_platform.http import json_body, parameters
from dougong_platform.http.answers import json_answer
from dougong_platform.http.api.jobs import jobs_of
from dougong_platform.http.api.studio import stepped, studio_of
from dougong_platform.http.endpoint import Call, reads, writes
from dougong_platform.http.jobs import sheets
from dougong_platform.http.problem_types import BAD_REQUEST, UNKNOWN_MEMBER
from dougong_platform.http.viewer import CSRF_FIELD
from dougong_platform.spreadsheets import Kept, Looked
from dougong_platform.studio import Studio
from dougong_runtime.errors import refuse
from dougong_runtime.labels import Language
from dougong_runtime.names import nearest
from dougong_runtime.transfer.sheets import COLUMNS_MAX

MEMBERS = ("place", "label", "name", "type", "required", "unique", "to", "take")


def receive(call: Call) -> Response:
    """`POST /api/v1/studio/{app}/spreadsheets`, a form with `file` (CSV or XLSX): kept, with what its columns seem to
    hold."""
    studio = studio_of(call, writes=True)
    identity = spreadsheets.keep(call.site, studio, call.found)
    told = _told(call, studio, spreadsheets.get(studio, identity))
    return json_answer(told, 201, {"Location": f"/api/v1/studio/{studio.name}/spreadsheets/{identity}"})


def _look(call: Call) -> Looked:
    """Take the file in and look through it, before anything is written."""
    parameters.parameters(call.request)
    form = call.form if call.form is not None else FormData()
    for name in form:
        if name not in ("file", CSRF_FIELD):
            raise refuse(UNKNOWN_MEMBER, name, name=name, known=("file",), nearest=nearest(name, ("file",)))
    file = form.get("file")
    if not isinstance(file, UploadFile):
        raise refuse(BAD_REQUEST, "file", zh="没有文件。", en="There is no file.")
    return spreadsheets.look(call.site, studio_of(call), file.file, Path(file.filename or "").name)


def list_sheets(call: Call) -> Response:
    """`GET …/spreadsheets`: the caller's own, with what has become of them."""
    parameters.parameters(call.request)
    studio = studio_of(call)
    items = [_summary(call, kept) for kept in spreadsheets.mine(studio)]
    return json_answer({"items": items})


def get_sheet(call: Call) -> Response:
    """`GET …/spreadsheets/{id}`: one, with its columns."""
    parameters.parameters(call.request)
    studio = studio_of(call)
    return json_answer(_told(call, studio, spreadsheets.get(studio, call.path("id"))))


def make_entity(call: Call) -> Response:
    """`POST …/spreadsheets/{id}` `{label, name, language, title, roles, columns}`: the entity, with form, list and menu,
    as one act. `columns`: `{place, label, name, type, required, unique, to, take}`; what is left out is as it was
    guessed, and a column that is not named is taken so. `title`: the place of the column that names a record."""
    parameters.parameters(call.request)
    body = call.json("label", "name", "language", "title", "roles", "columns")
    studio = studio_of(call, writes=True)
    kept = spreadsheets.get(studio, call.path("id"))
    step, key = spreadsheets.make(studio, kept.id, _wish(call, kept, body))
    return stepped(call, studio, step, entity=key.partition("/")[2])


def drop_sheet(call: Call) -> Response:
    """`DELETE …/spreadsheets/{id}`: its rows will not be imported; an entity that was made of it stays."""
    parameters.parameters(call.request)
    spreadsheets.drop(call.site, studio_of(call, writes=True), call.path("id"))
    return Response(status_code=204)


def import_again(call: Call) -> Response:
    """`POST …/spreadsheets/{id}/import`: its import once more, after one that failed; answers with the job."""
    parameters.parameters(call.request)
    call.json()
    studio = studio_of(call, writes=True)
    kept = spreadsheets.get(studio, call.path("id"))
    job = sheets.order_again(call.site, call.connection, kept, studio.running)
    call.afterwards.append(jobs_of(call).wake)
    told = jobs_of(call).get(call.connection, call.viewer, job)
    return json_answer(told, 202, {"Location": f"/api/v1/jobs/{job}"})


def _wish(call: Call, kept: Kept, body: dict[str, Any]) -> SheetWish:
    language: Language = call.language
    if (given := json_body.text_member(body, "language")) is not None:
        if given not in ("zh", "en"):
            raise json_body.wrong_member("language", "应为 zh 或 en", "zh or en")
        language = "en" if given == "en" else "zh"
    stated = body.get("columns") or []
    if not isinstance(stated, list) or not all(isinstance(one, dict) for one in stated):
        raise json_body.wrong_member("columns", "应为一个列表", "a list of columns")
    by_place: dict[int, dict[str, Any]] = {}
    for one in stated:
        json_body.only(one, MEMBERS)
        by_place[json_body.number_member(one, "place", -1, 0, COLUMNS_MAX)] = one
    guessed = next((c.place for c in kept.columns if c.is_title), -1)
    taken = [_taken(column, by_place.pop(column.place, {})) for column in kept.columns]
    if by_place:
        raise json_body.wrong_member("columns", "没有这一列", "no such column")
    return SheetWish(
        json_body.needed_text(body, "label", length_max=80),
        json_body.text_member(body, "name", length_max=100) or "",
        [one for one in taken if one is not None],
        json_body.number_member(body, "title", guessed, 0, COLUMNS_MAX),
        json_body.names_member(body, "roles"),
        language,
    )


def _taken(column: SheetColumn, given: dict[str, Any]) -> Taken | None:
    if not (json_body.flag_member(given, "take") if "take" in given else column.filled > 0):
        return None
    return Taken(
        column.place,
        json_body.text_member(given, "label", length_max=80) or column.header,
        json_body.text_member(given, "name", length_max=100) or column.name,
        json_body.text_member(given, "type", length_max=40) or column.guess.type,
        json_body.flag_member(given, "required"),
        json_body.flag_member(given, "unique") if "unique" in given else column.unique,
        json_body.text_member(given, "to", length_max=100) or column.guess.to,
    )


def _summary(call: Call, kept: Kept) -> dict[str, Any]:
    job = None if kept.job is None else jobs_of(call).get(call.connection, call.viewer, kept.job)
    return {
        "id": kept.id,
        "name": kept.name,
        "size": kept.size,
        "rows": kept.rows,
        "at": kept.at,
        "entity_id": kept.entity,
        "job": job,
    }


def _told(call: Call, studio: Studio, kept: Kept) -> dict[str, Any]:
    columns = [
        {
            "place": c.place,
            "header": c.header,
            "name": c.name,
            "type": c.guess.type,
            "certainty": c.guess.certainty,
            "to": c.guess.to or None,
            "filled": c.filled,
            "distinct": c.distinct,
            "unique": c.unique,
            "title": c.is_title,
            "samples": list(c.samples),
            "unread": list(c.unread),
        }
        for c in kept.columns
    ]
    return {**_summary(call, kept), "app": studio.name, "columns": columns}


def routes(prefix: str) -> list[Route]:
    """Its routes."""
    own = prefix + "/studio/{app}/spreadsheets"
    return [
        Route(own, reads(list_sheets), methods=["GET"]),
        Route(own, writes(receive, body="form", before=_look), methods=["POST"]),
        Route(own + "/{id}", reads(get_sheet), methods=["GET"]),
        Route(own + "/{id}", writes(make_entity), methods=["POST"]),
        Route(own + "/{id}", writes(drop_sheet), methods=["DELETE"]),
        Route(own + "/{id}/import", writes(import_again), methods=["POST"]),
    ]
