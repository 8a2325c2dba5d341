"""A view's page as values: tabs, chips, heads, rows, bands, lanes, and the address of every next step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from dougong_runtime.errors import Problem, Refused
from dougong_runtime.fields.base import Field
from dougong_runtime.formulas.types import Kind
from dougong_runtime.pages import conditions
from dougong_runtime.pages.conditions import Condition
from dougong_runtime.pages.desk import Desk, Row, count_text
from dougong_runtime.pages.faces import NOTHING, Face, is_number, is_sum, type_of
from dougong_runtime.pages.reading import number, percent, short
from dougong_runtime.pages.views import Column, View, resolve, views_of
from dougong_runtime.records.query import LIMIT_DEFAULT, AggregateQuery, Measure, Page, Query

LANE_CARDS = 20
CARD_LINES = 5
GROUPS_MAX = 200
UNGROUPED = "-"
"""The address's word for no groups, where the view has them."""


@dataclass(frozen=True, slots=True)
class ListState:
    """What the address says of a list: it can be sent to a colleague."""

    filter: str = ""
    sort: str = ""
    search: str = ""
    group: str = ""
    as_: str = ""
    all: bool = False
    """Whether the view's own filter is set aside; `filter` is then the whole."""
    cursor: str = ""

    @classmethod
    def of(cls, given: Mapping[str, str]) -> ListState:
        """From an address's parameters."""
        return cls(
            given.get("filter", "").strip(),
            given.get("sort", "").strip(),
            given.get("search", "").strip(),
            given.get("group", "").strip(),
            given.get("as", "").strip(),
            given.get("all", "") == "1",
            given.get("cursor", ""),
        )

    def pairs(self, *without: str) -> list[tuple[str, str]]:
        """Parameters that are set, but for some."""
        all_of = {
            "filter": self.filter,
            "sort": self.sort,
            "search": self.search,
            "group": self.group,
            "as": self.as_,
            "all": "1" if self.all else "",
            "cursor": self.cursor,
        }
        return [(k, v) for k, v in all_of.items() if v and k not in without]

    def address(self, base: str) -> str:
        """The address of this state."""
        pairs = self.pairs()
        return f"{base}?{urlencode(pairs)}" if pairs else base


@dataclass(frozen=True, slots=True)
class Link:
    """A choice in a menu or a tab."""

    label: str
    href: str
    current: bool = False
    icon: str = ""
    direction: str = ""


@dataclass(frozen=True, slots=True)
class Chip:
    """A condition as its three parts, and the list without it."""

    at: int
    text: str
    op: str
    field_label: str
    op_label: str
    value_label: str
    without: str
    query: str


@dataclass(frozen=True, slots=True)
class Head:
    """A column's head: a link that sorts by it."""

    path: str
    label: str
    unit: str
    number: bool
    href: str
    direction: str
    total: str = ""
    total_exact: str = ""
    as_of: str = ""
    """Since when it is true, of what is computed from time to time."""


@dataclass(frozen=True, slots=True)
class Band:
    """A group of rows under its value."""

    face: Face
    count: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Lane:
    """A column of cards."""

    face: Face
    count: str
    cards: tuple[Row, ...]
    more: int
    sum: str = ""


@dataclass(frozen=True)
class ListPage:
    """Everything the template draws."""

    view: str
    title: str
    base: str
    icon: str
    entity_label: str
    entity_plural: str
    new_href: str
    trash_href: str
    tabs: tuple[Link, ...]
    chips: tuple[Chip, ...]
    filterable: bool
    formula: str
    heads: tuple[Head, ...]
    rows: tuple[Row, ...]
    is_empty: bool
    bands: tuple[Band, ...]
    lanes: tuple[Lane, ...]
    groups: tuple[Link, ...]
    sorts: tuple[Link, ...]
    group: str
    group_label: str
    sort_label: str
    search: str
    as_: str
    changed: bool
    count_text: str
    more_href: str
    state: ListState
    problem: str = ""
    drop_href: str = ""
    no_match_hint: str = ""

    @property
    def query(self) -> str:
        """This state as parameters."""
        return urlencode(self.state.pairs("cursor"))

    @property
    def state_without_search(self) -> list[tuple[str, str]]:
        """Parameters that searching keeps."""
        return self.state.pairs("search", "cursor")

    @property
    def state_without_filter(self) -> list[tuple[str, str]]:
        """Parameters that filtering keeps."""
        return self.state.pairs("filter", "all", "cursor")


