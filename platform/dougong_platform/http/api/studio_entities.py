"""Building entities over the interface: whole ones made, fields added in a line or by type, put into forms and views,
retyped, retired, restored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from dougong_designer.entities import fields as of_fields
from dougong_designer.entities import making, placing, quick, retire
from dougong_designer.entities.quick import LENGTH_MAX
from dougong_platform import studio_entities
from dougong_platform.http import json_body, parameters
from dougong_platform.http.answers import json_answer
from dougong_platform.http.api.studio import stepped, studio_of
from dougong_platform.http.endpoint import Call, reads, writes
from dougong_platform.studio import Studio
from dougong_runtime.errors import NOT_FOUND, refuse
from dougong_runtime.labels import Label

LABEL_MAX = 200
NAME_MAX = 100


def make_entity(call: Call) -> Response:
    """`POST …/entities` `{label, name, icon, title, roles, in_menu}`: an entity with its form, its list, grants for the
    roles and, unless `in_menu` is false, an entry in the menu, as one act."""
    parameters.parameters(call.request)
    body = call.json("label", "name", "icon", "title", "roles", "in_menu")
    wanted = making.NewEntity(
        _label(body, "label") or Label("", ""),
        json_body.text_member(body, "name", length_max=NAME_MAX) or "",
        json_body.text_member(body, "icon", length_max=NAME_MAX) or "box",
        _label(body, "title") or making.NAME,
        json_body.names_member(body, "roles"),
        json_body.flag_member(body, "in_menu") if "in_menu" in body else True,
    )
    studio = studio_of(call, writes=True)
    documents, name = making.made(studio.draft.documents, wanted)
    return stepped(call, studio, studio.take(documents), entity=name)


def remove_entity(call: Call) -> Response:
    """`DELETE …/entities/{entity}` `?own=true`: out of the draft; `own`: with its forms, views, reports, grants and menu
    entries."""
    given = parameters.parameters(call.request, "own")
    studio, key = studio_of(call, writes=True), _key(call)
    made = making.without(studio.draft.documents, key, with_its_own=given.get("own") == "true")
    return stepped(call, studio, studio.take(made))


def add_field(call: Call) -> Response:
    """`POST …/fields` `{line, type, to, before}`: a field out of a line of text (`Manager user required`), or of a
    type with what such a field needs; `to`: the entity of a reference; `before`: the field that it stands before."""
    parameters.parameters(call.request)
    body = call.json("line", "type", "to", "before")
    studio, key = studio_of(call, writes=True), _key(call)
    documents = studio.draft.documents
    of_fields.entity_at(documents, key)
    line = json_body.text_member(body, "line", length_max=LENGTH_MAX)
    if line is not None:
        field = of_fields.wished(documents, key, quick.parse(line, documents), call.language)
    else:
        type_name = json_body.needed_text(body, "type", length_max=NAME_MAX)
        to = json_body.text_member(body, "to", length_max=NAME_MAX) or ""
        field = of_fields.dropped(documents, key, type_name, to)
    before = json_body.text_member(body, "before", length_max=NAME_MAX)
    place = None if before is None else _field(studio, key, before)["id"]
    made = of_fields.with_field(documents, key, field, place)
    return stepped(call, studio, studio.take(made), field={"id": field["id"], "name": field["name"]})


def look_at_type(call: Call) -> Response:
    """`GET …/fields/{field}/retyping` `?type=&to=`: what another type would do to the values, and to the draft. Values
    are told as far as the caller may see them, others counted."""
    given = parameters.parameters(call.request, "type", "to")
    studio, key = studio_of(call), _key(call)
    at = str(_field(studio, key, call.path("field"))["id"])
    wanted = json_body.needed_text(given, "type", length_max=NAME_MAX)
    found = studio_entities.look(studio, key, at, wanted, given.get("to", ""), call.language)
    seen = found.preview
    return json_answer(
        {
            "filled": None if seen is None else seen.filled,
            "lost": 0 if seen is None else seen.lost_count,
            "examples": []
            if seen is None
            else [{"record": e.record, "before": e.before, "after": e.after} for e in seen.examples],
            "values": []
            if seen is None
            else [{"record": v.record, "value": v.value, "why": v.why} for v in seen.lost],
            "problems": [problem.text(call.language) for problem in found.problems],
        }
    )


def retype_field(call: Call) -> Response:
    """`POST …/fields/{field}/retype` `{type, to}`: another type; what both know is kept."""
    parameters.parameters(call.request)
    body = call.json("type", "to")
    studio, key = studio_of(call, writes=True), _key(call)
    wanted = json_body.needed_text(body, "type", length_max=NAME_MAX)
    to = json_body.text_member(body, "to", length_max=NAME_MAX) or ""
    made = studio_entities.retyped(
        studio, key, str(_field(studio, key, call.path("field"))["id"]), wanted, to
    )
    return stepped(call, studio, studio.take(made))


def retire_field(call: Call) -> Response:
    """`POST …/fields/{field}/retire` `{places}`: out of the draft; `places`: also out of the lists that name it."""
    parameters.parameters(call.request)
    body = call.json("places")
    studio, key = studio_of(call, writes=True), _key(call)
    at = str(_field(studio, key, call.path("field"))["id"])
    places = json_body.flag_member(body, "places")
    made = retire.retired(studio.draft.documents, studio.linked.references, key, at, places=places)
    return stepped(call, studio, studio.take(made))


def restore_field(call: Call) -> Response:
    """`POST …/fields/{field}/restore`: a retired field, named by its id, back in its place."""
    parameters.parameters(call.request)
    call.json()
    studio, key = studio_of(call, writes=True), _key(call)
    of_fields.entity_at(studio.draft.documents, key)
    return stepped(call, studio, studio.take(studio_entities.restored(studio, key, call.path("field"))))


def list_retired(call: Call) -> Response:
    """`GET …/fields/retired`: fields that are out of use and can be restored."""
    parameters.parameters(call.request)
    studio, key = studio_of(call), _key(call)
    documents = studio.draft.documents
    found = [
        *retire.gone_from(documents, studio.draft.original, key),
        *studio_entities.trashed(studio, key),
    ]
    items = [
        {
            "id": one.get("id"),
            "name": one.get("name"),
            "type": one.get("type"),
            "label": Label.of(one.get("label"), str(one.get("name"))).in_(call.language),
        }
        for one in found
    ]
    return json_answer({"items": items})


def list_homes(call: Call) -> Response:
    """`GET …/fields/{field}/homes`: the entity's forms, views and sub-lists; whether each shows the field, whether it is
    proposed, and why it cannot take it."""
    parameters.parameters(call.request)
    studio, key = studio_of(call), _key(call)
    at = str(_field(studio, key, call.path("field"))["id"])
    items = [
        {
            "at": one.at,
            "kind": one.kind,
            "label": one.label.in_(call.language),
            "shown": one.shown,
            "proposed": one.wise,
            "why": placing.WHY[one.why].in_(call.language) if one.why else None,
        }
        for one in placing.homes(studio.draft.documents, key, at)
    ]
    return json_answer({"items": items})


def put_field(call: Call) -> Response:
    """`POST …/fields/{field}/put` `{into}`: the field into these homes, by their `at`; into those that are proposed
    where `into` is left out."""
    parameters.parameters(call.request)
    body = call.json("into")
    studio, key = studio_of(call, writes=True), _key(call)
    documents, at = studio.draft.documents, str(_field(studio, key, call.path("field"))["id"])
    proposed = placing.wise(placing.homes(documents, key, at))
    into = json_body.names_member(body, "into") if "into" in body else proposed
    step = studio.take(placing.put_into(documents, key, at, into))
    return stepped(call, studio, step, into=list(into))


def _key(call: Call) -> str:
    return f"entity/{call.path('entity')}"


def _field(studio: Studio, key: str, name: str) -> Mapping[str, Any]:
    """A field by its id or its name. Raises Refused (NOT_FOUND)."""
    for one in of_fields.fields_of(of_fields.entity_at(studio.draft.documents, key)):
        if name in (one.get("id"), one.get("name")):
            return one
    raise refuse(NOT_FOUND, name=name)


def _label(body: Mapping[str, Any], name: str) -> Label | None:
    given = body.get(name)
    if given is None:
        return None
    if isinstance(given, Mapping):
        json_body.only(given, ("zh", "en"))
        zh = json_body.text_member(given, "zh", length_max=LABEL_MAX) or ""
        return Label(zh, json_body.text_member(given, "en", length_max=LABEL_MAX) or "")
    text = json_body.text_member(body, name, length_max=LABEL_MAX) or ""
    return Label(text, "")


def routes(prefix: str) -> list[Route]:
    """Its routes."""
    entities = prefix + "/studio/{app}/entities"
    one = entities + "/{entity}"
    field = one + "/fields/{field}"
    return [
        Route(entities, writes(make_entity), methods=["POST"]),
        Route(one, writes(remove_entity), methods=["DELETE"]),
        Route(one + "/fields", writes(add_field), methods=["POST"]),
        Route(one + "/fields/retired", reads(list_retired), methods=["GET"]),
        Route(field + "/homes", reads(list_homes), methods=["GET"]),
        Route(field + "/put", writes(put_field), methods=["POST"]),
        Route(field + "/retyping", reads(look_at_type), methods=["GET"]),
        Route(field + "/retype", writes(retype_field), methods=["POST"]),
        Route(field + "/retire", writes(retire_field), methods=["POST"]),
        Route(field + "/restore", writes(restore_field), methods=["POST"]),
    ]
