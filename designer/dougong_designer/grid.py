"""Blocks of a dashboard on a grid of twelve columns: none over another, none with a gap above it.

boxes(blocks)                  where each block stands; those that state no place follow in their order
placed(blocks, at, box)        the blocks as they are to be when one is put somewhere
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

COLUMNS = 12
ROWS_MAX = 96
HEIGHT_MAX = 12
HEIGHT = 4
"""Of a block that states none, in rows of the grid."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of cells."""

    x: int
    y: int
    w: int
    h: int

    def meets(self, other: Box) -> bool:
        """Whether the two share a cell."""
        return (
            self.x < other.x + other.w
            and other.x < self.x + self.w
            and self.y < other.y + other.h
            and other.y < self.y + self.h
        )

    def within(self) -> Box:
        """The same, brought within the grid."""
        w = min(max(self.w, 1), COLUMNS)
        h = min(max(self.h, 1), HEIGHT_MAX)
        return Box(min(max(self.x, 0), COLUMNS - w), min(max(self.y, 0), ROWS_MAX), w, h)


def boxes(blocks: Sequence[Any]) -> list[Box]:
    """Where each block stands: as it states, pushed down where others are; the rest behind one another."""
    made: list[Box] = []
    x = y = tall = 0
    for block in blocks:
        stated = _stated(block)
        if stated is not None:
            made.append(_free(stated, made))
            y = max(y, made[-1].y + made[-1].h)
            x = tall = 0
            continue
        w, h = _size(block)
        if x + w > COLUMNS:
            x, y, tall = 0, y + tall, 0
        made.append(_free(Box(x, y, w, h), made))
        x, tall = x + w, max(tall, h)
    return made


def placed(blocks: Sequence[Any], at: int, box: Box) -> list[Any]:
    """The blocks when the one at `at` is put at `box`: from top to bottom each goes up as far as it can, the one that
    is put before those beside it. Unmoved ones stay the same objects."""
    now = boxes(blocks)
    now[at] = box.within()
    order = sorted(range(len(now)), key=lambda n: (now[n].y, n != at, now[n].x))
    settled: dict[int, Box] = {}
    for number in order:
        others = list(settled.values())
        settled[number] = _risen(_free(now[number], others), others)
    return [_with(block, settled[number]) for number, block in enumerate(blocks)]


def _stated(block: Any) -> Box | None:
    if not isinstance(block, Mapping):
        return None
    found = [block.get(name) for name in ("x", "y")]
    if not all(isinstance(one, int) and not isinstance(one, bool) for one in found):
        return None
    w, h = _size(block)
    return Box(int(found[0] or 0), int(found[1] or 0), w, h).within()


def _size(block: Any) -> tuple[int, int]:
    def whole(*names: str) -> int | None:
        for name in names:
            value = block.get(name) if isinstance(block, Mapping) else None
            if isinstance(value, int) and not isinstance(value, bool) and value > 0:
                return value
        return None

    return min(whole("w", "width") or 6, COLUMNS), min(whole("h", "height") or HEIGHT, HEIGHT_MAX)


def _free(box: Box, others: Sequence[Box]) -> Box:
    """The box, as far down as it meets none."""
    while (hit := next((one for one in others if one.meets(box)), None)) is not None:
        box = replace(box, y=hit.y + hit.h)
    return box


def _risen(box: Box, others: Sequence[Box]) -> Box:
    """The box, as far up as it meets none."""
    while box.y > 0 and not any(one.meets(replace(box, y=box.y - 1)) for one in others):
        box = replace(box, y=box.y - 1)
    return box


def _with(block: Any, box: Box) -> Any:
    if not isinstance(block, Mapping):
        return block
    stated = {"x": box.x, "y": box.y, "w": box.w, "h": box.h}
    if all(block.get(name) == value for name, value in stated.items()):
        return block
    kept = {name: value for name, value in block.items() if name not in ("width", "height")}
    return {**kept, **stated}
