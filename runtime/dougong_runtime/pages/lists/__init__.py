"""A view's page as values: tabs, chips, heads, rows, groups, totals, and the address of every next step."""

from dougong_runtime.pages.lists.builder import ListBuilder
from dougong_runtime.pages.lists.frame import Frame
from dougong_runtime.pages.lists.parts import Link, ListPage
from dougong_runtime.pages.lists.state import ListState

__all__ = ["Frame", "Link", "ListBuilder", "ListPage", "ListState"]
