"""Pages, dashboards and reports as the documents say."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_platform.http.pages.visit import Here, Pages, Visit, go
from dougong_runtime.errors import NOT_FOUND, refuse
from dougong_runtime.model.app import Document
from dougong_runtime.pages.blocks import Block, Standing, blocks_of
from dougong_runtime.pages.desk import Desk
from dougong_runtime.pages.views import main_view


@dataclass(frozen=True, slots=True)
class DocumentPage:
    """Blocks under a title."""

    title: str
    blocks: tuple[Block, ...]


def routes(pages: Pages) -> list[BaseRoute]:
    """`/apps/{app}/pages|dashboards|reports/{name}`."""
    return [
        pages.get("/apps/{app}/pages/{name}", page),
        pages.get("/apps/{app}/dashboards/{name}", dashboard),
        pages.get("/apps/{app}/reports/{name}", report),
    ]


def page(visit: Visit) -> Response:
    """A page. One that is of an entity shows a record: `?record=` says which; without it, the list to choose from."""
    with visit.reading() as here:
        desk = here.desk()
        document = desk.app.of("page").get(visit.path("name"))
        if document is None or not desk.may_see(document.data):
            raise refuse(NOT_FOUND)
        name = str(document.data.get("entity") or "")
        if name:
            record = visit.query("record")
            view = f"{desk.address}/views/{main_view(desk.app, name)}"
            return go(f"{desk.href(name, record)}?tab=page" if record else view)
        return _shown(here, desk, document)


def dashboard(visit: Visit) -> Response:
    """A dashboard's blocks, in rows as they lie."""
    with visit.reading() as here:
        desk = here.desk()
        document = desk.app.of("dashboard").get(visit.path("name"))
        if document is None or not desk.may_see(document.data):
            raise refuse(NOT_FOUND)
        blocks = sorted(document.data.get("blocks") or (), key=lambda b: (b.get("y", 0), b.get("x", 0)))
        laid = [{**b, "width": b.get("w") or b.get("width") or 6} for b in blocks]
        data = {**document.data, "blocks": laid}
        return _shown(here, desk, Document(document.kind, document.id, document.name, document.label, data))


def report(visit: Visit) -> Response:
    """A report's first figure by its first row."""
    with visit.reading() as here:
        desk = here.desk()
        document = desk.app.of("report").get(visit.path("name"))
        if document is None or not desk.may_see(document.data):
            raise refuse(NOT_FOUND)
        data = {"blocks": [{"report": document.name, "width": 12}]}
        return _shown(here, desk, Document(document.kind, document.id, document.name, document.label, data))


def _shown(here: Here, desk: Desk, document: Document) -> Response:
    made = DocumentPage(here.reader.label(document.label), blocks_of(Standing(desk), document))
    return here.page("page.html", here.shell(made.title, desk=desk), page=made)
