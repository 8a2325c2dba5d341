"""The canvas of an entity: its fields as a table, what guards its records, how it hangs together with others."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from dougong_designer.entities import fields as of_fields
from dougong_designer.entities import uses
from dougong_designer.entities.fields import Data
from dougong_designer.entities.guards import KINDS, broken_when, guards_of
from dougong_designer.entities.options import options_of
from dougong_platform.http.pages.studio import entity_acts, entity_dialogs, entity_panel
from dougong_platform.http.pages.studio.base import open_studio, part
from dougong_platform.http.pages.studio.canvases import CANVASES, Canvas
from dougong_platform.http.pages.studio.entity_view import TEMPLATE, canvas, canvas_values
from dougong_platform.http.pages.visit import Here, Pages, Visit
from dougong_platform.studio import Studio
from dougong_platform.studio_entities import running_entity, running_field
from dougong_runtime.errors import NOT_FOUND, Refused, refuse
from dougong_runtime.labels import Label
from dougong_runtime.model.app import Entity
from dougong_runtime.pages.reading import number
from dougong_runtime.records.door import Records
from dougong_runtime.records.query import AggregateQuery, Query

ROWS_SHOWN = 20
COLUMNS_SHOWN = 6
_OF_CHANGE = re.compile(r"\bOLD\.|\bCHANGED\(")
"""Rules that compare with what was before: no record breaks them as it stands."""


def routes(pages: Pages) -> list[BaseRoute]:
    """Below an entity's address, and where a new one is begun."""
    app = "/studio/{app}"
    entity = app + "/entity/{name}"
    return [
        pages.get(app + "/new-entity", entity_dialogs.new),
        pages.post(app + "/new-entity", entity_acts.create),
        pages.get(entity + "/part/{part}", piece),
        pages.get(entity + "/ask/{ask}", entity_dialogs.ask),
        pages.post(entity + "/do/{act}", entity_acts.do),
    ]


def drawing(here: Here, studio: Studio, key: str) -> Canvas:
    """The canvas of an entity, with the properties of what is chosen on it."""
    values = canvas_values(here, studio, key)
    return Canvas(TEMPLATE, {**values, **entity_panel.values(here, studio, key)})


CANVASES.register("entity", drawing)


def piece(visit: Visit) -> Response:
    """A part of the canvas that is fetched apart: `canvas`, `panel`, `uses`, `count`, `held`, `broken`, `rows`."""
    with visit.reading() as here:
        studio = open_studio(here)
        key = f"entity/{visit.path('name')}"
        of_fields.entity_at(studio.draft.documents, key)
        draw = PIECES.get(visit.path("part"))
        if draw is None:
            raise refuse(NOT_FOUND)
        return draw(here, studio, key)


def _canvas(here: Here, studio: Studio, key: str) -> Response:
    return canvas(here, studio, key)


def _panel(here: Here, studio: Studio, key: str) -> Response:
    return part(here, studio, TEMPLATE, "panel", key, **entity_panel.values(here, studio, key))


def _uses(here: Here, studio: Studio, key: str) -> Response:
    """How often each field is used, and the entity: the draft is linked for it."""
    entity = studio.draft.documents[key]
    references = studio.linked.references
    name = str(entity.get("name"))
    counts = uses.counts(references, name, of_fields.fields_of(entity))
    return JSONResponse({"fields": counts, "entity": len(uses.of_entity(references, name))})


def _count(here: Here, studio: Studio, key: str) -> Response:
    """How many records the builder may read."""
    records, entity = _door(here, studio, key)
    text = ""
    if records is not None and entity is not None:
        found = records.list(Query(entity.name, fields=("id",), limit=1))
        n = f"{number(found.count)}" if found.count_is_exact else f"{number(found.count)}+"
        text = here.reader.t("entity.records_n", n=n)
    elif entity is None:
        text = here.reader.t("entity.unpublished")
    return part(here, studio, TEMPLATE, "said", key, said=text)


