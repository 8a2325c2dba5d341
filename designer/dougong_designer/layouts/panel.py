"""The properties of what is chosen on a form or page: which inputs it has, what stands in them, what may be chosen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dougong_designer.entities.fields import fields_of
from dougong_designer.layouts import Spot, columns_of, find, holds_fields, walk
from dougong_designer.layouts.properties import Form, form_of_property, kind_at, kind_of, node_at
from dougong_designer.patch import Documents
from dougong_designer.sketches import sketches, ways_back
from dougong_runtime.labels import Label

COMMON = ("label", "width", "height", "show", "roles")
"""What every block of a page may say."""
PROPERTIES: Mapping[str, tuple[str, ...]] = {
    "form": ("label", "help", "roles", "public", "thanks"),
    "section": ("section", "columns", "help", "show", "collapsed"),
    "fields": ("columns", "show"),
    "tabs": ("show",),
    "tab": ("label", "columns", "show"),
    "list": ("label", "show"),
    "text": ("text", "show"),
    "field": ("label", "help", "show", "required", "readonly"),
}
"""What things of a form have, in their order; sub-lists add `LIST`."""
LIST = ("list.of", "list.fields", "list.filter", "list.sort", "list.limit", "list.edit", "list.form")
BLOCKS: Mapping[str, tuple[str, ...]] = {
    "page": ("label", "help", "icon", "roles"),
    "metric": ("metric", "entity", "filter", "compare", "target", "format", "view"),
    "timeline": ("timeline", "limit"),
    "list": LIST,
    "fields": ("fields", "columns"),
    "report": ("report", "filter", "chart"),
    "view": ("view", "filter", "limit"),
    "form": ("form",),
    "text": ("text", "icon"),
    "actions": ("actions",),
    "history": ("limit",),
    "comments": (),
    "files": (),
    "tasks": ("tasks", "due", "done", "filter", "limit"),
    "recent": ("recent",),
    "starred": ("starred",),
    "mentions": ("mentions",),
    "tabs": (),
    "tab": ("label", "icon", "show"),
}
"""The same of a page; blocks add `COMMON`."""
FORMATS = {
    "number": Label("数字", "Number"),
    "money": Label("金额", "Money"),
    "percent": Label("百分比", "Percent"),
    "duration": Label("时长", "Duration"),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that may be chosen."""

    value: str
    label: Label


@dataclass(frozen=True, slots=True)
class Row:
    """A property with what stands in its input."""

    name: str
    form: Form
    values: tuple[str, ...] = ()
    words: Mapping[str, str] | None = None
    """Of words: what they are in each language."""
    choices: tuple[Choice, ...] = ()
    entity: str = ""
    """Of a formula: the entity whose fields it reads."""

    @property
    def text(self) -> str:
        """The value of a box."""
        return self.values[0] if self.values else ""


@dataclass(frozen=True)
class Panel:
    """What is chosen, and everything that can be said of it."""

    at: str
    kind: str
    title: Label
    rows: tuple[Row, ...]
    columns: int = 1
    """Of a field: how many the part has in which it stands."""
    width: int = 1
    field: str = ""
    holders: tuple[Choice, ...] = ()
    """Where it could be moved to."""
    tabs: tuple[Choice, ...] = ()
    """Of tabs: those there are."""


def panel(documents: Documents, app: str, key: str, at: str) -> Panel:
    """The properties of what is named by `at`. Raises Refused (GONE)."""
    data = documents[key]
    kind = kind_at(data, at)
    node = node_at(data, at)
    of_page = data["kind"] == "page"
    names = _names(kind, node, of_page)
    asked = _Asked(documents, app, data, node)
    rows = tuple(asked.row(name) for name in names)
    spot = Spot.of(at)
    around = find(data, spot.into).node if spot is not None else None
    return Panel(
        at,
        kind,
        _title(documents, app, data, at, kind, node),
        rows,
        columns_of(around) if around is not None else 1,
        int(node.get("width") or (12 if of_page else 1)),
        spot.field if spot is not None else "",
        tuple(_holders(documents, app, data, at, spot, of_page)),
        tuple(
            Choice(str(t["id"]), Label.of(t.get("label"), "tab")) for t in node.get("tabs") or () if "id" in t
        ),
    )


