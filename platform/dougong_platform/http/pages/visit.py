"""One request for a page: who asks, the door to the records, and the templates.

A handler is plain synchronous code. It opens a transaction for reading, or one for writing and, when that was refused
and rolled back, another for reading in which it says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeAlias
from urllib.parse import quote, urlsplit

import sqlalchemy as sa
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from dougong_designer import abilities
from dougong_designer import words as studio_words
from dougong_platform import personal, talking
from dougong_platform.database import retrying
from dougong_platform.http import viewer as asking
from dougong_platform.http.endpoint import in_thread
from dougong_platform.http.languages import language_of
from dougong_platform.http.pages.preferences import preferences_of
from dougong_platform.http.parameters import form_without_nul
from dougong_platform.http.problem_types import FACTOR_NEEDED, NOT_SIGNED_IN
from dougong_platform.http.viewer import Asker
from dougong_platform.site import DIRECTORY, Site
from dougong_runtime.errors import NOT_FOUND, Refused, refuse
from dougong_runtime.host import Viewer
from dougong_runtime.labels import Language
from dougong_runtime.model.app import App, Entity
from dougong_runtime.pages.desk import Desk
from dougong_runtime.pages.faces import hue, initial
from dougong_runtime.pages.home import AppCard, app_card
from dougong_runtime.pages.menu import Group, menu_of
from dougong_runtime.pages.personal import Star
from dougong_runtime.pages.reading import Reader
from dougong_runtime.pages.render import Renderer
from dougong_runtime.pages.shell import Person, Shell, Toast, current_place
from dougong_runtime.storage.limits import limited

Handler: TypeAlias = Callable[["Visit"], Response]
_RECORD = re.compile(r"/apps/[a-z0-9_]+/[a-z0-9_]+/[0-9a-f-]{36}\Z")
"""Addresses of records."""
GATES = {NOT_SIGNED_IN: "/login", FACTOR_NEEDED: "/login/factor"}
"""What is missing → the page that asks for it."""
DOCTYPE = b"<!doctype html"
"""How a whole page begins."""
FIELDS_MAX = 2_000
RECORDS_CHANGED = '{"records-changed": {"target": "body"}}'
"""Header `HX-Trigger` of an act that changed records: what shows some listens by `records-changed from:body`."""
FILES_MAX = 10


@cache
def renderer() -> Renderer:
    """The templates, compiled once a process."""
    return Renderer([studio_words.TEMPLATES])


@dataclass(frozen=True)
class Pages:
    """What all page routes share."""

    site: Site

    def get(self, path: str, handler: Handler, *, before_factor: bool = False) -> Route:
        """A page that only reads. `before_factor`: also for who must have a second factor and has none yet."""
        endpoint = self._endpoint(handler, writes=False, before_factor=before_factor)
        return Route(path, endpoint, methods=["GET"], name=_name(handler))

    def post(
        self,
        path: str,
        handler: Handler,
        *,
        writes: bool = True,
        large: bool = False,
        before_factor: bool = False,
    ) -> Route:
        """A form's address. `writes`: refused to who views as another. `large`: who asks is found out before anything
        is read, since a file comes with it. `before_factor`: as for `get`."""
        endpoint = self._endpoint(handler, writes=writes, large=large, before_factor=before_factor)
        return Route(path, endpoint, methods=["POST"], name=_name(handler))

    def _endpoint(
        self, handler: Handler, *, writes: bool, large: bool = False, before_factor: bool
    ) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            self.site.traffic.note()
            if large:
                known = await in_thread(request, Visit(self.site, request, FormData(), writes).unknown)
                if known is not None:
                    return known
            form = await _form(request) if request.method == "POST" else FormData()

            def answer(nearby: bool) -> Response:
                return Visit(self.site, request, form, writes, nearby, before_factor).answer(handler)

            if request.method in asking.SAFE_METHODS:
                return await in_thread(request, lambda: self.site.database.nearby(answer))
            return await in_thread(request, lambda: retrying(lambda: answer(False)))

        endpoint.__name__ = _name(handler)
        endpoint.__doc__ = handler.__doc__
        return endpoint

    def problem(self, request: Request, status: int, body: Mapping[str, Any], language: Language) -> str:
        """A refusal as a page of its own; nothing is asked of the database for it."""
        reader = Reader(language, self.site.settings.site_time_zone, self.site.clock.now())
        lines = [*body.get("problems", ()), *body.get("warnings", ())]
        key = {403: "problem.403", 404: "problem.404", 429: "problem.429"}.get(status, "problem.other")
        title = reader.t(key)
        shell = Shell(title, request.url.path, "", preferences_of(request))
        shown = {
            "title": title,
            "status": status,
            "lines": [{"text": p["detail"], "remedy": p["remedy"]} for p in lines],
            "code": str(body.get("instance", "")),
            "retry": request.url.path if status >= 500 and request.method == "GET" else "",
            "why": f"{request.url.path}/why" if status == 404 and _RECORD.match(request.url.path) else "",
        }
        return renderer().page("problem.html", reader, shell=shell, problem=shown)


async def _form(request: Request) -> FormData:
    """What was sent. Raises Refused (BAD_REQUEST) for a text that no database keeps: no browser sends such."""
    return form_without_nul(await request.form(max_files=FILES_MAX, max_fields=FIELDS_MAX))


def _name(handler: Handler) -> str:
    return f"{handler.__module__.rsplit('.', 1)[-1]}.{handler.__name__}"


@dataclass
class Visit:
    """A request, before and between its transactions."""

    site: Site
    request: Request
    form: FormData
    writes: bool = False
    nearby: bool = False
    """Whether what only reads may come from a replica."""
    before_factor: bool = False
    """Whether it is open to who must have a second factor and has none yet."""

    def answer(self, handler: Handler) -> Response:
        """The handler's answer. Who has not signed in, or not with all that is asked for, is sent to do so, and comes
        back."""
        try:
            response = handler(self)
        except Refused as refused:
            return self._to_gate(refused)
        response.headers.setdefault("Cache-Control", "no-store")
        if self.is_forms_own and self._is_part(response):
            # Nobody puts it into the page they came from: that one is shown as it is now.
            response.status_code = 303
            response.headers["Location"] = response.headers.get("HX-Redirect") or self._came_from()
        return response

    @property
    def is_forms_own(self) -> bool:
        """Whether a browser sends a form by itself and shows what comes as its next page, since no script was there yet.

        Told by what browsers accept when they go to a page (MDN, "List of default Accept values"); their `Sec-Fetch-*`
        headers, which say it outright, come over https only."""
        accept = self.request.headers.get("accept", "")
        is_script = "hx-request" in self.request.headers
        return self.request.method == "POST" and not is_script and "application/xhtml+xml" in accept

    @staticmethod
    def _is_part(response: Response) -> bool:
        """Whether an answer is meant for a page that is there: a part of it, or word of where it is to go."""
        if "HX-Redirect" in response.headers:
            return True
        if not isinstance(response, HTMLResponse) or response.status_code >= 300:
            return False
        return bytes(response.body).lstrip()[: len(DOCTYPE)].lower() != DOCTYPE

    def _came_from(self) -> str:
        """The page of this site on which the form stood, else home."""
        stood = urlsplit(self.request.headers.get("referer", ""))
        if stood.netloc != self.request.url.netloc:
            return "/"
        return asking.safe_next(f"{stood.path}?{stood.query}" if stood.query else stood.path)

    def unknown(self) -> Response | None:
        """The way to the sign-in page for who is unknown, else None. Raises Refused for who may not write."""
        try:
            with self.site.database.read() as connection:
                asking.authorise(asking.asker_of(self.site, self.request, connection), writes=self.writes)
        except Refused as refused:
            return self._to_gate(refused)
        return None

    def _to_gate(self, refused: Refused) -> Response:
        """The way to the page that asks for what is missing; within a fragment's request, for the whole page. Raises
        what was refused for any other reason."""
        gate = GATES.get((refused.problems or refused.warnings)[0].type)
        if gate is None:
            raise refused
        target = self.request.url.path + (f"?{self.request.url.query}" if self.request.url.query else "")
        if "hx-request" in self.request.headers:
            shown = urlsplit(self.request.headers.get("hx-current-url", ""))
            target = asking.safe_next(f"{shown.path}?{shown.query}" if shown.query else shown.path)
        elif self.request.method != "GET":
            # A form's own page shows it again, with the draft that was kept of it.
            is_form = self.request.url.path.endswith(("/new", "/edit"))
            target = self.request.url.path if is_form else "/"
        address = f"{gate}?next={quote(target, safe='')}" if target != "/" else gate
        if "hx-request" in self.request.headers:
            return Response(status_code=204, headers={"HX-Redirect": address})
        return RedirectResponse(address, 303)

    @property
    def is_fragment(self) -> bool:
        """Whether htmx asks for a part of the page."""
        return self.request.headers.get("hx-request-type") == "partial"

    def path(self, name: str) -> str:
        """A part of the address."""
        return str(self.request.path_params[name])

    def query(self, name: str, default: str = "") -> str:
        """A parameter of the address."""
        return self.request.query_params.get(name, default)

    def text(self, name: str, default: str = "") -> str:
        """A field of the form, without blanks around."""
        found = self.form.get(name)
        return found.strip() if isinstance(found, str) else default

    def whole(self, name: str) -> int | None:
        """A field of the form that is a whole number, else None; no longer than a database's."""
        text = self.text(name)
        return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else None

    @contextmanager
    def reading(self) -> Iterator[Here]:
        """A transaction for reading, as who asks. Raises Refused (NOT_SIGNED_IN …)."""
        database = self.site.database
        with database.read() as connection:
            asker = self._asker(connection, writes=False)
            if not self.nearby:
                with self._in_time(connection):
                    yield Here(self, connection, asker)
                return
            position = database.position_of(connection, asker.viewer.user)
        with database.read_near(position) as connection, self._in_time(connection):
            yield Here(self, connection, asker)

    @contextmanager
    def writing(self) -> Iterator[Here]:
        """A transaction that commits unless something is raised."""
        with self.site.database.write() as connection:
            asker = self._asker(connection, writes=self.writes)
            with self._in_time(connection):
                yield Here(self, connection, asker)
        self.site.database.wrote(asker.viewer.user, self.site.clock.now())

    @contextmanager
    def rehearsing(self) -> Iterator[Here]:
        """A transaction in which a write is tried out: always rolled back."""
        with self.site.database.rehearse() as connection:
            asker = self._asker(connection, writes=False)
            with self._in_time(connection):
                yield Here(self, connection, asker)

    def _in_time(self, connection: sa.Connection) -> AbstractContextManager[None]:
        return limited(connection, self.site.settings.request_seconds)

    def _asker(self, connection: sa.Connection, *, writes: bool) -> Asker:
        asker = asking.asker_of(self.site, self.request, connection, before_factor=self.before_factor)
        asking.authorise(asker, writes=writes)
        asking.check_csrf(self.site, asker, self.request, self.form)
        return asker

    def stranger(self) -> Reader:
        """Who reads before signing in."""
        return Reader(language_of(self.request), self.site.settings.site_time_zone, self.site.clock.now())


