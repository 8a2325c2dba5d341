"""What a picker offers: records under the reader's rights, found by a few letters, pinyin too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_platform import drafts
from dougong_platform.http.pages.visit import Here, Pages, Visit
from dougong_runtime.errors import NOT_FOUND, refuse
from dougong_runtime.fields.base import Field, Json
from dougong_runtime.model.app import Entity
from dougong_runtime.names import is_record_id
from dougong_runtime.pages import picking
from dougong_runtime.pages.desk import Desk
from dougong_runtime.pages.entry import Entry
from dougong_runtime.pages.forms import default_form, form_of
from dougong_runtime.pages.picking import Options
from dougong_runtime.pages.rows import Below


def routes(pages: Pages) -> list[BaseRoute]:
    """Options of a form's field, and of a condition on an entity."""
    of_a_field = "/apps/{app}/{entity}/options/{field}/{target}"
    return [
        pages.get(of_a_field, of_field),
        pages.post(of_a_field, of_field, writes=False),
        pages.get("/apps/{app}/{target}/choices", of_entity),
    ]


@dataclass(frozen=True, slots=True)
class NewLine:
    """The last line of a picker, which makes a record in place."""

    text: str
    address: str
    title: str
    """The input that takes what was typed."""


def of_field(visit: Visit) -> Response:
    """Records that a field may name. Sent with what stands on the form, those that its rules forbid are dimmed."""
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
        return _answer(here, desk, field.name, entity, field)


def of_entity(visit: Visit) -> Response:
    """Records of an entity, for a filter's value."""
    with visit.reading() as here:
        return _answer(here, here.desk(), "value")


def _answer(
    here: Here, desk: Desk, name: str, entity: Entity | None = None, field: Field | None = None
) -> Response:
    visit, target = here.visit, here.visit.path("target")
    if target not in desk.app.entities or not desk.records.can(target, "read"):
        line = _new_line(here, desk, target) if field is not None else None
        return here.block("options.html", "options", recent=(), others=(), field=name, text="", line=line)
    text = (visit.text("q") or visit.query("q")).strip()
    lately = [] if text else drafts.picked_lately(here.connection, here.viewer, desk.app.name, target)
    options: Options = picking.offered(desk, target, text, lately)
    if entity is not None and field is not None and visit.request.method == "POST":
        options = picking.dimmed(desk, entity, field, target, _standing(here, desk, entity), options)
    line = _new_line(here, desk, target) if field is not None else None
    return here.block(
        "options.html",
        "options",
        recent=options.recent,
        others=options.others,
        field=name,
        text=text,
        line=line,
    )


def _standing(here: Here, desk: Desk, entity: Entity) -> Mapping[str, Json]:
    """The values on the form of which the picker is part: the record's own, or those of its row."""
    visit = here.visit
    prefix, _, _ = visit.text("_picker").rpartition(".")
    if prefix:
        row = Entry(desk, default_form(entity), {}, creating=True)
        row.take(Below(visit.form, prefix + "."))
        return row.values
    record = visit.text("_ask").rpartition("/")[2].lower()
    values: Mapping[str, Json] = {}
    if is_record_id(record):
        values = desk.records.get(entity.name, record, titles=True)
    form = form_of(desk.app, entity, visit.text("form") or None)
    entry = Entry(desk, form, values, creating=not values)
    entry.take(visit.form)
    return entry.values


def _new_line(here: Here, desk: Desk, target: str) -> NewLine | None:
    """Where the reader may make one in place; not again from within such a form."""
    found = desk.entity(target)
    if found is None or here.visit.text("quick") or here.viewer.acting_for is not None:
        return None
    if here.visit.request.method != "POST" or not desk.records.can(target, "create"):
        return None
    text = (here.visit.text("q") or here.visit.query("q")).strip()
    t, word = here.reader.t, desk.word(found)
    said = t("pick.new_named", entity=word, text=text) if text else t("pick.new", entity=word)
    return NewLine(said, f"{desk.address}/{target}/new?quick=1", found.title)
