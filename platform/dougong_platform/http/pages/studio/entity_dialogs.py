"""What is asked before a larger act on an entity: what a rename rewrites, what a type converts, who uses a field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from dougong_designer.entities import fields as of_fields
from dougong_designer.entities import making, retire, uses
from dougong_designer.entities.types import LINKING
from dougong_platform import studio_entities
from dougong_platform.http.pages.studio.base import ICONS, open_studio, part
from dougong_platform.http.pages.studio.entity_panel import ICONS_OFFERED
from dougong_platform.http.pages.studio.entity_view import base_of, entities, roles
from dougong_platform.http.pages.visit import Here, Visit
from dougong_platform.studio import Studio
from dougong_runtime.documents.references import Reference, Target
from dougong_runtime.errors import NOT_FOUND, Refused, refuse
from dougong_runtime.fields import FIELD_TYPES
from dougong_runtime.labels import Label

TEMPLATE = "studio/entity_dialogs.html"
PLACES_SHOWN = 60
PROBLEMS_SHOWN = 8


def new(visit: Visit) -> Response:
    """What a new entity is to be."""
    with visit.reading() as here:
        studio = open_studio(here)
        shown = {"base": f"/studio/{studio.name}", "icons": ICONS_OFFERED, "roles": roles(here, studio)}
        return part(here, studio, TEMPLATE, "new", ask=shown)


def ask(visit: Visit) -> Response:
    """A question by its name."""
    with visit.reading() as here:
        studio = open_studio(here)
        key = f"entity/{visit.path('name')}"
        of_fields.entity_at(studio.draft.documents, key)
        found = QUESTIONS.get(visit.path("ask"))
        if found is None:
            raise refuse(NOT_FOUND)
        return found(here, studio, key)


def shown_places(here: Here, studio: Studio, found: tuple[Reference, ...]) -> list[dict[str, Any]]:
    """Places as a list shows them, each with its address."""
    documents = studio.draft.documents
    return [
        {
            "kind": here.reader.label(place.kind),
            "label": here.reader.label(place.label),
            "icon": ICONS.get(place.document.partition("/")[0], "file"),
            "href": _href(studio, place),
            "parts": [f"{here.reader.label(label)}{f' × {n}' if n > 1 else ''}" for label, n in place.parts],
            "count": place.count,
        }
        for place in uses.places(documents, found)[:PLACES_SHOWN]
    ]


def _href(studio: Studio, place: uses.Place) -> str:
    if place.document.startswith("file/"):
        return ""
    return f"/studio/{studio.name}/{place.document}" + (f"?at={place.at}" if place.at else "")


def _rename(here: Here, studio: Studio, key: str) -> Response:
    field = of_fields.field_at(studio.draft.documents, key, here.visit.query("at"))
    found = uses.of_field(studio.linked.references, key.partition("/")[2], field)
    named = tuple(
        r for r in found if r.target == Target("field", str(field.get("name")), key.partition("/")[2])
    )
    shown = _asked(here, studio, key, field) | {
        "to": here.visit.query("to"),
        "places": shown_places(here, studio, named),
        "count": len(named),
    }
    return part(here, studio, TEMPLATE, "rename", key, ask=shown)


def _rename_entity(here: Here, studio: Studio, key: str) -> Response:
    found = studio.linked.references.to(Target("entity", key.partition("/")[2]))
    shown = {
        "base": base_of(studio, key),
        "old": key.partition("/")[2],
        "to": here.visit.query("to"),
        "places": shown_places(here, studio, found),
        "count": len(found),
        "act": "entity-rename",
        "at": "",
    }
    return part(here, studio, TEMPLATE, "rename", key, ask=shown)


def _retype(here: Here, studio: Studio, key: str) -> Response:
    """Which values become what in another type: the documents are linked as they would be."""
    documents = studio.draft.documents
    at, wanted, to = here.visit.query("at"), here.visit.query("type"), here.visit.query("to")
    field = of_fields.field_at(documents, key, at)
    kind = FIELD_TYPES.find(wanted)
    if kind is None:
        raise refuse(NOT_FOUND, name=wanted)
    shown = _asked(here, studio, key, field) | {
        "type": wanted,
        "type_label": here.reader.label(kind.label),
        "to": to,
        "entities": entities(here, studio) if wanted in LINKING else [],
        "asks_target": wanted in LINKING and not to and not field.get("to"),
        "preview": None,
        "problems": [],
        "why": "",
    }
    if not shown["asks_target"]:
        try:
            found = studio_entities.look(studio, key, at, wanted, to, here.reader.language)
        except Refused as refused:
            shown["why"] = here.said(refused)
        else:
            shown["preview"] = found.preview
            if found.preview is not None:
                shown["records"] = f"/apps/{studio.name}/{found.preview.entity}"
            shown["problems"] = [p.text(here.reader.language) for p in found.problems[:PROBLEMS_SHOWN]]
    return part(here, studio, TEMPLATE, "retype", key, ask=shown)


def _retire(here: Here, studio: Studio, key: str) -> Response:
    at = here.visit.query("at")
    field = of_fields.field_at(studio.draft.documents, key, at)
    plan = retire.plan(studio.draft.documents, studio.linked.references, key, at)
    shown = _asked(here, studio, key, field) | {
        "listed": shown_places(here, studio, plan.listed),
        "listed_count": len(plan.listed),
        "left": shown_places(here, studio, plan.left),
        "left_count": len(plan.left),
    }
    return part(here, studio, TEMPLATE, "retire", key, ask=shown)


def _delete(here: Here, studio: Studio, key: str) -> Response:
    documents, name = studio.draft.documents, key.partition("/")[2]
    own = set(making.made_for(documents, name))
    found = tuple(r for r in uses.of_entity(studio.linked.references, name))
    rest = tuple(r for r in found if r.document not in own and not r.document.startswith("role/"))
    mine = [
        {
            "label": here.reader.label(Label.of(documents[one].get("label"), one.partition("/")[2])),
            "icon": ICONS.get(one.partition("/")[0], "file"),
        }
        for one in sorted(own)
    ]
    label = here.reader.label(Label.of(documents[key].get("label"), name))
    shown = {
        "base": base_of(studio, key),
        "label": label,
        "own": mine,
        "left": shown_places(here, studio, rest),
        "left_count": len(rest),
    }
    return part(here, studio, TEMPLATE, "delete", key, ask=shown)


def _used(here: Here, studio: Studio, key: str) -> Response:
    """Where a field is used, or the entity."""
    name = key.partition("/")[2]
    at = here.visit.query("at")
    if at:
        field = of_fields.field_at(studio.draft.documents, key, at)
        found = uses.of_field(studio.linked.references, name, field)
    else:
        found = uses.of_entity(studio.linked.references, name)
    shown = {"places": shown_places(here, studio, found), "count": len(found)}
    return part(here, studio, TEMPLATE, "used", key, ask=shown)


def _asked(here: Here, studio: Studio, key: str, field: of_fields.Data) -> dict[str, Any]:
    return {
        "base": base_of(studio, key),
        "at": str(field.get("id")),
        "old": str(field.get("name")),
        "label": here.reader.label(Label.of(field.get("label"), str(field.get("name")))),
        "act": "rename",
    }


QUESTIONS: dict[str, Callable[[Here, Studio, str], Response]] = {
    "rename": _rename,
    "rename-entity": _rename_entity,
    "retype": _retype,
    "retire": _retire,
    "delete": _delete,
    "used": _used,
}
