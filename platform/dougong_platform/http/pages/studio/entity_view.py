"""What the canvas of an entity draws, from the documents alone: nothing is linked for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from dougong_designer.draft import Draft
from dougong_designer.entities import fields as of_fields
from dougong_designer.entities.fields import Data, fields_of, targets_of
from dougong_designer.entities.guards import Kind, guards_of, sentence
from dougong_designer.entities.retire import gone_from
from dougong_designer.entities.table import before_of, entity_label, lines, type_words
from dougong_designer.entities.types import HUES, UNSTORED, found_by, grouped, icon_of
from dougong_designer.patch import Documents, pointer
from dougong_platform.http.pages.studio.base import part
from dougong_platform.http.pages.visit import Here
from dougong_platform.studio import Studio
from dougong_platform.studio_entities import trashed
from dougong_runtime.fields import FIELD_TYPES
from dougong_runtime.labels import Label, Language

TEMPLATE = "studio/entity.html"
TABS = ("fields", "rules", "unique", "locks", "relations", "uses", "data")
_GUARDS: Mapping[str, Kind] = {"rules": "rules", "unique": "unique", "locks": "lock"}


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several in a list."""

    value: str
    label: str


def base_of(studio: Studio, key: str) -> str:
    """The address of an entity in the studio."""
    return f"/studio/{studio.name}/{key}"


def both(raw: Any, name: str = "") -> dict[str, str]:
    """A label's words as they stand; a text alone stands for both languages."""
    if isinstance(raw, str):
        return {"zh": raw, "en": raw}
    found = dict(raw or {})
    return {"zh": str(found.get("zh", "")), "en": str(found.get("en", ""))}


def canvas(here: Here, studio: Studio, key: str, before: Draft | None = None) -> Response:
    """The canvas alone. `before`: a draft that is on the builder's screen; of fields that are drawn as they were then only
    the places are sent."""
    values = canvas_values(here, studio, key)
    if before is not None and key in before.documents:
        stood = {one.id: one for one in lines(before.documents, before.original, key, here.reader.language)}
        values["e"]["same"] = {one.id for one in values["e"]["lines"] if stood.get(one.id) == one}
    return part(here, studio, TEMPLATE, "canvas", key, **values)


def canvas_values(here: Here, studio: Studio, key: str) -> dict[str, Any]:
    """For the template's block `canvas`."""
    documents, original = studio.draft.documents, studio.draft.original
    entity = of_fields.entity_at(documents, key)
    language, name = here.reader.language, str(entity.get("name"))
    asked = here.visit.query("tab", "fields")
    tab = asked if asked in TABS else "fields"
    label = Label.of(entity.get("label"), name)
    shown: dict[str, Any] = {
        "base": base_of(studio, key),
        "key": key,
        "name": name,
        "label": here.reader.label(label),
        "other": label.en if language == "zh" else label.zh,
        "icon": entity.get("icon") or "box",
        "is_new": before_of(original, entity) is None,
        "tab": tab,
        "tabs": [(one, _count(studio, entity, one)) for one in TABS],
        "at": here.visit.query("at"),
        "side": here.visit.query("side"),
        "lines": list(lines(documents, original, key, language)),
        "same": frozenset(),
        "hues": HUES,
    }
    if tab == "fields":
        shown["gone"] = _gone(here, studio, key)
        shown["entities"] = entities(here, studio)
    elif tab in _GUARDS:
        shown |= _guards(documents, entity, _GUARDS[tab], language)
    elif tab == "relations":
        shown |= _relations(here, studio, entity)
    return {"e": shown}


def entities(here: Here, studio: Studio) -> list[Choice]:
    """The entities that a reference may point at."""
    documents, language = studio.draft.documents, here.reader.language
    names = [key.partition("/")[2] for key in documents if key.startswith("entity/")]
    found = [Choice(name, entity_label(documents, name, language)) for name in names]
    return [
        *sorted(found, key=lambda one: one.label),
        *(Choice(n, entity_label(documents, n, language)) for n in ("user", "team")),
    ]


def palette(here: Here, entity: Data) -> list[dict[str, Any]]:
    """All field types in groups."""
    language = here.reader.language
    has_stage = any(field.get("type") == "stage" for field in fields_of(entity))
    return [
        {
            "label": group.label.in_(language),
            "types": [
                {
                    "name": name,
                    "icon": icon_of(name),
                    "label": FIELD_TYPES.get(name).label.in_(language),
                    "help": FIELD_TYPES.get(name).help.in_(language),
                    "found": found_by(name),
                    "why": here.reader.t("entity.one_stage") if name == "stage" and has_stage else "",
                }
                for name in group.types
            ],
        }
        for group in grouped()
    ]


