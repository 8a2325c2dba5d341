"""PostgreSQL: what was made beforehand for a publication, while everybody went on working.

Columns, indexes and the note of records written meanwhile stand in the database under names that begin with `dg_pre_`.
Nobody reads them. A publication gives them their names, in its one transaction; what an attempt that failed or was
killed has left is known by the name alone, and dropped by the next (`clear`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from dougong_runtime.exact import RecordId
from dougong_runtime.storage import locks

PREFIX = "dg_pre_"
TOUCHED = f"{PREFIX}touched"
"""Table of the records that were written while columns were filled; also the name of the trigger and its function."""

BATCH_ROWS = 1_000
"""Rows that one transaction fills: they are locked for that long, and writers of theirs wait."""
LAST_ROUND_ROWS = 200
"""When so few records were written during a round, the rest is left to the publishing transaction."""
ROUNDS_MAX = 20


class Forestalled(Exception):
    """A write that only a version refuses which is not published yet, and perhaps never will be: its unique index is
    there already. To be done again, once that version runs or the index is gone."""

    def __init__(self, engine: sa.Engine) -> None:
        super().__init__("a unique index of a version that is being published")
        self.engine = engine


def is_of_unpublished(wrong: IntegrityError) -> bool:
    """Whether what a database refused stands against an index that was made beforehand."""
    name = getattr(getattr(wrong.orig, "diag", None), "constraint_name", None)
    return name is not None and str(name).startswith(PREFIX)


class Filling(Protocol):
    """New columns whose values follow from other columns of the same record."""

    @property
    def name(self) -> str:
        """The table as it is called now."""
        ...

    @property
    def sources(self) -> tuple[str, ...]:
        """Columns that they follow from, as they are called now."""
        ...

    def fill(self, connection: sa.Connection, where: sa.ColumnElement[bool] | None = None) -> None:
        """Fill them for all records, or those to which a condition on `id` applies; they are empty there."""
        ...

    def refill(self, connection: sa.Connection, where: sa.ColumnElement[bool]) -> None:
        """The same where they may hold values already."""
        ...


@dataclass(frozen=True)
class Prepared:
    """What a publication finds ready."""

    columns: Mapping[tuple[str, str], str] = field(default_factory=lambda: MappingProxyType({}))
    """(entity's id, column as the new version calls it) → the column made for it."""
    indexes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Index → the one made for it."""
    fillings: tuple[Filling, ...] = ()
    computed: frozenset[tuple[str, str]] = frozenset()
    """Stored formulas (entity, field) whose values are there."""

    def column(self, entity_id: str, name: str) -> str | None:
        """What stands ready for a column, or None."""
        return self.columns.get((entity_id, name))

    def catch_up(self, connection: sa.Connection) -> int:
        """Fill anew what was written since it was filled; gives the number of records."""
        if not self.fillings:
            return 0
        touched = taken(connection)
        for filling in self.fillings:
            for ids in chunks(touched.get(filling.name, ())):
                filling.refill(connection, ID.in_(ids))
        return sum(len(ids) for ids in touched.values())


NOTHING = Prepared()
ID: sa.ColumnClause[str] = sa.column("id", RecordId())


def note_writes(connection: sa.Connection, fillings: Iterable[Filling]) -> None:
    """From now on, note which records are written in the columns that fillings read."""
    sources: dict[str, dict[str, None]] = {}
    for filling in fillings:
        own = (c for c in filling.sources if not c.startswith(PREFIX))
        sources.setdefault(filling.name, {}).update(dict.fromkeys(own))
    connection.exec_driver_sql(f"CREATE TABLE {TOUCHED} (tbl text NOT NULL, record uuid NOT NULL)")
    connection.exec_driver_sql(
        f"CREATE FUNCTION {TOUCHED}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"INSERT INTO {TOUCHED} VALUES (TG_TABLE_NAME, NEW.id); RETURN NULL; END $$"
    )
    for table, columns in sources.items():
        if not columns:
            continue
        listed = ", ".join(f'"{c}"' for c in columns)
        connection.exec_driver_sql(
            f'CREATE TRIGGER {TOUCHED} AFTER INSERT OR UPDATE OF {listed} ON "{table}" '
            f"FOR EACH ROW EXECUTE FUNCTION {TOUCHED}()"
        )


def taken(connection: sa.Connection) -> dict[str, list[str]]:
    """Table → records that were written since this was last asked; they are not told again."""
    found: dict[str, dict[str, None]] = {}
    deleted = connection.execute(sa.text(f"DELETE FROM {TOUCHED} RETURNING tbl, record::text"))
    for table, record in deleted:
        found.setdefault(table, {})[record] = None
    return {table: sorted(records) for table, records in found.items()}


def chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """Ids, as many at a time as one transaction fills."""
    for start in range(0, len(ids), BATCH_ROWS):
        yield ids[start : start + BATCH_ROWS]


def ranges(connection: sa.Connection, table: str) -> Iterator[sa.ColumnElement[bool]]:
    """Conditions on `id` that between them hold for every record, each for at most `BATCH_ROWS` that are there."""
    source = sa.table(table)
    last: str | None = None
    while True:
        query = sa.select(ID).select_from(source).order_by(ID).offset(BATCH_ROWS - 1).limit(1)
        after = sa.true() if last is None else last < ID
        end = connection.execute(query.where(after)).scalar_one_or_none()
        if end is None:
            yield after
            return
        yield sa.and_(after, end >= ID)
        last = end


def leftovers(connection: sa.Connection) -> bool:
    """Whether an attempt at publishing left anything behind."""
    found = connection.execute(
        sa.text(
            "SELECT EXISTS (SELECT FROM pg_class WHERE relname LIKE :like AND pg_table_is_visible(oid)) "
            "OR EXISTS (SELECT FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
            "WHERE a.attname LIKE :like AND NOT a.attisdropped AND c.relkind = 'r' "
            "AND pg_table_is_visible(c.oid))"
        ),
        {"like": _LIKE},
    )
    return bool(found.scalar_one())


def clear(engine: sa.Engine) -> bool:
    """Drop what an attempt at publishing left behind, that failed or was killed; whether there was anything.

    Only for who knows that nobody is publishing. Does nothing on SQLite, where nothing is made beforehand.
    """
    if engine.dialect.name != "postgresql":
        return False
    with engine.begin() as connection:
        if not leftovers(connection):
            return False
        columns = connection.execute(
            sa.text(
                "SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
                "WHERE a.attname LIKE :like AND NOT a.attisdropped AND c.relkind = 'r' "
                "AND pg_table_is_visible(c.oid)"
            ),
            {"like": _LIKE},
        ).all()
        indexes = connection.execute(
            sa.text(
                "SELECT i.relname, t.relname FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid "
                "JOIN pg_class t ON t.oid = x.indrelid "
                "WHERE i.relname LIKE :like AND i.relkind = 'i' AND pg_table_is_visible(i.oid)"
            ),
            {"like": _LIKE},
        ).all()
        triggers = connection.execute(
            sa.text(
                "SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
                "WHERE t.tgname = :name AND pg_table_is_visible(c.oid)"
            ),
            {"name": TOUCHED},
        ).scalars()
        tables = {*(t for t, _ in columns), *(t for _, t in indexes), *triggers}
        locks.hold(connection, sorted(tables))
        forget_writes(connection)
        for index, _ in indexes:
            connection.exec_driver_sql(f'DROP INDEX IF EXISTS "{index}"')
        for table, column in columns:
            connection.exec_driver_sql(f'ALTER TABLE "{table}" DROP COLUMN IF EXISTS "{column}"')
    return True


def forget_writes(connection: sa.Connection) -> None:
    """No longer note which records are written."""
    connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS {TOUCHED}() CASCADE")
    connection.exec_driver_sql(f"DROP TABLE IF EXISTS {TOUCHED}")


_LIKE = PREFIX.replace("_", r"\_") + "%"
