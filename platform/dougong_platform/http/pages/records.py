"""A record's page, and what can be done on it: move its stage, reveal a value, delete and bring back."""

from __future__ import annotations

from datetime import date

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_platform import talking
from dougong_platform.http.pages.visit import Here, Pages, Visit, go
from dougong_platform.http.pages.walk import came_from, list_of
from dougong_platform.printing import font_of
from dougong_runtime.errors import NOT_FOUND, Refused, refuse
from dougong_runtime.model.app import Entity
from dougong_runtime.pages.desk import Desk
from dougong_runtime.pages.reading import day
from dougong_runtime.pages.record_page import (
    RecordAddress,
    RecordBuilder,
    RefusedMove,
    refused_delete,
    refused_move,
)
from dougong_runtime.pages.views import main_view

FIRST_DAY, LAST_DAY = date(1000, 1, 1), date(9998, 12, 31)
"""Between them a day's end is an instant in every zone."""


def routes(pages: Pages) -> list[BaseRoute]:
    """`/apps/{app}/{entity}/{id}` and what belongs to it."""
    base = "/apps/{app}/{entity}/{id}"
    return [
        pages.get(base, show),
        pages.get(base + "/tab/{tab}", tab),
        pages.post(base + "/stage", move),
        pages.post(base + "/reveal", reveal),
        pages.post(base + "/delete", delete),
        pages.post(base + "/restore", restore),
    ]


def _builder(here: Here) -> tuple[Desk, Entity, RecordBuilder]:
    desk = here.desk()
    entity = here.entity(desk)
    talk = talking.comments(here.site, desk.records)
    record = here.visit.path("id").lower()
    came = came_from(here.visit)
    found = list_of(came) if came else None
    listed = f"{desk.address}/views/{found[0]}" + (f"?{found[1]}" if found[1] else "") if found else ""
    builder = RecordBuilder(
        desk,
        entity,
        record,
        _as_of(here.visit),
        talk=talk,
        walk=came,
        list_href=listed,
        writes_pdf=font_of(here.site) is not None,
    )
    return desk, entity, builder


def _as_of(visit: Visit) -> date | None:
    asked = day(visit.query("as_of"))
    return asked if asked is not None and FIRST_DAY <= asked <= LAST_DAY else None


def show(visit: Visit) -> Response:
    """The record."""
    with visit.reading() as here:
        return _page(here)


def _page(here: Here, refusal: RefusedMove | None = None, status: int = 200) -> Response:
    desk, entity, builder = _builder(here)
    page = builder.page(here.visit.query("tab"), refusal)
    shell = here.shell(page.title, desk=desk, entity=entity.name, record=builder.record)
    return here.page("record.html", shell, status=status, rec=page)


def tab(visit: Visit) -> Response:
    """A tab's content, when it is shown."""
    with visit.reading() as here:
        desk, entity, builder = _builder(here)
        panel = builder.panel(visit.path("tab"))
        if panel is None:
            raise refuse(NOT_FOUND)
        if panel.kind in ("overview", "page"):
            return here.block("record.html", "tab", panel=panel, rec=builder.page(panel.kind))
        address = RecordAddress(desk.href(entity.name, builder.record), visit.query("as_of"))
        return here.block("record.html", "tab", panel=panel, rec=address)


def move(visit: Visit) -> Response:
    """Move the record to another stage; a refusal is told on its page, with the reasons and the next step."""
    to = visit.text("to")
    try:
        with visit.writing() as here:
            desk = here.desk()
            entity = here.entity(desk)
            if entity.stage is None:
                raise refuse(NOT_FOUND)
            desk.records.update(
                entity.name,
                visit.path("id"),
                {entity.stage.name: to},
                version=visit.whole("version"),
            )
            address = desk.href(entity.name, visit.path("id"))
    except Refused as refused:
        if refused.status == 404:
            raise
        with visit.reading() as here:
            _desk, _entity, builder = _builder(here)
            return _page(here, refused_move(refused, builder, to), refused.status)
    return go(f"{address}?done=moved")


def reveal(visit: Visit) -> Response:
    """The whole of a masked value, for half a minute; it stands in the audit."""
    name = visit.text("field")
    with visit.writing() as here:
        desk, entity, builder = _builder(here)
        value = desk.records.reveal(entity.name, visit.path("id"), name, visit.text("reason"))
        field = entity.fields[name]
        fact = builder.shown(field)
        revealed = {"text": desk.face(field, value).text, "fact": fact}
        return here.block(
            "record.html",
            "revealed",
            rec=RecordAddress(desk.href(entity.name, builder.record)),
            revealed=revealed,
        )


def delete(visit: Visit) -> Response:
    """To the trash, with the way back offered on the list; a refusal is told on the record's page."""
    record = visit.path("id").lower()
    try:
        with visit.writing() as here:
            desk = here.desk()
            entity = here.entity(desk)
            desk.records.delete(entity.name, record)
            address = f"{desk.address}/views/{main_view(desk.app, entity.name)}"
    except Refused as refused:
        if refused.status in (401, 403, 404):
            raise
        with visit.reading() as here:
            _desk, _entity, builder = _builder(here)
            return _page(here, refused_delete(refused, builder), refused.status)
    return go(f"{address}?done=deleted&undo={entity.name}/{record}")


def restore(visit: Visit) -> Response:
    """Out of the trash."""
    with visit.writing() as here:
        desk = here.desk()
        entity = here.entity(desk)
        desk.records.restore(entity.name, visit.path("id"))
        address = desk.href(entity.name, visit.path("id").lower())
    return go(f"{address}?done=restored")
