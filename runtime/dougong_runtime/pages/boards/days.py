"""Records on days: what lies within a range, where each begins and ends for the reader, and which days are free."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from dougong_runtime.fields.base import Field
from dougong_runtime.fields.times import instant_of
from dougong_runtime.formulas.types import Kind
from dougong_runtime.lazily import cached_property
from dougong_runtime.pages import conditions
from dougong_runtime.pages.boards.cards import local_day
from dougong_runtime.pages.boards.fitting import Span, changeable, color_field, named
from dougong_runtime.pages.faces import Face
from dougong_runtime.pages.lists.frame import Frame
from dougong_runtime.pages.reading import Reader, instant
from dougong_runtime.pages.views import Column
from dougong_runtime.records.query import Page

ITEMS_MAX = 400
"""Records that a range is read for at once; of a fuller one each day's first are, and all are counted."""
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
MINUTES_SHOWN = 30
"""How long a record without an end is drawn."""
HOUR_NEW = 9
"""The hour at which a record made by clicking on a day begins."""


@dataclass(frozen=True, slots=True)
class Item:
    """A record on its days. `starts` and `ends` are the reader's wall clock; None for whole days."""

    id: str
    version: str
    title: str
    href: str
    color: str
    first: date
    last: date
    starts: datetime | None
    ends: datetime | None
    has_end: bool
    reader: Reader
    color_label: str
    group: Face | None = None

    @property
    def when(self) -> str:
        """In words: from when to when."""
        begun = self.reader.day(self.first) + (f" {self.starts:%H:%M}" if self.starts else "")
        until = ""
        if self.last > self.first:
            until = self.reader.day(self.last) + (f" {self.ends:%H:%M}" if self.ends else "")
        elif self.ends is not None:
            until = f"{self.ends:%H:%M}"
        return f"{begun} – {until}" if until else begun

    @property
    def tip(self) -> str:
        """All of it in words: when, what, and its state."""
        return " · ".join(w for w in (self.when, self.title, self.color_label) if w)

    @property
    def time(self) -> str:
        """The hour it begins at, on its first day."""
        return f"{self.starts:%H:%M}" if self.starts is not None else ""

    @property
    def days(self) -> int:
        """How many days it touches."""
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True)
class Found:
    """What lies within a range, in order of beginning; `is_cut` where there was more."""

    items: tuple[Item, ...]
    is_cut: bool = False


