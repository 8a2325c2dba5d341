"""What a list's page is made of, as values that the templates draw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlencode

from dougong_runtime.pages.desk import Row
from dougong_runtime.pages.faces import Face
from dougong_runtime.pages.lists.state import ListState


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


class Body(Protocol):
    """What stands in the place of a table: a board, a calendar …"""

    @property
    def template(self) -> str:
        """The template whose macro `body(list)` draws it; `list.body` is this."""

    @property
    def count_text(self) -> str:
        """How many records there are; empty where that is not said."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be drawn."""


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
    body: Body | None
    """What is drawn in the place of the table, where the view is shown another way."""
    ways: tuple[Link, ...]
    """The other ways to look at the same records."""
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
