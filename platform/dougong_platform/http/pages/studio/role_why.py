"""Why a person sees a record or a field, or does not: the panel beside the matrix of a role."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_platform import explaining, people
from dougong_platform.explaining import Explained
from dougong_platform.http.pages.studio.base import open_studio
from dougong_platform.http.pages.visit import Here, Pages, Visit
from dougong_platform.studio import Studio
from dougong_runtime.access.explain import Reason
from dougong_runtime.access.grants import EVERYBODY
from dougong_runtime.model.app import App
from dougong_runtime.names import is_record_id

PEOPLE_MAX = 500


@dataclass(frozen=True, slots=True)
class Line:
    """One grant and what came of it."""

    role: str
    decides: bool
    said: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a question."""

    good: bool
    said: str
    note: str
    lines: tuple[Line, ...]
    ways: tuple[tuple[str, str], ...]
    """Words and address of what would change it."""
    by_draft: bool


@dataclass(frozen=True)
class Question:
    """The panel: what may be asked, what was, and what came of it."""

    address: str
    source: str
    """Where records are offered from; empty for who has no role in the app, and types an id or an address instead."""
    people: tuple[tuple[str, str], ...]
    entities: tuple[tuple[str, str], ...]
    fields: tuple[tuple[str, str], ...]
    person: str
    entity: str
    record: str
    title: str
    field: str
    answer: Answer | None = None


def routes(pages: Pages) -> list[BaseRoute]:
    """Below a role's address."""
    role = "/studio/{app}/role/{name}"
    return [pages.get(role + "/why", show), pages.post(role + "/why", ask)]


def show(visit: Visit) -> Response:
    """The question before it is asked."""
    with visit.reading() as here:
        return _panel(here, open_studio(here), None)


def ask(visit: Visit) -> Response:
    """Ask. It is a look as somebody else, so it is for administrators, and in the audit."""
    with visit.writing() as here:
        studio = open_studio(here)
        return _panel(here, studio, _answer(here, studio))


def _panel(here: Here, studio: Studio, answer: Answer | None) -> Response:
    visit, reader = here.visit, here.reader
    app = studio.running
    entity = visit.text("entity") or next(iter(e.name for e in app.own_entities), "")
    known = app.entities.get(entity)
    found = people.people(here.connection)[:PEOPLE_MAX] if here.viewer.is_admin else []
    made = Question(
        address=f"/studio/{studio.name}/role/{visit.path('name')}/why",
        source=f"/apps/{studio.name}/{entity}/choices" if here.viewer.roles_in(studio.name) else "",
        people=tuple((p.username, p.name or p.username) for p in found if p.active),
        entities=tuple((e.name, reader.label(e.label)) for e in app.own_entities),
        fields=tuple((f.name, reader.label(f.label)) for f in known.own_fields) if known else (),
        person=visit.text("person"),
        entity=entity,
        record=visit.text("record"),
        title=visit.text("title"),
        field=visit.text("field"),
        answer=answer,
    )
    return here.block("studio/role_why.html", "why", why=made)


def _answer(here: Here, studio: Studio) -> Answer | None:
    visit = here.visit
    record = _record(visit)
    if not record:
        return None
    asked = explaining.explain(
        studio, visit.text("person"), visit.text("entity"), record, visit.text("field") or None
    )
    return _told(here, studio, asked)


def _record(visit: Visit) -> str:
    """The record that was picked; or the one whose id, or address, was typed: who builds may see no records at all."""
    typed = visit.text("title").split("?")[0].rstrip("/").rpartition("/")[2]
    return (visit.text("record") or (typed if is_record_id(typed.lower()) else "")).lower()


def _told(here: Here, studio: Studio, asked: Explained) -> Answer:
    t, reader, name, found = here.reader.t, here.reader, here.visit.text("field"), asked.reasons
    what = reader.label(asked.entity.fields[name].label) if name else t("studio.why.any_field")
    who = asked.person.name or asked.person.username
    good = any(r.decides for r in found)
    masked = any(r.holds and r.shown == "masked" for r in found)
    key = "seen" if good else "masked" if masked else "unseen"
    writes = any(r.holds and r.writable and "update" in r.actions for r in found)
    note = t("studio.why.may_write") if good and writes and name else ""
    return Answer(
        good,
        t(f"studio.why.{key}", who=who, what=what),
        note if found else t("studio.why.no_grant"),
        tuple(_line(here, asked.app, r) for r in found),
        () if good else tuple(_ways(here, studio, asked)),
        asked.by_draft,
    )


def _line(here: Here, app: App, reason: Reason) -> Line:
    t, reader = here.reader.t, here.reader
    if reason.role == "share":
        label = t("studio.why.share")
    elif reason.role == EVERYBODY:
        label = t("studio.why.everybody")
    else:
        role = app.roles.get(reason.role.partition(".")[2] or reason.role)
        label = reader.label(role.label) if role is not None else reason.role
    ready = reason.rows in ("own", "team", "team_below", "all")
    rows = t(f"rows.{reason.rows}") if ready else reason.rows
    parts = [t("studio.why.row_yes" if reason.holds else "studio.why.row_no", rows=rows)]
    if "read" not in reason.actions:
        parts.append(t("studio.why.no_read"))
    if reason.shown == "no":
        parts.append(t("studio.why.column_no"))
    elif reason.shown == "masked":
        parts.append(t("studio.why.column_masked"))
    return Line(label, reason.decides, " ".join(parts))


def _ways(here: Here, studio: Studio, asked: Explained) -> Iterator[tuple[str, str]]:
    t, reader, app = here.reader.t, here.reader, asked.app
    record = _record(here.visit)
    yield t("studio.why.way_share"), f"/apps/{studio.name}/{asked.entity.name}/{record}"
    for name in sorted(asked.person.roles_in(studio.name)):
        if name in app.roles:
            role = app.roles[name]
            yield (
                t("studio.why.way_role", role=reader.label(role.label)),
                f"/studio/{studio.name}/role/{name}",
            )
    yield t("studio.why.way_people"), f"/admin/people/{asked.person.username}"
