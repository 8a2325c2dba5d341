"""The reading of many records: a typed tree becomes a SQLAlchemy expression with bound values.

    compile_formula   a value to select, group or sort by
    condition         true only where the formula is true
    compile_measure   a figure over a group of rows
    stored            a value as a field's column keeps it

Paths become LEFT JOINs that the scope collects; aggregates become correlated sub-selects. Computed fields that are
not stored are compiled in place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, assert_never

import sqlalchemy as sa
from sqlalchemy.sql.elements import Grouping

from dougong_runtime.errors import BAD_QUERY, Refused, refuse
from dougong_runtime.exact import JsonValue
from dougong_runtime.formulas import compile_aggregates
from dougong_runtime.formulas.context import setting_parameter, variable_parameter
from dougong_runtime.formulas.functions import FUNCTIONS
from dougong_runtime.formulas.parse import TOO_COMPLEX
from dougong_runtime.formulas.scope import Ground, Guard, Scope
from dougong_runtime.formulas.sql import Element, Sql, plain_type
from dougong_runtime.formulas.tree import Aggregate, Call, Changed, Context, Literal, Node, Path, Setting
from dougong_runtime.formulas.types import BOOLEAN, DATE, DATETIME, TEXT, ValueType
from dougong_runtime.formulas.writer import Writer, made
from dougong_runtime.formulas.writer_postgresql import PostgreSQLWriter
from dougong_runtime.formulas.writer_sqlite import SQLiteWriter

__all__ = ["Guard", "Scope", "compile_formula", "compile_measure", "condition", "stored"]

_WRITERS: dict[str, Writer] = {"sqlite": SQLiteWriter(), "postgresql": PostgreSQLWriter()}
_COMPARISONS = ("_eq", "_ne", "_lt", "_le", "_gt", "_ge")
_NEAR_DAYS = 100_000
LEVELS_MAX = 200
"""Parts of a statement within each other."""
ELEMENTS_MAX = 20_000
"""Parts of a statement that one formula may become, the computed fields that it reads included."""


def compile_formula(tree: Node, scope: Scope) -> Element:
    """The value of a formula for the scope's row. A plain field is its bare column; computed numbers are `Exact`."""
    compiler = _Compiler(_WRITERS[scope.dialect])
    if isinstance(tree, Path) and tree.base == "row" and tree.part is None:
        bare = compiler.bare_column(tree, Ground(scope))
        if bare is not None:
            return bare
    return _bounded(compiler.writer.leaving(compiler.value(tree, Ground(scope))))


def condition(tree: Node, scope: Scope) -> sa.ColumnElement[bool]:
    """A condition that is true only where the formula is true; elsewhere false or NULL."""
    return _bounded(_Compiler(_WRITERS[scope.dialect]).truth(tree, Ground(scope)))


def compile_measure(tree: Node, scope: Scope) -> Element:
    """A report's measure over the rows of a group: aggregates of SQL, in a statement grouped or not."""
    return compile_formula(tree, scope)


def stored(tree: Node, value_type: ValueType, scope: Scope) -> Element:
    """The value as a field of that type keeps it: a number rounded once, half away from zero."""
    compiler = _Compiler(_WRITERS[scope.dialect])
    kept = compiler.writer.kept(compiler.value(tree, Ground(scope)), value_type)
    return _bounded(compiler.writer.leaving(kept))


def _bounded(expression: Element) -> Element:
    """The expression, if writing it out ends: some functions write an argument twice (XOR), and so do those within.

    Nor may it be deeper than SQLAlchemy can follow, which calls itself several times a level.
    """
    level: list[Any] = [expression]
    depth = total = 0
    while level:
        depth, total = depth + 1, total + len(level)
        if depth > LEVELS_MAX or total > ELEMENTS_MAX:
            raise _too_complex()
        level = [part for element in level for part in element.get_children()]
    return expression


def _too_complex() -> Refused:
    return refuse(BAD_QUERY, zh=f"{TOO_COMPLEX.zh}。", en=f"{TOO_COMPLEX.en}.")


