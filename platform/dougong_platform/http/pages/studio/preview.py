"""Forms and pages of a draft, shown live in a frame within the studio: with real records that the builder may read, filled
in without anything being written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from markupsafe import Markup
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute

from dougong_designer.layouts import find
from dougong_platform.http.middleware.security_headers import CONTENT_SECURITY_POLICY
from dougong_platform.http.pages.answering import standing
from dougong_platform.http.pages.filling import Filling, drawn
from dougong_platform.http.pages.forms import changed_values, new_values, reasons_of
from dougong_platform.http.pages.studio.base import open_studio, part
from dougong_platform.http.pages.visit import Here, Pages, Visit
from dougong_platform.http.viewer import door_of
from dougong_platform.studio import Studio
from dougong_platform.studio_preview import Preview, open_preview
from dougong_runtime.errors import NOT_FOUND, Refused, refuse
from dougong_runtime.fields.base import Json
from dougong_runtime.labels import Label
from dougong_runtime.model.app import Document, Entity
from dougong_runtime.names import is_record_id
from dougong_runtime.pages.blocks import Block, Standing, made
from dougong_runtime.pages.desk import Desk
from dougong_runtime.pages.entry import Entry, Refusal, Said
from dougong_runtime.pages.forms import form_of
from dougong_runtime.pages.rows import beginning

FRAMED = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY.replace(
        "frame-ancestors 'none'", "frame-ancestors 'self'"
    ),
    "X-Frame-Options": "SAMEORIGIN",
}
"""Of previews alone: the studio may show them in a frame, nobody else."""
RECORDS_SHOWN = 30


@dataclass(frozen=True)
class Seen:
    """A preview in one request."""

    here: Here
    studio: Studio
    preview: Preview
    desk: Desk
    document: Document

    @property
    def note(self) -> str:
        """What is shown otherwise than it will be, in a sentence; empty where nothing is."""
        entity = self.desk.app.entities.get(str(self.document.data.get("entity") or ""))
        names = self.preview.missing(entity.name) if entity is not None else ()
        if entity is None or not names:
            return ""
        reader = self.desk.reader
        labels = [reader.label(entity.fields[n].label) for n in names]
        return reader.t("preview.missing", fields=reader.joined(labels))


def routes(pages: Pages) -> list[BaseRoute]:
    """Below `/studio/{app}/preview`."""
    form, page_ = "/studio/{app}/preview/form/{name}", "/studio/{app}/preview/page/{name}"
    return [
        pages.get("/studio/{app}/preview/tools/{kind}/{name}", tools),
        pages.get(form, show_form),
        pages.post(form, try_form, writes=False),
        pages.post(form + "/conditions", conditions, writes=False),
        pages.post(form + "/check", check, writes=False),
        pages.get(page_, show_page),
        pages.get(page_ + "/block", show_block),
    ]


def seen(here: Here, kind: str) -> Seen:
    """The document that the address names, in the draft's app, before who looks on. Raises Refused."""
    studio, visit = open_studio(here), here.visit
    as_ = visit.query("as") or visit.text("as")
    preview = open_preview(studio, here.connection, door_of(visit.request), as_)
    desk = Desk(preview.records, here.reader)
    document = preview.records.running.app.of(kind).get(visit.path("name"))
    if document is None:
        raise refuse(NOT_FOUND)
    return Seen(here, studio, preview, desk, document)


# --- who and what is looked at ------------------------------------------------------------------------------------
def tools(visit: Visit) -> Response:
    """What a preview asks: which record, as whom, in which language."""
    with visit.reading() as here:
        studio, reader = open_studio(here), here.reader
        data = studio.draft.document(f"{visit.path('kind')}/{visit.path('name')}")
        entity = str(data.get("entity") or "")
        as_ = visit.query("as")
        roles: list[tuple[str, str]] = []
        if here.viewer.is_admin:
            for key, role in studio.draft.documents.items():
                if key.startswith("role/"):
                    roles.append((key[5:], reader.label(Label.of(role.get("label"), key[5:]))))
        return part(
            here,
            studio,
            "studio/preview_tools.html",
            "tools",
            preview_records=_records(here, studio, entity, as_),
            preview_chosen=as_,
            preview_roles=roles,
            preview_kind=visit.path("kind"),
            preview_entity=entity,
        )


