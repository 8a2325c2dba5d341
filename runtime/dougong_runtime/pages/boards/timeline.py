"""A time line: records as bars on their days, a row each, put together by a field; those without a day stand aside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from dougong_runtime.pages.boards.calendar import asked_day
from dougong_runtime.pages.boards.days import Days, Item
from dougong_runtime.pages.boards.fitting import lane_fields, named, span
from dougong_runtime.pages.desk import count_text
from dougong_runtime.pages.faces import Face
from dougong_runtime.pages.lists.frame import Frame
from dougong_runtime.pages.lists.parts import Link
from dougong_runtime.pages.lists.state import UNGROUPED
from dougong_runtime.pages.views import Column, resolve

ROWS_MAX = 300
ASIDE_MAX = 20
SPANS = ("day", "week", "month", "quarter")
DAYS = {"day": 28, "week": 84, "month": 184, "quarter": 736}
"""How many days each shows; the span is what one mark of the scale stands for."""
INSIDE = 9.0
"""Bars narrower than so many hundredths have their words beside them."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark of the scale; `x` and `width` in hundredths."""

    label: str
    x: str
    width: str
    is_free: bool = False


@dataclass(frozen=True, slots=True)
class BarRow:
    """A record's row. What lies outside the range is cut off."""

    item: Item
    x: str
    width: str
    words_x: str
    is_inside: bool
    from_before: bool
    on_after: bool


@dataclass(frozen=True, slots=True)
class BarGroup:
    """Rows under their value."""

    face: Face | None
    rows: tuple[BarRow, ...]


@dataclass(frozen=True, slots=True)
class Aside:
    """Records without a day."""

    items: tuple[Link, ...]
    count: str
    more: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """What the template draws."""

    title: str
    span: str
    first: str
    days: int
    upper: tuple[Tick, ...]
    lower: tuple[Tick, ...]
    free: tuple[Tick, ...]
    today_x: str
    groups: tuple[BarGroup, ...]
    aside: Aside | None
    earlier: str
    later: str
    today: str
    spans: tuple[Link, ...]
    fields: tuple[Link, ...]
    by: str
    movable: bool
    stretchable: bool
    cut: str
    new_href: str
    template: str = "parts/gantt.html"
    count_text: str = ""
    is_empty: bool = False
    is_ordered: bool = False


def timeline(frame: Frame) -> Timeline | None:
    """The time line around a day; None where this reader sees no field of days."""
    found = span(frame)
    if found is None:
        return None
    group = _group(frame)
    return _Maker(frame, Days(frame, found, group), group).timeline()


def _group(frame: Frame) -> Column | None:
    """What rows are put together by: the address's field, else the view's; `-` for none."""
    if frame.state.group == UNGROUPED:
        return None
    able = {f.name for f in lane_fields(frame)}
    if frame.state.group in able:
        return resolve(frame.desk.app, frame.entity, frame.state.group)
    return named(frame, "group")