class _Compiler:
    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self._nodes = 0

    # --- the nodes --------------------------------------------------------------------------------------------

    def value(self, node: Node, ground: Ground) -> Sql:
        """Any node's value; of a condition, true, false or NULL exactly."""
        self._nodes += 1
        if self._nodes > ELEMENTS_MAX:  # computed fields that read computed fields, twice each
            raise _too_complex()
        match node:
            case Literal():
                return self.writer.literal(node)
            case Path():
                return self._path(node, ground)
            case Context():
                return self._context(node)
            case Setting():
                return self.writer.parameter(setting_parameter(node.code), node.type)
            case Changed():
                return self.writer.parameter(f"dg_changed_{node.field}", BOOLEAN)
            case Aggregate():
                return compile_aggregates.aggregate(self, node, ground)
            case Call():
                return self._call(node, ground)
            case _:
                assert_never(node)

    def truth(self, node: Node, ground: Ground) -> Element:
        """A condition of which only truth matters: NULL may stand for false, so that indexes serve."""
        match node:
            case Call(function="_and"):
                return sa.and_(*(self.truth(a, ground) for a in node.arguments))
            case Call(function="_or"):
                return sa.or_(*(self.truth(a, ground) for a in node.arguments))
            case Call(function="_eq"):
                return self._equal(node, ground, exactly=False)
            case Call(function="in"):
                return self._in(node, ground, exactly=False)
            case Call(function="_on_day"):
                return self._on_day(node, ground, exactly=False)
            case Literal(value=bool()):
                return sa.true() if node.value else sa.false()
            case Literal(value=None):
                return sa.false()
        return self.value(node, ground).expr

    # --- leaves -----------------------------------------------------------------------------------------------

    def _context(self, node: Context) -> Sql:
        match node.what:
            case "today" | "now":
                return replace(self.writer.parameter(f"dg_{node.what}", node.type), present=True)
            case "roles" | "channel":
                return self.writer.parameter(f"dg_{node.what}", node.type)
            case _:
                assert_never(node.what)

    def _path(self, path: Path, ground: Ground) -> Sql:
        match path.base:
            case "row":
                return self._field(path, ground.at(path.hops))
            case "this":
                return self._field(path, _outer(ground).at(path.hops))
            case "old":
                return self.writer.parameter(f"dg_old_{path.field}", path.type)
            case "variable":
                name = variable_parameter(path.variable, path.hops, path.field)
                return self.writer.parameter(name, path.type)
            case "user":
                return self._user(path, ground)
            case _:
                assert_never(path.base)

    def _field(self, path: Path, at: Ground) -> Sql:
        """A field of the record that `at` is."""
        scope, row = at.scope, at.row
        model = scope.app.entities[at.entity].fields.get(path.field)
        if path.field != "id" and model is not None and model.formula is not None and not model.has_column:
            return self._computed(path, model, at)
        column = scope.guarded(at.entity, path.field, row)
        if path.part is not None:
            return self.writer.fact(column, path.part, path.type)
        found = self.writer.column(column, path.type)
        return replace(found, present=path.field == "id" and not at.hops and scope.row is row)

    def _computed(self, path: Path, model: Any, at: Ground) -> Sql:
        """A field that is not stored: the system's own reading of its formula, unless it is computed per reader."""
        inside = (
            Ground(at.scope, at.hops) if model.visible == "rows" else Ground(at.scope, at.hops).as_system()
        )
        kept = self.writer.kept(self.value(model.formula.tree, inside), model.value_type)
        found = kept.expr
        if at.hops:  # of no record there is no value, not that of a record without values
            found = sa.type_coerce(sa.case((at.row.c.id.is_not(None), found)), found.type)
        shown = at.scope.shown(at.entity, path.field, at.row, found)
        return replace(kept, expr=shown, literal=None, constant=False, present=False)

    def bare_column(self, path: Path, ground: Ground) -> Element | None:
        """A stored column as it is; None for what is computed."""
        at = ground.at(path.hops)
        model = at.scope.app.entities[at.entity].fields.get(path.field)
        if path.field != "id" and model is not None and not model.has_column:
            return None
        return at.scope.guarded(at.entity, path.field, at.row)

    def _user(self, path: Path, ground: Ground) -> Sql:
        """`USER()` is bound; its fields are read by an uncorrelated sub-select."""
        me = self.writer.parameter("dg_user", path.type)
        if not path.hops and path.field == "id":
            return me
        scope = ground.scope
        user = scope.tables.of("user").alias()
        own = Scope(scope.app, scope.tables, "user", user, scope.dialect, scope.guard)
        found = self._field(replace(path, base="row"), Ground(own).at(path.hops))
        me_id = sa.bindparam("dg_user", type_=user.c.id.type, required=False, value=None)
        select = sa.select(found.expr).select_from(own.joined(user)).where(user.c.id == me_id)
        return replace(found, expr=select.correlate(None).scalar_subquery(), constant=True, present=False)

    # --- calls ------------------------------------------------------------------------------------------------

    def _call(self, node: Call, ground: Ground) -> Sql:
        name = node.function
        if name in _COMPARISONS:
            return self._boolean(self._comparison(node, ground))
        if name in _SPECIAL:
            return _SPECIAL[name](self, node, ground)
        function = FUNCTIONS.get(name)
        arguments = [self.writer.argument(self.value(a, ground)) for a in node.arguments]
        if function.zone:
            arguments.append(self.zone)
        if function.calendar:
            arguments.append(sa.bindparam("dg_calendar", type_=JsonValue()))
        return self.writer.call(function.sql or name.lstrip("_"), arguments, node.type)

    @property
    def zone(self) -> Element:
        """The time zone in force, bound."""
        return sa.bindparam("dg_zone", type_=sa.Text())

    def _boolean(self, expr: Element) -> Sql:
        return Sql(expr, BOOLEAN)

    def _values(self, nodes: Sequence[Node], ground: Ground) -> list[Sql]:
        return [self.value(n, ground) for n in nodes]

    def _comparison(self, node: Call, ground: Ground) -> Element:
        match node.function:
            case "_eq":
                return self._equal(node, ground, exactly=True)
            case "_ne":
                return self._unequal(node, ground)
        counted = compile_aggregates.existence(self, node, ground)
        if counted is not None:
            return counted
        few = compile_aggregates.bounded(self, node, ground)
        left = few if few is not None else self.value(node.arguments[0], ground)
        return self.writer.compare(node.function, left, self.value(node.arguments[1], ground))

    def _equal(self, node: Call, ground: Ground, *, exactly: bool) -> Element:
        """Never NULL where `exactly`; both sides absent are equal, unless one is who asks."""
        absent = self._absence(node, ground)
        if absent is not None:
            return absent
        counted = compile_aggregates.existence(self, node, ground)
        if counted is not None:
            return counted
        left, right = self._values(node.arguments, ground)
        equal = self.writer.compare("_eq", left, right)
        if left.present and right.present:
            return equal
        if left.present or right.present or any(_is_user(a) for a in node.arguments):
            return sa.func.coalesce(equal, sa.false(), type_=sa.Boolean()) if exactly else equal
        sides = self.writer.comparable(left, right)
        if sides is not None:
            return sides[0].is_not_distinct_from(sides[1])
        return _same(left.expr, right.expr, equal)

    def _unequal(self, node: Call, ground: Ground) -> Element:
        """Never NULL: true where exactly one side is absent."""
        absent = self._absence(node, ground)
        if absent is not None:
            return sa.not_(absent)
        left, right = self._values(node.arguments, ground)
        sides = self.writer.comparable(left, right)
        if sides is not None:
            return sides[0].is_distinct_from(sides[1])
        return sa.not_(_same(left.expr, right.expr, self.writer.compare("_eq", left, right)))

    def _absence(self, node: Call, ground: Ground) -> Element | None:
        """`x = NULL` asks whether x is there."""
        left, right = node.arguments
        for side, other in ((left, right), (right, left)):
            if isinstance(side, Literal) and side.value is None:
                return self.value(other, ground).expr.is_(None)
        return None

    def _in(self, node: Call, ground: Ground, *, exactly: bool) -> Element:
        """Whether one of these; absent among absent ones only."""
        first, *rest = node.arguments
        literals = [r for r in rest if isinstance(r, Literal)]
        given = [r for r in literals if r.value is not None]
        value = self.value(first, ground)
        if len(literals) < len(rest):
            tests = [self._equal(Call("_eq", (first, r), BOOLEAN), ground, exactly=exactly) for r in rest]
            return sa.or_(*tests)
        found = self._among(value, given)
        if exactly and given:
            found = sa.func.coalesce(found, sa.false(), type_=sa.Boolean())
        return found if len(given) == len(literals) else sa.or_(found, value.expr.is_(None))

    def _among(self, value: Sql, given: Sequence[Literal]) -> Element:
        if not given:
            return sa.false()
        sides = [self.writer.comparable(value, self.writer.literal(g)) for g in given]
        whole = [s for s in sides if s is not None]
        if len(whole) == len(sides) and all(s[0] is whole[0][0] or s[0].compare(whole[0][0]) for s in whole):
            return whole[0][0].in_([s[1] for s in whole])
        return sa.or_(*(self.writer.compare("_eq", value, self.writer.literal(g)) for g in given))

    def _on_day(self, node: Call, ground: Ground, *, exactly: bool) -> Element:
        """Whether an instant lies in a day. Beside a constant day it is a range, which an index serves."""
        when, day = node.arguments
        at, that = self.value(when, ground), self.value(day, ground)
        if not exactly and _is_near_constant(day):
            start = self.writer.call("day_start", [that.expr, self.zone], DATETIME).expr
            end = self.writer.call("day_end", [that.expr, self.zone], DATETIME).expr
            return sa.and_(at.expr >= start, at.expr < end)
        own = self.writer.call("local_day", [at.expr, self.zone], DATE).expr
        return own.is_not_distinct_from(that.expr)


