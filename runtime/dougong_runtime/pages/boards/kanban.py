"""Cards in lanes: one lane for each stage, option, person or record that a field names.

A lane holds its first cards, the rest comes as one scrolls; how many there are and what they come to is asked of the
database, for all lanes at once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from dougong_runtime.errors import Refused
from dougong_runtime.fields.base import Field
from dougong_runtime.lazily import cached_property
from dougong_runtime.pages import conditions
from dougong_runtime.pages.boards import fitting, moves
from dougong_runtime.pages.boards.cards import Card, CardMaker
from dougong_runtime.pages.desk import count_text
from dougong_runtime.pages.faces import Face, is_number, is_sum, type_of
from dougong_runtime.pages.lists.frame import Frame
from dougong_runtime.pages.lists.parts import Link
from dougong_runtime.pages.reading import decimal, number, short
from dougong_runtime.pages.views import Column, resolve
from dougong_runtime.records.query import AggregateQuery, Measure, Page

LANE_CARDS = 20
LANE_CARDS_MAX = 200
LANES_MAX = 24
"""People or records that make lanes, at most; options and stages all do."""


@dataclass(frozen=True, slots=True)
class Lane:
    """A column of cards. `key` is the value in the address and in what is posted; empty for none."""

    key: str
    label: str
    face: Face
    count: str
    cards: tuple[Card, ...]
    more_href: str = ""
    sum: str = ""
    sum_exact: str = ""
    new_href: str = ""
    at: str = ""
    """Its place among the options, which names it in the markup."""


@dataclass(frozen=True, slots=True)
class Board:
    """Lanes beside each other."""

    lanes: tuple[Lane, ...]
    by: str
    field: str
    fields: tuple[Link, ...]
    sums: tuple[Link, ...]
    shut: str
    """JSON: lane → lanes that its cards may not go to → why."""
    movable: bool
    figures_href: str = ""
    """Where counts and sums are asked for once the board is there; empty where they are in it."""
    more_lanes: str = ""
    """What is said where a field has more values than there are lanes."""
    template: str = "parts/board.html"
    is_ordered: bool = True
    count_text: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether no lane has a card."""
        return not any(lane.cards for lane in self.lanes)


def board(frame: Frame) -> Board | None:
    """The lanes; None where no field's values can be lanes for this reader."""
    field = fitting.lane_field(frame)
    if field is None:
        return None
    made, cards = _Lanes(frame, field, waits=_is_large(frame, field)), shown_cards(frame.state.cards)
    keys, cut = made.keys()
    lanes = tuple(made.lane(key, cards) for key in keys)
    reader, state = frame.desk.reader, frame.state
    by = reader.label(field.label)
    if reader.language == "en" and by[1:2].islower():
        by = by[0].lower() + by[1:]
    return Board(
        lanes,
        by,
        field.name,
        tuple(
            Link(
                reader.label(f.label), replace(state, group=f.name, cursor="").address(frame.base), f == field
            )
            for f in fitting.lane_fields(frame)
        ),
        made.sums(),
        json.dumps(
            moves.shut(frame, field, {lane.key: lane.label for lane in lanes}),
            ensure_ascii=False,
            separators=(",", ":"),
        ),
        moves.may_move(frame, field),
        f"{frame.base}/figures?{urlencode(state.pairs('cursor'))}" if made.waits else "",
        reader.t("board.more_lanes", n=LANES_MAX) if cut else "",
        count_text=made.count_text,
    )


def _is_large(frame: Frame, field: Field) -> bool:
    """Whether there are more records than a list counts at once: then figures are asked for after the cards."""
    if not field.choices:
        return False
    return not frame.desk.records.list(
        frame.query(fields=("id",), sort=(), limit=1, cursor=None)
    ).count_is_exact


def figures(frame: Frame) -> tuple[Lane, ...]:
    """The lanes' heads with what they hold, without cards."""
    field = fitting.lane_field(frame)
    if field is None:
        return ()
    made = _Lanes(frame, field)
    return tuple(made.headed(key) for key in made.keys()[0])


def further(frame: Frame, key: str, cursor: str) -> Lane | None:
    """The next cards of a lane."""
    field = fitting.lane_field(frame)
    return None if field is None else _Lanes(frame, field).further(key, cursor)


