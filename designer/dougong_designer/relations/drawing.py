"""A relation diagram as it is drawn: boxes with their rows, curves with ends and labels, whatever is chosen."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from dougong_designer.patch import Documents
from dougong_designer.relations import SYSTEM, Relation, relations
from dougong_designer.relations.layout import Box, Curve, Wire, route, settle
from dougong_runtime.fields.base import FIELD_TYPES
from dougong_runtime.labels import Label
from dougong_runtime.model.directory import DIRECTORY
from dougong_runtime.pages.faces import hue

WIDTH = 176
HEAD = 40
ROW = 24
FOOT = 6
ROWS_MAX = 7
FOOT_OF_CROW = 11
LABEL_CHARS_MAX = 14
SYSTEM_ICONS = {"user": "user", "team": "users-group"}

Told = Callable[[Label], str]
"""How a label reads to who looks."""


@dataclass(frozen=True, slots=True)
class DrawnRow:
    """A line in a box: a field, and what it holds."""

    text: str
    note: str
    y: int


@dataclass(frozen=True, slots=True)
class DrawnBox:
    """An entity."""

    name: str
    id: str
    label: str
    note: str
    """The inner name, where there is room for it beside the label."""
    icon: str
    hue: str
    x: float
    y: float
    width: int
    height: int
    rows: tuple[DrawnRow, ...]
    relations: int
    is_system: bool
    state: str = ""
    """`on` (chosen), `near` (has to do with it), `far`, or nothing where nothing is chosen."""


@dataclass(frozen=True, slots=True)
class DrawnLine:
    """A relation to one of its targets."""

    id: str
    relation: Relation
    source_label: str
    target_label: str
    target: str
    path: str
    ends: str
    """The marks at both ends, as SVG writes a path."""
    ring: tuple[float, float] | None
    """The middle of the ring that says: may be absent."""
    label: str
    label_x: float
    label_y: float
    label_width: int
    has_label: bool
    state: str = ""


@dataclass(frozen=True, slots=True)
class Diagram:
    """The whole of it."""

    boxes: tuple[DrawnBox, ...] = ()
    lines: tuple[DrawnLine, ...] = ()
    width: int = 0
    height: int = 0
    entities: int = 0
    """Entities of the app, shown or not."""
    references: int = 0
    all: tuple[Relation, ...] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be drawn: `of` an entity and its neighbours, else everything; `chosen`: an entity's name or a
    relation's id; `people`: whether people and teams are drawn too."""

    of: str = ""
    chosen: str = ""
    people: bool = False


def draw(documents: Documents, places: Mapping[str, tuple[int, int]], asked: Asked, told: Told) -> Diagram:
    """The diagram of a draft. Nothing is linked for it."""
    every = relations(documents)
    people = asked.people or bool(asked.of)
    shown = [r for r in every if people or not r.is_system]
    if asked.of:
        shown = [r for r in shown if asked.of == r.entity or asked.of in r.targets]
        names = [asked.of, *(n for r in shown for n in (r.entity, *r.targets))]
    else:
        names = [k.partition("/")[2] for k in documents if k.startswith("entity/")]
        names += [t for r in shown for t in r.targets if t in SYSTEM]
    names = [n for n in dict.fromkeys(names) if n in SYSTEM or f"entity/{n}" in documents]
    contents = {name: _rows(documents, name, told) for name in names}
    sizes = {name: (WIDTH, HEAD + ROW * len(rows) + FOOT) for name, rows in contents.items()}
    edges = [(r.entity, target) for r in shown for target in r.targets]
    ids = {name: _id(documents, name) for name in names}
    kept = {} if asked.of else {name: places[ids[name]] for name in names if ids[name] in places}
    boxes = settle(sizes, edges, {name: (float(x), float(y)) for name, (x, y) in kept.items()})
    wires, by_wire = _wires(shown, contents, boxes, told)
    state = _states(asked.chosen, shown)
    lines = [
        _line(curve, *by_wire[curve.id], documents, told, state, wires[curve.id].label_width)
        for curve in route(list(wires.values()), boxes)
    ]
    drawn = [_box(documents, n, boxes[n], contents[n], every, ids[n], told, state) for n in names]
    right = max((b.x + b.width for b in drawn), default=0)
    low = max((b.y + b.height for b in drawn), default=0)
    return Diagram(
        tuple(drawn),
        tuple(lines),
        int(right) + 80,
        int(low) + 48,
        sum(k.startswith("entity/") for k in documents),
        len(every),
        tuple(every),
    )


def _id(documents: Documents, name: str) -> str:
    return str(documents[f"entity/{name}"].get("id", name)) if f"entity/{name}" in documents else name


def entity_label(documents: Documents, name: str) -> Label:
    """What an entity is called, those of the site among them."""
    if f"entity/{name}" in documents:
        return Label.of(documents[f"entity/{name}"].get("label"), name)
    return DIRECTORY.entities[name].label if name in SYSTEM else Label.of(None, name)


