"""The audit, read: a sentence a line, filters, before and after, and the proof that nothing was altered."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_platform import people
from dougong_platform.http.pages.visit import Here, Pages, Visit
from dougong_platform.seals import verify_all
from dougong_platform.site import DIRECTORY
from dougong_runtime.audit.log import ACTIONS, StoredEvent, find
from dougong_runtime.audit.seal import dg_seal
from dougong_runtime.pages.entry import Choice
from dougong_runtime.records.told import withheld

PAGE = 100
CHECKED_MAX = 100_000
"""Rows that are checked while somebody waits for the page."""
BATCHES_MAX = 2_000
SEQ_MAX = 2**63 - 1
ID_DIGITS = 8
"""Of a record's id the last are shown: the first tell the time, and are the same for all that was made together."""
VIAS = ("page", "api", "cli", "import", "system")
"""Doors that have words of their own."""


def routes(pages: Pages) -> list[BaseRoute]:
    """`/admin/audit`."""
    return [pages.get("/admin/audit", show), pages.post("/admin/audit/verify", verify)]


@dataclass(frozen=True, slots=True)
class EventLine:
    """A row of the audit in words."""

    seq: int
    when: str
    exact: str
    who: str
    verb: str
    what: str
    via: str
    sealed: bool
    details: tuple[tuple[str, str], ...]
    as_: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verifying found."""

    ok: bool
    text: str


def show(visit: Visit) -> Response:
    """The newest rows, or those before one."""
    with visit.reading() as here:
        return _page(here)


def _page(here: Here, verdict: Verdict | None = None) -> Response:
    people.require_admin(here.viewer)
    visit, t = here.visit, here.reader.t
    actor, action, before = visit.query("actor").strip(), visit.query("action"), visit.query("before")
    found = find(
        here.connection,
        actor_name=actor or None,
        actions=(action,) if action in ACTIONS else (),
        before_seq=min(int(before), SEQ_MAX) if before.isdecimal() and len(before) <= 30 else None,
        limit=PAGE + 1,
    )
    sealed = here.connection.scalar(sa.select(sa.func.max(dg_seal.c.last_seq))) or 0
    more = ""
    if len(found) > PAGE:
        kept = {"actor": actor, "action": action, "before": str(found[PAGE - 1].seq)}
        more = "/admin/audit?" + urlencode({k: v for k, v in kept.items() if v})
    made = {
        "events": [_line(here, event, sealed) for event in _told(here, found[:PAGE])],
        "actions": [Choice(a, t(f"action.{a}")) for a in ACTIONS],
        "action": action,
        "actor": actor,
        "more_href": more,
        "verdict": verdict,
    }
    return here.page(
        "admin/audit.html", here.shell(t("admin.audit"), in_admin=True, current="/admin/audit"), audit=made
    )


def _told(here: Here, events: Sequence[StoredEvent]) -> list[StoredEvent]:
    """The events with no more of records than the administrator may read of them."""
    told: dict[int, StoredEvent] = {}
    apps = (*here.site.apps(here.connection), DIRECTORY)
    for app in {event.app for event in events}:
        mine = [event for event in events if event.app == app]
        if app in apps:
            mine = list(here.site.records(here.connection, here.viewer, app).told(mine))
        elif app is not None:
            mine = [withheld(event) for event in mine]
        told |= {event.seq: event for event in mine}
    return [told[event.seq] for event in events]


def _line(here: Here, event: StoredEvent, sealed: int) -> EventLine:
    reader = here.reader
    what = " ".join(
        w
        for w in (
            f"{event.app}.{event.entity}" if event.entity else event.app or "",
            (event.record or "")[-ID_DIGITS:],
        )
        if w
    )
    details = [
        (reader.t(f"audit.{name}"), text if isinstance(text, str) else _pretty(text))
        for name, text in (
            ("record", event.record),
            ("before", event.before),
            ("after", event.after),
            ("reason", event.reason),
            ("facts", event.facts),
            ("address", event.address),
            ("request", event.request),
            ("erased", ", ".join(sorted(event.erased))),
        )
        if text
    ]
    return EventLine(
        event.seq,
        reader.moment(event.at),
        event.at.isoformat(),
        event.actor_name,
        reader.t(f"action.{event.action}") if event.action in ACTIONS else event.action,
        what,
        reader.t(f"via.{event.via}") if event.via in VIAS else event.via,
        event.seq <= sealed,
        tuple(details),
        reader.t("audit.as", name=event.acting_for) if event.acting_for else "",
    )


def _pretty(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)


def verify(visit: Visit) -> Response:
    """Whether any row was changed, removed, put in or moved since it was sealed: of the newest batches, with the anchors.

    All of a long audit takes minutes: the command `dougong audit verify` does that.
    """
    with visit.reading() as here:
        people.require_admin(here.viewer)
        since = _first_to_check(here.connection)
    found, anchors = verify_all(visit.site, since=since)
    with visit.reading() as here:
        t = here.reader.t
        problem = found.problem or next(
            (state.problem for state in anchors if state.problem is not None), None
        )
        key = "audit.whole" if since == 1 else "audit.whole_since"
        text = (
            t(key, rows=f"{found.rows:,}", batches=f"{found.batches:,}", since=f"{since:,}")
            if problem is None
            else here.reader.label(problem)
        )
        return _page(here, Verdict(problem is None, text))


def _first_to_check(connection: sa.Connection) -> int:
    """The batch from which on there are no more rows than are checked while somebody waits."""
    newest = connection.execute(
        sa.select(dg_seal.c.batch, dg_seal.c.rows).order_by(dg_seal.c.batch.desc()).limit(BATCHES_MAX)
    )
    first, left = 1, CHECKED_MAX
    for batch, rows in newest:
        left -= rows
        if left < 0:
            break
        first = max(batch, 1)
    return first
