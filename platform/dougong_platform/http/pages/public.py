"""A form that anybody may fill in by its link: shown without signing in, taken under a role of its own, receipted."""

from __future__ import annotations

from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute

from dougong_platform import public_forms
from dougong_platform.database import retrying
from dougong_platform.http.pages import answering, forms
from dougong_platform.http.pages.filling import Filling
from dougong_platform.http.pages.preferences import preferences_of
from dougong_platform.http.pages.visit import Here, Pages, Visit, renderer
from dougong_platform.http.problem_types import CSRF
from dougong_platform.http.viewer import Asker, is_cross_site
from dougong_platform.public_forms import NOT_BY_A_PERSON, TICKET_OVER, Link
from dougong_runtime.errors import NOT_FOUND, NOT_UNIQUE, Problem, Refused, problem_type, refuse
from dougong_runtime.fields.base import ValueProblem
from dougong_runtime.labels import Label
from dougong_runtime.model.app import Document
from dougong_runtime.pages import picking
from dougong_runtime.pages.desk import Desk
from dougong_runtime.pages.entry import Entry, Input, InputSection, Refusal, Said
from dougong_runtime.pages.forms import Form, Section, form_of
from dougong_runtime.pages.shell import Shell
from dougong_runtime.pages.widgets import widget_of
from dougong_runtime.records.values import invalid

TRAP = "website_2"
"""A box that people do not see: whoever fills it in is none."""

NOT_TAKEN = problem_type(
    "form-not-taken",
    422,
    "这份内容没有被接收。",
    "This was not accepted.",
    remedy=("核对后再试，或直接联系我们。", "Check it and try again, or get in touch with us."),
)
"""What strangers are told instead of anything about records that are there already."""


def routes(pages: Pages) -> list[BaseRoute]:
    """Below `/f/{token}`."""
    return [
        pages.get("/f/{token}", show),
        pages.post("/f/{token}", send, writes=False),
        pages.post("/f/{token}/conditions", conditions, writes=False),
        pages.post("/f/{token}/check", check, writes=False),
        pages.get("/f/{token}/options/{field}/{target}", options),
        pages.post("/f/{token}/options/{field}/{target}", options, writes=False),
    ]


@dataclass(frozen=True)
class PublicPage:
    """Everything the template draws."""

    title: str
    help: str
    action: str
    ask: str
    ticket: str
    trap: str
    today: str
    submit: str
    sections: tuple[InputSection, ...] = ()
    errors: tuple[Said, ...] = ()
    steps: bool = False
    receipt: str = ""
    thanks: str = ""
    entity: str = ""
    firm: str = ""
    """Whose form it is, where the site has no name."""


@dataclass
class _Open:
    """A link opened by somebody, in one transaction."""

    here: Here
    link: Link
    document: Document
    filling: Filling


def _open(visit: Visit, connection: sa.Connection) -> _Open:
    link = public_forms.find(visit.site, connection, visit.path("token"))
    request, reader = visit.request, visit.stranger()
    address = request.client.host if request.client else None
    number = getattr(request.state, "request_id", None)
    viewer = public_forms.viewer_of(visit.site, link, address, number, reader.language)
    here = Here(visit, connection, Asker(viewer))
    desk = here.desk(link.app)
    document = desk.app.of("form").get(link.form)
    if document is None or document.data.get("public") is not True:
        raise refuse(public_forms.FORM_CLOSED)
    entity = desk.app.entities[str(document.data["entity"])]
    layout = _for_strangers(desk, form_of(desk.app, entity, link.form))
    values = (
        {entity.stage.name: entity.stage.choices[0].value} if entity.stage and entity.stage.choices else {}
    )
    pickers = f"/f/{visit.path('token')}"
    entry = Entry(desk, layout, values, creating=True, pickers=pickers)
    return _Open(here, link, document, Filling(here, desk, entity, entry, None, "", quick=True))


