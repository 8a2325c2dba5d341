"""Who follows a record: its owner and its creator, whoever wrote about it, and whoever wants to; each may end it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from dougong_runtime.errors import NOT_FOUND, refuse
from dougong_runtime.records.door import VIEWING_ONLY, Records
from dougong_runtime.talk.tables import FOLLOWER

IDS_MAX = 500


def set_following(
    connection: sa.Connection, app: str, record: str, user: str, follows: bool, at: datetime, *, anew: bool
) -> None:
    """Enter that somebody follows a record or does not; `anew` False: only where nothing was said about it before."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    row = insert(FOLLOWER).values(record=record, user=user, app=app, follows=follows, at=at)
    key = [FOLLOWER.c.record, FOLLOWER.c.user]
    if anew:
        connection.execute(row.on_conflict_do_update(index_elements=key, set_={"follows": follows, "at": at}))
    else:
        connection.execute(row.on_conflict_do_nothing(index_elements=key))


def followers(
    connection: sa.Connection, records: Sequence[str], whose: Mapping[str, Collection[str]]
) -> dict[str, frozenset[str]]:
    """Record id → who follows it; `whose` gives the people who do without having said so."""
    found: dict[str, set[str]] = {i: set(whose.get(i, ())) for i in records}
    for at in range(0, len(records), IDS_MAX):
        part = list(records[at : at + IDS_MAX])
        asked = sa.select(FOLLOWER.c.record, FOLLOWER.c.user, FOLLOWER.c.follows).where(
            FOLLOWER.c.record.in_(part)
        )
        for record, user, follows in connection.execute(asked):
            if follows:
                found[record].add(user)
            else:
                found[record].discard(user)
    return {record: frozenset(people) for record, people in found.items()}


def follows(records: Records, entity: str, id: str) -> bool:
    """Whether the viewer follows a record that they may read. Raises Refused (NOT_FOUND)."""
    record = _readable(records, entity, id)
    said = records.connection.scalar(
        sa.select(FOLLOWER.c.follows).where(
            FOLLOWER.c.record == record, FOLLOWER.c.user == records.viewer.user
        )
    )
    if said is not None:
        return bool(said)
    return records.viewer.user in records.beside.whose(entity, [record]).get(record, frozenset())


def follow(records: Records, entity: str, id: str, wanted: bool) -> None:
    """Follow a record that the viewer may read, or no longer. Raises Refused (NOT_FOUND, VIEWING_ONLY)."""
    if records.viewer.acting_for is not None:
        raise refuse(VIEWING_ONLY)
    record = _readable(records, entity, id)
    user = records.viewer.user
    if user is None:
        raise refuse(NOT_FOUND)
    app = records.running.app.name
    set_following(records.connection, app, record, user, wanted, records.now, anew=True)


def _readable(records: Records, entity: str, id: str) -> str:
    return str(records.get(entity, id, fields=("id",))["id"])
