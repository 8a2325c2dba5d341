"""How much room a database takes, table by table, as the database itself tells."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

READ_BYTES_MAX = 256 << 20
"""Of a larger SQLite file sizes are told only when asked for: the database reads every page to add them up."""


@dataclass(frozen=True, slots=True)
class TableSize:
    """A table with its indexes."""

    name: str
    bytes: int | None
    rows: int | None
    """None where the database could only count them by reading the whole table."""
    is_exact: bool
    """Whether the rows were counted; else the database estimates them."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """A database's room."""

    bytes: int
    free: int
    """Of these, bytes that hold nothing and are used again."""
    tables: tuple[TableSize, ...]
    """Largest first."""
    by_bytes: bool
    """Whether the bytes of tables are known."""


def sizes(connection: sa.Connection, *, whole: bool = False) -> Sizes:
    """The database's room. `whole`: read a large SQLite file to the end for it."""
    if connection.dialect.name == "sqlite":
        return _sqlite(connection, whole=whole)
    return _postgresql(connection)


def whole_bytes(connection: sa.Connection) -> int:
    """The size of the database, of which no table is looked at."""
    if connection.dialect.name == "sqlite":
        page = int(connection.exec_driver_sql("PRAGMA page_size").scalar_one())
        return page * int(connection.exec_driver_sql("PRAGMA page_count").scalar_one())
    return int(connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one())


def _sqlite(connection: sa.Connection, *, whole: bool) -> Sizes:
    whole_file = whole_bytes(connection)
    page = int(connection.exec_driver_sql("PRAGMA page_size").scalar_one())
    free = int(connection.exec_driver_sql("PRAGMA freelist_count").scalar_one())
    small = whole_file <= READ_BYTES_MAX
    owners = {
        row.name: row.tbl_name
        for row in connection.exec_driver_sql("SELECT name, tbl_name FROM sqlite_master WHERE rootpage > 0")
    }
    taken = _sqlite_bytes(connection, owners) if small or whole else None
    estimated = _sqlite_estimates(connection)
    tables = []
    for name in sorted(set(owners.values())):
        rows = _count(connection, name) if small else estimated.get(name)
        tables.append(TableSize(name, None if taken is None else taken.get(name, 0), rows, small))
    return Sizes(whole_file, page * free, _largest_first(tables), taken is not None)


def _sqlite_bytes(connection: sa.Connection, owners: dict[str, str]) -> dict[str, int] | None:
    """None where this SQLite was compiled without the table that tells."""
    try:
        told = connection.exec_driver_sql("SELECT name, pgsize FROM dbstat WHERE aggregate = TRUE").all()
    except sa.exc.OperationalError:
        return None
    taken: dict[str, int] = {}
    for name, size in told:
        owner = owners.get(name, name)
        taken[owner] = taken.get(owner, 0) + int(size)
    return taken


def _sqlite_estimates(connection: sa.Connection) -> dict[str, int]:
    """Rows of tables as ANALYZE last found them."""
    if not sa.inspect(connection).has_table("sqlite_stat1"):
        return {}
    found = connection.exec_driver_sql("SELECT tbl, stat FROM sqlite_stat1 WHERE stat IS NOT NULL").all()
    estimates: dict[str, int] = {}
    for table, stat in found:
        first = str(stat).split(" ", 1)[0]
        if first.isdecimal():
            estimates[table] = max(int(first), estimates.get(table, 0))
    return estimates


def _count(connection: sa.Connection, table: str) -> int:
    counted = sa.select(sa.func.count()).select_from(sa.table(table))
    return int(connection.execute(counted).scalar_one())


def _postgresql(connection: sa.Connection) -> Sizes:
    told = connection.exec_driver_sql(
        "SELECT c.relname, pg_total_relation_size(c.oid), c.reltuples::bigint FROM pg_class c "
        "JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.relkind IN ('r', 'p') AND n.nspname = current_schema()"
    ).all()
    tables = [
        TableSize(name, int(size), None if rows < 0 else int(rows), is_exact=False)
        for name, size, rows in told
    ]
    return Sizes(whole_bytes(connection), 0, _largest_first(tables), by_bytes=True)


def _largest_first(tables: list[TableSize]) -> tuple[TableSize, ...]:
    return tuple(sorted(tables, key=lambda t: (-(t.bytes or 0), -(t.rows or 0), t.name)))
