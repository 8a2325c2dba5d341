"""What a person opens and stars, kept as they go; on records that they may read, and never while viewing as another."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_platform import personal, talking
from dougong_platform.http.pages.visit import Here, Pages, Visit, go
from dougong_runtime.errors import NOT_FOUND, Refused, refuse
from dougong_runtime.pages.blocks_personal import leads
from dougong_runtime.pages.desk import Desk
from dougong_runtime.pages.personal import Star
from dougong_runtime.pages.shell import Toast


def routes(pages: Pages) -> list[BaseRoute]:
    """Below a record's address."""
    base = "/apps/{app}/{entity}/{id}"
    return [
        pages.post(base + "/opened", opened),
        pages.post(base + "/star", star),
        pages.post(base + "/tick", tick),
    ]


def _readable(here: Here) -> tuple[Desk, str, str]:
    """The app, entity and record that the address names. Raises Refused (NOT_FOUND) where it may not be read."""
    desk = here.desk()
    entity, record = here.entity(desk).name, here.visit.path("id").lower()
    if record not in desk.records.titles(entity, [record]):
        raise refuse(NOT_FOUND)
    return desk, entity, record


def opened(visit: Visit) -> Response:
    """Keep that the record was opened, and its notices read; sent by the page once it is shown."""
    with visit.writing() as here:
        desk, entity, record = _readable(here)
        now = here.site.clock.now()
        personal.opened(here.connection, here.viewer, desk.app.name, entity, record, now)
        talking.inbox(here.site, here.connection, here.viewer).mark_record(record, now)
    return Response(status_code=204)


def star(visit: Visit) -> Response:
    """Star the record, or take the star off; gives the button as it stands then."""
    on = visit.text("on") == "1"
    with visit.writing() as here:
        desk, entity, record = _readable(here)
        if on:
            now = here.site.clock.now()
            personal.star(here.connection, here.viewer, desk.app.name, entity, record, now)
        else:
            personal.unstar(here.connection, here.viewer, desk.app.name, entity, record)
        href = desk.href(entity, record)
        if visit.is_fragment:
            return here.block("personal.html", "star", star=Star(href, on))
    return go(href)


def tick(visit: Visit) -> Response:
    """A task done: its record moved to the stage that its list names. Gone from the list, with word of it; what is
    refused stays, with the sentence."""
    to, version = visit.text("to"), visit.whole("version")
    try:
        with visit.writing() as here:
            desk = here.desk()
            entity, record = here.entity(desk), visit.path("id").lower()
            option = entity.stage.option(to) if entity.stage is not None else None
            if entity.stage is None or option is None:
                raise refuse(NOT_FOUND)
            was = desk.records.get(entity.name, record).get(entity.stage.name)
            changed = desk.records.update(entity.name, record, {entity.stage.name: to}, version=version)
            told = here.reader.t(
                "tasks.ticked", what=desk.title(entity, changed), stage=here.reader.label(option.label)
            )
            if visit.is_fragment:
                back = (("to", str(was)), ("version", str(changed["version"])))
                leads_back = leads(desk, entity, changed, str(was))
                undo = f"{desk.href(entity.name, record)}/tick" if leads_back else ""
                return here.done(Toast(told, undo, values=back if undo else (), in_place=True))
            return go(f"{desk.address}?done=moved")
    except Refused as refused:
        if refused.status == 404 or not visit.is_fragment:
            raise
        with visit.reading() as here:
            answer = here.done(Toast(here.said(refused), icon="alert-triangle"), changed=False)
            answer.headers["HX-Reswap"] = "none"
            return answer
