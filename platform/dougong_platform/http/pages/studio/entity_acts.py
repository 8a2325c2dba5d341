"""What is done on an entity's canvas: each act gives the documents as they are to be, which is one step of the draft."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from starlette.responses import HTMLResponse, Response

from dougong_designer import edits
from dougong_designer.draft import Draft
from dougong_designer.entities import fields as of_fields
from dougong_designer.entities import guards, making, options, quick, retire
from dougong_designer.entities.fields import find_field
from dougong_designer.entities.guards import Kind
from dougong_designer.entities.naming import name_of
from dougong_designer.entities.properties import set_property
from dougong_designer.entities.table import before_of
from dougong_designer.patch import Documents
from dougong_platform import studio_entities
from dougong_platform.http.pages.studio.acting import acted, acting
from dougong_platform.http.pages.studio.entity_view import base_of, canvas
from dougong_platform.http.pages.visit import Here, Visit
from dougong_platform.studio import Studio
from dougong_runtime.documents.references import Target
from dougong_runtime.errors import NOT_FOUND, refuse
from dougong_runtime.fields import FIELD_TYPES
from dougong_runtime.labels import Label, Language
from dougong_runtime.pages.shell import Toast


@dataclass(frozen=True, slots=True)
class Done:
    """What an act comes to."""

    documents: Documents
    said: str = ""
    """Told in a toast, which offers to take it back."""
    chosen: str | None = None
    """Id of what is chosen afterwards; empty: nothing. None: as before."""
    goes: str = ""
    """Another address, where the document is another."""


Act: TypeAlias = Callable[[Here, Studio, str], Done]


def do(visit: Visit) -> Response:
    """One act by its name."""
    key = f"entity/{visit.path('name')}"

    def carried(here: Here, studio: Studio) -> Response:
        act = ACTS.get(visit.path("act"))
        if act is None:
            raise refuse(NOT_FOUND)
        of_fields.entity_at(studio.draft.documents, key)
        return answer(here, studio, act(here, studio, key))

    return acting(visit, carried)


def create(visit: Visit) -> Response:
    """A new entity with its form, list, menu entry and grants, in one act."""

    def make(here: Here, studio: Studio) -> Response:
        given = here.visit
        label = Label(given.text("label.zh"), given.text("label.en"))
        wanted = making.NewEntity(
            label,
            given.text("name"),
            given.text("icon") or "box",
            Label(given.text("title.zh") or "名称", given.text("title.en") or "Name"),
            tuple(str(one) for one in given.form.getlist("roles")),
            given.text("in_menu") == "true",
        )
        documents, name = making.made(studio.draft.documents, wanted)
        return answer(here, studio, Done(documents, goes=f"/studio/{studio.name}/entity/{name}"))

    return acting(visit, make)


def answer(here: Here, studio: Studio, done: Done) -> Response:
    """Take an act, and tell the page; the answer brings the canvas along."""
    before = studio.draft
    step = studio.take(done.documents)
    toast = None
    if done.said and step is not None:
        toast = Toast(done.said, f"/studio/{studio.name}/undo", in_place=True)
    response = acted(here, studio, step, toast)
    if done.goes:
        response.headers["HX-Redirect"] = done.goes
    elif done.chosen is not None:
        told = json.loads(response.headers.get("HX-Trigger", "{}"))
        told["entity-chosen"] = {"target": "body", "at": done.chosen}
        response.headers["HX-Trigger"] = json.dumps(told)
    if step is not None and not done.goes:
        return _with_canvas(here, studio, response, before)
    return response


def _with_canvas(here: Here, studio: Studio, response: Response, before: Draft) -> Response:
    """A page shows an act as soon as it is answered. What it has on its screen already is not sent again: `shown` in the
    address is the revision of the fields that are there, where it is those that are there."""
    is_shown = here.visit.query("shown") == str(before.revision)
    drawn = canvas(here, studio, f"entity/{here.visit.path('name')}", before if is_shown else None)
    partial = b'<hx-partial hx-target="#ent-canvas" hx-swap="outerMorph">%b</hx-partial>' % bytes(drawn.body)
    answered = HTMLResponse(bytes(response.body) + partial)
    answered.headers["HX-Trigger"] = response.headers["HX-Trigger"]
    return answered


# --- fields -------------------------------------------------------------------------------------------------
def _add(here: Here, studio: Studio, key: str) -> Done:
    documents = studio.draft.documents
    field = of_fields.dropped(documents, key, here.visit.text("type"), here.visit.text("to"))
    made = of_fields.with_field(documents, key, field, here.visit.text("before") or None)
    return Done(made, chosen=str(field["id"]))


def _quick(here: Here, studio: Studio, key: str) -> Done:
    documents = studio.draft.documents
    wish = quick.parse(here.visit.text("text"), documents)
    field = of_fields.wished(documents, key, wish, here.reader.language)
    made = of_fields.with_field(documents, key, field, here.visit.text("before") or None)
    kind = FIELD_TYPES.get(wish.type).label
    said = here.reader.t("entity.added", label=wish.label, type=here.reader.label(kind))
    return Done(made, said=said)


def _move(here: Here, studio: Studio, key: str) -> Done:
    at, before = here.visit.text("at"), here.visit.text("before")
    return Done(of_fields.moved(studio.draft.documents, key, at, before or None))


def _duplicate(here: Here, studio: Studio, key: str) -> Done:
    made, identity = of_fields.doubled(studio.draft.documents, key, here.visit.text("at"))
    return Done(made, chosen=identity)


def _field(here: Here, studio: Studio, key: str) -> Done:
    given = here.visit
    documents, at, name, value = (
        studio.draft.documents,
        given.text("at"),
        given.text("property"),
        given.text("value"),
    )
    made = set_property(documents, key, at, name, value)
    if name == "label.en" and value and _is_untouched(studio, key, at):
        # What nobody uses yet takes its inner name from its English label.
        made = _named_after(made, key, at, value)
    return Done(made)


def _is_untouched(studio: Studio, key: str, identity: str) -> bool:
    """Whether a field is new, and still called as its type."""
    field = of_fields.field_at(studio.draft.documents, key, identity)
    before = before_of(studio.draft.original, studio.draft.documents[key])
    stem = str(field.get("name")).rstrip("0123456789").rstrip("_")
    is_new = find_field(before or {}, identity) is None
    if not is_new or stem != field.get("type"):
        return False
    target = Target("field", str(field.get("name")), key.partition("/")[2])
    return not studio.linked.references.to(target)


def _named_after(documents: Documents, key: str, identity: str, label: str) -> Documents:
    entity = key.partition("/")[2]
    name = name_of(label, of_fields.names_in(documents, entity))
    return of_fields.changing(documents, key, identity, lambda field: {**field, "name": name})


def _rename(here: Here, studio: Studio, key: str) -> Done:
    documents, at, name = studio.draft.documents, here.visit.text("at"), here.visit.text("to")
    field = of_fields.field_at(documents, key, at)
    target = Target("field", str(field.get("name")), key.partition("/")[2])
    if name == field.get("name"):
        return Done(documents)
    made = edits.renamed(studio.draft, studio.linked.references, target, name)
    return Done(made, said=here.reader.t("entity.renamed", old=target.name, new=name))


def _retype(here: Here, studio: Studio, key: str) -> Done:
    at, wanted = here.visit.text("at"), here.visit.text("type")
    made = studio_entities.retyped(studio, key, at, wanted, here.visit.text("to"))
    kind = FIELD_TYPES.find(wanted)
    label = here.reader.label(kind.label) if kind is not None else wanted
    return Done(made, said=here.reader.t("entity.retyped", type=label))


def _retire(here: Here, studio: Studio, key: str) -> Done:
    documents, at = studio.draft.documents, here.visit.text("at")
    field = of_fields.field_at(documents, key, at)
    places = here.visit.text("places") == "true"
    references = studio.linked.references
    made = retire.retired(documents, references, key, at, places=places)
    label = here.reader.label(Label.of(field.get("label"), str(field.get("name"))))
    return Done(made, said=here.reader.t("entity.retired", label=label), chosen="")


def _restore(here: Here, studio: Studio, key: str) -> Done:
    at = here.visit.text("at")
    return Done(studio_entities.restored(studio, key, at), chosen=at)


# --- options, stages and ways -------------------------------------------------------------------------------
def _option_add(here: Here, studio: Studio, key: str) -> Done:
    given, language = here.visit, here.reader.language
    label = given.text("value") or here.reader.t("entity.option_new")
    return Done(options.with_option(studio.draft.documents, key, given.text("at"), label, language))


def _option(here: Here, studio: Studio, key: str) -> Done:
    given, documents = here.visit, studio.draft.documents
    at, identity, name, value = (given.text(one) for one in ("at", "option", "property", "value"))
    if name != "value":
        return Done(options.option_changed(documents, key, at, identity, name, value))
    field = of_fields.field_at(documents, key, at)
    old = str(options.find_option(field, identity).get("value"))
    if old == value:
        return Done(documents)
    owner = f"{key.partition('/')[2]}.{field.get('name')}"
    return Done(edits.renamed(studio.draft, studio.linked.references, Target("option", old, owner), value))


def _option_move(here: Here, studio: Studio, key: str) -> Done:
    at, identity, before = (here.visit.text(one) for one in ("at", "option", "before"))
    return Done(options.option_moved(studio.draft.documents, key, at, identity, before or None))


def _option_remove(here: Here, studio: Studio, key: str) -> Done:
    documents = studio.draft.documents
    at, identity = here.visit.text("at"), here.visit.text("option")
    one = options.find_option(of_fields.field_at(documents, key, at), identity)
    label = here.reader.label(Label.of(one.get("label"), str(one.get("value"))))
    made = options.without_option(documents, key, at, identity)
    return Done(made, said=here.reader.t("entity.option_retired", label=label))


def _way_add(here: Here, studio: Studio, key: str) -> Done:
    at, from_, to = (here.visit.text(one) for one in ("at", "from", "to"))
    return Done(options.with_way(studio.draft.documents, key, at, from_, to))


def _way(here: Here, studio: Studio, key: str) -> Done:
    given, documents = here.visit, studio.draft.documents
    at, identity, name = (given.text(one) for one in ("at", "way", "property"))
    value = _several(here) if name in ("roles", "requires") else given.text("value")
    return Done(options.way_changed(documents, key, at, identity, name, value))


def _way_remove(here: Here, studio: Studio, key: str) -> Done:
    at, identity = here.visit.text("at"), here.visit.text("way")
    return Done(options.without_way(studio.draft.documents, key, at, identity))


# --- guards -------------------------------------------------------------------------------------------------
def _guard_add(here: Here, studio: Studio, key: str) -> Done:
    made, identity = guards.with_guard(studio.draft.documents, key, _kind(here))
    return Done(made, chosen=identity)


def _guard(here: Here, studio: Studio, key: str) -> Done:
    given, documents = here.visit, studio.draft.documents
    kind, identity, name = _kind(here), given.text("guard"), given.text("property")
    if name == "name" and kind == "rules":
        entity = documents[key]
        rule = next((one for one in guards.guards_of(entity, kind) if one.get("id") == identity), None)
        if rule is None:
            raise refuse(NOT_FOUND, name=identity)
        target = Target("rule", str(rule.get("name")), key.partition("/")[2])
        return Done(edits.renamed(studio.draft, studio.linked.references, target, given.text("value")))
    value = _several(here) if name in ("fields", "except") else given.text("value")
    return Done(guards.guard_changed(documents, key, kind, identity, name, value))


def _guard_remove(here: Here, studio: Studio, key: str) -> Done:
    made = guards.without_guard(studio.draft.documents, key, _kind(here), here.visit.text("guard"))
    return Done(made, said=here.reader.t("entity.guard_removed"))


def _retain(here: Here, studio: Studio, key: str) -> Done:
    retain = dict(studio.draft.documents[key].get("retain") or {})
    name = here.visit.text("property")
    years = here.visit.whole("value") if name == "years" else retain.get("years")
    from_ = here.visit.text("value") if name == "from" else str(retain.get("from", ""))
    return Done(guards.retained(studio.draft.documents, key, years, from_))


# --- the entity itself --------------------------------------------------------------------------------------
def _entity(here: Here, studio: Studio, key: str) -> Done:
    given, documents = here.visit, studio.draft.documents
    name, value = given.text("property"), given.text("value")
    stem, _, language = name.partition(".")
    if stem in ("label", "plural", "help"):
        spoken: Language = "zh" if language == "zh" else "en"
        raw = documents[key].get(stem)
        return Done(of_fields.changed(documents, key, **{stem: of_fields.set_label(raw, spoken, value)}))
    if stem in ("icon", "title"):
        return Done(of_fields.changed(documents, key, **{stem: value or None}))
    if stem == "append_only":
        return Done(of_fields.changed(documents, key, append_only=True if value == "true" else None))
    if stem == "comments":
        return Done(of_fields.changed(documents, key, comments=_several(here)))
    if stem == "comments_all":
        return Done(of_fields.changed(documents, key, comments=None if value == "true" else []))
    raise refuse(NOT_FOUND, name=name)


def _entity_rename(here: Here, studio: Studio, key: str) -> Done:
    old, name = key.partition("/")[2], here.visit.text("to")
    if name == old:
        return Done(studio.draft.documents)
    made = edits.renamed(studio.draft, studio.linked.references, Target("entity", old), name)
    return Done(made, goes=base_of(studio, f"entity/{name}"))


def _entity_delete(here: Here, studio: Studio, key: str) -> Done:
    made = making.without(studio.draft.documents, key, with_its_own=here.visit.text("places") == "true")
    return Done(made, goes=f"/studio/{studio.name}")


def _kind(here: Here) -> Kind:
    kind = here.visit.text("kind")
    for known in guards.KINDS:
        if known == kind:
            return known
    raise refuse(NOT_FOUND, name=kind)


def _several(here: Here) -> list[str]:
    return [piece for one in here.visit.text("value").split(",") if (piece := one.strip())]


ACTS: dict[str, Act] = {
    "add": _add,
    "quick": _quick,
    "move": _move,
    "duplicate": _duplicate,
    "field": _field,
    "rename": _rename,
    "retype": _retype,
    "retire": _retire,
    "restore": _restore,
    "option-add": _option_add,
    "option": _option,
    "option-move": _option_move,
    "option-remove": _option_remove,
    "way-add": _way_add,
    "way": _way,
    "way-remove": _way_remove,
    "guard-add": _guard_add,
    "guard": _guard,
    "guard-remove": _guard_remove,
    "retain": _retain,
    "entity": _entity,
    "entity-rename": _entity_rename,
    "entity-delete": _entity_delete,
}