def _outer(ground: Ground) -> Ground:
    if ground.outer is None:
        raise AssertionError("THIS stands inside an aggregate only")
    return ground.outer


def _is_user(node: Node) -> bool:
    return isinstance(node, Path) and node.base == "user"


def _is_near_constant(node: Node) -> bool:
    """A day that is there for sure and the same for every row: a literal, today, some days from either."""
    match node:
        case Literal():
            return node.value is not None
        case Context():
            return node.what == "today"
        case Call(function="_date_add", arguments=(day, Literal(value=Decimal() as count))):
            return abs(count) <= _NEAR_DAYS and _is_near_constant(day)
    return False


def _same(left: Element, right: Element, equal: Element) -> Element:
    """Equal or both absent, never NULL."""
    return sa.case((left.is_(None), right.is_(None)), (right.is_(None), sa.false()), else_=equal)


# --- calls that are no plain functions --------------------------------------------------------------------------------


def _arithmetic(name: str) -> Any:
    def compiled(compiler: _Compiler, node: Call, ground: Ground) -> Sql:
        left, right = (compiler.value(a, ground) for a in node.arguments)
        found: Sql = getattr(compiler.writer, name)(left, right, node.type)
        return replace(found, constant=left.constant and right.constant)

    return compiled


def _negated(compiler: _Compiler, node: Call, ground: Ground) -> Sql:
    return replace(compiler.writer.negate(compiler.value(node.arguments[0], ground)), literal=None)


