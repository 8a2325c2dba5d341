"""Engines for the two databases: how a connection is opened, how a transaction begins."""

from __future__ import annotations

import sqlite3
import time
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg.types.string import TextLoader
from sqlalchemy import event

from dougong_runtime.exact import POSTGRESQL_FUNCTIONS, register_sqlite_functions
from dougong_runtime.storage import plans
from dougong_runtime.storage.limits import install_refusals

IDENTIFIER_BYTES_MAX = 63
"""PostgreSQL cuts longer names silently; so no name that we make is longer, on either database."""

IDLE_SECONDS_MAX = 5
"""A connection idle for longer is asked whether it still stands before it is used."""

_SQLITE_WORDS = frozenset({"returning", "nothing", "materialized", "generated", "always", "window", "within"})
"""Words of newer SQLites that SQLAlchemy does not know of, and would not quote."""
_SQLITE_BUSY_SECONDS = 10
_SQLITE_PRAGMAS = (
    f"busy_timeout={_SQLITE_BUSY_SECONDS * 1000}",
    "foreign_keys=ON",
    "temp_store=MEMORY",
    "cache_size=-32768",
)


def make_engine(
    url: str, *, read_only: bool = False, pool_size: int = 5, survives_power_loss: bool = False
) -> sa.Engine:
    """An engine for a SQLAlchemy URL.

    SQLite: WAL, foreign keys held, our functions registered, and every transaction is a writer's from its start
    (`BEGIN IMMEDIATE`), for a reader that later writes fails at once and no waiting helps. `read_only`, or the
    execution option `readonly=True`, opens a reader's transaction, which never waits for a writer. What is committed
    outlives the process; the last commits may be lost when the machine loses power, unless `survives_power_loss`.

    PostgreSQL: transactions are READ COMMITTED, whatever the server's default is; a reader's begins by
    `plans.begin_with_kept_plans`.
    """
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = _sqlite_engine(parsed, pool_size, "FULL" if survives_power_loss else "NORMAL")
    else:
        engine = sa.create_engine(
            parsed,
            pool_size=pool_size,
            max_overflow=pool_size,
            hide_parameters=True,
            isolation_level="READ COMMITTED",
        )
        event.listen(engine, "connect", _on_postgresql_connect)
        _ping_idle(engine)
        plans.listen(engine)
    install_refusals(engine)
    return engine.execution_options(readonly=True) if read_only else engine


def _sqlite_engine(url: sa.URL, pool_size: int, synchronous: str) -> sa.Engine:
    if url.database in (None, "", ":memory:"):
        engine = sa.create_engine(url, hide_parameters=True)
    else:
        engine = sa.create_engine(url, pool_size=pool_size, max_overflow=pool_size * 4, hide_parameters=True)

    def on_connect(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        _log_ahead(connection)
        for pragma in (*_SQLITE_PRAGMAS, f"synchronous={synchronous}"):
            connection.execute("PRAGMA " + pragma)
        register_sqlite_functions(connection)

    def on_begin(connection: sa.Connection) -> None:
        options: Any = connection.get_execution_options()
        if options.get("isolation_level") != "AUTOCOMMIT":
            connection.exec_driver_sql("BEGIN" if options.get("readonly") else "BEGIN IMMEDIATE")

    preparer: Any = engine.dialect.identifier_preparer
    preparer.reserved_words = preparer.reserved_words | _SQLITE_WORDS
    event.listen(engine, "connect", on_connect)
    event.listen(engine, "begin", on_begin)
    return engine


def _log_ahead(connection: sqlite3.Connection) -> None:
    """Put a database into WAL mode, where it stays. Of several who do this to a new file at once SQLite refuses all but
    one on the spot, whatever `busy_timeout` says: they ask again, and find it done."""
    ends = time.monotonic() + _SQLITE_BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > ends:
                raise
            time.sleep(0.01)


def _on_postgresql_connect(connection: psycopg.Connection[Any], _record: object) -> None:
    """Ids are text in Python; and a statement is planned for the values that it is run with.

    PostgreSQL plans a prepared statement once for all values after some runs. For a list that is a trap: how many rows
    a filter leaves and how many of them are wanted decide between two plans, one of which took ten times as long.
    """
    connection.adapters.register_loader("uuid", TextLoader)
    connection.execute("SET plan_cache_mode = force_custom_plan")
    connection.commit()


def _ping_idle(engine: sa.Engine) -> None:
    """Ask a connection that has lain idle whether it still stands; asking each time costs a fifth of a short request."""

    def on_checkin(_connection: object, record: Any) -> None:
        record.info["idle_since"] = time.monotonic()

    def on_checkout(connection: Any, record: Any, _proxy: object) -> None:
        if time.monotonic() - record.info.get("idle_since", time.monotonic()) < IDLE_SECONDS_MAX:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as gone:
            raise sa.exc.DisconnectionError from gone

    event.listen(engine, "checkin", on_checkin)
    event.listen(engine, "checkout", on_checkout)


def install_functions(connection: sa.Connection) -> None:
    """Create, or renew, the functions that our statements use and PostgreSQL lacks. Nothing to do on SQLite."""
    if connection.dialect.name == "postgresql":
        for statement in POSTGRESQL_FUNCTIONS:
            connection.exec_driver_sql(statement)
