"""The files there are: their facts, and the fields of records that name them or once did. Their bytes lie with the host.

A file is written once and never changed. A use is written with the record that names the file and outlives a later
change of the field, because the history still names it; it ends when the history's values are erased.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from dougong_runtime.exact import Instant, RecordId
from dougong_runtime.names import is_record_id
from dougong_runtime.storage.system import SYSTEM

FILE = sa.Table(
    "dg_file",
    SYSTEM,
    sa.Column("id", RecordId(), primary_key=True),
    sa.Column("sha256", sa.String(64), nullable=False, index=True),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("media_type", sa.Text, nullable=False),
    sa.Column("width", sa.Integer),
    sa.Column("height", sa.Integer),
    sa.Column("by", RecordId()),
    sa.Column("at", Instant(), nullable=False, index=True),
    sa.Index("dg_file_by", "by", "at"),
)
"""sha256      where its bytes lie: files of the same content share one copy
media_type  what the content is, found out by the host and never taken from who sent it
width       pixels of an image; NULL for anything else
by, at      who handed it in and when; `by` NULL: the system
"""

FILE_USE = sa.Table(
    "dg_file_use",
    SYSTEM,
    sa.Column("file", RecordId(), sa.ForeignKey("dg_file.id"), primary_key=True),
    sa.Column("record", RecordId(), primary_key=True),
    sa.Column("field", sa.String(64), primary_key=True),
    sa.Index("dg_file_use_record", "record", "field"),
)
"""A field (by its id) of a record that names a file, or named it before."""

IDS_MAX = 500
USES_MAX = 20
"""Uses of one file that are looked through for one that its reader may see."""


@dataclass(frozen=True, slots=True)
class File:
    """Facts of one file."""

    id: str
    sha256: str
    size: int
    name: str
    media_type: str
    width: int | None
    height: int | None
    by: str | None
    at: datetime

    @property
    def facts(self) -> dict[str, Any]:
        """The facts that a record keeps."""
        kept: dict[str, Any] = {
            "id": self.id,
            "name": self.name,
            "size": self.size,
            "sha256": self.sha256,
            "media_type": self.media_type,
        }
        if self.width is not None and self.height is not None:
            kept |= {"width": self.width, "height": self.height}
        return kept


def find(connection: sa.Connection, ids: Iterable[str]) -> dict[str, File]:
    """Those of these files that there are, by id."""
    found: dict[str, File] = {}
    wanted = sorted(set(ids))
    for at in range(0, len(wanted), IDS_MAX):
        rows = connection.execute(sa.select(FILE).where(FILE.c.id.in_(wanted[at : at + IDS_MAX])))
        found |= {row["id"]: File(**row) for row in rows.mappings()}
    return found


def find_own(connection: sa.Connection, by: str | None, id_: str) -> File | None:
    """A file that a person handed in; None for any other, and for what is no id."""
    known = id_.lower()
    found = find(connection, [known]).get(known) if is_record_id(known) and by is not None else None
    return found if found is not None and found.by == by else None


def add(connection: sa.Connection, file: File) -> None:
    """A file whose bytes lie with the host already."""
    connection.execute(FILE.insert().values({c.name: getattr(file, c.name) for c in FILE.columns}))


def use(connection: sa.Connection, uses: Iterable[tuple[str, str, str]]) -> None:
    """Note that fields name files: (file, record, id of the field). What is noted already stays."""
    rows = [{"file": f, "record": r, "field": d} for f, r, d in dict.fromkeys(uses)]
    if rows:
        insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        connection.execute(insert(FILE_USE).on_conflict_do_nothing(), rows)


def used_by(connection: sa.Connection, record: str, fields: Collection[str]) -> set[tuple[str, str]]:
    """(field, file) of what these fields of a record name or named."""
    c = FILE_USE.c
    rows = connection.execute(
        sa.select(c.field, c.file).where(c.record == record, c.field.in_(sorted(fields)))
    )
    return {(row.field, row.file) for row in rows}


def uses_of(connection: sa.Connection, file: str, limit: int = USES_MAX) -> list[tuple[str, str]]:
    """(record, field) of what names or named a file."""
    c = FILE_USE.c
    rows = connection.execute(
        sa.select(c.record, c.field).where(c.file == file).order_by(c.record).limit(limit)
    )
    return [(row.record, row.field) for row in rows]


def forget(
    connection: sa.Connection,
    record: str,
    fields: Collection[str] | None,
    kept: Mapping[str, Collection[str]],
) -> None:
    """End the uses by fields of a record (None: by all), but for the files that a field still names (`kept`)."""
    c = FILE_USE.c
    still = [sa.and_(c.field == field, c.file.in_(sorted(files))) for field, files in kept.items() if files]
    wheres = [c.record == record, sa.not_(sa.or_(sa.false(), *still))]
    if fields is not None:
        wheres.append(c.field.in_(sorted(fields)))
    connection.execute(FILE_USE.delete().where(*wheres))


def waiting(connection: sa.Connection, by: str | None) -> tuple[int, int]:
    """How many files that no record names a person has handed in, and their bytes together."""
    asked = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(FILE.c.size), 0))
    row = connection.execute(asked.where(FILE.c.by == by, ~_is_used())).one()
    return int(row[0]), int(row[1])


def waiting_together(connection: sa.Connection) -> tuple[int, int]:
    """How many files that no record names there are, and their bytes together."""
    asked = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(FILE.c.size), 0))
    row = connection.execute(asked.where(~_is_used())).one()
    return int(row[0]), int(row[1])


def drop_unused(connection: sa.Connection, before: datetime, limit: int = IDS_MAX) -> int:
    """Forget files that were handed in before an instant and that no record names or named; gives how many."""
    old = sa.select(FILE.c.id).where(FILE.c.at < before, ~_is_used()).order_by(FILE.c.at).limit(limit)
    ids = [row.id for row in connection.execute(old)]
    if ids:
        connection.execute(FILE.delete().where(FILE.c.id.in_(ids)))
    return len(ids)


def known_digests(connection: sa.Connection, digests: Sequence[str]) -> set[str]:
    """Those of these digests that some file has."""
    asked = sa.select(FILE.c.sha256).where(FILE.c.sha256.in_(list(digests))).distinct()
    return {row.sha256 for row in connection.execute(asked)}


def contents(connection: sa.Connection, after: str, limit: int = IDS_MAX) -> list[tuple[str, int]]:
    """Digest and size of what must lie with the host, in the order of digests, those after one."""
    asked = (
        sa.select(FILE.c.sha256, FILE.c.size)
        .where(FILE.c.sha256 > after)
        .distinct()
        .order_by(FILE.c.sha256)
        .limit(limit)
    )
    return [(row.sha256, row.size) for row in connection.execute(asked)]


def _is_used() -> sa.ColumnElement[bool]:
    return sa.exists().where(FILE_USE.c.file == FILE.c.id)
