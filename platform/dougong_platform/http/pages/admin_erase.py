"""Erasing a record's values from the audit by law: what it would take away is shown first, then a password confirms it."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_platform import erasing, people, signin, totp
from dougong_platform.http.pages.visit import Here, Pages, Visit, go
from dougong_platform.http.problem_types import BAD_REQUEST
from dougong_platform.http.viewer import door_of
from dougong_runtime.audit.erase import NOTHING_TO_ERASE
from dougong_runtime.errors import NOT_FOUND, Refused, refuse
from dougong_runtime.model.app import App, Entity
from dougong_runtime.names import is_record_id
from dougong_runtime.pages.entry import Choice
from dougong_runtime.pages.reading import number
from dougong_runtime.records.door import VIEWING_ONLY

ADDRESS = "/admin/audit/erase"


def routes(pages: Pages) -> list[BaseRoute]:
    """`/admin/audit/erase`."""
    return [pages.get(ADDRESS, show), pages.post(ADDRESS, act)]


@dataclass(frozen=True, slots=True)
class Given:
    """What the form says."""

    place: str
    """`app.entity`."""
    record: str
    fields: tuple[str, ...]
    reason: str

    @classmethod
    def of(cls, visit: Visit) -> Given:
        """From the address, or from the form."""
        if visit.request.method != "POST":
            app, entity = visit.query("app"), visit.query("entity")
            return cls(f"{app}.{entity}" if app and entity else "", visit.query("record").strip(), (), "")
        fields = tuple(dict.fromkeys(str(f) for f in visit.form.getlist("fields")))
        return cls(visit.text("place"), visit.text("record"), fields, visit.text("reason"))


@dataclass(frozen=True, slots=True)
class Preview:
    """What would go."""

    text: str
    fields: tuple[tuple[str, str], ...]


def show(visit: Visit) -> Response:
    """The form; of an entity that the address names with its fields."""
    with visit.reading() as here:
        return _page(here, Given.of(visit))


def act(visit: Visit) -> Response:
    """Show what would be erased, or erase it: that takes the administrator's password."""
    given = Given.of(visit)
    step = visit.text("step")
    problem, preview = "", None
    try:
        with visit.reading() as here:
            people.require_admin(here.viewer)
            app, entity = _find(here, given)
            username, user = here.viewer.username, here.viewer.user or ""
            has_factor = totp.is_enrolled(here.connection, user)
            if step in ("preview", "erase"):
                _must_be_whole(given)
                preview = _preview(here, app, entity, given)
        if step == "erase":
            if here.viewer.acting_for is not None:
                raise refuse(VIEWING_ONLY)
            _prove(visit, username, has_factor)
            done = erasing.erase(
                visit.site,
                here.viewer,
                app.name,
                entity.name,
                given.record,
                reason=given.reason,
                fields=given.fields or None,
            )
            return go(f"/admin/audit?record={given.record.lower()}&done=erased&n={min(done.values, 999)}")
    except Refused as refused:
        if refused.status in (401, 403, 404) and refused.problems[0].type is not signin.WRONG_PASSWORD:
            raise
        with visit.reading() as here:
            problem = here.said(refused)
    with visit.reading() as here:
        return _page(here, given, preview, problem)


def _find(here: Here, given: Given) -> tuple[App, Entity]:
    app_name, _, entity_name = given.place.partition(".")
    app = next((a for a in here.apps() if a.name == app_name), None)
    if app is None or entity_name not in app.entities:
        raise refuse(NOT_FOUND)
    return app, app.entities[entity_name]


def _must_be_whole(given: Given) -> None:
    if not is_record_id(given.record.lower()):
        raise refuse(
            BAD_REQUEST,
            "record",
            zh="记录编号应有 36 位，在记录的地址末尾。",
            en="A record's id has 36 characters; it ends the record's address.",
        )
    if not given.reason:
        raise refuse(
            BAD_REQUEST,
            "reason",
            zh="写明依据，它会留在审计里。",
            en="Say on what grounds; it stays in the audit.",
        )


def _preview(here: Here, app: App, entity: Entity, given: Given) -> Preview:
    found = erasing.outlook(here.site, here.viewer, app.name, entity.name, given.record, given.fields or None)
    if not found.values:
        raise refuse(NOTHING_TO_ERASE)
    reader = here.reader
    labels = {n: reader.label(f.label) for n, f in entity.fields.items()}
    labels["reason"] = labels.get("reason", reader.t("audit.reason"))
    return Preview(
        reader.t("erase.preview", rows=number(found.rows), values=number(found.values)),
        tuple((labels.get(n, n), number(count)) for n, count in found.fields.items()),
    )


def _prove(visit: Visit, username: str, has_factor: bool) -> None:
    """Raises Refused where the password is not the administrator's own."""
    door, password = door_of(visit.request), str(visit.form.get("password") or "")
    try:
        signin.prove(visit.site, username, password, address=door.address, request=door.request)
    except Refused as refused:
        if not (has_factor and refused.problems[0].type is signin.CODE_NEEDED):
            raise


def _page(here: Here, given: Given, preview: Preview | None = None, problem: str = "") -> Response:
    people.require_admin(here.viewer)
    reader = here.reader
    places = [
        Choice(f"{a.name}.{e.name}", f"{reader.label(a.label)} · {reader.label(e.label)}")
        for a in here.apps()
        for e in a.own_entities
    ]
    fields: list[Choice] = []
    if given.place in {p.value for p in places}:
        _app, entity = _find(here, given)
        fields = [Choice(f.name, reader.label(f.label)) for f in entity.own_fields]
    made = {
        "given": given,
        "places": places,
        "fields": fields,
        "preview": preview,
        "problem": problem,
        "can": here.viewer.acting_for is None,
    }
    shell = here.shell(reader.t("erase.title"), in_admin=True, current="/admin/audit")
    return here.page("admin/erase.html", shell, status=422 if problem else 200, erase=made)
