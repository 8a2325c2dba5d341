"""Parts of a list that are asked for as they are needed: further rows of a group, totals, panels and menus; and what a
click in them makes of the columns and the order."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_platform import saved_views
from dougong_platform.http.pages.views import builder_here, rows_block
from dougong_platform.http.pages.visit import Here, Pages, Visit, go
from dougong_runtime.errors import NOT_FOUND, refuse
from dougong_runtime.pages.desk import count_text
from dougong_runtime.pages.lists import ListBuilder, columns, groups, heads, totals
from dougong_runtime.pages.lists.head_menu import head_menu
from dougong_runtime.records.query import LIMIT_DEFAULT


def routes(pages: Pages) -> list[BaseRoute]:
    """Below a view's address."""
    view = "/apps/{app}/views/{view}"
    return [
        pages.get(view + "/rows", rows),
        pages.get(view + "/totals", below),
        pages.get(view + "/columns", columns_panel),
        pages.get(view + "/order", order_panel),
        pages.get(view + "/head", head),
        pages.post(view + "/arrange", arrange),
    ]


def rows(visit: Visit) -> Response:
    """Further rows of one group."""
    with visit.reading() as here:
        builder = builder_here(here)
        frame = builder.frame
        values = visit.request.query_params.getlist("of")
        if not frame.groups or len(values) != len(frame.groups):
            raise refuse(NOT_FOUND)
        found = groups.page_of(frame, values, LIMIT_DEFAULT)
        more = groups.group_address(frame, values, found.next)
        return rows_block(here, builder, builder.rows(found), more)


def below(visit: Visit) -> Response:
    """What stands below the columns of a long list."""
    with visit.reading() as here:
        frame = builder_here(here).frame
        count, found = totals.counted(frame)
        around = {"heads": frame.shown_columns}
        return here.block(
            "list_parts.html", "totals", list=around, totals=found, count_text=count_text(count, True)
        )


def columns_panel(visit: Visit) -> Response:
    """The panel in which columns are chosen."""
    with visit.reading() as here:
        frame = builder_here(here).frame
        panel = columns.panel(frame, visit.query("at"))
        return here.block("list_panels.html", "columns", panel=panel, base=frame.base)


def order_panel(visit: Visit) -> Response:
    """The panel in which the order is put together."""
    with visit.reading() as here:
        builder = builder_here(here)
        return here.block("list_panels.html", "order", **_order(builder), base=builder.frame.base)


def _order(builder: ListBuilder) -> dict[str, Any]:
    frame = builder.frame
    keys = heads.sort_keys(frame)
    used = {k.path for k in keys}
    offers = [
        h for h in (heads.head(frame, c, 0) for c in frame.shown_columns) if h.add_href and h.path not in used
    ]
    return {"keys": keys, "offers": offers}


def head(visit: Visit) -> Response:
    """The menu of a column's head."""
    with visit.reading() as here:
        frame = builder_here(here).frame
        menu = head_menu(frame, visit.query("path"))
        if menu is None:
            raise refuse(NOT_FOUND)
        return here.block("list_panels.html", "head", menu=menu, base=frame.base)


def arrange(visit: Visit) -> Response:
    """One act on the columns, kept for the reader, or on the order; gives the list as it stands then, and its address."""
    do = visit.text("do") or visit.query("do")
    with visit.writing() as here:
        builder = builder_here(here)
        frame = builder.frame
        if do.startswith("sort:"):
            _, path, place = [*do.split(":"), "", ""][:3]
            keys = heads.placed(frame.sort, path, int(place) if place.isdecimal() and len(place) < 4 else 0)
            state = replace(frame.state, sort=",".join(keys), cursor="")
            return _shown(here, ListBuilder(frame.desk, frame.view, state, builder.mine))
        layout = columns.arranged(frame, do)
        if layout is None:
            raise refuse(NOT_FOUND)
        app, entity, view = frame.desk.app.name, frame.entity.name, frame.view.name
        saved_views.keep_layout(here.connection, here.viewer, app, entity, view, layout)
        state = replace(
            frame.state, columns=layout.columns, freeze=layout.freeze, totals=layout.totals, cursor=""
        )
        mine = replace(builder.mine, kept={**builder.mine.kept, view: layout})
        return _shown(here, ListBuilder(frame.desk, frame.view, state, mine))


def _shown(here: Here, builder: ListBuilder) -> Response:
    """The list as it stands now, and the panels that are open beside it."""
    frame = builder.frame
    address = frame.state.address(frame.base)
    if not here.visit.is_fragment:
        return go(address)
    response = here.block(
        "list_panels.html",
        "arranged",
        list=builder.page(),
        panel=columns.panel(frame, here.visit.text("at")),
        base=frame.base,
        **_order(builder),
    )
    response.headers["HX-Replace-Url"] = address
    return response
