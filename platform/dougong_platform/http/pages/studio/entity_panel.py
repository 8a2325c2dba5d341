"""The properties beside an entity's canvas: of the chosen field, or of the entity itself; or the palette of types."""

from __future__ import annotations

from typing import Any

from dougong_designer.entities import access
from dougong_designer.entities import fields as of_fields
from dougong_designer.entities.fields import Data, find_field
from dougong_designer.entities.options import list_of, options_of, ways_of
from dougong_designer.entities.properties import demands_of, properties_of, results, takes_default
from dougong_designer.entities.table import before_of, mark_of
from dougong_designer.entities.types import LINKING, OPTIONED, icon_of
from dougong_designer.patch import pointer
from dougong_platform.http.pages.studio import entity_placing
from dougong_platform.http.pages.studio.entity_view import (
    Choice,
    base_of,
    both,
    entities,
    field_choices,
    palette,
    roles,
)
from dougong_platform.http.pages.visit import Here
from dougong_platform.studio import Studio
from dougong_platform.studio_entities import running_entity, running_field
from dougong_runtime.fields import FIELD_TYPES
from dougong_runtime.labels import Label

SIDES = ("properties", "access", "uses")
ICONS_OFFERED = (
    "box", "users", "user", "building", "briefcase", "address-book", "file-text", "clipboard-list", "checkbox",
    "calendar", "message", "mail", "phone", "map-pin", "tag", "star", "flag", "target", "receipt", "cash", "wallet",
    "shopping-cart", "package", "truck", "tool", "cpu", "book", "school", "stethoscope", "paw", "scale", "gavel",
    "certificate", "report-analytics", "news", "notes", "ticket", "key", "shield", "database",
)  # fmt: skip


def values(here: Here, studio: Studio, key: str) -> dict[str, Any]:
    """For the template's block `panel`."""
    entity = of_fields.entity_at(studio.draft.documents, key)
    field = find_field(entity, here.visit.query("at"))
    asked = here.visit.query("side")
    shown: dict[str, Any] = {"base": base_of(studio, key), "key": key, "side": asked}
    if field is not None:
        shown |= _field(here, studio, key, entity, field)
        shown["side"] = asked if asked in SIDES else SIDES[0]
        if shown["side"] == "access":
            name = str(entity.get("name"))
            shown["sees"] = [
                {
                    "role": one.role,
                    "label": here.reader.label(one.label),
                    "seen": one.seen,
                    "some": one.some,
                    "href": f"/studio/{studio.name}/role/{one.role}",
                }
                for one in access.of_field(studio.draft.documents, name, field)
            ]
    elif asked == "entity":
        shown |= _entity(here, studio, entity)
    else:
        shown |= {"what": "palette", "groups": palette(here, entity)}
    return {"p": shown}


def _field(here: Here, studio: Studio, key: str, entity: Data, field: Data) -> dict[str, Any]:
    language = here.reader.language
    identity, type_name = str(field.get("id")), str(field.get("type"))
    path = (key, "fields", identity)
    served = running_field(running_entity(studio, key), identity)
    before = before_of(studio.draft.original, entity)
    mark = mark_of(field, find_field(before or {}, identity))[0]
    inner = [
        {
            "name": one.name,
            "input": one.input,
            "label": here.reader.label(one.label),
            "value": both(one.value) if one.input == "label" else one.value,
            "choices": [Choice(value, here.reader.label(label)) for value, label in one.choices],
            "hint": one.hint,
        }
        for one in properties_of(field)
    ]
    kind = FIELD_TYPES.find(type_name)
    return {
        "what": "field",
        "id": identity,
        "name": str(field.get("name")),
        "type": type_name,
        "icon": icon_of(type_name),
        "title": Label.of(field.get("label"), str(field.get("name"))).in_(language),
        "help_of_type": here.reader.label(kind.help) if kind is not None else "",
        "label": both(field.get("label")),
        "help": both(field.get("help")),
        "mark": mark,
        "is_served": served is not None,
        "types": types(here),
        "demands": [(one, bool(field.get(one))) for one in demands_of(field)],
        "default": _text(field.get("default")) if takes_default(field) else None,
        "default_at": pointer((*path, "default")),
        "formula": _text(field.get("formula")) if type_name == "formula" else None,
        "formula_at": pointer((*path, "formula")),
        "result": str(field.get("result", "")),
        "results": [Choice(name, here.reader.label(label)) for name, label in results()],
        "inner": inner,
        "options": _options(field) if type_name in (*OPTIONED, "stage") else None,
        "list": list_of(field),
        "ways": _ways(here, path, field) if type_name == "stage" else None,
        "roles": roles(here, studio),
        "fields": field_choices(entity, language),
        "to": _to(field) if type_name in LINKING else None,
        "many_targets": isinstance(field.get("to"), list) and len(field["to"]) > 1,
        "entities": entities(here, studio) if type_name in LINKING else [],
        "entity": str(entity.get("name")),
        "is_title": entity.get("title") == field.get("name"),
        "placing": entity_placing.shown(here, studio, key, identity),
    }


def types(here: Here) -> list[dict[str, Any]]:
    """All types in groups, to choose another."""
    return [
        {"label": group["label"], "types": [Choice(t["name"], t["label"]) for t in group["types"]]}
        for group in palette(here, {})
    ]


def _entity(here: Here, studio: Studio, entity: Data) -> dict[str, Any]:
    comments = entity.get("comments")
    return {
        "what": "entity",
        "name": str(entity.get("name")),
        "label": both(entity.get("label")),
        "plural": both(entity.get("plural")),
        "help": both(entity.get("help")),
        "icon": entity.get("icon") or "box",
        "icons": ICONS_OFFERED,
        "title": str(entity.get("title", "")),
        "fields": field_choices(entity, here.reader.language),
        "roles": roles(here, studio),
        "comments": None if comments is None else [str(one) for one in comments],
    }


def _options(field: Data) -> list[dict[str, Any]]:
    return [
        {
            "id": str(one.get("id")),
            "value": str(one.get("value")),
            "label": both(one.get("label") or str(one.get("value"))),
            "color": one.get("color") if str(one.get("color", "")).isalpha() else "gray",
        }
        for one in options_of(field)
    ]


def _ways(here: Here, path: tuple[str, ...], field: Data) -> list[dict[str, Any]]:
    labels = {
        str(one.get("value")): here.reader.label(Label.of(one.get("label"), str(one.get("value"))))
        for one in options_of(field)
    }

    def ends(value: Any) -> str:
        found = value if isinstance(value, list) else [value]
        return here.reader.joined([labels.get(str(one), str(one)) for one in found])

    return [
        {
            "id": str(way.get("id")),
            "from": ends(way.get("from")),
            "to": ends(way.get("to")),
            "roles": _names(way.get("roles")),
            "requires": _names(way.get("requires")),
            "when": _text(way.get("when")),
            "when_at": pointer((*path, "transitions", str(way.get("id")), "when")),
            "label": both(way.get("label")),
            "message": both(way.get("message")),
        }
        for way in ways_of(field)
    ]


def _names(value: Any) -> list[str]:
    found = value if isinstance(value, list) else [value] if value else []
    return [str(one) for one in found]


def _to(field: Data) -> list[str]:
    return _names(field.get("to"))


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
