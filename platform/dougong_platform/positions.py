"""How far the log of PostgreSQL had come when a person last wrote: a replica that has not replayed it must not answer them.

Kept only where there is a replica, on the primary, in a table that is not logged itself: after a crash of the primary
nobody has written yet.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from dougong_platform.logs import logger
from dougong_platform.tables import POSITION
from dougong_runtime.storage.ready import Ready

KEPT = timedelta(hours=1)
"""No replica that is as far behind answers anyone."""

_log = logger("dougong.positions")

_NOTE = sa.text(
    'INSERT INTO dg_position ("user", position, at) '
    "VALUES (CAST(:user AS uuid), CAST(pg_current_wal_insert_lsn() - '0/0' AS bigint), :at) "
    'ON CONFLICT ("user") DO UPDATE SET position = excluded.position, at = excluded.at '
    "WHERE dg_position.position < excluded.position"
)
_FIND = Ready(
    sa.select(POSITION.c.position).where(POSITION.c.user == sa.bindparam("user", type_=POSITION.c.user.type))
)


def note(primary: sa.Engine, user: str, at: datetime) -> None:
    """Keep where the log stands now; called after the person's transaction has been committed, before they are told.

    What was committed is not undone by a failure here: it is logged, and that one writer may read an older state.
    """
    try:
        _keep(primary, user, at)
    except SQLAlchemyError as error:
        _log.warning("the position of a write was not kept", why=str(error).splitlines()[0])


def _keep(primary: sa.Engine, user: str, at: datetime) -> None:
    with primary.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(_NOTE, {"user": user, "at": at})


def position_of(connection: sa.Connection, user: str | None) -> int:
    """Where the log stood after the person's last write; 0 where they wrote nothing of late. Asked of the primary."""
    if user is None:
        return 0
    found = _FIND.first(connection, {"user": user})
    return int(found[0]) if found is not None else 0


def sweep(connection: sa.Connection, now: datetime) -> None:
    """Forget those of long ago."""
    connection.execute(sa.delete(POSITION).where(POSITION.c.at < now - KEPT))
