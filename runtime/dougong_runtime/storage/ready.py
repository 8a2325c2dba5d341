"""A statement compiled once and run by the driver's own cursor, within SQLAlchemy's transaction.

For the few statements that every request runs. SQLAlchemy finds out at each execution which compiled form a statement
has, and wraps cursor and rows: measured, two thirds of the CPU time of a read by id. What is kept here has its text,
the conversions of its parameters and those of its columns from its first run on; listeners of statements hear of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeDecorator, TypeEngine

from dougong_runtime.exact.types import json_text
from dougong_runtime.storage.limits import refusal_of
from dougong_runtime.storage.plans import plan_anew

Convert = Callable[[Any], Any]
Row = tuple[Any, ...]
Plan = Literal["anew", "kept", "kept if flat"]
"""Of a statement whose rows are found by their keys, whatever the values are, one plan is kept; `kept if flat` where
that is known of its outermost SELECT only, and what may stand inside it is not."""


class Ready:
    """One statement, for one kind of database, compiled at its first run. Safe for threads.

    A statement with a parameter of many values (`in_`) has no text of its own and goes through SQLAlchemy at each run:
    use `among` instead. So does one that is run `once`, for which SQLAlchemy's own cache serves.
    """

    def __init__(self, statement: sa.Executable, *, once: bool = False, plan: Plan = "anew") -> None:
        """`plan`: whether PostgreSQL may keep one plan for all values (plans.py)."""
        self._statement = statement
        self._form: _Form | None = None
        self._is_plain = not once
        self._plan = plan

    def __repr__(self) -> str:
        return f"Ready({self._statement})"

    def all(self, connection: sa.Connection, parameters: Mapping[str, Any]) -> list[Row]:
        """Run it; every row with the values that SQLAlchemy's types give.

        `parameters` may hold more names than the statement has. Raises KeyError where one is missing, and what
        SQLAlchemy raises for the database's errors.
        """
        form = self._compiled(connection)
        if form is None:
            return [tuple(row) for row in connection.execute(self._statement, parameters)]
        cursor = _run(connection, form, parameters)
        try:
            rows: list[Row] = cursor.fetchall()
            if form.loads is None:
                form.loads = _conversions(form, connection.dialect, cursor.description)
        finally:
            cursor.close()
        return [_loaded(row, form.loads) for row in rows] if form.loads else rows

    def mappings(self, connection: sa.Connection, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Run it; every row as column name → value."""
        whole: Any = self._statement
        names = list(whole.exported_columns.keys())
        return [dict(zip(names, row, strict=True)) for row in self.all(connection, parameters)]

    def first(self, connection: sa.Connection, parameters: Mapping[str, Any]) -> Row | None:
        """Run it; the first row, or None."""
        rows = self.all(connection, parameters)
        return rows[0] if rows else None

    def run(self, connection: sa.Connection, parameters: Mapping[str, Any]) -> int:
        """Run a statement that gives no rows; how many it touched."""
        form = self._compiled(connection)
        if form is None:
            return int(connection.execute(self._statement, parameters).rowcount)
        cursor = _run(connection, form, parameters)
        try:
            return int(cursor.rowcount)
        finally:
            cursor.close()

    def _compiled(self, connection: sa.Connection) -> _Form | None:
        if self._form is None and self._is_plain:
            self._form = _form(self._statement, connection.dialect, self._plan)
            self._is_plain = self._form is not None
        return self._form


@dataclass(slots=True)
class _Form:
    """What a statement is to the driver."""

    text: str
    order: tuple[str, ...] | None
    """Names of the parameters by place; None where the driver takes them by name."""
    fixed: dict[str, Any]
    """Values written into the statement, as the driver takes them, and those of parameters that may be left out."""
    given: list[tuple[str, str, bool, Convert | None]]
    """What a run gives: name in the text, name outside, whether it must be there, how the driver takes it."""
    types: list[TypeEngine[Any]]
    keeps_plan: bool
    loads: list[tuple[int, Convert]] | None
    """Column → how its values are read; known from the first run on."""


