"""Aggregates as SQL: correlated sub-selects over living records, or aggregates of the statement's own groups."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, assert_never

import sqlalchemy as sa

from dougong_runtime.formulas.scope import Ground, Scope
from dougong_runtime.formulas.sql import Element, Sql, coerced, plain_type
from dougong_runtime.formulas.tree import Aggregate, Call, Hop, Literal
from dougong_runtime.formulas.types import TEXT, Kind

if TYPE_CHECKING:
    from dougong_runtime.formulas.compile import _Compiler

_COUNT_MAX = 10**15
_COUNTED_MOST = 1_000
"""A number up to which related records are counted no further than it takes to compare with it."""


def aggregate(compiler: _Compiler, node: Aggregate, ground: Ground) -> Sql:
    """The figure, for the record stood on or (without hops) for a group of rows."""
    if not node.hops:
        only = None if node.condition is None else compiler.truth(node.condition, ground)
        return _figure(compiler, node, ground, only)
    inner = _Inner.of(node, _start(compiler, node, ground))
    if node.condition is not None:
        inner.where(compiler.truth(node.condition, inner.ground))
    if node.function in ("first", "last"):
        return _at_end(compiler, node, inner)
    figure = _figure(compiler, node, inner.ground, None)
    select = inner.select(figure.expr)
    found = coerced(select.scalar_subquery(), figure.expr.type)
    return replace(figure, expr=found, constant=False, literal=None)


def existence(compiler: _Compiler, node: Call, ground: Ground) -> Element | None:
    """`COUNT(…) > 0` and `COUNT(…) = 0` as EXISTS; None for anything else."""
    counted, zero = node.arguments
    if not (
        node.function in ("_gt", "_eq")
        and isinstance(counted, Aggregate)
        and counted.function == "count"
        and counted.hops
        and counted.value is None
        and isinstance(zero, Literal)
        and zero.value == Decimal(0)
    ):
        return None
    inner = _Inner.of(counted, _start(compiler, counted, ground))
    if counted.condition is not None:
        inner.where(compiler.truth(counted.condition, inner.ground))
    found = inner.select(sa.literal_column("1")).exists()
    return found if node.function == "_gt" else sa.not_(found)


def bounded(compiler: _Compiler, node: Call, ground: Ground) -> Sql | None:
    """The left side of `COUNT(…) >= 3` and the like, counted to one more than the number: of a record with thousands of
    related ones a few are looked at. None for anything else."""
    counted, number = node.arguments
    if not (
        isinstance(counted, Aggregate)
        and counted.function == "count"
        and counted.hops
        and counted.value is None
        and isinstance(number, Literal)
        and isinstance(number.value, Decimal)
        and 0 <= number.value <= _COUNTED_MOST
    ):
        return None
    inner = _Inner.of(counted, _start(compiler, counted, ground))
    if counted.condition is not None:
        inner.where(compiler.truth(counted.condition, inner.ground))
    one = sa.literal_column("1", sa.Integer()).label("one")
    enough = inner.select(one).limit(sa.literal_column(str(int(number.value) + 1)))
    figure = compiler.writer.whole(sa.func.count(), counted.type, _COUNT_MAX)
    found = sa.select(figure.expr).select_from(enough.subquery()).scalar_subquery()
    return replace(figure, expr=coerced(found, figure.expr.type), constant=False, literal=None)


def _start(compiler: _Compiler, node: Aggregate, ground: Ground) -> Ground:
    match node.base:
        case "row":
            return ground
        case "this":
            if ground.outer is None:
                raise AssertionError("THIS stands inside an aggregate only")
            return ground.outer
        case "user":
            raise AssertionError("no path after USER() leads to many records")
        case _:
            assert_never(node.base)


@dataclass
class _Inner:
    """A sub-select over the inner records: its tables, and what binds them to the outer record."""

    ground: Ground
    source: sa.FromClause
    own: list[sa.FromClause]
    wheres: list[Element]

    @classmethod
    def of(cls, node: Aggregate, start: Ground) -> _Inner:
        """From the record that `start` is, along the aggregate's hops."""
        split = next(i for i, hop in enumerate(node.hops) if hop.way != "forward")
        leading, hops = node.hops[:split], node.hops[split:]
        key = _key(start, leading)
        chain = _Chain(
            start.at(leading) if start.scope.guard is not None else start,
            key,
            leading[-1].entity if leading else start.entity,
        )
        for hop in hops:
            chain.follow(hop)
        if chain.may_repeat:
            return cls._each_once(start, chain, hops[-1].entity)
        return cls._over(start, hops[-1].entity, chain.last, chain.source, chain.own, chain.wheres)

    @classmethod
    def _each_once(cls, start: Ground, chain: _Chain, entity: str) -> _Inner:
        """Where hops may lead to a record twice: the records whose id is among those that they lead to."""
        scope = start.scope
        record = scope.tables.of(entity).alias()
        ids = sa.select(chain.last.c.id).select_from(chain.source).where(*chain.wheres)
        among = record.c.id.in_(ids.correlate_except(*chain.own))
        return cls._over(start, entity, record, record, [record], [among])

    @classmethod
    def _over(
        cls,
        start: Ground,
        entity: str,
        record: sa.FromClause,
        source: sa.FromClause,
        own: list[sa.FromClause],
        wheres: list[Element],
    ) -> _Inner:
        scope = start.scope
        inside = Scope(scope.app, scope.tables, entity, record, scope.dialect, scope.guard)
        return cls(Ground(inside, (), start), source, own, list(wheres))

    def where(self, test: Element) -> None:
        """Only records of a condition."""
        self.wheres.append(test)

    def select(self, *columns: Element) -> sa.Select[tuple[object]]:
        """The sub-select; everything but its own tables belongs to the statement around it."""
        scope = self.ground.scope
        joined = scope.joined(self.source)
        own = [*self.own, *(alias for alias, _ in scope._joins)]
        return sa.select(*columns).select_from(joined).where(*self.wheres).correlate_except(*own)


