"""Creating and editing a record by its form's layout: shown, its conditions answered, and saved or refused."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from dougong_platform.http import json_body
from dougong_platform.http.pages.visit import Here, Pages, Visit, go
from dougong_platform.http.viewer import safe_next
from dougong_runtime.errors import FORBIDDEN, Refused, refuse
from dougong_runtime.fields.base import Json
from dougong_runtime.labels import Label
from dougong_runtime.model.app import Entity
from dougong_runtime.pages.desk import Desk
from dougong_runtime.pages.entry import (
    Conflict,
    Entry,
    InputSection,
    InputTab,
    Refusal,
    Said,
    Titles,
    Warned,
    refusal_of,
)
from dougong_runtime.pages.forms import form_of
from dougong_runtime.pages.lists import Link
from dougong_runtime.pages.live import Judge
from dougong_runtime.pages.views import main_view


def routes(pages: Pages) -> list[BaseRoute]:
    """`…/new`, `…/{id}/edit`, and the address at which both ask what their conditions say now."""
    base = "/apps/{app}/{entity}"
    return [
        pages.get(base + "/new", new),
        pages.post(base + "/new", create),
        pages.post(base + "/conditions", conditions, writes=False),
        pages.get(base + "/{id}/edit", edit),
        pages.post(base + "/{id}/edit", save),
        pages.post(base + "/{id}/conditions", conditions, writes=False),
    ]


@dataclass(frozen=True)
class FormPage:
    """Everything the template draws."""

    title: str
    entity: str
    action: str
    conditions: str
    back: str
    submit: str
    today: str
    crumbs: tuple[Link, ...]
    hidden: tuple[tuple[str, str], ...]
    sections: tuple[InputSection, ...]
    tabs: tuple[InputTab, ...]
    errors: Sequence[Said] = ()
    warnings: Sequence[Warned] = ()
    conflicts: Sequence[Conflict] = ()
    changed: bool = False
    move: str = ""


@dataclass
class Filling:
    """A form being filled in: the entity, the values, and where it leads."""

    here: Here
    desk: Desk
    entity: Entity
    entry: Entry
    record: str | None
    back: str
    version: str = ""
    stage: str = ""
    defaulted: tuple[str, ...] = ()
    was: Mapping[str, Json] = field(default_factory=dict)
    """Values as the writer had read them: what differs from these is their change, whatever others did since."""
    refusal: Refusal = field(default_factory=Refusal)

    @property
    def needed(self) -> tuple[str, ...]:
        """Fields that the stage to be reached asks for."""
        stage = self.entity.stage
        if stage is None or not self.stage:
            return ()
        at = self.entry.values.get(stage.name)
        return next((t.requires for t in stage.transitions if t.to == self.stage and t.from_ == at), ())


# --- showing ------------------------------------------------------------------------------------------------------
def new(visit: Visit) -> Response:
    """An empty form, with defaults and what the address fills in."""
    with visit.reading() as here:
        return _page(_new(here))


def edit(visit: Visit) -> Response:
    """The form with the record's values."""
    with visit.reading() as here:
        return _page(_existing(here))


def _new(here: Here) -> Filling:
    desk = here.desk()
    entity = here.entity(desk)
    if not desk.records.can(entity.name, "create"):
        raise refuse(FORBIDDEN, entity=entity.label, action=Label("新建", "creating"))
    values, defaulted = _beginning(desk, entity, here.visit.request.query_params)
    entry = Entry(desk, form_of(desk.app, entity, here.visit.query("form") or None), values, creating=True)
    back = here.visit.query("back")
    fallback = f"{desk.address}/views/{main_view(desk.app, entity.name)}"
    return Filling(
        here, desk, entity, entry, None, safe_next(back) if back else fallback, defaulted=defaulted
    )


def _beginning(
    desk: Desk, entity: Entity, given: Mapping[str, str]
) -> tuple[dict[str, Json], tuple[str, ...]]:
    """Values that a new record starts with: what the address says, then defaults over that."""
    values: dict[str, Json] = {}
    views = desk.fillable(entity.name)
    titled = Titles(desk)
    for name, text in given.items():
        found = entity.fields.get(name)
        if found is not None and name in views and views[name].create and text:
            value: Json = [text] if found.is_many else text
            values[name] = titled.of(found, value) if found.targets else value
    if entity.stage is not None and entity.stage.choices:
        values.setdefault(entity.stage.name, entity.stage.choices[0].value)
    defaulted = []
    for found in entity.own_fields:
        if found.default is None or found.name in values or found.name not in views:
            continue
        value = Judge(desk, entity, values).value(found.default.tree)
        if value is not None:
            values[found.name] = titled.of(found, found.kind.to_json(found, value))
            defaulted.append(found.name)
    return values, tuple(defaulted)


