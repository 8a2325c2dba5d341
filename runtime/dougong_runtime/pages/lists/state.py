"""What the address says of a list, so that it can be sent to a colleague."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

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
    on: str = ""
    """The day around which a calendar or time line stands, ISO; empty for today."""
    span: str = ""
    """How much of it is shown at once: day, week, month, quarter."""
    cards: str = ""
    """How many cards a lane shows already, when a board is asked for anew; never part of an address."""

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
            given.get("on", "").strip(),
            given.get("span", "").strip(),
            given.get("cards", "").strip(),
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
        }
        return [(k, v) for k, v in all_of.items() if v and k not in without]

    def address(self, base: str) -> str:
        """The address of this state."""
        pairs = self.pairs()
        return f"{base}?{urlencode(pairs)}" if pairs else base
