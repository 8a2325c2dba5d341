"""Reports: groups, measures, filters, charts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dougong_runtime.documents.cursor import Cursor
from dougong_runtime.documents.problems import MALFORMED, UNKNOWN_FIELD, WRONG_FIELD
from dougong_runtime.fields.base import Formula
from dougong_runtime.formulas.types import BOOLEAN, Kind, ValueType
from dougong_runtime.labels import Label
from dougong_runtime.model.link_views import link_roles_named, linked_paths
from dougong_runtime.model.linker import Linker


@dataclass(frozen=True, slots=True)
class Grouping:
    """What rows or columns of a report are: a path, or a formula."""

    name: str
    text: str
    """Path or formula, as an aggregate query takes it."""
    label: Label | None
    formula: Formula | None = None
    by: str | None = None
    bands: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class MeasureModel:
    """A figure of a report."""

    name: str
    label: Label
    formula: Formula
    scale: int | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """A report, linked."""

    source: str
    rows: tuple[Grouping, ...]
    columns: tuple[Grouping, ...]
    measures: tuple[MeasureModel, ...]
    filter: Formula | None
    sort: tuple[str, ...]
    having: Formula | None = None
    drill: tuple[str, ...] = ()


def link_report(linker: Linker, at: Cursor) -> Report | None:
    """One report; None (noted) where its source is unknown."""
    source = linker.entity(at.get("source"))
    if source is None:
        return None
    rows = tuple(_groupings(linker, at, "rows", source))
    columns = tuple(_groupings(linker, at, "columns", source))
    measures = tuple(_measures(linker, at, source))
    names = {part.name: part for part in (*rows, *columns)} | {m.name: m for m in measures}
    sort = []
    for node in at.items("sort"):
        for part in str(node.value).split(","):
            name = part.strip().removeprefix("-")
            if name in names:
                sort.append(part.strip())
            else:
                linker.unknown(UNKNOWN_FIELD, node, name, names, of=Label("这张报表", "this report"))
    _chart(linker, at.get("chart"), names)
    schedule = at.get("schedule")
    for node in schedule.items("to") if schedule is not None else ():
        linker.document(node, "role")
    link_roles_named(linker, at)
    types = {m.name: m.formula.type for m in measures}
    return Report(
        source=source,
        rows=rows,
        columns=columns,
        measures=measures,
        filter=linker.formula(at.get("filter"), source, "filter", BOOLEAN),
        sort=tuple(sort),
        having=linker.formula(at.get("having"), None, "filter", BOOLEAN, variables=types),
        drill=linked_paths(linker, at, "drill", source),
    )


def _groupings(linker: Linker, at: Cursor, name: str, source: str) -> Iterator[Grouping]:
    for node in at.items(name):
        whole = isinstance(node.value, dict)
        text = node.get("field") or node.get("formula") if whole else node
        if text is None:
            linker.refuse(MALFORMED, "请写 field 或 formula。", "A group is a “field” or a “formula”.", node)
            continue
        label = Label.of(node.value["label"]) if whole and node.value.get("label") else None
        made = linker.formula(text, source, "filter")
        if made is None:
            continue
        _check_grouping(linker, text, made.type)
        named = node.text("name") if whole else ""
        yield Grouping(
            name=named or str(text.value),
            text=str(text.value),
            label=label,
            formula=made,
            by=node.text("by") or None if whole else None,
            bands=tuple(node.value.get("bands", ())) if whole else (),
        )


def _check_grouping(linker: Linker, at: Cursor, found: ValueType) -> None:
    if found.kind in (Kind.JSON, Kind.FILE, Kind.RECORDS):
        linker.refuse(
            WRONG_FIELD,
            f"不能按「{at.value}」分组。",
            f"Records cannot be grouped by “{at.value}”.",
            at,
        )


def _measures(linker: Linker, at: Cursor, source: str) -> Iterator[MeasureModel]:
    seen: set[str] = set()
    for node in at.items("measures"):
        name = node.text("name")
        if name in seen:
            linker.duplicate(node["name"], Label("指标", "measure"), name)
        seen.add(name)
        made = linker.formula(node.get("formula"), source, "measure")
        if made is not None:
            yield MeasureModel(name, Label.of(node.value.get("label"), name), made, node.value.get("scale"))


def _chart(linker: Linker, at: Cursor | None, names: Mapping[str, Any]) -> None:
    if at is None:
        return
    for node in (at.get("x"), *at.items("y"), at.get("size")):
        if node is not None and node.value not in names:
            linker.unknown(UNKNOWN_FIELD, node, node.value, names, of=Label("这张报表", "this report"))
    linker.formula(at.get("target"), None, "filter", variables={})
