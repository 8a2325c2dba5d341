"""Tags that a field's records have, for the completion of new ones: of the records that the reader may see, no more."""

from __future__ import annotations

from collections import Counter

from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from dougong_platform.http.pages.visit import Pages, Visit
from dougong_runtime.errors import NOT_FOUND, refuse
from dougong_runtime.records.query import Query

LOOKED_AT = 500
"""Records that are looked at: those last changed."""
TAGS_MAX = 200


def tags(visit: Visit) -> Response:
    """A JSON list of texts, the most used first."""
    with visit.reading() as here:
        desk = here.desk()
        entity = here.entity(desk)
        name = visit.path("field")
        field, view = entity.fields.get(name), desk.fillable(entity.name).get(name)
        if field is None or view is None or field.type != "tags":
            raise refuse(NOT_FOUND)
        counted: Counter[str] = Counter()
        if desk.records.can(entity.name, "read") and view.shown == "yes":
            asked = Query(
                entity.name,
                filter=f"{name} <> NULL",
                sort=("-updated_at",),
                fields=(name,),
                limit=LOOKED_AT,
                count=False,
            )
            for item in desk.records.list(asked).items:
                value = item.get(name)
                counted.update(value if isinstance(value, list) else ())
    return JSONResponse([text for text, _ in counted.most_common(TAGS_MAX)])


def routes(pages: Pages) -> list[BaseRoute]:
    """Its route."""
    return [pages.get("/apps/{app}/{entity}/tags/{field}", tags)]