def _records(here: Here, studio: Studio, entity: str, as_: str) -> list[tuple[str, str]]:
    """Records to choose from, of those that may be read by who looks on; none where nothing can be shown yet."""
    if not entity:
        return []
    try:
        records = open_preview(studio, here.connection, door_of(here.visit.request), as_).records
        return [(one.id, one.title) for one in records.pick(entity, "", RECORDS_SHOWN)]
    except Refused:
        return []


# --- forms --------------------------------------------------------------------------------------------------------
def show_form(visit: Visit) -> Response:
    """The form, empty or with a record's values."""
    with visit.reading() as here:
        try:
            one = seen(here, "form")
            return _form(one, _filling(one))
        except Refused as refused:
            return _refused(here, refused)


def try_form(visit: Visit) -> Response:
    """What saving would say; it is tried out and taken back."""
    with visit.rehearsing() as here:
        one = seen(here, "form")
        filling = _filling(one)
        said = filling.take(visit.form)
        said += filling.entry.missing(filling.entry.states(), filling.needed)
        if said:
            filling.refusal = Refusal(said)
            return _form(one, filling, status=422)
        try:
            _rehearse(one, filling)
        except Refused as refused:
            filling.refusal = filling.refused(refused, visit.form)
            return _form(one, filling, status=422)
        word = "preview.would_save" if one.preview.may_rehearse else "preview.would_fill"
        return _form(one, filling, done=here.reader.t(word))


def _rehearse(one: Seen, filling: Filling) -> None:
    """Try the write. Raises Refused with all that stands against it."""
    if not one.preview.may_rehearse:
        return
    form = filling.here.visit.form
    values = new_values(filling) if filling.record is None else changed_values(filling)
    lists = {name: [c for _, c in rows] for name, rows in filling.changes(form).items() if rows}
    records = one.desk.records.whole
    found = records.rehearse(
        filling.entity.name, filling.record, values, lists, reasons=reasons_of(filling.here.visit)
    )
    if found.problems:
        raise Refused(found.problems)


def conditions(visit: Visit) -> Response:
    """What the form's conditions say of what stands in it now."""
    with visit.reading() as here:
        filling = _filling(seen(here, "form"))
        filling.take(visit.form)
        return JSONResponse(standing(filling))


def check(visit: Visit) -> Response:
    """What would be refused of the fields that were left; nothing is written."""
    touched = list(dict.fromkeys(str(n) for n in visit.form.getlist("_touched")))[:500]
    with visit.rehearsing() as here:
        one = seen(here, "form")
        filling = _filling(one)
        wrong: list[Said] = filling.take(visit.form)
        try:
            _rehearse(one, filling)
        except Refused as refused:
            wrong += filling.refused(refused, visit.form).errors
    errors = dict.fromkeys(touched, "")
    for said in wrong:
        if said.field in errors and said.text not in errors[said.field]:
            errors[said.field] = f"{errors[said.field]} {said.text}".strip()
    return JSONResponse({"errors": errors})


def _filling(one: Seen) -> Filling:
    desk, visit = one.desk, one.here.visit
    entity = desk.app.entities.get(str(one.document.data.get("entity")))
    if entity is None:
        raise refuse(NOT_FOUND)
    record = _record(visit)
    layout = form_of(desk.app, entity, one.document.name)
    values: Mapping[str, Json]
    if record is None:
        values, defaulted = beginning(desk, entity, {})
        return Filling(
            one.here, desk, entity, Entry(desk, layout, values, creating=True), None, "", defaulted=defaulted
        )
    values = desk.records.get(entity.name, record, titles=True)
    filling = Filling(
        one.here,
        desk,
        entity,
        Entry(desk, layout, values, creating=False),
        record,
        "",
        str(values.get("version") or ""),
    )
    for rows in filling.rows:
        rows.load(record)
    filling.was = filling.entry.raw(filling.entry.editable())
    return filling


def _record(visit: Visit) -> str | None:
    wanted = (visit.query("record") or visit.text("record")).lower()
    return wanted if is_record_id(wanted) else None


