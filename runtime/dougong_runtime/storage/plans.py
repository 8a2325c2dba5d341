"""How PostgreSQL plans the statements of a transaction: once for all values, or anew for those at hand.

Planning the statement that finds out who asks takes three times as long as running it, and a read by id twice. A plan
kept for all values serves what is found by its key, and is a trap for a list (`dialects.py`). So a transaction begins
with kept plans, and at its first statement that is no look-up by key it turns to fresh ones, until its end.

A kept plan must not have been made for a table that was small then: sequential scans are shut out while it is made,
and what they would seem to cost must not bring in the compiler. All of it is `SET LOCAL`; a `BEGIN` carries it along,
so that the way to kept plans is no round trip.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
import sqlalchemy as sa
from sqlalchemy import event

_DONE = 1
"""libpq's PGRES_COMMAND_OK."""
_KEEP = (
    "; SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL enable_seqscan = off; SET LOCAL jit = off"
)
_READING = "ISOLATION LEVEL REPEATABLE READ READ ONLY"
_WRITING = "ISOLATION LEVEL READ COMMITTED"
"""Roll-ups rely on seeing what others have committed meanwhile."""
_BEGIN = {kind: f"BEGIN {kind}{_KEEP}".encode() for kind in (_READING, _WRITING)}
_ANEW = (
    b"SET LOCAL plan_cache_mode = force_custom_plan; "
    b"SET LOCAL enable_seqscan TO DEFAULT; SET LOCAL jit TO DEFAULT"
)

_keeping: WeakKeyDictionary[sa.Connection, bool] = WeakKeyDictionary()
"""Transactions that began with kept plans → whether they still have them; a connection lives for one transaction."""


def begin_with_kept_plans(connection: sa.Connection) -> None:
    """Begin the transaction of a connection that has run nothing yet: a reader's, where its engine has the option
    `readonly`, sees one state of the data and cannot write. Nothing to do but on PostgreSQL.

    The kind of transaction goes with its `BEGIN`: told to the driver by SQLAlchemy, and taken back at the end, it cost
    a twentieth of a read by id. Where the database does not take it, the driver begins the transaction, and tells what
    is wrong.
    """
    if connection.dialect.name != "postgresql":
        return
    kind = _READING if connection.get_execution_options().get("readonly") else _WRITING
    if _said(connection, _BEGIN[kind]):
        _keeping[connection] = True
    else:
        connection.exec_driver_sql(f"SET TRANSACTION {kind}")


def end_reading(connection: sa.Connection) -> None:
    """End a transaction that has only read, in half the driver's time, which finds nothing to commit then."""
    if connection in _keeping:
        _said(connection, b"COMMIT")


def plan_anew(connection: sa.Connection) -> None:
    """From here to the end of the transaction, plan each statement for the values that it is run with."""
    if _keeping.get(connection):
        _said(connection, _ANEW)
        _keeping[connection] = False


@contextmanager
def keeping_plans(connection: sa.Connection) -> Iterator[None]:
    """Keep the plans of what PostgreSQL asks by itself for each of many new rows: whether what they refer to is there.

    Measured with two references a row: planned anew for each, they take longer than all else that COPY does.
    """
    if connection.dialect.name != "postgresql" or _keeping.get(connection):
        yield
        return
    _said(connection, _KEEP.removeprefix("; ").encode())
    try:
        yield
    finally:
        _said(connection, _ANEW)


def _said(connection: sa.Connection, words: bytes) -> bool:
    """Whether the database did as it was told. Where it did not, what the driver says next to it tells why."""
    driver: Any = connection.connection.dbapi_connection
    try:
        return bool(driver.pgconn.exec_(words).status == _DONE)
    except psycopg.Error:
        return False


def listen(engine: sa.Engine) -> None:
    """Let an engine of PostgreSQL plan anew whatever it is told to run itself; look-ups by key go past it."""

    def before(
        connection: sa.Connection, _cursor: Any, _text: str, _given: Any, context: Any, _many: bool
    ) -> None:
        if context is not None:
            plan_anew(connection)

    def undone(connection: sa.Connection, _name: str, _context: None) -> None:
        # Whether the turn was within the savepoint, and is undone with it, is not known here: turn again.
        if connection in _keeping:
            _keeping[connection] = True

    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "rollback_savepoint", undone)
