"""The properties of a view, or of what is chosen in it, and what setting one makes of the document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dougong_designer import views
from dougong_designer.labels_of import with_words, words_of
from dougong_designer.views import View
from dougong_designer.views.fields import Outline
from dougong_platform.http.pages.visit import Here, Visit
from dougong_platform.studio import Studio
from dougong_runtime.documents.problems import BAD_VALUE
from dougong_runtime.errors import NOT_FOUND, refuse
from dougong_runtime.labels import Label

SUMMARIES = ("sum", "avg", "min", "max", "count")
_NUMBERS = frozenset({"integer", "decimal", "money", "percent", "rating", "duration"})
_WIDTHS = (40, 1200)
_PAGE_SIZES = (10, 1000)


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to choose: its name, and its words."""

    value: str
    label: str
    on: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """What the panel shows: the view's own properties, or those of a field in a place."""

    at: str
    place: str = ""
    path: str = ""
    label: str = ""
    place_label: str = ""
    zh: str = ""
    en: str = ""
    help_zh: str = ""
    help_en: str = ""
    icon: str = ""
    width: str = ""
    summary: tuple[Choice, ...] = ()
    show: bool = True
    descending: bool = False
    filter: str = ""
    forms: tuple[Choice, ...] = ()
    roles: tuple[Choice, ...] = ()
    actions: tuple[Choice, ...] = ()
    page_size: str = ""
    field_href: str = ""


def panel_of(here: Here, studio: Studio, view: View, outline: Outline, at: str) -> Panel:
    """The panel for what `at` names (`columns:patient.risk`); the view's where that is nothing, or gone."""
    place, _, path = at.partition(":")
    standing = views.standing(view, place, outline) if place in _OF_PLACES else []
    one = next((put for put in standing if put.path == path), None)
    if one is None:
        return _view_panel(here, studio, view)
    reader = here.reader
    label = " › ".join(map(reader.label, one.field.labels)) if one.field else path
    raw = next((c for c in view.get("columns") or () if isinstance(c, dict) and c.get("field") == path), {})
    words = words_of(raw.get("label")) if place == "columns" else ("", "")
    able = SUMMARIES if one.field is not None and one.field.type in _NUMBERS else ("count",)
    summary = tuple(Choice(name, reader.t(f"total.{name}"), name == one.summary) for name in able)
    own = one.field is not None and f"entity/{one.field.entity}" in studio.draft.documents
    field_href = (
        f"/studio/{studio.name}/entity/{one.field.entity}?at={one.field.id}" if own and one.field else ""
    )
    return Panel(
        at,
        place,
        path,
        label,
        reader.t(f"place.{place}"),
        *words,
        width=str(one.width or ""),
        summary=summary if place == "columns" else (),
        show=not one.hidden,
        descending=one.descending,
        field_href=field_href,
    )


_OF_PLACES = frozenset(place.name for kind in views.TYPES for place in views.places(kind))


def _view_panel(here: Here, studio: Studio, view: View) -> Panel:
    reader, documents, entity = here.reader, studio.draft.documents, view.get("entity")

    def choices(kind: str, chosen: Any, about: bool = False) -> tuple[Choice, ...]:
        found = []
        for key, data in documents.items():
            of, _, name = key.partition("/")
            if of == kind and (not about or data.get("entity") == entity or name in chosen):
                found.append(Choice(name, reader.label(Label.of(data.get("label"), name)), name in chosen))
        return tuple(found)

    zh, en = words_of(view.get("label"))
    help_zh, help_en = words_of(view.get("help"))
    return Panel(
        "",
        zh=zh,
        en=en,
        help_zh=help_zh,
        help_en=help_en,
        icon=str(view.get("icon") or ""),
        filter=str(view.get("filter") or ""),
        forms=choices("form", (view.get("form"),), about=True),
        roles=choices("role", view.get("roles") or ()),
        actions=tuple(
            c
            for c in choices("workflow", view.get("actions") or ())
            if c.on or _is_manual(documents, c.value)
        ),
        page_size=str(view.get("page_size") or ""),
    )


def _is_manual(documents: Any, name: str) -> bool:
    trigger = documents[f"workflow/{name}"].get("trigger")
    return isinstance(trigger, dict) and trigger.get("on") == "button"


def property_set(visit: Visit, view: View) -> View:
    """The view with the property that was sent: of a column where `at` names one. Raises Refused."""
    name, text = visit.text("property"), visit.text(visit.text("property"))
    place, _, path = visit.text("at").partition(":")
    stem, _, language = name.partition(".")
    if place == "columns":
        return _column_set(view, path, name, text, visit)
    if stem in ("label", "help") and language in ("zh", "en"):
        return views.with_property(view, stem, with_words(view.get(stem), **{language: text}))
    if name in ("roles", "actions"):
        chosen = [str(value) for value in visit.form.getlist(name) if value]
        return views.with_property(view, name, chosen or None)
    if name == "page_size":
        return views.with_property(view, name, _whole(name, text, *_PAGE_SIZES))
    if name in ("icon", "filter", "form"):
        return views.with_property(view, name, text or None)
    raise refuse(NOT_FOUND)


def _column_set(view: View, path: str, name: str, text: str, visit: Visit) -> View:
    stem, _, language = name.partition(".")
    if stem == "label" and language in ("zh", "en"):
        raw = next(
            (c for c in view.get("columns") or () if isinstance(c, dict) and c.get("field") == path), {}
        )
        return views.with_column(view, path, label=with_words(raw.get("label"), **{language: text}))
    if name == "width":
        return views.with_column(view, path, width=_whole(name, text, *_WIDTHS))
    if name == "summary" and text in ("", *SUMMARIES):
        return views.with_column(view, path, summary=text or None)
    if name == "show":
        return views.with_column(view, path, show=None if text else False)
    raise refuse(NOT_FOUND)


def _whole(name: str, text: str, least: int, most: int) -> int | None:
    if not text:
        return None
    if text.isascii() and text.isdecimal() and len(text) < 6 and least <= int(text) <= most:
        return int(text)
    raise refuse(
        BAD_VALUE,
        name,
        zh=f"应为 {least} 到 {most} 的整数。",
        en=f"Needs a whole number from {least} to {most}.",
    )
