"""A dashboard on its canvas: blocks on twelve columns, put and stretched by mouse and keys.

`POST /studio/{app}/grid`: one act. With `at`, the block there is put at `x`, `y`, `w`, `h` (those not given stay); with
`kind`, a new block is put there, `given` being what it shows. The others make room and close up.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_designer import outline_words
from dougong_designer import patch as patches
from dougong_designer.grid import Box, boxes, placed
from dougong_designer.outline import Row, section
from dougong_designer.panel import acts as panel_acts
from dougong_designer.panel import words as panel_words
from dougong_designer.panel.offers import Choice, documents_of
from dougong_designer.panel.schema import inner, member_kinds, place
from dougong_designer.patch import Tokens
from dougong_platform.http.pages.studio.acting import acted, acting
from dougong_platform.http.pages.studio.canvases import CANVASES, Canvas
from dougong_platform.http.pages.studio.general import beside, head
from dougong_platform.http.pages.studio.panel import tokens_at
from dougong_platform.http.pages.visit import Here, Pages, Visit
from dougong_platform.studio import Studio
from dougong_runtime.errors import NOT_FOUND, refuse
from dougong_runtime.labels import Label

TEMPLATE = "studio/grid.html"


def routes(pages: Pages) -> list[BaseRoute]:
    """`/studio/{app}/grid`."""
    return [pages.post("/studio/{app}/grid", put)]


@dataclass(frozen=True, slots=True)
class Placed:
    """A block where it stands."""

    row: Row
    box: Box


@dataclass(frozen=True, slots=True)
class Offer:
    """A kind of block in the palette."""

    name: str
    key: str
    icon: str
    title: Label
    help: Label


@CANVASES.adding("dashboard")
def drawing(here: Here, studio: Studio, key: str) -> Canvas:
    """The canvas of a dashboard."""
    root = place(studio.draft.documents, (key,))
    listing = inner(root, "blocks")
    listed = listing.value if isinstance(listing.value, list) else []
    found = section(studio.draft, listing)
    blocks = [Placed(row, box) for row, box in zip(found.rows, boxes(listed), strict=True)]
    kinds = [
        Offer(
            one.name,
            one.key,
            outline_words.BLOCKS.get(one.name, "point"),
            one.title,
            panel_words.member_help("dashboard", one.name) or one.help,
        )
        for one in member_kinds(listing)
    ]
    reports: tuple[Choice, ...] = documents_of(studio.draft.documents, "report")
    made = {
        "blocks": blocks,
        "listing": patches.pointer(listing.tokens),
        "filters": section(studio.draft, inner(root, "filter")),
        "kinds": kinds,
        "reports": reports,
        "height": max((one.box.y + one.box.h for one in blocks), default=0) + 4,
    }
    return Canvas(TEMPLATE, {**head(here, studio, key), **made, **beside(here, studio, key)})


def put(visit: Visit) -> Response:
    """Put or stretch a block, or add one."""
    return acting(visit, _put)


def _put(here: Here, studio: Studio) -> Response:
    visit = here.visit
    if visit.text("kind"):
        return _added(here, studio, tokens_at(visit.text("list")))
    tokens = tokens_at(visit.text("at"))
    listing = place(studio.draft.documents, tokens[:-1])
    if listing.name != "blocks" or not isinstance(listing.value, list):
        raise refuse(NOT_FOUND)
    block = inner(listing, tokens[-1]).value
    at = next(n for n, one in enumerate(listing.value) if one is block)
    was = boxes(listing.value)[at]
    step = studio.take(_laid(studio, tokens[:-1], placed(listing.value, at, _box(visit, was))))
    return acted(here, studio, step)


def _added(here: Here, studio: Studio, listing: Tokens) -> Response:
    visit, documents = here.visit, studio.draft.documents
    if not listing[0].startswith("dashboard/") or listing[1:] != ("blocks",):
        raise refuse(NOT_FOUND)
    try:
        given: Any = json.loads(visit.text("given") or "{}")
    except ValueError:
        raise refuse(NOT_FOUND) from None
    if not isinstance(given, dict):
        raise refuse(NOT_FOUND)
    today = studio.site.clock.now().date()
    patch, _ = panel_acts.adding(documents, listing, visit.text("kind"), None, today, patches.plain(given))
    made = patches.apply(documents, patch)
    blocks = patches.value_at(made, listing)
    laid = placed(blocks, len(blocks) - 1, _box(visit, Box(0, 0, 6, 4)))
    step = studio.take(_with(made, listing, laid))
    answer = acted(here, studio, step)
    new = patches.value_at(studio.draft.documents, listing)[-1]
    told = json.loads(answer.headers["HX-Trigger"])
    told["member-chosen"] = {"target": "body", "at": patches.pointer((*listing, str(new["id"])))}
    answer.headers["HX-Trigger"] = json.dumps(told)
    return answer


def _laid(studio: Studio, listing: Tokens, blocks: list[Any]) -> dict[str, Any]:
    return _with(dict(studio.draft.documents), listing, blocks)


def _with(documents: dict[str, Any], listing: Tokens, blocks: list[Any]) -> dict[str, Any]:
    return patches.apply(documents, (patches.Operation("replace", listing, blocks),))


def _box(visit: Visit, was: Box) -> Box:
    def number(name: str, now: int) -> int:
        found = visit.whole(name)
        return now if found is None else min(found, 10_000)

    return Box(number("x", was.x), number("y", was.y), number("w", was.w), number("h", was.h))
