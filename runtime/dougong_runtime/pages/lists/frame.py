"""What a list is asked to show: a view, the address's changes to it, and one reader's desk. All parts start here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from dougong_runtime.lazily import cached_property
from dougong_runtime.model.app import Entity
from dougong_runtime.pages import conditions
from dougong_runtime.pages.conditions import Condition
from dougong_runtime.pages.desk import Desk
from dougong_runtime.pages.lists.state import ListState
from dougong_runtime.pages.views import Column, View, resolve
from dougong_runtime.records.query import LIMIT_DEFAULT, Query


@dataclass(frozen=True)
class Frame:
    """A view before one reader, as its address changes it."""

    desk: Desk
    view: View
    state: ListState

    @property
    def entity(self) -> Entity:
        """The entity that is listed."""
        return self.view.entity

    @cached_property
    def base(self) -> str:
        """The view's address, without parameters."""
        return f"{self.desk.address}/views/{self.view.name}"

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The columns that the reader sees, in order."""
        return self.desk.columns(self.view.columns)

    @property
    def as_(self) -> str:
        """How it is asked to be shown: table, kanban, calendar, gallery, timeline, tree."""
        return self.state.as_ or self.view.type

    @cached_property
    def formula(self) -> str:
        """The whole filter in force."""
        own = "" if self.state.all else self.view.filter
        return conditions.join([own, self.state.filter])

    @cached_property
    def parts(self) -> tuple[Condition, ...]:
        """The filter in force, as chips."""
        return conditions.parse(self.desk.app, self.entity, self.formula)

    @property
    def sort(self) -> tuple[str, ...]:
        """The order in force."""
        if self.state.sort:
            return tuple(s.strip() for s in self.state.sort.split(",") if s.strip())
        return self.view.sort

    def shows(self, name: str) -> bool:
        """Whether the reader sees a field of the entity."""
        return bool(name) and name in self.desk.views(self.entity.name)

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

    @cached_property
    def shown_columns(self) -> tuple[Column, ...]:
        """Columns with the one that names the record first, so that each row has its link."""
        title = self.view.title_column
        if title is not None and title in self.columns:
            return (title, *(c for c in self.columns if c is not title))
        return self.columns or tuple(c for c in [resolve(self.desk.app, self.entity, "id")] if c is not None)
