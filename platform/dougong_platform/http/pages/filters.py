"""The panel in which a list's filter is put together, by clicking or as a formula, and what it comes to."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_platform.http.pages.views import builder_here
from dougong_platform.http.pages.visit import Here, Pages, Visit, go
from dougong_runtime.pages import conditions, filters
from dougong_runtime.pages.filters import Filter
from dougong_runtime.pages.lists import Frame, ListBuilder
from dougong_runtime.pages.lists.chips import filtered_state
from dougong_runtime.pages.lists.filter_form import (
    FilterForm,
    Given,
    changed,
    filter_given,
    form,
    text_form,
)


def routes(pages: Pages) -> list[BaseRoute]:
    """Below a view's address."""
    view = "/apps/{app}/views/{view}"
    return [
        pages.get(view + "/filter", panel),
        pages.post(view + "/filter", build, writes=False),
    ]


def panel(visit: Visit) -> Response:
    """The filter in force; where nothing is, one row to begin with."""
    with visit.reading() as here:
        frame = builder_here(here).frame
        found = filters.read(frame.desk.app, frame.entity, frame.formula)
        added = visit.query("add")
        if added or not found.items:
            found = changed(frame, found, "add", added.strip("-"))
        return _shown(here, frame, form(frame, found))


def build(visit: Visit) -> Response:
    """The panel after one act, or the list under the filter that was put together."""
    do = visit.text("do")
    with visit.reading() as here:
        builder = builder_here(here)
        frame = builder.frame
        if visit.text("mode") == "text":
            made = text_form(frame, visit.text("formula"))
            if do == "build":
                made = form(frame, filters.read(frame.desk.app, frame.entity, made.formula))
        else:
            made = _built(frame, visit, do)
        wrong = made.error or any(r.error for b in made.blocks for r in b.rows)
        if do == "apply" and not wrong:
            return _applied(here, builder, made.formula)
        if do == "text":
            made = text_form(frame, made.formula)
        return _shown(here, frame, made)


def _built(frame: Frame, visit: Visit, do: str) -> FilterForm:
    def many(name: str) -> list[str]:
        return [v for v in visit.form.getlist(name) if isinstance(v, str)]

    found: Filter = filter_given(frame, Given(visit.text, many))
    return form(frame, changed(frame, found, do))


def _shown(here: Here, frame: Frame, made: FilterForm) -> Response:
    return here.block("list_filter.html", "panel", f=made, base=frame.base)


def _applied(here: Here, builder: ListBuilder, formula: str) -> Response:
    """The list under another filter; where that is the view's own, the address does not say it."""
    frame = builder.frame
    parts = conditions.parse(frame.desk.app, frame.entity, formula)
    state = filtered_state(frame, [p.text for p in parts])
    address = state.address(frame.base)
    if not here.visit.is_fragment:
        return go(address)
    page = ListBuilder(frame.desk, frame.view, state, builder.mine).page()
    response = here.block("list_filter.html", "applied", list=page)
    response.headers["HX-Push-Url"] = address
    response.headers["HX-Trigger"] = '{"filter-applied": {"target": "body"}}'
    return response