def _rows(documents: Documents, name: str, told: Told) -> list[tuple[str, str, str]]:
    """Name, label and type of the fields that are shown: the title, those that refer, then others that matter."""
    if name in SYSTEM:
        system = DIRECTORY.entities[name].own_fields[:2]
        return [(f.name, told(f.label), told(f.kind.label)) for f in system]
    entity = documents[f"entity/{name}"]
    fields = [f for f in entity.get("fields", ()) if isinstance(f, Mapping) and f.get("name")]
    title = entity.get("title")
    own = [f for f in fields if f["name"] == title]
    refer = [f for f in fields if f.get("type") in ("reference", "references") and f["name"] != title]
    key = [f for f in fields if f not in own and f not in refer and (f.get("unique") or f.get("required"))]
    rest = [f for f in fields if f not in own and f not in refer and f not in key]
    chosen = [*own, *refer, *key, *rest]
    limit = max(3, min(ROWS_MAX, len(own) + len(refer) + 1))
    chosen = chosen[:limit]
    return [
        (str(f["name"]), told(Label.of(f.get("label"), str(f["name"]))), _type(f, told))
        for f in fields
        if f in chosen
    ]


def _type(data: Mapping[str, object], told: Told) -> str:
    kind = FIELD_TYPES.find(str(data.get("type")))
    return told(kind.label) if kind is not None else str(data.get("type", ""))


def _wires(
    shown: Sequence[Relation],
    contents: Mapping[str, list[tuple[str, str, str]]],
    boxes: Mapping[str, Box],
    told: Told,
) -> tuple[dict[str, Wire], dict[str, tuple[Relation, str]]]:
    wires: dict[str, Wire] = {}
    by_wire: dict[str, tuple[Relation, str]] = {}
    for relation in shown:
        rows = [name for name, _, _ in contents.get(relation.entity, ())]
        at = rows.index(relation.field) if relation.field in rows else len(rows) - 1
        for target in relation.targets:
            wire = f"{relation.id} {target}"
            width = text_width(clipped(told(relation.label))) + 18
            wires[wire] = Wire(wire, relation.entity, target, HEAD + ROW * at + ROW / 2 + 3, width)
            by_wire[wire] = (relation, target)
    return {w: wires[w] for w in wires if wires[w].source in boxes}, by_wire


def clipped(text: str) -> str:
    """A label that is not too long for a curve."""
    return text if len(text) <= LABEL_CHARS_MAX else text[: LABEL_CHARS_MAX - 1] + "…"


def text_width(text: str) -> int:
    """About how wide a text is at 12 pixels."""
    return round(sum(12.2 if unicodedata.east_asian_width(c) in "WF" else 6.9 for c in text))


# --- what is chosen -------------------------------------------------------------------------------------------------
def _states(chosen: str, shown: Sequence[Relation]) -> dict[str, str]:
    """Box (`box name`) or line (its relation's id) → its state; empty where nothing is chosen."""
    relation = next((r for r in shown if r.id == chosen), None)
    if relation is not None:
        around = {relation.entity, *relation.targets}
        return {relation.id: "on"} | {f"box {name}": "near" for name in around} | {"": "far"}
    if not chosen:
        return {}
    mine = [r for r in shown if chosen == r.entity or chosen in r.targets]
    found = {f"box {name}": "near" for r in mine for name in (r.entity, *r.targets)}
    found |= {r.id: "near" for r in mine}
    return found | {f"box {chosen}": "on", "": "far"}


def _box(
    documents: Documents,
    name: str,
    box: Box,
    rows: Sequence[tuple[str, str, str]],
    every: Sequence[Relation],
    identity: str,
    told: Told,
    state: Mapping[str, str],
) -> DrawnBox:
    data = documents.get(f"entity/{name}", {})
    room = WIDTH - 34
    drawn = tuple(
        DrawnRow(_fitting(label, room - text_width(note)), note, HEAD + ROW * n + 20)
        for n, (_, label, note) in enumerate(rows)
    )
    label = _fitting(told(entity_label(documents, name)), WIDTH - 52)
    room = WIDTH - 62 - text_width(label)
    return DrawnBox(
        name,
        identity,
        label,
        name if text_width(name) <= room and name != label else "",
        str(data.get("icon") or SYSTEM_ICONS.get(name, "database")),
        "gray" if name in SYSTEM else hue(identity),
        box.x,
        box.y,
        WIDTH,
        int(box.height),
        drawn,
        sum(name == r.entity or name in r.targets for r in every),
        name in SYSTEM,
        state.get(f"box {name}", state.get("", "")),
    )


def _fitting(text: str, room: int) -> str:
    if text_width(text) <= room:
        return text
    while text and text_width(text) > room - 12:
        text = text[:-1]
    return text + "…"


def _line(
    curve: Curve,
    relation: Relation,
    target: str,
    documents: Documents,
    told: Told,
    state: Mapping[str, str],
    label_width: int,
) -> DrawnLine:
    ends = _crow(curve.start, curve.start_side)
    ring = None
    if relation.many:
        ends += _crow(curve.end, curve.end_side)
    else:
        x, y = curve.end
        ends += _bar(x + curve.end_side * 7, y)
        if relation.required:
            ends += _bar(x + curve.end_side * 11, y)
        else:
            ring = (x + curve.end_side * 12, y)
    at = curve.label or (0.0, 0.0)
    return DrawnLine(
        relation.id,
        relation,
        told(entity_label(documents, relation.entity)),
        told(entity_label(documents, target)),
        target,
        curve.path,
        ends,
        ring,
        clipped(told(relation.label)),
        at[0],
        at[1],
        label_width,
        curve.label is not None,
        state.get(relation.id, state.get("", "")),
    )


def _crow(at: tuple[float, float], side: int) -> str:
    x, y = at
    tip = x + side * FOOT_OF_CROW
    return f"M{tip:g} {y:g}L{x:g} {y - 6:g}M{tip:g} {y:g}L{x:g} {y + 6:g}"


def _bar(x: float, y: float) -> str:
    return f"M{x:g} {y - 5:g}V{y + 5:g}"
