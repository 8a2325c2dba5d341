"""Where the boxes of a relation diagram stand: in layers from left to right, what is referred to left of what refers.

place(sizes, edges)     a place for each box; the same for the same input, and no two overlap
settle(…)               the same with boxes that people have put somewhere; the others make room
route(…)                curves between boxes, with a label on each that lies on no box and no other label

All lengths are in the units of the drawing, which are pixels at its natural size.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

GAP_X = 150
"""Between two columns: room for curves and their labels."""
GAP_Y = 34
MARGIN = 40
COLUMN_MAX = 9
"""Boxes of a layer that stand above each other; a layer of more takes several columns."""
SWEEPS = 6
LABEL_HEIGHT = 22
SAMPLES = 24

Size = tuple[int, int]
Point = tuple[float, float]
Edge = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle: its upper left corner and its size."""

    x: float
    y: float
    width: float
    height: float

    def meets(self, other: Box, apart: float = 0) -> bool:
        """Whether the two overlap, or are nearer than `apart`."""
        return (
            self.x < other.x + other.width + apart
            and other.x < self.x + self.width + apart
            and self.y < other.y + other.height + apart
            and other.y < self.y + self.height + apart
        )


def place(sizes: Mapping[str, Size], edges: Iterable[Edge]) -> dict[str, Box]:
    """Boxes by name. `edges`: from the one that refers to the one referred to; unknown names and loops are left out."""
    known = sorted({(a, b) for a, b in edges if a != b and a in sizes and b in sizes})
    columns = _columns(sizes, known)
    _order(columns, known)
    return _placed(columns, sizes, known)


def settle(sizes: Mapping[str, Size], edges: Iterable[Edge], kept: Mapping[str, Point]) -> dict[str, Box]:
    """The same where some boxes have a place of their own, which they keep. Others move down until they are free."""
    known = list(edges)
    free = place(sizes, known)
    made: dict[str, Box] = {}
    for name in sorted(kept):
        if name in sizes:
            made[name] = _freed(Box(*kept[name], *sizes[name]), made.values())
    for name in sorted(free, key=lambda n: (free[n].x, free[n].y, n)):
        if name not in made:
            made[name] = _freed(free[name], made.values())
    return {name: made[name] for name in sizes}


def _freed(box: Box, others: Iterable[Box]) -> Box:
    """The box, moved down past those it would lie upon."""
    ordered = sorted(others, key=lambda b: b.y)
    for other in ordered:
        if box.meets(other, GAP_Y / 2):
            box = Box(box.x, other.y + other.height + GAP_Y, box.width, box.height)
    return box


# --- layers -------------------------------------------------------------------------------------------------------
def _columns(sizes: Mapping[str, Size], edges: Sequence[Edge]) -> list[list[str]]:
    """Names in columns. A layer is the longest way down to what refers to nothing; edges that close a circle do not
    count. What has no relation at all comes last."""
    below: dict[str, list[str]] = {name: [] for name in sizes}
    alone = set(sizes)
    for a, b in edges:
        below[a].append(b)
        alone -= {a, b}
    depth: dict[str, int] = {}
    for name in sorted(sizes):
        _sink(name, below, depth)
    layers: dict[int, list[str]] = {}
    for name in sorted(sizes):
        if name not in alone:
            layers.setdefault(depth[name], []).append(name)
    made = [part for level in sorted(layers) for part in _parts(layers[level])]
    return made + _parts(sorted(alone))


def _sink(root: str, below: Mapping[str, Sequence[str]], depth: dict[str, int]) -> None:
    """Set the depth of a name and all below it, without recursion: circles are cut where they are met again."""
    if root in depth:
        return
    on_way = {root}
    stack: list[tuple[str, int, int]] = [(root, 0, 0)]
    while stack:
        name, at, deepest = stack.pop()
        names = below[name]
        while at < len(names):
            following = names[at]
            if following in depth:
                deepest = max(deepest, depth[following] + 1)
            elif following not in on_way:
                stack.append((name, at, deepest))
                on_way.add(following)
                stack.append((following, 0, 0))
                break
            at += 1
        else:
            depth[name] = deepest
            on_way.discard(name)