def _held(here: Here, studio: Studio, key: str) -> Response:
    """How many records hold each option of a field, of those that the builder may read."""
    records, entity = _door(here, studio, key)
    field = of_fields.field_at(studio.draft.documents, key, here.visit.query("at"))
    served = running_field(entity, str(field.get("id")))
    words: list[str] = []
    if served is not None and served.type not in ("choice", "stage"):
        served = None
    if (
        records is not None
        and entity is not None
        and served is not None
        and _sees(records, entity, served.name)
    ):
        rows = records.aggregate(AggregateQuery(entity.name, rows=(served.name,), total=False)).rows
        counts = {str(row[served.name]): int(row["count"]) for row in rows if row.get(served.name)}
        words = _counted(here, field, counts)
    text = here.reader.t("entity.held", what=here.reader.joined(words)) if words else ""
    return part(here, studio, TEMPLATE, "said", key, said=text)


def _counted(here: Here, field: Data, counts: Mapping[str, int]) -> list[str]:
    """The options of a field that some records hold, each with their number."""
    words = []
    for one in options_of(field):
        value = str(one.get("value"))
        if counts.get(value):
            label = here.reader.label(Label.of(one.get("label"), value))
            words.append(here.reader.t("entity.held_n", label=label, n=number(counts[value])))
    return words


def _broken(here: Here, studio: Studio, key: str) -> Response:
    """How many records break a rule today, of those that the builder may read."""
    records, entity = _door(here, studio, key)
    rules = guards_of(studio.draft.documents[key], KINDS[0])
    rule = next((one for one in rules if one.get("id") == here.visit.query("rule")), None)
    if rule is None:
        raise refuse(NOT_FOUND)
    text = ""
    if records is not None and entity is not None:
        try:
            found = records.list(Query(entity.name, filter=broken_when(rule), fields=("id",), limit=1))
        except Refused:
            of_change = _OF_CHANGE.search(broken_when(rule)) is not None
            text = here.reader.t("entity.broken_change" if of_change else "entity.broken_unknown")
        else:
            n = number(found.count)
            text = (
                here.reader.t("entity.broken_n", n=n) if found.count else here.reader.t("entity.broken_none")
            )
    return part(here, studio, TEMPLATE, "said", key, said=text)


def _rows(here: Here, studio: Studio, key: str) -> Response:
    """The first records under the builder's own access, as the version that serves has them."""
    records, entity = _door(here, studio, key)
    if records is None or entity is None:
        words = "entity.rows_unpublished" if entity is None else "entity.rows_none"
        return part(here, studio, TEMPLATE, "rows", key, rows=None, why=here.reader.t(words))
    views = [v for v in records.fields(entity.name) if not v.field.is_system][:COLUMNS_SHOWN]
    names = tuple(view.field.name for view in views)
    found = records.list(Query(entity.name, fields=("id", *names), limit=ROWS_SHOWN, titles=True))
    desk = here.desk(studio.name)
    rows = {
        "heads": [here.reader.label(view.field.label) for view in views],
        "lines": [
            {
                "href": desk.href(entity.name, str(item["id"])),
                "cells": [desk.face(view.field, item.get(view.field.name)) for view in views],
            }
            for item in found.items
        ],
    }
    return part(here, studio, TEMPLATE, "rows", key, rows=rows, why="")


PIECES: dict[str, Callable[[Here, Studio, str], Response]] = {
    "canvas": _canvas,
    "panel": _panel,
    "uses": _uses,
    "count": _count,
    "held": _held,
    "broken": _broken,
    "rows": _rows,
}


def _door(here: Here, studio: Studio, key: str) -> tuple[Records | None, Entity | None]:
    """The builder's own door to the records, and the entity as it serves; no door where they may read none."""
    entity = running_entity(studio, key)
    if entity is None:
        return None, None
    records = here.site.records(here.connection, here.viewer, studio.name)
    return (records if records.can(entity.name, "read") else None), entity


def _sees(records: Records, entity: Entity, field: str) -> bool:
    found: Any = next((v for v in records.fields(entity.name) if v.field.name == field), None)
    return found is not None and found.shown == "yes"
