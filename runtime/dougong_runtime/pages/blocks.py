"""Blocks of page documents: a registry of kinds, each a function from the document's block to what is drawn."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

from markupsafe import Markup

from dougong_runtime.errors import Refused
from dougong_runtime.labels import Label
from dougong_runtime.model.app import Document, Entity
from dougong_runtime.pages.conditions import join
from dougong_runtime.pages.desk import Desk, count_text
from dougong_runtime.pages.entry import Titles
from dougong_runtime.pages.faces import NOTHING, Face, is_number, type_of
from dougong_runtime.pages.forms import sublist_of
from dougong_runtime.pages.live import Judge
from dougong_runtime.pages.markup import escape, markdown
from dougong_runtime.pages.reading import decimal, number, percent, short
from dougong_runtime.pages.related import HappeningDay, ListHead, Related, RelatedList
from dougong_runtime.pages.views import find_view, resolve
from dougong_runtime.records.query import AggregateQuery, Measure, Query
from dougong_runtime.registry import Registry

WIDTHS = (3, 4, 5, 6, 7, 8, 12)
VIEW_ROWS = 10
REPORT_ROWS = 20


@dataclass(frozen=True, slots=True)
class Fact:
    """A field's value with its label."""

    name: str
    label: str
    unit: str
    face: Face


@dataclass(frozen=True, slots=True)
class Bar:
    """A line of a ranking: its words, its figure, and how long its bar is in percent of the longest."""

    label: Face
    figure: str
    share: int


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
    bars: tuple[Bar, ...] = ()
    href: str = ""


@dataclass(frozen=True)
class Standing:
    """Where blocks stand: on a record's page, or on one without a record."""

    desk: Desk
    entity: Entity | None = None
    record: Mapping[str, Any] | None = None
    history: Callable[[], tuple[Any, ...]] = tuple


Make: TypeAlias = Callable[[Standing, Mapping[str, Any], str, int], Block | None]

BLOCKS: Registry[Make] = Registry("block", "dougong.blocks")
"""The key that a block's document has → what makes it."""


def blocks_of(standing: Standing, document: Document) -> tuple[Block, ...]:
    """The blocks of a page that this reader sees, tabs laid out one after the other."""
    return tuple(_made(standing, document.data.get("blocks") or (), document.name))


def _made(standing: Standing, raw_blocks: Any, prefix: str) -> list[Block]:
    made: list[Block] = []
    for at, raw in enumerate(raw_blocks):
        if not isinstance(raw, Mapping) or not _is_shown(standing, raw):
            continue
        if "tabs" in raw:
            for n, tab in enumerate(raw["tabs"]):
                if _is_shown(standing, tab):
                    made += _made(standing, tab.get("blocks") or (), f"{prefix}_{at}_{n}")
            continue
        kind = next((k for k in BLOCKS if k in raw), None)
        if kind is None:
            continue
        width = int(raw.get("width") or 12)
        fitted = min(WIDTHS, key=lambda w: abs(w - width))
        block = BLOCKS.get(kind)(standing, raw, str(raw.get("id") or f"{prefix}_{at}"), fitted)
        if block is not None:
            made.append(block)
    return made


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
    shown = percent(value) if raw.get("format") == "percent" else short(value, desk.reader.language)
    face = NOTHING if value is None else Face("number", shown, hint=number(value), raw=value)
    return Block("metric", name, _label(standing, raw, entity.plural or entity.label), width, face=face)


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
    found = Related(standing.desk, standing.entity, str(standing.record["id"])).table(wanted)
    return None if found is None else Block("list", name, found.label, width, list=found)


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
    label = _label(standing, raw, None) or desk.reader.t("record.details")
    columns = "2" if int(raw.get("columns") or (2 if width >= 8 else 1)) > 1 else ""
    return Block("fields", name, label, width, facts=facts, text=columns)


@BLOCKS.adding("text")
def _text(standing: Standing, raw: Mapping[str, Any], name: str, width: int) -> Block | None:
    """Markdown of the document's author; what stands in braces is a formula over the record."""
    words = standing.desk.reader.label(Label.of(raw["text"]))
    if standing.entity is not None and standing.record is not None:
        judge = Judge(standing.desk, standing.entity, standing.record)
        words = re.sub(r"\{([^{}]+)\}", lambda m: escape(judge.text(m[1].strip())), words)
    return Block("markdown", name, _label(standing, raw, None), width, html=markdown(words))


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
    columns = desk.columns(view.columns)
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
    rows = tuple(desk.row(view.entity, item, columns) for item in page.items)
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
    return Block("list", name, label, width, list=listed, href=f"{desk.address}/views/{view.name}")


@BLOCKS.adding("report")
def _report(standing: Standing, raw: Mapping[str, Any], name: str, width: int) -> Block | None:
    """A report's first measure by its first row, as a ranking."""
    desk = standing.desk
    document = desk.app.of("report").get(str(raw["report"]))
    if document is None:
        return None
    data = document.data
    entity = desk.app.entities.get(str(data.get("source") or ""))
    rows = [r if isinstance(r, str) else str(r.get("field") or "") for r in data.get("rows") or ()]
    measures = [m for m in data.get("measures") or () if isinstance(m, Mapping)]
    if entity is None or not rows or not measures:
        return None
    column = resolve(desk.app, entity, rows[0])
    first = measures[0]
    filters = [str(data.get("filter") or ""), str(raw.get("filter") or "")]
    asked = AggregateQuery(
        entity.name,
        (rows[0],),
        measures=(Measure("value", str(first["formula"])),),
        filter=join(filters) or None,
        sort=("-value",),
        limit=REPORT_ROWS,
    )
    try:
        answer = desk.records.aggregate(asked)
    except Refused:
        return None
    top = max((_size(r.get("value")) for r in answer.rows), default=Decimal(0))
    bars = tuple(
        Bar(
            _group_face(standing, column.field if column else None, r.get(rows[0])),
            short(r.get("value"), desk.reader.language),
            int(_size(r.get("value")) * 100 / top) if top else 0,
        )
        for r in answer.rows
    )
    label = _label(standing, raw, document.label)
    return Block(
        "report",
        name,
        label,
        width,
        bars=bars,
        text=desk.reader.label(Label.of(first.get("label"), str(first.get("name", "")))),
    )


def _size(value: Any) -> Decimal:
    found = decimal(value)
    return abs(found) if found is not None else Decimal(0)


def _group_face(standing: Standing, field: Any, value: Any) -> Face:
    if field is None or value is None:
        return (
            Face("text", standing.desk.reader.t("list.no_value"))
            if value is None
            else Face("text", str(value))
        )
    if type_of(field) in ("user", "team", "reference") or field.targets:
        value = Titles(standing.desk).of(field, value)
    return standing.desk.face(field, value)
