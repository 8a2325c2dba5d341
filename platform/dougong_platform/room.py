"""What a site takes up: its database by what stands in it, its files, its audit day by day, and what is free."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from dougong_platform.site import DIRECTORY, Site
from dougong_runtime.audit.log import dg_audit
from dougong_runtime.audit.seal import dg_seal
from dougong_runtime.publish.retention import days_kept
from dougong_runtime.records import figures
from dougong_runtime.records.file_table import FILE, waiting_together
from dougong_runtime.storage import trash
from dougong_runtime.storage.sizes import Sizes, sizes

GROWTH_DAYS = 14
LARGEST_FILES = 5
AUDIT = frozenset({"dg_audit", "dg_seal"})
"""Tables of the audit; the site's other tables are counted together."""


@dataclass(slots=True)
class Part:
    """Tables that hold one thing: an entity (of an app), the audit, or what else the site keeps."""

    app: str | None
    entity: str | None
    """Of an app; else `audit`, `retired` or `site`."""
    rows: int | None = None
    bytes: int | None = None
    is_exact: bool = True


@dataclass(frozen=True, slots=True)
class LargeFile:
    """One of the largest contents: what it is called is for who may read its record."""

    media_type: str
    size: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Files:
    """All files: `contents` are what lies in the store, since files of the same content share one copy."""

    count: int
    contents: int
    bytes: int
    waiting: int
    waiting_bytes: int
    largest: tuple[LargeFile, ...]


@dataclass(frozen=True, slots=True)
class Disk:
    """The disk under a folder."""

    folder: str
    free: int
    total: int


@dataclass(frozen=True, slots=True)
class Audit:
    """Rows of the audit, and how many were sealed each day; the unsealed belong to today."""

    rows: int
    days: Mapping[date, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Room:
    """All of it."""

    dialect: str
    sizes: Sizes
    parts: tuple[Part, ...]
    files: Files
    disks: tuple[Disk, ...]
    audit: Audit


def room(
    site: Site, connection: sa.Connection, local: Callable[[datetime], datetime], *, whole: bool = False
) -> Room:
    """What the site takes up. `local` puts an instant into the zone in which days are counted; `whole` reads a large
    SQLite file to the end for the sizes of its tables."""
    found = sizes(connection, whole=whole)
    return Room(
        connection.dialect.name,
        found,
        _parts(site, connection, found),
        _files(connection),
        _disks(site),
        _audit(connection, site.clock.now(), local),
    )


def _parts(site: Site, connection: sa.Connection, found: Sizes) -> tuple[Part, ...]:
    owners: dict[str, tuple[str, str]] = {}
    for app in (*site.apps(connection), DIRECTORY):
        for name, entity in figures.entity_of_tables(site.running(connection, app)).items():
            owners[name] = (app, entity)
    parts: dict[tuple[str | None, str], Part] = {}
    for table in found.tables:
        served = figures.table_served(table.name)
        key: tuple[str | None, str] = owners.get(served, (None, _kind(served)))
        part = parts.setdefault(key, Part(*key))
        if table.bytes is not None:
            part.bytes = (part.bytes or 0) + table.bytes
        # Tables that serve the search, or hold references, have rows that are no records.
        is_own = key[0] is None or table.name == _main(owners, key)
        if is_own and served == table.name and table.rows is not None:
            part.rows = (part.rows or 0) + table.rows
            part.is_exact = part.is_exact and table.is_exact
    return tuple(sorted(parts.values(), key=lambda p: (-(p.bytes or 0), -(p.rows or 0))))


def _main(owners: Mapping[str, tuple[str, str]], key: tuple[str | None, str]) -> str:
    """The table of an entity itself: of those that belong to it the one with the shortest name."""
    return min((table for table, owner in owners.items() if owner == key), key=len)


def _kind(table: str) -> str:
    if table in AUDIT:
        return "audit"
    return "retired" if table.startswith("dg_trash_") else "site"


def _files(connection: sa.Connection) -> Files:
    contents = sa.select(FILE.c.sha256, sa.func.max(FILE.c.size).label("size")).group_by(FILE.c.sha256)
    inner = contents.subquery()
    asked = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(inner.c.size), 0))
    kept, total = connection.execute(asked.select_from(inner)).one()
    count = int(connection.scalar(sa.select(sa.func.count()).select_from(FILE)) or 0)
    columns = (FILE.c.media_type, FILE.c.size, FILE.c.at)
    largest = connection.execute(
        sa.select(*columns).order_by(FILE.c.size.desc(), FILE.c.id).limit(LARGEST_FILES)
    )
    waiting, waiting_bytes = waiting_together(connection)
    return Files(
        count, int(kept), int(total), waiting, waiting_bytes, tuple(LargeFile(*row) for row in largest)
    )


def _disks(site: Site) -> tuple[Disk, ...]:
    folders = [site.settings.data_dir]
    url = sa.make_url(site.settings.database_url)
    if url.get_backend_name() == "sqlite" and url.database:
        folders.append(Path(url.database).resolve().parent)
    found: dict[int, Disk] = {}
    for folder in folders:
        usage = shutil.disk_usage(folder)
        found.setdefault(folder.stat().st_dev, Disk(str(folder), usage.free, usage.total))
    return tuple(found.values())


def _audit(connection: sa.Connection, now: datetime, local: Callable[[datetime], datetime]) -> Audit:
    """Told from the seals, of which there is one a minute at most, so that no row of the audit is read."""
    first = local(now).date() - timedelta(days=GROWTH_DAYS - 1)
    days = {first + timedelta(days=n): 0 for n in range(GROWTH_DAYS)}
    since = (now - timedelta(days=GROWTH_DAYS + 1)).isoformat()
    sealed = sa.select(dg_seal.c.at, dg_seal.c.rows).where(dg_seal.c.at >= since)
    for at, rows in connection.execute(sealed):
        day = local(datetime.fromisoformat(at)).date()
        if day in days:
            days[day] += rows
    all_sealed = int(connection.scalar(sa.select(sa.func.coalesce(sa.func.sum(dg_seal.c.rows), 0))) or 0)
    left = unsealed(connection)
    days[local(now).date()] = days.get(local(now).date(), 0) + left
    return Audit(all_sealed + left, days)


def unsealed(connection: sa.Connection) -> int:
    """Rows of the audit that no seal covers yet."""
    last = connection.scalar(sa.select(sa.func.max(dg_seal.c.last_seq))) or 0
    waiting = sa.select(sa.func.count()).select_from(dg_audit).where(dg_audit.c.seq > last)
    return int(connection.scalar(waiting) or 0)


@dataclass(frozen=True, slots=True)
class Retired:
    """A field or entity that a publication took away: what it was called, since when, and when it is destroyed."""

    app: str
    kind: str
    name: str
    entity: str
    since: datetime
    until: datetime | None


def retired(site: Site, connection: sa.Connection) -> list[Retired]:
    """What lies in the trash of publications, newest first, with the day on which each app's retention destroys it."""
    found = []
    for app in site.apps(connection):
        running = site.running(connection, app).app
        days = days_kept(running)
        names = {e.id: e.name for e in running.own_entities}
        for lying in trash.lying(connection, app):
            until = None if days is None else lying.since + timedelta(days=days)
            found.append(
                Retired(app, lying.kind, lying.name, names.get(lying.entity_id, ""), lying.since, until)
            )
    return sorted(found, key=lambda r: r.since, reverse=True)