def _parts(names: Sequence[str]) -> list[list[str]]:
    count = -(-len(names) // COLUMN_MAX)
    return [list(names[n::count]) for n in range(count)]


def _order(columns: list[list[str]], edges: Sequence[Edge]) -> None:
    """Sort each column by where its neighbours stand, back and forth: fewer curves cross."""
    near: dict[str, list[str]] = {}
    for a, b in edges:
        near.setdefault(a, []).append(b)
        near.setdefault(b, []).append(a)
    for sweep in range(SWEEPS):
        rank = {name: (n + 0.5) / len(column) for column in columns for n, name in enumerate(column)}
        for column in columns if sweep % 2 == 0 else reversed(columns):
            means = {
                name: sum(rank[o] for o in near[name]) / len(near[name]) if near.get(name) else rank[name]
                for name in column
            }
            column.sort(key=lambda name: (means[name], name))
            rank |= {name: (n + 0.5) / len(column) for n, name in enumerate(column)}


def _placed(
    columns: Sequence[Sequence[str]], sizes: Mapping[str, Size], edges: Sequence[Edge]
) -> dict[str, Box]:
    near: dict[str, list[str]] = {}
    for a, b in edges:
        near.setdefault(a, []).append(b)
        near.setdefault(b, []).append(a)
    heights = [sum(sizes[n][1] + GAP_Y for n in column) - GAP_Y for column in columns]
    middle = max(heights, default=0) / 2
    made: dict[str, Box] = {}
    x = float(MARGIN)
    for column, height in zip(columns, heights, strict=True):
        y = MARGIN + middle - height / 2
        for name in column:
            made[name] = Box(x, y, *sizes[name])
            y += sizes[name][1] + GAP_Y
        x += max((sizes[n][0] for n in column), default=0) + GAP_X
    for column in columns:
        _pull(column, made, near)
    top = min((box.y for box in made.values()), default=0)
    return {n: Box(round(b.x), round(b.y - top + MARGIN), b.width, b.height) for n, b in made.items()}


def _pull(column: Sequence[str], made: dict[str, Box], near: Mapping[str, Sequence[str]]) -> None:
    """Move the boxes of a column towards their neighbours, in their order and apart from each other."""
    wanted = [_wanted(name, made, near) for name in column]
    tops = list(wanted)
    for n in range(1, len(column)):
        tops[n] = max(tops[n], tops[n - 1] + made[column[n - 1]].height + GAP_Y)
    shift = sum(want - top for want, top in zip(wanted, tops, strict=True)) / max(1, len(column))
    for name, top in zip(column, tops, strict=True):
        box = made[name]
        made[name] = Box(box.x, top + shift, box.width, box.height)


def _wanted(name: str, made: Mapping[str, Box], near: Mapping[str, Sequence[str]]) -> float:
    box = made[name]
    others = [made[o] for o in near.get(name, ()) if made[o].x != box.x]
    if not others:
        return box.y
    centre = sum(o.y + o.height / 2 for o in others) / len(others)
    return (centre - box.height / 2 + box.y) / 2


# --- curves -------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Wire:
    """What is to be drawn between two boxes."""

    id: str
    source: str
    """The box that refers."""
    target: str
    row: float
    """Where on the source's side it begins: units below the box's top."""
    label_width: int


@dataclass(frozen=True, slots=True)
class Curve:
    """How it is drawn: from `start` at the referring box to `end`, leaving them to the side that `start_side` and
    `end_side` say (−1 left, 1 right). `label`: the middle of the label, None where there is no room for it."""

    id: str
    start: Point
    end: Point
    start_side: int
    end_side: int
    controls: tuple[Point, Point]
    label: Point | None

    @property
    def path(self) -> str:
        """The curve as SVG writes it."""
        (x1, y1), (x2, y2) = self.controls
        return f"M{self.start[0]:g} {self.start[1]:g}C{x1:g} {y1:g} {x2:g} {y2:g} {self.end[0]:g} {self.end[1]:g}"

    def at(self, t: float) -> Point:
        """A point of it, from 0 at its start to 1 at its end."""
        points = (self.start, *self.controls, self.end)
        weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
        return (
            sum(w * p[0] for w, p in zip(weights, points, strict=True)),
            sum(w * p[1] for w, p in zip(weights, points, strict=True)),
        )


def route(wires: Sequence[Wire], boxes: Mapping[str, Box]) -> list[Curve]:
    """A curve for each wire whose boxes are there; ends at one side of a box are spread over it."""
    known = [w for w in wires if w.source in boxes and w.target in boxes]
    sides = {w.id: _sides(boxes[w.source], boxes[w.target]) for w in known}
    ends: dict[tuple[str, int], list[Wire]] = {}
    for wire in known:
        ends.setdefault((wire.target, sides[wire.id][1]), []).append(wire)
    place_of: dict[str, float] = {}
    for (target, _), arriving in sorted(ends.items()):
        box = boxes[target]
        arriving.sort(key=lambda w: (boxes[w.source].y + w.row, w.id))
        for n, wire in enumerate(arriving, start=1):
            place_of[wire.id] = box.y + box.height * n / (len(arriving) + 1)
    made: list[Curve] = []
    labels: list[Box] = []
    for wire in known:
        curve = _curve(wire, boxes, sides[wire.id], place_of[wire.id])
        label = _label(curve, wire.label_width, boxes.values(), labels)
        if label is not None:
            labels.append(_label_box(label, wire.label_width))
        made.append(Curve(curve.id, curve.start, curve.end, *sides[wire.id], curve.controls, label))
    return made


def _sides(source: Box, target: Box) -> tuple[int, int]:
    if source.x + source.width <= target.x:
        return 1, -1
    if target.x + target.width <= source.x:
        return -1, 1
    return 1, 1


def _curve(wire: Wire, boxes: Mapping[str, Box], sides: tuple[int, int], end_y: float) -> Curve:
    source, target = boxes[wire.source], boxes[wire.target]
    start = (source.x + (source.width if sides[0] > 0 else 0), source.y + min(wire.row, source.height))
    end = (target.x + (target.width if sides[1] > 0 else 0), end_y)
    reach = max(44.0, abs(end[0] - start[0]) * 0.45) if sides[0] != sides[1] else 70.0
    if wire.source == wire.target:
        end = (end[0], source.y + 14)
    controls = ((start[0] + sides[0] * reach, start[1]), (end[0] + sides[1] * reach, end[1]))
    return Curve(wire.id, start, end, *sides, controls, None)


def _label(curve: Curve, width: int, boxes: Iterable[Box], labels: Sequence[Box]) -> Point | None:
    """A point on the curve, as near to its middle as there is room; else beside it."""
    taken = [*boxes, *labels]
    for away in (0.0, -14.0, 14.0, -26.0, 26.0):
        for step in range(SAMPLES + 1):
            t = 0.5 + (step + 1) // 2 * (0.44 / (SAMPLES // 2)) * (1 if step % 2 else -1)
            x, y = curve.at(min(max(t, 0.05), 0.95))
            found = (round(x), round(y + away))
            if not any(_label_box(found, width).meets(box, 3) for box in taken):
                return found
    return None


def _label_box(middle: Point, width: int) -> Box:
    return Box(middle[0] - width / 2, middle[1] - LABEL_HEIGHT / 2, width, LABEL_HEIGHT)
