"""Views as pages read them: columns resolved along references, filter, sort, and what the type needs besides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from dougong_runtime.fields.base import Field
from dougong_runtime.labels import Label
from dougong_runtime.model.app import App, Document, Entity
from dougong_runtime.pages.layout import UNSAID, Layout, columns_of, of_document
from dougong_runtime.pages.saved import SavedView

COLUMNS_DEFAULT = 8
ICONS = {
    "table": "table",
    "kanban": "layout-kanban",
    "calendar": "calendar",
    "gallery": "photo",
    "timeline": "timeline-event",
    "tree": "hierarchy",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column: the path that stands in the address and in JSON, and the field at its end."""

    path: str
    field: Field
    entity: str
    """The entity whose field it is; differs from `root` where the path walks."""
    root: str
    """The entity that the path starts from."""
    width: int = 0
    """Pixels; 0 for as wide as what is in it."""

    @property
    def is_own(self) -> bool:
        """Whether it is a field of the record itself."""
        return "." not in self.path


@dataclass(frozen=True, slots=True)
class View:
    """A view of an entity; `document` is None for the one that every entity has without being given any."""

    name: str
    label: Label
    entity: Entity
    type: str
    columns: tuple[Column, ...]
    filter: str = ""
    sort: tuple[str, ...] = ()
    group: str = ""
    card: tuple[Column, ...] = ()
    document: Document | None = None
    """The document that it is made of; of a saved view, the one that it was saved from."""
    layout: Layout = UNSAID
    """Widths of the columns, and what stands below them."""
    saved: SavedView | None = None
    """The view as somebody saved it; None for one of the app's documents."""

    @property
    def icon(self) -> str:
        """The sign of its type."""
        return ICONS.get(self.type, "table")

    @property
    def title_column(self) -> Column | None:
        """The column that names the record and links to it."""
        own = [c for c in self.columns if c.path == self.entity.title]
        return own[0] if own else None


def resolve(app: App, entity: Entity, path: str) -> Column | None:
    """The field at the end of a path along references; None where there is none."""
    at = entity
    *hops, last = path.split(".")
    for hop in hops:
        field = at.fields.get(hop)
        if field is None or len(field.targets) != 1:
            return None
        found = app.entities.get(field.targets[0])
        if found is None:
            return None
        at = found
    field = at.fields.get(last)
    return None if field is None else Column(path, field, at.name, entity.name)


def _names(raw: Any) -> list[str]:
    names: list[str] = []
    for item in raw or ():
        if isinstance(item, str):
            names.append(item)
        elif (
            isinstance(item, Mapping) and isinstance(item.get("field"), str) and item.get("show") is not False
        ):
            names.append(item["field"])
    return names


def _columns(app: App, entity: Entity, raw: Any) -> tuple[Column, ...]:
    found = (resolve(app, entity, name) for name in _names(raw))
    return tuple(c for c in found if c is not None)


def default_columns(app: App, entity: Entity) -> tuple[Column, ...]:
    """Columns for an entity whose view names none: its title, then its first own fields that fit a line."""
    unfit = {"long_text", "rich_text", "json", "file", "image", "signature", "filter"}
    names = [entity.title] if entity.title in entity.fields else []
    names += [f.name for f in entity.own_fields if f.name not in names and f.type not in unfit]
    return _columns(app, entity, names[:COLUMNS_DEFAULT])


def _sort(raw: Any) -> tuple[str, ...]:
    if isinstance(raw, str):
        return tuple(s.strip() for s in raw.split(",") if s.strip())
    return tuple(str(s) for s in raw or ())


def view_of(app: App, document: Document) -> View | None:
    """A view document, read; None where its entity is not there."""
    data = document.data
    entity = app.entities.get(str(data.get("entity", "")))
    if entity is None:
        return None
    start = str(data.get("start") or "")
    columns = _columns(app, entity, data.get("columns")) or default_columns(app, entity)
    days = _columns(app, entity, [start, data.get("end")] if start else [])
    return View(
        document.name,
        document.label,
        entity,
        str(data.get("type") or "table"),
        (*columns, *(d for d in days if d.path not in {c.path for c in columns})),
        str(data.get("filter") or ""),
        _sort(data.get("sort")) or ((start,) if start else ()),
        str(data.get("group") or ""),
        _columns(app, entity, data.get("card")),
        document,
        of_document(data.get("columns")),
    )


def view_of_saved(app: App, saved: SavedView) -> View | None:
    """A saved view, read: the view that it was saved from, with what it says instead; None where neither that nor its
    entity is there any more."""
    base = find_view(app, saved.base)
    entity = app.entities.get(saved.entity)
    if entity is None or entity.app != app.name:
        return None
    if base is None or base.entity.name != saved.entity:
        base = View(saved.entity, entity.label, entity, "table", default_columns(app, entity))
    said = saved.state
    return replace(
        base,
        name=saved.id,
        label=Label(saved.name, saved.name),
        type=said.get("as") or base.type,
        columns=_columns(app, entity, [c.path for c in columns_of(said.get("columns", ""))]) or base.columns,
        filter=said.get("filter", ""),
        sort=_sort(said.get("sort", "")),
        group=said.get("group", ""),
        layout=Layout(said.get("columns", ""), said.get("freeze", ""), said.get("totals", "")),
        saved=saved,
    )


def views_of(app: App, entity: str) -> list[View]:
    """All views of an entity: those of the menu in its order, then tables, then the others."""
    found = (view_of(app, d) for d in app.of("view").values() if d.data.get("entity") == entity)
    listed = [
        str(i["view"])
        for g in app.menu
        for i in g.get("items") or ()
        if isinstance(i, Mapping) and "view" in i
    ]
    place = {name: n for n, name in enumerate(listed)}
    views = [v for v in found if v is not None]
    return sorted(views, key=lambda v: (place.get(v.name, len(place)), v.type != "table"))


def find_view(app: App, name: str) -> View | None:
    """The view of that name; for an entity without any, the one of the entity's own name."""
    document = app.of("view").get(name)
    if document is not None:
        return view_of(app, document)
    entity = app.entities.get(name)
    if entity is None or entity.app != app.name:
        return None
    return View(name, entity.plural or entity.label, entity, "table", default_columns(app, entity))


def main_view(app: App, entity: str) -> str:
    """The name of the view that lists an entity: its first table, else its first, else its own name."""
    views = views_of(app, entity)
    tables = [v for v in views if v.type == "table"]
    return (tables or views)[0].name if views else entity