def _existing(here: Here) -> Filling:
    desk = here.desk()
    entity = here.entity(desk)
    record = here.visit.path("id").lower()
    values = desk.records.get(entity.name, record, titles=True)
    if not desk.records.can(entity.name, "update"):
        raise refuse(FORBIDDEN, entity=entity.label, action=Label("修改", "changing"))
    entry = Entry(desk, form_of(desk.app, entity, here.visit.query("form") or None), values, creating=False)
    stage = here.visit.query("stage") or here.visit.text("stage")
    known = stage if entity.stage is not None and entity.stage.option(stage) else ""
    filling = Filling(
        here,
        desk,
        entity,
        entry,
        record,
        desk.href(entity.name, record),
        str(values.get("version") or ""),
        known,
    )
    filling.was = entry.raw([s.field.name for s in entry.form.slots() if entry.may_write(s.field)])
    return filling


def _page(filling: Filling, status: int = 200) -> Response:
    here, desk, entity, entry = filling.here, filling.desk, filling.entity, filling.entry
    reader, refusal = here.reader, filling.refusal
    label = desk.word(entity)
    crumbs = [Link(desk.label(entity, many=True), f"{desk.address}/views/{main_view(desk.app, entity.name)}")]
    if filling.record is None:
        title, submit = reader.t("record.new", entity=label), reader.t("form.create", entity=label)
        action, asked = f"{desk.address}/{entity.name}/new", f"{desk.address}/{entity.name}/conditions"
    else:
        name = desk.title(entity, entry.values)
        crumbs.append(Link(name, filling.back))
        title, submit = reader.t("record.edit_title", name=name), reader.t("save")
        action = f"{desk.href(entity.name, filling.record)}/edit"
        asked = f"{desk.href(entity.name, filling.record)}/conditions"
    move = ""
    if filling.stage and entity.stage is not None:
        option = entity.stage.option(filling.stage)
        move = reader.t("form.move", stage=reader.label(option.label) if option else filling.stage)
        submit = reader.t("form.save_move", stage=reader.label(option.label) if option else filling.stage)
    hidden = [
        ("version", str(refusal.version or filling.version)),
        ("back", filling.back),
        ("form", entry.form.name if entry.form.document is not None else ""),
        ("stage", filling.stage),
        ("defaulted", ",".join(filling.defaulted)),
        ("was", json.dumps(filling.was, ensure_ascii=False) if filling.was else ""),
    ]
    made = FormPage(
        title,
        entity.name,
        action,
        asked,
        filling.back,
        submit,
        reader.today.isoformat(),
        tuple(crumbs),
        tuple((n, v) for n, v in hidden if v),
        entry.sections(refusal, filling.needed),
        entry.tabs(refusal, filling.needed),
        refusal.errors,
        refusal.warnings,
        refusal.conflicts,
        bool(refusal.errors or refusal.warnings or refusal.conflicts),
        move,
    )
    shell = here.shell(title, desk=desk, entity=entity.name)
    return here.page("form.html", shell, status=status, form=made)


def conditions(visit: Visit) -> Response:
    """What the form's conditions say of what stands in it now; nothing is kept."""
    with visit.reading() as here:
        filling = _sent(here)
        filling.entry.take(visit.form)
        found = filling.entry.states()
        needed = filling.needed
        return JSONResponse(
            {
                "fields": {
                    n: {"show": s.show, "required": s.required or n in needed, "readonly": s.readonly}
                    for n, s in found.fields.items()
                },
                "sections": dict(found.sections),
            }
        )


def _sent(here: Here) -> Filling:
    """The form that was sent, with the values it started from."""
    visit = here.visit
    desk = here.desk()
    entity = here.entity(desk)
    name = visit.text("form") or None
    if "id" in visit.request.path_params:
        filling = _existing(here)
        filling.version = visit.text("version") or filling.version
        filling.was = _read_was(visit) or filling.was
    else:
        if not desk.records.can(entity.name, "create"):
            raise refuse(FORBIDDEN, entity=entity.label, action=Label("新建", "creating"))
        values: dict[str, Json] = {}
        if entity.stage is not None and entity.stage.choices:
            values[entity.stage.name] = entity.stage.choices[0].value
        filling = Filling(
            here, desk, entity, Entry(desk, form_of(desk.app, entity), values, creating=True), None, ""
        )
        filling.defaulted = tuple(n for n in visit.text("defaulted").split(",") if n in entity.fields)
    filling.entry.form = form_of(desk.app, entity, name)
    back = visit.text("back")
    fallback = f"{desk.address}/views/{main_view(desk.app, entity.name)}"
    filling.back = safe_next(back) if back else filling.back or fallback
    return filling