def _form(one: Seen, filling: Filling, status: int = 200, done: str = "") -> Response:
    here, visit = one.here, one.here.visit
    address = f"/studio/{visit.path('app')}/preview/form/{visit.path('name')}"
    as_ = visit.query("as") or visit.text("as")
    kept = (("record", filling.record or ""), ("as", as_), ("lang", here.reader.language))
    shown = drawn(filling)
    shown = replace(
        shown,
        action=f"{address}?lang={here.reader.language}",
        ask=address,
        back="#",
        drafts="",
        offer=None,
        crumbs=(),
        changed=False,
        fresh=False,
        hidden=(*shown.hidden, *((n, v) for n, v in kept if v)),
    )
    return _page(one, "studio/preview_form.html", status, form=shown, done=done)


def _page(one: Seen, template: str, status: int = 200, **values: Any) -> Response:
    here = one.here
    response = here.page(
        template,
        here.shell(here.reader.t("layout.preview")),
        status=status,
        preview_note=one.note,
        preview_as=one.preview.seen_as,
        **values,
    )
    response.headers.update(FRAMED)
    return response


def _refused(here: Here, refused: Refused) -> Response:
    """Why nothing can be shown, within the frame. Raises again what is about signing in."""
    first = (refused.problems or refused.warnings)[0]
    if first.type.status == 401:
        raise refused
    said = here.reader.t("preview.no_rights") if first.type is NOT_FOUND else here.said(refused)
    shell = here.shell(here.reader.t("layout.preview"))
    response = here.page("studio/preview_problem.html", shell, said=said)
    response.headers.update(FRAMED)
    return response


# --- pages --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class ShownTab:
    """A tab of a page."""

    id: str
    label: str
    blocks: tuple[Block, ...]


def show_page(visit: Visit) -> Response:
    """A page with its blocks; one of an entity with a record."""
    with visit.reading() as here:
        try:
            return _page_of(seen(here, "page"))
        except Refused as refused:
            return _refused(here, refused)


def _page_of(one: Seen) -> Response:
    around, title = _standing(one)
    raws = [b for b in one.document.data.get("blocks") or () if isinstance(b, Mapping)]
    plain = made(around, [b for b in raws if "tabs" not in b], one.document.name)
    tabs = [t for b in raws for t in b.get("tabs") or ()]
    shown = tuple(
        ShownTab(f"p{n}", one.desk.reader.label(_label(t)), made(around, t.get("blocks") or (), f"p{n}"))
        for n, t in enumerate(tabs)
    )
    return _page(one, "studio/preview_page.html", title=title, blocks=plain, tabs=shown)


def show_block(visit: Visit) -> Response:
    """One block alone, for the canvas: with what the builder may read. Nothing where it has nothing to show."""
    with visit.reading() as here:
        one = seen(here, "page")
        raw = find(one.studio.draft.document(f"page/{one.document.name}"), visit.query("at")).node
        around, _ = _standing(one)
        blocks = made(
            around, [{k: v for k, v in raw.items() if k not in ("show", "roles")}], one.document.name
        )
        if not blocks:
            said = here.reader.t("preview.nothing")
            return HTMLResponse(Markup('<p class="mute sm cut" title="{0}">{0}</p>').format(said))
        return part(here, one.studio, "studio/preview_block.html", "alone", shown=blocks[0])


def _label(tab: Mapping[str, Any]) -> Label:
    return Label.of(tab.get("label"), "")


def _standing(one: Seen) -> tuple[Standing, str]:
    """Where the blocks stand: a page of an entity with the record asked for, else the first that may be read."""
    desk, reader = one.desk, one.desk.reader
    title = reader.label(one.document.label)
    entity: Entity | None = desk.app.entities.get(str(one.document.data.get("entity") or ""))
    if entity is None or not desk.records.can(entity.name, "read"):
        return Standing(desk, entity), title
    record = _record(one.here.visit)
    if record is None:
        first = next(iter(desk.records.pick(entity.name, "", 1)), None)
        record = first.id if first is not None else None
    if record is None:
        return Standing(desk, entity), title
    values = desk.records.get(entity.name, record, titles=True)
    return Standing(desk, entity, values), desk.title(entity, values)
