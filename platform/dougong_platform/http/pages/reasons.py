"""Why something cannot be done on a record, or is not to be seen: asked for where it was refused."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_platform import talking
from dougong_platform.http.pages.visit import Pages, Visit
from dougong_runtime.errors import NOT_FOUND, Refused, refuse
from dougong_runtime.pages.record_page import RecordBuilder
from dougong_runtime.pages.record_page.why import (
    ACTS,
    ASKED_MAX,
    Why,
    why_act,
    why_field,
    why_move,
    why_unseen,
)
from dougong_runtime.records.door import Records


def routes(pages: Pages) -> list[BaseRoute]:
    """Below a record's address."""
    return [pages.get("/apps/{app}/{entity}/{id}/why", why)]


def why(visit: Visit) -> Response:
    """`?field=`, `?act=update|delete`, `?to=` a stage; of a record that is not to be seen, what the roles show."""
    with visit.reading() as here:
        desk = here.desk()
        entity = here.entity(desk)

        def others(roles: Collection[str]) -> Iterable[Records]:
            return talking.holders(here.site, desk.records, roles, ASKED_MAX)

        try:
            look = RecordBuilder(desk, entity, visit.path("id").lower())
        except Refused as refused:
            if refused.status not in (403, 404):
                raise
            found = why_unseen(desk, entity)
        else:
            name, act, to = visit.query("field"), visit.query("act"), visit.query("to")
            if name:
                if name not in look.views:
                    raise refuse(NOT_FOUND)
                found = why_field(look, name, others)
            elif to:
                found = why_move(look, to[:100], others)
            elif act in ACTS:
                found = why_act(look, act, others)
            else:
                raise refuse(NOT_FOUND)
        return _answer(visit, found)


def _answer(visit: Visit, found: Why) -> Response:
    with visit.reading() as here:
        if visit.is_fragment:
            return here.block("why.html", "why", why=found)
        return here.page("why.html", here.shell(found.title), why=found)