class ListBuilder:
    """Makes the page of a view for one reader."""

    def __init__(self, desk: Desk, view: View, state: ListState) -> None:
        self.desk, self.view, self.state = desk, view, state
        self.entity = view.entity
        self.base = f"{desk.address}/views/{view.name}"
        self.columns = desk.columns(view.columns)
        self.as_ = state.as_ or ("kanban" if view.type == "kanban" else "table")
        self.parts = conditions.parse(desk.app, self.entity, self.formula)

    @property
    def formula(self) -> str:
        """The whole filter in force."""
        own = "" if self.state.all else self.view.filter
        return conditions.join([own, self.state.filter])

    @property
    def sort(self) -> tuple[str, ...]:
        """The order in force."""
        if self.state.sort:
            return tuple(s.strip() for s in self.state.sort.split(",") if s.strip())
        return self.view.sort

    @property
    def group(self) -> str:
        """The field that a table's rows are grouped by: the address's, else the view's."""
        name = self.state.group or self.view.group
        fit = self.as_ == "table" and self.view.type != "kanban" and name in self.desk.views(self.entity.name)
        return name if fit else ""

    def query(self, **changes: Any) -> Query:
        """What is asked of the records."""
        order = self.sort
        if self.group:
            lead = next((s for s in order if s.lstrip("-") == self.group), self.group)
            order = (lead, *(s for s in order if s.lstrip("-") != self.group))
        fields = tuple(dict.fromkeys([*(c.path for c in self.columns), *self.needed()]))
        asked = Query(
            self.entity.name,
            self.formula or None,
            order,
            fields,
            limit=LIMIT_DEFAULT,
            cursor=self.state.cursor or None,
            search=self.state.search or None,
            titles=True,
        )
        return replace(asked, **changes)

    def needed(self) -> list[str]:
        """Fields asked for besides the columns, as far as the reader sees them."""
        wanted = [self.entity.title, self.group]
        return [n for n in wanted if n and n in self.desk.views(self.entity.name)]

    def page(self) -> ListPage:
        """The whole page. A filter that is wrong gives a page that says so."""
        try:
            if self.as_ == "kanban" and self.lane_field is not None:
                lanes = self.lanes(self.lane_field)
                found = Page([{}] if any(lane.cards for lane in lanes) else [], None, 0, True)
            else:
                lanes = ()
                found = self.desk.records.list(self.query())
        except Refused as refused:
            said = " ".join(self.explained(p) for p in refused.problems)
            return self.made(Page([], None, 0, True), (), problem=said)
        return self.made(found, lanes)

    def explained(self, problem: Problem) -> str:
        """What is wrong with the filter, what to do, and the nearest name that there is."""
        reader = self.desk.reader
        words = [problem.text(reader.language), problem.remedy(reader.language)]
        near = problem.facts.get("nearest")
        if near and not words[1]:
            words.append(reader.t("list.nearest", name=near))
        return " ".join(w for w in words if w)

    def made(self, found: Page, lanes: tuple[Lane, ...], problem: str = "") -> ListPage:
        """The page around an answer."""
        desk, reader, state = self.desk, self.desk.reader, self.state
        rows = () if lanes else tuple(desk.row(self.entity, item, self.shown_columns) for item in found.items)
        group = self.group
        totals = self.totals(found) if not problem and not lanes else {}
        create = desk.records.can(self.entity.name, "create")
        last = self.parts[-1] if self.parts else None
        return ListPage(
            view=self.view.name,
            title=reader.label(self.view.label),
            base=self.base,
            icon=self.entity.icon,
            entity_label=desk.word(self.entity),
            entity_plural=desk.word(self.entity, many=True),
            new_href=f"{desk.address}/{self.entity.name}/new" if create else "",
            trash_href=f"{desk.address}/{self.entity.name}/trash"
            if desk.records.can(self.entity.name, "delete")
            else "",
            tabs=self.tabs(),
            chips=tuple(self.chip(n, part) for n, part in enumerate(self.parts)),
            filterable=bool(conditions.filterable(desk.app, self.entity, desk.views(self.entity.name))),
            formula=self.formula,
            heads=tuple(self.head(c, totals) for c in self.shown_columns),
            rows=rows,
            is_empty=not rows and not any(lane.cards for lane in lanes),
            bands=self.bands(group, found, rows) if group else (),
            lanes=lanes,
            groups=self.group_links() if self.as_ == "table" else (),
            sorts=self.sort_links(),
            group=group,
            group_label=reader.label(self.entity.fields[group].label) if group else "",
            sort_label=self.sort_label(),
            search=state.search,
            as_="kanban" if lanes else "table",
            changed=bool(state.filter or state.search or state.all or state.sort or state.group),
            count_text=count_text(found.count, found.count_is_exact),
            more_href=replace(state, cursor=found.next).address(self.base) if found.next else "",
            state=state,
            problem=problem,
            drop_href=self.without(len(self.parts) - 1) if last and not rows and not lanes else "",
            no_match_hint=reader.t("list.no_match_hint", what=self.spoken(last)) if last else "",
        )

    @property
    def shown_columns(self) -> tuple[Column, ...]:
        """Columns with the one that names the record first, so that each row has its link."""
        title = self.view.title_column
        if title is not None and title in self.columns:
            return (title, *(c for c in self.columns if c is not title))
        return self.columns or tuple(c for c in [resolve(self.desk.app, self.entity, "id")] if c is not None)

    def tabs(self) -> tuple[Link, ...]:
        """The entity's views."""
        all_views = views_of(self.desk.app, self.entity.name)
        views = [v for v in all_views if v.document and self.desk.may_see(v.document.data)] or [self.view]
        reader = self.desk.reader
        return tuple(
            Link(
                reader.label(v.label), f"{self.desk.address}/views/{v.name}", v.name == self.view.name, v.icon
            )
            for v in views
        )

    # --- filter ------------------------------------------------------------------------------------------
    def chip(self, at: int, part: Condition) -> Chip:
        """A condition's three parts in words."""
        reader = self.desk.reader
        column = resolve(self.desk.app, self.entity, part.path) if part.path else None
        pairs = [*self.state.pairs("cursor"), ("at", str(at))]
        if column is None:
            return Chip(at, part.text, "formula", "", "", "", self.without(at), urlencode(pairs))
        return Chip(
            at,
            self.spoken(part),
            part.op,
            reader.label(column.field.label),
            reader.t(f"op.{part.op}"),
            self.spoken_value(column.field, part),
            self.without(at),
            urlencode(pairs),
        )

    def spoken(self, part: Condition) -> str:
        """A condition as one phrase."""
        column = resolve(self.desk.app, self.entity, part.path) if part.path else None
        if column is None:
            return part.text
        reader = self.desk.reader
        words = (
            reader.label(column.field.label),
            reader.t(f"op.{part.op}"),
            self.spoken_value(column.field, part),
        )
        return " ".join(w for w in words if w)

    def spoken_value(self, field: Field, part: Condition) -> str:
        """What a condition compares with, as a person reads it."""
        reader = self.desk.reader
        if part.op in conditions.WITHOUT_VALUE:
            return ""
        if part.op in ("in", "notin"):
            each = [replace(part, op="eq", value=v) for v in part.value.split(conditions.LIST_SIGN)]
            return reader.joined([self.spoken_value(field, one) for one in each])
        kind = field.value_type.kind
        if kind in (Kind.CHOICE, Kind.LIST):
            option = next((o for o in field.choices if str(o.value) == part.value), None)
            return reader.label(option.label) if option else part.value
        if kind is Kind.NUMBER:
            return percent(part.value) if type_of(field) == "percent" else number(part.value)
        if kind is Kind.RECORD and field.value_type.targets:
            if part.value.upper() == "USER()":
                return reader.t("op.me")
            titles = self.desk.records.titles(field.value_type.targets[0], [part.value])
            return titles.get(part.value, part.value)
        if part.value.upper().startswith("TODAY()"):
            rest = part.value[7:].replace(" ", "")
            return reader.t("day.today") + rest
        return part.value

    def without(self, at: int) -> str:
        """The list without one condition."""
        rest = [p.text for n, p in enumerate(self.parts) if n != at]
        return self.filtered(rest)

    def filtered(self, texts: Sequence[str]) -> str:
        """The list under other conditions; the view's own filter stays where it still heads them."""
        own = [p.text for p in conditions.parse(self.desk.app, self.entity, self.view.filter)]
        if not self.state.all and own == list(texts[: len(own)]):
            return replace(self.state, filter=conditions.join(texts[len(own) :]), cursor="").address(
                self.base
            )
        return replace(self.state, filter=conditions.join(texts), all=True, cursor="").address(self.base)

    # --- order and groups --------------------------------------------------------------------------------
    def head(self, column: Column, totals: Mapping[str, str]) -> Head:
        """A head; a click sorts up, then down, then as the view says."""
        reader = self.desk.reader
        raw = totals.get(column.path)
        return Head(
            column.path,
            reader.label(column.field.label),
            self.desk.unit(column.field),
            is_number(column.field),
            self.sorted_by(column.path) if column.field.kind.sortable else "",
            self.direction(column.path),
            short(raw, reader.language) if raw is not None else "",
            number(raw) if raw is not None else "",
            self.desk.as_of(column.field),
        )

    def direction(self, path: str) -> str:
        """How the list is sorted by a path: `ascending`, `descending`, or not; only the first order counts."""
        first = self.sort[0] if self.sort else ""
        return {path: "ascending", f"-{path}": "descending"}.get(first, "")

    def sorted_by(self, path: str) -> str:
        """The address one click further."""
        following = {"": path, "ascending": f"-{path}", "descending": ""}[self.direction(path)]
        return replace(self.state, sort=following, cursor="").address(self.base)

    def sort_links(self) -> tuple[Link, ...]:
        """The menu of orders."""
        reader = self.desk.reader
        return tuple(
            Link(
                reader.label(c.field.label),
                self.sorted_by(c.path),
                bool(self.direction(c.path)),
                direction=self.direction(c.path),
            )
            for c in self.columns
            if c.field.kind.sortable
        )

    def sort_label(self) -> str:
        """The first order's field."""
        column = resolve(self.desk.app, self.entity, self.sort[0].lstrip("-")) if self.sort else None
        return self.desk.reader.label(column.field.label) if column else ""

    def group_links(self) -> tuple[Link, ...]:
        """Fields that rows can be grouped by: choices, stages, booleans and people."""
        reader, state = self.desk.reader, self.state
        kinds = (Kind.CHOICE, Kind.BOOLEAN)
        fields = [
            v.field
            for v in self.desk.views(self.entity.name).values()
            if v.field.value_type.kind in kinds or type_of(v.field) == "user"
        ]
        links = [
            Link(
                reader.label(f.label),
                replace(state, group=f.name, cursor="").address(self.base),
                f.name == self.group,
            )
            for f in fields
            if f.has_column and not f.is_system
        ]
        if not links:
            return ()
        none = Link(
            reader.t("list.no_group"),
            replace(state, group=UNGROUPED if self.view.group else "", cursor="").address(self.base),
            not self.group,
        )
        return (none, *links)

    def bands(self, group: str, found: Page, rows: Sequence[Row]) -> tuple[Band, ...]:
        """Rows cut where the group's value changes, each with the count of the whole group."""
        field = self.entity.fields[group]
        counts = self.counts(group)
        bands: list[tuple[Any, list[Row]]] = []
        for item, row in zip(found.items, rows, strict=True):
            value = item.get(group)
            if not bands or bands[-1][0] != value:
                bands.append((value, []))
            bands[-1][1].append(row)
        empty = Face("text", self.desk.reader.t("list.no_value"))
        return tuple(
            Band(
                empty if (shown := self.desk.face(field, value)) is NOTHING else shown,
                counts.get(_key(value), ""),
                tuple(inner),
            )
            for value, inner in bands
        )

    def counts(self, group: str) -> dict[str, str]:
        """How many records each group has; nothing while searching, which no aggregate knows."""
        if self.state.search:
            return {}
        asked = AggregateQuery(self.entity.name, (group,), filter=self.formula or None, limit=GROUPS_MAX)
        try:
            answer = self.desk.records.aggregate(asked)
        except Refused:
            return {}
        return {_key(r.get(group)): f"{int(r['count']):,}" for r in answer.rows if r.get("count") is not None}

    def totals(self, found: Page) -> dict[str, str]:
        """Sums below columns of money and measured amounts, where the count is within its limit."""
        views = self.desk.views(self.entity.name)
        summed = [
            c.path
            for c in self.columns
            if c.is_own and is_sum(c.field) and views[c.path].shown == "yes" and c.field.has_column
        ]
        if not summed or self.state.search or not found.count_is_exact or not found.items:
            return {}
        measures = tuple(Measure(f"m{n}", f"SUM({path})") for n, path in enumerate(summed))
        try:
            total = self.desk.records.aggregate(
                AggregateQuery(self.entity.name, measures=measures, filter=self.formula or None)
            ).total
        except Refused:
            return {}
        return {path: str(total[f"m{n}"]) for n, path in enumerate(summed) if total.get(f"m{n}") is not None}

    # --- kanban --------------------------------------------------------------------------------------------
    @property
    def lane_field(self) -> Field | None:
        """The field whose values are lanes: the address's, the view's, else the stage."""
        for name in (self.state.group, self.view.group, self.entity.stage.name if self.entity.stage else ""):
            field = self.entity.fields.get(name)
            if field is not None and field.choices and name in self.desk.views(self.entity.name):
                return field
        return None

    def lanes(self, field: Field) -> tuple[Lane, ...]:
        """A lane for each option that the filter leaves, its first cards, how many more there are, and their sum."""
        columns = self.desk.columns(self.view.card or self.columns)
        cards = tuple(c for c in columns if c.path not in (self.entity.title, field.name))[:CARD_LINES]
        left = {
            value
            for part in self.parts
            if part.path == field.name and part.op in ("eq", "in")
            for value in part.value.split(conditions.LIST_SIGN)
        }
        dropped = {p.value for p in self.parts if p.path == field.name and p.op == "ne"}
        sums = self.lane_sums(field, cards)
        lanes = []
        for option in field.choices:
            if (left and str(option.value) not in left) or str(option.value) in dropped:
                continue
            own = conditions.compose(self.desk.app, self.entity, field.name, "eq", str(option.value)) or ""
            asked = self.query(
                filter=conditions.join([self.formula, own]),
                fields=tuple(dict.fromkeys([*(c.path for c in cards), *self.needed()])),
                limit=LANE_CARDS,
                cursor=None,
            )
            found = self.desk.records.list(asked)
            lanes.append(
                Lane(
                    self.desk.face(field, option.value),
                    count_text(found.count, found.count_is_exact),
                    tuple(self.desk.row(self.entity, item, cards) for item in found.items),
                    max(0, found.count - len(found.items)),
                    sums.get(str(option.value), ""),
                )
            )
        return tuple(lanes)

    def lane_sums(self, field: Field, cards: Sequence[Column]) -> dict[str, str]:
        """What the first amount on the cards comes to in each lane; nothing while searching."""
        views = self.desk.views(self.entity.name)
        amount = next((c for c in cards if c.is_own and is_sum(c.field) and c.field.has_column), None)
        if amount is None or self.state.search or views[amount.path].shown != "yes":
            return {}
        asked = AggregateQuery(
            self.entity.name,
            (field.name,),
            measures=(Measure("sum", f"SUM({amount.path})"),),
            filter=self.formula or None,
        )
        try:
            rows = self.desk.records.aggregate(asked).rows
        except Refused:
            return {}
        language = self.desk.reader.language
        return {str(r.get(field.name)): short(r["sum"], language) for r in rows if r.get("sum") is not None}


def _key(value: Any) -> str:
    if isinstance(value, Mapping):
        return str(value.get("id"))
    return "" if value is None else str(value)
