"""Where a field is shown, and putting it into forms, views and sub-lists of its entity in one act.

A home is named by its document's key, `view/visits`; a sub-list by the key of what it stands in and its own id,
`form/patient_form#3f2a91c0`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dougong_designer import layouts, views
from dougong_designer.entities.fields import Data, entity_at, field_at, fields_of
from dougong_designer.entities.types import OF_SYSTEM, UNWRITTEN
from dougong_designer.layouts import GONE, Found, Place
from dougong_designer.patch import Documents
from dougong_designer.sketches import ways_back
from dougong_designer.views.fields import Outline
from dougong_runtime.errors import refuse
from dougong_runtime.labels import Label

COLUMNS_COMFORTABLE = 8
"""A list of so many columns is not widened unasked."""
LIST_FIELDS_MAX = 60
"""As the schema says of sub-lists."""
_LONG = (
    "long_text",
    "rich_text",
    "file",
    "image",
    "address",
    "tags",
    "multi_choice",
    "references",
    *OF_SYSTEM,
)
"""Types that make rows high or say little: no column unless asked for."""
_CARDED = ("kanban", "gallery")

WHY: Mapping[str, Label] = {
    **views.REASONS,
    "itself": Label("这个列表自己取前几个字段", "This list takes the first fields by itself"),
    "full": Label("已经放满", "No more fields fit"),
}
"""Why a field cannot be put somewhere."""


@dataclass(frozen=True, slots=True)
class Home:
    """A form, a view or a sub-list of an entity's records."""

    at: str
    kind: str
    """form, view; list: a sub-list in a form or page."""
    label: Label
    shown: bool
    """Whether the field stands there."""
    why: str = ""
    """Why it cannot be put there, as a key of `WHY`."""
    wise: bool = False
    """Whether it is proposed."""

    @property
    def document(self) -> str:
        """Key of the document."""
        return self.at.partition("#")[0]

    @property
    def is_free(self) -> bool:
        """Whether the field can be put there."""
        return not self.shown and not self.why


def homes(documents: Documents, key: str, identity: str) -> tuple[Home, ...]:
    """Every place that shows records of an entity field by field: its forms, its views, sub-lists elsewhere.

    Raises Refused (NOT_FOUND) where there is no such field.
    """
    field = field_at(documents, key, identity)
    return tuple(
        sorted(_homes(documents, key, field), key=lambda one: ("form", "view", "list").index(one.kind))
    )


def put_into(documents: Documents, key: str, identity: str, into: Iterable[str]) -> Documents:
    """The documents with a field in these homes, each time beside its neighbours; where it stands already it stays.

    Raises Refused (GONE) for a home that there is not, (CANNOT_STAND) for one that does not take it.
    """
    entity, field = entity_at(documents, key), field_at(documents, key, identity)
    known = {one.at: one for one in homes(documents, key, identity)}
    made = documents
    for at in dict.fromkeys(into):
        home = known.get(at)
        if home is None:
            raise refuse(GONE, name=at)
        if home.why:
            raise refuse(
                layouts.CANNOT_STAND,
                zh=f"「{home.label.zh}」放不下它：{WHY[home.why].zh}。",
                en=f"“{home.label.en}” does not take it: {WHY[home.why].en}.",
            )
        if not home.shown:
            put = {"form": _in_form, "view": _in_view, "list": _in_list}[home.kind]
            made = {**made, home.document: put(made, home, entity, field)}
    return made


def wise(found: Iterable[Home]) -> tuple[str, ...]:
    """The homes that are proposed."""
    return tuple(one.at for one in found if one.wise)


# --- what there is --------------------------------------------------------------------------------------------
def _homes(documents: Documents, key: str, field: Data) -> Iterator[Home]:
    entity = key.partition("/")[2]
    for other, data in documents.items():
        kind, _, name = other.partition("/")
        if kind == "view" and data.get("entity") == entity:
            yield _view(documents, other, data, field)
        elif kind == "form" and data.get("entity") == entity:
            there = any(spot.field == field.get("name") for spot in layouts.placed(data))
            yield Home(
                other,
                "form",
                Label.of(data.get("label"), name),
                there,
                wise=not there and _wise_form(data, field),
            )
        if kind in layouts.ROOTS and data.get("entity"):
            yield from _sublists(documents, other, data, entity, field)


def _wise_form(form: Data, field: Data) -> bool:
    """People with an account fill in all there is; strangers only what a record cannot be without."""
    if not form.get("public"):
        return field.get("type") not in OF_SYSTEM
    return field.get("required") is True and field.get("default") is None


