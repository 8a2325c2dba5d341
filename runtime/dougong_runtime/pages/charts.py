"""A report as a block: its first figure by its first row, as a ranking, or along time as columns or a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

from dougong_runtime.errors import Refused
from dougong_runtime.fields.base import Field
from dougong_runtime.formulas.types import Kind
from dougong_runtime.labels import Label
from dougong_runtime.model.app import App, Document, Entity
from dougong_runtime.pages import conditions
from dougong_runtime.pages.desk import Desk
from dougong_runtime.pages.entry import Titles
from dougong_runtime.pages.faces import Face, type_of
from dougong_runtime.pages.reading import ABSENT, day, decimal, percent, short
from dougong_runtime.pages.views import resolve
from dougong_runtime.records.query import AggregateQuery, Measure

ROWS = 12
GROUPS_MAX = 50
PERIODS_MAX = 1000
PERIODS = 60
HEIGHT = 190
LEFT, RIGHT, TOP, BOTTOM = 52, 12, 10, 24
UNIT_WIDTH = 92
"""Pixels that one of the page's twelve columns measures on a wide screen: a chart is drawn for its block's width."""
LABELS = 6
PLACES, PLACES_FINE = 2, 4
HOPS = 2
_STARTS = {
    "week": "START_OF_WEEK",
    "month": "START_OF_MONTH",
    "quarter": "START_OF_QUARTER",
    "year": "START_OF_YEAR",
}


@dataclass(frozen=True, slots=True)
class Bar:
    """A line of a ranking: its words, its figure, and how long its bar is in percent of the longest."""

    label: Face
    figure: str
    share: int


@dataclass(frozen=True, slots=True)
class Mark:
    """A period on a chart: where it stands, and its figure in words."""

    x: float
    y: float
    width: float
    height: float
    label: str
    figure: str
    axis: str = ""
    """Its words below the axis; empty where there is no room."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line across, with its figure."""

    y: float
    figure: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Figures along time, ready to be drawn as SVG."""

    kind: str
    width: int
    height: int
    base: float
    marks: tuple[Mark, ...]
    lines: tuple[Line, ...]
    path: str = ""
    area: str = ""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A report drawn: a chart, or a ranking."""

    figure: str
    bars: tuple[Bar, ...] = ()
    chart: Chart | None = None


def draw(
    desk: Desk, document: Document, width: int, extra: str = "", standing: tuple[Entity, str] | None = None
) -> Drawing | None:
    """A report in a block of that width; on a record's page only what belongs to that record.

    None where the report groups by nothing, or its reader may not ask for it.
    """
    data = document.data
    entity = desk.app.entities.get(str(data.get("source") or ""))
    rows = [r if isinstance(r, Mapping) else {"field": r} for r in data.get("rows") or ()]
    measures = [m for m in data.get("measures") or () if isinstance(m, Mapping)]
    if entity is None or not rows or not measures:
        return None
    chart = data.get("chart")
    drawn: Mapping[str, Any] = chart if isinstance(chart, Mapping) else {}
    wanted = next((m for m in measures if m.get("name") in (drawn.get("y") or ())), measures[0])
    own = belonging(desk.app, entity, *standing) if standing is not None else ""
    condition = conditions.join([str(data.get("filter") or ""), extra, own]) or None
    measure = Measure("value", str(wanted["formula"]))
    path = str(rows[0].get("field") or "")
    column = resolve(desk.app, entity, path)
    figure = desk.reader.label(Label.of(wanted.get("label"), str(wanted.get("name", ""))))
    is_share = wanted.get("format") == "percent"
    in_time = column is not None and column.field.value_type.kind in (Kind.DATE, Kind.DATETIME)
    start = _STARTS.get(str(rows[0].get("by") or ""))
    bands = [str(b) for b in rows[0].get("bands") or ()]
    group = f"{start}({path})" if start else f"BUCKET({', '.join([path, *bands])})" if bands else path
    asked = AggregateQuery(
        entity.name,
        (group,),
        measures=(measure,),
        filter=condition,
        sort=() if in_time else ("-value",),
        limit=PERIODS_MAX if in_time else GROUPS_MAX,
    )
    try:
        found = desk.records.aggregate(asked).rows
    except Refused:
        return None
    if in_time:
        points = sorted(
            (on, value)
            for r in found
            if (on := day(r.get(group))) is not None and (value := decimal(r.get("value"))) is not None
        )
        kind = "line" if str(drawn.get("type") or "") in ("line", "area") else "columns"
        if len(points) > 1:
            return Drawing(figure, chart=chart_of(desk, kind, points[-PERIODS:], width, is_share))
    field = column.field if column is not None and not bands else None
    if bands:
        places = _band_names(desk, column.field if column else None, bands)
        found = [{**r, group: places.get(r.get(group), r.get(group))} for r in _banded(found, group, bands)]
        return Drawing(figure, _ranking(desk, None, group, found[:ROWS], is_share))
    return Drawing(figure, _ranking(desk, field, group, _in_order(field, group, found), is_share))


def belonging(app: App, source: Entity, target: Entity, record: str) -> str:
    """The condition that leaves of an entity's records those of one record, along references; empty without a way."""
    ways: list[tuple[str, Entity]] = [("", source)]
    if source is target:
        return f"id = '{record}'"
    for _ in range(HOPS):
        further: list[tuple[str, Entity]] = []
        for prefix, entity in ways:
            for field in entity.own_fields:
                if field.is_many or len(field.targets) != 1 or not field.has_column:
                    continue
                path = f"{prefix}{field.name}"
                if field.targets[0] == target.name:
                    return f"{path} = '{record}'"
                if field.targets[0] in app.entities:
                    further.append((f"{path}.", app.entities[field.targets[0]]))
        ways = further
    return ""


