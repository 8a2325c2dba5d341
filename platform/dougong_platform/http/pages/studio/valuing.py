"""Settings on their canvas: a table of values in their groups, with type, value and bounds; and an app's own document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.routing import BaseRoute

from dougong_designer import patch as patches
from dougong_designer.outline import outline
from dougong_designer.panel.offers import options_of
from dougong_designer.panel.place import differs
from dougong_designer.panel.schema import inner, place
from dougong_designer.panel.values import yaml_of
from dougong_platform.http.pages.studio.canvases import CANVASES, Canvas
from dougong_platform.http.pages.studio.general import TEMPLATE, beside, head
from dougong_platform.http.pages.visit import Here, Pages
from dougong_platform.studio import Studio
from dougong_runtime.fields import FIELD_TYPES
from dougong_runtime.labels import Label
from dougong_runtime.pages.reading import number, percent

TABLE = "studio/settings.html"


def routes(pages: Pages) -> list[BaseRoute]:
    """None of their own: the outline's and the panel's serve them."""
    return []


@dataclass(frozen=True, slots=True)
class Value:
    """A setting in the table."""

    pointer: str
    token: str
    label: str
    code: str
    type: str
    value: str
    bounds: str
    is_changed: bool


@CANVASES.adding("settings")
def settings(here: Here, studio: Studio, key: str) -> Canvas:
    """The canvas of settings."""
    listing = inner(place(studio.draft.documents, (key,)), "values")
    listed = listing.value if isinstance(listing.value, list) else []
    groups: dict[str, list[Value]] = {}
    for n, one in enumerate(listed):
        if not isinstance(one, Mapping):
            continue
        token = str(one.get("id") or n)
        tokens = (*listing.tokens, token)
        group = here.reader.label(Label.of(one["group"])) if one.get("group") else ""
        groups.setdefault(group, []).append(_value(here, studio, tokens, one))
    made = {"groups": list(groups.items()), "listing": patches.pointer(listing.tokens), "count": len(listed)}
    return Canvas(TABLE, {**head(here, studio, key), **made, **beside(here, studio, key)})


def _value(here: Here, studio: Studio, tokens: patches.Tokens, one: Mapping[str, Any]) -> Value:
    type_ = str(one.get("type", ""))
    known = FIELD_TYPES.find(type_)
    return Value(
        pointer=patches.pointer(tokens),
        token=tokens[-1],
        label=here.reader.label(Label.of(one.get("label"), str(one.get("code", "")))),
        code=str(one.get("code", "")),
        type=here.reader.label(known.label) if known else type_,
        value=_said(here, one),
        bounds=_bounds(one),
        is_changed=differs(studio.draft, tokens),
    )


def _said(here: Here, one: Mapping[str, Any]) -> str:
    value = one.get("value")
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return here.reader.t("value.yes" if value else "value.no")
    for option in options_of(one):
        if option.value == value:
            return here.reader.label(option.label)
    if one.get("type") == "percent" and isinstance(value, (int, float, str)):
        return percent(value)
    if isinstance(value, (int, float)):
        said = number(str(value)).removesuffix(".0")
        return f"{said} {here.reader.label(Label.of(one['unit']))}" if one.get("unit") else said
    return value if isinstance(value, str) else yaml_of(value)


def _bounds(one: Mapping[str, Any]) -> str:
    least, most = one.get("minimum"), one.get("maximum")
    if least is not None and most is not None:
        return f"{number(str(least))} – {number(str(most))}"
    if least is not None:
        return f"≥ {number(str(least))}"
    return f"≤ {number(str(most))}" if most is not None else ""


@CANVASES.adding("app")
def app(here: Here, studio: Studio, key: str) -> Canvas:
    """The canvas of an app's own document: all but its menu, which has one of its own."""
    sections = tuple(one for one in outline(studio.draft, key) if one.name != "menu")
    values = {"sections": sections, "menu_address": f"/studio/{studio.name}/menu"}
    return Canvas(TEMPLATE, {**head(here, studio, key), **values, **beside(here, studio, key)})
