"""A page on its canvas: blocks on twelve columns, the palette of blocks, and what builders do to them."""

from __future__ import annotations

from typing import Any, cast, get_args

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_designer.layouts import Way, acts
from dougong_designer.layouts.acts import Acted
from dougong_designer.layouts.blocks import PageDrawer, new_block
from dougong_platform.http.pages.studio.base import open_studio, part
from dougong_platform.http.pages.studio.canvases import CANVASES, Canvas
from dougong_platform.http.pages.studio.form import done, key_of, place_of
from dougong_platform.http.pages.studio.layout_panel import panel_of
from dougong_platform.http.pages.visit import Here, Pages, Visit
from dougong_platform.studio import Studio
from dougong_runtime.errors import NOT_FOUND, refuse

TEMPLATE = "studio/page.html"


def routes(pages: Pages) -> list[BaseRoute]:
    """Below `/studio/{app}/page/{name}`."""
    base = "/studio/{app}/page/{name}"
    return [
        pages.get(base + "/paper", sheet),
        pages.get(base + "/palette", palette),
        pages.get(base + "/properties", properties),
        pages.post(base + "/do", do),
    ]


def _shown(here: Here, studio: Studio, key: str, at: str = "") -> dict[str, Any]:
    """What the template draws."""
    draft = studio.draft
    draft.document(key)
    opened = [one for one in here.visit.query("open").split(",") if one]
    chosen = at or here.visit.query("at")
    drawer = PageDrawer(draft.documents, draft.original, key, here.reader, chosen, opened)
    return {"sheet": drawer.sheet(), "at": chosen}


@CANVASES.adding("page")
def drawing(here: Here, studio: Studio, key: str) -> Canvas:
    """The canvas of a page."""
    return Canvas(
        TEMPLATE, {**_shown(here, studio, key), **panel_of(here, studio, key, here.visit.query("at"))}
    )


def sheet(visit: Visit) -> Response:
    """The sheet again."""
    return _again(visit, "paper")


def palette(visit: Visit) -> Response:
    """The palette again."""
    return _again(visit, "palette")


def _again(visit: Visit, block: str) -> Response:
    with visit.reading() as here:
        studio, key = open_studio(here), key_of(visit, "page")
        return part(here, studio, TEMPLATE, block, key, **_shown(here, studio, key))


def properties(visit: Visit) -> Response:
    """The properties of what is chosen, or of the page itself."""
    with visit.reading() as here:
        studio, key = open_studio(here), key_of(visit, "page")
        shown = panel_of(here, studio, key, visit.query("at"))
        return part(here, studio, "studio/layout_panel.html", "panel", key, **shown)


def do(visit: Visit) -> Response:
    """One act on the page; `do` names it. Answers with the sheet as it is then."""
    key = key_of(visit, "page")

    def drawn(here: Here, studio: Studio, at: str) -> bytes:
        return bytes(part(here, studio, TEMPLATE, "paper", key, **_shown(here, studio, key, at)).body)

    return done(visit, key, lambda documents: _act(visit, documents, key), drawn)


def _act(visit: Visit, documents: Any, key: str) -> Acted:
    at, place = visit.text("at"), place_of(visit)
    match visit.text("do"):
        case "part":
            return new_block(documents, key, visit.text("part"), place)
        case "move":
            return acts.move(documents, key, at, place)
        case "step" if visit.text("way") in get_args(Way):
            return acts.step(documents, key, at, cast(Way, visit.text("way")))
        case "take_out":
            return acts.take_out(documents, key, at)
        case "width":
            return acts.set_width(documents, key, at, visit.whole("width") or 1)
        case "set":
            texts = [str(v) for v in visit.form.getlist("value")]
            return acts.put_property(documents, key, at, visit.text("property"), texts)
    raise refuse(NOT_FOUND, name=visit.text("do"))
