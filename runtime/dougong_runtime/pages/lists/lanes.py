"""A view's records as cards in lanes: one lane for each option of a choice or stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dougong_runtime.errors import Refused
from dougong_runtime.fields.base import Field
from dougong_runtime.pages import conditions
from dougong_runtime.pages.desk import Row, count_text
from dougong_runtime.pages.faces import Face, is_sum
from dougong_runtime.pages.lists.frame import Frame
from dougong_runtime.pages.reading import short
from dougong_runtime.pages.views import Column
from dougong_runtime.records.query import AggregateQuery, Measure

LANE_CARDS = 20
CARD_LINES = 5


@dataclass(frozen=True, slots=True)
class Lane:
    """A column of cards."""

    face: Face
    count: str
    cards: tuple[Row, ...]
    more: int
    sum: str = ""


@dataclass(frozen=True, slots=True)
class Board:
    """Lanes beside each other."""

    lanes: tuple[Lane, ...]
    template: str = "parts/board.html"
    count_text: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether no lane has a card."""
        return not any(lane.cards for lane in self.lanes)


def board(frame: Frame) -> Board | None:
    """The lanes; None where no field's values can be lanes for this reader."""
    field = lane_field(frame)
    return None if field is None else Board(_lanes(frame, field))


def lane_field(frame: Frame) -> Field | None:
    """The field whose values are lanes: the address's, the view's, else the stage."""
    stage = frame.entity.stage.name if frame.entity.stage else ""
    for name in (frame.state.group, frame.view.group, stage):
        field = frame.entity.fields.get(name)
        if field is not None and field.choices and frame.shows(name):
            return field
    return None


def _lanes(frame: Frame, field: Field) -> tuple[Lane, ...]:
    """A lane for each option that the filter leaves, its first cards, how many more there are, and their sum."""
    desk = frame.desk
    columns = desk.columns(frame.view.card or frame.columns)
    cards = tuple(c for c in columns if c.path not in (frame.entity.title, field.name))[:CARD_LINES]
    left = {
        value
        for part in frame.parts
        if part.path == field.name and part.op in ("eq", "in")
        for value in part.value.split(conditions.LIST_SIGN)
    }
    dropped = {p.value for p in frame.parts if p.path == field.name and p.op == "ne"}
    titled = [frame.entity.title] if frame.shows(frame.entity.title) else []
    sums = _sums(frame, field, cards)
    lanes = []
    for option in field.choices:
        if (left and str(option.value) not in left) or str(option.value) in dropped:
            continue
        own = conditions.compose(desk.app, frame.entity, field.name, "eq", str(option.value)) or ""
        found = desk.records.list(
            frame.query(
                filter=conditions.join([frame.formula, own]),
                fields=tuple(dict.fromkeys([*(c.path for c in cards), *titled])),
                limit=LANE_CARDS,
                cursor=None,
            )
        )
        lanes.append(
            Lane(
                desk.face(field, option.value),
                count_text(found.count, found.count_is_exact),
                tuple(desk.row(frame.entity, item, cards) for item in found.items),
                max(0, found.count - len(found.items)),
                sums.get(str(option.value), ""),
            )
        )
    return tuple(lanes)


def _sums(frame: Frame, field: Field, cards: Sequence[Column]) -> dict[str, str]:
    """What the first amount on the cards comes to in each lane; nothing while searching."""
    views = frame.desk.views(frame.entity.name)
    amount = next((c for c in cards if c.is_own and is_sum(c.field) and c.field.has_column), None)
    if amount is None or frame.state.search or views[amount.path].shown != "yes":
        return {}
    asked = AggregateQuery(
        frame.entity.name,
        (field.name,),
        measures=(Measure("sum", f"SUM({amount.path})"),),
        filter=frame.formula or None,
    )
    try:
        rows = frame.desk.records.aggregate(asked).rows
    except Refused:
        return {}
    language = frame.desk.reader.language
    return {str(r.get(field.name)): short(r["sum"], language) for r in rows if r.get("sum") is not None}
