"""A formula read while it is unfinished: pieces, and for each place which record plain names are of.

Nothing is refused here: a quotation mark that is never closed, a bracket too few, a name that means nothing are all
read as far as they go, in one pass over the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dougong_runtime.formulas.functions import FUNCTIONS
from dougong_runtime.formulas.resolve import NotFound, walk
from dougong_runtime.formulas.types import Kind, ValueType
from dougong_runtime.labels import Label

if TYPE_CHECKING:
    from dougong_designer.formulas import Standing

_PIECE = re.compile(
    r"(?P<text>'(?:[^'\\]|\\.)*+'?+|\"(?:[^\"\\]|\\.)*+\"?+|[‘’][^’]*+[’]?|[“”][^”]*+[”]?)"
    r"|(?P<name>[^\W\d]\w*+(?:\.[^\W\d]\w*+)*+\.?+)"
    r"|(?P<number>\d++(?:\.\d*+)?+)"
    r"|(?P<sign><>|!=|<=|>=|==|[^\s\w])",
    re.DOTALL,
)
_EXTREMES = ("min", "max")
OPENERS, CLOSERS = "(（", ")）"


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a formula: `text` (a literal with its quotes), `name` (with its dots), `number` or `sign`."""

    sort: str
    text: str
    start: int

    @property
    def end(self) -> int:
        """The place behind it."""
        return self.start + len(self.text)

    @property
    def is_open(self) -> bool:
        """Whether it is a literal whose quotation mark is never closed."""
        closing = {"'": "'", '"': '"', "‘": "’", "’": "’", "“": "”", "”": "”"}.get(self.text[0], "")
        return self.sort == "text" and (len(self.text) < 2 or self.text[-1] != closing)


@dataclass(frozen=True, slots=True)
class Frame:
    """What plain names belong to: an entity's records; `outer` around an aggregate's condition, which THIS means."""

    entity: str | None
    outer: Frame | None = None
    call: str = ""
    """The function in whose brackets one is, in lower case."""
    argument: int = 0
    first: str = ""
    """The first argument of it, where that is a name."""


@dataclass(frozen=True, slots=True)
class Start:
    """Where a dotted name begins: the words said already, the entity walked from, and the parts that are left."""

    words: tuple[Label, ...]
    entity: str | None
    rest: tuple[str, ...]
    type: ValueType | None = None


@dataclass(slots=True)
class _Open:
    function: str
    frame: Frame
    """Around the brackets."""
    argument: int = 0
    first: list[Piece] = field(default_factory=list)
    inside: str | None = None
    """The entity of an aggregate's inner records, once its first argument is known."""


def pieces(text: str) -> list[Piece]:
    """The pieces of a formula, whatever is in it."""
    return [Piece(m.lastgroup or "sign", m.group(), m.start()) for m in _PIECE.finditer(text)]


def names(standing: Standing, text: str) -> Iterator[tuple[Piece, Frame]]:
    """The names that are no functions and no words of the language, each with what it belongs to."""
    found = pieces(text)
    for at, (piece, frame) in enumerate(_framed(standing, found)):
        following = found[at + 1] if at + 1 < len(found) else None
        called = following is not None and following.text in OPENERS
        if at and found[at - 1].text == ".":
            continue
        if piece.sort == "name" and not called and piece.text.lower() not in _WORDS:
            yield piece, frame


_WORDS = frozenset({"and", "or", "not", "in", "true", "false", "null"})


def frame_at(standing: Standing, text: str, offset: int) -> Frame:
    """What plain names belong to at a place."""
    last = Frame(standing.at.entity)
    found = [p for p in pieces(text) if p.start < offset]
    for _, frame in _framed(standing, [*found, Piece("name", "x", offset)]):
        last = frame
    return last


