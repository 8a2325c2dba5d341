"""The form in which a filter is put together: its rows as they are shown, and what was given in them as a filter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from dougong_runtime.errors import Refused
from dougong_runtime.fields.base import Field
from dougong_runtime.pages import conditions, filters
from dougong_runtime.pages.conditions import Condition
from dougong_runtime.pages.desk import count_text
from dougong_runtime.pages.entry import Choice, Input
from dougong_runtime.pages.filters import Filter, Group, Join
from dougong_runtime.pages.lists.columns import offers
from dougong_runtime.pages.lists.frame import Frame
from dougong_runtime.pages.lists.values import value_given, value_input
from dougong_runtime.pages.views import resolve

STEP = "."
"""Ends the name of a reference that one goes on along."""


@dataclass(frozen=True, slots=True)
class Level:
    """One step of a path: the fields to choose from, and those that lead on."""

    name: str
    fields: tuple[Choice, ...]
    steps: tuple[Choice, ...]
    chosen: str


@dataclass(frozen=True, slots=True)
class FormRow:
    """One condition in the form."""

    at: int
    group: str
    levels: tuple[Level, ...]
    ops: tuple[Choice, ...]
    op: str
    input: Input | None
    text: str
    """The condition as a formula; all there is of one that no row can say."""
    error: str = ""

    @property
    def key(self) -> str:
        """Its path as part of an id: what is drawn for another path is another thing."""
        return "-".join(level.chosen.removesuffix(STEP) for level in self.levels)


@dataclass(frozen=True, slots=True)
class FormBlock:
    """Rows of which all hold, or any: those on their own, or a group's."""

    group: str
    join: Join
    rows: tuple[FormRow, ...]


@dataclass(frozen=True, slots=True)
class FilterForm:
    """What the panel shows."""

    join: Join
    blocks: tuple[FormBlock, ...]
    formula: str
    is_text: bool
    error: str
    count: str
    today: str
    is_empty: bool
    source: str = ""


@dataclass(frozen=True, slots=True)
class Given:
    """What a form sent: texts by name."""

    one: Callable[[str], str]
    many: Callable[[str], Sequence[str]]


# --- from what was sent -------------------------------------------------------------------------------------------
def filter_given(frame: Frame, given: Given) -> Filter:
    """The filter that the form's rows say. A row whose value is missing keeps its place, with a text of its own kind:
    none."""
    groups: dict[str, list[Condition]] = {}
    items: list[Condition | str] = []
    for at in list(given.many("row"))[: filters.ITEMS_MAX]:
        condition = _condition_given(frame, given, at)
        group = given.one(f"g.{at}")
        if not group:
            items.append(condition)
            continue
        if group not in groups:
            groups[group] = []
            items.append(group)
        groups[group].append(condition)
    made: list[Condition | Group] = []
    for item in items:
        if isinstance(item, Condition):
            made.append(item)
        else:
            made.append(Group(_join(given.one(f"gj.{item}")), tuple(groups[item])))
    return Filter(_join(given.one("j")), tuple(made))


def _join(text: str) -> Join:
    return "or" if text == "or" else "and"


def _condition_given(frame: Frame, given: Given, at: str) -> Condition:
    text = given.one(f"t.{at}")
    if text:
        return Condition(text)
    path = path_given(given.many(f"f.{at}"))
    column = resolve(frame.desk.app, frame.entity, path)
    if column is None or not frame.desk.sees(column):
        return Condition("", path, "", "")
    ops = conditions.operators(column.field)
    op = given.one(f"o.{at}")
    if op not in ops:
        op = ops[0] if ops else ""
    value = value_given(frame.desk, column.field, op, given.many(f"v.{at}"), given.many(f"v.{at}.id"))
    made = conditions.compose(frame.desk.app, frame.entity, path, op, value)
    return Condition(made or "", path, op, value)


def path_given(levels: Sequence[str]) -> str:
    """The path that the selects of a row say: each but the last a step."""
    path = ""
    for name in levels:
        path = f"{path}.{name.removesuffix(STEP)}" if path else name.removesuffix(STEP)
        if not name.endswith(STEP):
            return path
    return f"{path}."


def changed(frame: Frame, found: Filter, do: str, add: str = "") -> Filter:
    """The filter after one act: `add`, `add:GROUP`, `group`, `drop:AT`."""
    act, _, word = do.partition(":")
    place = int(word) if word.isascii() and word.isdecimal() and len(word) < 4 else -1
    first = _first(frame, add)
    items = list(found.items)
    if act == "add" and word and 0 <= place < len(items):
        group = items[place]
        if isinstance(group, Group):
            items[place] = replace(group, items=(*group.items, first))
    elif act == "add":
        items.append(first)
    elif act == "group":
        items.append(Group("or" if found.join == "and" else "and", (first, first)))
    elif act == "drop":
        items = _without(items, place)
    return replace(found, items=tuple(items))


def _first(frame: Frame, path: str) -> Condition:
    column = resolve(frame.desk.app, frame.entity, path) if path else None
    if column is None or not frame.desk.sees(column) or not conditions.operators(column.field):
        fields = _fields(frame)
        names = [f.name for f in fields]
        path = frame.entity.title if frame.entity.title in names else names[0] if names else ""
        column = resolve(frame.desk.app, frame.entity, path)
    ops = conditions.operators(column.field) if column is not None else ("",)
    op = ops[0]
    default = {"within": "this_month", "last": "7", "next": "7"}.get(op, "")
    text = conditions.compose(frame.desk.app, frame.entity, path, op, default) or ""
    return Condition(text, path, op, default)


