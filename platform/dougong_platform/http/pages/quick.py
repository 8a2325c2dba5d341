"""A new record without leaving the list: what it needs and what the list shows; Enter makes it and asks for the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_platform.http.pages.visit import RECORDS_CHANGED, Here, Pages, Visit
from dougong_runtime.errors import FORBIDDEN, Refused, refuse
from dougong_runtime.fields.base import Json
from dougong_runtime.labels import Label
from dougong_runtime.model.app import Entity
from dougong_runtime.pages.desk import Desk
from dougong_runtime.pages.entry import Entry, InputSection, Refusal, Titles
from dougong_runtime.pages.forms import Form, Section, Slot
from dougong_runtime.pages.live import Judge
from dougong_runtime.pages.refusals import refusal_of
from dougong_runtime.pages.shell import Toast
from dougong_runtime.pages.widgets import widget_of

FIELDS_MAX = 12


def routes(pages: Pages) -> list[BaseRoute]:
    """The small form beside a list."""
    base = "/apps/{app}/{entity}/quick"
    return [pages.get(base, opened), pages.post(base, made)]


@dataclass(frozen=True)
class QuickForm:
    """What the dialog holds."""

    title: str
    entity: str
    action: str
    today: str
    columns: str
    sections: tuple[InputSection, ...]
    refusal: Refusal
    whole: str
    """The address of the whole form."""


def _columns(here: Here) -> list[str]:
    given = here.visit.text("_columns") or here.visit.query("columns")
    return [n for n in given.split(",") if n]


def _entry(here: Here) -> tuple[Desk, Entity, Entry]:
    desk = here.desk()
    entity = here.entity(desk)
    if not desk.records.can(entity.name, "create"):
        raise refuse(FORBIDDEN, entity=entity.label, action=Label("新建", "creating"))
    views = desk.fillable(entity.name)
    wanted = [f.name for f in entity.own_fields if f.required and f.default is None]
    names = dict.fromkeys([*wanted, *_columns(here)])
    slots = [
        Slot(views[n].field)
        for n in names
        if n in views
        and views[n].create
        and views[n].field.type not in ("stage", "autonumber")
        and widget_of(views[n].field).draw not in ("none", "files", "signature", "rich", "code")
    ][:FIELDS_MAX]
    form = Form(entity.name, entity, (Section("s0", None, 2, tuple(slots)),))
    values: dict[str, Json] = {}
    titled = Titles(desk)
    for slot in slots:
        of = slot.field
        value = Judge(desk, entity, values).value(of.default.tree) if of.default is not None else None
        if value is not None:
            values[of.name] = titled.of(of, of.kind.to_json(of, value))
    return desk, entity, Entry(desk, form, values, creating=True)


def opened(visit: Visit) -> Response:
    """The empty form."""
    with visit.reading() as here:
        return _drawn(here, Refusal())


def _drawn(
    here: Here, refusal: Refusal, *, sent: bool = False, toast: Toast | None = None, status: int = 200
) -> Response:
    desk, entity, entry = _entry(here)
    if sent:
        entry.take(here.visit.form)
    word = desk.word(entity)
    form = QuickForm(
        here.reader.t("record.new", entity=word),
        entity.name,
        f"{desk.address}/{entity.name}/quick",
        here.reader.today.isoformat(),
        ",".join(_columns(here)),
        entry.sections(refusal),
        refusal,
        f"{desk.address}/{entity.name}/new",
    )
    return here.block("parts/quick.html", "quick", q=form, toast=toast, status=status)


def made(visit: Visit) -> Response:
    """Make the record; answers the form empty again, or with what is wrong."""
    try:
        with visit.writing() as here:
            desk, entity, entry = _entry(here)
            said = entry.take(visit.form)
            said += [m for m in entry.missing(entry.states()) if m.field not in {s.field for s in said}]
            if said:
                raise _Wrong(Refusal(said))
            names = [s.field.name for s in entry.form.slots()]
            values = {n: v for n, v in entry.raw(names).items() if v not in (None, "", [])}
            reasons = {
                k[9:]: v for k, v in visit.form.items() if k.startswith("_reasons.") and isinstance(v, str)
            }
            new = desk.records.create(entity.name, values, reasons=reasons)
            title = desk.title(entity, {**new, **entry.values})
            href = desk.href(entity.name, str(new["id"]))
        with visit.reading() as here:
            done = Toast(here.reader.t("quick.done", name=title), href=href, link=here.reader.t("quick.open"))
            answer = _drawn(here, Refusal(), toast=done)
        answer.headers["HX-Trigger"] = RECORDS_CHANGED
        return answer
    except _Wrong as wrong:
        return _again(visit, wrong.refusal, 422)
    except Refused as refused:
        if refused.status in (401, 403, 404):
            raise
        with visit.reading() as here:
            desk, entity, entry = _entry(here)
            shown: Sequence[str] = [s.field.name for s in entry.form.slots()]
            refusal = refusal_of(refused, desk, entity, visit.form, shown)
        return _again(visit, refusal, refused.status)


class _Wrong(Exception):
    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal


def _again(visit: Visit, refusal: Refusal, status: int) -> Response:
    with visit.reading() as here:
        return _drawn(here, refusal, sent=True, status=status)
