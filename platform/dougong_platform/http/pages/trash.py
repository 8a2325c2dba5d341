"""What lies in the trash of an entity, and the way back."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_platform.http.pages.visit import Pages, Visit
from dougong_runtime.errors import FORBIDDEN, refuse
from dougong_runtime.labels import Label
from dougong_runtime.pages.bulk import Acts, offered_in_trash
from dougong_runtime.pages.desk import Cell
from dougong_runtime.pages.faces import is_number
from dougong_runtime.pages.reading import instant
from dougong_runtime.pages.related import ListHead
from dougong_runtime.pages.views import default_columns, main_view, views_of
from dougong_runtime.records.query import Query

LIMIT = 200


@dataclass(frozen=True, slots=True)
class TrashRow:
    """A deleted record."""

    id: str
    title: str
    cells: tuple[Cell, ...]
    deleted: str
    restore: str


@dataclass(frozen=True, slots=True)
class Acting:
    """What the bar of a selection is drawn from, as a list has it."""

    acts: Acts
    base: str
    count_text: str = ""


@dataclass(frozen=True, slots=True)
class Trash:
    """The trash of an entity."""

    label: str
    back: str
    heads: tuple[ListHead, ...]
    rows: tuple[TrashRow, ...]
    acting: Acting


def routes(pages: Pages) -> list[BaseRoute]:
    """`/apps/{app}/{entity}/trash`."""
    return [pages.get("/apps/{app}/{entity}/trash", show)]


def show(visit: Visit) -> Response:
    """Deleted records, the last first."""
    with visit.reading() as here:
        desk = here.desk()
        entity = here.entity(desk)
        if not desk.records.can(entity.name, "delete"):
            raise refuse(FORBIDDEN, entity=entity.label, action=Label("查看回收站", "looking into the trash"))
        views = views_of(desk.app, entity.name)
        columns = desk.columns(views[0].columns if views else default_columns(desk.app, entity))[:5]
        names = [c.path for c in columns] + (
            [entity.title] if entity.title in desk.views(entity.name) else []
        )
        page = desk.records.list(
            Query(
                entity.name,
                fields=tuple(dict.fromkeys([*names, "updated_at"])),
                limit=LIMIT,
                trash=True,
                titles=True,
            )
        )
        reader = here.reader
        rows = []
        for item in page.items:
            row = desk.row(entity, item, columns)
            at = instant(item.get("updated_at"))
            rows.append(
                TrashRow(row.id, row.title, row.cells, reader.moment(at) if at else "", f"{row.href}/restore")
            )
        heads = tuple(ListHead(c.path, reader.label(c.field.label), "", is_number(c.field)) for c in columns)
        back = f"{desk.address}/views/{main_view(desk.app, entity.name)}"
        acting = Acting(offered_in_trash(desk, entity), here.visit.request.url.path)
        made = Trash(desk.label(entity, many=True), back, heads, tuple(rows), acting)
        shell = here.shell(reader.t("list.trash"), desk=desk, entity=entity.name)
        return here.page("trash.html", shell, trash=made)
