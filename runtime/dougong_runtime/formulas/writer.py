"""What the compiler asks of a database: how numbers are kept, compared and computed, and what the rest is called."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, ClassVar

import sqlalchemy as sa

from dougong_runtime.formulas.sql import Element, Sql, function, plain_type
from dougong_runtime.formulas.tree import Literal
from dougong_runtime.formulas.types import Kind, ValueType

OPERATORS = {
    "_eq": "__eq__",
    "_ne": "__ne__",
    "_lt": "__lt__",
    "_le": "__le__",
    "_gt": "__gt__",
    "_ge": "__ge__",
}


class Writer(ABC):
    """One database's way of saying things. Stateless."""

    dialect: ClassVar[str]

    # --- values -----------------------------------------------------------------------------------------------

    def literal(self, node: Literal) -> Sql:
        """A constant, bound."""
        if node.value is None:
            return self.null(node.type)
        if isinstance(node.value, Decimal) and node.type.kind is Kind.NUMBER:
            return self.number_literal(node.value, node.type)
        return Sql(sa.literal(node.value, plain_type(node.type)), node.type, present=True)

    def null(self, type_: ValueType) -> Sql:
        """NULL of a type."""
        return Sql(sa.cast(sa.null(), plain_type(type_)), type_, self.computed_form(type_))

    def parameter(self, name: str, type_: ValueType) -> Sql:
        """A value bound when the statement runs."""
        required = name != "dg_user"
        bound: Element = (
            sa.bindparam(name, type_=plain_type(type_))
            if required
            else sa.bindparam(name, type_=plain_type(type_), required=False, value=None)
        )
        return Sql(bound, type_, self.computed_form(type_), constant=True)

    @abstractmethod
    def computed_form(self, type_: ValueType) -> Any:
        """The form of what is computed."""

    @abstractmethod
    def number_literal(self, value: Decimal, type_: ValueType) -> Sql:
        """A number, bound."""

    @abstractmethod
    def column(self, column: Element, type_: ValueType) -> Sql:
        """A column of a table, by its SQLAlchemy type."""

    @abstractmethod
    def argument(self, value: Sql) -> Element:
        """What a `dg_` function takes for it."""

    def call(self, name: str, arguments: Sequence[Element], type_: ValueType) -> Sql:
        """What a `dg_` function gives."""
        return Sql(function(name, *arguments, type_=plain_type(type_)), type_, self.computed_form(type_))

    @abstractmethod
    def leaving(self, value: Sql) -> Element:
        """A value as it leaves the database or is sorted by: numbers typed `Exact`."""

    @abstractmethod
    def kept(self, value: Sql, type_: ValueType) -> Sql:
        """A value as a field of that type keeps it: a number rounded once, half away from zero."""

    @abstractmethod
    def united(self, values: Sequence[Sql], type_: ValueType) -> tuple[list[Element], Sql]:
        """Values in one form, as the branches of a CASE need it; and what the whole will be, its `expr` to replace."""

    # --- numbers ----------------------------------------------------------------------------------------------

    @abstractmethod
    def add(self, a: Sql, b: Sql, type_: ValueType) -> Sql:
        """a + b."""

    @abstractmethod
    def subtract(self, a: Sql, b: Sql, type_: ValueType) -> Sql:
        """a - b."""

    @abstractmethod
    def multiply(self, a: Sql, b: Sql, type_: ValueType) -> Sql:
        """a × b."""

    @abstractmethod
    def divide(self, a: Sql, b: Sql, type_: ValueType) -> Sql:
        """a ÷ b, NULL where b is zero."""

    @abstractmethod
    def negate(self, a: Sql) -> Sql:
        """-a."""

    @abstractmethod
    def whole(self, expr: Element, type_: ValueType, bound: int) -> Sql:
        """A small whole number that SQL gives as an integer."""

    # --- comparisons ------------------------------------------------------------------------------------------

    @abstractmethod
    def comparable(self, a: Sql, b: Sql) -> tuple[Element, Element] | None:
        """Two sides that SQL compares rightly as they are; None where only `compare` can."""

    @abstractmethod
    def compare(self, function_: str, a: Sql, b: Sql) -> Element:
        """`_eq` … `_ge`; NULL where a side is absent."""

    # --- the rest ---------------------------------------------------------------------------------------------

    @abstractmethod
    def text_of(self, value: Sql, zone: Element) -> Element:
        """A value as text."""

    @abstractmethod
    def ordered_text(self, expr: Element) -> Element:
        """Text that sorts and compares by code points."""

    @abstractmethod
    def extreme(self, smallest: bool, values: Sequence[Sql], type_: ValueType) -> Sql:
        """The least or greatest of the values that are there."""

    @abstractmethod
    def listed(self, texts: Sequence[Element]) -> Element:
        """Texts that are there, joined by commas; empty where there are none."""

    @abstractmethod
    def has(self, items: Element, value: Sql, literal: Any) -> Element:
        """Whether a JSON array holds a value; NULL where either is absent."""

    @abstractmethod
    def array_of(self, value: Element) -> Element:
        """A JSON array of one."""

    @abstractmethod
    def fact(self, column: Element, name: str, type_: ValueType) -> Sql:
        """A fact of a file."""

    # --- aggregates -------------------------------------------------------------------------------------------

    @abstractmethod
    def sum(self, value: Sql, type_: ValueType, only: Element | None) -> Sql:
        """SUM, 0 of nothing. `only`: a condition on the rows."""

    @abstractmethod
    def average(self, value: Sql, type_: ValueType, only: Element | None) -> Sql:
        """AVG."""

    @abstractmethod
    def end(self, smallest: bool, value: Sql, type_: ValueType, only: Element | None) -> Sql:
        """MIN or MAX."""

    @abstractmethod
    def distinct(self, value: Sql) -> Element:
        """What COUNT(DISTINCT …) counts."""

    @abstractmethod
    def deviation(self, value: Sql, type_: ValueType, only: Element | None) -> Sql:
        """STDEV."""

    @abstractmethod
    def median(self, value: Sql, type_: ValueType, only: Element | None) -> Sql:
        """MEDIAN."""

    @abstractmethod
    def joined(
        self, text: Element, separator: str, order: Element, second: Element, only: Element | None
    ) -> Element:
        """JOIN, in an order."""

    @abstractmethod
    def internal_rate(self, amount: Sql, day: Element, type_: ValueType, only: Element | None) -> Sql:
        """XIRR."""


def filtered(aggregate: Any, only: Element | None) -> Element:
    """An aggregate over the rows of a condition."""
    found: Element = aggregate if only is None else aggregate.filter(only)
    return found


def made(whole: Sql, expr: Element) -> Sql:
    """The description that `united` gave, of an expression."""
    return replace(whole, expr=expr)
