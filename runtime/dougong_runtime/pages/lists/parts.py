"""What a list's page is made of, as values that the templates draw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlencode

from dougong_runtime.pages.bulk import Acts
from dougong_runtime.pages.desk import Row
from dougong_runtime.pages.faces import Face
from dougong_runtime.pages.lists.state import ListState
from dougong_runtime.pages.saved import Mine


@dataclass(frozen=True, slots=True)
class Link:
    """A choice in a menu or a tab."""

    label: str
    href: str
    current: bool = False
    icon: str = ""
    direction: str = ""


@dataclass(frozen=True, slots=True)
class Tab:
    """One of the entity's views."""

    key: str
    """The name that its address has."""
    label: str
    href: str
    icon: str
    current: bool
    is_saved: bool
    is_shared: bool
    may_change: bool
    is_default: bool
    is_first: bool
    is_last: bool
    version: int = 0


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
class Total:
    """What stands below a column, or in the head of a group."""

    label: str
    text: str
    exact: str
    """The whole figure, where `text` is a short form of it."""


@dataclass(frozen=True, slots=True)
class Head:
    """A column's head: a link that sorts by it, and one that adds it to the order."""

    path: str
    label: str
    unit: str
    number: bool
    href: str
    add_href: str
    direction: str
    place: str
    """Its number in the order, where that has several keys."""
    width: int
    """Pixels; 0 for as wide as what is in it."""
    pinned: bool
    as_of: str = ""
    """Since when it is true, of what is computed from time to time."""


@dataclass(frozen=True, slots=True)
class Band:
    """A group of rows under its value; of two fields' groups, the outer ones have no rows of their own."""

    key: str
    depth: int
    face: Face
    count: str
    totals: tuple[Total | None, ...]
    """Beside the columns after the first."""
    rows: tuple[Row, ...]
    more_href: str
    """Where its further rows are; empty where all are there."""
    is_leaf: bool
    left: str = ""
    """How many rows are not there yet, in words."""


@dataclass(frozen=True, slots=True)
class NoMatch:
    """Why nothing is there: a condition without which something would be."""

    what: str
    """The condition, in words; empty where none alone is to blame."""
    count: str
    """How many records would be there without it."""
    href: str


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

    @property
    def is_ordered(self) -> bool:
        """Whether it follows an order that people choose; days have their own."""


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
    tabs: tuple[Tab, ...]
    tab: Tab
    """The one that is open."""
    mine: Mine
    chips: tuple[Chip, ...]
    filterable: bool
    formula: str
    heads: tuple[Head, ...]
    rows: tuple[Row, ...]
    is_empty: bool
    bands: tuple[Band, ...]
    bands_more: bool
    """Whether there are more groups than are shown."""
    totals: tuple[Total | None, ...]
    """Beside the columns after the first."""
    totals_href: str
    """Where the totals are, where they are asked for once the page is there; empty where they are in it."""
    body: Body | None
    """What is drawn in the place of the table, where the view is shown another way."""
    ways: tuple[Link, ...]
    """The other ways to look at the same records."""
    groups: tuple[Link, ...]
    group: str
    group_label: str
    sort_label: str
    search: str
    as_: str
    changed: bool
    """Whether the list differs from what its view says."""
    can_save: bool
    """Whether the view can take the changes."""
    left_out: int
    count_text: str
    more_href: str
    state: ListState
    acts: Acts
    """What can be done to its records from here."""
    problem: str = ""
    no_match: NoMatch | None = None

    @property
    def state_pairs(self) -> list[tuple[str, str]]:
        """This state as parameters."""
        return self.state.pairs("cursor")

    @property
    def query(self) -> str:
        """The same as one text."""
        return urlencode(self.state_pairs)