def figure_text(desk: Desk, value: object, is_share: bool, places: int = PLACES) -> str:
    """A computed figure as people read it: shares to a tenth of a percent, others to a few places."""
    found = decimal(value)
    if found is None:
        return ABSENT
    if is_share:
        return percent(round(found, 3))
    exact = -int(found.as_tuple().exponent) if isinstance(found.as_tuple().exponent, int) else 0
    return short(round(found, places) if exact > places else found, desk.reader.language)


def _band_keys(bands: Sequence[str]) -> list[str]:
    """What BUCKET answers, from the lowest band to the highest."""
    if not bands:
        return []
    between = [f"{a} – {b}" for a, b in pairwise(bands)]
    return [f"< {bands[0]}", *between, f"≥ {bands[-1]}"]


def _banded(rows: Sequence[Mapping[str, Any]], group: str, bands: Sequence[str]) -> list[Mapping[str, Any]]:
    place = {key: n for n, key in enumerate(_band_keys(bands))}
    return sorted(rows, key=lambda r: place.get(str(r.get(group)), len(place)))


def _band_names(desk: Desk, field: Field | None, bands: Sequence[str]) -> dict[Any, str]:
    """Bands of shares in percent; others as BUCKET writes them."""
    if field is None or type_of(field) != "percent":
        return {}
    return dict(zip(_band_keys(bands), _band_keys([percent(b) for b in bands]), strict=True))


def _in_order(
    field: Field | None, group: str, rows: Sequence[Mapping[str, Any]]
) -> Sequence[Mapping[str, Any]]:
    """Options stand as their field lists them; anything else by its figure, the largest first."""
    place: dict[Any, int] = {o.value: n for n, o in enumerate(field.choices)} if field is not None else {}
    if not place:
        return rows[:ROWS]
    return sorted(rows, key=lambda r: place.get(r.get(group), len(place)))[:ROWS]


def _ranking(
    desk: Desk, field: Field | None, group: str, rows: Sequence[Mapping[str, Any]], is_share: bool
) -> tuple[Bar, ...]:
    top = max((_size(r.get("value")) for r in rows), default=Decimal(0))
    titled = Titles(desk)
    return tuple(
        Bar(
            _group_face(desk, titled, field, r.get(group)),
            figure_text(desk, r.get("value"), is_share),
            int(_size(r.get("value")) * 100 / top) if top else 0,
        )
        for r in rows
    )


def _size(value: Any) -> Decimal:
    found = decimal(value)
    return abs(found) if found is not None else Decimal(0)


def _group_face(desk: Desk, titled: Titles, field: Field | None, value: Any) -> Face:
    if value is None:
        return Face("text", desk.reader.t("list.no_value"))
    if field is None:
        return Face("text", str(value))
    if type_of(field) in ("user", "team", "reference") or field.targets:
        value = titled.of(field, value)
    return desk.face(field, value)


def chart_of(
    desk: Desk, kind: str, points: Sequence[tuple[date, Decimal]], columns: int, is_share: bool
) -> Chart:
    """Columns from zero, or a line over the span that its figures have."""
    values = [v for _, v in points]
    low, high = min(values), max(values)
    if kind == "columns":
        low, high = min(low, Decimal(0)), max(high, Decimal(0))
    if low == high:
        around = abs(low) / 50 or Decimal(1)
        low, high = (low - around if kind == "line" else low), high + around
    room = (high - low) / 10
    if kind == "line":
        low, high = low - room, high + room
    width = max(columns * UNIT_WIDTH, 3 * UNIT_WIDTH)
    across, down = width - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def y_of(value: Decimal) -> float:
        # A place on the drawing, in thousandths of its height: no figure is kept or shown from it.
        thousandths = int(1000 * (high - value) / (high - low))
        return round(TOP + down * thousandths / 1000, 1)

    step = across / len(points)
    every = max(1, -(-len(points) // LABELS))
    marks = []
    for at, (on, value) in enumerate(points):
        y, zero = y_of(value), y_of(max(low, Decimal(0)))
        marks.append(
            Mark(
                round(LEFT + step * at + step * (0.15 if kind == "columns" else 0.5), 1),
                min(y, zero) if kind == "columns" else y,
                round(step * 0.7, 1),
                max(abs(zero - y), 1.0),
                f"{on:%Y-%m-%d}",
                figure_text(desk, value, is_share, PLACES_FINE),
                f"{on:%y-%m}" if at % every == 0 else "",
            )
        )
    ticks = [low + (high - low) * n / 3 for n in range(4)]
    places = max(0, (4 if is_share else 1) - (high - low).adjusted())
    lines = tuple(Line(y_of(t), figure_text(desk, round(t, places), is_share, PLACES_FINE)) for t in ticks)
    base = y_of(low)
    path = "M" + "L".join(f"{m.x} {m.y}" for m in marks) if kind == "line" else ""
    area = f"{path}L{marks[-1].x} {base}L{marks[0].x} {base}Z" if path else ""
    return Chart(kind, width, HEIGHT, base, tuple(marks), lines, path, area)
