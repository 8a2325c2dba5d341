"""A report as its builder sees it: fields to group by and to work out, shelves, and a sentence that reads it aloud."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dougong_designer.draft import Draft
from dougong_designer.outline import Row, row
from dougong_designer.panel.offers import Choice, fields_of
from dougong_designer.panel.schema import Place, inner, place
from dougong_designer.patch import pointer
from dougong_designer.spoken import spoken
from dougong_runtime.fields import FIELD_TYPES
from dougong_runtime.labels import Label

CHARTS: tuple[tuple[str, str], ...] = (
    ("table", "table"),
    ("pivot", "table-import"),
    ("bar", "chart-bar"),
    ("line", "chart-line"),
    ("area", "trending-up"),
    ("pie", "chart-pie"),
    ("funnel", "filter"),
    ("scatter", "chart-dots"),
    ("heatmap", "grid-dots"),
    ("gauge", "gauge"),
    ("number", "hash"),
    ("ranking", "arrows-sort"),
    ("treemap", "layout-grid"),
    ("radar", "target"),
)
_NUMBERS = frozenset({"integer", "decimal", "money", "percent", "duration", "rating"})
_DATES = frozenset({"date", "datetime", "created_at", "updated_at"})


@dataclass(frozen=True, slots=True)
class FieldToken:
    """A field in the palette, with what it becomes on a shelf."""

    path: str
    label: Label
    type: str
    group: Mapping[str, Any]
    measure: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Shelf:
    """A place for fields."""

    name: str
    pointer: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What the builder of a report sees."""

    source: Label
    entity: str
    groups: tuple[FieldToken, ...]
    figures: tuple[FieldToken, ...]
    shelves: tuple[Shelf, ...]
    filter: Label | None
    chart: str
    sentence: tuple[tuple[str, Label], ...]
    """Parts of the sentence: `("by", …)`, `("see", …)`, `("only", …)`."""


def report(draft: Draft, key: str) -> Report:
    """A report for its builder. Raises Refused (NOT_FOUND)."""
    here = place(draft.documents, (key,))
    data = here.value
    entity = str(data.get("source", ""))
    source = draft.documents.get(f"entity/{entity}")
    shelves = tuple(_shelf(draft, here, name) for name in ("rows", "columns", "measures"))
    told = data.get("filter")
    filtered = spoken(draft.documents, (key, "filter"), told) if told not in (None, "") else None
    tokens = [_token(one) for one in fields_of(draft.documents, entity, 2)]
    chart = data.get("chart")
    return Report(
        source=Label.of(source.get("label") if isinstance(source, Mapping) else None, entity),
        entity=entity,
        groups=tuple(one for one in tokens if _groups(one.type)),
        figures=tuple(one for one in tokens if one.type in _NUMBERS),
        shelves=shelves,
        filter=filtered,
        chart=str(chart.get("type", "")) if isinstance(chart, Mapping) else "",
        sentence=_sentence(shelves, filtered),
    )


def _shelf(draft: Draft, here: Place, name: str) -> Shelf:
    listing = inner(here, name)
    listed = listing.value if isinstance(listing.value, list) else []
    tokens = [str(one.get("id") or n) if isinstance(one, Mapping) else str(n) for n, one in enumerate(listed)]
    return Shelf(name, pointer(listing.tokens), tuple(row(draft, listing, token) for token in tokens))


def _token(one: Choice) -> FieldToken:
    path, type_ = str(one.value), one.icon
    group: dict[str, Any] = {"field": path}
    if type_ in _DATES:
        group["by"] = "month"
    name = path.replace(".", "_")
    measure = {"name": name, "label": {"zh": one.label.zh, "en": one.label.en}, "formula": f"SUM({path})"}
    if type_ in ("percent", "rating"):
        measure["formula"] = f"AVG({path})"
    if type_ == "money":
        measure["format"] = "money"
    if type_ not in _NUMBERS:
        measure["formula"] = f"COUNT({path} <> NULL)"
    return FieldToken(path, one.label, type_, group, measure)


def _groups(type_: str) -> bool:
    return type_ in _DATES or (type_ in FIELD_TYPES and FIELD_TYPES.get(type_).groupable)


def _sentence(shelves: tuple[Shelf, ...], filtered: Label | None) -> tuple[tuple[str, Label], ...]:
    by = [one.title for shelf in shelves[:2] for one in shelf.rows]
    seen = [one.title for one in shelves[2].rows]
    made: list[tuple[str, Label]] = []
    if by:
        made.append(("by", _listed(by)))
    if seen:
        made.append(("see", _listed(seen)))
    if filtered is not None:
        made.append(("only", filtered))
    return tuple(made)


def _listed(parts: list[Label]) -> Label:
    zh = "、".join(p.zh for p in parts[:-1]) + ("和" if len(parts) > 1 else "") + parts[-1].zh
    en = ", ".join(p.en for p in parts[:-1]) + (" and " if len(parts) > 1 else "") + parts[-1].en
    return Label(zh, en)
