"""A field as its draft says it, for drawing: made from the document alone, so that no app is linked for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from dougong_designer.entities.fields import fields_of, targets_of
from dougong_designer.patch import Documents
from dougong_runtime.fields import FIELD_TYPES
from dougong_runtime.fields.base import Field, Option
from dougong_runtime.formulas.types import TEXT
from dougong_runtime.labels import Label
from dougong_runtime.model.directory import DIRECTORY
from dougong_runtime.model.system_fields import system_fields

COMPUTED = ("formula", "autonumber", "created_at", "created_by", "updated_at", "updated_by")
"""Types that nobody fills in."""


@dataclass(frozen=True, slots=True)
class Sketch:
    """A field to draw, and whether it is shown as a value, never as a box."""

    field: Field
    is_value: bool


def sketch(raw: Mapping[str, Any]) -> Sketch:
    """A field's document as a field. What its document gets wrong is drawn as text."""
    type_name = str(raw.get("type", "text"))
    computed = type_name in COMPUTED
    shown = str(raw.get("result") or "text") if type_name == "formula" else type_name
    kind = FIELD_TYPES.find(shown) or FIELD_TYPES.get("text")
    try:
        value_type = kind.value_type({**raw, "to": list(targets_of(raw))})
    except (KeyError, ValueError, TypeError):
        value_type = TEXT
    field = Field(
        id=str(raw.get("id", "")),
        name=str(raw.get("name", "")),
        type=kind.name,
        label=Label.of(raw.get("label"), str(raw.get("name", ""))),
        value_type=value_type,
        options={k: v for k, v in raw.items() if k not in ("options", "stages", "transitions")},
        required=raw.get("required") is True,
        sensitive=raw.get("sensitive") is True,
        help=Label.of(raw["help"]) if raw.get("help") else None,
        choices=tuple(_options(raw)),
        targets=targets_of(raw),
    )
    return Sketch(field, computed or type_name == "stage")


def _options(raw: Mapping[str, Any]) -> list[Option]:
    made = []
    for one in raw.get("options") or raw.get("stages") or ():
        data = one if isinstance(one, Mapping) else {"value": one}
        value = data.get("value", "")
        made.append(
            Option(
                str(data.get("id", "")),
                value,
                Label.of(data.get("label"), str(value)),
                str(data.get("color", "gray")),
            )
        )
    return made


def sketches(documents: Documents, app: str, entity: str) -> dict[str, Sketch]:
    """The fields of an entity by name, those that the system keeps after its own."""
    if entity in DIRECTORY.entities:
        return {name: Sketch(field, True) for name, field in DIRECTORY.entities[entity].fields.items()}
    data = documents.get(f"entity/{entity}") or {}
    own = {str(raw.get("name")): sketch(raw) for raw in fields_of(data)}
    return {**own, **{name: one for name, one in _kept_by_the_system(app, entity).items() if name not in own}}


@lru_cache(maxsize=500)
def _kept_by_the_system(app: str, entity: str) -> Mapping[str, Sketch]:
    fields = system_fields(app, entity).items()
    return {name: Sketch(f, True) for name, f in fields if name not in ("id", "version", "deleted_at")}


@dataclass(frozen=True, slots=True)
class WayBack:
    """Records of another entity that refer to one: a sub-list could show them."""

    name: str
    entity: str
    label: Label


def ways_back(documents: Documents, entity: str) -> list[WayBack]:
    """What a sub-list of an entity may be of: inverses of references to it, and its own many-to-many fields."""
    made = []
    for key, data in documents.items():
        if not key.startswith("entity/"):
            continue
        other = key.partition("/")[2]
        label = Label.of(data.get("plural") or data.get("label"), other)
        for field in fields_of(data):
            if field.get("inverse") and entity in targets_of(field):
                made.append(WayBack(str(field["inverse"]), other, label))
    for field in fields_of(documents.get(f"entity/{entity}") or {}):
        if field.get("type") == "references":
            targets = targets_of(field)
            name = str(field.get("name"))
            made.append(WayBack(name, targets[0] if targets else "", Label.of(field.get("label"), name)))
    return made
