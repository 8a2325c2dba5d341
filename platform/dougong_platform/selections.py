"""What somebody chose to act upon: ids of records, frozen when they chose.

"All that match" is settled once, under the access of who asks, and stands from then on: what is shown, tried and done
is one and the same set of records, however the list changes meanwhile. It gives no right: each record is asked about
again when it is acted upon. `docs/decisions/0017-acts-on-many.md` has the reasons.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from dougong_runtime.errors import NOT_FOUND, TOO_MUCH, refuse
from dougong_runtime.exact import Instant, JsonValue, RecordId
from dougong_runtime.host import Viewer
from dougong_runtime.labels import Label
from dougong_runtime.names import is_record_id, uuid7
from dougong_runtime.records.door import Records
from dougong_runtime.records.query import Query
from dougong_runtime.storage.system import SYSTEM

CHOSEN_MAX = 100_000
"""Records that one act takes in."""

SELECTION = sa.Table(
    "dg_selection",
    SYSTEM,
    sa.Column("id", RecordId(), primary_key=True),
    sa.Column("user", RecordId(), nullable=False),
    sa.Column("app", sa.Text, nullable=False),
    sa.Column("entity", sa.Text, nullable=False),
    sa.Column("asked", JsonValue()),
    sa.Column("records", sa.LargeBinary, nullable=False),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("created_at", Instant(), nullable=False),
)
"""asked       filter and search that it was chosen by, and whether in the trash; NULL where records were named one by one
records     the ids, 16 bytes each, in order
"""


@dataclass(frozen=True, slots=True)
class Selection:
    """Records that somebody chose."""

    id: str
    app: str
    entity: str
    records: Sequence[str]
    is_all: bool
    """Whether it was chosen by a filter, not one by one."""


def choose(
    records: Records, connection: sa.Connection, query: Query, at: datetime, *, limit: int = CHOSEN_MAX
) -> Selection:
    """All that a query gives its reader now. Raises Refused, TOO_MUCH where there are more than an act takes in."""
    found = records.many.matching(query, limit)
    if len(found) > limit:
        raise refuse(TOO_MUCH, what=Label("选中的记录", "The selection"), limit=f"{limit:,}")
    asked = {"filter": query.filter, "search": query.search, "trash": query.trash}
    return _keep(records, connection, query.entity, found, asked, at)


def name(
    records: Records, connection: sa.Connection, entity: str, ids: Iterable[str], at: datetime
) -> Selection:
    """Records named one by one; what is no id of a record falls out."""
    known = [i for i in dict.fromkeys(str(i).lower() for i in ids) if is_record_id(i)]
    if len(known) > CHOSEN_MAX:
        raise refuse(TOO_MUCH, what=Label("选中的记录", "The selection"), limit=f"{CHOSEN_MAX:,}")
    return _keep(records, connection, entity, known, None, at)


def find(connection: sa.Connection, viewer: Viewer, app: str, entity: str, id: str) -> Selection:
    """A selection of the viewer's own. Raises Refused (NOT_FOUND)."""
    row = None
    if is_record_id(id) and viewer.user is not None:
        c = SELECTION.c
        mine = (c.id == id, c.user == viewer.user, c.app == app, c.entity == entity)
        row = connection.execute(sa.select(SELECTION).where(*mine)).first()
    if row is None:
        raise refuse(NOT_FOUND)
    return Selection(row.id, row.app, row.entity, _unpacked(row.records), row.asked is not None)


def sweep(connection: sa.Connection, before: datetime) -> None:
    """Forget what was chosen before an instant."""
    connection.execute(sa.delete(SELECTION).where(SELECTION.c.created_at < before))


def _keep(
    records: Records,
    connection: sa.Connection,
    entity: str,
    ids: Sequence[str],
    asked: Mapping[str, Any] | None,
    at: datetime,
) -> Selection:
    app = records.running.app.name
    made = Selection(uuid7(), app, entity, tuple(ids), asked is not None)
    connection.execute(
        sa.insert(SELECTION).values(
            id=made.id,
            user=records.viewer.user,
            app=app,
            entity=entity,
            asked=asked,
            records=b"".join(UUID(i).bytes for i in ids),
            count=len(ids),
            created_at=at,
        )
    )
    return made


def _unpacked(packed: bytes) -> tuple[str, ...]:
    return tuple(str(UUID(bytes=packed[at : at + 16])) for at in range(0, len(packed), 16))
