"""Search across apps, as a page and in the command palette."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_platform.http.pages.visit import Pages, Visit
from dougong_runtime.pages import found
from dougong_runtime.pages.found import HitGroup

PALETTE_GROUPS = 6


def routes(pages: Pages) -> list[BaseRoute]:
    """`/search` and its short form."""
    return [pages.get("/search", show), pages.get("/search/palette", palette)]


def show(visit: Visit) -> Response:
    """What matches in every app that the reader may open."""
    text = visit.query("q").strip()
    with visit.reading() as here:
        groups = [g for a in here.apps() for g in found.find(here.desk(a.name), text)] if text else []
        if visit.is_fragment:
            return here.block("search.html", "found", q=text, groups=groups)
        return here.page("search.html", here.shell(here.reader.t("search.title")), q=text, groups=groups)


@dataclass(frozen=True, slots=True)
class Palette:
    """What the palette shows."""

    q: str
    groups: list[HitGroup]


def palette(visit: Visit) -> Response:
    """Records, places and acts that match; the app one is in comes first, and alone before anything is typed."""
    text, current = visit.query("q").strip(), visit.query("app")
    with visit.reading() as here:
        names = [a.name for a in here.apps()]
        ordered = sorted(names, key=lambda n: n != current)
        groups: list[HitGroup] = []
        for name in ordered if text else [n for n in ordered if n == current]:
            desk = here.desk(name)
            if text:
                groups += found.records_hits(found.find(desk, text))
            groups += found.places_hits(desk, here.groups(desk), text)
        return here.block("search.html", "palette", palette=Palette(text, groups[:PALETTE_GROUPS]))