def _if(compiler: _Compiler, node: Call, ground: Ground) -> Sql:
    tests = [compiler.truth(t, ground) for t in node.arguments[:-1:2]]
    ways = [compiler.value(w, ground) for w in (*node.arguments[1:-1:2], node.arguments[-1])]
    expressions, whole = compiler.writer.united(ways, node.type)
    cases = list(zip(tests, expressions, strict=False))
    case: Element = sa.case(*cases, else_=expressions[-1])
    return made(whole, sa.type_coerce(case, _expression_type(whole, node.type)))


def _coalesce(compiler: _Compiler, node: Call, ground: Ground) -> Sql:
    values = [compiler.value(a, ground) for a in node.arguments]
    if len(values) == 1:
        return values[0]
    expressions, whole = compiler.writer.united(values, node.type)
    found = sa.func.coalesce(*expressions, type_=_expression_type(whole, node.type))
    return replace(made(whole, found), present=any(v.present for v in values))


def _expression_type(whole: Sql, type_: ValueType) -> Any:
    return sa.BigInteger() if whole.form == "units" else plain_type(type_)


def _extreme(smallest: bool) -> Any:
    def compiled(compiler: _Compiler, node: Call, ground: Ground) -> Sql:
        values = [compiler.value(a, ground) for a in node.arguments]
        if len(values) == 1:
            return values[0]
        found = compiler.writer.extreme(smallest, values, node.type)
        return replace(found, constant=all(v.constant for v in values), literal=None)

    return compiled


def _logic(join: Any) -> Any:
    def compiled(compiler: _Compiler, node: Call, ground: Ground) -> Sql:
        return Sql(join(*(compiler.value(a, ground).expr for a in node.arguments)), BOOLEAN)

    return compiled


def _not(compiler: _Compiler, node: Call, ground: Ground) -> Sql:
    # In brackets: `NOT a IS NULL` and `b = NOT a` are read otherwise than they are meant.
    return Sql(_bracketed(sa.not_(compiler.value(node.arguments[0], ground).expr)), BOOLEAN)


