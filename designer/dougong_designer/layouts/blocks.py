"""A page as the canvas draws it: its blocks on twelve columns, from the raw document; and new blocks of each kind."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from dougong_designer.entities.fields import fields_of
from dougong_designer.entities.types import new_id
from dougong_designer.layouts import CANNOT_STAND, Place, put_part
from dougong_designer.layouts.acts import NEW_TAB, NEW_TEXT, Acted, list_of
from dougong_designer.layouts.properties import kind_of, roots
from dougong_designer.layouts.words import said
from dougong_designer.patch import Documents
from dougong_designer.sketches import sketches, ways_back
from dougong_runtime.errors import NOT_FOUND, refuse
from dougong_runtime.labels import Label
from dougong_runtime.pages.blocks import BLOCKS
from dougong_runtime.pages.reading import Reader

WIDTH_MAX = 12
ICONS: Mapping[str, str] = {
    "metric": "gauge",
    "fields": "list-details",
    "list": "table",
    "view": "table",
    "report": "chart-bar",
    "timeline": "timeline-event",
    "tasks": "checkbox",
    "text": "text-size",
    "actions": "player-play",
    "form": "forms",
    "history": "history",
    "comments": "message-circle",
    "files": "paperclip",
    "recent": "clock",
    "starred": "star",
    "mentions": "at",
    "tabs": "layout-navbar",
}
"""Kinds of block in the order of the palette, with their icons."""
OF_RECORDS = ("fields", "list", "timeline", "form", "history", "comments", "files")
"""Kinds that need a record: they stand on pages of an entity."""


def _is_shown(kind: str) -> bool:
    """Whether pages show such a block, so that it is worth offering."""
    return kind == "tabs" or kind in BLOCKS


@dataclass(frozen=True, slots=True)
class DrawnBlock:
    """A block on the canvas, or a tab."""

    id: str
    kind: str
    label: str
    width: int
    icon: str
    show: str = ""
    roles: str = ""
    says: str = ""
    """What it will show, in words, where it is not drawn with data."""
    is_live: bool = False
    mark: str = ""
    """Another one where the block says something else: then what it shows is fetched anew."""
    is_new: bool = False
    is_open: bool = False
    tabs: tuple[DrawnBlock, ...] = ()
    blocks: tuple[DrawnBlock, ...] = ()


@dataclass(frozen=True)
class Sheet:
    """A page on its canvas."""

    key: str
    label: str
    entity: str
    entity_label: str
    blocks: tuple[DrawnBlock, ...]
    kinds: tuple[tuple[str, str], ...]
    """What can be put on it: kind, icon."""


@dataclass
class PageDrawer:
    """Draws one page; see `layouts_drawing.Drawer`."""

    documents: Documents
    original: Documents
    key: str
    reader: Reader
    at: str = ""
    opened: Collection[str] = ()

    def sheet(self) -> Sheet:
        """The whole of it."""
        data = self.documents[self.key]
        entity = str(data.get("entity") or "")
        known = self.original.get(self.key)
        self._known = {} if known is None else {str(b.get("id")): b for b in _all(known)}
        self._same = known is data
        app = next((k.partition("/")[2] for k in self.documents if k.startswith("app/")), "")
        self._fields = sketches(self.documents, app, entity) if entity else {}
        of = self.documents.get(f"entity/{entity}") or {}
        kinds = tuple((k, i) for k, i in ICONS.items() if _is_shown(k) and (entity or k not in OF_RECORDS))
        return Sheet(
            self.key,
            self.reader.label(Label.of(data.get("label"), str(data.get("name", "")))),
            entity,
            self.reader.label(Label.of(of.get("label"), entity)) if entity else "",
            tuple(self._block(raw) for raw in roots(data)),
            kinds,
        )

    def _block(self, raw: Mapping[str, Any]) -> DrawnBlock:
        kind = kind_of(raw)
        identity = str(raw.get("id", ""))
        tabs = [t for t in raw.get("tabs") or () if isinstance(t, Mapping)]
        holding = next((t for t in tabs if self._is_in(t)), None)
        opened = next((t for t in tabs if t.get("id") in self.opened), None)
        open_ = holding or opened or (tabs[0] if tabs else None)
        return DrawnBlock(
            identity,
            kind,
            self._label(raw, kind),
            min(max(int(raw.get("width") or WIDTH_MAX), 1), WIDTH_MAX),
            ICONS.get(kind, "box"),
            self._said(raw.get("show")),
            self.reader.joined([self._named("role", str(r)) for r in raw.get("roles") or ()]),
            self._says(raw, kind),
            kind in BLOCKS,
            is_new=not self._same and self._known.get(identity) != raw,
            mark=f"{crc32(json.dumps(raw, sort_keys=True).encode()):x}" if kind in BLOCKS else "",
            tabs=tuple(self._tab(t, t is open_) for t in tabs),
        )

    def _tab(self, raw: Mapping[str, Any], is_open: bool) -> DrawnBlock:
        label = self.reader.label(Label.of(raw.get("label"), "")) or self.reader.t("layout.kind.tab")
        inner = tuple(self._block(b) for b in raw.get("blocks") or () if isinstance(b, Mapping))
        return DrawnBlock(
            str(raw.get("id", "")),
            "tab",
            label,
            WIDTH_MAX,
            "",
            self._said(raw.get("show")),
            is_open=is_open,
            blocks=inner,
        )

    def _said(self, raw: Any) -> str:
        """A condition in words."""
        return "" if raw in (None, "", True) else said(str(raw), self._fields, self.reader)

    def _is_in(self, tab: Mapping[str, Any]) -> bool:
        inner = [b for b in tab.get("blocks") or () if isinstance(b, Mapping)]
        return bool(self.at) and (tab.get("id") == self.at or any(b.get("id") == self.at for b in inner))

    def _label(self, raw: Mapping[str, Any], kind: str) -> str:
        if raw.get("label"):
            return self.reader.label(Label.of(raw["label"]))
        if kind in ("report", "view", "form") and raw.get(kind):
            return self._named(kind, str(raw[kind]))
        if kind == "tasks":
            return self._named("view", str(raw["tasks"]))
        return self.reader.t(f"layout.kind.{kind}")

    def _named(self, kind: str, name: str) -> str:
        found = self.documents.get(f"{kind}/{name}") or {}
        return self.reader.label(Label.of(found.get("label"), name))

    def _says(self, raw: Mapping[str, Any], kind: str) -> str:
        """What a block is of."""
        if kind == "actions":
            return self.reader.joined([self._named("workflow", str(n)) for n in raw.get("actions") or ()])
        if kind == "metric":
            return str(raw.get("metric", ""))
        if kind == "list" and isinstance(raw.get("list"), Mapping):
            return str(raw["list"].get("of", ""))
        return self.reader.t(f"layout.about.{kind}")


def _all(data: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    made = []
    for raw in roots(data):
        made.append(raw)
        for tab in raw.get("tabs") or ():
            made += [tab, *(b for b in tab.get("blocks") or () if isinstance(b, Mapping))]
    return made


def new_block(documents: Documents, key: str, kind: str, place: Place) -> Acted:
    """A block of a kind on a page, saying enough to be drawn at once; or a tab. Raises Refused."""
    data = documents[key]
    node = {"id": new_id(), **_node(documents, str(data.get("entity") or ""), kind)}
    return Acted({**documents, key: put_part(data, node, place)}, str(node["id"]))


def _node(documents: Documents, entity: str, kind: str) -> dict[str, Any]:
    """What a new block says. Raises Refused where there is nothing yet that it could show."""
    match kind:
        case "tab":
            return {"label": dict(NEW_TAB), "blocks": []}
        case "tabs":
            return {"tabs": [{"label": dict(NEW_TAB), "id": new_id(), "blocks": []}], "width": WIDTH_MAX}
        case "text":
            return {"text": dict(NEW_TEXT), "width": 6}
        case "history" | "comments" | "files":
            return {kind: True, "width": 6}
        case "recent" | "starred" | "mentions":
            return {kind: 8, "width": 4}
        case "metric":
            return _metric(documents, entity)
        case "fields":
            names = [str(f.get("name")) for f in fields_of(documents.get(f"entity/{entity}") or {})]
            return {"fields": names[:4], "width": 4}
        case "list" | "timeline":
            back = next(iter(ways_back(documents, entity)), None)
            if back is None:
                raise refuse(
                    CANNOT_STAND,
                    zh="还没有实体引用它，没有可列的记录。",
                    en="No entity refers to this one yet.",
                )
            if kind == "timeline":
                return {"timeline": [back.name], "width": 6}
            return {"list": list_of(documents, back.name, back.entity), "width": 6}
        case "report" | "view" | "form" | "tasks" | "actions":
            return _naming(documents, entity, kind)
    raise refuse(NOT_FOUND, name=kind)


def _metric(documents: Documents, entity: str) -> dict[str, Any]:
    """A count of records: of those that refer to the page's, or of the first entity."""
    name = entity or next((k.partition("/")[2] for k in documents if k.startswith("entity/")), "")
    label = Label.of((documents.get(f"entity/{name}") or {}).get("label"), name)
    return {"metric": "COUNT()", "entity": name, "label": {"zh": label.zh, "en": label.en}, "width": 3}


def _naming(documents: Documents, entity: str, kind: str) -> dict[str, Any]:
    """A block of another document: the first that fits."""
    of = {"tasks": "view", "actions": "workflow"}.get(kind, kind)
    fitting = [
        key.partition("/")[2]
        for key, data in documents.items()
        if key.startswith(f"{of}/") and (kind != "form" or data.get("entity") == entity)
    ]
    if not fitting:
        what = Label.of(None, of)
        raise refuse(
            CANNOT_STAND, zh=f"还没有可放的{what.zh}文档。", en=f"There is no {what.en} to show yet."
        )
    value: Any = [fitting[0]] if kind == "actions" else fitting[0]
    return {kind: value, "width": 6}