@dataclass(frozen=True)
class Days:
    """The records of one view on their days."""

    frame: Frame
    span: Span
    group: Column | None = None
    """What items are put together by."""

    @cached_property
    def color(self) -> Field | None:
        """The choice by which items are coloured."""
        return color_field(self.frame)

    @cached_property
    def titled(self) -> Column | None:
        """The field that names an item, where that is not the record's title."""
        return named(self.frame, "title")

    @cached_property
    def asked(self) -> tuple[str, ...]:
        """The fields that an item needs."""
        frame = self.frame
        names = [
            self.span.start.path,
            self.span.end.path if self.span.end else "",
            self.titled.path if self.titled else "",
            self.color.name if self.color else "",
            self.group.path if self.group else "",
            *(n for n in (frame.entity.title, "version") if frame.shows(n)),
        ]
        return tuple(dict.fromkeys(n for n in names if n))

    @property
    def movable(self) -> bool:
        """Whether the reader may put records on other days."""
        return changeable(self.frame, self.span.start)

    @property
    def stretchable(self) -> bool:
        """Whether the reader may change where records end."""
        return changeable(self.frame, self.span.end)

    def within(self, first: date, after: date, limit: int = ITEMS_MAX) -> Found:
        """Records that touch the days from `first` up to, not with, `after`, the first so many; asked of the database
        for that range alone: those that begin in it, and those that began before and had not ended."""
        pages = [self._page(self._begins(first, after), limit)]
        if self.span.end is not None:
            start, end = self._bound(self.span.start, first), self._bound(self.span.end, first)
            lasting = f"{self.span.start.path} < {start} AND {self.span.end.path} >= {end}"
            pages.insert(0, self._page(lasting, limit))
        items = (item for page in pages for raw in page.items if (item := self.item(raw)) is not None)
        inside = sorted((i for i in items if i.first < after and i.last >= first), key=_order)
        is_cut = any(page.next is not None for page in pages) or len(inside) > limit
        return Found(tuple(inside[:limit]), is_cut)

    def by_day(self, days: Sequence[date], each: int) -> tuple[tuple[Item, ...], dict[date, int]]:
        """For a range with too many to read them all: the first of each day, and how many begin on each."""
        counts: dict[date, int] = {}
        found: list[Item] = []
        for on in days:
            page = self._page(self._begins(on, on + timedelta(days=1)), each, count=True)
            counts[on] = page.count
            items = [item for raw in page.items if (item := self.item(raw)) is not None]
            found += (replace(i, last=i.first) for i in items)
        return tuple(found), counts

    def _page(self, own: str, limit: int, *, count: bool = False) -> Page:
        return self.frame.desk.records.list(
            self.frame.query(
                filter=conditions.join([self.frame.formula, own]),
                sort=(self.span.start.path,),
                fields=self.asked,
                limit=limit,
                cursor=None,
                count=count,
            )
        )

    def _begins(self, first: date, after: date) -> str:
        start = self.span.start
        return f"{start.path} >= {self._bound(start, first)} AND {start.path} < {self._bound(start, after)}"

    def _bound(self, column: Column, on: date) -> str:
        """Where a day begins, as a formula's literal: an instant where the field has hours, which no row computes."""
        if column.field.value_type.kind is not Kind.DATETIME:
            return f"'{on}'"
        return f"'{written(datetime.combine(on, time()), self.frame.desk.reader.time_zone)}'"

    def item(self, raw: Mapping[str, Any]) -> Item | None:
        """One record; None where it does not begin."""
        frame, reader = self.frame, self.frame.desk.reader
        start, end = self.span.start, self.span.end
        begun = raw.get(start.path)
        first = local_day(frame, start.field, begun)
        if first is None:
            return None
        starts = ends = None
        ended = raw.get(end.path) if end is not None else None
        last = first
        if ended is not None and end is not None:
            last = max(first, local_day(frame, end.field, ended) or first)
        if self.span.with_hours:
            at = instant(begun)
            assert at is not None
            starts = reader.local(at).replace(tzinfo=None)
            until = instant(ended) if end is not None and end.field.value_type.kind is Kind.DATETIME else None
            ends = reader.local(until).replace(tzinfo=None) if until is not None and until > at else None
            if ends is not None and ends.time() == time() and last > first:
                last -= timedelta(days=1)
        value = raw.get(self.color.name) if self.color is not None else None
        option = self.color.option(value) if self.color is not None and value is not None else None
        title, record = self._title(raw), str(raw["id"])
        return Item(
            record,
            str(raw.get("version") or ""),
            title,
            frame.desk.href(frame.entity.name, record),
            option.color if option else "blue",
            first,
            last,
            starts,
            ends,
            ended is not None,
            reader,
            reader.label(option.label) if option else "",
            frame.desk.face(self.group.field, raw.get(self.group.path)) if self.group else None,
        )

    def _title(self, raw: Mapping[str, Any]) -> str:
        column = self.titled
        if column is not None:
            shown = self.frame.desk.face(column.field, raw.get(column.path))
            if not shown.is_absent and shown.text:
                return shown.text
        return self.frame.desk.title(self.frame.entity, raw)

    def undated(self, limit: int) -> tuple[list[tuple[str, str]], int, bool]:
        """Records that do not begin: (title, address) of the first, how many there are, and whether that is exact."""
        frame = self.frame
        titled = named(frame, "title")
        fields = [
            titled.path if titled else "",
            frame.entity.title if frame.shows(frame.entity.title) else "",
        ]
        page = frame.desk.records.list(
            frame.query(
                filter=conditions.join([frame.formula, f"{self.span.start.path} = NULL"]),
                sort=(),
                fields=tuple(dict.fromkeys(n for n in fields if n)),
                limit=limit,
                cursor=None,
            )
        )
        entity = frame.entity.name
        shown = [(self._title(i), frame.desk.href(entity, str(i["id"]))) for i in page.items]
        return shown, page.count, page.count_is_exact

    # --- making one -----------------------------------------------------------------------------------------------
    @property
    def may_create(self) -> bool:
        """Whether the reader may make a record that begins on a day of their choice."""
        frame, start = self.frame, self.span.start
        view = frame.desk.views(frame.entity.name).get(start.path)
        able = start.is_own and view is not None and bool(view.create)
        return able and frame.desk.records.can(frame.entity.name, "create")

    def begin_href(self, on: date) -> str:
        """What leads to the form that begins on a day, `&at=HH:MM` added or not; empty where none may be made."""
        if not self.may_create:
            return ""
        pairs = [*self.frame.state.pairs("cursor"), ("day", on.isoformat())]
        return f"{self.frame.base}/begin?{urlencode(pairs)}"

    def new_href(self, on: date, at: time | None = None) -> str:
        """The form that begins on a day; an instant at an hour of the reader's clock."""
        frame = self.frame
        value = on.isoformat()
        if self.span.with_hours:
            value = written(datetime.combine(on, at or time(HOUR_NEW)), frame.desk.reader.time_zone)
        query = urlencode({self.span.start.path: value, "back": frame.state.address(frame.base)})
        return f"{frame.desk.address}/{frame.entity.name}/new?{query}"

    # --- free days -------------------------------------------------------------------------------------------------
    def free(self, days: list[date]) -> frozenset[date]:
        """Those days that are not worked, by the app's calendar."""
        running = self.frame.desk.records.running
        marks: dict[str, bool] = json.loads(running.calendar(days[0].year).text)
        return frozenset(d for d in days if not marks.get(d.isoformat(), d.weekday() < 5))


def written(local: datetime, time_zone: str) -> str:
    """A wall-clock time as JSON has instants."""
    return instant_of(local, ZoneInfo(time_zone)).astimezone(UTC).isoformat().replace("+00:00", "Z")


def _order(item: Item) -> tuple[date, int, str, str]:
    """Long ones first, then by the hour."""
    return item.first, -item.days, item.time, item.title