def _xor(compiler: _Compiler, node: Call, ground: Ground) -> Sql:
    left, right = (compiler.value(a, ground).expr for a in node.arguments)
    both = sa.and_(left.is_not(None), right.is_not(None))
    return Sql(sa.case((both, left.is_distinct_from(right))), BOOLEAN)


def _concat(compiler: _Compiler, node: Call, ground: Ground) -> Sql:
    nothing = sa.literal_column("''", sa.Text())
    whole: Element | None = None
    for argument in node.arguments:
        text = compiler.value(argument, ground)
        part = text.expr if text.present else sa.func.coalesce(text.expr, nothing, type_=sa.Text())
        part = sa.type_coerce(part, sa.Text())
        whole = part if whole is None else whole.concat(part)
    return Sql(sa.func.nullif(whole, nothing, type_=sa.Text()), TEXT)


def _list(compiler: _Compiler, node: Call, ground: Ground) -> Sql:
    texts = [compiler.value(a, ground).expr for a in node.arguments]
    nothing = sa.literal_column("''", sa.Text())
    return Sql(sa.func.nullif(compiler.writer.listed(texts), nothing, type_=sa.Text()), TEXT)


def _text(compiler: _Compiler, node: Call, ground: Ground) -> Sql:
    value = compiler.value(node.arguments[0], ground)
    return Sql(sa.type_coerce(compiler.writer.text_of(value, compiler.zone), sa.Text()), TEXT)


def _choice_number(compiler: _Compiler, node: Call, ground: Ground) -> Sql:
    value = compiler.value(node.arguments[0], ground)
    options = [o for o in value.type.options if isinstance(o, int)]
    return compiler.writer.whole(value.expr, node.type, max((abs(o) for o in options), default=0))


def _ord(compiler: _Compiler, node: Call, ground: Ground) -> Sql:
    value = compiler.value(node.arguments[0], ground)
    options = node.arguments[0].type.options
    places: dict[Any, Any] = {
        option: sa.literal_column(str(place)) for place, option in enumerate(options, 1)
    }
    case = sa.case(places, value=value.expr)
    return compiler.writer.whole(sa.type_coerce(case, sa.Integer()), node.type, len(options))


def _option(compiler: _Compiler, node: Call, ground: Ground) -> Sql:
    place = compiler.value(node.arguments[0], ground)
    type_ = plain_type(node.type)
    options: dict[Any, Any] = {place_: sa.literal(o, type_) for place_, o in enumerate(node.type.options, 1)}
    return Sql(sa.type_coerce(sa.case(options, value=place.expr), type_), node.type)


def _bracketed(expr: Element) -> Element:
    return sa.type_coerce(Grouping(expr), sa.Boolean())


def _in_list(compiler: _Compiler, node: Call, ground: Ground) -> Sql:
    return Sql(compiler._in(node, ground, exactly=True), BOOLEAN)


def _has(compiler: _Compiler, node: Call, ground: Ground) -> Sql:
    items, wanted = node.arguments
    value = compiler.value(wanted, ground)
    constant: Any = wanted.value if isinstance(wanted, Literal) else None
    if isinstance(constant, Decimal):
        constant = int(constant)
    return Sql(compiler.writer.has(compiler.value(items, ground).expr, value, constant), BOOLEAN)


def _on_day(compiler: _Compiler, node: Call, ground: Ground) -> Sql:
    return Sql(compiler._on_day(node, ground, exactly=True), BOOLEAN)


def _array(compiler: _Compiler, node: Call, ground: Ground) -> Sql:
    value = compiler.value(node.arguments[0], ground)
    return Sql(sa.type_coerce(compiler.writer.array_of(value.expr), JsonValue()), node.type)


_SPECIAL: dict[str, Callable[[_Compiler, Call, Ground], Sql]] = {
    "_add": _arithmetic("add"),
    "_sub": _arithmetic("subtract"),
    "_mul": _arithmetic("multiply"),
    "_div": _arithmetic("divide"),
    "_neg": _negated,
    "_and": _logic(sa.and_),
    "_or": _logic(sa.or_),
    "_not": _not,
    "_concat": _concat,
    "_text": _text,
    "_choice_number": _choice_number,
    "_option": _option,
    "_on_day": _on_day,
    "_list": _array,
    "if": _if,
    "in": _in_list,
    "coalesce": _coalesce,
    "least": _extreme(True),
    "greatest": _extreme(False),
    "xor": _xor,
    "list": _list,
    "ord": _ord,
    "has": _has,
}
"""How calls are written that are no `dg_` function."""
