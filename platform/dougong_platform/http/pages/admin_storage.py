"""What the site takes up, what grows, and what could be cleared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_platform import people
from dougong_platform.doctor import Finding, examine_one
from dougong_platform.http.pages.visit import Here, Pages, Visit
from dougong_platform.room import Part, Room, retired, room
from dougong_platform.site import DIRECTORY
from dougong_runtime.model.app import App
from dougong_runtime.pages.file_faces import size_text
from dougong_runtime.pages.reading import ABSENT, number
from dougong_runtime.records import figures

PARTS_SHOWN = 20
WIDTH = 100
"""Of a bar, in the units of its drawing."""
BAR_LEAST = 0.6
"""So that what is little is seen to be there."""


def routes(pages: Pages) -> list[BaseRoute]:
    """`/admin/storage`."""
    return [
        pages.get("/admin/storage", show),
        pages.post("/admin/storage/files", check_files, writes=False),
    ]


@dataclass(frozen=True, slots=True)
class PartLine:
    """A part of the database in words, with how long its bar is."""

    label: str
    of: str
    rows: str
    bytes: str
    width: str


@dataclass(frozen=True, slots=True)
class DayLine:
    """Rows of the audit on one day."""

    day: str
    rows: str
    width: str


@dataclass(frozen=True, slots=True)
class ClearLine:
    """Something that could be cleared: how much there is, and how."""

    label: str
    amount: str
    how: str
    href: str = ""


def show(visit: Visit) -> Response:
    """All of it; of a large SQLite file the sizes of tables with `?whole`."""
    with visit.reading() as here:
        return _page(here)


def check_files(visit: Visit) -> Response:
    """Whether the contents of all files lie where they should, now."""
    with visit.reading() as here:
        people.require_admin(here.viewer)
    found = examine_one(visit.site, "files")
    with visit.reading() as here:
        return _page(here, found)


def _page(here: Here, checked: Sequence[Finding] = ()) -> Response:
    people.require_admin(here.viewer)
    reader = here.reader
    t = reader.t
    apps = {a.name: a for a in here.apps()}
    found = room(here.site, here.connection, reader.local, whole="whole" in here.visit.request.query_params)
    largest = max((p.bytes or p.rows or 0 for p in found.parts), default=0)
    made = {
        "figures": _figures(here, found),
        "parts": [_part(here, apps, p, largest, found.sizes.by_bytes) for p in found.parts[:PARTS_SHOWN]],
        "more_parts": max(0, len(found.parts) - PARTS_SHOWN),
        "by_bytes": found.sizes.by_bytes,
        "can_measure": found.dialect == "sqlite" and not found.sizes.by_bytes,
        "estimated": any(not p.is_exact and p.rows for p in found.parts),
        "files": [(f.media_type, size_text(f.size), reader.moment(f.at)) for f in found.files.largest],
        "files_note": t(
            "storage.files_note", n=number(found.files.count), contents=number(found.files.contents)
        ),
        "checked": [
            (f.state, reader.label(f.says), reader.label(f.remedy) if f.remedy else "") for f in checked
        ],
        "disks": [
            (d.folder, t("storage.free_of", free=size_text(d.free), total=size_text(d.total)))
            for d in found.disks
        ],
        "days": _days(here, found),
        "clearing": _clear(here, found, apps),
    }
    shell = here.shell(t("admin.storage"), in_admin=True, current="/admin/storage")
    return here.page("admin/storage.html", shell, admin=made)


def _figures(here: Here, found: Room) -> list[tuple[str, str, str]]:
    t = here.reader.t
    kind = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}.get(found.dialect, found.dialect)
    days = list(found.audit.days.values())
    least = min(found.disks, key=lambda d: d.free)
    return [
        (t("storage.database"), size_text(found.sizes.bytes), kind),
        (
            t("storage.files"),
            size_text(found.files.bytes) if found.files.bytes else "0 B",
            t("storage.files_n", n=number(found.files.contents)),
        ),
        (t("storage.free"), size_text(least.free), t("storage.of", total=size_text(least.total))),
        (
            t("storage.audit"),
            number(found.audit.rows),
            t("storage.per_day", n=number(sum(days) // max(1, len(days)))),
        ),
    ]


def _part(here: Here, apps: dict[str, App], part: Part, largest: int, by_bytes: bool) -> PartLine:
    reader = here.reader
    if part.app is None:
        label, of = reader.t(f"storage.part.{part.entity}"), ""
    elif part.app == DIRECTORY:
        label, of = reader.t(f"storage.part.{part.entity}"), reader.t("storage.people")
    else:
        app = apps[part.app]
        label, of = reader.label(app.entities[str(part.entity)].label), reader.label(app.label)
    size = (part.bytes if by_bytes else part.rows) or 0
    return PartLine(
        label,
        of,
        ABSENT if part.rows is None else ("" if part.is_exact else "≈ ") + number(part.rows),
        ABSENT if part.bytes is None else size_text(part.bytes),
        _width(size, largest),
    )


def _width(size: int, largest: int) -> str:
    if not size or not largest:
        return "0"
    return f"{max(BAR_LEAST, size * WIDTH / largest):.1f}"


def _days(here: Here, found: Room) -> list[DayLine]:
    days = sorted(found.audit.days.items(), reverse=True)
    most = max((rows for _, rows in days), default=0)
    return [DayLine(here.reader.day(day), number(rows), _width(rows, most)) for day, rows in days]


def _clear(here: Here, found: Room, apps: dict[str, App]) -> list[ClearLine]:
    t, connection, site = here.reader.t, here.connection, here.site
    deleted = sum(
        gone.count
        for name in apps
        for gone in figures.trashed(connection, site.running(connection, name)).values()
    )
    lines = [
        ClearLine(
            t("storage.clear.trash"),
            t("storage.records_n", n=number(deleted)),
            t("storage.clear.trash_how"),
            "/admin/trash",
        ),
        ClearLine(
            t("storage.clear.retired"),
            t("storage.things_n", n=number(len(retired(site, connection)))),
            t("storage.clear.retired_how"),
            "/admin/trash#retired",
        ),
        ClearLine(
            t("storage.clear.waiting"),
            t("storage.files_n", n=number(found.files.waiting)),
            t("storage.clear.waiting_how"),
        ),
        ClearLine(t("storage.clear.jobs"), "", t("storage.clear.jobs_how"), "/admin/jobs"),
        ClearLine(t("storage.clear.previews"), "", t("storage.clear.previews_how")),
    ]
    if found.dialect == "sqlite":
        lines.append(
            ClearLine(
                t("storage.clear.free"),
                size_text(found.sizes.free) if found.sizes.free else "0 B",
                t("storage.clear.free_how"),
            )
        )
    lines.append(ClearLine(t("storage.audit"), "", t("storage.clear.audit_how"), "/admin/audit"))
    return lines