@dataclass(frozen=True)
class _Figures:
    count: int
    sum: Any = None


class _Lanes:
    """What all lanes of a board share."""

    def __init__(self, frame: Frame, field: Field, *, waits: bool = False) -> None:
        """`waits`: figures are not asked for now."""
        self.frame, self.field, self.waits = frame, field, waits
        self.maker = CardMaker.of(frame, (field.name,))
        self.amount = self._amount()
        self._titles: Mapping[str, str] = {}

    # --- which lanes -------------------------------------------------------------------------------------------
    def keys(self) -> tuple[list[str], bool]:
        """The lanes in order, and whether there were more; an option that the filter leaves out has none."""
        field, figures = self.field, {} if self.waits else self.figures or {}
        if field.choices:
            parts = [p for p in self.frame.parts if p.path == field.name]
            left = {v for p in parts if p.op in ("eq", "in") for v in p.value.split(conditions.LIST_SIGN)}
            dropped = {p.value for p in parts if p.op == "ne"}
            keys = [str(o.value) for o in field.choices]
            keys = [k for k in keys if (not left or k in left) and k not in dropped]
            return ([*keys, ""] if "" in figures or (self.waits and not field.required) else keys), False
        target = field.targets[0]
        self._titles = self.frame.desk.records.titles(target, [k for k in figures if k])
        by_name = sorted(
            (k for k in figures if k), key=lambda k: (-figures[k].count, self._titles.get(k, ""))
        )
        chosen = sorted(by_name[:LANES_MAX], key=lambda k: self._titles.get(k, "\uffff"))
        return ([*chosen, ""] if "" in figures else chosen), len(by_name) > LANES_MAX

    @cached_property
    def figures(self) -> dict[str, _Figures] | None:
        """Lane → how many records it holds, and what they come to; one statement for all lanes. None where the reader
        may see no figures."""
        frame = self.frame
        measures = [Measure("count", "COUNT()")]
        if self.amount is not None:
            measures.append(Measure("sum", f"SUM({self.amount.path})"))
        asked = AggregateQuery(
            frame.entity.name,
            (self.field.name,),
            measures=tuple(measures),
            filter=frame.formula or None,
            search=frame.state.search or None,
            listed=True,
            total=False,
        )
        try:
            rows = frame.desk.records.aggregate(asked).rows
        except Refused:
            return None
        return {_key(r.get(self.field.name)): _Figures(int(r["count"] or 0), r.get("sum")) for r in rows}

    def _amount(self) -> Column | None:
        """The number summed in the heads: one whose sum the list is asked to say, else the first amount on the cards,
        else among the columns."""
        chosen = [f.name for f in self.summable if self.frame.totals.get(f.name) == "sum"]
        shown = [c.path for c in (*self.maker.columns, *self.frame.columns) if c.is_own and is_sum(c.field)]
        able = {f.name for f in self.summable}
        name = next((n for n in (*chosen, *shown) if n in able), None)
        return resolve(self.frame.desk.app, self.frame.entity, name) if name else None

    @cached_property
    def summable(self) -> list[Field]:
        """Numbers of the entity's own that this reader sees whole, and that adding up makes sense of."""
        views = self.frame.desk.views(self.frame.entity.name)
        return [
            f
            for f in fitting.seen(self.frame)
            if is_number(f) and type_of(f) != "percent" and views[f.name].shown == "yes"
        ]

    def sums(self) -> tuple[Link, ...]:
        """The numbers that the heads can say the sum of."""
        frame, at = self.frame, self.amount.path if self.amount else ""
        return tuple(
            Link(
                frame.desk.reader.label(f.label),
                replace(frame.state, totals=f"{f.name}:sum", cursor="").address(frame.base),
                f.name == at,
            )
            for f in self.summable
        )

    @property
    def count_text(self) -> str:
        """All records of the board."""
        if self.waits or self.figures is None:
            return ""
        return f"{sum(f.count for f in self.figures.values()):,}"

    # --- a lane ------------------------------------------------------------------------------------------------
    def lane(self, key: str, cards: int) -> Lane:
        """A lane with its first cards. Where the reader may see no figures its own list counts, and there is no sum."""
        if self.waits:
            return replace(self._page(key, cards, None)[0], new_href=self._new_href(key))
        if self.figures is None:
            lane, found = self._page(key, cards, None, count=True)
            return replace(
                lane, count=count_text(found.count, found.count_is_exact), new_href=self._new_href(key)
            )
        headed = self.headed(key)
        if not self.figures.get(key, _Figures(0)).count:
            return headed
        lane = self._page(key, cards, None)[0]
        return replace(headed, cards=lane.cards, more_href=lane.more_href)

    def headed(self, key: str) -> Lane:
        """A lane's head: how many records it holds, and what they come to."""
        reader = self.frame.desk.reader
        known = (self.figures or {}).get(key, _Figures(0))
        said = bool(decimal(known.sum))
        return replace(
            self._bare(key),
            count=f"{known.count:,}",
            sum=short(known.sum, reader.language) if said else "",
            sum_exact=number(known.sum) if said else "",
            new_href=self._new_href(key),
        )

    def further(self, key: str, cursor: str) -> Lane:
        """The cards after a cursor."""
        return self._page(key, LANE_CARDS, cursor)[0]

    def _page(self, key: str, cards: int, cursor: str | None, *, count: bool = False) -> tuple[Lane, Page]:
        frame = self.frame
        found = frame.desk.records.list(
            frame.query(
                filter=conditions.join([frame.formula, self._condition(key)]),
                fields=self.maker.asked,
                limit=min(cards, LANE_CARDS_MAX),
                cursor=cursor,
                count=count,
            )
        )
        is_over = self.field.type == "stage" and not any(t.from_ == key for t in self.field.transitions)
        made = tuple(self.maker.card(item, is_over=is_over) for item in found.items)
        return self._bare(key, made, self._more(key, found.next) if found.next else ""), found

    def _condition(self, key: str) -> str:
        name = self.field.name
        if not key:
            return f"{name} = NULL"
        escaped = key.replace("\\", "\\\\").replace("'", "\\'")
        own = conditions.compose(self.frame.desk.app, self.frame.entity, name, "eq", key)
        return own if self.field.choices and own else f"{name} = '{escaped}'"

    def _bare(self, key: str, cards: tuple[Card, ...] = (), more: str = "") -> Lane:
        shown = self._face(key)
        at = next((str(n) for n, o in enumerate(self.field.choices) if str(o.value) == key), key or "none")
        return Lane(key, shown.text, shown, "", cards, more, at=at)

    def _face(self, key: str) -> Face:
        reader = self.frame.desk.reader
        if not key:
            return Face("text", reader.t("list.no_value"))
        if self.field.choices:
            option = next((o for o in self.field.choices if str(o.value) == key), None)
            shown = self.frame.desk.face(self.field, option.value if option else key)
            return replace(shown, draw="state") if shown.draw == "chip" else shown
        if key not in self._titles:
            self._titles = self.frame.desk.records.titles(self.field.targets[0], [key])
        return self.frame.desk.face(self.field, {"id": key, "title": self._titles.get(key)})

    def _more(self, key: str, cursor: str) -> str:
        pairs = [*self.frame.state.pairs("cursor"), ("lane", key), ("cursor", cursor)]
        return f"{self.frame.base}/lane?{urlencode(pairs)}"

    def _new_href(self, key: str) -> str:
        """A form that begins in this lane, where one may."""
        frame, field = self.frame, self.field
        if not frame.desk.records.can(frame.entity.name, "create") or not key:
            return ""
        if field.type == "stage":
            return ""
        view = frame.desk.views(frame.entity.name)[field.name]
        back = frame.state.address(frame.base)
        address = f"{frame.desk.address}/{frame.entity.name}/new"
        return f"{address}?{urlencode({field.name: key, 'back': back})}" if view.create else ""


def _key(value: Any) -> str:
    if isinstance(value, Mapping):
        return str(value.get("id"))
    return "" if value is None else str(value)


def shown_cards(raw: str) -> int:
    """How many cards a lane is to show, as a page asks that shows more already."""
    return (
        min(max(int(raw), LANE_CARDS), LANE_CARDS_MAX)
        if raw.isascii() and raw.isdecimal() and len(raw) < 5
        else LANE_CARDS
    )
