"""Blocks of page documents: a registry of kinds, each a function from the document's block to what is drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias
from urllib.parse import urlencode

from markupsafe import Markup

from dougong_runtime.documents.templates import template_parts
from dougong_runtime.errors import Refused
from dougong_runtime.labels import Label
from dougong_runtime.model.app import Document, Entity
from dougong_runtime.pages.charts import Drawing, draw, figure_text
from dougong_runtime.pages.conditions import join, parse
from dougong_runtime.pages.desk import Desk, count_text
from dougong_runtime.pages.faces import NOTHING, Face, is_number
from dougong_runtime.pages.forms import sublist_of
from dougong_runtime.pages.live import Judge
from dougong_runtime.pages.markup import escape, markdown
from dougong_runtime.pages.personal import NOTHING_KEPT, Personal
from dougong_runtime.pages.reading import number
from dougong_runtime.pages.related import HappeningDay, ListHead, Related, RelatedList
from dougong_runtime.pages.views import find_view
from dougong_runtime.records.query import AggregateQuery, Measure, Query
from dougong_runtime.registry import Registry

WIDTHS = (2, 3, 4, 5, 6, 7, 8, 12)
SHORT_WIDTH = 4
"""Up to this width a list shows its records in short, not as a table."""
COLUMNS_IN = {5: 4, 6: 5, 7: 6, 8: 7}
"""How many columns a table has room for."""
COLUMNS_MAX = 4
FULL = 12
VIEW_ROWS = 10


@dataclass(frozen=True, slots=True)
class Fact:
    """A field's value with its label."""

    name: str
    label: str
    unit: str
    face: Face


@dataclass(frozen=True)
class Block:
    """A block as drawn; `kind` names the part of `blocks.html`."""

    kind: str
    name: str
    label: str
    width: int
    unit: str = ""
    field: str = ""
    face: Face = NOTHING
    list: RelatedList | None = None
    days: tuple[Any, ...] = ()
    facts: tuple[Fact, ...] = ()
    html: Markup | str = ""
    text: str = ""
    columns: int = 1
    icon: str = ""
    drawing: Drawing | None = None
    href: str = ""
    tall: bool = False
    """Whether it stands beside two narrow blocks, one below the other."""


@dataclass(frozen=True)
class Standing:
    """Where blocks stand: on a record's page, or on one without a record."""

    desk: Desk
    entity: Entity | None = None
    record: Mapping[str, Any] | None = None
    history: Callable[[], tuple[Any, ...]] = tuple
    personal: Personal = NOTHING_KEPT
    said: Callable[[], Any] = tuple
    """What was said about the record, as `record_page.story` tells it."""


Make: TypeAlias = Callable[[Standing, Mapping[str, Any], str, int], Block | None]

BLOCKS: Registry[Make] = Registry("block", "dougong.blocks")
"""The key that a block's document has → what makes it."""


def blocks_of(standing: Standing, document: Document) -> tuple[Block, ...]:
    """The blocks of a page that this reader sees, tabs laid out one after the other."""
    return made(standing, flat(document), document.name)


def flat(document: Document) -> list[Mapping[str, Any]]:
    """The blocks of a document as it lists them; those inside tabs stand where the tabs do."""
    blocks = [b for b in document.data.get("blocks") or () if isinstance(b, Mapping)]
    return [
        inner
        for block in blocks
        for inner in (
            [b for t in block["tabs"] for b in t.get("blocks") or ()] if "tabs" in block else [block]
        )
    ]


def tabs_in(standing: Standing, document: Document) -> dict[str, Mapping[str, Any]]:
    """The tabs of a document that this reader sees, by an id of their own."""
    blocks = [b for b in document.data.get("blocks") or () if isinstance(b, Mapping) and "tabs" in b]
    tabs = [t for b in blocks for t in b["tabs"]]
    return {f"p{n}": t for n, t in enumerate(tabs) if _is_shown(standing, t)}


def made(standing: Standing, raw_blocks: Iterable[Mapping[str, Any]], prefix: str) -> tuple[Block, ...]:
    """Blocks of a document, each as drawn; those that this reader may not see are left out."""
    found: list[Block] = []
    for at, raw in enumerate(raw_blocks):
        kind = next((k for k in BLOCKS if k in raw), None)
        if kind is None or not _is_shown(standing, raw):
            continue
        width = int(raw.get("width") or 12)
        fitted = min(WIDTHS, key=lambda w: abs(w - width))
        block = BLOCKS.get(kind)(standing, raw, str(raw.get("id") or f"{prefix}_{at}"), fitted)
        if block is not None:
            found.append(block)
    return _beside(found)