@dataclass
class Here:
    """A visit inside one transaction."""

    visit: Visit
    connection: sa.Connection
    asker: Asker
    _desks: dict[str, Desk] = field(default_factory=dict)

    @property
    def viewer(self) -> Viewer:
        """Who asks."""
        return self.asker.viewer

    @property
    def site(self) -> Site:
        """The site."""
        return self.visit.site

    @property
    def reader(self) -> Reader:
        """How they read."""
        return Reader(self.viewer.language, self.viewer.time_zone, self.site.clock.now())

    def desk(self, app: str | None = None) -> Desk:
        """An app before this reader; the one that the address names unless another is given. Raises Refused."""
        name = app if app is not None else self.visit.path("app")
        if name not in self._desks:
            if name == DIRECTORY:
                raise refuse(NOT_FOUND)
            records = self.site.records(self.connection, self.viewer, name)
            if not (self.viewer.is_admin or self.viewer.roles_in(name)):
                raise refuse(NOT_FOUND)
            self._desks[name] = Desk(records, self.reader)
        return self._desks[name]

    def entity(self, desk: Desk) -> Entity:
        """The entity that the address names. Raises Refused (NOT_FOUND)."""
        found = desk.entity(self.visit.path("entity"))
        if found is None:
            raise refuse(NOT_FOUND)
        return found

    def apps(self) -> list[App]:
        """The apps that this reader may open, by name."""
        names = sorted(n for n in self.site.apps(self.connection) if n != DIRECTORY)
        open_ = [n for n in names if self.viewer.is_admin or self.viewer.roles_in(n)]
        return [self.site.running(self.connection, n).app for n in open_]

    @property
    def only_app(self) -> str | None:
        """The app whose home is this reader's: of those who use one, and look after no site."""
        apps = self.apps()
        return apps[0].name if len(apps) == 1 and not self.viewer.is_admin else None

    def groups(self, desk: Desk) -> tuple[Group, ...]:
        """The sidebar of an app."""
        return menu_of(desk.app, desk.records.can, desk.may_see)

    def shell(
        self,
        title: str,
        *,
        desk: Desk | None = None,
        entity: str | None = None,
        toast: Toast | None = None,
        current: str | None = None,
        in_admin: bool = False,
        record: str | None = None,
    ) -> Shell:
        """The frame of a page of this reader's."""
        request, viewer, reader = self.visit.request, self.viewer, self.reader
        if desk is None and not in_admin and self.only_app is not None:
            desk = self.desk(self.only_app)
        cards = tuple(app_card(a, reader) for a in self.apps())
        app: AppCard | None = app_card(desk.app, reader) if desk is not None else None
        groups = self.groups(desk) if desk is not None else ()
        path, form = request.url.path, self.visit.query("form")
        place = f"{path}?form={form}" if form else path
        return Shell(
            title,
            path,
            asking.csrf_of(request),
            preferences_of(request),
            self.person(desk),
            app,
            cards,
            groups,
            current if current is not None else current_place(groups, place, entity),
            viewer.is_admin and viewer.acting_for is None,
            in_admin,
            viewer.acting_for,
            toast or self.toast(desk),
            self.star(desk, entity, record) if desk is not None and entity and record else None,
            talking.inbox(self.site, self.connection, viewer).unread(),
            self._studio(desk),
            self.site.trial,
        )

    def _studio(self, desk: Desk | None) -> str:
        """The way to the studio: of the app that is shown, else to all that one may build; empty for who builds none."""
        if desk is not None:
            return f"/studio/{desk.app.name}" if abilities.may_build(self.viewer, desk.app) else ""
        begins = self.viewer.is_admin and self.viewer.acting_for is None
        return "/studio" if begins or any(abilities.may_build(self.viewer, a) for a in self.apps()) else ""

    def star(self, desk: Desk, entity: str, record: str) -> Star | None:
        """The star of a record; none for who looks on as another."""
        if self.viewer.user is None or self.viewer.acting_for is not None:
            return None
        on = personal.is_starred(self.connection, self.viewer, desk.app.name, entity, record)
        return Star(desk.href(entity, record), on)

    def person(self, desk: Desk | None) -> Person:
        """The reader as the sidebar shows them: name, and their roles here."""
        viewer, reader = self.viewer, self.reader
        words: list[str] = []
        if desk is not None:
            known = desk.app.roles
            words = [
                reader.label(known[r].label) for r in sorted(viewer.roles_in(desk.app.name)) if r in known
            ]
        elif viewer.is_admin:
            words = [reader.t("role.admin")]
        else:
            apps = self.apps()
            words = [
                reader.label(a.roles[r].label)
                for a in apps
                for r in sorted(viewer.roles_in(a.name))
                if r in a.roles
            ]
        name = viewer.name or viewer.username
        return Person(name, " · ".join(words[:2]) or viewer.username, initial(name), hue(viewer.user or name))

    def toast(self, desk: Desk | None) -> Toast | None:
        """What the address says was just done; words come from a list, never from the address."""
        done = self.visit.query("done")
        if done == "merged":
            n = self.visit.query("n")
            return Toast(self.reader.t("done.merged", n=n)) if n.isdecimal() and len(n) < 4 else None
        if done not in (
            "saved",
            "created",
            "deleted",
            "restored",
            "moved",
            "preferences",
            "password",
            "mail_sent",
            "erased",
        ):
            return None
        undo = self.visit.query("undo")
        address = ""
        if done == "deleted" and desk is not None and undo:
            entity, _, record = undo.partition("/")
            if desk.entity(entity) is not None:
                address = f"{desk.address}/{entity}/{record}/restore"
        return Toast(self.reader.t(f"done.{done}"), address)

    def page(self, template: str, shell: Shell, *, status: int = 200, **values: Any) -> Response:
        """A whole page."""
        return HTMLResponse(renderer().page(template, self.reader, shell=shell, **values), status)

    def block(
        self,
        template: str,
        block: str,
        shell: Shell | None = None,
        *,
        status: int = 200,
        toast: Toast | None = None,
        **values: Any,
    ) -> Response:
        """A part of a page; with a toast, that one goes into the page's region for them, whatever the part's place."""
        shown = shell or self.bare()
        html = renderer().block(template, block, self.reader, shell=shown, **values)
        return HTMLResponse(html + self._toasted(toast, shown), status)

    def done(self, toast: Toast, *, changed: bool = True) -> Response:
        """An act's answer that is no part of a page: a toast, and word to what shows records that they changed."""
        response = HTMLResponse(self._toasted(toast, self.bare()))
        if changed:
            response.headers["HX-Trigger"] = RECORDS_CHANGED
        return response

    def _toasted(self, toast: Toast | None, shell: Shell) -> str:
        if toast is None:
            return ""
        return renderer().block("parts/toast.html", "told", self.reader, shell=shell, made=toast)

    def said(self, refused: Refused) -> str:
        """A refusal in sentences."""
        language = self.reader.language
        return " ".join(
            f"{p.text(language)} {p.remedy(language)}".strip() for p in (*refused.problems, *refused.warnings)
        )

    def bare(self) -> Shell:
        """The frame of a fragment: nothing but what its forms need."""
        request = self.visit.request
        return Shell("", request.url.path, asking.csrf_of(request), preferences_of(request))


def go(address: str) -> Response:
    """To another page, after a form."""
    return RedirectResponse(address, 303)
