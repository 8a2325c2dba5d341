"""The canvas of kinds of documents that need no paper of their own: their lists as an outline, and menus of its members.

`GET /studio/{app}/outline?at=<pointer>`        the canvas of the document again
`GET /studio/{app}/member-menu?at=<pointer>`    what can be done to a member, with where it can be moved
`GET /studio/{app}/insert-menu?list=<pointer>`  the kinds of members that a list takes; `before`: where
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_designer import outline_words
from dougong_designer import patch as patches
from dougong_designer.flow import Lane, flow
from dougong_designer.outline import Section, outline
from dougong_designer.panel import words as panel_words
from dougong_designer.panel.place import name_of
from dougong_designer.panel.schema import member_kinds, place
from dougong_designer.patch import Tokens
from dougong_platform.http.pages.studio.base import ICONS, open_studio, part
from dougong_platform.http.pages.studio.canvases import CANVASES, Canvas
from dougong_platform.http.pages.studio.panel import panel_values, tokens_at
from dougong_platform.http.pages.visit import Here, Pages, Visit
from dougong_platform.studio import Studio
from dougong_runtime.documents.kinds import KINDS
from dougong_runtime.errors import NOT_FOUND, Refused, refuse
from dougong_runtime.labels import Label

TEMPLATE = "studio/general.html"
KINDS_SO = ("message", "calendar", "connector")
"""Kinds of documents that are drawn as outlines."""


def routes(pages: Pages) -> list[BaseRoute]:
    """Parts of the canvas."""
    app = "/studio/{app}"
    return [
        pages.get(app + "/outline", canvas),
        pages.get(app + "/member-menu", member_menu),
        pages.get(app + "/insert-menu", insert_menu),
    ]


def drawing(here: Here, studio: Studio, key: str) -> Canvas:
    """A document as an outline."""
    return Canvas(TEMPLATE, {**drawn(here, studio, key), **beside(here, studio, key)})


for _kind in KINDS_SO:
    CANVASES.register(_kind, drawing)


def drawn(here: Here, studio: Studio, key: str) -> dict[str, Any]:
    """What the canvas draws."""
    return {**head(here, studio, key), "sections": _worth(outline(studio.draft, key))}


def _worth(found: tuple[Section, ...]) -> tuple[Section, ...]:
    return tuple(one for one in found if one.is_own or one.rows)


def head(here: Here, studio: Studio, key: str) -> dict[str, Any]:
    """What stands above every canvas, and which address it is fetched again from."""
    kind, _, name = key.partition("/")
    data = studio.draft.document(key)
    return {
        "doc_title": here.reader.label(Label.of(data.get("label"), name)),
        "doc_name": name,
        "doc_kind": here.reader.label(KINDS.get(kind).label),
        "doc_icon": data.get("icon") or ICONS.get(kind, "file"),
        "doc_help": here.reader.label(Label.of(data["help"])) if data.get("help") else "",
        "doc_at": patches.pointer((key,)),
        "doc_key": key,
        "doc_changed": key in studio.draft.changed,
        "at": patches.pointer(chosen(studio, key, here.visit.query("at"))),
    }


def beside(here: Here, studio: Studio, key: str) -> dict[str, Any]:
    """The panel beside a canvas: of what the address names within the document, else of the document."""
    try:
        return panel_values(studio, chosen(studio, key, here.visit.query("at")))
    except Refused:
        return panel_values(studio, (key,))


def chosen(studio: Studio, key: str, at: str) -> Tokens:
    """What an address names within a document: by its pointer, or by its id alone, as links to problems do."""
    if at.startswith("/"):
        try:
            tokens = tokens_at(at)
        except Refused:
            return (key,)
        return tokens if tokens[0] == key else (key,)
    return _by_id(studio.draft.documents[key], at, (key,)) or (key,)


def _by_id(value: Any, wanted: str, tokens: Tokens) -> Tokens | None:
    inner: Iterable[tuple[str, Any]]
    if isinstance(value, Mapping):
        if wanted and len(tokens) > 1 and value.get("id") == wanted:
            return tokens
        inner = value.items()
    elif isinstance(value, list):
        inner = zip(_tokens(value), value, strict=True)
    else:
        return None
    return next((f for name, one in inner if (f := _by_id(one, wanted, (*tokens, name)))), None)


def canvas(visit: Visit) -> Response:
    """The canvas of the document that `at` lies in."""
    with visit.reading() as here:
        studio = open_studio(here)
        key = tokens_at(visit.query("at"))[0]
        drawing_of = CANVASES.find(key.partition("/")[0])
        if drawing_of is None or key not in studio.draft.documents:
            raise refuse(NOT_FOUND)
        made = drawing_of(here, studio, key)
        return part(here, studio, made.template, "canvas", key, **made.values)


# --- menus --------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Goal:
    """A place that a member can be moved to."""

    to: str
    before: str
    text: str
    group: str


@dataclass(frozen=True, slots=True)
class Addable:
    """A kind of member that can be added."""

    key: str
    icon: str
    hue: str
    title: str
    help: str


def member_menu(visit: Visit) -> Response:
    """What can be done to a member."""
    with visit.reading() as here:
        studio = open_studio(here)
        tokens = tokens_at(visit.query("at"))
        around = place(studio.draft.documents, tokens[:-1])
        if not isinstance(around.value, list):
            raise refuse(NOT_FOUND)
        listing = patches.pointer(tokens[:-1])
        members = _tokens(around.value)
        at = members.index(tokens[-1]) if tokens[-1] in members else -1
        if at < 0:
            raise refuse(NOT_FOUND)
        shown = {
            "at": patches.pointer(tokens),
            "list": listing,
            "what": here.reader.label(name_of(studio.draft, tokens)),
            "up": members[at - 1] if at > 0 else None,
            "down": members[at + 2] if at + 2 < len(members) else "",
            "is_last": at + 1 == len(members),
            "goals": _goals(here, studio, tokens),
        }
        return part(here, studio, "studio/member_menu.html", "menu", tokens[0], m=shown)


def insert_menu(visit: Visit) -> Response:
    """The kinds of members that a list takes."""
    with visit.reading() as here:
        studio = open_studio(here)
        tokens = tokens_at(visit.query("list"))
        listing = place(studio.draft.documents, tokens)
        kind = tokens[0].partition("/")[0]
        found = []
        for one in member_kinds(listing):
            icon, hue = outline_words.face(kind, one.name, listing.name, {})
            said = panel_words.member_help(kind, one.name) or one.help
            found.append(Addable(one.key, icon, hue, here.reader.label(one.title), here.reader.label(said)))
        values = {"list": visit.query("list"), "before": visit.query("before"), "kinds": found}
        return part(here, studio, "studio/member_menu.html", "insert", tokens[0], m=values)


def _goals(here: Here, studio: Studio, tokens: Tokens) -> list[Goal]:
    """Where else a member can go: lists of the same document that take members like it."""
    key = tokens[0]
    if not key.startswith("workflow/"):
        return []
    own = patches.pointer(tokens)
    label, t = here.reader.label, here.reader.t
    made: list[Goal] = []
    for lane, above in _lanes(flow(studio.draft, key).steps, t("studio.flow.start"), label):
        if lane.pointer.startswith(own + "/"):
            continue
        for card in lane.steps:
            if card.pointer != own:
                made.append(
                    Goal(lane.pointer, card.token, t("studio.flow.before", what=label(card.title)), above)
                )
        made.append(Goal(lane.pointer, "", t("studio.flow.at_end"), above))
    return made


def _lanes(lane: Lane, above: str, say: Callable[[Label], str]) -> Iterator[tuple[Lane, str]]:
    yield lane, above
    for card in lane.steps:
        for inner in card.lanes:
            yield from _lanes(inner, f"{say(card.title)} › {say(inner.title)}", say)


def _tokens(listed: list[Any]) -> list[str]:
    return [str(one.get("id") or n) if isinstance(one, Mapping) else str(n) for n, one in enumerate(listed)]
