"""How a list's columns stand: which, how wide, how many stay in place, and what is below them. As text, in three places
that say the same: the address, what a person keeps of a view, and the view itself; the first that speaks counts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

COLUMNS_MAX = 60
WIDTH_MIN, WIDTH_MAX = 48, 1200
"""Pixels."""
MEASURES = ("sum", "avg", "min", "max", "count", "distinct")
"""What can stand below a column."""
NONE = "none"
"""Below a column: nothing, although the view has something there."""

_COLUMN = re.compile(r"(?P<path>[a-z_][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*){0,3})(?::(?P<width>\d{1,4}))?\Z")
_TOTAL = re.compile(r"(?P<path>[a-z_][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*){0,3}):(?P<measure>[a-z]+)\Z")


@dataclass(frozen=True, slots=True)
class Chosen:
    """A column: its path, and its width in pixels, 0 for as wide as what is in it."""

    path: str
    width: int = 0

    def __str__(self) -> str:
        return f"{self.path}:{self.width}" if self.width else self.path


@dataclass(frozen=True, slots=True)
class Layout:
    """What one place says; a part that is empty says nothing."""

    columns: str = ""
    freeze: str = ""
    totals: str = ""

    def over(self, below: Layout) -> Layout:
        """What counts where both may speak: this, and what is below where this says nothing."""
        return Layout(self.columns or below.columns, self.freeze or below.freeze, self.totals or below.totals)

    def __bool__(self) -> bool:
        return bool(self.columns or self.freeze or self.totals)


UNSAID = Layout()
"""Nothing is said."""


def columns_of(text: str) -> tuple[Chosen, ...]:
    """`name,owner.team:180` as columns, each path once; what is no path is passed over."""
    found: dict[str, Chosen] = {}
    for part in text.split(","):
        match = _COLUMN.match(part.strip())
        if match is not None and len(found) < COLUMNS_MAX:
            width = int(match["width"] or 0)
            clamped = max(WIDTH_MIN, min(WIDTH_MAX, width)) if width else 0
            found.setdefault(match["path"], Chosen(match["path"], clamped))
    return tuple(found.values())


def columns_text(columns: Iterable[Chosen]) -> str:
    """Columns as text."""
    return ",".join(str(c) for c in columns)


def totals_of(text: str) -> dict[str, str]:
    """`amount:avg,code:count` as path → measure; what is neither is passed over."""
    found: dict[str, str] = {}
    for part in text.split(","):
        match = _TOTAL.match(part.strip())
        if match is not None and match["measure"] in (*MEASURES, NONE):
            found.setdefault(match["path"], match["measure"])
    return found


def totals_text(totals: Mapping[str, str]) -> str:
    """Measures as text."""
    return ",".join(f"{path}:{measure}" for path, measure in totals.items())


def freeze_of(text: str) -> int:
    """How many columns stay in place: at least the first."""
    return max(1, min(COLUMNS_MAX, int(text))) if text.isascii() and text.isdecimal() and len(text) < 4 else 1


def of_document(raw: Any) -> Layout:
    """What a view's document says of its columns' widths and of what stands below them."""
    columns: list[Chosen] = []
    totals: dict[str, str] = {}
    for item in raw or ():
        if isinstance(item, str):
            columns.append(Chosen(item))
        elif isinstance(item, Mapping) and isinstance(item.get("field"), str):
            if item.get("show") is False:
                continue
            width = item.get("width")
            columns.append(Chosen(item["field"], width if isinstance(width, int) else 0))
            if isinstance(item.get("summary"), str):
                totals[item["field"]] = item["summary"]
    return Layout(columns_text(columns), "", totals_text(totals))
