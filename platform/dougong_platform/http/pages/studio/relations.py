"""The relation diagram of an app: drawn, arranged by hand for everybody, relations made and changed in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute

from dougong_designer import relations as found
from dougong_designer.patch import Documents
from dougong_designer.relations import ON_DELETE, SYSTEM, Inheriting, NewRelation, Relation, arrangement
from dougong_designer.relations.drawing import SYSTEM_ICONS, Asked, draw, entity_label
from dougong_platform.http.pages.studio.acting import acted, acting
from dougong_platform.http.pages.studio.base import ICONS, open_studio, page, part
from dougong_platform.http.pages.studio.patterns import Choice, choices
from dougong_platform.http.pages.visit import Here, Pages, Visit
from dougong_platform.http.problem_types import BAD_REQUEST
from dougong_platform.studio import Studio
from dougong_runtime.documents.references import Target
from dougong_runtime.errors import NOT_FOUND, Refused, refuse
from dougong_runtime.labels import Label
from dougong_runtime.pages.shell import Toast
from dougong_runtime.records.query import Query

TEMPLATE = "studio/relations.html"
PLACES_MAX = 2_000
USES_SHOWN = 12


def routes(pages: Pages) -> list[BaseRoute]:
    """`/studio/{app}/relations` and its acts."""
    own = "/studio/{app}/relations"
    return [
        pages.get(own, show),
        pages.get(own + "/panel", show_panel),
        pages.get(own + "/uses", show_uses),
        pages.post(own + "/new", make),
        pages.post(own + "/set", change),
        pages.post(own + "/place", move),
        pages.post(own + "/arrange", arrange),
    ]


@dataclass(frozen=True, slots=True)
class Line:
    """A relation in words."""

    id: str
    source: str
    field: str
    label: str
    target: str
    inverse: str
    many: bool
    required: bool
    on_delete: str


@dataclass(frozen=True, slots=True)
class Panel:
    """The properties of what is chosen: a relation, or an entity with its relations."""

    source: str
    target: str = ""
    relation: Relation | None = None
    label: str = ""
    held: str | None = None
    inherit: Inheriting = field(default_factory=lambda: Inheriting(False, (), ()))
    roles: str = ""
    name: str = ""
    icon: str = ""
    address: str = ""
    out: tuple[Line, ...] = ()
    into: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Use:
    """A document that names a relation."""

    icon: str
    href: str
    text: str
    n: int


def show(visit: Visit) -> Response:
    """The diagram, or the table that says the same. `?of=` an entity; `?at=` what is chosen."""
    with visit.reading() as here:
        studio = open_studio(here)
        return page(here, studio, TEMPLATE, "", here.reader.t("relation.title"), **_values(here, studio))


def show_panel(visit: Visit) -> Response:
    """The properties of what is chosen, again."""
    with visit.reading() as here:
        studio = open_studio(here)
        values = {"asked": _asked(here), "panel": _panel(here, studio, visit.query("at"))}
        return part(here, studio, TEMPLATE, "prop", "", **values)


def show_uses(visit: Visit) -> Response:
    """What uses a relation; the draft is linked for it."""
    with visit.reading() as here:
        studio = open_studio(here)
        relation = found.find(studio.draft.documents, visit.query("at"))
        return part(
            here, studio, "studio/relations_uses.html", "uses", "", places=_uses(here, studio, relation)
        )


def make(visit: Visit) -> Response:
    """A new reference."""

    def act(here: Here, studio: Studio) -> Response:
        wish = NewRelation(
            entity=visit.text("from"),
            to=visit.text("to"),
            name=visit.text("name"),
            label=visit.text("label"),
            language=here.viewer.language,
            required=visit.text("required") == "1",
            many=visit.text("many") == "1",
            on_delete=visit.text("on_delete") if visit.text("on_delete") in ON_DELETE else "refuse",
            inverse=visit.text("inverse"),
        )
        documents, name = found.with_relation(studio.draft.documents, wish)
        _hold(here, studio)
        step = studio.take(documents)
        made = next(
            r for r in found.relations(studio.draft.documents) if (r.entity, r.field) == (wish.entity, name)
        )
        reader = here.reader
        entity = reader.label(entity_label(studio.draft.documents, wish.entity))
        told = reader.t("relation.made", label=reader.label(made.label), entity=entity)
        response = acted(here, studio, step, Toast(told))
        events = json.loads(response.headers["HX-Trigger"])
        response.headers["HX-Trigger"] = json.dumps(
            events | {"relation-made": {"target": "body", "at": made.id}}
        )
        return response

    return acting(visit, act)


def change(visit: Visit) -> Response:
    """One property of a relation: `label`, `inverse`, `on_delete`, `required`, or `inherit`: who sees the one sees the
    other."""

    def act(here: Here, studio: Studio) -> Response:
        documents = studio.draft.documents
        relation = found.find(documents, visit.text("at"))
        name, value = visit.text("name"), visit.text("value")
        if name == "inverse" and relation.inverse and value:
            if len(relation.targets) > 1:
                raise refuse(found.ALREADY_ONE, name=relation.field)
            target = Target("inverse", relation.inverse, relation.targets[0])
            return acted(here, studio, studio.rename(target, value))
        return acted(here, studio, studio.take(_changed(here, documents, relation, name, value)))

    return acting(visit, act)


def _changed(here: Here, documents: Documents, relation: Relation, name: str, value: str) -> Documents:
    match name:
        case "label":
            kept = {"zh": relation.label.zh, "en": relation.label.en}
            label = {**kept, here.viewer.language: value} if value else None
            return found.with_property(documents, relation.id, "label", label)
        case "required":
            return found.with_property(documents, relation.id, "required", True if value == "1" else None)
        case "on_delete" | "inverse":
            return found.with_property(documents, relation.id, name, value or None)
        case "inherit":
            return found.with_inheriting(documents, relation, on=value == "1")
    raise refuse(NOT_FOUND, "name", name=name)


def move(visit: Visit) -> Response:
    """Boxes put somewhere: `places` is `{entity's id: [x, y]}` as JSON."""
    with visit.writing() as here:
        studio = open_studio(here)
        _hold(here, studio)
        arrangement.keep(
            here.connection, studio.name, read_places(studio.draft.documents, visit.text("places"))
        )
    return _moved()


def arrange(visit: Visit) -> Response:
    """All boxes laid out anew."""
    with visit.writing() as here:
        arrangement.forget(here.connection, open_studio(here).name)
    return _moved()


def _hold(here: Here, studio: Studio) -> None:
    """Keep all boxes where they stand: what is added next does not move what somebody looks at."""
    kept = arrangement.kept(here.connection, studio.name)
    drawn = draw(studio.draft.documents, kept, Asked(), here.reader.label)
    arrangement.keep(here.connection, studio.name, {b.id: (round(b.x), round(b.y)) for b in drawn.boxes})


def _moved() -> Response:
    return HTMLResponse("", headers={"HX-Trigger": json.dumps({"relations-changed": {"target": "body"}})})


def read_places(documents: Documents, text: str) -> dict[str, arrangement.Point]:
    """Places as they are sent, of entities that are there. Raises Refused (BAD_REQUEST)."""
    try:
        given = json.loads(text)
        made = {str(k): (round(x), round(y)) for k, (x, y) in given.items()}
    except (ValueError, TypeError, AttributeError, OverflowError):
        raise refuse(
            BAD_REQUEST, "places", zh="应为 {标识: [x, y]}。", en="{id: [x, y]} is expected."
        ) from None
    known = {str(d.get("id")) for k, d in documents.items() if k.startswith("entity/")} | set(SYSTEM)
    return {k: place for k, place in list(made.items())[:PLACES_MAX] if k in known}


# --- what is shown ----------------------------------------------------------------------------------------------
def _asked(here: Here) -> Asked:
    visit = here.visit
    return Asked(visit.query("of"), visit.query("at"), visit.query("people") == "1")


def _values(here: Here, studio: Studio) -> Mapping[str, Any]:
    documents, asked, shape = studio.draft.documents, _asked(here), here.visit.query("shape")
    if asked.of and f"entity/{asked.of}" not in documents:
        asked = replace(asked, of="")
    kept = arrangement.kept(here.connection, studio.name)
    diagram = draw(documents, kept, asked, here.reader.label)
    entities = choices(here, documents, "entity")
    people = [Choice(name, here.reader.label(entity_label(documents, name))) for name in SYSTEM]
    every = [r for r in diagram.all if not asked.of or asked.of == r.entity or asked.of in r.targets]
    query = {"of": asked.of, "at": asked.chosen, "people": "1" if asked.people else "", "shape": shape}
    return {
        "asked": asked,
        "shape": shape,
        "query": urlencode({key: value for key, value in query.items() if value}),
        "diagram": diagram,
        "entities": entities,
        "targets": [*entities, *people],
        "lines": [_line(here, documents, r) for r in every] if shape == "table" else [],
        "panel": _panel(here, studio, asked.chosen),
    }


def _line(here: Here, documents: Documents, relation: Relation) -> Line:
    label = here.reader.label
    return Line(
        relation.id,
        label(entity_label(documents, relation.entity)),
        relation.field,
        label(relation.label),
        "、".join(label(entity_label(documents, target)) for target in relation.targets),
        relation.inverse,
        relation.many,
        relation.required,
        "" if relation.many or relation.is_system else relation.on_delete,
    )


def _panel(here: Here, studio: Studio, chosen: str) -> Panel | None:
    documents, label = studio.draft.documents, here.reader.label
    every = found.relations(documents)
    relation = next((r for r in every if r.id == chosen), None)
    if relation is not None:
        line = _line(here, documents, relation)
        inherit = found.inheriting(documents, relation)
        roles = [label(Label.of(documents[f"role/{n}"].get("label"), n)) for n in inherit.readers]
        held = _held(here, studio, relation)
        joined = "、".join(roles) if here.reader.language == "zh" else ", ".join(roles)
        return Panel(line.source, line.target, relation, line.label, held, inherit, joined)
    if not chosen or (f"entity/{chosen}" not in documents and chosen not in SYSTEM):
        return None
    data = documents.get(f"entity/{chosen}", {})
    return Panel(
        label(entity_label(documents, chosen)),
        name=chosen,
        icon=str(data.get("icon") or SYSTEM_ICONS.get(chosen, "database")),
        address="" if chosen in SYSTEM else f"/studio/{studio.name}/entity/{chosen}",
        out=tuple(_line(here, documents, r) for r in every if r.entity == chosen),
        into=tuple(_line(here, documents, r) for r in every if chosen in r.targets),
    )


def _held(here: Here, studio: Studio, relation: Relation) -> str | None:
    """How many records name another by it now, of those that the builder may see; None where that cannot be asked."""
    entity = next((e for e in studio.running.own_entities if e.name == relation.entity), None)
    own = None if entity is None else next((f for f in entity.own_fields if f.id == relation.id), None)
    if entity is None or own is None or own.is_many:
        return None
    records = here.site.records(here.connection, here.viewer, studio.name)
    try:
        answer = records.list(Query(entity.name, filter=f"{own.name} <> NULL", fields=("id",), limit=1))
    except Refused:
        return None
    return None if answer.count is None else f"{answer.count:,}"


def _uses(here: Here, studio: Studio, relation: Relation) -> list[Use]:
    documents, references = studio.draft.documents, studio.linked.references
    wanted = [Target("field", relation.field, relation.entity)]
    if relation.inverse:
        wanted += [Target("inverse", relation.inverse, target) for target in relation.targets]
    counted: dict[str, int] = {}
    for target in wanted:
        for reference in references.to(target):
            counted[reference.document] = counted.get(reference.document, 0) + 1
    made = []
    for key, n in counted.items():
        kind, _, name = key.partition("/")
        label = here.reader.label(Label.of(documents.get(key, {}).get("label"), name))
        made.append(Use(ICONS.get(kind, "file"), f"/studio/{studio.name}/{key}", label, n))
    return sorted(made, key=lambda use: (-use.n, use.text))[:USES_SHOWN]