def _view(documents: Documents, key: str, view: Data, field: Data) -> Home:
    name, place = str(field.get("name")), _place(view)
    outline = Outline(documents)
    listed = [put.path for put in views.standing(view, place, outline)]
    there = name in listed or view.get("group") == name
    seen = outline.find(str(view.get("entity")), name)
    why = ""
    if not there:
        if not listed:
            why = "itself"
        elif len(listed) >= views.LIMITS[place]:
            why = "full"
        elif seen is not None:
            why = views.unfit(place, views.type_of(view), seen) or ""
    short = field.get("type") not in _LONG and not field.get("sensitive")
    # A list under a condition has been made for one purpose; one without is the entity's.
    roomy = (
        place == "columns" and views.type_of(view) in ("table", "tree") and len(listed) < COLUMNS_COMFORTABLE
    )
    label = Label.of(view.get("label"), key.partition("/")[2])
    proposed = short and roomy and not view.get("filter")
    return Home(key, "view", label, there, why, wise=not there and not why and proposed)


def _place(view: Data) -> str:
    """Which property of a view shows fields: cards have those of the columns where they name none."""
    return "card" if views.type_of(view) in _CARDED and view.get("card") else "columns"


def _sublists(documents: Documents, key: str, data: Data, entity: str, field: Data) -> Iterator[Home]:
    """Sub-lists of the entity's records, which say their fields, in a form or page of whatever entity."""
    lists = [found for found in layouts.walk(data) if _fields_listed(found.node)]
    if not lists:
        return
    ways = {way.name for way in ways_back(documents, str(data.get("entity"))) if way.entity == entity}
    around = Label.of(data.get("label"), key.partition("/")[2])
    for found in lists:
        inner = found.node["list"]
        if inner.get("of") in ways and found.node.get("id"):
            there = field.get("name") in _fields_listed(found.node)
            full = len(_fields_listed(found.node)) >= LIST_FIELDS_MAX
            own = found.node.get("label") or found.node.get("section")
            label = Label.of(own, str(inner["of"])) if own else _plural(documents, entity)
            yield Home(
                f"{key}#{found.node['id']}",
                "list",
                Label(f"{around.zh} · {label.zh}", f"{around.en} · {label.en}"),
                there,
                "full" if full and not there else "",
            )


def _fields_listed(node: Data) -> list[Any]:
    inner = node.get("list")
    found = inner.get("fields") if isinstance(inner, Mapping) else None
    return found if isinstance(found, list) else []


def _plural(documents: Documents, entity: str) -> Label:
    data = documents.get(f"entity/{entity}") or {}
    return Label.of(data.get("plural") or data.get("label"), entity)


# --- putting --------------------------------------------------------------------------------------------------
def _in_view(documents: Documents, home: Home, entity: Data, field: Data) -> Data:
    view = documents[home.document]
    return views.put(view, Outline(documents), _place(view), str(field.get("name")))


def _in_list(documents: Documents, home: Home, entity: Data, field: Data) -> Data:
    def grown(node: Data) -> Data:
        inner = node["list"]
        return {**node, "list": {**inner, "fields": [*inner["fields"], str(field.get("name"))]}}

    return layouts.changed(documents[home.document], home.at.partition("#")[2], grown)


def _in_form(documents: Documents, home: Home, entity: Data, field: Data) -> Data:
    form = documents[home.document]
    return layouts.put_field(form, str(field.get("name")), _beside(form, entity, field))


def _beside(form: Data, entity: Data, field: Data) -> Place:
    """A place next to a field that stands next to it on the entity: behind the nearest one before it, else before the
    nearest one after it. Rather beside what is filled in as it is, and where no condition can hide it; with no
    neighbour there, at the end of the first group; without groups, in one of its own."""
    holders = [found for found in layouts.walk(form) if layouts.holds_fields(found)]
    fields = fields_of(entity)
    own = next(n for n, one in enumerate(fields) if one.get("id") == field.get("id"))
    number = {str(one.get("name")): n for n, one in enumerate(fields)}
    found: list[tuple[tuple[bool, bool, bool, int], Place]] = []
    for holder in holders:
        names = [layouts.name_of(entry) for entry in layouts.entries(holder.node)]
        for place, name in enumerate(names):
            at = number.get(name)
            if at is None:
                continue
            is_after = at > own
            unlike = _is_filled(fields[at]) != _is_filled(field)
            following = names[place + 1] if place + 1 < len(names) else ""
            spot = Place(str(holder.node.get("id", "")), name if is_after else following)
            found.append(((unlike, _is_hidden(form, holder), is_after, abs(at - own)), spot))
    if found:
        return min(found, key=lambda one: one[0])[1]
    return Place(str(holders[0].node.get("id", ""))) if holders else Place()


def _is_filled(field: Data) -> bool:
    return field.get("type") not in UNWRITTEN


def _is_hidden(form: Data, holder: Found) -> bool:
    """Whether a condition says if a group is there: its own, or that of a tab or part around it."""
    if holder.node.get("show"):
        return True
    tokens = holder.tokens
    return any(
        other.node.get("show") and tokens[: len(other.tokens)] == other.tokens for other in layouts.walk(form)
    )
