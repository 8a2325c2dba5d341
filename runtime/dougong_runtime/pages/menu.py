"""The sidebar of an app: the groups its document lists, as far as a reader may go there. A form leads to a new record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from dougong_runtime.labels import Label
from dougong_runtime.model.app import App, Document
from dougong_runtime.pages.views import ICONS, main_view

_PLACES = {"view": "views", "page": "pages", "dashboard": "dashboards", "report": "reports"}
_KINDS = (*_PLACES, "form")
_ICON_OF = {
    "form": "square-plus",
    "page": "layout-grid",
    "dashboard": "dashboard",
    "report": "report-analytics",
}

May: TypeAlias = Callable[[str, str], bool]
"""Whether a reader may do something (`read`, `create`) with an entity."""


@dataclass(frozen=True, slots=True)
class Item:
    """A place in the sidebar."""

    label: Label
    href: str
    icon: str
    entity: str | None = None
    """The entity whose records it shows."""


@dataclass(frozen=True, slots=True)
class Group:
    """Places under a word."""

    label: Label | None
    items: tuple[Item, ...]


def menu_of(
    app: App,
    may: May,
    may_see: Callable[[Mapping[str, Any]], bool] = lambda _data: True,
) -> tuple[Group, ...]:
    """Groups with the places a reader may open; without a menu document, one group of every entity."""
    if not app.menu:
        items = tuple(
            Item(e.plural or e.label, f"/apps/{app.name}/views/{main_view(app, e.name)}", e.icon, e.name)
            for e in app.own_entities
            if may(e.name, "read")
        )
        return (Group(None, items),) if items else ()
    groups = (_group(app, raw, may, may_see) for raw in app.menu if may_see(raw))
    return tuple(g for g in groups if g.items)


def _group(
    app: App,
    raw: Mapping[str, Any],
    may: May,
    may_see: Callable[[Mapping[str, Any]], bool],
) -> Group:
    items = (_item(app, item, str(raw.get("icon") or ""), may, may_see) for item in raw.get("items") or ())
    label = Label.of(raw["label"]) if raw.get("label") else None
    return Group(label, tuple(i for i in items if i is not None))


def _item(
    app: App,
    raw: Any,
    group_icon: str,
    may: May,
    may_see: Callable[[Mapping[str, Any]], bool],
) -> Item | None:
    data: Mapping[str, Any] = raw if isinstance(raw, Mapping) else {"view": raw}
    kind = next((k for k in _KINDS if k in data), None)
    if kind is None:
        return None
    name = str(data[kind])
    document = app.of(kind).get(name)
    if document is None or not may_see(document.data) or not may_see(data):
        return None
    entity = str(document.data.get("entity") or document.data.get("source") or "") or None
    if entity is not None and not may(entity, "create" if kind == "form" else "read"):
        return None
    label = Label.of(data["label"]) if data.get("label") else document.label
    icon = str(data.get("icon") or document.data.get("icon") or "")
    if kind == "form":
        return _filled_in(app, document, data, icon)
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


def _filled_in(app: App, form: Document, data: Mapping[str, Any], icon: str) -> Item | None:
    """A form for a new record; one without words of its own says what is new."""
    entity = app.entities.get(str(form.data.get("entity")))
    if entity is None:
        return None
    said = data.get("label") or form.data.get("label")
    address = f"/apps/{app.name}/{entity.name}/new?form={form.name}"
    return Item(Label.of(said) if said else new_record(entity.label), address, icon or _ICON_OF["form"])


def new_record(entity: Label) -> Label:
    """What opens a form for a new record, by the entity's words."""
    return Label(f"新建{entity.zh}", f"New {entity.en}")
