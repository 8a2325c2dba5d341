"""The bar of problems at the foot of the studio: how many, the first, a list, and mends by one click."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_designer.mending import mend
from dougong_designer.places import anchor, href, steps_of
from dougong_platform.http.pages.studio.acting import acted, acting
from dougong_platform.http.pages.studio.base import label_of, open_studio, part
from dougong_platform.http.pages.visit import Here, Pages, Visit
from dougong_platform.studio import Studio
from dougong_runtime.errors import NOT_FOUND, Problem, refuse
from dougong_runtime.pages.shell import Toast

LISTED_MAX = 100


@dataclass(frozen=True, slots=True)
class Line:
    """One problem, with its place and the name that would mend it."""

    key: str
    text: str
    remedy: str
    href: str
    where: str
    nearest: str
    """The name that a click puts in place of the wrong one; "" where there is none."""


def routes(pages: Pages) -> list[BaseRoute]:
    """`/studio/{app}/parts/problems`, `/studio/{app}/mend`."""
    return [
        pages.get("/studio/{app}/parts/problems", problems),
        pages.post("/studio/{app}/mend", mended),
    ]


def problems(visit: Visit) -> Response:
    """The problems of the draft, which is linked for it."""
    with visit.reading() as here:
        studio = open_studio(here)
        found = studio.linked.problems
        lines = lines_of(here, studio, found)
        values = {"problems": lines, "count": len(found)}
        return part(here, studio, "studio/frame.html", "problems", visit.query("key"), **values)


def lines_of(here: Here, studio: Studio, found: tuple[Problem, ...]) -> list[Line]:
    """Problems as they are listed."""
    return [_line(here, studio, one) for one in found[:LISTED_MAX]]


def _line(here: Here, studio: Studio, problem: Problem) -> Line:
    language, documents = here.reader.language, studio.draft.documents
    key = problem.place.file if problem.place else ""
    data = documents.get(key)
    at = ""
    if data is not None and problem.place is not None:
        steps = steps_of(data, problem.place.path)
        at = anchor(key.partition("/")[0], data, steps) if steps else ""
    address = href(studio.name, key, at) if data is not None else f"/studio/{studio.name}"
    near = str(problem.facts["nearest"]) if mend(documents, problem) is not None else ""
    text, remedy = problem.text(language), "" if near else problem.remedy(language)
    return Line(key, text, remedy, address, label_of(here, studio, key), near)


def mended(visit: Visit) -> Response:
    """Put the nearest right name in place of the wrong one, as one act. `text` and `document`: which problem."""

    def act(here: Here, studio: Studio) -> Response:
        text, key = visit.text("text"), visit.text("document")
        for problem in studio.linked.problems:
            place = problem.place
            if place is not None and place.file == key and text in (problem.text("zh"), problem.text("en")):
                operation = mend(studio.draft.documents, problem)
                if operation is not None:
                    step = studio.amend((operation,))
                    name = here.reader.quoted(str(problem.facts["nearest"]))
                    said = here.reader.t("studio.mended", name=name)
                    undo = f"/studio/{studio.name}/undo"
                    return acted(here, studio, step, Toast(said, undo, in_place=True))
        raise refuse(NOT_FOUND)

    return acting(visit, act)
