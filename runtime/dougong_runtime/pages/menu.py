"""The sidebar of an app: the groups its document lists, as far as a reader may go there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dougong_runtime.labels import Label
from dougong_runtime.model.app import App
from dougong_runtime.pages.views import ICONS, main_view

_PLACES = {"view": "views", "page": "pages", "dashboard": "dashboards", "report": "reports"}
_ICON_OF = {"page": "layout-grid", "dashboard": "dashboard", "report": "report-analytics"}


@dataclass(frozen=True, slots=True)
class Item:
    """A place in the sidebar."""

    label: Label
    href: str
    icon: str
    entity: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Places under a word."""

    label: Label | None
    items: tuple[Item, ...]


def menu_of(
    app: App,
    may_read: Callable[[str], bool],
    may_see: Callable[[Mapping[str, Any]], bool] = lambda _data: True,
) -> tuple[Group, ...]:
    """Groups with the places a reader may open; without a menu document, one group of every entity."""
    if not app.menu:
        items = tuple(
            Item(e.plural or e.label, f"/apps/{app.name}/views/{main_view(app, e.name)}", e.icon, e.name)
            for e in app.own_entities
            if may_read(e.name)
        )
        return (Group(None, items),) if items else ()
    groups = (_group(app, raw, may_read, may_see) for raw in app.menu if may_see(raw))
    return tuple(g for g in groups if g.items)


def _group(
    app: App,
    raw: Mapping[str, Any],
    may_read: Callable[[str], bool],
    may_see: Callable[[Mapping[str, Any]], bool],
) -> Group:
    items = (
        _item(app, item, str(raw.get("icon") or ""), may_read, may_see) for item in raw.get("items") or ()
    )
    label = Label.of(raw["label"]) if raw.get("label") else None
    return Group(label, tuple(i for i in items if i is not None))


def _item(
    app: App,
    raw: Any,
    group_icon: str,
    may_read: Callable[[str], bool],
    may_see: Callable[[Mapping[str, Any]], bool],
) -> Item | None:
    data: Mapping[str, Any] = raw if isinstance(raw, Mapping) else {"view": raw}
    kind = next((k for k in _PLACES if k in data), None)
    if kind is None:
        return None
    name = str(data[kind])
    document = app.of(kind).get(name)
    if document is None or not may_see(document.data) or not may_see(data):
        return None
    entity = str(document.data.get("entity") or document.data.get("source") or "") or None
    if entity is not None and not may_read(entity):
        return None
    label = Label.of(data["label"]) if data.get("label") else document.label
    icon = str(data.get("icon") or document.data.get("icon") or "")
    if (
        not icon
        and entity is not None
        and entity in app.entities
        and kind == "view"
        and str(document.data.get("type") or "table") == "table"
    ):
        icon = app.entities[entity].icon
    if not icon:
        icon = ICONS.get(str(document.data.get("type") or ""), "") if kind == "view" else _ICON_OF[kind]
    return Item(label, f"/apps/{app.name}/{_PLACES[kind]}/{name}", icon or group_icon, entity)
