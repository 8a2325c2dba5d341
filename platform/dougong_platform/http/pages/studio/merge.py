"""A version that was published meanwhile, merged into the draft: what both sides changed differently is chosen."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_designer.describing import Described, describe
from dougong_designer.merging import Choices, Conflict, Side
from dougong_platform import merging
from dougong_platform.http.pages.studio.base import ICONS, label_of, open_studio, page
from dougong_platform.http.pages.visit import Here, Pages, Visit, go
from dougong_platform.studio import Studio
from dougong_runtime.errors import Refused

TEMPLATE = "studio/merge.html"
PREFIX = "choice."


@dataclass(frozen=True, slots=True)
class Line:
    """A conflict as the page shows it."""

    place: str
    where: str
    what: str
    base: str
    ours: str
    theirs: str
    choice: str


@dataclass(frozen=True, slots=True)
class Shown:
    """The page."""

    running: int
    is_behind: bool
    conflicts: tuple[Line, ...]
    theirs: tuple[Described, ...]
    said: str


def routes(pages: Pages) -> list[BaseRoute]:
    """`/studio/{app}/merge`."""
    return [pages.get("/studio/{app}/merge", show), pages.post("/studio/{app}/merge", merge)]


def show(visit: Visit) -> Response:
    """What both sides changed differently, each to be chosen."""
    with visit.reading() as here:
        return _page(here, {}, "")


def merge(visit: Visit) -> Response:
    """Merge it as was chosen, as one step of the draft's history; what is undecided is asked again."""
    choices = _choices(visit)
    try:
        with visit.writing() as here:
            studio = open_studio(here, writes=True)
            number = studio.draft.running
            merging.merge(studio, choices, visit.whole("revision"))
            return go(f"/studio/{studio.name}?done=merged&about={number}")
    except Refused as refused:
        if refused.status in (401, 403, 404):
            raise
        with visit.reading() as here:
            return _page(here, choices, here.said(refused))


def _choices(visit: Visit) -> Choices:
    made: dict[str, Side] = {}
    for name, value in visit.form.items():
        if name.startswith(PREFIX) and (value == "ours" or value == "theirs"):
            made[name.removeprefix(PREFIX)] = "ours" if value == "ours" else "theirs"
    return made


def _page(here: Here, choices: Choices, said: str) -> Response:
    studio = open_studio(here)
    draft = studio.draft
    title = here.reader.t("merge.title", n=draft.running)
    if not draft.is_behind:
        made = Shown(draft.running, False, (), (), said)
    else:
        found = merging.find(studio, choices)
        lines = tuple(_line(here, studio, c, choices) for c in found.conflicts)
        made = Shown(draft.running, True, lines, describe(draft.original, studio.running.source), said)
    return page(here, studio, TEMPLATE, "", title, m=made, icons=ICONS)


def _line(here: Here, studio: Studio, conflict: Conflict, choices: Choices) -> Line:
    key = conflict.path[0]
    absent = here.reader.t("merge.absent")
    found = merging.told(studio, conflict, here.reader.language)
    return Line(
        conflict.place,
        label_of(here, studio, key) or key,
        found.where,
        found.base or absent,
        found.ours or absent,
        found.theirs or absent,
        choices.get(conflict.place, ""),
    )
