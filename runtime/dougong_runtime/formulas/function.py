"""What a function of the language is: its typing, its meaning in Python and in SQL, its words and its examples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, TypeAlias

import sqlalchemy as sa

from dougong_runtime.formulas.tree import Node
from dougong_runtime.formulas.types import ValueType
from dougong_runtime.labels import Label
from dougong_runtime.registry import Registry

if TYPE_CHECKING:
    from dougong_runtime.formulas.check import Checker
    from dougong_runtime.formulas.parse import Calling

Element: TypeAlias = sa.ColumnElement[Any]


class Want(Enum):
    """What an argument must be; what is near enough is converted (a choice to text, an instant to its day)."""

    NUMBER = auto()
    TEXT = auto()
    BOOLEAN = auto()
    DATE = auto()
    INSTANT = auto()
    TIME = auto()
    LIST = auto()
    ANY = auto()


@dataclass(frozen=True, slots=True)
class Parameter:
    """An argument's name, as the manual prints it, and what it must be."""

    name: str
    want: Want
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Example:
    """A formula and what it gives; run on both databases. `gives` is Python's value."""

    text: str
    gives: Any


ResultType: TypeAlias = ValueType | Callable[[tuple[Node, ...]], ValueType]


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function of the language.

    `python` takes plain values and must answer None rather than raise. SQL calls `dg_<sql or name>`, which SQLite
    has from `exact/sqlite.py` (the same Python function) and PostgreSQL from `exact/postgresql.py`. An absent argument gives an absent
    result, without asking, unless `sees_absent`.
    A function that is no plain function of its arguments (IF, SUM, USER …) settles its typing in `check`; what it
    then puts into the tree, `compile` knows.
    """

    name: str
    family: str
    help: Label
    examples: tuple[Example, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    repeats: int = 0
    """How many of the last parameters may be given again and again."""
    result: ResultType | None = None
    python: Callable[..., Any] | None = None
    sql: str = ""
    """Its name in SQL after `dg_`, where that differs."""
    sees_absent: bool = False
    last_may_be_absent: bool = False
    """Its last argument counts as empty text where it is absent."""
    check: Callable[[Checker, Calling], Node] | None = None
    syntax: str = ""
    """How it is written, where the parameters do not say it."""
    zone: bool = False
    """Whether the time zone in force is its last argument, unseen in the formula."""
    calendar: bool = False
    """Whether the working days in force are its last argument."""
    hidden: bool = False
    """An operator or a conversion that the checker puts in; not written by name."""
    aggregate: bool = False
    """Whether it is (or may be) taken over many records."""

    @property
    def signature(self) -> str:
        """As the manual prints it: `ROUND(number, [places])`."""
        if self.syntax:
            return self.syntax
        words = [f"[{p.name}]" if p.optional else p.name for p in self.parameters]
        return f"{self.name}({', '.join(words)}{', …' if self.repeats else ''})"


FUNCTIONS: Registry[Function] = Registry("function", "dougong.functions")
"""By lower-case name."""


def define(function: Function) -> Function:
    """Enter a function into the registry."""
    return FUNCTIONS.register(function.name.lower(), function)
