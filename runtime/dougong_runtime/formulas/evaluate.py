"""The reading of one record: a typed tree becomes calls of our own functions, which asteval runs.

Nothing but constants, names of functions, calls and `a if b else c` ever reaches the interpreter, and it is made to
know nothing else. It is for forms, conditions and defaults; whatever touches many rows is compiled instead.
"""

from __future__ import annotations

import ast
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeAlias, assert_never

from asteval import Interpreter
from asteval.asteval import ALL_NODES

from dougong_runtime.exact import figures
from dougong_runtime.exact.numbers import divide, rounded
from dougong_runtime.formulas.context import Context, Row
from dougong_runtime.formulas.functions import FUNCTIONS
from dougong_runtime.formulas.functions.operators import same
from dougong_runtime.formulas.tree import (
    Aggregate,
    Call,
    Changed,
    Hop,
    Literal,
    Node,
    Path,
    Setting,
)
from dougong_runtime.formulas.tree import Context as ContextNode
from dougong_runtime.formulas.types import Kind, ValueType

Value: TypeAlias = Any

KEEP = frozenset({"constant", "name", "call", "ifexp"})
"""The nodes that the interpreter accepts."""
_TREES_MAX = 4096


class EvaluationError(Exception):
    """A formula that was typed could not be evaluated: a defect of ours, not of the formula."""


def evaluate(tree: Node, row: Row | None, context: Context) -> Value:
    """The value of a formula for one record: str, Decimal, bool, date, aware datetime, time, list or None."""
    return _Evaluation(context).value(tree, row, None)


def stored(tree: Node, value_type: ValueType, row: Row | None, context: Context) -> Value:
    """The value as a field of that type keeps it: a number rounded once, half away from zero; a whole one an int."""
    value = evaluate(tree, row, context)
    if value_type.kind is Kind.NUMBER and isinstance(value, Decimal):
        kept = rounded(value, value_type.scale)
        return int(kept) if value_type.scale == 0 and value_type.precision <= 18 else kept
    if value_type.kind is Kind.CHOICE and isinstance(value, Decimal):
        return int(value)
    return value


# --- typed tree → Python's tree -------------------------------------------------------------------------------------

_Leaf: TypeAlias = Path | ContextNode | Setting | Changed | Aggregate | str


class _Plan:
    """A tree made ready: Python's expression, and what its calls `get(n)` read."""

    def __init__(self, tree: Node) -> None:
        self.leaves: list[_Leaf] = []
        self.body = self._expression(tree)
        ast.fix_missing_locations(ast.Expression(self.body))

    def _get(self, leaf: _Leaf) -> ast.expr:
        self.leaves.append(leaf)
        return _call("get", [ast.Constant(len(self.leaves) - 1)])

    def _expression(self, node: Node) -> ast.expr:
        match node:
            case Literal():
                return _constant(node.value)
            case Path() | ContextNode() | Setting() | Changed() | Aggregate():
                return self._get(node)
            case Call():
                return self._called(node)
            case _:
                assert_never(node)

    def _called(self, node: Call) -> ast.expr:
        arguments = [self._expression(a) for a in node.arguments]
        if node.function == "if":
            result = arguments[-1]
            for index in range(len(arguments) - 3, -1, -2):
                test = _call("is_true", [arguments[index]])
                result = ast.IfExp(test, arguments[index + 1], result)
            return result
        function = FUNCTIONS.get(node.function)
        if node.function == "_eq" and any(_is_user(a) for a in node.arguments):
            return _call("f__same_person", arguments)
        if node.function == "ord":
            arguments.append(_constant(node.arguments[0].type.options))
        elif node.function == "_option":
            arguments.append(_constant(node.type.options))
        elif function.zone:
            arguments.append(self._get("zone"))
        elif function.calendar:
            arguments.append(self._get("calendar"))
        return _call("f_" + node.function, arguments)


def _constant(value: Any) -> ast.expr:
    """A constant of any plain type: decimals and days too."""
    return ast.Constant(value)


def _is_user(node: Node) -> bool:
    return isinstance(node, Path) and node.base == "user"


def _call(name: str, arguments: list[ast.expr]) -> ast.expr:
    return ast.Call(ast.Name(name, ast.Load()), arguments, [])


