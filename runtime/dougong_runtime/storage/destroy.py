"""The end of what lies in the trash: a table is dropped, a column goes with its values.

On PostgreSQL both are a moment's work. SQLite would write the whole table anew to drop a column, while nobody else may
write, and drops none that is a foreign key: there its values are taken away in batches, and the column stays behind,
empty, as does a table that such a column refers to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy as sa

from dougong_runtime.exact import RecordId
from dougong_runtime.storage import locks
from dougong_runtime.storage.trash import TRASH

TABLES = ("entity", "entity_link")
"""Kinds of trash that are tables of their own; a field may be one as well (its link table)."""


@dataclass(frozen=True, slots=True)
class Old:
    """A thing that has lain in the trash for as long as it is kept."""

    id: int
    kind: str
    entity_id: str
    thing_id: str
    name: str
    trash_name: str
    version: int | None
    since: datetime


def find_old(connection: sa.Connection, app: str, before: datetime) -> list[Old]:
    """What was put into an app's trash before an instant and lies there still: fields first, since what they refer to
    cannot go before them."""
    columns = [TRASH.c[name] for name in Old.__dataclass_fields__]
    lying = (TRASH.c.app == app) & TRASH.c.until.is_(None) & TRASH.c.trash_name.is_not(None)
    query = sa.select(*columns).where(lying, TRASH.c.since < before).order_by(TRASH.c.id)
    found = [Old(*row) for row in connection.execute(query)]
    return sorted(found, key=lambda old: (old.kind == "entity", old.id))


def is_table(connection: sa.Connection, old: Old) -> bool:
    """Whether it is a table of its own, rather than a column."""
    return old.kind in TABLES or sa.inspect(connection).has_table(old.trash_name)


def columns_of(connection: sa.Connection, table: str, old: Old) -> list[str]:
    """The columns that a field in the trash has in its table."""
    present = [c["name"] for c in sa.inspect(connection).get_columns(table)]
    return [name for name in present if name == old.trash_name or name.startswith(old.trash_name + "__")]


def empty_columns(
    connection: sa.Connection, table: str, columns: Sequence[str], after: str | None, rows: int
) -> str | None:
    """SQLite: take the values of these columns away in the next so many records that have some; gives the last of them,
    None when none is left. Gives None at once on PostgreSQL, where a column is dropped whole."""
    if connection.dialect.name == "postgresql" or not columns:
        return None
    kept = sa.Table(table, sa.MetaData(), sa.Column("id", RecordId()), *(sa.Column(n) for n in columns))
    query = sa.select(kept.c.id).where(sa.or_(*(kept.c[n].is_not(None) for n in columns)))
    if after is not None:
        query = query.where(kept.c.id > after)
    ids: list[str] = list(connection.scalars(query.order_by(kept.c.id).limit(rows)))
    if not ids:
        return None
    connection.execute(sa.update(kept).where(kept.c.id.in_(ids)).values(dict.fromkeys(columns)))
    return ids[-1]


def drop_columns(connection: sa.Connection, table: str, columns: Sequence[str]) -> None:
    """PostgreSQL: drop them, with the table to itself for a moment. Raises Refused where no such moment comes."""
    if connection.dialect.name == "postgresql" and columns:
        locks.hold(connection, [table])
        listed = ", ".join(f'DROP COLUMN "{name}"' for name in columns)
        connection.exec_driver_sql(f'ALTER TABLE "{table}" {listed}')


Dropped = Literal["gone", "more", "refused"]
"""Of a table: it is gone, or its next records are; or others still refer to its records, and all is as it was."""


def drop_table(connection: sa.Connection, name: str, rows: int) -> Dropped:
    """Drop a table. On SQLite one that columns of other tables refer to loses its records, so many at a time, and
    stays behind, empty: such a column stays too, and could not be written any more without the table."""
    attempt = connection.begin_nested()
    try:
        if connection.dialect.name == "sqlite" and _referrers(connection, name):
            done: Dropped = "more" if _empty_table(connection, name, rows) else "gone"
        else:
            connection.exec_driver_sql(f'DROP TABLE "{name}"')
            done = "gone"
    except (sa.exc.IntegrityError, sa.exc.InternalError, sa.exc.OperationalError, sa.exc.NotSupportedError):
        attempt.rollback()
        return "refused"
    attempt.commit()
    return done


def _referrers(connection: sa.Connection, name: str) -> bool:
    inspector = sa.inspect(connection)
    return any(
        key["referred_table"] == name
        for table in inspector.get_table_names()
        if table != name
        for key in inspector.get_foreign_keys(table)
    )


def _empty_table(connection: sa.Connection, name: str, rows: int) -> bool:
    """Delete the next so many records; whether there were any."""
    keys = sa.inspect(connection).get_foreign_keys(name)
    own = [c for key in keys if key["referred_table"] == name for c in key["constrained_columns"]]
    table = sa.Table(name, sa.MetaData(), sa.Column("id", RecordId()), *(sa.Column(c) for c in own))
    ids = list(connection.scalars(sa.select(table.c.id).order_by(table.c.id).limit(rows)))
    if not ids:
        for index in sa.inspect(connection).get_indexes(name):
            connection.exec_driver_sql(f'DROP INDEX "{index["name"]}"')  # their names may be needed again
        return False
    for column in own:
        connection.execute(sa.update(table).where(table.c[column].in_(ids)).values({column: None}))
    connection.execute(sa.delete(table).where(table.c.id.in_(ids)))
    return True


def note(connection: sa.Connection, gone: Sequence[int], at: datetime) -> None:
    """Keep in the trash's list that these are there no more: they have no name to be restored from."""
    connection.execute(sa.update(TRASH).where(TRASH.c.id.in_(gone)).values(until=at, trash_name=None))
