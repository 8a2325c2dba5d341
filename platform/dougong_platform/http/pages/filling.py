"""A form being filled in: what it starts from, what was sent, how it is drawn, and what a refusal says where."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response

from dougong_platform import drafts
from dougong_platform.drafts import Draft, Key
from dougong_platform.http import json_body
from dougong_platform.http.pages.visit import Here, Visit
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
    Sent,
    Warned,
)
from dougong_runtime.pages.following import following
from dougong_runtime.pages.forms import form_of
from dougong_runtime.pages.lists import Link
from dougong_runtime.pages.live import Around
from dougong_runtime.pages.refusals import refusal_of
from dougong_runtime.pages.rows import Rows, beginning
from dougong_runtime.pages.views import main_view
from dougong_runtime.records.whole import RowChange

STEPS_FROM = 4
"""A form of so many sections shows how far one has come."""
WAS_ROWS = "_rows"
"""Member of what the form was shown with: list → row → values. No field's name begins so."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A draft that is there from before."""

    text: str
    note: str
    go_on: str
    drop: str


@dataclass(frozen=True)
class FormPage:
    """Everything the template draws."""

    title: str
    entity: str
    action: str
    ask: str
    """Address before `/conditions`, `/check` and, of the form itself, `/draft`."""
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
    fresh: bool = False
    """Whether a new record is filled in, so that the first box takes the focus."""
    quick: bool = False
    """Whether it stands in a dialog over another form."""
    drafts: str = ""
    """Address to which unsaved work is sent; empty where none is kept."""
    offer: Offer | None = None
    steps: bool = False


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
    rows: list[Rows] = field(default_factory=list)
    quick: bool = False
    draft: Draft | None = None
    """The draft that is being gone on with."""

    def __post_init__(self) -> None:
        self.rows = Rows.of(self.desk, self.entry) if not self.quick else []
        self.entry.around = Around(
            rows={r.name: r.live for r in self.rows},
            fresh=following(self.entity, self.entry.editable(), [r.name for r in self.rows]),
        )

    @property
    def needed(self) -> tuple[str, ...]:
        """Fields that the stage to be reached asks for."""
        stage = self.entity.stage
        if stage is None or not self.stage:
            return ()
        at = self.entry.values.get(stage.name)
        return next((t.requires for t in stage.transitions if t.to == self.stage and t.from_ == at), ())

    @property
    def key(self) -> Key:
        """Under which a draft of this form is kept."""
        form = self.entry.form
        name = form.name if form.document is not None else ""
        return Key(self.desk.app.name, self.entity.name, self.record or "", name)

    def take(self, sent: Sent) -> list[Said]:
        """Put what was sent into fields and rows; what names no record is told."""
        said = self.entry.take(sent)
        shown = self.was.get(WAS_ROWS)
        for rows in self.rows:
            of_list = shown.get(rows.name) if isinstance(shown, Mapping) else None
            said += rows.take(sent, self.record, of_list if isinstance(of_list, Mapping) else {})
        return said

    def changes(self, sent: Sent) -> dict[str, list[tuple[str, RowChange]]]:
        """List → what is to be written of its rows, each with its key."""
        theirs = {
            name: _chosen(sent, name) == "theirs"
            for rows in self.rows
            for row in rows.rows
            for name in (row.entry.prefix + n for n in row.entry.editable())
        }
        return {rows.name: rows.changes(theirs) for rows in self.rows}

    def shown(self) -> list[str]:
        """Names of all inputs."""
        names = [s.field.name for s in self.entry.form.slots()]
        return names + [
            row.entry.prefix + s.field.name for row in self._rows() for s in row.entry.form.slots()
        ]

    def _rows(self) -> Iterator[Any]:
        for rows in self.rows:
            yield from rows.rows

    def refused(self, refused: Refused, sent: Sent) -> Refusal:
        """A refusal as the form tells it."""
        keys = {name: [key for key, _ in made] for name, made in self.changes(sent).items()}
        return refusal_of(refused, self.desk, self.entity, sent, self.shown(), self.rows, keys)