def _read_was(visit: Visit) -> Mapping[str, Json]:
    """The values that the form was shown with, as it brings them back: within the bounds of any JSON from outside."""
    text = visit.text("was") or "{}"
    try:
        json_body.parse_object(text.encode())
    except Refused:
        return {}
    found: dict[str, Json] = json.loads(text)
    return found


# --- saving -------------------------------------------------------------------------------------------------------
def create(visit: Visit) -> Response:
    """Create the record, or show the form again with what is wrong."""
    return _write(visit)


def save(visit: Visit) -> Response:
    """Save the changes, or show the form again with what is wrong, asked, or in conflict."""
    return _write(visit)


class _Again(Exception):
    """The form is not whole: nothing was written, and it is shown again."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal


def _write(visit: Visit) -> Response:
    try:
        with visit.writing() as here:
            address = _written(here)
    except _Again as again:
        return _again(visit, again.refusal, 422)
    except Refused as refused:
        if refused.status in (401, 404):
            raise
        first = (refused.problems or refused.warnings)[0]
        if first.type is FORBIDDEN and first.field is None:
            raise
        with visit.reading() as here:
            filling = _sent(here)
            filling.entry.take(visit.form)
            shown = [s.field.name for s in filling.entry.form.slots()]
            refusal = refusal_of(refused, filling.desk, filling.entity, visit.form, shown)
        return _again(visit, refusal, refused.status)
    return go(address)


def _again(visit: Visit, refusal: Refusal, status: int) -> Response:
    with visit.reading() as here:
        filling = _sent(here)
        filling.entry.take(visit.form)
        filling.refusal = refusal
        return _page(filling, status)


def _written(here: Here) -> str:
    """Write what was sent; gives where to go."""
    filling = _sent(here)
    entry, entity, visit = filling.entry, filling.entity, here.visit
    said = entry.take(visit.form)
    found = entry.states()
    said += [m for m in entry.missing(found, filling.needed) if m.field not in {s.field for s in said}]
    if said:
        raise _Again(Refusal(said))
    names = entry.writable(found)
    values = entry.raw(names)
    reasons = _reasons(visit)
    if filling.record is None:
        values = {n: v for n, v in values.items() if v not in (None, "", []) or n in filling.defaulted}
        hidden = [n for n in filling.defaulted if n not in names]
        values |= {
            n: v
            for n, v in entry.raw(hidden).items()
            if n in entity.fields and entry.may_write(entity.fields[n])
        }
        made = filling.desk.records.create(entity.name, values, reasons=reasons)
        related = urlencode({"done": "created"})
        target = filling.back
        if target == _list_address(filling):
            readable = filling.desk.records.can(entity.name, "read")
            record = filling.desk.href(entity.name, str(made["id"]))
            target = record if readable else filling.desk.address
        return f"{target}{'&' if '?' in target else '?'}{related}"
    changed = {n: v for n, v in values.items() if v != filling.was.get(n) and not _theirs(visit, n)}
    if filling.stage and entity.stage is not None:
        changed[entity.stage.name] = filling.stage
    if changed:
        version = visit.whole("version")
        filling.desk.records.update(entity.name, filling.record, changed, version=version, reasons=reasons)
    return f"{filling.desk.href(entity.name, filling.record)}?done={'moved' if filling.stage else 'saved'}"


def _list_address(filling: Filling) -> str:
    return f"{filling.desk.address}/views/{main_view(filling.desk.app, filling.entity.name)}"


def _theirs(visit: Visit, name: str) -> bool:
    """Whether the other side's value was chosen in a conflict."""
    return visit.text(f"_choice.{name}") == "theirs"


def _reasons(visit: Visit) -> dict[str, str]:
    """Reasons given for warnings, by rule."""
    given: dict[str, Any] = {k[9:]: v for k, v in visit.form.items() if k.startswith("_reasons.")}
    return {k: v.strip() for k, v in given.items() if isinstance(v, str) and v.strip()}