def _key(start: Ground, leading: tuple[Hop, ...]) -> Element:
    """The id of the record that forward hops lead to; for the system the reference itself says it, without a join."""
    scope = start.scope
    if leading and scope.guard is None:
        before = start.at(leading[:-1])
        return scope.guarded(before.entity, leading[-1].field, before.row)
    return start.at(leading).row.c.id


class _Chain:
    """Tables joined hop by hop, from the first inner ones on."""

    def __init__(self, start: Ground, key: Element, entity: str) -> None:
        self.start, self.scope, self.key = start, start.scope, key
        self.own: list[sa.FromClause] = []
        self.wheres: list[Element] = []
        self.may_repeat = False
        self.source: sa.FromClause = sa.table("nothing")
        self.last: sa.FromClause = self.source
        self._entity = entity

    def follow(self, hop: Hop) -> None:
        """One hop further."""
        record = self.scope.tables.of(hop.entity).alias()
        first = not self.own
        match hop.way:
            case "forward":
                mine = self.scope.guarded(self._entity, hop.field, self.last)
                self._join(record, record.c.id == mine)
                self.may_repeat = True
            case "back":
                theirs = self.scope.guarded(hop.entity, hop.field, record)
                self._join(record, theirs == (self.key if first else self.last.c.id))
            case "many" | "many_back":
                self._link(hop, record, first)
                self.may_repeat = self.may_repeat or not first
            case _:
                assert_never(hop.way)
        if hop.way != "forward":
            self.wheres.append(record.c.deleted_at.is_(None))
        allowed = None if self.scope.guard is None else self.scope.guard.rows(hop.entity, record)
        if allowed is not None:
            self.wheres.append(allowed)
        self.last, self._entity = record, hop.entity

    def _link(self, hop: Hop, record: sa.FromClause, first: bool) -> None:
        """Across a link table."""
        owner = self._entity if hop.way == "many" else hop.entity
        link = self.scope.tables.link(owner, hop.field).alias()
        mine, theirs = (link.c.record, link.c.target) if hop.way == "many" else (link.c.target, link.c.record)
        self._join(link, mine == (self.key if first else self.last.c.id))
        holder = record if hop.way == "many_back" else (self.start.row if first else self.last)
        seen = True if self.scope.guard is None else self.scope.guard.cell(owner, hop.field, holder)
        if seen is not True:
            self.wheres.append(sa.false() if seen is False else seen)
        self._join(record, record.c.id == theirs)

    def _join(self, table: sa.FromClause, on: Element) -> None:
        if not self.own:
            self.source = table
            self.wheres.append(on)
        else:
            self.source = self.source.join(table, on)
        self.own.append(table)