def _framed(standing: Standing, found: list[Piece]) -> Iterator[tuple[Piece, Frame]]:
    base = Frame(standing.at.entity)
    opened: list[_Open] = []
    before: Piece | None = None
    for piece in found:
        frame = _frame(base, opened)
        yield piece, frame
        if piece.text in OPENERS and piece.sort == "sign":
            name = before.text.lower() if before is not None and before.sort == "name" else ""
            opened.append(_Open(name, frame))
        elif piece.text in CLOSERS and piece.sort == "sign" and opened:
            opened.pop()
        elif opened and piece.text in (",", "，") and piece.sort == "sign":
            here = opened[-1]
            if here.argument == 0:
                here.inside = _inside(standing, here)
            here.argument += 1
        elif opened and opened[-1].argument == 0:
            opened[-1].first.append(piece)
        before = piece


def _frame(base: Frame, opened: list[_Open]) -> Frame:
    if not opened:
        return base
    here = opened[-1]
    first = here.first[0].text if here.first and here.first[0].sort == "name" else ""
    if here.inside is not None:
        return Frame(here.inside, here.frame, here.function, here.argument, first)
    return Frame(here.frame.entity, here.frame.outer, here.function, here.argument, first)


def _inside(standing: Standing, here: _Open) -> str | None:
    """The entity of the inner records of an aggregate whose first argument is written."""
    function = FUNCTIONS.find(here.function)
    if function is None or not (
        function.aggregate or here.function in _EXTREMES or here.function == "exists"
    ):
        return None
    if len(here.first) != 1 or here.first[0].sort != "name":
        return None
    return inner_entity(standing, here.first[0].text, here.frame)


def inner_entity(standing: Standing, path: str, frame: Frame) -> str | None:
    """The entity of the many records that a path crosses last; None where it crosses none."""
    start = start_of(standing, path, frame)
    if start is None or start.entity is None or start.entity not in standing.shapes:
        return None
    parts = tuple(p for p in start.rest if p)
    try:
        found = walk(standing.shapes, start.entity, parts, tuple(0 for _ in parts), "row")
    except NotFound:
        return None
    many = [hop.entity for hop in found.hops if hop.way != "forward"]
    return many[-1] if many else None


def start_of(standing: Standing, path: str, frame: Frame) -> Start | None:
    """Where a dotted name begins: a field of the record stood on, THIS, OLD, or a name that the surroundings give."""
    parts = tuple(path.split("."))
    variables = standing.at.variables
    for length in range(len(parts), 0, -1):
        name = ".".join(parts[:length])
        if name in variables:
            type_ = variables[name]
            entity = type_.targets[0] if type_.kind is Kind.RECORD and len(type_.targets) == 1 else None
            return Start((variable_label(standing, name),), entity, parts[length:], type_)
    head = parts[0].lower()
    shape = standing.shapes.get(frame.entity or "")
    own = shape is not None and (parts[0] in shape.fields or parts[0] in shape.many)
    if head == "this" and not own:
        outer = frame.outer
        return Start((Label("本记录", "This record"),), outer.entity if outer else None, parts[1:])
    if head == "old" and not own and standing.judges_a_write:
        return Start((Label("改前", "Before"),), frame.entity, parts[1:])
    if shape is None:
        return None
    return Start((), frame.entity, parts)


def variable_label(standing: Standing, name: str) -> Label:
    """The words for what surroundings name: `record` by its entity, `steps.call` too, with the step's id beside."""
    type_ = standing.at.variables.get(name)
    shape = standing.shapes.get(type_.targets[0]) if type_ is not None and len(type_.targets) == 1 else None
    words = name.split(".")
    rest = ".".join(words[1:])
    if shape is not None and not rest:
        return (
            shape.label
            if name == "record"
            else Label(f"{shape.label.zh}（{name}）", f"{shape.label.en} ({name})")
        )
    if words[0] == "steps" and rest:
        if shape is not None:
            return Label(f"{shape.label.zh}（步骤 {rest}）", f"{shape.label.en} (step {rest})")
        return Label(f"步骤 {rest}", f"Step {rest}")
    return Label(name, name)
