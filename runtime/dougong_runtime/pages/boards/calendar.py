"""A calendar: a month of weeks, or a week or day with its hours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from dougong_runtime.pages.boards.days import FIRST_DAY, LAST_DAY, MINUTES_SHOWN, Days, Item
from dougong_runtime.pages.boards.fitting import span
from dougong_runtime.pages.lists.frame import Frame
from dougong_runtime.pages.lists.parts import Link
from dougong_runtime.pages.reading import day

WEEKS = 6
SHOWN = 3
"""Entries of a month's cell; of more, all but two are counted."""
SPANS = ("month", "week", "day")
HOUR_PX = 48
SHORTEST_PX = 22


@dataclass(frozen=True, slots=True)
class Bar:
    """An entry in one cell, reaching over so many days of the row; an empty one keeps a place free."""

    item: Item | None = None
    days: int = 1
    begins: bool = True
    """Whether the entry begins here, not in an earlier row."""
    ends: bool = True


@dataclass(frozen=True, slots=True)
class Cell:
    """A day of a month, or of the row above the hours."""

    on: date
    number: str
    label: str
    is_off: bool
    is_today: bool
    is_free: bool
    bars: tuple[Bar, ...]
    more: int
    count: int
    new_href: str
    day_href: str


@dataclass(frozen=True, slots=True)
class Block:
    """An entry among the hours: `x` and `width` in hundredths of the day's column, `y` and `height` in pixels."""

    item: Item
    x: str
    y: int
    width: str
    height: int
    text: str


@dataclass(frozen=True, slots=True)
class Column:
    """A day with its hours."""

    on: date
    label: str
    weekday: str
    number: str
    is_today: bool
    is_free: bool
    blocks: tuple[Block, ...]
    now_y: int | None
    new_href: str
    day_href: str


@dataclass(frozen=True, slots=True)
class Calendar:
    """What the template draws."""

    title: str
    span: str
    on: str
    first: str
    weekdays: tuple[str, ...]
    weeks: tuple[tuple[Cell, ...], ...]
    columns: tuple[Column, ...]
    hours: tuple[str, ...]
    earlier: str
    later: str
    today: str
    spans: tuple[Link, ...]
    movable: bool
    stretchable: bool
    cut: str
    zone: str
    template: str = "parts/calendar.html"
    count_text: str = ""
    is_ordered: bool = False
    is_empty: bool = False
    """A month without entries is a month all the same."""


def calendar(frame: Frame) -> Calendar | None:
    """The calendar around a day; None where this reader sees no field of days."""
    found = span(frame)
    return None if found is None else _Maker(frame, Days(frame, found)).calendar()


def on_day(frame: Frame, on: date) -> tuple[Days, tuple[Item, ...]] | None:
    """All that one day holds."""
    found = span(frame)
    if found is None:
        return None
    days = Days(frame, found)
    return days, days.within(on, on + timedelta(days=1)).items


def asked_day(frame: Frame) -> date:
    """The day that the address names, else today."""
    on = day(frame.state.on)
    return on if on is not None and FIRST_DAY <= on <= LAST_DAY else frame.desk.reader.today