class _Plans:
    """Plans by the identity of their trees, the latest used kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._plans: OrderedDict[int, tuple[Node, _Plan]] = OrderedDict()

    def of(self, tree: Node) -> _Plan:
        with self._lock:
            found = self._plans.get(id(tree))
            if found is not None:
                self._plans.move_to_end(id(tree))
                return found[1]
        made = _Plan(tree)
        with self._lock:
            self._plans[id(tree)] = (tree, made)
            while len(self._plans) > _TREES_MAX:
                self._plans.popitem(last=False)
        return made


_PLANS = _Plans()


# --- the interpreter ------------------------------------------------------------------------------------------------


def _strict(function: Callable[..., Any], but_the_last: bool) -> Callable[..., Any]:
    """An absent argument gives an absent result."""

    def call(*arguments: Any) -> Any:
        needed = arguments[:-1] if but_the_last else arguments
        return None if any(a is None for a in needed) else function(*arguments)

    return call


def _functions() -> dict[str, Callable[..., Any]]:
    found: dict[str, Callable[..., Any]] = {"is_true": lambda value: value is True}
    for name, function in FUNCTIONS.items():
        if function.python is not None:
            plain = function.python
            found["f_" + name] = (
                plain if function.sees_absent else _strict(plain, function.last_may_be_absent)
            )
    return found


_IDLE = threading.local()


def make_interpreter() -> Interpreter:
    """An interpreter that knows the functions of the language and four kinds of nodes."""
    made = Interpreter(
        symtable=_functions(), minimal=True, use_numpy=False, config={n: n in KEEP for n in ALL_NODES}
    )
    del made.symtable["print"]
    return made


def run(body: ast.expr, get: Callable[[int], Value]) -> Value:
    """Run an expression of calls. One interpreter a thread and depth: an aggregate runs its own inside."""
    pool: list[Interpreter] = _IDLE.__dict__.setdefault("pool", [])
    interpreter = pool.pop() if pool else make_interpreter()
    try:
        interpreter.error, interpreter.error_msg, interpreter.expr = [], None, "formula"
        interpreter._interrupt = None
        interpreter.symtable["get"] = get
        value = interpreter.run(body)
        if interpreter.error:
            raise EvaluationError(str(interpreter.error[0].get_error()))
        return value
    finally:
        pool.append(interpreter)


class _Evaluation:
    def __init__(self, context: Context) -> None:
        self.context = context

    def value(self, tree: Node, row: Row | None, this: Row | None) -> Value:
        if isinstance(tree, Path | ContextNode | Setting):
            return self._leaf(tree, row, this)
        plan = _PLANS.of(tree)
        return run(plan.body, lambda index: self._leaf(plan.leaves[index], row, this))

    def _leaf(self, leaf: _Leaf, row: Row | None, this: Row | None) -> Value:
        match leaf:
            case "zone":
                return self.context.time_zone
            case "calendar":
                return self.context.calendar.text
            case str():
                raise EvaluationError(leaf)
            case Path():
                return self._path(leaf, row, this)
            case ContextNode():
                return self._surrounding(leaf)
            case Setting():
                return _plain(self.context.settings.get(leaf.code), leaf.type)
            case Changed():
                return _changed(row, leaf.field)
            case Aggregate():
                return self._aggregate(leaf, row, this)
            case _:
                assert_never(leaf)

    def _surrounding(self, leaf: ContextNode) -> Value:
        match leaf.what:
            case "today":
                return self.context.today
            case "now":
                return self.context.now
            case "channel":
                return self.context.channel
            case "roles":
                return list(self.context.roles) or None
            case _:
                assert_never(leaf.what)

    def _base(self, base: str, row: Row | None, this: Row | None) -> Row | None:
        match base:
            case "row":
                return row
            case "this":
                return this
            case "old":
                return None if row is None else row.old()
            case "user":
                return self.context.user
        raise EvaluationError(f"unknown base {base}")

    def _path(self, path: Path, row: Row | None, this: Row | None) -> Value:
        here: Any
        if path.base == "variable":
            here = self.context.variables.get(path.variable)
            if not path.hops and not hasattr(here, "follow"):
                return _plain(here, path.type)
        elif path.base == "user" and not path.hops and path.field == "id":
            return self.context.user_id
        else:
            here = self._base(path.base, row, this)
        for hop in path.hops:
            here = None if here is None else here.follow(hop)
        if here is None:
            return None
        value = here.get(path.field)
        if path.part is not None:
            value = value.get(path.part) if isinstance(value, Mapping) else None
        return _plain(value, path.type)

    def _aggregate(self, node: Aggregate, row: Row | None, this: Row | None) -> Value:
        outer = self._base(node.base, row, this)
        if outer is None:
            rows: list[Row] = []
        elif not node.hops:
            raise EvaluationError("a measure is taken over a group, not over one record")
        else:
            rows = list({r.get("id"): r for r in outer.inner(node.hops)}.values())
        if node.condition is not None:
            condition = node.condition
            rows = [r for r in rows if self.value(condition, r, outer) is True]
        return self._figure(node, rows, outer)

    def _figure(self, node: Aggregate, rows: list[Row], outer: Row | None) -> Value:
        if node.value is None:
            return Decimal(len(rows))
        match node.function:
            case "first" | "last":
                return self._at_end(node, rows, outer)
            case "join" | "xirr":
                return self._ordered(node, rows, outer)
        tree = node.value
        values = [v for v in (self.value(tree, r, outer) for r in rows) if v is not None]
        match node.function:
            case "sum":
                return figures.total(values)
            case "count":
                return Decimal(len(values))
            case "avg":
                return divide(figures.total(values), Decimal(len(values)))
            case "min":
                return min(values, default=None)
            case "max":
                return max(values, default=None)
            case "count_distinct":
                return Decimal(len(set(values)))
            case "stdev":
                return figures.deviation(values)
            case "median":
                return figures.median(values)
            case _:
                assert_never(node.function)

    def _keyed(self, node: Aggregate, rows: list[Row], outer: Row | None) -> Iterable[tuple[Any, Row]]:
        for row in rows:
            yield (None if node.order is None else self.value(node.order, row, outer)), row

    def _at_end(self, node: Aggregate, rows: list[Row], outer: Row | None) -> Value:
        """The record at one end of the order; without order, the eldest or youngest; ties go by id."""
        keyed = list(self._keyed(node, rows, outer))
        if node.order is not None and any(k is not None for k, _ in keyed):
            keyed = [(k, r) for k, r in keyed if k is not None]
        if not keyed or node.value is None:
            return None
        pick = min if node.function == "first" else max
        if all(k is None for k, _ in keyed):
            chosen = pick(keyed, key=lambda pair: str(pair[1].get("id")))
        else:
            chosen = pick(keyed, key=lambda pair: (pair[0], str(pair[1].get("id"))))
        return self.value(node.value, chosen[1], outer)

    def _ordered(self, node: Aggregate, rows: list[Row], outer: Row | None) -> Value:
        if node.value is None:
            return None
        tree = node.value
        if node.function == "xirr":
            flows: list[tuple[Decimal, date]] = []
            for day, row in self._keyed(node, rows, outer):
                amount = self.value(tree, row, outer)
                if day is not None and amount is not None:
                    flows.append((amount, day))
            return figures.internal_rate(flows)
        keyed = sorted(
            self._keyed(node, rows, outer), key=lambda p: (p[0] is None, p[0] or "", str(p[1].get("id")))
        )
        texts = [t for t in (self.value(tree, r, outer) for _, r in keyed) if t is not None]
        return (node.separator or "").join(texts) or None


def _plain(value: Value, type_: ValueType) -> Value:
    """A record's value as formulas compute with it."""
    if value is None or value == "" or value == []:
        return None
    match type_.kind:
        case Kind.NUMBER:
            return value if isinstance(value, Decimal) else Decimal(value)
        case Kind.RECORD:
            return value.get("id") if isinstance(value, Mapping) else value
        case Kind.LIST:
            return list(value)
        case Kind.DATE:
            return value.date() if isinstance(value, datetime) else value
    return value


