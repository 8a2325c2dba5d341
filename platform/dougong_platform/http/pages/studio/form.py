"""A form on its canvas: its paper, the palette beside it, the properties of what is chosen, and what builders do to it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, cast, get_args

from markupsafe import escape
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute

from dougong_designer.entities.types import found_by, grouped, icon_of
from dougong_designer.layouts import Place, Way, acts
from dougong_designer.layouts.acts import Acted
from dougong_designer.layouts.drawing import Drawer, Paper
from dougong_designer.layouts.properties import node_at
from dougong_platform.http.pages.studio.acting import acted, acting
from dougong_platform.http.pages.studio.base import open_studio, part
from dougong_platform.http.pages.studio.canvases import CANVASES, Canvas
from dougong_platform.http.pages.studio.layout_panel import panel_of
from dougong_platform.http.pages.visit import Here, Pages, Visit
from dougong_platform.studio import Studio
from dougong_runtime.errors import NOT_FOUND, Refused, refuse
from dougong_runtime.fields import FIELD_TYPES
from dougong_runtime.pages.desk import count_text
from dougong_runtime.records.query import Query

TEMPLATE = "studio/form.html"
PARTS = (("section", "layout-list"), ("tabs", "layout-navbar"), ("list", "table"), ("text", "text-size"))
"""What can be put on a form beside fields, with icons."""


def routes(pages: Pages) -> list[BaseRoute]:
    """Below `/studio/{app}/form/{name}`."""
    base = "/studio/{app}/form/{name}"
    return [
        pages.get(base + "/paper", paper),
        pages.get(base + "/palette", palette),
        pages.get(base + "/properties", properties),
        pages.get(base + "/touched", touched),
        pages.post(base + "/do", do),
    ]


def key_of(visit: Visit, kind: str) -> str:
    """The key of the document that the address names."""
    return f"{kind}/{visit.path('name')}"


def drawer(here: Here, studio: Studio, key: str, at: str = "") -> Drawer:
    """What draws a form, with what its builder has chosen and opened."""
    studio.draft.document(key)
    opened = [one for one in here.visit.query("open").split(",") if one]
    chosen = at or here.visit.query("at")
    draft = studio.draft
    return Drawer(draft.documents, draft.original, draft.app, key, here.reader, chosen, opened)


@CANVASES.adding("form")
def drawing(here: Here, studio: Studio, key: str) -> Canvas:
    """The canvas of a form."""
    made = drawer(here, studio, key)
    return Canvas(TEMPLATE, {**shown(here, made.paper(), made.at), **panel_of(here, studio, key, made.at)})


def shown(here: Here, drawn: Paper, at: str) -> dict[str, Any]:
    """What the template draws the canvas and its palette from."""
    label = here.reader.label
    new = [
        (
            label(group.label),
            [
                (name, label(FIELD_TYPES.get(name).label), icon_of(name), found_by(name))
                for name in group.types
            ],
        )
        for group in grouped()
    ]
    return {"paper": drawn, "at": at, "palette_types": new, "palette_parts": PARTS, "form": _FORM}


_FORM = {"today": "", "entity": ""}
"""What inputs ask of the form around them: on paper, nothing."""


def paper(visit: Visit) -> Response:
    """The paper again."""
    with visit.reading() as here:
        studio, key = open_studio(here), key_of(visit, "form")
        made = drawer(here, studio, key)
        return part(here, studio, TEMPLATE, "paper", key, **shown(here, made.paper(), made.at))


def palette(visit: Visit) -> Response:
    """The palette again."""
    with visit.reading() as here:
        studio, key = open_studio(here), key_of(visit, "form")
        made = drawer(here, studio, key)
        return part(here, studio, TEMPLATE, "palette", key, **shown(here, made.paper(), made.at))


def properties(visit: Visit) -> Response:
    """The properties of what is chosen, or of the form itself."""
    with visit.reading() as here:
        studio, key = open_studio(here), key_of(visit, "form")
        return part(
            here,
            studio,
            "studio/layout_panel.html",
            "panel",
            key,
            **panel_of(here, studio, key, visit.query("at")),
        )


def touched(visit: Visit) -> Response:
    """How many records show what is chosen today, of those that the builder may read in the running version."""
    with visit.reading() as here:
        studio = open_studio(here)
        data = studio.draft.document(key_of(visit, "form"))
        shown = str(node_at(data, visit.query("at")).get("show", ""))
        return HTMLResponse(escape(_counted(here, str(data.get("entity", "")), shown)))


def _counted(here: Here, entity: str, condition: str) -> str:
    records, t = here.site.records(here.connection, here.viewer, here.visit.path("app")), here.reader.t
    if not records.can(entity, "read"):
        return t("layout.may_not_count")
    try:
        all_ = records.list(Query(entity, limit=1, fields=("id",)))
        some = records.list(Query(entity, condition or None, limit=1, fields=("id",)))
    except Refused:
        return t("layout.untold")
    label = here.reader.label(records.running.app.entities[entity].label)
    return t(
        "layout.touched",
        all=count_text(all_.count, all_.count_is_exact),
        n=count_text(some.count, some.count_is_exact),
        entity=label,
    )


def do(visit: Visit) -> Response:
    """One act on the form; `do` names it. Answers with the paper as it is then."""
    key = key_of(visit, "form")

    def drawn(here: Here, studio: Studio, at: str) -> bytes:
        made = drawer(here, studio, key, at)
        html = part(here, studio, TEMPLATE, "paper", key, **shown(here, made.paper(), at))
        return bytes(html.body)

    return done(visit, key, lambda documents: _act(visit, documents, key), drawn)


def done(
    visit: Visit,
    key: str,
    act: Callable[[Any], Acted],
    drawn: Callable[[Here, Studio, str], bytes],
) -> Response:
    """Carry out an act on a canvas, and answer with the canvas; what was refused leaves it as it is."""

    def acting_on(here: Here, studio: Studio) -> Response:
        studio.draft.document(key)
        made = act(studio.draft.documents)
        step = studio.take(made.documents)
        response = acted(here, studio, step)
        # What is chosen is told first: what hears of the change asks for its properties.
        told = {"layout-chosen": {"target": "body", "at": made.at}}
        told |= json.loads(response.headers.get("HX-Trigger") or "{}")
        answer = Response(drawn(here, studio, made.at), media_type="text/html")
        answer.headers["HX-Trigger"] = json.dumps(told)
        return answer

    response = acting(visit, acting_on)
    if "draft-refused" in response.headers.get("HX-Trigger", ""):
        response.headers["HX-Reswap"] = "none"
    return response


def place_of(visit: Visit) -> Place:
    """Where the act puts something."""
    return Place(visit.text("into"), visit.text("before"))


def _act(visit: Visit, documents: Any, key: str) -> Acted:
    at, width, place = visit.text("at"), visit.whole("width"), place_of(visit)
    match visit.text("do"):
        case "place":
            return acts.place_field(documents, key, visit.text("field"), place, width)
        case "field":
            return acts.new_field(documents, key, visit.text("type"), place, width, visit.text("to"))
        case "part":
            return acts.new_part(documents, key, visit.text("part"), place)
        case "move":
            return acts.move(documents, key, at, place, width)
        case "step" if visit.text("way") in get_args(Way):
            return acts.step(documents, key, at, cast(Way, visit.text("way")))
        case "take_out":
            return acts.take_out(documents, key, at)
        case "width":
            return acts.set_width(documents, key, at, width or 1)
        case "set":
            texts = [str(v) for v in visit.form.getlist("value")]
            return acts.put_property(documents, key, at, visit.text("property"), texts)
    raise refuse(NOT_FOUND, name=visit.text("do"))
