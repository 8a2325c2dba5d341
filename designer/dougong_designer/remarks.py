"""What builders say to each other about a document: written, answered, settled, opened again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from dougong_designer.draft import Draft, Writing
from dougong_designer.tables import COMMENT
from dougong_runtime.audit import log
from dougong_runtime.errors import NOT_FOUND, problem_type, refuse
from dougong_runtime.names import is_record_id, uuid7

TEXT_MAX = 4_000
LISTED_MAX = 200
EMPTY_REMARK = problem_type(
    "empty-remark",
    422,
    f"写点什么，不超过 {TEXT_MAX:,} 字。",
    f"Write something, of at most {TEXT_MAX:,} characters.",
)


@dataclass(frozen=True, slots=True)
class Remark:
    """One remark, as it stands."""

    id: str
    document: str
    """Id of the document, which a rename leaves as it is."""
    user: str | None
    by: str
    at: datetime
    text: str
    settled_by: str | None
    settled_at: datetime | None


def remarks(connection: sa.Connection, app: str, document: str | None = None) -> list[Remark]:
    """Of a document (by its id), or of the whole app: those that are open first, each the oldest first."""
    query = sa.select(COMMENT).where(COMMENT.c.app == app)
    if document is not None:
        query = query.where(COMMENT.c.document == document)
    query = query.order_by(COMMENT.c.settled_at.is_not(None), COMMENT.c.at, COMMENT.c.id).limit(LISTED_MAX)
    return [_remark(row) for row in connection.execute(query)]


def open_counts(connection: sa.Connection, app: str) -> dict[str, int]:
    """Id of a document → how many remarks on it are open."""
    query = (
        sa.select(COMMENT.c.document, sa.func.count())
        .where(COMMENT.c.app == app, COMMENT.c.settled_at.is_(None))
        .group_by(COMMENT.c.document)
    )
    return {document: int(count) for document, count in connection.execute(query)}


def write(writing: Writing, draft: Draft, key: str, text: str) -> Remark:
    """Say something about the document at `key`. Raises Refused (NOT_FOUND, EMPTY_REMARK)."""
    document = str(draft.document(key).get("id", key))
    said = text.replace("\r\n", "\n").strip()
    if not said or len(said) > TEXT_MAX:
        raise refuse(EMPTY_REMARK, "text")
    viewer = writing.viewer
    made = Remark(
        str(uuid7()),
        document,
        viewer.user,
        viewer.name or viewer.username,
        writing.clock.now(),
        said,
        None,
        None,
    )
    values = {name: getattr(made, name) for name in Remark.__dataclass_fields__}
    connection = writing.connection
    connection.execute(sa.insert(COMMENT).values({**values, "app": draft.app}))
    facts = {"document": key, "remark": made.id}
    _tell(writing, draft, log.Event(log.COMMENT, draft.app, after={"_comment": said}, facts=facts))
    return made


def settle(writing: Writing, draft: Draft, remark: str, *, settled: bool) -> Remark:
    """Mark a remark as settled, or open it again; nothing where it is so already. Raises Refused (NOT_FOUND)."""
    if not is_record_id(remark):
        raise refuse(NOT_FOUND)
    here = (COMMENT.c.app == draft.app) & (COMMENT.c.id == remark)
    row = writing.connection.execute(sa.select(COMMENT).where(here).with_for_update()).one_or_none()
    if row is None:
        raise refuse(NOT_FOUND)
    if (row.settled_at is not None) == settled:
        return _remark(row)
    viewer = writing.viewer
    values = {
        "settled_by": (viewer.name or viewer.username) if settled else None,
        "settled_at": writing.clock.now() if settled else None,
    }
    writing.connection.execute(sa.update(COMMENT).where(here).values(values))
    facts = {"remark": remark, "settled": settled}
    _tell(writing, draft, log.Event(log.COMMENT_EDIT, draft.app, facts=facts))
    return _remark(writing.connection.execute(sa.select(COMMENT).where(here)).one())


def _tell(writing: Writing, draft: Draft, event: log.Event) -> None:
    log.write(writing.connection, writing.viewer, writing.clock.now(), [event], version=draft.running)


def _remark(row: sa.Row[tuple[object, ...]]) -> Remark:
    return Remark(*(getattr(row, name) for name in Remark.__dataclass_fields__))
