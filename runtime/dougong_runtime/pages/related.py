"""Records that refer to one record: as short lists beside it, as tables under its tabs, as one line of time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from dougong_runtime.errors import Refused
from dougong_runtime.formulas.types import Kind
from dougong_runtime.model.app import Entity
from dougong_runtime.pages import conditions
from dougong_runtime.pages.desk import Desk, Row, count_text
from dougong_runtime.pages.faces import Face, hue, is_number, is_person, is_sum, type_of
from dougong_runtime.pages.forms import Sublist, sublist
from dougong_runtime.pages.reading import day, instant
from dougong_runtime.pages.views import Column, default_columns, resolve, views_of
from dougong_runtime.records.query import Page, Query

SHOWN = 4
TIMELINE_EACH = 30
TIMELINE_ALL = 60
_TELLING: tuple[Callable[[Column], bool], ...] = (
    lambda c: type_of(c.field) in ("text", "long_text"),
    lambda c: c.field.value_type.kind is Kind.CHOICE,
    lambda c: c.field.value_type.kind is Kind.RECORD and not is_person(c.field),
    lambda c: is_sum(c.field),
)
"""What a line of time tells of a record beside its title: its words, a choice, a record, a sum."""


@dataclass(frozen=True, slots=True)
class ListHead:
    """A head of a related table."""

    path: str
    label: str
    unit: str
    number: bool


@dataclass(frozen=True, slots=True)
class RelatedList:
    """A related list as drawn: short with facts, or a table with heads."""

    name: str
    label: str
    entity_label: str
    count: int
    count_text: str
    add_href: str
    all_tab: str
    heads: tuple[ListHead, ...]
    rows: tuple[Row, ...]
    more_text: str = ""
    none_text: str = ""
    """What stands in place of rows, where that is not that there are none."""


@dataclass(frozen=True, slots=True)
class Happening:
    """A related record on the line of time."""

    id: str
    at: datetime
    day: date
    time: str
    kind: str
    title: str
    href: str
    icon: str
    color: str
    facts: tuple[Face, ...]


@dataclass(frozen=True, slots=True)
class HappeningDay:
    """Related records of one day."""

    label: str
    events: tuple[Happening, ...]


class Related:
    """What refers to one record, read as one reader."""

    def __init__(self, desk: Desk, entity: Entity, record: str) -> None:
        self.desk, self.entity, self.record = desk, entity, record

    def target(self, inverse: str) -> Entity | None:
        """The entity at the end of an inverse or `references` field, where the reader may read it."""
        way = self.entity.inverses.get(inverse)
        field = self.entity.fields.get(inverse)
        name = (
            way.entity if way is not None else field.targets[0] if field is not None and field.is_many else ""
        )
        found = self.desk.app.entities.get(name)
        return found if found is not None and self.desk.records.can(name, "read") else None

    def condition(self, inverse: str) -> str:
        """Which of the other entity's records they are, as a filter."""
        way = self.entity.inverses.get(inverse)
        if way is not None:
            many = way.many
            return f"HAS({way.field}, '{self.record}')" if many else f"{way.field} = '{self.record}'"
        field = self.entity.fields[inverse]
        return f"COUNT({field.inverse}, id = '{self.record}') > 0" if field.inverse else "FALSE"

    def may_ask(self, inverse: str) -> bool:
        """Whether the way back is one that the reader sees."""
        way = self.entity.inverses.get(inverse)
        if way is None:
            return inverse in self.desk.views(self.entity.name)
        return self.desk.records.knows_way(self.entity.name, inverse)

    def find(
        self, wanted: Sublist, columns: Sequence[Column], limit: int, *, count: bool = True
    ) -> Page | None:
        """The records; None where they may not be asked for."""
        target = self.target(wanted.inverse)
        if target is None or not self.may_ask(wanted.inverse):
            return None
        names = [c.path for c in columns]
        if target.title in self.desk.views(target.name):
            names.append(target.title)
        asked = Query(
            target.name,
            conditions.join([self.condition(wanted.inverse), wanted.filter]),
            wanted.sort or self.order(target, columns),
            tuple(dict.fromkeys(names)) or None,
            limit=limit,
            count=count,
            titles=True,
        )
        try:
            return self.desk.records.list(asked)
        except Refused:
            return None

    def order(self, target: Entity, columns: Sequence[Column]) -> tuple[str, ...]:
        """The newest first: by the first own date shown, else by creation."""
        dated = next(
            (c for c in columns if c.is_own and c.field.value_type.kind in (Kind.DATE, Kind.DATETIME)), None
        )
        if dated is not None:
            return (f"-{dated.path}",)
        return ("-created_at",) if "created_at" in self.desk.views(target.name) else ()

    def columns(self, wanted: Sublist, target: Entity) -> tuple[Column, ...]:
        """The columns named, else those of the entity's first view, without the way back itself."""
        found = [resolve(self.desk.app, target, name) for name in wanted.fields]
        views = views_of(self.desk.app, target.name)
        usual = views[0].columns if views else default_columns(self.desk.app, target)
        columns = tuple(c for c in found if c is not None) or usual
        way = self.entity.inverses.get(wanted.inverse)
        shown = self.desk.columns(columns)
        return tuple(c for c in shown if way is None or c.path != way.field)

    def add_href(self, wanted: Sublist, target: Entity) -> str:
        """Where one more is added, with the way back filled in; empty where the reader may not."""
        way = self.entity.inverses.get(wanted.inverse)
        if way is None or way.many or target.app != self.desk.app.name:
            return ""
        if not self.desk.records.can(target.name, "create"):
            return ""
        back = self.desk.href(self.entity.name, self.record)
        return f"{self.desk.address}/{target.name}/new?{way.field}={self.record}&back={back}"

    def short_list(self, wanted: Sublist, tab: str = "") -> RelatedList | None:
        """A short list for beside the record."""
        return self._made(wanted, SHOWN, tab, table=False)

    def beside(self, wanted: Sublist) -> RelatedList | None:
        """A short list for a narrow block."""
        return self._made(wanted, wanted.limit, "", table=False)

    def table(self, wanted: Sublist, columns: int | None = None) -> RelatedList | None:
        """A table for a tab or block, of its first columns where there is room for no more."""
        return self._made(wanted, wanted.limit, "", table=True, room=columns)

    def _made(
        self, wanted: Sublist, limit: int, tab: str, *, table: bool, room: int | None = None
    ) -> RelatedList | None:
        target = self.target(wanted.inverse)
        if target is None:
            return self.only_to_add(wanted)
        columns = self.columns(wanted, target)[:room]
        page = self.find(wanted, columns, limit)
        if page is None:
            return None
        desk, reader = self.desk, self.desk.reader
        if table:
            rows = tuple(desk.row(target, item, columns) for item in page.items)
        else:
            rows = tuple(desk.short_row(target, item, columns) for item in page.items)
        heads = tuple(
            ListHead(c.path, reader.label(c.field.label), desk.unit(c.field), is_number(c.field))
            for c in columns
        )
        more = page.count > len(page.items)
        return RelatedList(
            wanted.inverse,
            reader.label(wanted.label),
            desk.word(target),
            page.count,
            count_text(page.count, page.count_is_exact) if page.count else "",
            self.add_href(wanted, target),
            tab if more else "",
            heads,
            rows,
            reader.t("related.first", n=len(page.items)) if table and more else "",
        )

    def only_to_add(self, wanted: Sublist) -> RelatedList | None:
        """A list of records that the reader may add but not read: no rows, and the way to add one."""
        way = self.entity.inverses.get(wanted.inverse)
        target = self.desk.app.entities.get(way.entity) if way is not None else None
        href = self.add_href(wanted, target) if target is not None else ""
        if target is None or not href:
            return None
        reader = self.desk.reader
        label, word = reader.label(wanted.label), self.desk.word(target)
        return RelatedList(
            wanted.inverse, label, word, 0, "", href, "", (), (), none_text=reader.t("related.add_only")
        )

    def may_add(self, inverse: str) -> bool:
        """Whether the reader may add records that refer to this one."""
        way = self.entity.inverses.get(inverse)
        return way is not None and not way.many and self.desk.records.can(way.entity, "create")

    def back(self, inverse: str) -> str:
        """The field of the other entity that leads back to this record."""
        way = self.entity.inverses.get(inverse)
        return way.field if way is not None else ""

    def happenings(self, inverses: Sequence[str], limit: int = TIMELINE_ALL) -> tuple[HappeningDay, ...]:
        """Records of several kinds in one line of time, the newest first."""
        found: list[Happening] = []
        for inverse in inverses:
            target = self.target(inverse)
            wanted = sublist(self.desk.app, self.entity, inverse)
            if target is None or wanted is None:
                continue
            further = self.desk.columns(default_columns(self.desk.app, target))
            columns = tuple(
                {
                    c.path: c
                    for c in (*self.columns(wanted, target), *further)
                    if c.path != self.back(inverse)
                }.values()
            )
            dated = self.dated(target, columns)
            if dated is None:
                continue
            asked = Sublist(inverse, (), wanted.label, sort=(f"-{dated.path}",))
            page = self.find(asked, (*columns, dated), min(limit, TIMELINE_EACH), count=False)
            if page is not None:
                found += [
                    h
                    for item in page.items
                    if (h := self.happening(target, item, dated, columns)) is not None
                ]
        found.sort(key=lambda h: h.at, reverse=True)
        days: dict[date, list[Happening]] = {}
        for one in found[:limit]:
            days.setdefault(one.day, []).append(one)
        reader = self.desk.reader
        return tuple(
            HappeningDay(f"{reader.day(d)} · {reader.weekday(d)}", tuple(e)) for d, e in days.items()
        )

    def dated(self, target: Entity, columns: Sequence[Column]) -> Column | None:
        """The field that says when: the first date or instant of the entity's own, else its creation."""
        shown = self.desk.views(target.name)
        own = [
            f
            for f in target.own_fields
            if f.value_type.kind in (Kind.DATE, Kind.DATETIME) and f.has_column and f.name in shown
        ]
        name = own[0].name if own else "created_at" if "created_at" in shown else ""
        return resolve(self.desk.app, target, name) if name else None

    def happening(
        self, target: Entity, item: Mapping[str, Any], dated: Column, columns: Sequence[Column]
    ) -> Happening | None:
        """One record on the line of time."""
        reader = self.desk.reader
        raw = item.get(dated.path)
        whole_day = dated.field.value_type.kind is Kind.DATE
        if whole_day:
            on = day(raw)
            at = None if on is None else datetime.combine(on, time(), ZoneInfo(reader.time_zone))
        else:
            at = instant(raw)
            on = None if at is None else reader.local(at).date()
        if at is None or on is None:
            return None
        row = self.desk.row(target, item)
        skip = {dated.path, target.title}
        told = [c for c in columns if c.path not in skip and item.get(c.path) not in (None, "", [])]
        facts = [c for pick in _TELLING for c in [c for c in told if pick(c)][:1]]
        return Happening(
            row.id,
            at,
            on,
            "" if whole_day else f"{reader.local(at):%H:%M}",
            self.desk.label(target),
            row.title,
            row.href,
            target.icon,
            hue(target.name),
            tuple(self.desk.face(c.field, item.get(c.path)) for c in facts),
        )
