"""The trash of a whole app: what of all entities was deleted, for who may bring it back; several at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_platform.http.pages.visit import Here, Pages, Visit
from dougong_runtime.errors import FORBIDDEN, Refused, refuse
from dougong_runtime.labels import Label
from dougong_runtime.model.app import Entity
from dougong_runtime.pages.desk import Desk, Mark
from dougong_runtime.pages.reading import instant, number
from dougong_runtime.pages.shell import Toast
from dougong_runtime.records.query import Query

LIMIT = 200
"""Deleted records on one page; a search finds those before."""
AT_ONCE_MAX = 200
REASONS_MAX = 5


def routes(pages: Pages) -> list[BaseRoute]:
    """`/apps/{app}/trash`."""
    return [pages.get("/apps/{app}/trash", show), pages.post("/apps/{app}/trash/restore", restore)]


@dataclass(frozen=True, slots=True)
class GoneLine:
    """A deleted record of any entity."""

    key: str
    """Entity and record, as the form names it."""
    title: str
    mark: Mark
    entity: str
    at: datetime | None
    deleted: str
    by: str


@dataclass(frozen=True, slots=True)
class EntityChip:
    """An entity by which the trash can be narrowed, with how much of it lies there."""

    name: str
    label: str
    count: str
    href: str


def show(visit: Visit) -> Response:
    """Deleted records of all entities that the reader may bring back, the last first."""
    with visit.reading() as here:
        return _page(here)


def restore(visit: Visit) -> Response:
    """Bring back those that were chosen, each for itself; what cannot come back is told with its reason."""
    chosen = dict.fromkeys(str(key) for key in visit.form.getlist("record"))
    done = 0
    reasons: dict[str, int] = {}
    with visit.writing() as here:
        desk = here.desk()
        groups: dict[str, list[str]] = {}
        for key in list(chosen)[:AT_ONCE_MAX]:
            name, _, record = key.partition("/")
            if name in {e.name for e in _entities(desk)}:
                groups.setdefault(name, []).append(record)
        for entity, records in groups.items():
            outcome = desk.records.many.restore(entity, records)
            done += len({c.record for c in outcome.done} & set(records))
            for refused in outcome.refused.values():
                reasons[here.said(refused)] = reasons.get(here.said(refused), 0) + 1
    with visit.reading() as here:
        return _page(here, _Done(done, reasons))


@dataclass(frozen=True, slots=True)
class _Done:
    """What came of bringing back."""

    restored: int
    reasons: dict[str, int]


def _entities(desk: Desk) -> list[Entity]:
    """Those whose trash the reader may look into."""
    can = desk.records.can
    return [e for e in desk.app.own_entities if can(e.name, "delete") and can(e.name, "read")]


def _page(here: Here, done: _Done | None = None) -> Response:
    desk, reader = here.desk(), here.reader
    entities = _entities(desk)
    if not entities:
        raise refuse(FORBIDDEN, entity=desk.app.label, action=Label("查看回收站", "looking into the trash"))
    given = here.visit.text if here.visit.request.method == "POST" else here.visit.query
    search, only = given("search").strip(), given("entity")
    lines: list[GoneLine] = []
    chips = [EntityChip("", reader.t("trash.all"), "", _href(desk, search, ""))]
    total = 0
    for entity in entities:
        found = _found(here, desk, entity, search)
        if found is None:
            continue
        count, of_entity = found
        total += count
        if count or entity.name == only:
            chips.append(
                EntityChip(
                    entity.name,
                    desk.label(entity, many=True),
                    number(count),
                    _href(desk, search, entity.name),
                )
            )
        if only in ("", entity.name):
            lines += of_entity
    lines.sort(key=lambda line: (line.at is not None, line.at), reverse=True)
    made = {
        "rows": lines[:LIMIT],
        "chips": chips,
        "only": only,
        "search": search,
        "total": number(total),
        "is_cut": len(lines) > LIMIT,
        "limit": LIMIT,
        "action": f"{desk.address}/trash",
        "reasons": _reasons(done),
        "may": here.viewer.acting_for is None,
    }
    toast = Toast(reader.t("trash.restored_n", n=done.restored)) if done and done.restored else None
    shell = here.shell(reader.t("list.trash"), desk=desk, current=f"{desk.address}/trash", toast=toast)
    return here.page("app_trash.html", shell, trash=made)


def _href(desk: Desk, search: str, entity: str) -> str:
    asked = urlencode({n: v for n, v in (("search", search), ("entity", entity)) if v})
    return f"{desk.address}/trash" + (f"?{asked}" if asked else "")


def _found(here: Here, desk: Desk, entity: Entity, search: str) -> tuple[int, Sequence[GoneLine]] | None:
    """How many deleted records of an entity there are, and the newest; None where it cannot be searched."""
    shown = {v.field.name for v in desk.records.fields(entity.name) if v.read}
    names = tuple(n for n in (entity.title, "updated_at", "updated_by") if n in shown)
    query = Query(
        entity.name,
        fields=names,
        sort=("-updated_at",) if "updated_at" in shown and not search else (),
        limit=LIMIT,
        search=search or None,
        trash=True,
        titles=True,
    )
    try:
        page = desk.records.list(query)
    except Refused:
        if not search:
            raise
        return None
    label = desk.label(entity)
    lines = []
    for item in page.items:
        row = desk.row(entity, item)
        at = instant(item.get("updated_at"))
        by = item.get("updated_by")
        who = str(by.get("title") or "") if isinstance(by, dict) else ""
        when = here.reader.moment(at) if at else ""
        lines.append(GoneLine(f"{entity.name}/{row.id}", row.title, row.mark, label, at, when, who))
    return page.count, lines


def _reasons(done: _Done | None) -> list[tuple[str, int]]:
    if done is None:
        return []
    most = sorted(done.reasons.items(), key=lambda pair: -pair[1])
    return most[:REASONS_MAX]
