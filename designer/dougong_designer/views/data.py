"""A view of a draft over the version that runs, so that real records can be shown beside it: its paths as the running
version calls them, without what has no column there yet. Who looks sees what the running version lets them see; a draft
can grant nobody anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dougong_designer import views
from dougong_designer.views import View
from dougong_designer.views.fields import Outline, Seen
from dougong_runtime.labels import Label
from dougong_runtime.model.app import App, Document


@dataclass(frozen=True, slots=True)
class Carried:
    """The view as the running version can show it."""

    document: Document
    entity: str
    left_out: tuple[Label, ...]
    """Fields that have no column yet."""
    labels: Mapping[str, Label]
    """Path in the running version → the draft's words for its field."""


def carried(view: View, outline: Outline, documents: Mapping[str, Any], running: App) -> Carried | None:
    """None where the entity itself is not there yet."""
    entity = _entity(str(view.get("entity") or ""), documents, running)
    if entity is None:
        return None
    left_out: dict[str, Label] = {}
    labels: dict[str, Label] = {}
    worded: set[str] = set()

    def path_of(path: str) -> str | None:
        field = outline.find(str(view["entity"]), path)
        found = _path(str(view["entity"]), entity, path, outline, documents, running)
        if found is None:
            left_out[path] = field.label if field is not None else Label(path, path)
        elif field is not None:
            labels[found] = field.label
        return found

    made = dict(view)
    for place in ("columns", "card", "sort", "filters"):
        items = []
        for one in views.standing(view, place, outline):
            path = path_of(one.path)
            if path is not None and not one.hidden:
                if place == "columns" and one.label:
                    worded.add(path)
                items.append(_item(place, path, one))
        made[place] = items
    for place in ("group", "start", "end", "title", "image", "parent", "color"):
        if view.get(place):
            made[place] = path_of(str(view[place]))
    made = {key: value for key, value in made.items() if value not in (None, [])}
    name = str(view.get("name") or "")
    label = Label.of(view.get("label"), name)
    document = Document("view", str(view.get("id") or ""), name, label, made)
    shown = {path: words for path, words in labels.items() if path not in worded}
    return Carried(document, entity, tuple(left_out.values()), shown)


def _item(place: str, path: str, one: views.Put) -> Any:
    if place == "sort":
        return f"-{path}" if one.descending else path
    if place != "columns":
        return path
    more = {"label": one.label, "width": one.width or None, "summary": one.summary or None}
    kept = {key: value for key, value in more.items() if value}
    return {"field": path, **kept} if kept else path


def _entity(name: str, documents: Mapping[str, Any], running: App) -> str | None:
    """The running version's name of an entity of the draft, by its id."""
    data = documents.get(f"entity/{name}")
    if data is None:
        return name if name in running.entities else None
    known = running.entities.get(name)
    if known is not None and known.id == data.get("id"):
        return name
    return next((e.name for e in running.entities.values() if e.id == data.get("id")), None)


def _path(
    entity: str, there: str, path: str, outline: Outline, documents: Mapping[str, Any], running: App
) -> str | None:
    names: list[str] = []
    for step in path.split("."):
        field = outline.find(entity, step)
        known = running.entities.get(there)
        if field is None or known is None:
            return None
        name = _field(field, known)
        if name is None:
            return None
        names.append(name)
        targets = known.fields[name].targets
        entity, there = (field.targets or ("",))[0], (targets or ("",))[0]
    return ".".join(names)


def _field(field: Seen, entity: Any) -> str | None:
    """Name of a field in the running version: the same id, or, of what belongs to the system, the same name."""
    known = entity.fields.get(field.name)
    if known is not None and (known.is_system or not field.id or known.id == field.id):
        return field.name if known.type == field.type or known.is_computed or known.is_system else None
    return next((f.name for f in entity.fields.values() if f.id == field.id), None)
