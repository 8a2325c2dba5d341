"""A form as the canvas draws it: from its raw document and the draft's entity, so that nothing is linked for a redraw."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from dougong_designer.entities.fields import fields_of
from dougong_designer.entities.types import icon_of
from dougong_designer.layouts import (
    Spot,
    columns_of,
    entries,
    find,
    holds_fields,
    name_of,
    placed,
    walk,
)
from dougong_designer.layouts.properties import kind_of, roots
from dougong_designer.layouts.words import said
from dougong_designer.patch import Documents
from dougong_designer.sketches import Sketch, sketches, ways_back
from dougong_runtime.fields.base import Field
from dougong_runtime.labels import Label
from dougong_runtime.pages.entry import Choice, Input
from dougong_runtime.pages.faces import NOTHING, Face, unit_of
from dougong_runtime.pages.file_inputs import FilesEntry
from dougong_runtime.pages.reading import Reader
from dougong_runtime.pages.widgets import widget_of

CONDITIONS = ("show", "required", "readonly")
LIST_FIELDS = 5


@dataclass(frozen=True, slots=True)
class DrawnField:
    """A field on the paper."""

    at: str
    name: str
    label: str
    input: Input | None
    """None where the entity has no such field, which is said instead."""
    wide: bool
    conditions: Mapping[str, str]
    """show, required, readonly → the formula; those that are always so say `TRUE`."""
    is_new: bool
    """Whether the running version has it otherwise, or not at all, in this form."""


@dataclass(frozen=True, slots=True)
class DrawnList:
    """A sub-list."""

    label: str
    of: str
    heads: tuple[str, ...]
    is_known: bool
    edit: bool


@dataclass(frozen=True, slots=True)
class DrawnPart:
    """A part of the paper, or a tab."""

    id: str
    kind: str
    label: str
    columns: int = 1
    fields: tuple[DrawnField, ...] = ()
    has_fields: bool = False
    show: str = ""
    collapsed: bool = False
    help: str = ""
    text: str = ""
    list: DrawnList | None = None
    report: str = ""
    tabs: tuple[DrawnPart, ...] = ()
    parts: tuple[DrawnPart, ...] = ()
    is_open: bool = False
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class Loose:
    """A field that is not on the form."""

    name: str
    label: str
    icon: str
    is_new: bool


@dataclass(frozen=True)
class Paper:
    """A form on its canvas."""

    key: str
    entity: str
    entity_label: str
    label: str
    columns: int
    parts: tuple[DrawnPart, ...]
    loose: tuple[Loose, ...]
    holders: tuple[tuple[str, str], ...]
    """Where fields may go: id → what it is called."""
    ways_back: tuple[tuple[str, str], ...]
    """What sub-lists may be of: name → label."""


@dataclass
class Drawer:
    """Draws one form; `opened` are ids of tabs that its builder has open, `at` is what is chosen."""

    documents: Documents
    original: Documents
    app: str
    key: str
    reader: Reader
    at: str = ""
    opened: Collection[str] = ()
    fields: Mapping[str, Sketch] = field(init=False)
    was: Mapping[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        data = self.documents[self.key]
        self.data = data
        self.entity = str(data.get("entity", ""))
        self.fields = sketches(self.documents, self.app, self.entity)
        known = self.original.get(self.key)
        self.same = known is data
        self.was = {} if known is None or self.same else _entries_of(known)
        self.chosen = Spot.of(self.at)
        self.backs = {one.name: one for one in ways_back(self.documents, self.entity)}

    def paper(self) -> Paper:
        """The whole of it."""
        label = self.reader.label
        entity = self.documents.get(f"entity/{self.entity}") or {}
        parts = tuple(self._part(raw) for raw in roots(self.data))
        return Paper(
            self.key,
            self.entity,
            label(Label.of(entity.get("label"), self.entity)),
            label(Label.of(self.data.get("label"), str(self.data.get("name", "")))),
            next((p.columns for p in parts if p.fields), 2),
            parts,
            self._loose(),
            tuple(self._holders()),
            tuple((one.name, label(one.label)) for one in self.backs.values()),
        )

    def _loose(self) -> tuple[Loose, ...]:
        """Fields of the entity that the form does not show, in the entity's order."""
        used = {spot.field for spot in placed(self.data)}
        entity = self.documents.get(f"entity/{self.entity}") or {}
        before = self.original.get(f"entity/{self.entity}") or {}
        known = {str(raw.get("name")) for raw in fields_of(before)}
        made = []
        for raw in fields_of(entity):
            name = str(raw.get("name"))
            if name not in used:
                shown = self.reader.label(Label.of(raw.get("label"), name))
                made.append(Loose(name, shown, icon_of(str(raw.get("type"))), name not in known))
        return tuple(made)

    def _holders(self) -> list[tuple[str, str]]:
        made = []
        for found in walk(self.data):
            if holds_fields(found):
                made.append((str(found.node["id"]), self.name_of_part(found.node)))
        return made

    def name_of_part(self, node: Mapping[str, Any]) -> str:
        """What a part or tab is called: its heading, else its kind."""
        raw = node.get("section") or node.get("label")
        if raw:
            return self.reader.label(Label.of(raw))
        return self.reader.t(f"layout.kind.{kind_of(node)}")

    def _part(self, raw: Mapping[str, Any]) -> DrawnPart:
        kind = kind_of(raw)
        identity = str(raw.get("id", ""))
        tabs = [t for t in raw.get("tabs") or () if isinstance(t, Mapping)]
        open_ = self._open(tabs)
        return DrawnPart(
            identity,
            kind,
            self.reader.label(Label.of(raw[kind])) if kind == "section" and raw["section"] else "",
            columns_of(raw),
            tuple(self._field(identity, entry) for entry in entries(raw)),
            kind in ("section", "fields"),
            self._said(raw.get("show")),
            raw.get("collapsed") is True,
            self.reader.label(Label.of(raw["help"])) if raw.get("help") else "",
            self.reader.label(Label.of(raw["text"])) if raw.get("text") else "",
            self._list(raw),
            tabs=tuple(self._tab(t, t is open_) for t in tabs),
        )

    def _open(self, tabs: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
        """The tab that is shown: the one with what is chosen, else the one that was opened, else the first."""
        holding = next((t for t in tabs if self._is_in(t)), None)
        opened = next((t for t in tabs if t.get("id") in self.opened), None)
        return holding or opened or (tabs[0] if tabs else None)

    def _is_in(self, tab: Mapping[str, Any]) -> bool:
        wanted = self.chosen.into if self.chosen is not None else self.at
        if not wanted:
            return False
        inner = [p for p in tab.get("layout") or () if isinstance(p, Mapping)]
        return tab.get("id") == wanted or any(p.get("id") == wanted for p in inner)

    def _tab(self, raw: Mapping[str, Any], is_open: bool) -> DrawnPart:
        """A tab; what is in a closed one is not drawn."""
        identity = str(raw.get("id", ""))
        label = self.reader.label(Label.of(raw.get("label"), "")) or self.reader.t("layout.kind.tab")
        if not is_open:
            return DrawnPart(identity, "tab", label, show=self._said(raw.get("show")))
        found = find(self.data, identity)
        return DrawnPart(
            identity,
            "tab",
            label,
            columns_of(raw),
            tuple(self._field(identity, entry) for entry in entries(raw)),
            holds_fields(found),
            self._said(raw.get("show")),
            list=self._list(raw),
            report=str(raw.get("report") or ""),
            parts=tuple(self._part(p) for p in raw.get("layout") or () if isinstance(p, Mapping)),
            is_open=is_open,
        )

    def _said(self, raw: Any) -> str:
        """A condition in the words of the entity's labels."""
        return said(_formula(raw), self.fields, self.reader) if raw not in (None, "") else ""

    def _list(self, raw: Mapping[str, Any]) -> DrawnList | None:
        data = raw.get("list")
        if not isinstance(data, Mapping):
            return None
        of = str(data.get("of", ""))
        back = self.backs.get(of)
        said = Label.of(raw["label"]) if raw.get("label") else (back.label if back else Label.of(None, of))
        other = sketches(self.documents, self.app, back.entity) if back is not None else {}
        names = [str(n) for n in data.get("fields") or list(other)[:LIST_FIELDS]]
        heads = tuple(self.reader.label(other[n].field.label) if n in other else n for n in names)
        return DrawnList(self.reader.label(said), of, heads, back is not None, data.get("edit") is True)

    def _field(self, into: str, entry: Any) -> DrawnField:
        name = name_of(entry)
        data = entry if isinstance(entry, Mapping) else {}
        found = self.fields.get(name)
        own = Label.of(data["label"]) if data.get("label") else None
        label = own or (found.field.label if found is not None else Label.of(None, name))
        made = None if found is None else self._input(found, name, data, label)
        wide = int(data.get("width") or 1) > 1 or (found is not None and widget_of(found.field).wide)
        conditions = {
            key: self._said(data[key]) for key in CONDITIONS if data.get(key) not in (None, "", False)
        }
        is_new = not self.same and self.was.get(name, _ABSENT) != entry
        return DrawnField(f"{into}.{name}", name, self.reader.label(label), made, wide, conditions, is_new)

    def _input(self, one: Sketch, name: str, data: Mapping[str, Any], label: Label) -> Input:
        of, reader = one.field, self.reader
        widget = widget_of(of)
        help_ = Label.of(data["help"]) if data.get("help") else of.help
        return Input(
            name=name,
            label=reader.label(label),
            unit="%" if widget.draw == "percent" and not one.is_value else unit_of(of, reader),
            help=reader.label(help_),
            widget=_drawn_as(widget.draw),
            wide=False,
            show=True,
            required=of.required or data.get("required") is True,
            readonly=True,
            entry=_example(of, widget.draw, reader),
            face=_example_face(of, reader) if one.is_value else NOTHING,
            is_value=one.is_value,
            options=tuple(Choice(o.value, reader.label(o.label)) for o in of.choices),
        )


_ABSENT = object()


def _entries_of(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name_of(entry): entry for found in walk(data) for entry in entries(found.node)}


def _formula(raw: Any) -> str:
    if raw is True:
        return "TRUE"
    if raw is False:
        return "FALSE"
    return str(raw or "")


def _drawn_as(draw: str) -> str:
    """The macro that draws it on paper: what is more than a box when filled in is a box here."""
    return {"rich": "area", "signature": "area", "color": "line"}.get(draw, draw)


def _example(of: Field, draw: str, reader: Reader) -> Any:
    """What stands in a box on the paper: a likely value where it says more than an empty box."""
    first = str(of.choices[0].value) if of.choices else ""
    match draw:
        case "select":
            return first
        case "checks":
            return [first]
        case "tags":
            return [first] if first else ""
        case "date":
            return reader.today.isoformat()
        case "moment":
            return f"{reader.today.isoformat()} 10:00"
        case "time":
            return "10:00"
        case "number" | "money" | "percent" | "rating":
            return {"number": "12", "money": "1,234.00", "percent": "12.5", "rating": "3"}[draw]
        case "record":
            return {"id": "", "title": "", "entity": of.targets[0] if of.targets else ""}
        case "records":
            return []
        case "files":
            return FilesEntry((), "", "", "", 1, 0, "", of.type == "image")
        case "check":
            return False
        case _:
            return ""


def _example_face(of: Field, reader: Reader) -> Face:
    if of.choices:
        return Face("text", reader.label(of.choices[0].label))
    if of.type in ("created_at", "updated_at", "date", "datetime"):
        day = reader.today - timedelta(days=1)
        return Face("text", reader.full_day(day))
    return Face("text", reader.t("layout.computed"))