def _fields(frame: Frame) -> list[Field]:
    shown = [n for n, v in frame.desk.views(frame.entity.name).items() if v.shown == "yes"]
    return conditions.filterable(frame.desk.app, frame.entity, shown)


def _without(items: Sequence[Condition | Group], place: int) -> list[Condition | Group]:
    left: list[Condition | Group] = []
    at = 0
    for item in items:
        if isinstance(item, Group):
            kept = tuple(c for n, c in enumerate(item.items, at) if n != place)
            at += len(item.items)
            if kept:
                left.append(replace(item, items=kept) if len(kept) > 1 else kept[0])
        else:
            if at != place:
                left.append(item)
            at += 1
    return left


# --- to what is shown ---------------------------------------------------------------------------------------------
def form(frame: Frame, found: Filter) -> FilterForm:
    """The panel for a filter: its rows, each with what is wrong with it, and how many records it leaves."""
    blocks: list[FormBlock] = []
    at = 0
    for place, item in enumerate(found.items):
        inner = item.items if isinstance(item, Group) else (item,)
        group = str(place) if isinstance(item, Group) else ""
        rows = tuple(_row(frame, at + n, group, c) for n, c in enumerate(inner))
        at += len(inner)
        blocks.append(FormBlock(group, item.join if isinstance(item, Group) else found.join, rows))
    formula = filters.write(found)
    return FilterForm(
        join=found.join,
        blocks=tuple(blocks),
        formula=formula,
        is_text=False,
        error="",
        count=_count(frame, formula) if not any(r.error for b in blocks for r in b.rows) else "",
        today=frame.desk.reader.today.isoformat(),
        is_empty=not found.items,
    )


def text_form(frame: Frame, formula: str) -> FilterForm:
    """The panel as text: the formula, what is wrong with it, and how many records it leaves."""
    error = _error(frame, formula) if formula.strip() else ""
    count = "" if error else _count(frame, formula)
    return FilterForm(
        "and", (), formula, True, error, count, frame.desk.reader.today.isoformat(), not formula
    )


def _row(frame: Frame, at: int, group: str, condition: Condition) -> FormRow:
    reader = frame.desk.reader
    column = resolve(frame.desk.app, frame.entity, condition.path) if condition.path else None
    if condition.op == "formula" or (column is None and not condition.path):
        return FormRow(at, group, (), (), "formula", None, condition.text, _error(frame, condition.text))
    path = condition.path
    if column is None or not frame.desk.sees(column) or not conditions.operators(column.field):
        path = _first_behind(frame, path)
        column = resolve(frame.desk.app, frame.entity, path)
    if column is None:
        return FormRow(at, group, (), (), "formula", None, condition.text, _error(frame, condition.text))
    ops = conditions.operators(column.field)
    same = path == condition.path and condition.op in ops
    op, value = (condition.op, condition.value) if same else (ops[0], "")
    shown = None
    if op not in conditions.WITHOUT_VALUE:
        shown = replace(
            value_input(frame.desk, column.field, op, value, f"v.{at}"), label=reader.t("filter.value")
        )
    text = condition.text if same else ""
    return FormRow(
        at,
        group,
        _levels(frame, path),
        tuple(Choice(o, reader.t(f"op.{o}")) for o in ops),
        op,
        shown,
        "",
        _error(frame, text) if text else "",
    )


def _first_behind(frame: Frame, path: str) -> str:
    """The first field that a row can ask about, where a step was just chosen; else the entity's first."""
    step = path.rpartition(".")[0]
    for offer in offers(frame, step):
        column = resolve(frame.desk.app, frame.entity, offer.path)
        if column is not None and frame.desk.sees(column) and conditions.operators(column.field):
            return offer.path
    return _first(frame, "").path


def _levels(frame: Frame, path: str) -> tuple[Level, ...]:
    names = path.split(".")
    made = []
    for depth, name in enumerate(names):
        fields, steps = [], []
        for offer in offers(frame, ".".join(names[:depth])):
            last = offer.path.rpartition(".")[2]
            column = resolve(frame.desk.app, frame.entity, offer.path)
            if column is not None and conditions.operators(column.field):
                fields.append(Choice(last, offer.label))
            if offer.leads:
                steps.append(Choice(last + STEP, f"{offer.label} ›"))
        chosen = name if depth == len(names) - 1 else name + STEP
        made.append(Level(f"f{depth}", tuple(fields), tuple(steps), chosen))
    return tuple(made)


def _error(frame: Frame, text: str) -> str:
    wrong = frame.desk.records.wrong(frame.entity.name, text) if text else ()
    language = frame.desk.reader.language
    return " ".join(p.text(language) for p in wrong[:1])


def _count(frame: Frame, formula: str) -> str:
    asked = frame.query(filter=formula or None, limit=1, cursor=None, sort=(), fields=("id",), titles=False)
    try:
        found = frame.desk.records.list(asked)
    except Refused:
        return ""
    return count_text(found.count, found.count_is_exact)