def _form(statement: sa.Executable, dialect: Dialect, plan: Plan) -> _Form | None:
    """None where a parameter takes many values."""
    whole: Any = statement
    compiled: Any = whole.compile(dialect=dialect)
    binds = [(bind, name) for bind, name in compiled.bind_names.items() if not bind.literal_execute]
    if any(bind.expanding for bind, _ in binds):
        return None
    state = compiled.construct_expanded_state({bind.key: None for bind, _ in binds if bind.required})
    fixed: dict[str, Any] = {}
    given: list[tuple[str, str, bool, Convert | None]] = []
    for bind, name in binds:
        convert = bind.type.dialect_impl(dialect).bind_processor(dialect)
        if not bind.required:
            value = bind.effective_value
            fixed[name] = convert(value) if convert else value
        if not bind.unique:
            given.append((name, bind.key, bind.required, convert))
    order = tuple(state.positiontup) if compiled.positional else None
    types = [column.type for column in getattr(statement, "exported_columns", ())]
    keeps_plan = plan == "kept" or (plan == "kept if flat" and state.statement.count("SELECT") <= 1)
    return _Form(state.statement, order, fixed, given, types, keeps_plan, None)


def insert_text(connection: sa.Connection, text: str, parameters: Any) -> None:
    """Run an INSERT of given values, in the driver's own words. Raises what SQLAlchemy raises for its errors."""
    _told(connection, text, parameters).close()


def _run(connection: sa.Connection, form: _Form, parameters: Mapping[str, Any]) -> Any:
    bound = dict(form.fixed)
    for name, key, required, convert in form.given:
        if not required and key not in parameters:
            continue
        value = parameters[key]
        bound[name] = convert(value) if convert is not None and value is not None else value
    given: Any = bound if form.order is None else tuple([bound[name] for name in form.order])
    if not form.keeps_plan:
        plan_anew(connection)
    return _told(connection, form.text, given)


def _told(connection: sa.Connection, text: str, given: Any) -> Any:
    """The cursor that ran it; listeners of statements have heard of it."""
    heard: Any = connection.dispatch
    cursor = driver_cursor(connection)
    for tell in heard.before_cursor_execute:
        tell(connection, cursor, text, given, None, False)
    try:
        cursor.execute(text, given)
    except Exception as error:
        cursor.close()
        raise translated(connection, text, error) from error
    for tell in heard.after_cursor_execute:
        tell(connection, cursor, text, given, None, False)
    return cursor


def driver_cursor(connection: sa.Connection) -> Any:
    """A cursor of the driver's own, in the connection's transaction, which is begun where there is none yet."""
    if not connection.in_transaction():
        connection.begin()
    return connection.connection.cursor()


def translated(connection: sa.Connection, text: str, error: Exception) -> BaseException:
    """The driver's error as SQLAlchemy raises it, or as Refused; a connection that is gone is not given out again."""
    refused = refusal_of(error)
    if refused is not None:
        return refused
    dialect: Any = connection.dialect
    driver = dialect.loaded_dbapi
    if not isinstance(error, driver.Error):
        return error
    gone = dialect.is_disconnect(error, connection.connection.dbapi_connection, None)
    if gone:
        connection.invalidate(error)
    found: BaseException = DBAPIError.instance(
        text,
        None,
        error,
        driver.Error,
        hide_parameters=True,
        connection_invalidated=gone,
        dialect=dialect,
    )
    return found


def _conversions(form: _Form, dialect: Dialect, description: Sequence[Any]) -> list[tuple[int, Convert]]:
    found: list[tuple[int, Convert]] = []
    for place, (type_, told) in enumerate(zip(form.types, description, strict=True)):
        convert = type_.dialect_impl(dialect).result_processor(dialect, told[1])
        if convert is not None:
            found.append((place, convert))
    return found


def _loaded(row: Row, loads: list[tuple[int, Convert]]) -> Row:
    values = list(row)
    for place, convert in loads:
        values[place] = convert(values[place])
    return tuple(values)


class _Listed(TypeDecorator[Sequence[str]]):
    """A list of texts as one JSON text, for SQLite's `json_each`."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """To the database."""
        return None if value is None else json_text(list(value))


def among(column: sa.ColumnElement[Any], name: str, dialect: str) -> sa.ColumnElement[bool]:
    """The condition that a column of ids or texts is one of the list bound as `name`.

    One text serves lists of any length, so that it is compiled once and the database keeps one plan.
    """
    if dialect == "postgresql":
        return column == sa.any_(sa.bindparam(name, type_=postgresql.ARRAY(column.type)))
    each = sa.func.json_each(sa.bindparam(name, type_=_Listed())).table_valued("value")
    return column.in_(sa.select(each.c.value))
