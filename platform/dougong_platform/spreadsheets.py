"""Spreadsheets in the studio: taken in, looked through, made into an entity, kept until their rows can be imported.

The file lies in `<data_dir>/studio/sheets/<id>`. It belongs to who sent it: nobody else sees what is in it, since its
rows are not yet anybody's records.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

import sqlalchemy as sa

from dougong_designer import spreadsheet
from dougong_designer.draft import Step
from dougong_designer.patch import Documents
from dougong_designer.spreadsheet import Guess, SheetColumn
from dougong_designer.spreadsheet.entity import SheetWish, made
from dougong_designer.tables import SHEET
from dougong_platform.site import Site
from dougong_platform.studio import Studio
from dougong_runtime.errors import NOT_FOUND, TOO_MUCH, Refused, problem_type, refuse
from dougong_runtime.host import Viewer
from dougong_runtime.labels import Label
from dougong_runtime.names import is_record_id, uuid7
from dougong_runtime.records.door import Records
from dougong_runtime.transfer.resolve import Resolver
from dougong_runtime.transfer.sheets import read_table

FILE_BYTES_MAX = 50_000_000
WAITING_MAX = 10
"""Spreadsheets of one person in one app."""
KEPT = timedelta(days=30)
YOUNG_SECONDS = 3_600.0
LOOKED_UP_MAX = 30
"""Values of a column that are looked for among the records of other entities."""
LOOKS_MAX = 120
"""Questions asked of the database for one spreadsheet."""
NAMED = 0.8
"""Share of values that must name a record for a column to be taken for a reference."""

IS_MADE = problem_type(
    "spreadsheet-is-made",
    409,
    "这份表格已经做成实体了。",
    "This spreadsheet has become an entity already.",
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A spreadsheet as it is kept."""

    id: str
    app: str
    user: str
    name: str
    size: int
    rows: int
    """Rows below the header; of a long table those that were looked at."""
    at: datetime
    columns: tuple[SheetColumn, ...]
    entity: str | None
    """Id of the entity that was made of it."""
    taken: dict[str, str]
    job: str | None


@dataclass(frozen=True, slots=True)
class Looked:
    """A file that has been taken in and looked through, before it is kept."""

    id: str
    name: str
    size: int
    columns: tuple[SheetColumn, ...]


def look(site: Site, studio: Studio, file: BinaryIO, name: str) -> Looked:
    """Take a file in and look through it, in a transaction that reads: it may take seconds. `keep` is to follow; a file
    for which it does not is swept later.

    Raises Refused: TOO_MUCH for a file, a number of columns or of waiting spreadsheets beyond the limits, and what
    reading it finds.
    """
    connection, viewer = studio.connection, studio.viewer
    _check_count(connection, viewer, studio.name)
    identity = uuid7()
    path = path_of(site, identity)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        size = _copy(file, path)
        columns = _with_references(studio, spreadsheet.examine(read_table(path), viewer.time_zone))
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Looked(identity, name[:200], size, columns)


def keep(site: Site, studio: Studio, looked: Looked) -> str:
    """Keep what was looked through, in a transaction that writes; gives its id. Raises Refused (TOO_MUCH)."""
    sweep(site, studio.connection)
    _check_count(studio.connection, studio.viewer, studio.name)
    studio.connection.execute(
        sa.insert(SHEET).values(
            id=looked.id,
            app=studio.name,
            user=_user(studio.viewer),
            name=looked.name,
            size=looked.size,
            rows=max((c.rows for c in looked.columns), default=0),
            at=site.clock.now(),
            columns=[column.as_json() for column in looked.columns],
        )
    )
    return looked.id


def _check_count(connection: sa.Connection, viewer: Viewer, app: str) -> None:
    mine = sa.select(sa.func.count()).select_from(SHEET)
    mine = mine.where(SHEET.c.user == _user(viewer), SHEET.c.app == app, SHEET.c.job.is_(None))
    if (connection.scalar(mine) or 0) >= WAITING_MAX:
        raise refuse(
            TOO_MUCH, what=Label("等待的表格", "The number of waiting spreadsheets"), limit=WAITING_MAX
        )


def make(studio: Studio, identity: str, wish: SheetWish) -> tuple[Step | None, str]:
    """The entity of a spreadsheet, as one act; gives the step and the entity's key. Raises Refused."""
    kept = get(studio, identity)
    if kept.entity is not None and any(d.get("id") == kept.entity for d in studio.draft.documents.values()):
        raise refuse(IS_MADE)
    new = made(studio.name, studio.draft.documents, kept.columns, wish)
    step = studio.take(new.documents)
    studio.connection.execute(
        sa.update(SHEET).where(SHEET.c.id == identity).values(entity=new.id, taken=dict(new.fields), job=None)
    )
    return step, new.key


