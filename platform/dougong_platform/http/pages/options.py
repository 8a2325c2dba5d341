"""What a picker offers: records under the reader's rights, found by a few letters, pinyin too."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_platform.http.pages.visit import Here, Pages, Visit
from dougong_runtime.errors import NOT_FOUND, refuse
from dougong_runtime.pages.desk import Desk

LIMIT = 20


def routes(pages: Pages) -> list[BaseRoute]:
    """Options of a form's field, and of a condition on an entity."""
    return [
        pages.get("/apps/{app}/{entity}/options/{field}/{target}", of_field),
        pages.get("/apps/{app}/{target}/choices", of_entity),
    ]


def of_field(visit: Visit) -> Response:
    """Records that a field may name; narrowed by the field's own `filter`, where it stands by itself."""
    with visit.reading() as here:
        desk = here.desk()
        entity = here.entity(desk)
        field = entity.fields.get(visit.path("field"))
        if (
            field is None
            or field.name not in desk.fillable(entity.name)
            or visit.path("target") not in field.targets
        ):
            raise refuse(NOT_FOUND)
        return _answer(here, desk, field.name)


def of_entity(visit: Visit) -> Response:
    """Records of an entity, for a filter's value."""
    with visit.reading() as here:
        return _answer(here, here.desk(), "value")


def _answer(here: Here, desk: Desk, field: str) -> Response:
    target = here.visit.path("target")
    if target not in desk.app.entities or not desk.records.can(target, "read"):
        return here.block("options.html", "options", choices=(), field=field, text="")
    text = here.visit.query("q").strip()
    choices = desk.records.pick(target, text, LIMIT)
    return here.block("options.html", "options", choices=choices, field=field, text=text)
