"""Records on days: what lies within a range, where each begins and ends for the reader, and which days are free."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from dougong_runtime.fields.times import instant_of
from dougong_runtime.formulas.types import Kind
from dougong_runtime.pages import conditions
from dougong_runtime.pages.boards.cards import local_day
from dougong_runtime.pages.boards.fitting import Span, changeable, color_field, named
from dougong_runtime.pages.faces import Face
from dougong_runtime.pages.lists.frame import Frame
from dougong_runtime.pages.reading import instant
from dougong_runtime.pages.views import Column
from dougong_runtime.records.query import LIMIT_MAX

PAGES_MAX = 2
"""Pages of records that a range shows at most; a fuller one says so."""
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
    when: str
    """In words: from when to when."""
    color_label: str
    group: Face | None = None

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

    @property
    def asked(self) -> tuple[str, ...]:
        """The fields that an item needs."""
        frame, color, titled = self.frame, color_field(self.frame), named(self.frame, "title")
        names = [
            self.span.start.path,
            self.span.end.path if self.span.end else "",
            titled.path if titled else "",
            color.name if color else "",
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

    def condition(self, first: date, after: date) -> str:
        """What touches the days from `first` up to, not with, `after`; a day means the reader's own."""
        start = self.span.start.path
        if self.span.end is None:
            return f"{start} >= '{first}' AND {start} < '{after}'"
        return f"{start} < '{after}' AND ({start} >= '{first}' OR {self.span.end.path} >= '{first}')"

    def within(self, first: date, after: date, limit: int = LIMIT_MAX * PAGES_MAX) -> Found:
        """Records that touch a range; asked of the database for that range alone."""
        frame, cursor = self.frame, None
        made: list[Item] = []
        for _ in range(PAGES_MAX):
            page = frame.desk.records.list(
                frame.query(
                    filter=conditions.join([frame.formula, self.condition(first, after)]),
                    sort=(self.span.start.path,),
                    fields=self.asked,
                    limit=min(limit, LIMIT_MAX),
                    cursor=cursor,
                    count=False,
                )
            )
            made += (item for raw in page.items if (item := self.item(raw)) is not None)
            cursor = page.next
            if cursor is None or len(made) >= limit:
                break
        inside = [i for i in made if i.first < after and i.last >= first]
        return Found(tuple(sorted(inside, key=_order)), cursor is not None)

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
        color = color_field(frame)
        value = raw.get(color.name) if color else None
        option = color.option(value) if color is not None and value is not None else None
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
            self._when(first, last, starts, ends),
            reader.label(option.label) if option else "",
            frame.desk.face(self.group.field, raw.get(self.group.path)) if self.group else None,
        )

    def _title(self, raw: Mapping[str, Any]) -> str:
        column = named(self.frame, "title")
        if column is not None:
            shown = self.frame.desk.face(column.field, raw.get(column.path))
            if not shown.is_absent and shown.text:
                return shown.text
        return self.frame.desk.title(self.frame.entity, raw)

    def _when(self, first: date, last: date, starts: datetime | None, ends: datetime | None) -> str:
        reader = self.frame.desk.reader
        begun = reader.day(first) + (f" {starts:%H:%M}" if starts else "")
        until = ""
        if last > first:
            until = reader.day(last) + (f" {ends:%H:%M}" if ends else "")
        elif ends is not None:
            until = f"{ends:%H:%M}"
        return f"{begun} – {until}" if until else begun

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