def _for_strangers(desk: Desk, form: Form) -> Form:
    """The form without lists and files, and without pickers of records that strangers may not read."""
    sections: list[Section] = []
    for section in form.all_sections():
        slots = tuple(
            s
            for s in section.slots
            if widget_of(s.field).draw not in ("none", "file", "files", "image", "signature")
            and (not s.field.targets or any(desk.records.can(t, "read") for t in s.field.targets))
        )
        if slots:
            sections.append(replace(section, slots=slots))
    return replace(form, sections=tuple(sections), tabs=())


# --- showing ---------------------------------------------------------------------------------------------------------
def show(visit: Visit) -> Response:
    """The form, empty."""
    with visit.site.database.read() as connection:
        opened = _open(visit, connection)
        return _page(opened, public_forms.ticket(visit.site, opened.link))


def _page(opened: _Open, ticket: str, refusal: Refusal | None = None, status: int = 200) -> Response:
    here, entry = opened.here, opened.filling.entry
    reader, visit = here.reader, here.visit
    refusal = refusal or Refusal()
    sections = entry.sections(refusal)
    title = public_forms.title_of(opened.document, reader.language)
    raw = opened.document.data.get("help")
    action = f"/f/{visit.path('token')}"
    page = PublicPage(
        title=title,
        help=reader.label(Label.of(raw)) if raw else "",
        action=action,
        ask=action,
        ticket=ticket,
        trap=TRAP,
        today=reader.today.isoformat(),
        submit=reader.t("public.send"),
        sections=tuple(replace(s, columns=1, fields=_narrow(s.fields)) for s in sections),
        errors=tuple(refusal.errors),
        steps=len(sections) > 3,
        entity=opened.filling.entity.name,
        firm=reader.label(opened.filling.desk.app.label),
    )
    return _html(visit, page, status)


def _narrow(fields: tuple[Input, ...]) -> tuple[Input, ...]:
    return tuple(replace(f, wide=False) for f in fields)


def _html(visit: Visit, page: PublicPage, status: int) -> Response:
    shell = Shell(page.title, visit.request.url.path, "", preferences_of(visit.request))
    return HTMLResponse(renderer().page("public.html", visit.stranger(), shell=shell, form=page), status)


def _received(opened: _Open, number: str) -> Response:
    reader = opened.here.reader
    raw = opened.document.data.get("thanks")
    page = PublicPage(
        title=public_forms.title_of(opened.document, reader.language),
        help="",
        action="",
        ask="",
        ticket="",
        trap=TRAP,
        today="",
        submit="",
        receipt=number,
        firm=reader.label(opened.filling.desk.app.label),
        thanks=reader.label(Label.of(raw)) if raw else reader.t("public.thanks"),
    )
    return _html(opened.here.visit, page, 200)


# --- taking ----------------------------------------------------------------------------------------------------------
def send(visit: Visit) -> Response:
    """Take what was filled in, or show the form again with what is wrong; once for each page that was shown."""
    site, request = visit.site, visit.request
    if is_cross_site(request):
        raise refuse(CSRF)
    with site.database.read() as connection:
        link = public_forms.find(site, connection, visit.path("token"))
    address = request.client.host if request.client else None
    public_forms.slow_down(site, link, address)
    try:
        nonce = public_forms.read_ticket(site, link, visit.text("ticket"))
        if visit.text(TRAP):
            raise refuse(NOT_BY_A_PERSON)
        return retrying(lambda: _take(visit, nonce))
    except IntegrityError:
        # Two sendings of one page at once: the receipt of the first stands in the way. Any other collision is a fault.
        with site.database.read() as connection:
            if public_forms.receipt_of(connection, nonce) is None:
                raise
        return _take(visit, nonce)
    except Refused as refused:
        if refused.status in (404, 410, 429):
            raise
        return _again(visit, refused)


