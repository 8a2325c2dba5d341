"""Conditions that an index can carry: comparisons of a record's own columns with constants."""

from __future__ import annotations

from decimal import Decimal

import sqlalchemy as sa

from dougong_runtime.exact import Exact
from dougong_runtime.formulas.tree import Call, Literal, Node, Path
from dougong_runtime.formulas.types import Kind

_COMPARED = {Kind.TEXT, Kind.NUMBER, Kind.BOOLEAN, Kind.CHOICE, Kind.RECORD, Kind.NULL}


def plain_condition(node: Node, table: sa.FromClause) -> sa.ColumnElement[bool] | None:
    """The formula as a condition over the table's own columns, with the formula's meaning of NULL.

    None where it needs more than that (other records, functions, the clock): then no index can hold it.
    """
    match node:
        case Path(base="row", hops=(), part=None) if node.type.kind is Kind.BOOLEAN and node.field in table.c:
            return table.c[node.field].is_(sa.true())
        case Call(function="_and" | "_or", arguments=arguments):
            parts = [plain_condition(a, table) for a in arguments]
            known = [p for p in parts if p is not None]
            if len(known) != len(parts):
                return None
            return sa.and_(*known) if node.function == "_and" else sa.or_(*known)
        case Call(function="_not", arguments=(argument,)):
            inner = plain_condition(argument, table)
            return None if inner is None else sa.not_(inner)
        case Call(function="_eq" | "_ne", arguments=(Path() as path, Literal() as literal)):
            return _equality(node.function, path, literal, table)
        case Call(function="_eq" | "_ne", arguments=(Literal() as literal, Path() as path)):
            return _equality(node.function, path, literal, table)
        case _:
            return None


def _equality(
    function: str, path: Path, literal: Literal, table: sa.FromClause
) -> sa.ColumnElement[bool] | None:
    if path.base != "row" or path.hops or path.part or path.field not in table.c:
        return None
    if path.type.kind not in _COMPARED or literal.type.kind not in _COMPARED:
        return None
    column = table.c[path.field]
    value = literal.value
    if value is None or value == "":
        return column.is_(None) if function == "_eq" else column.isnot(None)
    if isinstance(value, bool):
        same: sa.ColumnElement[bool] = column.is_(sa.true() if value else sa.false())
        return same if function == "_eq" else sa.not_(same)
    if isinstance(value, (int, Decimal)):
        exact = Decimal(value)
        if isinstance(column.type, Exact):
            try:
                column.type.units(exact)
            except ValueError:
                return None
            value = exact
        elif isinstance(column.type, sa.BigInteger) and exact == exact.to_integral_value():
            value = int(exact)
        else:
            return None
    elif not isinstance(value, str):
        return None
    if function == "_eq":
        return sa.and_(column.isnot(None), column == value)
    return sa.or_(column.is_(None), column != value)
