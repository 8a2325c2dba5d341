"""A spreadsheet that becomes an entity: sent, its columns looked through and corrected, its rows kept and imported."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_designer import naming
from dougong_designer.spreadsheet import TYPES, SheetColumn
from dougong_designer.spreadsheet.entity import SheetWish, Taken
from dougong_platform import spreadsheets
from dougong_platform.http.jobs import sheets
from dougong_platform.http.jobs.runner import Jobs
from dougong_platform.http.pages.studio.base import open_studio, page
from dougong_platform.http.pages.studio.patterns import Choice, choices
from dougong_platform.http.pages.visit import Here, Pages, Visit, go
from dougong_platform.http.problem_types import BAD_REQUEST, CSRF, NOT_SIGNED_IN
from dougong_platform.spreadsheets import Kept
from dougong_platform.studio import Studio
from dougong_runtime.errors import Refused, refuse
from dougong_runtime.fields.base import FIELD_TYPES
from dougong_runtime.labels import Label

COLUMNS_SHOWN = 200
BAD_SHOWN = 50


def routes(pages: Pages) -> list[BaseRoute]:
    """`/studio/{app}/spreadsheet` and below."""
    own = "/studio/{app}/spreadsheet"
    return [
        pages.get(own, show),
        pages.post(own, receive, large=True),
        pages.get(own + "/{sheet}", columns),
        pages.post(own + "/{sheet}/make", make),
        pages.post(own + "/{sheet}/drop", drop),
        pages.post(own + "/{sheet}/import", import_again),
    ]


@dataclass(frozen=True, slots=True)
class SheetLine:
    """One of the builder's spreadsheets."""

    id: str
    name: str
    rows: int
    at: str
    state: str
    is_new: bool
    may_import: bool
    bad: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ColumnRow:
    """A column on the page: as it was found, and as it is wanted."""

    found: SheetColumn
    take: bool
    label: str
    name: str
    type: str
    to: str
    is_title: bool
    unique: bool
    required: bool


@dataclass(frozen=True, slots=True)
class Head:
    """What is asked of the entity as a whole."""

    label: str
    name: str
    roles: tuple[str, ...]


def show(visit: Visit) -> Response:
    """Where a spreadsheet is sent, and those that were."""
    with visit.reading() as here:
        return _show(here, open_studio(here))


def receive(visit: Visit) -> Response:
    """Take one in; then its columns are shown. It is looked through before anything is written."""
    try:
        with visit.reading() as here:
            file = visit.form.get("file")
            if not isinstance(file, UploadFile) or not file.filename:
                raise refuse(BAD_REQUEST, "file", zh="没有文件。", en="There is no file.")
            looked = spreadsheets.look(here.site, open_studio(here), file.file, Path(file.filename).name)
    except Refused as refused:
        return _refused(visit, refused, lambda here, studio, said: _show(here, studio, said))

    def act(here: Here, studio: Studio) -> str:
        return f"/studio/{studio.name}/spreadsheet/{spreadsheets.keep(here.site, studio, looked)}"

    return _acted(visit, act, lambda here, studio, said: _show(here, studio, said))


def columns(visit: Visit) -> Response:
    """The columns of one, as they were guessed."""
    with visit.reading() as here:
        studio = open_studio(here)
        return _columns(here, studio, spreadsheets.get(studio, visit.path("sheet")))


def make(visit: Visit) -> Response:
    """The entity, as one act; then it is shown."""

    def act(here: Here, studio: Studio) -> str:
        kept = spreadsheets.get(studio, visit.path("sheet"))
        _, key = spreadsheets.make(studio, kept.id, _wish(here, kept))
        return f"/studio/{studio.name}/{key}"

    def again(here: Here, studio: Studio, said: str) -> Response:
        return _columns(here, studio, spreadsheets.get(studio, visit.path("sheet")), said)

    return _acted(visit, act, again)


def drop(visit: Visit) -> Response:
    """Let one go."""

    def act(here: Here, studio: Studio) -> str:
        spreadsheets.drop(here.site, studio, visit.path("sheet"))
        return f"/studio/{studio.name}/spreadsheet"

    return _acted(visit, act, lambda here, studio, said: _show(here, studio, said))


def import_again(visit: Visit) -> Response:
    """Order its import once more."""

    def act(here: Here, studio: Studio) -> str:
        kept = spreadsheets.get(studio, visit.path("sheet"))
        sheets.order_again(here.site, here.connection, kept, studio.running)
        return f"/studio/{studio.name}/spreadsheet"

    response = _acted(visit, act, lambda here, studio, said: _show(here, studio, said))
    _jobs(visit).wake()
    return response


def _jobs(visit: Visit) -> Jobs:
    found: Jobs = visit.request.app.state.jobs
    return found


def _acted(
    visit: Visit,
    act: Callable[[Here, Studio], str],
    again: Callable[[Here, Studio, str], Response],
) -> Response:
    try:
        with visit.writing() as here:
            return go(act(here, open_studio(here, writes=True)))
    except Refused as refused:
        return _refused(visit, refused, again)


