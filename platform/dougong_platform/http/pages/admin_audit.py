"""The audit, read: a sentence a line, filters, before and after, the proof that nothing was altered, and a file of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute

from dougong_platform import people
from dougong_platform.audit_export import FORMATS, Export
from dougong_platform.http.pages.audit_filter import VIAS, Asked
from dougong_platform.http.pages.audit_lines import in_batches, told
from dougong_platform.http.pages.visit import Here, Pages, Visit
from dougong_platform.seals import verify_all
from dougong_platform.site import DIRECTORY
from dougong_platform.tables import SITE
from dougong_runtime.audit import log
from dougong_runtime.audit.log import ACTIONS, StoredEvent, dg_audit, newest, stored
from dougong_runtime.audit.seal import dg_seal
from dougong_runtime.pages.entry import Choice

PAGE = 100
CHECKED_MAX = 100_000
"""Rows that are checked while somebody waits for the page."""
BATCHES_MAX = 2_000


def routes(pages: Pages) -> list[BaseRoute]:
    """`/admin/audit`."""
    return [
        pages.get("/admin/audit", show),
        pages.post("/admin/audit/verify", verify),
        pages.post("/admin/audit/export", export),
    ]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verifying found."""

    ok: bool
    text: str


@dataclass(frozen=True, slots=True)
class Chip:
    """A condition in force, and the address without it."""

    label: str
    value: str
    without: str


def show(visit: Visit) -> Response:
    """The newest rows, or those before one."""
    with visit.reading() as here:
        return _page(here, Asked.of(visit.query))


def _page(here: Here, asked: Asked, verdict: Verdict | None = None) -> Response:
    people.require_admin(here.viewer)
    t = here.reader.t
    wanted = asked.conditions(here.reader.time_zone)
    found = list(stored(here.connection.execute(newest(wanted, asked.before, PAGE + 1))))
    shown = found[:PAGE]
    places = _places(here)
    made = {
        "batches": in_batches(here, asked, told(here, here.connection, shown)),
        "asked": asked,
        "params": asked.params,
        "places": places,
        "actions": [Choice(a, t(f"action.{a}")) for a in ACTIONS],
        "vias": [Choice(v, t(f"via.{v}")) for v in VIAS],
        "people": [p.username for p in people.people(here.connection)],
        "chips": _chips(here, asked, places),
        "more_href": asked.href(before=str(shown[-1].seq)) if len(found) > PAGE else "",
        "verdict": verdict,
    }
    shell = here.shell(t("admin.audit"), in_admin=True, current="/admin/audit")
    return here.page("admin/audit.html", shell, audit=made)


def _places(here: Here) -> list[Choice]:
    """Apps and their entities, to choose from."""
    label = here.reader.label
    found = [Choice(DIRECTORY, here.reader.t("storage.people"))]
    for app in here.apps():
        found.append(Choice(app.name, label(app.label)))
        found += [
            Choice(f"{app.name}.{e.name}", f"{label(app.label)} · {label(e.label)}") for e in app.own_entities
        ]
    return found


def _chips(here: Here, asked: Asked, places: Sequence[Choice]) -> list[Chip]:
    t, reader = here.reader.t, here.reader
    labels = {p.value: p.label for p in places}
    values = {
        "actor": (t("audit.who"), asked.actor),
        "entity": (t("audit.place"), labels.get(asked.place, asked.place)),
        "record": (t("audit.record"), f"…{asked.record[-8:]}" if asked.record else ""),
        "action": (t("audit.action"), t(f"action.{asked.action}") if asked.action else ""),
        "via": (t("audit.via"), t(f"via.{asked.via}") if asked.via else ""),
        "from": (t("audit.from"), reader.full_day(asked.since) if asked.since else ""),
        "to": (t("audit.to"), reader.full_day(asked.until) if asked.until else ""),
    }
    return [Chip(label, value, asked.href(**{name: ""})) for name, (label, value) in values.items() if value]


def verify(visit: Visit) -> Response:
    """Whether any row was changed, removed, put in or moved since it was sealed: up to a batch, or of the newest ones.

    All of a long audit takes minutes: the command `dougong audit verify` does that.
    """
    until = visit.whole("until")
    with visit.reading() as here:
        people.require_admin(here.viewer)
        since = _first_to_check(here.connection, until)
    found, anchors = verify_all(visit.site, since=since, until=until)
    with visit.reading() as here:
        t = here.reader.t
        problem = found.problem or next(
            (state.problem for state in anchors if state.problem is not None), None
        )
        key = "audit.whole" if since == 1 else "audit.whole_since"
        facts = {"rows": f"{found.rows:,}", "batches": f"{found.batches:,}", "since": f"{since:,}"}
        text = t(key, **facts) if problem is None else here.reader.label(problem)
        if problem is None and until is not None:
            text = t("audit.whole_until", until=f"{until:,}", **facts)
        return _page(here, Asked.of(visit.text), Verdict(problem is None, text))


def _first_to_check(connection: sa.Connection, until: int | None) -> int:
    """The batch from which on (up to the last) there are no more rows than are checked while somebody waits."""
    batches = sa.select(dg_seal.c.batch, dg_seal.c.rows)
    if until is not None:
        batches = batches.where(dg_seal.c.batch <= until)
    first, left = 1, CHECKED_MAX
    for batch, rows in connection.execute(batches.order_by(dg_seal.c.batch.desc()).limit(BATCHES_MAX)):
        left -= rows
        if left < 0:
            break
        first = max(batch, 1)
    return first


def export(visit: Visit) -> Response:
    """What is filtered as a file, with the seals that prove it; that it was taken out stands in the audit."""
    asked = replace(Asked.of(visit.text), before=None)
    form = visit.text("format")
    form = form if form in FORMATS else FORMATS[0]
    with visit.writing() as here:
        people.require_admin(here.viewer)
        now = here.site.clock.now()
        facts = {"of": "audit", "format": form, "asked": asked.params}
        newest_seq = here.connection.scalar(sa.select(sa.func.max(dg_audit.c.seq))) or 0
        log.write(here.connection, here.viewer, now, [log.Event(log.EXPORT, DIRECTORY, facts=facts)])
        site_id = here.connection.scalar(sa.select(SITE.c.value).where(SITE.c.name == "id"))

    def as_told(connection: sa.Connection, events: Sequence[StoredEvent]) -> Sequence[StoredEvent]:
        return told(here, connection, events)

    made = Export(
        visit.site,
        asked.conditions(here.viewer.time_zone),
        newest_seq + 1,
        as_told,
        {"site": site_id, "at": log.instant(now), "by": here.viewer.username, "asked": asked.params},
    )
    name = f"audit-{now:%Y%m%d-%H%M}.{form}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    if form == "csv":
        return StreamingResponse(made.csv(), headers=headers, media_type="text/csv; charset=utf-8")
    return StreamingResponse(made.ndjson(), headers=headers, media_type="application/x-ndjson")
