"""What a list is asked to show: a view, the address's changes to it, and one reader's desk. All parts start here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from dougong_runtime.labels import Label
from dougong_runtime.lazily import cached_property
from dougong_runtime.model.app import Entity
from dougong_runtime.pages import conditions
from dougong_runtime.pages.conditions import Condition
from dougong_runtime.pages.desk import Desk
from dougong_runtime.pages.layout import UNSAID, Chosen, Layout, columns_of, freeze_of, totals_of
from dougong_runtime.pages.lists.state import ListState
from dougong_runtime.pages.views import Column, View, resolve
from dougong_runtime.records.query import LIMIT_DEFAULT, Query

GROUPS_DEEP = 2
"""Fields that rows are grouped by, at most."""


@dataclass(frozen=True)
class Frame:
    """A view before one reader, as its address changes it. What is named there and cannot be shown to this reader
    (a field that was retired, or one that they do not see) is left out, and counted."""

    desk: Desk
    view: View
    state: ListState
    kept: Layout = UNSAID
    """How this reader left the view's columns the last time."""

    @property
    def entity(self) -> Entity:
        """The entity that is listed."""
        return self.view.entity

    @cached_property
    def base(self) -> str:
        """The view's address, without parameters."""
        return f"{self.desk.address}/views/{self.view.name}"

    @property
    def as_(self) -> str:
        """How it is asked to be shown: table, kanban, calendar, gallery, timeline, tree."""
        return self.state.as_ or self.view.type

    # --- columns -------------------------------------------------------------------------------------------
    @cached_property
    def said(self) -> Layout:
        """What the address says of the columns, and where it does not, what this reader kept."""
        state = self.state
        return Layout(state.columns, state.freeze, state.totals).over(self.kept)

    @cached_property
    def chosen(self) -> tuple[Chosen, ...]:
        """The columns asked for, by path, whether they can be shown or not."""
        if self.said.columns:
            return columns_of(self.said.columns)
        widths = {c.path: c.width for c in columns_of(self.view.layout.columns)}
        return tuple(Chosen(c.path, widths.get(c.path, 0)) for c in self.view.columns)

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The columns that the reader sees, in order."""
        found = ((resolve(self.desk.app, self.entity, c.path), c.width) for c in self.chosen)
        return self.desk.columns([replace(c, width=width) for c, width in found if c is not None])

    @cached_property
    def shown_columns(self) -> tuple[Column, ...]:
        """Columns with the one that names the record first, so that each row has its link."""
        title = resolve(self.desk.app, self.entity, self.entity.title)
        if title is not None and self.desk.sees(title):
            title = replace(title, width=self.widths.get(title.path, 0))
            return (title, *(c for c in self.columns if c.path != title.path))
        return self.columns or tuple(c for c in [resolve(self.desk.app, self.entity, "id")] if c is not None)

    @cached_property
    def widths(self) -> Mapping[str, int]:
        """Path → pixels, of columns that have a width of their own."""
        return {c.path: c.width for c in self.chosen if c.width}

    @cached_property
    def own_labels(self) -> Mapping[str, Label]:
        """Path → words, of columns to which the view's document gives words of their own."""
        raw = self.view.document.data.get("columns") if self.view.document is not None else None
        labelled = [c for c in raw or () if isinstance(c, Mapping) and c.get("label")]
        return {str(c.get("field")): Label.of(c["label"]) for c in labelled}

    @cached_property
    def freeze(self) -> int:
        """How many of the first columns stay where they are."""
        return min(freeze_of(self.said.freeze or self.view.layout.freeze), len(self.shown_columns))

    @cached_property
    def totals(self) -> Mapping[str, str]:
        """Path → what stands below the column, as far as somebody has said so."""
        return totals_of(self.said.totals or self.view.layout.totals)

    # --- filter --------------------------------------------------------------------------------------------
    @cached_property
    def own_filter(self) -> str:
        """The view's own condition. Of a saved view, without the parts that name what cannot be named any more."""
        parts = conditions.parse(self.desk.app, self.entity, self.view.filter)
        if self.view.saved is None or not parts:
            return self.view.filter
        records, name = self.desk.records, self.entity.name
        return conditions.join(p.text for p in parts if not records.wrong(name, p.text))

    @cached_property
    def formula(self) -> str:
        """The whole filter in force."""
        own = "" if self.state.all else self.own_filter
        return conditions.join([own, self.state.filter])

    @cached_property
    def parts(self) -> tuple[Condition, ...]:
        """The filter in force, as chips."""
        return conditions.parse(self.desk.app, self.entity, self.formula)

    # --- order and groups ----------------------------------------------------------------------------------
    @cached_property
    def sort_said(self) -> tuple[str, ...]:
        """The order asked for: the address's, else the view's."""
        if self.state.sort:
            return tuple(s.strip() for s in self.state.sort.split(",") if s.strip())
        return self.view.sort

    @cached_property
    def sort(self) -> tuple[str, ...]:
        """The order in force, as far as this reader sees its fields."""
        return tuple(s for s in self.sort_said if self.sees(s.removeprefix("-")))

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """Fields that a table's rows are grouped by: the address's, else the view's."""
        named = self.state.group or ("" if self.view.type == "kanban" else self.view.group)
        names = [n.strip() for n in named.split(",")]
        return tuple(dict.fromkeys(n for n in names if self.groups_by(n)))[:GROUPS_DEEP]

    def groups_by(self, name: str) -> bool:
        """Whether rows can be grouped by a field."""
        field = self.entity.fields.get(name)
        return field is not None and self.shows(name) and field.has_column and not field.is_many

    def shows(self, name: str) -> bool:
        """Whether the reader sees a field of the entity."""
        return bool(name) and name in self.desk.views(self.entity.name)

    def sees(self, path: str) -> bool:
        """Whether the reader sees what a path leads to."""
        column = resolve(self.desk.app, self.entity, path)
        return column is not None and self.desk.sees(column)

    # --- what is left out ----------------------------------------------------------------------------------
    @cached_property
    def left_out(self) -> int:
        """How much of what was asked for is not shown: columns, and of a saved view conditions, keys, groups."""
        state, view, saved = self.state, self.view, self.view.saved
        shown = {c.path for c in self.columns}
        count = sum(c.path not in shown for c in self.chosen) if self.said.columns or saved else 0
        if state.sort or saved:
            count += len(self.sort_said) - len(self.sort)
        if state.group or saved:
            named = [n for n in (state.group or view.group).split(",") if n.strip("- ")]
            count += sum(n.strip() not in self.groups for n in named) if self.as_ == "table" else 0
        if saved is None:
            return count
        columns = columns_of(saved.state.get("columns", "")) if not self.said.columns else ()
        count += sum(resolve(self.desk.app, self.entity, c.path) is None for c in columns)
        if state.all:
            return count
        own = conditions.parse(self.desk.app, self.entity, view.filter)
        return count + len(own) - len(conditions.parse(self.desk.app, self.entity, self.own_filter))

    def query(self, **changes: Any) -> Query:
        """What is asked of the records: the columns and the title, in the order in force."""
        titled = (self.entity.title,) if self.shows(self.entity.title) else ()
        asked = Query(
            self.entity.name,
            self.formula or None,
            self.sort,
            tuple(dict.fromkeys([*(c.path for c in self.columns), *titled])),
            limit=LIMIT_DEFAULT,
            cursor=self.state.cursor or None,
            search=self.state.search or None,
            titles=True,
        )
        return replace(asked, **changes)