def _refused(visit: Visit, refused: Refused, again: Callable[[Here, Studio, str], Response]) -> Response:
    first = (refused.problems or refused.warnings)[0]
    if first.type in (CSRF, NOT_SIGNED_IN) or first.type.status in (403, 404):
        raise refused
    with visit.reading() as here:
        return again(here, open_studio(here), here.said(refused))


# --- what is shown -----------------------------------------------------------------------------------------------
def _show(here: Here, studio: Studio, problem: str = "") -> Response:
    lines = [_line(here, studio, kept) for kept in spreadsheets.mine(studio)]
    reader = here.reader
    values = {"sheets": [line for line, _ in lines], "busy": any(busy for _, busy in lines)}
    return page(
        here, studio, "studio/spreadsheet.html", "", reader.t("sheet.title"), problem=problem, **values
    )


def _line(here: Here, studio: Studio, kept: Kept) -> tuple[SheetLine, bool]:
    reader = here.reader
    entity = next((d for d in studio.draft.documents.values() if d.get("id") == kept.entity), None)
    is_new, may_import, busy = entity is None, False, False
    bad: tuple[str, ...] = ()
    if kept.job is not None:
        told = _jobs(here.visit).get(here.connection, here.viewer, kept.job)
        state, bad = _state(here, told)
        may_import = told["state"] in ("failed", "cancelled")
        busy = told["state"] in ("queued", "running")
        is_new = False
    elif kept.entity is None:
        state = reader.t("sheet.state.new")
    elif entity is None:
        state = reader.t("sheet.state.gone")
    else:
        state = reader.t("sheet.state.waits", entity=reader.label(Label.of(entity.get("label"))))
        may_import = any(e.id == kept.entity for e in studio.running.own_entities)
    line = SheetLine(kept.id, kept.name, kept.rows, reader.moment(kept.at), state, is_new, may_import, bad)
    return line, busy


def _state(here: Here, told: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """A job's state in words, and what is wrong with rows that did not come in."""
    t, outcome = here.reader.t, told["outcome"] or {}
    problems = outcome.get("problems") or (told["problem"] or {}).get("problems") or []
    bad = tuple(str(p.get("detail", "")) for p in problems[:BAD_SHOWN])
    match told["state"]:
        case "queued":
            return t("sheet.state.queued"), bad
        case "running":
            return t("sheet.state.running", done=told["done"]), bad
        case "done" if outcome.get("rejected"):
            return t("sheet.state.rejected", created=outcome["created"], rejected=outcome["rejected"]), bad
        case "done":
            return t("sheet.state.done", created=outcome.get("created", 0)), bad
        case "cancelled":
            return t("sheet.state.cancelled"), bad
    return t("sheet.state.failed"), bad


def _columns(here: Here, studio: Studio, kept: Kept, problem: str = "") -> Response:
    form, reader, documents = here.visit.form, here.reader, studio.draft.documents
    shown = kept.columns[:COLUMNS_SHOWN]
    roles = choices(here, documents, "role")
    if problem:
        head = Head(here.visit.text("label"), here.visit.text("name"), _texts(form, "roles"))
        rows = [_given(form, column) for column in shown]
    else:
        stem = Path(kept.name).stem
        taken = [key.partition("/")[2] for key in documents]
        builds = tuple(role.name for role in roles if role.builds)
        head = Head(stem[:80], naming.name_from(stem, "table", taken), builds)
        rows = [_guessed(column) for column in shown]
    types = [Choice(name, reader.label(FIELD_TYPES.get(name).label)) for name in TYPES]
    return page(
        here,
        studio,
        "studio/spreadsheet_columns.html",
        "",
        kept.name,
        sheet=kept,
        form=head,
        rows=rows,
        left=len(kept.columns) > len(shown),
        types=types,
        entities=choices(here, documents, "entity"),
        roles=roles,
        problem=problem,
    )


def _guessed(column: SheetColumn) -> ColumnRow:
    guess = column.guess
    return ColumnRow(
        column,
        column.filled > 0,
        column.header,
        column.name,
        guess.type,
        guess.to,
        column.is_title,
        column.unique,
        False,
    )


def _given(form: FormData, column: SheetColumn) -> ColumnRow:
    place = column.place

    def text(name: str) -> str:
        found = form.get(f"{name}.{place}")
        return found.strip() if isinstance(found, str) else ""

    return ColumnRow(
        column,
        text("take") == "1",
        text("label"),
        text("name"),
        text("type"),
        text("to"),
        form.get("title") == str(place),
        text("unique") == "1",
        text("required") == "1",
    )


def _texts(form: FormData, name: str) -> tuple[str, ...]:
    return tuple(value for value in form.getlist(name) if isinstance(value, str))


def _wish(here: Here, kept: Kept) -> SheetWish:
    visit = here.visit
    rows = [_given(visit.form, column) for column in kept.columns[:COLUMNS_SHOWN]]
    taken = [
        Taken(r.found.place, r.label, r.name or r.found.name, r.type, r.required, r.unique, r.to)
        for r in rows
        if r.take
    ]
    title = visit.whole("title")
    return SheetWish(
        visit.text("label"),
        visit.text("name"),
        taken,
        -1 if title is None else title,
        _texts(visit.form, "roles"),
        here.viewer.language,
    )