def _names(kind: str, node: Mapping[str, Any], of_page: bool) -> Iterator[str]:
    if of_page:
        yield from BLOCKS.get(kind, ())
        if kind not in ("page", "tab"):
            yield from COMMON
        return
    yield from PROPERTIES.get(kind, ())
    if "list" in node:
        yield from LIST


def _title(
    documents: Documents, app: str, data: Mapping[str, Any], at: str, kind: str, node: Mapping[str, Any]
) -> Label:
    """What is chosen, in words; an empty one where it has none of its own."""
    if kind == "field":
        found = sketches(documents, app, str(data.get("entity", ""))).get(str(node.get("field")))
        own = node.get("label")
        return (
            Label.of(own) if own else found.field.label if found else Label.of(None, str(node.get("field")))
        )
    raw = node.get("section") or node.get("label")
    if raw:
        return Label.of(raw)
    return Label.of(None, str(node.get("name", ""))) if not at else Label("", "")


def _holders(
    documents: Documents, app: str, data: Mapping[str, Any], at: str, spot: Spot | None, of_page: bool
) -> Iterator[Choice]:
    """Where a thing could go from its menu: fields into parts, parts to the top or into tabs, tabs among tabs."""
    if not at:
        return
    if spot is not None:
        for found in walk(data):
            if holds_fields(found) and found.node.get("id") != spot.into:
                yield Choice(str(found.node["id"]), _called(found.node))
        return
    chosen = find(data, at)
    if chosen.is_tab:
        for found in walk(data):
            if "tabs" in found.node and not any(t.get("id") == at for t in found.node["tabs"]):
                yield Choice(str(found.node["id"]), _called(found.node))
        return
    if chosen.inside:
        yield Choice("", Label("最外层", "Top level"))
    if "tabs" not in chosen.node:
        for found in walk(data):
            if found.is_tab and found.node.get("id") != chosen.inside:
                yield Choice(str(found.node["id"]), _called(found.node))


def _called(node: Mapping[str, Any]) -> Label:
    raw = node.get("section") or node.get("label")
    return Label.of(raw) if raw else Label.of(None, kind_of(node))


class _Asked:
    """Reads properties, and knows what each may name."""

    def __init__(
        self, documents: Documents, app: str, data: Mapping[str, Any], node: Mapping[str, Any]
    ) -> None:
        self.documents, self.app, self.node = documents, app, node
        self.entity = str(data.get("entity", ""))

    def row(self, name: str) -> Row:
        path = name.split(".")
        value: Any = self.node
        for step in path:
            value = value.get(step) if isinstance(value, Mapping) else None
        form = form_of_property(path)
        choices = tuple(self._choices(path))
        if form == "words":
            raw = dict(value) if isinstance(value, Mapping) else {"zh": value, "en": value} if value else {}
            return Row(name, form, words={k: str(raw.get(k, "")) for k in ("zh", "en")})
        return Row(
            name, form, _texts(value), None, choices, self._entity_of(path) if form == "formula" else ""
        )

    def _entity_of(self, path: Sequence[str]) -> str:
        """The entity whose fields a formula reads."""
        if path[0] == "list":
            return self._listed
        if path[0] == "filter":
            return self._filtered
        if path[0] in ("metric", "compare", "target") and self.node.get("entity"):
            return str(self.node["entity"])
        return self.entity

    @property
    def _listed(self) -> str:
        listed = self.node.get("list")
        of = str(listed.get("of", "")) if isinstance(listed, Mapping) else ""
        back = next((b for b in ways_back(self.documents, self.entity) if b.name == of), None)
        return back.entity if back is not None else ""

    @property
    def _filtered(self) -> str:
        """The entity of a block's filter: its own, that of its view, that of its report."""
        node = self.node
        if node.get("entity"):
            return str(node["entity"])
        for key, kind, of in (
            ("view", "view", "entity"),
            ("tasks", "view", "entity"),
            ("report", "report", "source"),
        ):
            if isinstance(node.get(key), str):
                found = self.documents.get(f"{kind}/{node[key]}") or {}
                return str(found.get(of, ""))
        return self.entity

    def _choices(self, path: Sequence[str]) -> Iterator[Choice]:
        ask = _CHOICES.get(".".join(path)) or _CHOICES.get(path[-1])
        yield from ask(self) if ask is not None else ()

    def of_kind(self, kind: str, entity: str = "") -> Iterator[Choice]:
        """Documents of a kind, of an entity where one is given."""
        for key, data in self.documents.items():
            head, _, name = key.partition("/")
            if head == kind and (not entity or data.get("entity") == entity):
                yield Choice(name, Label.of(data.get("label"), name))

    def backs(self) -> Iterator[Choice]:
        """Records that refer to the document's entity."""
        for one in ways_back(self.documents, self.entity):
            yield Choice(one.name, one.label)

    def fields(self, entity: str) -> Iterator[Choice]:
        """Fields of an entity."""
        for name, one in sketches(self.documents, self.app, entity).items() if entity else ():
            yield Choice(name, one.field.label)

    def sorts(self, entity: str) -> Iterator[Choice]:
        """Fields to sort by, either way round."""
        for one in self.fields(entity):
            yield Choice(one.value, Label(f"{one.label.zh} ↑", f"{one.label.en} ↑"))
            yield Choice(f"-{one.value}", Label(f"{one.label.zh} ↓", f"{one.label.en} ↓"))

    def of_type(self, entity: str, types: Sequence[str]) -> Iterator[Choice]:
        """Fields of some types."""
        for raw in fields_of(self.documents.get(f"entity/{entity}") or {}):
            if raw.get("type") in types:
                yield Choice(str(raw.get("name")), Label.of(raw.get("label"), str(raw.get("name"))))

    def stages(self, entity: str) -> Iterator[Choice]:
        """Stages of an entity."""
        for raw in fields_of(self.documents.get(f"entity/{entity}") or {}):
            for one in raw.get("stages") or () if raw.get("type") == "stage" else ():
                data = one if isinstance(one, Mapping) else {"value": one}
                yield Choice(str(data.get("value")), Label.of(data.get("label"), str(data.get("value"))))

    @property
    def filtered(self) -> str:
        """The entity of the records that the block shows."""
        return self._filtered

    @property
    def listed(self) -> str:
        """The entity of the records that a sub-list shows."""
        return self._listed


