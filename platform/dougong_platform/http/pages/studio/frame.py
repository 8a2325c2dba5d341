"""The frame of the studio: the bar on top, the tree of documents, problems below; acts by patch, undo, redo, jumps."""

from __future__ import annotations

from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute

from dougong_designer import draft as drafts
from dougong_designer.draft import Step
from dougong_designer.places import href
from dougong_platform.http.pages.studio import tree as trees
from dougong_platform.http.pages.studio.acting import acted, acting, led, patch_of
from dougong_platform.http.pages.studio.base import label_of, open_studio, page, part
from dougong_platform.http.pages.studio.canvases import CANVASES
from dougong_platform.http.pages.visit import Here, Pages, Visit
from dougong_platform.studio import Studio
from dougong_runtime.errors import NOT_FOUND, refuse
from dougong_runtime.labels import Label
from dougong_runtime.pages.shell import Toast

STEPS_AT_ONCE = 30


def routes(pages: Pages) -> list[BaseRoute]:
    """`/studio/{app}`'s parts, acts, and a page for each document."""
    app = "/studio/{app}"
    return [
        pages.get(app + "/parts/top", top),
        pages.get(app + "/parts/tree", tree),
        pages.get(app + "/steps", steps),
        pages.post(app + "/act", act),
        pages.post(app + "/undo", undo),
        pages.post(app + "/redo", redo),
        pages.post(app + "/jump", jump),
        pages.post(app + "/fold", fold, writes=False),
        pages.get(app + "/{kind}/{name}", document),
    ]


def document(visit: Visit) -> Response:
    """A document on the canvas of its kind."""
    with visit.reading() as here:
        studio = open_studio(here)
        kind, name = visit.path("kind"), visit.path("name")
        drawing = CANVASES.find(kind)
        if drawing is None:
            raise refuse(NOT_FOUND)
        key = f"{kind}/{name}"
        label = here.reader.label(Label.of(studio.draft.document(key).get("label"), name))
        canvas = drawing(here, studio, key)
        return page(here, studio, canvas.template, key, label, **canvas.values)


def top(visit: Visit) -> Response:
    """The bar on top again."""
    with visit.reading() as here:
        return part(here, open_studio(here), "studio/frame.html", "top", visit.query("key"))


def tree(visit: Visit) -> Response:
    """The tree again."""
    with visit.reading() as here:
        return part(here, open_studio(here), "studio/frame.html", "tree", visit.query("key"))


def steps(visit: Visit) -> Response:
    """The history, the latest first; `before`: further back."""
    with visit.reading() as here:
        studio = open_studio(here)
        given = visit.query("before")
        before = int(given) if given.isascii() and given.isdecimal() and len(given) < 10 else None
        found = drafts.steps(here.connection, studio.name, before, STEPS_AT_ONCE)
        more = found[-1].number if found and found[-1].number > 1 and len(found) == STEPS_AT_ONCE else 0
        key = visit.query("key")
        values = {"steps": found, "more": more, "first": before is None, "instants": here.reader.moment}
        return part(here, studio, "studio/steps.html", "steps", key, **values)


def act(visit: Visit) -> Response:
    """One act by a JSON Patch in the field `patch`. What was changed meanwhile is shown with both values, for a choice."""

    def amend(here: Here, studio: Studio) -> Response:
        return acted(here, studio, studio.amend(patch_of(visit)))

    return acting(visit, amend)


def undo(visit: Visit) -> Response:
    """Take back the builder's last act, wherever it was."""
    return acting(visit, lambda here, studio: _back(here, studio, studio.undo()))


def redo(visit: Visit) -> Response:
    """Do again what was taken back last."""
    return acting(visit, lambda here, studio: _back(here, studio, studio.redo()))


def jump(visit: Visit) -> Response:
    """Go to how the draft stood after a step; itself a step."""

    def go(here: Here, studio: Studio) -> Response:
        number = visit.whole("step")
        if number is None or number > studio.draft.revision:
            raise refuse(NOT_FOUND)
        step = studio.jump(number)
        return acted(here, studio, None) if step is None else _back(here, studio, step)

    return acting(visit, go)


def _back(here: Here, studio: Studio, step: Step) -> Response:
    """What was taken back, told with a link to where it was; who looks at a document that is gone is led away."""
    key = here.visit.text("key")
    if key and key not in studio.draft.documents:
        return led(studio)
    elsewhere = [k for k in step.documents if k in studio.draft.documents and trees.is_document(k)]
    link = elsewhere[0] if elsewhere and key not in step.documents else ""
    toast = Toast(
        here.reader.label(step.title),
        icon="arrow-forward-up" if step.kind == "redo" else "arrow-back-up",
        href=href(studio.name, link) if link else "",
        link=label_of(here, studio, link),
    )
    return acted(here, studio, step, toast)


def fold(visit: Visit) -> Response:
    """Remember that a group of the tree is folded, or open."""
    with visit.reading() as here:
        open_studio(here)
        response = HTMLResponse("", 204)
        trees.remember_group(response, visit.request, visit.text("kind"), is_open=visit.text("open") == "1")
        return response