# --- figures ----------------------------------------------------------------------------------------------------------


def _figure(compiler: _Compiler, node: Aggregate, ground: Ground, only: Element | None) -> Sql:
    """An aggregate of SQL over the rows that `ground` is one of."""
    writer = compiler.writer
    if node.value is None:
        counted = sa.func.count() if only is None else sa.func.count().filter(only)
        return writer.whole(counted, node.type, _COUNT_MAX)
    value = compiler.value(node.value, ground)
    match node.function:
        case "sum":
            return writer.sum(value, node.type, only)
        case "count":
            return writer.whole(_filtered(sa.func.count(value.expr), only), node.type, _COUNT_MAX)
        case "count_distinct":
            different = sa.func.count(sa.distinct(writer.distinct(value)))
            return writer.whole(_filtered(different, only), node.type, _COUNT_MAX)
        case "avg":
            return writer.average(value, node.type, only)
        case "min" | "max":
            return writer.end(node.function == "min", value, node.type, only)
        case "stdev":
            return writer.deviation(value, node.type, only)
        case "median":
            return writer.median(value, node.type, only)
        case "join":
            return _join(compiler, node, value, ground, only)
        case "xirr":
            if node.order is None:
                raise AssertionError("XIRR has its dates")
            day = compiler.value(node.order, ground).expr
            return writer.internal_rate(value, day, node.type, only)
        case "first" | "last":
            raise AssertionError("FIRST and LAST are no figures of a group")
        case _:
            assert_never(node.function)


def _filtered(counted: sa.FunctionElement[int], only: Element | None) -> Element:
    return counted if only is None else counted.filter(only)


def _join(compiler: _Compiler, node: Aggregate, value: Sql, ground: Ground, only: Element | None) -> Sql:
    second = ground.row.c.id
    order = second if node.order is None else compiler.value(node.order, ground).expr
    if node.order is None or node.order.type.kind not in (Kind.TEXT, Kind.CHOICE):
        order = sa.cast(order, sa.Text())  # ids have no collation to order by
    joined = compiler.writer.joined(value.expr, node.separator or "", order, second, only)
    nothing = sa.literal_column("''", sa.Text())
    return Sql(sa.func.nullif(joined, nothing, type_=sa.Text()), TEXT)


def _at_end(compiler: _Compiler, node: Aggregate, inner: _Inner) -> Sql:
    """The value of the record that stands first or last; ties go by id, and without order so does everything."""
    if node.value is None:
        raise AssertionError("FIRST and LAST have a value")
    value = compiler.value(node.value, inner.ground)
    record = inner.ground.row.c.id
    first = node.function == "first"
    ordering: list[Element] = []
    if node.order is not None:
        order = compiler.value(node.order, inner.ground)
        key = compiler.writer.leaving(order)
        if order.type.kind in (Kind.TEXT, Kind.CHOICE):
            key = compiler.writer.ordered_text(key)
        ordering.append((key.asc() if first else key.desc()).nulls_last())
    ordering.append(record.asc() if first else record.desc())
    select = inner.select(value.expr).order_by(*ordering).limit(sa.literal_column("1"))
    type_ = value.expr.type if value.type.kind is Kind.NUMBER else plain_type(value.type)
    found = coerced(select.scalar_subquery(), type_)
    return replace(value, expr=found, constant=False, literal=None, present=False)
