"""What a person may see of an app: entities, fields and actions, under their roles. No name of what is hidden."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dougong_platform.site import NO_APP
from dougong_runtime.errors import refuse
from dougong_runtime.host import Viewer
from dougong_runtime.model.app import App, Document, Entity
from dougong_runtime.records.door import Records

ACTIONS = ("read", "create", "update", "delete", "export", "import", "share", "aggregate")
KINDS_SHOWN = ("view", "form", "page", "report", "dashboard", "workflow")
"""Kinds of document that a person meets by name; what they say inside is not told, for it may name hidden fields."""
_NEEDED_OF_ENTITY = ("view", "form", "page", "report")


@dataclass(frozen=True, slots=True)
class EntityAccess:
    """An entity that a person may do something with."""

    entity: Entity
    actions: tuple[str, ...]
    fields: tuple[Any, ...]
    """`FieldView`s of what they see, in the document's order."""


def may_see(viewer: Viewer, app_name: str) -> bool:
    """Whether an app exists for a person: by a role held in it, or as administrator."""
    return viewer.is_admin or viewer.is_system or bool(viewer.roles_in(app_name))


def require_app(viewer: Viewer, app_name: str) -> None:
    """Raises Refused (NO_APP) as for an app that is not there; no other app's name is told."""
    if not may_see(viewer, app_name):
        raise refuse(NO_APP, name=app_name, nearest=None)


def entities_of(records: Records) -> Iterator[EntityAccess]:
    """The app's entities, the directory's included, that the records' viewer may do something with."""
    for entity in records.running.app.entities.values():
        actions = tuple(action for action in ACTIONS if records.can(entity.name, action))
        if actions:
            yield EntityAccess(entity, actions, tuple(records.fields(entity.name)))


def describe_app(app: App) -> dict[str, Any]:
    """An app in a list; labels stay labels."""
    return {"name": app.name, "label": app.label, "version": app.version}


def describe_entity(found: EntityAccess, records: Records) -> dict[str, Any]:
    """An entity with its fields as the person sees them."""
    entity = found.entity
    shown = {view.field.name for view in found.fields}
    return {
        "name": entity.name,
        "label": entity.label,
        "title": entity.title if entity.title in shown else None,
        "actions": list(found.actions),
        "fields": [describe_field(view, records) for view in found.fields],
    }


def describe_field(view: Any, records: Records) -> dict[str, Any]:
    """A field: its type, whether it shows whole or masked, and whether it may be written."""
    field = view.field
    described: dict[str, Any] = {
        "name": field.name,
        "label": field.label,
        "type": field.type,
        "shown": view.shown,
        "create": view.create,
        "update": view.update,
        "reveal": view.reveal,
        "required": field.required,
        "computed": field.is_computed,
    }
    if field.choices:
        described["options"] = [
            {"value": option.value, "label": option.label, "color": option.color} for option in field.choices
        ]
    if field.targets:
        described["to"] = list(field.targets)
    if field.help is not None:
        described["help"] = field.help
    if field.refresh is not None:
        described |= {"refresh": field.refresh, "refreshed_at": records.refreshed_at(field)}
    return described


def documents_of(app: App, entities: Mapping[str, EntityAccess]) -> dict[str, list[dict[str, Any]]]:
    """Documents by kind: name, label, entity, type. Those of an entity that the person does not see are left out."""
    found: dict[str, list[dict[str, Any]]] = {}
    for kind in KINDS_SHOWN:
        shown = [_document(d) for d in app.of(kind).values() if _is_shown(d, kind, entities)]
        if shown:
            found[kind + "s"] = shown
    return found


def _entity_of(document: Document) -> str | None:
    named = document.data.get("entity") or document.data.get("source")
    return named if isinstance(named, str) else None


def _is_shown(document: Document, kind: str, entities: Mapping[str, EntityAccess]) -> bool:
    named = _entity_of(document)
    return named is None or named in entities if kind in _NEEDED_OF_ENTITY else True


def _document(document: Document) -> dict[str, Any]:
    described: dict[str, Any] = {"name": document.name, "label": document.label}
    named, kind = _entity_of(document), document.data.get("type")
    if named is not None:
        described["entity"] = named
    if isinstance(kind, str):
        described["type"] = kind
    return described
