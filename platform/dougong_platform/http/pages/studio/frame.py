"""The frame of the studio: the bar on top, the tree of documents, problems below; acts by patch, undo, redo."""

from __future__ import annotations

import json

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_designer import patch as patches
from dougong_platform.http.pages.studio.base import acted, acting, open_studio, page, part
from dougong_platform.http.pages.studio.canvases import CANVASES
from dougong_platform.http.pages.visit import Here, Pages, Visit
from dougong_platform.studio import Studio
from dougong_runtime.errors import NOT_FOUND, refuse
from dougong_runtime.labels import Label


def routes(pages: Pages) -> list[BaseRoute]:
    """`/studio/{app}`, its parts, acts, and a page for each document."""
    app = "/studio/{app}"
    return [
        pages.get(app, overview),
        pages.get(app + "/parts/top", top),
        pages.get(app + "/parts/tree", tree),
        pages.get(app + "/parts/problems", problems),
        pages.post(app + "/act", act),
        pages.post(app + "/undo", undo),
        pages.post(app + "/redo", redo),
        pages.get(app + "/{kind}/{name}", document),
    ]


def overview(visit: Visit) -> Response:
    """The studio of an app, before a document is chosen."""
    with visit.reading() as here:
        studio = open_studio(here)
        return page(here, studio, "studio/overview.html", "", here.reader.t("studio.title"))


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


def problems(visit: Visit) -> Response:
    """The problems of the draft, which is linked for it."""
    with visit.reading() as here:
        studio = open_studio(here)
        lines = [p.text(here.reader.language) for p in studio.linked.problems]
        return part(here, studio, "studio/frame.html", "problems", visit.query("key"), problems=lines)


def act(visit: Visit) -> Response:
    """One act by a JSON Patch in the field `patch`; `revision`: the one that it was made against."""

    def amend(here: Here, studio: Studio) -> Response:
        try:
            given = json.loads(visit.text("patch"))
        except ValueError:
            given = None
        return acted(here, studio, studio.amend(patches.read(given), visit.whole("revision")))

    return acting(visit, amend)


def undo(visit: Visit) -> Response:
    """Take back the builder's last act."""
    return acting(visit, lambda here, studio: acted(here, studio, studio.undo()))


def redo(visit: Visit) -> Response:
    """Do again what was taken back last."""
    return acting(visit, lambda here, studio: acted(here, studio, studio.redo()))
