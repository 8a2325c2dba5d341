"""The relations of an app's draft over the interface: read as a picture, made, changed, arranged."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from dougong_designer import relations as found
from dougong_designer.patch import Documents
from dougong_designer.relations import ON_DELETE, SYSTEM, NewRelation, Relation, arrangement
from dougong_designer.relations.drawing import Asked, draw
from dougong_platform.http import json_body, parameters
from dougong_platform.http.answers import json_answer
from dougong_platform.http.api.studio import stepped, studio_of
from dougong_platform.http.endpoint import Call, reads, writes
from dougong_platform.studio import Studio
from dougong_runtime.documents.references import Target
from dougong_runtime.errors import refuse
from dougong_runtime.labels import Language

CHANGES = ("label", "required", "on_delete", "inverse", "inherit")


def list_relations(call: Call) -> Response:
    """`GET …/relations` `?of=`: every relation, or those of one entity, and where the boxes of the diagram stand."""
    given = parameters.parameters(call.request, "of")
    studio = studio_of(call)
    documents, of = studio.draft.documents, given.get("of", "")
    if of:
        studio.draft.document(f"entity/{of}")
    kept = arrangement.kept(call.connection, studio.name)
    diagram = draw(documents, kept, Asked(of=of), lambda label: label.in_(call.language))
    boxes = [
        {
            "entity": b.name,
            "id": b.id,
            "label": b.label,
            "x": round(b.x),
            "y": round(b.y),
            "width": b.width,
            "height": b.height,
        }
        for b in diagram.boxes
    ]
    mine = [r for r in diagram.all if not of or of == r.entity or of in r.targets]
    items = [_told(documents, r, call.language) for r in mine]
    return json_answer({"items": items, "boxes": boxes, "revision": studio.draft.revision})


def make_relation(call: Call) -> Response:
    """`POST …/relations` `{from, to, name, label, language, required, many, on_delete, inverse}`: a reference from one
    entity to another, as one act. Names that are left out are made."""
    parameters.parameters(call.request)
    body = call.json("from", "to", "name", "label", "language", "required", "many", "on_delete", "inverse")
    language: Language = "en" if json_body.text_member(body, "language") == "en" else "zh"
    wish = NewRelation(
        entity=json_body.needed_text(body, "from", length_max=100),
        to=json_body.needed_text(body, "to", length_max=100),
        name=json_body.text_member(body, "name", length_max=100) or "",
        label=json_body.text_member(body, "label", length_max=80) or "",
        language=language if body.get("language") else call.language,
        required=json_body.flag_member(body, "required"),
        many=json_body.flag_member(body, "many"),
        on_delete=_on_delete(json_body.text_member(body, "on_delete") or "refuse"),
        inverse=json_body.text_member(body, "inverse", length_max=100) or "",
    )
    studio = studio_of(call, writes=True)
    documents, name = found.with_relation(studio.draft.documents, wish)
    step = studio.take(documents)
    made = next(
        r for r in found.relations(studio.draft.documents) if (r.entity, r.field) == (wish.entity, name)
    )
    return stepped(call, studio, step, relation=_told(studio.draft.documents, made, call.language))


def change_relation(call: Call) -> Response:
    """`PATCH …/relations/{id}`: one of `label` (a text or `{zh, en}`), `required`, `on_delete`, `inverse` (everything
    that names it follows) or `inherit` (who sees the one sees the other), as one act."""
    parameters.parameters(call.request)
    body = call.json(*CHANGES)
    if len(body) != 1:
        raise json_body.wrong_member("label", "一次只改一项", "one member at a time")
    studio = studio_of(call, writes=True)
    relation = found.find(studio.draft.documents, call.path("id"))
    name, value = next(iter(body.items()))
    if name == "inverse" and relation.inverse and value:
        if len(relation.targets) > 1:
            raise refuse(found.ALREADY_ONE, name=relation.field)
        to = json_body.needed_text(body, "inverse", length_max=100)
        target = Target("inverse", relation.inverse, relation.targets[0])
        return stepped(call, studio, studio.rename(target, to))
    return stepped(call, studio, studio.take(_changed(studio, relation, name, body)))


def _changed(studio: Studio, relation: Relation, name: str, body: dict[str, Any]) -> Documents:
    documents = studio.draft.documents
    match name:
        case "inherit":
            return found.with_inheriting(documents, relation, on=json_body.flag_member(body, "inherit"))
        case "required":
            value: Any = json_body.flag_member(body, "required") or None
        case "on_delete":
            value = _on_delete(json_body.needed_text(body, "on_delete"))
        case "label" if isinstance(body["label"], dict):
            json_body.only(body["label"], ("zh", "en"))
            value = {k: json_body.text_member(body["label"], k, length_max=80) or "" for k in body["label"]}
        case _:
            value = json_body.text_member(body, name, length_max=100)
    return found.with_property(documents, relation.id, name, value)


def place_boxes(call: Call) -> Response:
    """`PUT …/relations/places` `{places: {entity: [x, y]}}`: boxes put somewhere, for everybody; no step of the draft.
    An empty object lets all be laid out again."""
    parameters.parameters(call.request)
    given = call.json("places").get("places")
    studio = studio_of(call)
    documents = studio.draft.documents
    if not isinstance(given, dict) or not all(_is_point(point) for point in given.values()):
        raise json_body.wrong_member("places", "应为 {实体: [x, y]}", "{entity: [x, y]}")
    if not given:
        arrangement.forget(call.connection, studio.name)
    made = {}
    for name, (x, y) in given.items():
        data = {} if name in SYSTEM else studio.draft.document(f"entity/{name}")
        made[str(data.get("id", name))] = (round(x), round(y))
    arrangement.keep(call.connection, studio.name, made)
    kept = arrangement.kept(call.connection, studio.name)
    ids = {str(d.get("id")): k.partition("/")[2] for k, d in documents.items() if k.startswith("entity/")}
    return json_answer({"places": {ids.get(i, i): list(point) for i, point in kept.items()}})


def _is_point(point: object) -> bool:
    return (
        isinstance(point, list)
        and len(point) == 2
        and all(not isinstance(n, bool | str) and n is not None and abs(n) < 10**6 for n in point)
    )


def _on_delete(value: str) -> str:
    if value not in ON_DELETE:
        listed = ", ".join(ON_DELETE)
        raise json_body.wrong_member("on_delete", f"应为其中之一：{listed}", f"one of {listed}")
    return value


def _told(documents: Documents, relation: Relation, language: Language) -> dict[str, Any]:
    inherit = found.inheriting(documents, relation)
    return {
        "id": relation.id,
        "from": relation.entity,
        "to": list(relation.targets),
        "name": relation.field,
        "label": relation.label.in_(language),
        "type": relation.type,
        "inverse": relation.inverse or None,
        "required": relation.required,
        "on_delete": None if relation.many or relation.is_system else relation.on_delete,
        "inherit": inherit.is_on if inherit.possible else None,
    }


def routes(prefix: str) -> list[Route]:
    """Its routes."""
    own = prefix + "/studio/{app}/relations"
    return [
        Route(own, reads(list_relations), methods=["GET"]),
        Route(own, writes(make_relation), methods=["POST"]),
        Route(own + "/places", writes(place_boxes), methods=["PUT"]),
        Route(own + "/{id}", writes(change_relation), methods=["PATCH"]),
    ]
