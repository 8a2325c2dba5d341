"""What builders do to forms and pages, as acts on the draft's documents; each gives them as they are to be, and what is
chosen afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dougong_designer import layouts
from dougong_designer.entities import fields as entity_fields
from dougong_designer.entities.types import LINKING, new_id
from dougong_designer.layouts import CANNOT_STAND, Place, Spot, Way
from dougong_designer.layouts.properties import set_property
from dougong_designer.patch import Documents
from dougong_designer.sketches import ways_back
from dougong_runtime.errors import NOT_FOUND, refuse

LIST_FIELDS = 4
NEW_SECTION = {"zh": "新分区", "en": "New section"}
NEW_TAB = {"zh": "新标签页", "en": "New tab"}
NEW_TEXT = {"zh": "在这里写说明。", "en": "Write a note here."}


@dataclass(frozen=True, slots=True)
class Acted:
    """The documents as they are to be, and the address on the canvas of what was acted on."""

    documents: Documents
    at: str


def place_field(documents: Documents, key: str, name: str, place: Place, width: int | None = None) -> Acted:
    """A field of the entity put on its form; one that stands there already moves. Raises Refused."""
    data = documents[key]
    there = next((s for s in layouts.placed(data) if s.field == name), None)
    if there is not None:
        return move(documents, key, str(there), place, width)
    entity = documents.get(f"entity/{data.get('entity')}") or {}
    if not any(raw.get("name") == name for raw in entity_fields.fields_of(entity)):
        raise refuse(NOT_FOUND, name=name)
    entry: Any = {"field": name, "width": width} if width is not None and width > 1 else name
    made = layouts.put_field(data, entry, place)
    return Acted({**documents, key: made}, _at_of(made, name, place))


def new_field(
    documents: Documents, key: str, type_name: str, place: Place, width: int | None = None, to: str = ""
) -> Acted:
    """A field of a type made on the entity and put on the form, in one act. Raises Refused."""
    entity = str(documents[key].get("entity"))
    if type_name in LINKING and not to:
        to = next(
            (k.partition("/")[2] for k in documents if k.startswith("entity/") and k != f"entity/{entity}"),
            "",
        )
    field = entity_fields.dropped(documents, f"entity/{entity}", type_name, to)
    grown = entity_fields.with_field(documents, f"entity/{entity}", field)
    return place_field(grown, key, str(field["name"]), place, width)


def _at_of(data: Mapping[str, Any], name: str, place: Place) -> str:
    """Where a field stands now: in the place that was named, or in the group that was made for it."""
    if place.into:
        return str(Spot(place.into, name))
    return next((str(s) for s in layouts.placed(data) if s.field == name), "")


def new_part(documents: Documents, key: str, kind: str, place: Place) -> Acted:
    """A section, tabs, a tab, a sub-list or a text on a form. Raises Refused."""
    data = documents[key]
    node = _part(documents, str(data.get("entity", "")), kind)
    return Acted({**documents, key: layouts.put_part(data, node, place)}, str(node["id"]))


def _part(documents: Documents, entity: str, kind: str) -> dict[str, Any]:
    match kind:
        case "section":
            return {"section": dict(NEW_SECTION), "id": new_id(), "columns": 2, "fields": []}
        case "tabs":
            return {"tabs": [_part(documents, entity, "tab")], "id": new_id()}
        case "tab":
            return {"label": dict(NEW_TAB), "id": new_id(), "fields": []}
        case "text":
            return {"text": dict(NEW_TEXT), "id": new_id()}
        case "list":
            return {"list": _list(documents, entity), "id": new_id()}
    raise refuse(NOT_FOUND, name=kind)


def _list(documents: Documents, entity: str) -> dict[str, Any]:
    """A sub-list of the first records that refer to the entity's."""
    back = next(iter(ways_back(documents, entity)), None)
    if back is None:
        raise refuse(
            CANNOT_STAND,
            zh="还没有实体引用它，没有可列的记录。先在另一个实体上加一个引用字段。",
            en="No entity refers to this one yet. Add a reference to it on another entity first.",
        )
    return list_of(documents, back.name, back.entity)


def list_of(documents: Documents, name: str, entity: str) -> dict[str, Any]:
    """A sub-list with the first fields of the other entity."""
    other = entity_fields.fields_of(documents.get(f"entity/{entity}") or {})
    names = [str(f.get("name")) for f in other if f.get("inverse") != name][:LIST_FIELDS]
    return {"of": name, "fields": names}


def move(documents: Documents, key: str, at: str, place: Place, width: int | None = None) -> Acted:
    """A field, part or tab moved. Raises Refused."""
    made = layouts.move(documents[key], at, place, width)
    spot = Spot.of(at)
    return Acted({**documents, key: made}, at if spot is None else _at_of(made, spot.field, place))


def step(documents: Documents, key: str, at: str, way: Way) -> Acted:
    """A field, part or tab one step further. Raises Refused."""
    made = layouts.step(documents[key], at, way)
    spot = Spot.of(at)
    if spot is None or any(s == spot for s in layouts.placed(made)):
        return Acted({**documents, key: made}, at)
    now = next((s for s in layouts.placed(made) if s.field == spot.field), spot)
    return Acted({**documents, key: made}, str(now))


def take_out(documents: Documents, key: str, at: str) -> Acted:
    """A field, part or tab taken out. Chosen afterwards is what it stood in. Raises Refused."""
    spot = Spot.of(at)
    around = spot.into if spot is not None else layouts.find(documents[key], at).inside
    made = layouts.take_out(documents[key], at)
    still = any(found.node.get("id") == around for found in layouts.walk(made))
    return Acted({**documents, key: made}, around if still else "")


def set_width(documents: Documents, key: str, at: str, width: int) -> Acted:
    """How wide a field (in columns) or a block (in twelfths) is. Raises Refused."""
    spot = Spot.of(at)
    if spot is not None:
        return Acted({**documents, key: layouts.set_width(documents[key], spot, width)}, at)
    return put_property(documents, key, at, "width", [str(min(max(width, 1), 12))])


def put_property(documents: Documents, key: str, at: str, name: str, texts: Sequence[str]) -> Acted:
    """One property written. Raises Refused."""
    return Acted({**documents, key: set_property(documents[key], at, name, texts)}, at)