class _Maker:
    def __init__(self, frame: Frame, days: Days) -> None:
        self.frame, self.days = frame, days
        self.reader = frame.desk.reader
        self.span = frame.state.span if frame.state.span in SPANS else "month"
        self.on = asked_day(frame)

    def calendar(self) -> Calendar:
        first, count = self.range()
        shown = [first + timedelta(days=n) for n in range(count)]
        found = self.days.within(first, shown[-1] + timedelta(days=1))
        free = self.days.free(shown)
        counts: dict[date, int] | None = None
        items = found.items
        if found.is_cut and self.span == "month":
            items, counts = self.days.by_day(shown, SHOWN)
        weeks: tuple[tuple[Cell, ...], ...] = ()
        columns: tuple[Column, ...] = ()
        if self.span == "month":
            weeks = tuple(self.week(shown[n : n + 7], items, free, counts) for n in range(0, count, 7))
        else:
            whole = [i for i in found.items if i.starts is None or i.days > 1]
            weeks = (self.week(shown, whole, free, None, most=99),)
            timed = [i for i in found.items if i.starts is not None and i.days == 1]
            columns = tuple(self.column(d, timed, free) for d in shown)
        reader = self.reader
        return Calendar(
            self.title(first, shown[-1]),
            self.span,
            self.on.isoformat(),
            first.isoformat(),
            tuple(reader.weekday(d) for d in shown[:7]),
            weeks,
            columns,
            tuple(f"{h:02}:00" for h in range(1, 24)),
            self.href(self.step(-1)),
            self.href(self.step(1)),
            self.href(None),
            tuple(
                Link(reader.t(f"span.{s}"), self.href(self.on, s), s == self.span, direction=s[0])
                for s in SPANS
            ),
            self.days.movable,
            self.days.stretchable,
            reader.t("calendar.cut", n=f"{len(found.items):,}") if found.is_cut and counts is None else "",
            reader.time_zone,
        )

    def range(self) -> tuple[date, int]:
        """The first day shown, and how many."""
        if self.span == "day":
            return self.on, 1
        lead = self.on if self.span == "week" else self.on.replace(day=1)
        return lead - timedelta(days=lead.weekday()), 7 if self.span == "week" else 7 * WEEKS

    def title(self, first: date, last: date) -> str:
        """What is shown, in words."""
        reader = self.reader
        if self.span == "month":
            return reader.month(self.on)
        if self.span == "day":
            return reader.named_day(self.on)
        return f"{reader.full_day(first)} – {reader.full_day(last)}"

    def step(self, by: int) -> date:
        """The day one span further."""
        if self.span == "day":
            return self.on + timedelta(days=by)
        if self.span == "week":
            return self.on + timedelta(days=7 * by)
        month = self.on.year * 12 + self.on.month - 1 + by
        return date(month // 12, month % 12 + 1, 1)

    def href(self, on: date | None, span: str = "") -> str:
        """This calendar around another day."""
        kept = replace(self.frame.state, on=on.isoformat() if on else "", span=span or self.span, cursor="")
        return replace(kept, span="" if kept.span == "month" else kept.span).address(self.frame.base)

    # --- days without hours ----------------------------------------------------------------------------------------
    def week(
        self,
        days: Sequence[date],
        items: Iterable[Item],
        free: frozenset[date],
        known: Mapping[date, int] | None,
        most: int = SHOWN,
    ) -> tuple[Cell, ...]:
        """A row of days. An entry keeps one height over all its days; what does not fit is counted. `known`: how many
        there are, where not all were read."""
        first, last = days[0], days[-1]
        here = [i for i in items if i.first <= last and i.last >= first]
        read = {d: sum(1 for i in here if i.first <= d <= i.last) for d in days}
        counts = read if known is None else {d: max(known.get(d, 0), read[d]) for d in days}
        rows: list[dict[date, Bar]] = []
        hidden = {d: counts[d] - read[d] for d in days}
        for item in sorted(here, key=lambda i: (max(i.first, first), -i.days)):
            begin, end = max(item.first, first), min(item.last, last)
            covered = [d for d in days if begin <= d <= end]
            at = next((n for n, row in enumerate(rows) if not any(d in row for d in covered)), len(rows))
            room = most if all(counts[d] <= most for d in covered) else most - 1
            if at >= room:
                for d in covered:
                    hidden[d] += 1
                continue
            if at == len(rows):
                rows.append({})
            rows[at].update(dict.fromkeys(covered, Bar()))
            rows[at][begin] = Bar(item, len(covered), item.first >= first, item.last <= last)
        return tuple(self.cell(d, rows, hidden[d], counts[d], free) for d in days)

    def cell(
        self, on: date, rows: Sequence[dict[date, Bar]], more: int, count: int, free: frozenset[date]
    ) -> Cell:
        """One day of a row."""
        used = max((n + 1 for n, row in enumerate(rows) if on in row), default=0)
        bars = [row.get(on, Bar()) for row in rows[:used]]
        reader = self.reader
        return Cell(
            on,
            str(on.day),
            reader.named_day(on),
            self.span == "month" and on.month != self.on.month,
            on == reader.today,
            on in free,
            tuple(bars),
            more,
            count,
            self.days.begin_href(on),
            self.href(on, "day"),
        )

    # --- hours -------------------------------------------------------------------------------------------------------
    def column(self, on: date, items: Sequence[Item], free: frozenset[date]) -> Column:
        """A day's entries beside each other where they overlap."""
        reader = self.reader
        mine = [i for i in items if i.first == on]
        now = reader.local(reader.now)
        return Column(
            on,
            reader.named_day(on),
            reader.weekday(on),
            str(on.day),
            on == reader.today,
            on in free,
            tuple(_blocks(mine)),
            _px(now.replace(tzinfo=None)) if on == reader.today else None,
            self.days.begin_href(on),
            self.href(on, "day"),
        )


def _px(at: datetime) -> int:
    return round((at.hour * 60 + at.minute) * HOUR_PX / 60)


def _blocks(items: Sequence[Item]) -> Iterable[Block]:
    """Entries that overlap share the width; each group of them on its own."""
    group: list[tuple[Item, datetime, datetime, int]] = []
    until: datetime | None = None

    def closed() -> Iterable[Block]:
        lanes = max((lane for *_, lane in group), default=0) + 1
        for item, starts, ends, lane in group:
            y = _px(starts)
            end_y = 24 * HOUR_PX if ends.date() > starts.date() else _px(ends)
            height = max(SHORTEST_PX, end_y - y)
            text = f"{starts:%H:%M}" + (f" – {item.ends:%H:%M}" if item.ends else "")
            yield Block(item, f"{lane * 100 / lanes:.3f}%", y, f"{100 / lanes:.3f}%", height - 1, text)

    timed = [(i, i.starts) for i in items if i.starts is not None]
    for item, starts in sorted(timed, key=lambda t: (t[1], t[0].ends or t[1])):
        ends = max(item.ends or starts, starts + timedelta(minutes=MINUTES_SHOWN))
        if until is not None and starts >= until:
            yield from closed()
            group, until = [], None
        busy = {lane for _, _, e, lane in group if e > starts}
        lane = next(n for n in range(len(group) + 1) if n not in busy)
        group.append((item, starts, ends, lane))
        until = max(until or ends, ends)
    if group:
        yield from closed()
