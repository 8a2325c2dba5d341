"""Building an app's menu: groups with what they lead to, and what an act makes of them.

Pure: the app's document in, the document out. A group is known by its id, an item by what it opens (`view:patients`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dougong_designer.patch import Documents
from dougong_runtime.documents.problems import MALFORMED
from dougong_runtime.errors import NOT_FOUND, refuse
from dougong_runtime.labels import Label
from dougong_runtime.names import derived_id, uuid7
from dougong_runtime.pages.menu import new_record

AppDocument = Mapping[str, Any]

KINDS = ("view", "page", "dashboard", "report", "form")
"""Kinds of documents that a menu leads to."""
GROUPS = "groups"
"""The place in which groups stand."""
GROUPS_MAX, ITEMS_MAX = 50, 100
"""As the schema says."""


@dataclass(frozen=True, slots=True)
class Item:
    """What a menu leads to."""

    what: str
    """`view:patients`."""
    label: Label
    """Its own words, else the document's."""
    icon: str
    roles: tuple[str, ...]
    is_gone: bool
    """Whether there is no such document any more."""
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Group:
    """A word with items below."""

    id: str
    label: Label | None
    icon: str
    roles: tuple[str, ...]
    items: tuple[Item, ...]
    data: Mapping[str, Any]


def groups(app: AppDocument, documents: Documents) -> tuple[Group, ...]:
    """The menu as it stands in the draft."""
    made = []
    for raw in app.get("menu") or ():
        label = Label.of(raw["label"]) if raw.get("label") else None
        items = tuple(item_of(item, documents) for item in raw.get("items") or ())
        made.append(
            Group(
                str(raw.get("id") or ""),
                label,
                str(raw.get("icon") or ""),
                tuple(raw.get("roles") or ()),
                items,
                raw,
            )
        )
    return tuple(made)


def item_of(raw: Any, documents: Documents) -> Item:
    """An item as it is shown."""
    what = what_of(raw)
    kind, _, name = what.partition(":")
    data: Mapping[str, Any] = raw if isinstance(raw, Mapping) else {}
    document = documents.get(f"{kind}/{name}")
    said = data.get("label") or (document or {}).get("label")
    label = (
        opened_by(documents, document) if kind == "form" and document and not said else Label.of(said, name)
    )
    icon = str(data.get("icon") or (document or {}).get("icon") or "")
    return Item(what, label, icon, tuple(data.get("roles") or ()), document is None, data)


def opened_by(documents: Documents, form: Mapping[str, Any]) -> Label:
    """What a form without words of its own is called in the menu: what it creates."""
    entity = str(form.get("entity"))
    return new_record(Label.of((documents.get(f"entity/{entity}") or {}).get("label"), entity))


def left(app: AppDocument, documents: Documents) -> dict[str, list[str]]:
    """What is not in the menu yet: kind → `view:name` …, in the order of the documents."""
    there = {what_of(item) for raw in app.get("menu") or () for item in raw.get("items") or ()}
    made: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for key in documents:
        kind, _, name = key.partition("/")
        what = f"{kind}:{name}"
        if kind in made and what not in there:
            made[kind].append(what)
    return made


def what_of(item: Any) -> str:
    """What an item opens, `view:patients`; empty where it opens nothing known."""
    if isinstance(item, str):
        return f"view:{item}"
    return next((f"{kind}:{item[kind]}" for kind in KINDS if kind in item), "")


def put(
    app: AppDocument, documents: Documents, place: str, what: str, before: str = "", source: str = ""
) -> AppDocument:
    """An item into a group, before another one; from the group `source`, which it leaves. Or, in the place `groups`, a
    group before another. Raises Refused."""
    if place == GROUPS:
        members = list(app.get("menu") or ())
        moved = next((raw for raw in members if raw.get("id") == what), None)
        if moved is None:
            raise refuse(NOT_FOUND, name=what)
        return _with(app, _placed([m for m in members if m is not moved], moved, before, _group_id))
    taken: Any = None
    if source:
        taken = next((item for item in _items(_group(app, source)) if what_of(item) == what), None)
    kind, _, name = what.partition(":")
    if taken is None:
        if kind not in KINDS or f"{kind}/{name}" not in documents:
            raise refuse(NOT_FOUND, name=what)
        taken = {kind: name}
    if source and source != place:
        app = without(app, source, what)
    rest = [item for item in _items(_group(app, place)) if what_of(item) != what]
    if len(rest) >= ITEMS_MAX:
        raise refuse(
            MALFORMED,
            place,
            zh=f"一组最多 {ITEMS_MAX} 项。",
            en=f"A group has no more than {ITEMS_MAX} items.",
        )
    if before == what:
        return app
    return with_group(app, place, items=_placed(rest, taken, before, what_of))


