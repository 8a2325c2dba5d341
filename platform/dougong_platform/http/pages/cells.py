"""Cells of a list: opened, saved, refused, or told why they stay as they are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_platform import selections
from dougong_platform.acts import Sum
from dougong_platform.http.pages.bulk import jobs_of
from dougong_platform.http.pages.visit import Here, Pages, Visit
from dougong_runtime.errors import NOT_FOUND, Refused, refuse
from dougong_runtime.fields.base import Field, Json
from dougong_runtime.model.app import Entity
from dougong_runtime.names import uuid7
from dougong_runtime.pages.bulk import OneField
from dougong_runtime.pages.cells import cell_form, shown_cells, why_not
from dougong_runtime.pages.desk import Desk
from dougong_runtime.pages.entry import Said
from dougong_runtime.pages.shell import Toast
from dougong_runtime.records.each import Edit, Wish


def routes(pages: Pages) -> list[BaseRoute]:
    """One cell, to be opened and saved."""
    base = "/apps/{app}/{entity}/{id}/cells/{field}"
    return [pages.get(base, opened), pages.post(base, saved)]


def _here(here: Here) -> tuple[Desk, Entity, Field | None, str]:
    desk = here.desk()
    entity = here.entity(desk)
    name = here.visit.path("field")
    of = entity.fields.get(name)
    if of is not None and name not in desk.views(entity.name):
        raise refuse(NOT_FOUND)
    if of is None and "." not in name:
        raise refuse(NOT_FOUND)
    return desk, entity, of, here.visit.path("id").lower()


def _item(desk: Desk, entity: Entity, record: str, of: Field | None) -> Mapping[str, Json]:
    """What is needed of the record, as the reader sees it."""
    names = ("version",) if of is None else (of.name, "version")
    return desk.records.get(entity.name, record, fields=names, titles=True)


def opened(visit: Visit) -> Response:
    """The cell's own input with the value as it stands now, or why there is none."""
    with visit.reading() as here:
        desk, entity, of, record = _here(here)
        item = _item(desk, entity, record, of)
        why = why_not(desk, entity, of, item)
        if why or of is None:
            return here.block("parts/cell.html", "why", why=why)
        return here.block("parts/cell.html", "editor", c=cell_form(desk, entity, of, item))


def saved(visit: Visit) -> Response:
    """Save the cell; answers the cells of its row as they are now, or the input again with what is wrong."""
    batch, at = uuid7(), visit.site.clock.now()
    try:
        with visit.writing() as here:
            desk, entity, of, record = _here(here)
            if of is None:
                raise refuse(NOT_FOUND)
            item = _item(desk, entity, record, of)
            one = OneField(desk, entity, of, item)
            said = one.take(visit.form)
            if said:
                raise _Wrong(said)
            if visit.text("_choice") != "theirs":
                wish = Wish(record, Edit({of.name: one.raw}), visit.whole("_version"))
                many = desk.records.many
                outcome = many.update(entity.name, [wish], reasons=_reasons(visit), batch=batch)
                for refused in outcome.refused.values():
                    raise refused
                many.ended(batch)
        with visit.reading() as here:
            shown = _shown(here)
        if shown is not None:
            return shown
        with visit.writing() as here:
            return _gone(here, batch, at)
    except _Wrong:
        return _again(visit, None, 422)
    except Refused as refused:
        if refused.status in (401, 404):
            raise
        return _again(visit, refused, refused.status)


class _Wrong(Exception):
    def __init__(self, said: list[Said]) -> None:
        self.said = said


def _again(visit: Visit, refused: Refused | None, status: int) -> Response:
    with visit.reading() as here:
        desk, entity, of, record = _here(here)
        if of is None:
            raise refuse(NOT_FOUND)
        item = _item(desk, entity, record, of)
        form = cell_form(desk, entity, of, item, visit.form, refused)
        return here.block("parts/cell.html", "editor", status=status, c=form)


def _shown(here: Here) -> Response | None:
    """The row's cells; None where the change itself has taken the record out of the reader's sight."""
    desk, entity, _, record = _here(here)
    paths = [p for p in here.visit.text("_columns").split(",") if p]
    try:
        title, cells = shown_cells(desk, entity, record, paths)
    except Refused as refused:
        if refused.status != 404:
            raise
        return None
    return here.block("parts/cell.html", "cells", cells=cells, title=title, gone=False)


def _gone(here: Here, batch: str, at: datetime) -> Response:
    """The row goes, which is said, with the way to have it back."""
    desk, entity, _, record = _here(here)
    chosen = selections.name(desk.records, here.connection, entity.name, [record], at)
    figures = Sum(records=1, changed=1).as_json()
    order = {"selection": chosen.id, "act": {"verb": "update"}, "reasons": {}}
    jobs_of(here.visit).settled(
        here.connection, here.viewer, "act", desk.app.name, entity.name, order, figures, job=batch, at=at
    )
    undo = f"{desk.address}/{entity.name}/bulk/{batch}/undo"
    told = Toast(here.reader.t("cells.gone"), undo, in_place=True)
    return here.block("parts/cell.html", "cells", toast=told, cells=(), title="", gone=True)


def _reasons(visit: Visit) -> dict[str, str]:
    given = {k[9:]: v for k, v in visit.form.items() if k.startswith("_reasons.") and isinstance(v, str)}
    return {k: v.strip() for k, v in given.items() if v.strip()}
