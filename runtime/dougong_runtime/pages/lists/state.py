"""What the address says of a list, so that it can be sent to a colleague."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

UNGROUPED = "-"
"""The address's word for no groups, where the view has them."""
TEXT_MAX = 10_000
"""Characters of one parameter that are read."""


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
    on: str = ""
    """The day around which a calendar or time line stands, ISO; empty for today."""
    span: str = ""
    """How much of it is shown at once: day, week, month, quarter."""
    cards: str = ""
    """How many cards a lane shows already, when a board is asked for anew; never part of an address."""
    columns: str = ""
    """`name,owner.team:180`: paths, each with its width in pixels where it has one."""
    freeze: str = ""
    """How many of the first columns stay where they are."""
    totals: str = ""
    """`amount:avg,code:count`: what stands below columns."""

    @classmethod
    def of(cls, given: Mapping[str, str]) -> ListState:
        """From an address's parameters."""

        def read(name: str) -> str:
            return given.get(name, "").strip()[:TEXT_MAX]

        return cls(
            filter=read("filter"),
            sort=read("sort"),
            search=read("search"),
            group=read("group"),
            as_=read("as"),
            all=given.get("all", "") == "1",
            cursor=given.get("cursor", ""),
            on=read("on"),
            span=read("span"),
            cards=read("cards"),
            columns=read("columns"),
            freeze=read("freeze"),
            totals=read("totals"),
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
            "on": self.on,
            "span": self.span,
            "columns": self.columns,
            "freeze": self.freeze,
            "totals": self.totals,
        }
        return [(k, v) for k, v in all_of.items() if v and k not in without]

    def without_layout(self) -> ListState:
        """The same without what it says of columns."""
        return replace(self, columns="", freeze="", totals="")

    def address(self, base: str) -> str:
        """The address of this state."""
        pairs = self.pairs()
        return f"{base}?{urlencode(pairs, safe=',:()')}" if pairs else base