def _beside(blocks: list[Block]) -> tuple[Block, ...]:
    """Blocks in one row with the first of two narrow lists reach down beside the second, so that no room is left
    below the first."""
    at = 0
    while at < len(blocks):
        row, width = at, 0
        while at < len(blocks) and width + blocks[at].width <= FULL:
            width += blocks[at].width
            at += 1
        ends = at - 1
        pair = blocks[ends : ends + 2] if ends > row else []
        if [b.kind for b in pair] == ["short", "short"] and pair[0].width == pair[1].width:
            blocks[row:ends] = [replace(b, tall=True) for b in blocks[row:ends]]
            at += 1
        at = max(at, row + 1)
    return tuple(blocks)


def _is_shown(standing: Standing, raw: Mapping[str, Any]) -> bool:
    if not standing.desk.may_see(raw):
        return False
    condition = str(raw.get("show") or "")
    if not condition or standing.entity is None or standing.record is None:
        return True
    return Judge(standing.desk, standing.entity, standing.record).holds(condition)


def _label(standing: Standing, raw: Mapping[str, Any], fallback: Label | None) -> str:
    return standing.desk.reader.label(Label.of(raw["label"]) if raw.get("label") else fallback)


@BLOCKS.adding("metric")
def _metric(standing: Standing, raw: Mapping[str, Any], name: str, width: int) -> Block | None:
    """A field of the record, or a figure over records."""
    desk, formula = standing.desk, str(raw["metric"])
    entity = desk.app.entities.get(str(raw.get("entity") or "")) or standing.entity
    if entity is None:
        return None
    if standing.record is not None and formula in entity.fields and entity is standing.entity:
        field = entity.fields[formula]
        if formula not in desk.views(entity.name):
            return None
        face = desk.face(field, standing.record.get(formula))
        return Block(
            "metric", name, _label(standing, raw, field.label), width, desk.unit(field), formula, face
        )
    if "(" not in formula:
        return None
    asked = AggregateQuery(
        entity.name, measures=(Measure("value", formula),), filter=str(raw.get("filter") or "") or None
    )
    try:
        value = desk.records.aggregate(asked).total.get("value")
    except Refused:
        return None
    shown = figure_text(desk, value, raw.get("format") == "percent")
    face = NOTHING if value is None else Face("number", shown, hint=number(value), raw=value)
    label = _label(standing, raw, entity.plural or entity.label)
    return Block("metric", name, label, width, face=face, href=_way(standing, str(raw.get("view") or "")))


def _way(standing: Standing, view: str) -> str:
    """Where a figure leads: a view that its reader may open."""
    desk = standing.desk
    found = find_view(desk.app, view) if view else None
    if found is None or found.document is None or not desk.may_see(found.document.data):
        return ""
    return f"{desk.address}/views/{view}" if desk.records.can(found.entity.name, "read") else ""


@BLOCKS.adding("timeline")
def _timeline(standing: Standing, raw: Mapping[str, Any], name: str, width: int) -> Block | None:
    """Related records in one line of time."""
    if standing.entity is None or standing.record is None:
        return None
    related = Related(standing.desk, standing.entity, str(standing.record["id"]))
    days: tuple[HappeningDay, ...] = related.happenings(list(raw["timeline"]), int(raw.get("limit") or 60))
    label = _label(standing, raw, None) or standing.desk.reader.t("record.timeline")
    return Block("timeline", name, label, width, days=days)


@BLOCKS.adding("list")
def _list(standing: Standing, raw: Mapping[str, Any], name: str, width: int) -> Block | None:
    """Related records as a table."""
    if standing.entity is None or standing.record is None:
        return None
    label = Label.of(raw["label"]) if raw.get("label") else None
    wanted = sublist_of(standing.desk.app, standing.entity, raw["list"], label)
    if wanted is None:
        return None
    related = Related(standing.desk, standing.entity, str(standing.record["id"]))
    short = width <= SHORT_WIDTH
    found = related.beside(wanted) if short else related.table(wanted, COLUMNS_IN.get(width))
    return (
        None if found is None else Block("short" if short else "list", name, found.label, width, list=found)
    )


@BLOCKS.adding("fields")
def _fields(standing: Standing, raw: Mapping[str, Any], name: str, width: int) -> Block | None:
    """Fields of the record with their labels."""
    if standing.entity is None or standing.record is None:
        return None
    desk = standing.desk
    names = [f if isinstance(f, str) else str(f.get("field", "")) for f in raw["fields"]]
    shown = [standing.entity.fields[n] for n in names if n in desk.views(standing.entity.name)]
    facts = tuple(
        Fact(f.name, desk.reader.label(f.label), desk.unit(f), desk.face(f, standing.record.get(f.name)))
        for f in shown
    )
    if not facts:
        return None
    columns = min(int(raw.get("columns") or (2 if width >= 8 else 1)), COLUMNS_MAX)
    return Block("fields", name, _label(standing, raw, None), width, facts=facts, columns=columns)


