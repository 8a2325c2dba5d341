"""From one record to the next in the list that a person came from.

The list travels as `from`: its view and its parameters as they stand in its address, written in letters that an address
takes as they are. Whoever opens such an address walks the same list under their own access.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_platform.http.pages.views import view_named
from dougong_platform.http.pages.visit import Here, Pages, Visit
from dougong_runtime.errors import NOT_FOUND, Refused, refuse
from dougong_runtime.pages.lists import Frame, ListState
from dougong_runtime.records.query import COUNT_LIMIT

FROM_MAX = 4_000
"""Characters of it; a longer list is not walked."""
SORTS_MAX = 5


@dataclass(frozen=True, slots=True)
class Walk:
    """What stands in the bar: `3 / 8,426`, and the ways on."""

    place: str
    before: str
    after: str


def routes(pages: Pages) -> list[BaseRoute]:
    """Below a record's address."""
    return [pages.get("/apps/{app}/{entity}/{id}/walk", walk)]


def came_from(visit: Visit) -> str:
    """The list of the address, as it travels on; empty where there is none."""
    found = visit.query("from")
    return found if len(found) <= FROM_MAX and list_of(found) is not None else ""


def list_of(text: str) -> tuple[str, str] | None:
    """A view's name and the parameters of its address."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except (ValueError, binascii.Error):
        return None
    view, _, query = raw.partition("?")
    return (view, query) if view and view.replace("-", "").replace("_", "").isalnum() else None


def walk(visit: Visit) -> Response:
    """The place of the record in its list, and its neighbours."""
    with visit.reading() as here:
        desk = here.desk()
        entity, record = here.entity(desk), visit.path("id").lower()
        came = came_from(visit)
        frame = _frame(here, came)
        if frame is None or frame.entity.name != entity.name:
            raise refuse(NOT_FOUND)
        order = tuple(dict.fromkeys([*frame.groups, *frame.sort]))[:SORTS_MAX]
        try:
            found = desk.records.neighbours(frame.query(sort=order), record)
        except Refused as refused:
            if refused.status == 404:
                raise
            return Response("", media_type="text/html")
        place = f"{found.place:,} / {found.count:,}" if found.is_exact else f"{COUNT_LIMIT:,}+"

        def way(id: str | None) -> str:
            return f"{desk.href(entity.name, id)}?from={came}" if id else ""

        shown = Walk(place, way(found.before), way(found.after))
        return here.block("record.html", "walk", walk=shown)


def _frame(here: Here, came: str) -> Frame | None:
    found = list_of(came) if came else None
    if found is None:
        return None
    desk, view, _mine = view_named(here, found[0])
    state = ListState.of(dict(parse_qsl(found[1], max_num_fields=30)))
    return Frame(desk, view, state)
