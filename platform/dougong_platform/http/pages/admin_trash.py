"""What lies in the trash of the whole site, in figures: titles are for who holds a role that shows them."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_platform import people
from dougong_platform.http.pages.visit import Here, Pages, Visit
from dougong_platform.room import Retired, retired
from dougong_runtime.model.app import App, Entity
from dougong_runtime.pages.reading import ABSENT, number
from dougong_runtime.publish.retention import days_kept
from dougong_runtime.records import figures
from dougong_runtime.records.figures import Trashed


def routes(pages: Pages) -> list[BaseRoute]:
    """`/admin/trash`."""
    return [pages.get("/admin/trash", show)]


@dataclass(frozen=True, slots=True)
class EntityLine:
    """Deleted records of an entity, counted."""

    entity: str
    count: str
    oldest: str
    newest: str
    kept: str
    href: str
    """Where the reader sees them; empty where no role of theirs shows them."""


@dataclass(frozen=True, slots=True)
class AppTrash:
    """The trash of an app."""

    label: str
    total: str
    lines: tuple[EntityLine, ...]
    href: str
    """The trash of the whole app, for who may look into it."""


@dataclass(frozen=True, slots=True)
class RetiredLine:
    """A field or entity that a publication took away."""

    what: str
    kind: str
    app: str
    since: str
    until: str


def show(visit: Visit) -> Response:
    """By app and entity: how many, since when, what holds them; and what publications took away."""
    with visit.reading() as here:
        people.require_admin(here.viewer)
        apps = here.apps()
        labels = {a.name: here.reader.label(a.label) for a in apps}
        made = {
            "apps": [_app(here, a) for a in apps],
            "retired": [
                _retired(here, labels, r)
                for r in retired(here.site, here.connection)
                if r.kind in ("entity", "field", "retype")
            ],
            "kept": [(labels[a.name], _kept_for(here, a)) for a in apps],
        }
        shell = here.shell(here.reader.t("admin.trash"), in_admin=True, current="/admin/trash")
        return here.page("admin/trash.html", shell, admin=made)


def _app(here: Here, app: App) -> AppTrash:
    running = here.site.running(here.connection, app.name)
    gone = figures.trashed(here.connection, running)
    desk = here.desk(app.name)
    mine = {n for n in gone if desk.records.can(n, "delete") and desk.records.can(n, "read")}
    lines = tuple(
        _entity(here, app, app.entities[name], found, name in mine)
        for name, found in sorted(gone.items(), key=lambda pair: -pair[1].count)
    )
    href = f"/apps/{app.name}/trash" if mine else ""
    return AppTrash(here.reader.label(app.label), number(sum(g.count for g in gone.values())), lines, href)


def _entity(here: Here, app: App, entity: Entity, found: Trashed, is_mine: bool) -> EntityLine:
    reader = here.reader
    kept = ""
    if entity.append_only:
        kept = reader.t("trash.append_only")
    elif entity.retain is not None:
        field = reader.label(entity.fields[entity.retain.field].label)
        kept = reader.t("trash.retain", years=entity.retain.years, field=field)
    return EntityLine(
        reader.label(entity.label),
        number(found.count),
        reader.moment(found.oldest) if found.oldest else ABSENT,
        reader.moment(found.newest) if found.newest else ABSENT,
        kept,
        f"/apps/{app.name}/{entity.name}/trash" if is_mine else "",
    )


def _kept_for(here: Here, app: App) -> str:
    days = days_kept(app)
    return here.reader.t("trash.kept_days", n=days) if days is not None else here.reader.t("trash.kept_ever")


def _retired(here: Here, labels: dict[str, str], found: Retired) -> RetiredLine:
    reader = here.reader
    name = f"{found.entity}.{found.name}" if found.entity and found.kind != "entity" else found.name
    until = reader.day(reader.local(found.until).date()) if found.until else reader.t("trash.never")
    return RetiredLine(
        name,
        reader.t(f"trash.kind.{found.kind}"),
        labels.get(found.app, found.app),
        reader.moment(found.since),
        until,
    )