def get(studio: Studio, identity: str) -> Kept:
    """A spreadsheet of the viewer's own. Raises Refused (NOT_FOUND)."""
    found = None
    if is_record_id(identity):
        query = sa.select(SHEET).where(SHEET.c.id == identity, SHEET.c.app == studio.name)
        found = studio.connection.execute(query.where(SHEET.c.user == _user(studio.viewer))).first()
    if found is None:
        raise refuse(NOT_FOUND)
    return kept_of(found)


def mine(studio: Studio) -> list[Kept]:
    """The viewer's spreadsheets in the app, the latest first."""
    query = sa.select(SHEET).where(SHEET.c.app == studio.name, SHEET.c.user == _user(studio.viewer))
    return [kept_of(row) for row in studio.connection.execute(query.order_by(SHEET.c.id.desc()))]


def drop(site: Site, studio: Studio, identity: str) -> None:
    """Let a spreadsheet go: its rows will not be imported. An entity that was made of it stays. Raises Refused."""
    kept = get(studio, identity)
    studio.connection.execute(sa.delete(SHEET).where(SHEET.c.id == kept.id))
    path_of(site, kept.id).unlink(missing_ok=True)


def path_of(site: Site, identity: str) -> Path:
    """Where the file lies."""
    return site.settings.data_dir / "studio" / "sheets" / identity


def kept_of(row: sa.Row[Any]) -> Kept:
    """A row as it is known outside."""
    columns = tuple(SheetColumn.of(column) for column in row.columns)
    return Kept(
        row.id,
        row.app,
        row.user,
        row.name,
        row.size,
        row.rows,
        row.at,
        columns,
        row.entity,
        row.taken or {},
        row.job,
    )


def sweep(site: Site, connection: sa.Connection) -> None:
    """Forget spreadsheets that have been kept for long, and files that belong to none."""
    connection.execute(sa.delete(SHEET).where(SHEET.c.at < site.clock.now() - KEPT))
    known = set(connection.scalars(sa.select(SHEET.c.id)))
    folder = site.settings.data_dir / "studio" / "sheets"
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name not in known and path.stat().st_mtime < time.time() - YOUNG_SECONDS:
            path.unlink(missing_ok=True)


def _user(viewer: Viewer) -> str:
    if viewer.user is None:
        raise refuse(NOT_FOUND)
    return viewer.user


def _copy(file: BinaryIO, path: Path) -> int:
    file.seek(0)  # the transaction may be done again
    with path.open("wb") as out:
        shutil.copyfileobj(file, out, 1 << 20)
    size = path.stat().st_size
    if size > FILE_BYTES_MAX:
        raise refuse(
            TOO_MUCH, what=Label("文件大小", "The file's size"), limit=f"{FILE_BYTES_MAX // 1_000_000} MB"
        )
    return size


# --- columns that name records ------------------------------------------------------------------------------------
def _with_references(studio: Studio, columns: Sequence[SheetColumn]) -> tuple[SheetColumn, ...]:
    """Columns whose values name records that the builder sees are taken for references to their entity."""
    records = studio.site.records(studio.connection, studio.viewer, studio.name)
    resolver = Resolver(records)
    targets = [e.name for e in studio.running.own_entities if _can_name(records, resolver, e.name)]
    left = LOOKS_MAX
    made = []
    for column in columns:
        texts = [text for text in column.values if text][:LOOKED_UP_MAX]
        if column.guess.type in ("text", "choice") and len(texts) >= 2 and not column.unique:
            for target in _likely(studio.draft.documents, targets, column.header):
                if left <= 0:
                    break
                left -= 1
                found = resolver.resolve(target, texts)
                share = sum(isinstance(found[text], str) for text in texts) / len(texts)
                if share >= NAMED:
                    column = replace(column, guess=Guess("reference", round(share * 100), to=target))
                    break
        made.append(column)
    return tuple(made)


def _can_name(records: Records, resolver: Resolver, entity: str) -> bool:
    try:
        return records.can(entity, "read") and bool(resolver.naming(entity))
    except Refused:
        return False


def _likely(documents: Documents, targets: Iterable[str], header: str) -> list[str]:
    """Entities to look among, those that the header speaks of first."""

    def speaks(name: str) -> bool:
        label = Label.of(documents.get(f"entity/{name}", {}).get("label"), name)
        low = header.casefold()
        return any(word and word.casefold() in low for word in (label.zh, label.en, name))

    return sorted(targets, key=lambda name: (not speaks(name), name))