@BLOCKS.adding("text")
def _text(standing: Standing, raw: Mapping[str, Any], name: str, width: int) -> Block | None:
    """Markdown of the document's author; what stands in braces is a formula over the record."""
    words = standing.desk.reader.label(Label.of(raw["text"]))
    if standing.entity is not None and standing.record is not None:
        judge = Judge(standing.desk, standing.entity, standing.record)
        words = "".join(
            escape(judge.text(piece.strip())) if is_formula else piece
            for _, piece, is_formula in template_parts(words)
        )
    icon = str(raw.get("icon") or "")
    kind = "note" if icon else "markdown"
    return Block(kind, name, _label(standing, raw, None), width, html=markdown(words), icon=icon)


@BLOCKS.adding("history")
def _history(standing: Standing, raw: Mapping[str, Any], name: str, width: int) -> Block | None:
    """What happened to the record."""
    if standing.record is None:
        return None
    label = _label(standing, raw, None) or standing.desk.reader.t("record.history")
    return Block("history", name, label, width, days=standing.history())


@BLOCKS.adding("view")
def _view(standing: Standing, raw: Mapping[str, Any], name: str, width: int) -> Block | None:
    """The first rows of a view."""
    desk = standing.desk
    view = find_view(desk.app, str(raw["view"]))
    if view is None or not desk.records.can(view.entity.name, "read"):
        return None
    short = width <= SHORT_WIDTH
    mine = {p.path for p in parse(desk.app, view.entity, view.filter) if p.value.upper() == "USER()"}
    columns = tuple(c for c in desk.columns(view.columns) if c.path not in mine)
    columns = columns if short else columns[: COLUMNS_IN.get(width)]
    names = tuple(
        dict.fromkeys(
            [
                *(c.path for c in columns),
                *([view.entity.title] if view.entity.title in desk.views(view.entity.name) else []),
            ]
        )
    )
    condition = join([view.filter, str(raw.get("filter") or "")])
    limit = int(raw.get("limit") or VIEW_ROWS)
    try:
        page = desk.records.list(
            Query(view.entity.name, condition or None, view.sort, names, limit=limit, titles=True)
        )
    except Refused:
        return None
    heads = tuple(
        ListHead(c.path, desk.reader.label(c.field.label), desk.unit(c.field), is_number(c.field))
        for c in columns
    )
    drawn = desk.short_row if short else desk.row
    rows = tuple(drawn(view.entity, item, columns) for item in page.items)
    label = _label(standing, raw, view.label)
    listed = RelatedList(
        view.name,
        label,
        desk.label(view.entity),
        page.count,
        count_text(page.count, page.count_is_exact),
        "",
        "",
        heads,
        rows,
    )
    href = f"{desk.address}/views/{view.name}"
    return Block("short" if short else "list", name, label, width, list=listed, href=href)


@BLOCKS.adding("report")
def _report(standing: Standing, raw: Mapping[str, Any], name: str, width: int) -> Block | None:
    """A report drawn; on a record's page only of what belongs to it."""
    desk = standing.desk
    document = desk.app.of("report").get(str(raw["report"]))
    if document is None or not desk.may_see(document.data):
        return None
    on = None
    if standing.entity is not None and standing.record is not None:
        on = (standing.entity, str(standing.record["id"]))
    drawing = draw(desk, document, width, str(raw.get("filter") or ""), on)
    if drawing is None:
        return None
    label = _label(standing, raw, document.label)
    return Block("report", name, label, width, text=drawing.figure, drawing=drawing)


@BLOCKS.adding("form")
def _form(standing: Standing, raw: Mapping[str, Any], name: str, width: int) -> Block | None:
    """The way to a form: for a new record, which refers to the one whose page this is where it can; on the page of a
    record of the form's own entity, for that record."""
    desk, record = standing.desk, standing.record
    document = desk.app.of("form").get(str(raw["form"]))
    entity = desk.entity(str(document.data.get("entity"))) if document is not None else None
    if document is None or entity is None or not desk.may_see(document.data):
        return None
    edits = standing.entity is not None and record is not None and standing.entity.name == entity.name
    if not desk.records.can(entity.name, "update" if edits else "create"):
        return None
    address, asked = f"{desk.address}/{entity.name}", {"form": document.name}
    if edits and record is not None:
        address += f"/{record['id']}/edit"
        text = desk.reader.t("record.edit")
    else:
        address += "/new"
        text = desk.reader.t("record.new", entity=desk.word(entity))
        if standing.entity is not None and record is not None:
            about = standing.entity.name
            ways = [f.name for f in entity.own_fields if f.type == "reference" and f.targets == (about,)]
            asked |= {ways[0]: str(record["id"])} if ways else {}
    help_text = desk.reader.label(Label.of(document.data["help"])) if document.data.get("help") else ""
    label = _label(standing, raw, document.label)
    return Block("form", name, label, width, text=text, html=help_text, href=f"{address}?{urlencode(asked)}")
