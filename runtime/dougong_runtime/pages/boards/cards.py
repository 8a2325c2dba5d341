"""A record as a card: its name, one line, a score, facts, when it is due and whose it is; five lines at most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from dougong_runtime.fields.base import Field
from dougong_runtime.formulas.types import Kind
from dougong_runtime.pages.boards.fitting import named
from dougong_runtime.pages.desk import Mark
from dougong_runtime.pages.faces import Face, hue, initial, is_number, is_person, is_sum, type_of
from dougong_runtime.pages.lists.frame import Frame
from dougong_runtime.pages.reading import day, decimal, instant, short
from dougong_runtime.pages.views import Column

FACTS_MAX = 3
CARD_FIELDS = 5
_LINES = frozenset({"text", "long_text"})


@dataclass(frozen=True, slots=True)
class Score:
    """A part of a whole as a ring: `part` of 0 to 100 decides how far round."""

    text: str
    part: int
    color: str
    label: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A value with its field's word, for who hears or hovers."""

    name: str
    label: str
    face: Face
    figure: str = ""
    """A sum in short, where the face has it in full."""


@dataclass(frozen=True, slots=True)
class Due:
    """A day as people say it."""

    name: str
    label: str
    text: str
    iso: str
    is_late: bool


@dataclass(frozen=True, slots=True)
class Card:
    """A record on a board."""

    id: str
    version: str
    title: str
    href: str
    mark: Mark
    line: Fact | None
    score: Score | None
    facts: tuple[Fact, ...]
    due: Due | None
    person: Fact | None


@dataclass(frozen=True)
class CardMaker:
    """Makes cards of one view; which field goes where is settled once."""

    frame: Frame
    columns: tuple[Column, ...]
    late_on: str = ""
    """The field whose day, once past, makes a card late: the view's `end`."""

    @classmethod
    def of(cls, frame: Frame, without: Sequence[str] = ()) -> CardMaker:
        """Cards of the view's `card` fields, else of its first columns; without the title and what lanes say."""
        columns = frame.desk.columns(frame.view.card or frame.columns)
        left_out = {frame.entity.title, *without}
        end = named(frame, "end")
        chosen = [c for c in columns if c.path not in left_out][:CARD_FIELDS]
        return cls(frame, tuple(chosen), end.path if end is not None else "")

    @property
    def asked(self) -> tuple[str, ...]:
        """The fields that a query must give."""
        frame = self.frame
        extra = [n for n in (frame.entity.title, "version") if frame.shows(n)]
        return tuple(dict.fromkeys([*(c.path for c in self.columns), *extra]))

    def card(self, item: Mapping[str, Any], *, is_over: bool = False) -> Card:
        """One record; `is_over`: nothing is due any more."""
        frame = self.frame
        desk, record = frame.desk, str(item["id"])
        title = desk.title(frame.entity, item)
        given = [c for c in self.columns if item.get(c.path) not in (None, "", [])]
        line = next((c for c in given if _is_line(c.field)), None)
        score = next((c for c in given if _top(c.field) is not None), None)
        due = next((c for c in given if c.field.value_type.kind in (Kind.DATE, Kind.DATETIME)), None)
        person = next((c for c in given if is_person(c.field)), None)
        rest = [c for c in given if c not in (line, score, due, person)]
        return Card(
            record,
            str(item.get("version") or ""),
            title,
            desk.href(frame.entity.name, record),
            Mark(initial(title), hue(record)),
            self._fact(line, item) if line else None,
            self._score(score, item) if score else None,
            tuple(self._fact(c, item) for c in rest[:FACTS_MAX]),
            self._due(due, item, is_over) if due else None,
            self._fact(person, item) if person else None,
        )

    def _fact(self, column: Column, item: Mapping[str, Any]) -> Fact:
        desk, value = self.frame.desk, item.get(column.path)
        shown = desk.face(column.field, value)
        figure = ""
        if shown.draw == "number" and is_sum(column.field):
            figure = short(value, desk.reader.language)
        return Fact(column.path, desk.reader.label(column.field.label), shown, figure)

    def _score(self, column: Column, item: Mapping[str, Any]) -> Score | None:
        got, top = decimal(item.get(column.path)), _top(column.field)
        if got is None or not top:
            return None
        part = min(100, max(0, int(got * 100 / top)))
        color = "green" if part >= 70 else "blue" if part >= 50 else "amber"
        text = f"{part}" if type_of(column.field) == "percent" else f"{int(got)}"
        return Score(text, part, color, self.frame.desk.reader.label(column.field.label))

    def _due(self, column: Column, item: Mapping[str, Any], is_over: bool) -> Due | None:
        reader = self.frame.desk.reader
        on = local_day(self.frame, column.field, item.get(column.path))
        if on is None:
            return None
        is_late = column.path == self.late_on and not is_over and on < reader.today
        days = (on - reader.today).days
        if is_late:
            text = reader.t("card.late", n=-days)
        elif 1 < days < 7:
            text = reader.weekday(on)
        else:
            text = reader.day(on)
        return Due(column.path, reader.label(column.field.label), text, on.isoformat(), is_late)


def local_day(frame: Frame, field: Field, value: Any) -> date | None:
    """The day of a date, or of an instant where the reader is."""
    if field.value_type.kind is Kind.DATETIME:
        at = instant(value)
        return None if at is None else frame.desk.reader.local(at).date()
    return day(value)


def _is_line(field: Field) -> bool:
    return type_of(field) in _LINES


def _top(field: Field) -> Decimal | None:
    """The whole of which a field's values are a part; None where it has none."""
    kind = type_of(field)
    if kind == "percent":
        return Decimal(1)
    if is_number(field) and not is_sum(field) and kind != "rating":
        low, high = decimal(field.options.get("minimum")), decimal(field.options.get("maximum"))
        return high if low == 0 and high is not None and high > 0 else None
    return None