def field_choices(entity: Data, language: Language, *, stored: bool = False) -> list[Choice]:
    """The entity's fields, to choose from."""
    return [
        Choice(str(f.get("name")), Label.of(f.get("label"), str(f.get("name"))).in_(language))
        for f in fields_of(entity)
        if not (stored and f.get("type") in UNSTORED)
    ]


def roles(here: Here, studio: Studio) -> list[Choice]:
    """The app's roles."""
    found = [
        Choice(key.partition("/")[2], here.reader.label(Label.of(data.get("label"), key.partition("/")[2])))
        for key, data in studio.draft.documents.items()
        if key.startswith("role/")
    ]
    return sorted(found, key=lambda one: one.label)


def _count(studio: Studio, entity: Data, tab: str) -> int | None:
    match tab:
        case "fields":
            return len(fields_of(entity))
        case "rules" | "unique" | "locks":
            found = len(guards_of(entity, _GUARDS[tab]))
            return found + (
                bool(entity.get("retain")) + bool(entity.get("append_only")) if tab == "locks" else 0
            )
        case "relations":
            return len(_outgoing(entity)) + len(_incoming(studio, str(entity.get("name"))))
        case _:
            return None


def _gone(here: Here, studio: Studio, key: str) -> list[dict[str, str]]:
    """Fields out of use: those of the version that serves, and those that lie in the trash since earlier ones."""
    documents, language = studio.draft.documents, here.reader.language
    found = list(gone_from(documents, studio.draft.original, key))
    found += trashed(studio, key)
    return [
        {
            "id": str(field.get("id")),
            "name": str(field.get("name")),
            "label": Label.of(field.get("label"), str(field.get("name"))).in_(language),
            "words": type_words(documents, field, language),
            "icon": icon_of(str(field.get("type"))),
        }
        for field in found
    ]


def _guards(documents: Documents, entity: Data, kind: Kind, language: Language) -> dict[str, Any]:
    name = str(entity.get("name"))
    made = []
    for guard in guards_of(entity, kind):
        path = (f"entity/{name}", kind, str(guard.get("id")))
        made.append(
            {
                "id": str(guard.get("id")),
                "says": sentence(documents, f"entity/{name}", kind, guard, language),
                "name": str(guard.get("name", "")),
                "check": str(guard.get("check", "")),
                "when": str(guard.get("when", "")),
                "check_at": pointer((*path, "check")),
                "when_at": pointer((*path, "when")),
                "severity": str(guard.get("severity", "block")),
                "message": both(guard.get("message")),
                "field": str(guard.get("field", "")),
                "fields": [str(one) for one in guard.get("fields") or ()],
                "except": [str(one) for one in guard.get("except") or ()],
            }
        )
    retain: Mapping[str, Any] = entity.get("retain") or {}
    return {
        "guards": made,
        "kind": kind,
        "choices": field_choices(entity, language, stored=kind == "unique"),
        "dates": [
            Choice(str(f.get("name")), Label.of(f.get("label"), str(f.get("name"))).in_(language))
            for f in fields_of(entity)
            if f.get("type") in ("date", "datetime")
        ],
        "retain": {"years": retain.get("years", ""), "from": str(retain.get("from", ""))},
        "append_only": bool(entity.get("append_only")),
    }


def _relations(here: Here, studio: Studio, entity: Data) -> dict[str, Any]:
    documents, language = studio.draft.documents, here.reader.language
    out = [
        {
            "id": str(field.get("id")),
            "label": Label.of(field.get("label"), str(field.get("name"))).in_(language),
            "many": field.get("type") == "references",
            "inverse": str(field.get("inverse", "")),
            "on_delete": str(field.get("on_delete", "refuse")),
            "targets": [
                {"label": entity_label(documents, to, language), "href": _href(studio, to)}
                for to in targets_of(field)
            ],
        }
        for field in _outgoing(entity)
    ]
    into = [
        {
            "label": Label.of(field.get("label"), str(field.get("name"))).in_(language),
            "of": entity_label(documents, name, language),
            "href": f"{_href(studio, name)}?at={field.get('id')}",
            "many": field.get("type") == "references",
            "inverse": str(field.get("inverse", "")),
        }
        for name, field in _incoming(studio, str(entity.get("name")))
    ]
    return {"out": out, "into": into}


def _href(studio: Studio, name: str) -> str:
    return f"/studio/{studio.name}/entity/{name}" if f"entity/{name}" in studio.draft.documents else ""


def _outgoing(entity: Data) -> list[Data]:
    kinds = ("reference", "references", "user", "team")
    return [field for field in fields_of(entity) if field.get("type") in kinds]


def _incoming(studio: Studio, name: str) -> list[tuple[str, Data]]:
    return [
        (str(data.get("name")), field)
        for key, data in studio.draft.documents.items()
        if key.startswith("entity/")
        for field in fields_of(data)
        if field.get("type") in ("reference", "references") and name in targets_of(field)
    ]
