"""Saving views from a list's page: as a new one, over the one that is open, and what its tab's menu does."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_platform import saved_views
from dougong_platform.http.pages.views import builder_here, view_here
from dougong_platform.http.pages.visit import Here, Pages, Visit, go
from dougong_runtime.errors import NOT_FOUND, Refused, refuse
from dougong_runtime.pages.layout import UNSAID
from dougong_runtime.pages.lists import ListBuilder, ListState, keeping
from dougong_runtime.pages.lists.tabs import views_for
from dougong_runtime.pages.saved import SavedView
from dougong_runtime.pages.views import main_view


def routes(pages: Pages) -> list[BaseRoute]:
    """Below a view's address."""
    view = "/apps/{app}/views/{view}"
    return [
        pages.get(view + "/menu", menu),
        pages.get(view + "/saving", saving),
        pages.post(view + "/save-as", save_as),
        pages.post(view + "/save", save),
        pages.post(view + "/manage", manage),
    ]


def menu(visit: Visit) -> Response:
    """The menu of the open view's tab."""
    with visit.reading() as here:
        builder = builder_here(here)
        page_tab = next(t for t in builder.tabs() if t.current)
        return here.block("list_views.html", "menu", tab=page_tab, **_around(here, builder))


def saving(visit: Visit) -> Response:
    """The form that saves what is shown as a new view."""
    with visit.reading() as here:
        builder = builder_here(here)
        return here.block("list_views.html", "saving", error="", name="", **_around(here, builder))


def _around(here: Here, builder: ListBuilder) -> dict[str, Any]:
    frame, reader = builder.frame, here.reader
    roles = frame.desk.app.roles
    saved = frame.view.saved
    by = here.desk().records.titles("user", [saved.by]).get(saved.by, "") if saved and not saved.mine else ""
    return {
        "base": frame.base,
        "query": urlencode(frame.state.pairs("cursor")),
        "link": frame.state.address(frame.base),
        "saved": saved,
        "by": by,
        "mine": builder.mine,
        "roles": [(name, reader.label(roles[name].label)) for name in builder.mine.roles],
    }


def _shown(here: Here) -> ListBuilder:
    """The list as it was shown when the form was made."""
    desk, view, mine = view_here(here)
    given = dict(parse_qsl(here.visit.text("query"), keep_blank_values=True))
    return ListBuilder(desk, view, ListState.of(given), mine)


def _roles_given(visit: Visit) -> list[str] | None:
    """Whom a form shares with: nobody, everybody (an empty list), or the roles that are ticked."""
    match visit.text("who"):
        case "everyone":
            return []
        case "roles":
            return [str(r) for r in visit.form.getlist("role")] or None
    return None


def save_as(visit: Visit) -> Response:
    """A new view out of what is shown."""
    try:
        with visit.writing() as here:
            builder = _shown(here)
            frame = builder.frame
            saved = frame.view.saved
            made = saved_views.create(
                here.connection,
                frame.desk.app,
                here.viewer,
                here.site.clock.now(),
                entity=frame.entity.name,
                base=saved.base if saved is not None else frame.view.name,
                name=visit.text("name"),
                state=keeping.state_of(frame),
                roles=_roles_given(visit),
            )
            return away(visit, f"{frame.desk.address}/views/{made.id}")
    except Refused as refused:
        with visit.reading() as here:
            if not visit.is_fragment:
                raise
            around = _around(here, _shown(here))
            said = here.said(refused)
            return here.block("list_views.html", "saving", error=said, name=visit.text("name"), **around)


def save(visit: Visit) -> Response:
    """The open view says from now on what is shown."""
    with visit.writing() as here:
        builder = _shown(here)
        frame = builder.frame
        saved = _saved(frame.view.saved)
        saved_views.change(
            here.connection,
            frame.desk.app,
            here.viewer,
            here.site.clock.now(),
            saved,
            state=keeping.state_of(frame),
            version=visit.whole("version"),
        )
        app, entity = frame.desk.app.name, frame.entity.name
        saved_views.keep_layout(here.connection, here.viewer, app, entity, saved.id, UNSAID)
        return go(frame.base)


def manage(visit: Visit) -> Response:
    """Rename, share or delete the open view; let it open first; move its tab."""
    do = visit.text("do")
    with visit.writing() as here:
        desk, view, mine = view_here(here)
        app, entity, now = desk.app, view.entity.name, here.site.clock.now()
        base = f"{desk.address}/views/{view.name}"
        match do:
            case "rename":
                saved = _saved(view.saved)
                saved_views.change(here.connection, app, here.viewer, now, saved, name=visit.text("name"))
            case "share":
                saved = _saved(view.saved)
                saved_views.change(
                    here.connection, app, here.viewer, now, saved, sharing=True, roles=_roles_given(visit)
                )
            case "delete":
                saved_views.delete(here.connection, app, here.viewer, now, _saved(view.saved))
                return go(f"{desk.address}/views/{main_view(app, entity)}")
            case "default" | "undefault":
                chosen = view.name if do == "default" else ""
                saved_views.choose_default(here.connection, here.viewer, app.name, entity, chosen)
            case "left" | "right":
                frame = ListBuilder(desk, view, ListState(), mine).frame
                names = [v.name for v in views_for(frame, mine)]
                at = names.index(view.name)
                to = max(0, min(at + (-1 if do == "left" else 1), len(names) - 1))
                names.insert(to, names.pop(at))
                saved_views.choose_order(here.connection, here.viewer, app.name, entity, names)
            case _:
                raise refuse(NOT_FOUND)
        return go(base if view.saved is not None else f"{base}?as={view.type}")


def away(visit: Visit, address: str) -> Response:
    """To another page, after a form that htmx sent or the browser itself."""
    return Response(status_code=204, headers={"HX-Redirect": address}) if visit.is_fragment else go(address)


def _saved(view: SavedView | None) -> SavedView:
    if view is None:
        raise refuse(NOT_FOUND)
    return view