def _chosen(sent: Sent, name: str) -> str:
    """Whose value was chosen in a conflict."""
    return str((sent.getlist(f"_choice.{name}") or [""])[-1])


# --- what it starts from ------------------------------------------------------------------------------------------
def new(here: Here) -> Filling:
    """A form for a new record, with defaults and what the address fills in. Raises Refused (FORBIDDEN)."""
    desk = here.desk()
    entity = here.entity(desk)
    _may(desk, entity, "create")
    values, defaulted = beginning(desk, entity, here.visit.request.query_params)
    entry = Entry(desk, form_of(desk.app, entity, here.visit.query("form") or None), values, creating=True)
    back = here.visit.query("back")
    target = safe_next(back) if back else list_address(desk, entity)
    quick = here.visit.query("quick") == "1"
    return Filling(here, desk, entity, entry, None, target, defaulted=defaulted, quick=quick)


def existing(here: Here, form: str | None = None) -> Filling:
    """A form with a record's values. Raises Refused."""
    desk = here.desk()
    entity = here.entity(desk)
    record = here.visit.path("id").lower()
    values = desk.records.get(entity.name, record, titles=True)
    _may(desk, entity, "update")
    layout = form_of(desk.app, entity, form or here.visit.query("form") or None)
    entry = Entry(desk, layout, values, creating=False)
    stage = here.visit.query("stage") or here.visit.text("stage")
    known = stage if entity.stage is not None and entity.stage.option(stage) else ""
    back, version = desk.href(entity.name, record), str(values.get("version") or "")
    filling = Filling(here, desk, entity, entry, record, back, version, known)
    for rows in filling.rows:
        rows.load(record)
    filling.was = entry.raw(entry.editable())
    lists = {rows.name: rows.was() for rows in filling.rows}
    if lists:
        filling.was = {**filling.was, WAS_ROWS: lists}
    return filling


def sent(here: Here) -> Filling:
    """The form that was sent, with the values it started from; `take` then puts in what was typed. Raises Refused."""
    visit = here.visit
    name = visit.text("form") or None
    if "id" in visit.request.path_params:
        filling = existing(here, name)
        filling.version = visit.text("version") or filling.version
        filling.was = read_was(visit.text("was")) or filling.was
    else:
        desk = here.desk()
        entity = here.entity(desk)
        _may(desk, entity, "create")
        values: dict[str, Json] = {}
        if entity.stage is not None and entity.stage.choices:
            values[entity.stage.name] = entity.stage.choices[0].value
        entry = Entry(desk, form_of(desk.app, entity, name), values, creating=True)
        quick = visit.text("quick") == "1"
        filling = Filling(here, desk, entity, entry, None, "", quick=quick)
        filling.defaulted = tuple(n for n in visit.text("defaulted").split(",") if n in entity.fields)
    back = visit.text("back")
    if back:
        filling.back = safe_next(back)
    filling.back = filling.back or list_address(filling.desk, filling.entity)
    return filling


def go_on(filling: Filling, draft: Draft) -> None:
    """Go on with a draft: read as if it were sent, under the access of now. What may no longer be read is left out."""
    filling.draft = draft
    filling.version = str(draft.version or "") or filling.version
    filling.was = read_was(draft.text("was")) or filling.was
    filling.defaulted = (
        tuple(n for n in draft.text("defaulted").split(",") if n in filling.entity.fields)
        or filling.defaulted
    )
    filling.take(draft)
    _only_readable(filling.entry)
    for rows in filling.rows:
        for row in rows.rows:
            _only_readable(row.entry)


def _only_readable(entry: Entry) -> None:
    """Take out references to records that the reader may not read now."""
    for name, value in list(entry.values.items()):
        of = entry.entity.fields.get(name)
        if of is None or not of.targets or value is None:
            continue
        several = value if isinstance(value, list) else [value]
        kept = [v for v in several if isinstance(v, Mapping) and _is_readable(entry, v, of.targets[0])]
        if len(kept) < len(several):
            entry.values[name] = kept if isinstance(value, list) else None


def _is_readable(entry: Entry, value: Mapping[str, Any], target: str) -> bool:
    identity = str(value.get("id") or "")
    entity = str(value.get("entity") or target)
    return bool(identity) and identity in entry.desk.records.titles(entity, [identity])


