"""Many new rows at once: COPY on PostgreSQL, one prepared statement on SQLite."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from dougong_runtime.storage.plans import keeping_plans
from dougong_runtime.storage.ready import driver_cursor, translated

Convert = Callable[[Any], Any]


def insert_many(
    connection: sa.Connection, table: sa.Table, names: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Insert rows in the order given, in the caller's transaction: for each of the columns `names` a value.

    Raises what SQLAlchemy raises for the database's errors.
    """
    dialect = connection.dialect
    converts = [table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names]
    needed = [(place, convert) for place, convert in enumerate(converts) if convert is not None]
    tuples = (_bound(row, needed) for row in rows) if needed else rows
    insert = _copy if dialect.name == "postgresql" else _executemany
    text = _text(dialect, table, names)
    heard: Any = connection.dispatch
    cursor = driver_cursor(connection)
    for tell in heard.before_cursor_execute:
        tell(connection, cursor, text, (), None, True)
    try:
        with keeping_plans(connection):
            insert(cursor, text, tuples)
    except Exception as error:
        raise translated(connection, text, error) from error
    finally:
        cursor.close()
    for tell in heard.after_cursor_execute:
        tell(connection, cursor, text, (), None, True)


def _bound(row: Sequence[Any], converts: Sequence[tuple[int, Convert]]) -> Sequence[Any]:
    values = list(row)
    for place, convert in converts:
        if values[place] is not None:
            values[place] = convert(values[place])
    return values


def _text(dialect: sa.Dialect, table: sa.Table, names: Sequence[str]) -> str:
    quote = dialect.identifier_preparer.quote
    columns = ", ".join(quote(name) for name in names)
    if dialect.name == "postgresql":
        return f"COPY {quote(table.name)} ({columns}) FROM STDIN"
    return f"INSERT INTO {quote(table.name)} ({columns}) VALUES ({', '.join('?' * len(names))})"


def _copy(cursor: Any, text: str, rows: Iterable[Sequence[Any]]) -> None:
    with cursor.copy(text) as copy:
        for row in rows:
            copy.write_row(row)


def _executemany(cursor: Any, text: str, rows: Iterable[Sequence[Any]]) -> None:
    cursor.executemany(text, rows)
