"""What may be written next in a formula: fields along references, functions, options in quotes, settings, roles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from dougong_designer.formulas import Standing, labels_along, many_label, scan
from dougong_designer.formulas.scan import CLOSERS, OPENERS, Frame, Piece
from dougong_runtime.fields.base import Option
from dougong_runtime.formulas.functions import FUNCTIONS, Function
from dougong_runtime.formulas.resolve import FILE_PARTS, FORWARD_HOPS_MAX
from dougong_runtime.formulas.tokens import LENGTH_MAX
from dougong_runtime.formulas.types import Kind, ValueType
from dougong_runtime.labels import Label

OFFERED_MAX = 200
"""Completions given at once; more letters make them fewer."""
_COMPARED = ("=", "<>", "!=", "==", "<", ">", "<=", ">=", "＝", "≠", "≤", "≥")
_NOWHERE = ("deleted_at", "version")


@dataclass(frozen=True, slots=True)
class Offer:
    """A completion: what it is called, what is put in, and what it is."""

    label: Label
    insert: str
    sort: str
    """field, many, function, option, setting, role, variable, word."""
    detail: str
    """Its type, or how a function is written."""
    help: Label | None = None
    after: int = 0
    """Characters before the end of what is put in where one goes on writing."""


_BETWEEN = tuple(
    Offer(Label(zh, en), insert, "word", "", None, after)
    for insert, zh, en, after in (
        ("= ", "等于", "equals", 0),
        ("<> ", "不等于", "is not", 0),
        (">= ", "不小于", "at least", 0),
        ("<= ", "不大于", "at most", 0),
        ("> ", "大于", "above", 0),
        ("< ", "小于", "below", 0),
        ("AND ", "且", "and", 0),
        ("OR ", "或", "or", 0),
        ("IN ()", "是其中之一", "is one of", 1),
        ("+ ", "加", "plus", 0),
        ("- ", "减", "minus", 0),
        ("* ", "乘", "times", 0),
        ("/ ", "除以", "divided by", 0),
        ("& ", "连接文本", "joined with", 0),
    )
)
"""What stands between operands."""


@dataclass(frozen=True, slots=True)
class Offers:
    """The completions at a place, and the characters that they stand for."""

    start: int
    end: int
    items: tuple[Offer, ...]
    is_whole: bool
    """Whether these are all there are."""


def completions(standing: Standing, text: str, cursor: int) -> Offers:
    """What may stand at a place. `cursor`: characters before it."""
    if len(text) > LENGTH_MAX or not 0 <= cursor <= len(text):
        return Offers(0, 0, (), True)
    found = scan.pieces(text)
    here = next((p for p in found if p.start < cursor <= p.end and p.sort in ("text", "name")), None)
    if here is not None and here.sort == "text" and (here.is_open or cursor < here.end):
        return _in_quotes(standing, text, found, here, cursor)
    name = here if here is not None and here.sort == "name" else None
    start = name.start if name is not None else cursor
    written = text[start:cursor]
    before = [p for p in found if p.end <= start]
    frame = scan.frame_at(standing, text, start)
    if before and before[-1].text == "." and before[-1].end == start:
        return _narrowed(start, cursor, written, _after_call(standing, before))
    head, dot, tail = written.rpartition(".")
    if dot:
        return _narrowed(start + len(head) + 1, cursor, tail, _along(standing, head, frame))
    if before and _ends_operand(before[-1]):
        return _narrowed(start, cursor, written, _BETWEEN)
    return _narrowed(start, cursor, written, _at_head(standing, frame))


def _ends_operand(piece: Piece) -> bool:
    if piece.sort == "name":
        return piece.text.lower() not in ("and", "or", "not", "in")
    return piece.sort in ("text", "number") or piece.text in CLOSERS


def _narrowed(start: int, end: int, written: str, offers: Iterable[Offer]) -> Offers:
    """Those that begin with or hold what is written, by name or by label, the nearest first."""
    sought = written.lower()
    ranked: list[tuple[int, int, Offer]] = []
    for number, offer in enumerate(offers):
        name, labels = offer.insert.lower(), (offer.label.zh.lower(), offer.label.en.lower())
        if not sought or name.startswith(sought):
            ranked.append((0, number, offer))
        elif any(label.startswith(sought) for label in labels):
            ranked.append((1, number, offer))
        elif any(sought in word for word in (name, *labels)):
            ranked.append((2, number, offer))
    ranked.sort(key=lambda r: r[:2])
    items = tuple(offer for _, _, offer in ranked)
    return Offers(start, end, items[:OFFERED_MAX], len(items) <= OFFERED_MAX)


def at_start(standing: Standing) -> Sequence[Offer]:
    """Everything that a formula may begin with, for a list beside the editor."""
    return tuple(_at_head(standing, Frame(standing.at.entity)))


# --- names --------------------------------------------------------------------------------------------------------
def _at_head(standing: Standing, frame: Frame) -> Iterator[Offer]:
    yield from _variables(standing, "")
    yield from _fields(standing, frame.entity, many=True)
    if frame.outer is not None and frame.outer.entity is not None:
        word = standing.shapes[frame.outer.entity].label
        yield Offer(Label("本记录", "This record"), "THIS.", "word", "", word)
    if standing.judges_a_write and frame.outer is None and frame.entity is not None:
        yield Offer(Label("改前", "Before"), "OLD.", "word", "", Label("改动前的值", "The value before"))
    yield from functions(standing)
    for code, setting in standing.app.settings.items():
        yield Offer(setting.label, f"SETTING('{code}')", "setting", str(setting.field.value_type.kind))


def _along(standing: Standing, head: str, frame: Frame) -> Iterator[Offer]:
    """What may follow a dotted name."""
    yield from _variables(standing, head + ".")
    start = scan.start_of(standing, head, frame)
    if start is None:
        return
    entity, type_, hops = start.entity, start.type, 0
    for part in start.rest:
        shape = standing.shapes.get(entity or "")
        if shape is None:
            return
        if part in shape.many:
            entity = shape.many[part].entity
        elif part in shape.fields:
            type_ = shape.fields[part].type
            entity = type_.targets[0] if len(type_.targets) == 1 else None
            hops += 1
        else:
            return
    if type_ is not None and type_.kind is Kind.FILE:
        for part, found in FILE_PARTS.items():
            yield Offer(Label(part, part), part, "field", str(found.kind))
    if hops <= FORWARD_HOPS_MAX:
        yield from _fields(standing, entity, many=head.lower() != "old")


def _after_call(standing: Standing, before: Sequence[Piece]) -> Iterator[Offer]:
    """What may follow `USER().`."""
    words = [p.text.lower() for p in before[-4:]]
    if words[:1] == ["user"]:
        yield from _fields(standing, "user", many=False)
        yield Offer(Label("角色", "Roles"), "roles", "field", str(Kind.LIST))


def _fields(standing: Standing, entity: str | None, *, many: bool) -> Iterator[Offer]:
    shape = standing.shapes.get(entity or "")
    if shape is None:
        return
    own = standing.app.entities.get(shape.name)
    fields = sorted(
        shape.fields, key=lambda n: own is not None and n in own.fields and own.fields[n].is_system
    )
    for name in fields:
        if name not in _NOWHERE and name not in shape.many:
            field = shape.fields[name]
            yield Offer(field.label, name, "field", str(field.type.kind))
    for name in shape.many if many else ():
        yield Offer(many_label(standing, shape, name), name, "many", str(Kind.RECORDS))


def _variables(standing: Standing, before: str) -> Iterator[Offer]:
    """The next part of names that surroundings give, behind what is written of them."""
    told: set[str] = set()
    for name, type_ in standing.at.variables.items():
        if not name.startswith(before):
            continue
        part = name[len(before) :].split(".")[0]
        if part and part not in told:
            told.add(part)
            whole = before + part
            found = labels_along(standing, whole, Frame(standing.at.entity))
            label = found[0] if found is not None else Label(part, part)
            known: ValueType | None = type_ if whole == name else None
            yield Offer(label, part, "variable", str(known.kind) if known is not None else "")


def functions(standing: Standing) -> Iterator[Offer]:
    """The functions that have a meaning at a place."""
    for _, function in FUNCTIONS.items():
        if not function.hidden and _means_something(standing, function):
            insert = f"{function.name}()"
            after = 0 if function.signature == insert else 1
            yield Offer(
                Label(function.name, function.name),
                insert,
                "function",
                function.signature,
                function.help,
                after,
            )


def _means_something(standing: Standing, function: Function) -> bool:
    name = function.name.lower()
    if name == "changed":
        return standing.judges_a_write
    if name in ("user", "team", "leader", "has_role"):
        return standing.at.place != "formula"
    if name == "channel":
        return standing.at.place == "message"
    return True


# --- in quotes ----------------------------------------------------------------------------------------------------
def _in_quotes(standing: Standing, text: str, found: list[Piece], here: Piece, cursor: int) -> Offers:
    start = here.start + 1
    end = max(cursor, here.end - (0 if here.is_open else 1))
    before = [p for p in found if p.end <= here.start]
    frame = scan.frame_at(standing, text, here.start)
    offers = list(_quoted(standing, before, frame))
    closed = "" if not here.is_open else here.text[0]
    if closed in ("‘", "“"):
        closed = {"‘": "’", "“": "”"}[closed]
    made = [
        Offer(o.label, o.insert.replace("\\", "\\\\").replace("'", "\\'") + closed, o.sort, o.detail, o.help)
        for o in offers
    ]
    return _narrowed(start, end, text[start:cursor], made)


def _quoted(standing: Standing, before: list[Piece], frame: Frame) -> Iterator[Offer]:
    """Values of what stands beside a literal."""
    if frame.call == "setting":
        for code, setting in standing.app.settings.items():
            yield Offer(setting.label, code, "setting", str(setting.field.value_type.kind))
    elif frame.call == "has_role" or _asks_roles(before):
        for name, role in standing.app.roles.items():
            yield Offer(role.label, name, "role", "")
    else:
        beside = _beside(before, frame)
        for option in options_of(standing, beside, frame) if beside else ():
            yield Offer(option.label, str(option.value), "option", "")


def _asks_roles(before: list[Piece]) -> bool:
    return [p.text.lower() for p in before[-6:-1]] == ["user", "(", ")", ".", "roles"]


def _beside(before: list[Piece], frame: Frame) -> str:
    """The name that a literal is compared with: before a sign, before IN and its brackets, or first in HAS."""
    if frame.call == "has" and frame.argument == 1:
        return frame.first
    at = len(before) - 1
    if at >= 1 and before[at].text in _COMPARED:
        return before[at - 1].text if before[at - 1].sort == "name" else ""
    while at >= 0 and (before[at].sort in ("text", "number") or before[at].text in (",", "，")):
        at -= 1
    if at >= 2 and before[at].text in OPENERS and before[at - 1].text.lower() == "in":
        named = before[at - 2]
        if named.text.lower() == "not" and at >= 3:
            named = before[at - 3]
        return named.text if named.sort == "name" and named.text not in CLOSERS else ""
    return ""


def options_of(standing: Standing, path: str, frame: Frame) -> Sequence[Option]:
    """The options of the field at the end of a dotted name; none where it has none."""
    start = scan.start_of(standing, path, frame)
    if start is None:
        return ()
    entity = start.entity
    choices: Sequence[Option] = ()
    for part in start.rest:
        own = standing.app.entities.get(entity or "")
        if own is None:
            return ()
        field = own.fields.get(part)
        if field is not None:
            choices = field.choices
            entity = field.targets[0] if len(field.targets) == 1 else None
        elif part in own.inverses:
            choices, entity = (), own.inverses[part].entity
        else:
            return ()
    return choices