def _take(visit: Visit, nonce: str) -> Response:
    site = visit.site
    with site.database.write() as connection:
        opened = _open(visit, connection)
        known = public_forms.receipt_of(connection, nonce)
        if known is not None:
            return _received(opened, known)
        filling = opened.filling
        said = filling.take(visit.form)
        states = filling.entry.states()
        said += [m for m in filling.entry.missing(states) if m.field not in {s.field for s in said}]
        if said:
            raise _Wrong([*said, *_wrong_values(filling.entry)])
        made = filling.desk.records.create(filling.entity.name, forms.new_values(filling))
        number = public_forms.received(
            site, connection, opened.here.viewer, opened.link, nonce, filling.entity.name, str(made["id"])
        )
        return _received(opened, number)


class _Wrong(Refused):
    """The form is not whole; told by its own sentences."""

    def __init__(self, said: list[Said]) -> None:
        super().__init__(refuse(NOT_TAKEN).problems)
        self.said = said


def _again(visit: Visit, refused: Refused) -> Response:
    """The form as it was sent, with what is wrong; a new ticket where the old one is over."""
    with visit.site.database.read() as connection:
        opened = _open(visit, connection)
        opened.filling.take(visit.form)
        old = visit.text("ticket")
        over = any(p.type is TICKET_OVER for p in refused.problems)
        ticket = public_forms.ticket(visit.site, opened.link) if over or not old else old
        if isinstance(refused, _Wrong):
            refusal = Refusal(refused.said)
        else:
            refusal = opened.filling.refused(Refused(_told(refused)), visit.form)
        answer = _page(opened, ticket, refusal, 422)
    public_forms.turned_away(visit.site, opened.link)
    return answer


def _told(refused: Refused) -> list[Problem]:
    """The problems that strangers are told: what is wrong with what they typed, never what is there already."""
    kept: list[Problem] = []
    for problem in (*refused.problems, *refused.warnings):
        if problem.type is NOT_UNIQUE or problem.type.status in (403, 409):
            if all(k.type is not NOT_TAKEN for k in kept):
                kept.append(Problem(NOT_TAKEN))
        else:
            kept.append(problem)
    return kept


# --- while it is filled in -------------------------------------------------------------------------------------------
def conditions(visit: Visit) -> Response:
    """What the form's conditions say of what stands in it now."""
    with visit.site.database.read() as connection:
        opened = _open(visit, connection)
        opened.filling.take(visit.form)
        return JSONResponse(answering.standing(opened.filling))


def check(visit: Visit) -> Response:
    """What is wrong with the fields that were left, as far as they can be judged by themselves: nothing is tried out."""
    touched = [str(n) for n in visit.form.getlist("_touched")][: answering.TOUCHED_MAX]
    with visit.site.database.read() as connection:
        opened = _open(visit, connection)
        entry = opened.filling.entry
        said = opened.filling.take(visit.form)
        said += [*entry.missing(entry.states()), *_wrong_values(entry)]
    return JSONResponse({"errors": {n: next((s.text for s in said if s.field == n), "") for n in touched}})


def _wrong_values(entry: Entry) -> list[Said]:
    """What is no value of its field."""
    said = []
    for name, value in entry.raw(entry.editable()).items():
        of = entry.entity.fields[name]
        try:
            of.kind.coerce(of, value)
        except ValueProblem as wrong:
            said.append(Said(name, invalid(of, wrong).text(entry.desk.reader.language)))
    return said


def options(visit: Visit) -> Response:
    """Records that strangers may pick from."""
    with visit.site.database.read() as connection:
        opened = _open(visit, connection)
        entry, desk = opened.filling.entry, opened.filling.desk
        field, target = entry.entity.fields.get(visit.path("field")), visit.path("target")
        if (
            field is None
            or field.name not in entry.editable()
            or target not in field.targets
            or not desk.records.can(target, "read")
        ):
            raise refuse(NOT_FOUND)
        text = (visit.text("q") or visit.query("q")).strip()
        found = picking.offered(desk, target, text, ())
        return opened.here.block(
            "options.html", "options", recent=(), others=found.others, field=field.name, text=text, line=None
        )
