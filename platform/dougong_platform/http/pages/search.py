"""Search across apps, as a page and in the command palette."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_platform.http.pages.homes import own
from dougong_platform.http.pages.preferences import preferences_of
from dougong_platform.http.pages.visit import Here, Pages, Visit
from dougong_runtime.pages import found
from dougong_runtime.pages.found import HitGroup

PALETTE_GROUPS = 7
PALETTE_RECENT = 5
ACTS_MOST = 40
ACTS_ONLY = ">"
"""Typed first, it leaves out records and places."""


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
    """Before anything is typed: what was opened lately, what is starred, and the places of the app one is in. Then
    records, places and acts that match, those of this app first."""
    typed, current = visit.query("q").strip(), visit.query("app")
    with visit.reading() as here:
        names = sorted((a.name for a in here.apps()), key=lambda n: n != current)
        if not typed:
            groups = _before_typing(here, names, current)
        elif typed.startswith(ACTS_ONLY):
            groups = _acts(here, names, typed.removeprefix(ACTS_ONLY).strip(), ACTS_MOST)
        else:
            groups = []
            for desk in map(here.desk, names):
                groups += found.records_hits(found.find(desk, typed))
                groups += found.places_hits(desk, here.groups(desk), typed)
            acts = _acts(here, names, typed, found.ROWS)
            groups = [*groups[: PALETTE_GROUPS - len(acts)], *acts]
        return here.block("search.html", "palette", palette=Palette(typed, groups))


def _before_typing(here: Here, names: list[str], current: str) -> list[HitGroup]:
    mine, t = own(here, [here.desk(n) for n in names]), here.reader.t
    lately = mine.recent(PALETTE_RECENT)
    opened = {one.href for one in lately}
    others = [one for one in mine.starred(PALETTE_RECENT * 2) if one.href not in opened]
    recent = found.kept_hits("recent", t("recent.title"), lately)
    starred = found.kept_hits("starred", t("starred.title"), others[:PALETTE_RECENT])
    there = [here.desk(n) for n in names if n == current]
    places = [g for desk in there for g in found.places_hits(desk, here.groups(desk), "")]
    return [*recent, *starred, *places]


def _acts(here: Here, names: list[str], text: str, limit: int) -> list[HitGroup]:
    created = [g for n in names for g in found.acts_hits(here.desk(n), text, limit)]
    return [*created, *found.own_hits(here.reader, text, preferences_of(here.visit.request).theme)]