def _changed(row: Row | None, field: str) -> bool | None:
    """A new record changes every field that it fills."""
    if row is None:
        return None
    old = row.old()
    return not same(row.get(field), None if old is None else old.get(field))


# --- a row in memory ------------------------------------------------------------------------------------------------


class MemoryRow:
    """A record among others, all of them plain dicts: for forms, rehearsals and tests.

    `world`: entity name → its records, each with an `id`; a `references` field holds a list of ids. `formulas`:
    entity name → field → tree of what is computed when read.
    """

    def __init__(
        self,
        entity: str,
        values: Mapping[str, Value],
        world: Mapping[str, Iterable[Mapping[str, Value]]],
        *,
        before: Mapping[str, Value] | None = None,
        formulas: Mapping[str, Mapping[str, Node]] | None = None,
        context: Context | None = None,
    ) -> None:
        self.entity, self.values, self.world = entity, values, world
        self._before, self._formulas, self._context = before, formulas or {}, context

    def _other(self, entity: str, values: Mapping[str, Value]) -> MemoryRow:
        return MemoryRow(entity, values, self.world, formulas=self._formulas, context=self._context)

    def get(self, field: str) -> Value:
        """A field's value, computed where it has a formula."""
        tree = self._formulas.get(self.entity, {}).get(field)
        if tree is not None and self._context is not None:
            return evaluate(tree, self, self._context)
        return self.values.get(field)

    def follow(self, hop: Hop) -> MemoryRow | None:
        """The record that a reference names."""
        id_ = self.get(hop.field)
        found = next((r for r in self.world.get(hop.entity, ()) if r["id"] == id_), None) if id_ else None
        return None if found is None else self._other(hop.entity, found)

    def inner(self, hops: tuple[Hop, ...]) -> Iterable[MemoryRow]:
        """The living records that hops lead to, each once."""
        here: list[MemoryRow] = [self]
        for hop in hops:
            if hop.way == "forward":
                here = [r for row in here if (r := row.follow(hop)) is not None]
            else:
                here = [r for row in here for r in row._many(hop)]
        return list({r.values["id"]: r for r in here}.values())

    def _many(self, hop: Hop) -> list[MemoryRow]:
        mine = self.values.get("id")
        living = [r for r in self.world.get(hop.entity, ()) if r.get("deleted_at") is None]
        match hop.way:
            case "back":
                found = [r for r in living if r.get(hop.field) == mine and mine is not None]
            case "many":
                found = [r for r in living if r["id"] in (self.values.get(hop.field) or ())]
            case "many_back":
                found = [r for r in living if mine in (r.get(hop.field) or ())]
            case _:
                found = []
        return [self._other(hop.entity, r) for r in found]

    def old(self) -> MemoryRow | None:
        """The record before the write."""
        return None if self._before is None else self._other(self.entity, self._before)