def read_was(text: str) -> Mapping[str, Json]:
    """The values that a form was shown with, as it brings them back: within the bounds of any JSON from outside."""
    try:
        json_body.parse_object((text or "{}").encode())
    except Refused:
        return {}
    found: dict[str, Json] = json.loads(text or "{}")
    return found


def list_address(desk: Desk, entity: Entity) -> str:
    """Where records of an entity are listed."""
    return f"{desk.address}/views/{main_view(desk.app, entity.name)}"


def _may(desk: Desk, entity: Entity, action: str) -> None:
    if not desk.records.can(entity.name, action):
        word = Label("新建", "creating") if action == "create" else Label("修改", "changing")
        raise refuse(FORBIDDEN, entity=entity.label, action=word)


# --- drawing ------------------------------------------------------------------------------------------------------
def page(filling: Filling, status: int = 200) -> Response:
    """The form, as a page; in place over another form, as a part."""
    here, desk, entity = filling.here, filling.desk, filling.entity
    made = drawn(filling)
    if filling.quick:
        return here.block("form.html", "form", status=status, form=made)
    shell = here.shell(made.title, desk=desk, entity=entity.name)
    return here.page("form.html", shell, status=status, form=made)


def drawn(filling: Filling) -> FormPage:
    """Everything that the template draws."""
    here, desk, entity, entry = filling.here, filling.desk, filling.entity, filling.entry
    reader, refusal = here.reader, filling.refusal
    label = desk.word(entity)
    crumbs = [Link(desk.label(entity, many=True), list_address(desk, entity))]
    if filling.record is None:
        title, submit = reader.t("record.new", entity=label), reader.t("form.create", entity=label)
        ask = f"{desk.address}/{entity.name}"
        action = f"{ask}/new"
    else:
        name = desk.title(entity, entry.values)
        crumbs.append(Link(name, desk.href(entity.name, filling.record)))
        title, submit = reader.t("record.edit_title", name=name), reader.t("save")
        ask = desk.href(entity.name, filling.record)
        action = f"{ask}/edit"
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
        ("quick", "1" if filling.quick else ""),
    ]
    for rows in filling.rows:
        for row in rows.rows:
            row.version = refusal.row_versions.get(f"{rows.name}.{row.key}", row.version)
    lists = {r.name: r.drawn({e.field: refusal.at(e.field) for e in refusal.errors}) for r in filling.rows}
    sections = entry.sections(refusal, filling.needed)
    tabs = entry.tabs(refusal, filling.needed, lists)
    viewing = here.viewer.acting_for is not None
    return FormPage(
        title=title,
        entity=entity.name,
        action=action,
        ask=ask,
        back=filling.back,
        submit=submit,
        today=reader.today.isoformat(),
        crumbs=tuple(crumbs),
        hidden=tuple((n, v) for n, v in hidden if v),
        sections=sections,
        tabs=tabs,
        errors=refusal.errors,
        warnings=refusal.warnings,
        conflicts=refusal.conflicts,
        changed=bool(refusal.errors or refusal.warnings or refusal.conflicts or filling.draft),
        move=move,
        fresh=filling.record is None,
        quick=filling.quick,
        drafts="" if filling.quick or viewing else f"{action}/draft",
        offer=_offer(filling),
        steps=len(sections) >= STEPS_FROM,
    )


def _offer(filling: Filling) -> Offer | None:
    """A draft from before, where the form has just been opened."""
    visit: Visit = filling.here.visit
    if filling.draft is not None or filling.quick or visit.request.method != "GET":
        return None
    draft = drafts.find(filling.here.connection, filling.here.viewer, filling.key)
    if draft is None:
        return None
    reader = filling.here.reader
    stale = filling.record is not None and str(draft.version or "") not in ("", filling.version)
    address = visit.request.url.include_query_params(draft="1")
    return Offer(
        reader.t("draft.offer", at=reader.moment(draft.updated_at)),
        reader.t("draft.stale") if stale else "",
        f"{address.path}?{address.query}",
        f"{visit.request.url.path}/draft",
    )