_CHOICES: Mapping[str, Callable[[_Asked], Iterator[Choice]]] = {
    "roles": lambda a: a.of_kind("role"),
    "list.of": lambda a: a.backs(),
    "list.fields": lambda a: a.fields(a.listed),
    "list.sort": lambda a: a.sorts(a.listed),
    "list.form": lambda a: a.of_kind("form", a.listed),
    "timeline": lambda a: a.backs(),
    "fields": lambda a: a.fields(a.entity),
    "report": lambda a: a.of_kind("report"),
    "view": lambda a: a.of_kind("view"),
    "form": lambda a: a.of_kind("form", a.entity),
    "tasks": lambda a: a.of_kind("view"),
    "actions": lambda a: a.of_kind("workflow"),
    "entity": lambda a: a.of_kind("entity"),
    "due": lambda a: a.of_type(a.filtered, ("date", "datetime")),
    "done": lambda a: a.stages(a.filtered),
    "format": lambda a: iter([Choice(name, words) for name, words in FORMATS.items()]),
}


def _texts(value: Any) -> tuple[str, ...]:
    if value is None or value is False:
        return ()
    if value is True:
        return ("TRUE",)
    if isinstance(value, list):
        return tuple(str(v.get("field", "")) if isinstance(v, Mapping) else str(v) for v in value)
    return (str(value),)


@dataclass(frozen=True, slots=True)
class Sight:
    """How a role sees a field."""

    role: str
    label: Label
    shown: str
    """yes, masked or no."""


def sights(documents: Documents, entity: str, field: str) -> list[Sight]:
    """How each role of the draft sees a field, at best; formulas about rows aside."""
    made = []
    for key, data in documents.items():
        if not key.startswith("role/"):
            continue
        grants = [
            g
            for g in data.get("grants") or ()
            if g.get("entity") == entity
            and "read" in (g.get("actions") or ())
            and not g.get("aggregate_only")
        ]
        shown = "no"
        for grant in grants:
            if field in (grant.get("hide") or ()) or ("fields" in grant and field not in grant["fields"]):
                continue
            masks = {m.get("field") if isinstance(m, Mapping) else m for m in grant.get("mask") or ()}
            if field not in masks:
                shown = "yes"
            elif shown == "no":
                shown = "masked"
        name = key.partition("/")[2]
        made.append(Sight(name, Label.of(data.get("label"), name), shown))
    return made