def moved(app: AppDocument, place: str, what: str, steps: int) -> AppDocument:
    """An item, or a group, so many places later; an item at its group's end goes on into the next group."""
    members = list(app.get("menu") or ()) if place == GROUPS else _items(_group(app, place))
    known = _group_id if place == GROUPS else what_of
    at = next((n for n, member in enumerate(members) if known(member) == what), None)
    if at is None or not steps:
        return app
    to = at + steps
    if place != GROUPS and not 0 <= to < len(members):
        around = [_group_id(raw) for raw in app.get("menu") or ()]
        following = around.index(place) + (1 if steps > 0 else -1)
        if not 0 <= following < len(around):
            return app
        item, other = members[at], around[following]
        app = without(app, place, what)
        there = [one for one in _items(_group(app, other)) if what_of(one) != what]
        return with_group(app, other, items=[item, *there] if steps > 0 else [*there, item])
    member = members.pop(at)
    members.insert(max(0, min(to, len(members))), member)
    return _with(app, members) if place == GROUPS else with_group(app, place, items=members)


def without(app: AppDocument, place: str, what: str) -> AppDocument:
    """Without an item of a group; or, in the place `groups`, without a group and all that is in it."""
    if place == GROUPS:
        return _with(app, [raw for raw in app.get("menu") or () if raw.get("id") != what])
    return with_group(
        app, place, items=[item for item in _items(_group(app, place)) if what_of(item) != what]
    )


def with_new_group(app: AppDocument, label: Mapping[str, str]) -> tuple[AppDocument, str]:
    """A further group at the end, empty; and its id. Raises Refused where there are too many."""
    members = list(app.get("menu") or ())
    if len(members) >= GROUPS_MAX:
        raise refuse(
            MALFORMED, "menu", zh=f"最多 {GROUPS_MAX} 组。", en=f"There are no more than {GROUPS_MAX} groups."
        )
    identity = derived_id(str(app.get("name")), "menu", str(uuid7()))
    return _with(app, [*members, {"id": identity, "label": dict(label), "items": []}]), identity


def with_group(app: AppDocument, place: str, **properties: Any) -> AppDocument:
    """Properties of a group set; None takes one away."""
    known = _group(app, place)
    return _with(app, [_set(raw, properties) if raw is known else raw for raw in app.get("menu") or ()])


def with_item(app: AppDocument, place: str, what: str, **properties: Any) -> AppDocument:
    """Properties of an item set; None takes one away."""
    items = _items(_group(app, place))
    if all(what_of(item) != what for item in items):
        raise refuse(NOT_FOUND, name=what)
    return with_group(
        app, place, items=[_set(item, properties) if what_of(item) == what else item for item in items]
    )


# --- inside -----------------------------------------------------------------------------------------------------
def _group(app: AppDocument, place: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] | None = next((g for g in app.get("menu") or () if g.get("id") == place), None)
    if found is None:
        raise refuse(NOT_FOUND, name=place)
    return found


def _items(group: Mapping[str, Any]) -> list[Any]:
    return list(group.get("items") or ())


def _group_id(raw: Mapping[str, Any]) -> str:
    return str(raw.get("id") or "")


def _placed(members: Sequence[Any], member: Any, before: str, known: Any) -> list[Any]:
    at = next((n for n, one in enumerate(members) if known(one) == before), len(members))
    return [*members[:at], member, *members[at:]]


def _set(raw: Any, properties: Mapping[str, Any]) -> dict[str, Any]:
    made = dict(raw) if isinstance(raw, Mapping) else {"view": raw}
    for name, value in properties.items():
        if value is None:
            made.pop(name, None)
        else:
            made[name] = value
    return made


def _with(app: AppDocument, menu: Sequence[Any]) -> AppDocument:
    if "menu" in app and not menu:
        return {key: value for key, value in app.items() if key != "menu"}
    return {**app, "menu": list(menu)}