class _Maker:
    def __init__(self, frame: Frame, days: Days, group: Column | None) -> None:
        self.frame, self.days, self.group = frame, days, group
        self.reader = frame.desk.reader
        self.span = frame.state.span if frame.state.span in SPANS else "week"
        self.count = DAYS[self.span]
        self.first = self.begin(asked_day(frame))
        self.after = self.first + timedelta(days=self.count)

    def begin(self, on: date) -> date:
        """The first day shown: a while before the one asked for, on a mark of the scale."""
        if self.span in ("day", "week"):
            lead = on - timedelta(days=self.count // 4)
            return lead - timedelta(days=lead.weekday())
        months = 1 if self.span == "month" else 6
        at = on.year * 12 + on.month - 1 - months
        if self.span == "quarter":
            at -= at % 3
        return date(at // 12, at % 12 + 1, 1)

    def timeline(self) -> Timeline:
        reader, on = self.reader, asked_day(self.frame)
        found = self.days.within(self.first, self.after, ROWS_MAX)
        items = found.items
        step = timedelta(days=self.count // 2)
        shown = [self.first + timedelta(days=n) for n in range(self.count)]
        today = (reader.today - self.first).days
        fields = tuple(
            Link(
                reader.label(f.label),
                replace(self.frame.state, group=f.name, cursor="").address(self.frame.base),
                self.group is not None and f.name == self.group.path,
            )
            for f in lane_fields(self.frame)
        )
        none = replace(self.frame.state, group=UNGROUPED, cursor="").address(self.frame.base)
        return Timeline(
            f"{reader.full_day(self.first)} – {reader.full_day(shown[-1])}",
            self.span,
            self.first.isoformat(),
            self.count,
            tuple(self.ticks(upper=True)),
            tuple(self.ticks(upper=False)),
            tuple(self.free(shown)) if self.span in ("day", "week") else (),
            self.x(today + 0.5) if 0 <= today < self.count else "",
            tuple(self.groups(items)),
            self.aside(),
            self.href(on - step),
            self.href(on + step),
            self.href(None),
            tuple(
                Link(reader.t(f"span.{s}"), self.href(on, s), s == self.span, direction=s[0]) for s in SPANS
            ),
            (Link(reader.t("list.no_group"), none, self.group is None), *fields) if fields else (),
            reader.label(self.group.field.label) if self.group else "",
            self.days.movable,
            self.days.stretchable,
            reader.t("calendar.cut", n=ROWS_MAX) if found.is_cut else "",
            self.days.begin_href(reader.today),
        )

    def href(self, on: date | None, span: str = "") -> str:
        """This time line around another day."""
        chosen = span or self.span
        kept = replace(self.frame.state, on=on.isoformat() if on else "", cursor="")
        return replace(kept, span="" if chosen == "week" else chosen).address(self.frame.base)

    def x(self, days: float) -> str:
        """A place on the scale."""
        return f"{days * 100 / self.count:.3f}%"

    # --- the scale -------------------------------------------------------------------------------------------------
    def ticks(self, *, upper: bool) -> Iterable[Tick]:
        """The marks of the scale: above months or years, below days, weeks, months or quarters."""
        at = self.first
        while at < self.after:
            following, label = self.mark(at, upper=upper)
            end = min(following, self.after)
            yield Tick(label, self.x((at - self.first).days), self.x((end - at).days))
            at = following

    def mark(self, at: date, *, upper: bool) -> tuple[date, str]:
        """Where the next mark is, and this one's words."""
        month = date(at.year + at.month // 12, at.month % 12 + 1, 1)
        if upper:
            if self.span in ("day", "week"):
                return month, self.reader.month(at)
            return date(at.year + 1, 1, 1), str(at.year)
        if self.span == "day":
            return at + timedelta(days=1), str(at.day)
        if self.span == "week":
            return at + timedelta(days=7), f"{at.month}-{at.day:02}"
        if self.span == "month":
            return month, self.reader.short_month(at)
        quarter = (at.month - 1) // 3
        after = date(at.year + (quarter == 3), quarter % 4 * 3 + 4 if quarter < 3 else 1, 1)
        return after, f"Q{quarter + 1}"

    def free(self, shown: Sequence[date]) -> Iterable[Tick]:
        """Days that are not worked."""
        off = self.days.free(list(shown))
        return (Tick("", self.x(n), self.x(1), True) for n, d in enumerate(shown) if d in off)

    # --- rows --------------------------------------------------------------------------------------------------------
    def groups(self, items: Sequence[Item]) -> Iterable[BarGroup]:
        """Rows by their group's value, those without one last."""
        if self.group is None:
            if items:
                yield BarGroup(None, tuple(self.row(i) for i in items))
            return
        by_value: dict[str, list[Item]] = {}
        for item in items:
            absent = item.group is None or item.group.is_absent
            by_value.setdefault("" if absent or item.group is None else item.group.text, []).append(item)
        order = {self.reader.label(o.label): n for n, o in enumerate(self.group.field.choices)}
        for value in sorted(by_value, key=lambda v: (not v, order.get(v, 0), v)):
            rows = by_value[value]
            empty = Face("text", self.reader.t("list.no_value"))
            yield BarGroup(rows[0].group if value else empty, tuple(self.row(i) for i in rows))

    def row(self, item: Item) -> BarRow:
        """A record's bar within the range."""
        begin = max((item.first - self.first).days, 0)
        end = min((item.last - self.first).days + 1, self.count)
        width = (end - begin) * 100 / self.count
        inside = width >= INSIDE
        return BarRow(
            item,
            self.x(begin),
            self.x(end - begin),
            self.x(begin if inside else end),
            inside,
            item.first < self.first,
            item.last >= self.after,
        )

    def aside(self) -> Aside | None:
        """Records without a day."""
        if self.days.span.start.field.required:
            return None
        shown, count, is_exact = self.days.undated(ASIDE_MAX)
        if not shown:
            return None
        links = tuple(Link(title, href) for title, href in shown)
        return Aside(links, count_text(count, is_exact), max(0, count - len(shown)))
