"""The audit, read: a sentence a line, filters, before and after, and the proof that nothing was altered."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from starlette.responses import Response
from starlette.routing import BaseRoute

from dougong_platform import people
from dougong_platform.http.pages.visit import Here, Pages, Visit
from dougong_platform.seals import KEY
from dougong_runtime.audit import seal
from dougong_runtime.audit.log import ACTIONS, dg_audit
from dougong_runtime.audit.verify import verify as verify_audit
from dougong_runtime.pages.entry import Choice
from dougong_runtime.pages.reading import instant

PAGE = 100


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
    asked = sa.select(dg_audit).order_by(dg_audit.c.seq.desc()).limit(PAGE + 1)
    if actor:
        asked = asked.where(dg_audit.c.actor_name == actor)
    if action in ACTIONS:
        asked = asked.where(dg_audit.c.action == action)
    if before.isdecimal():
        asked = asked.where(dg_audit.c.seq < int(before))
    rows = list(here.connection.execute(asked))
    sealed = here.connection.scalar(sa.select(sa.func.max(seal.dg_seal.c.last_seq))) or 0
    more = ""
    if len(rows) > PAGE:
        kept = {"actor": actor, "action": action, "before": str(rows[PAGE - 1].seq)}
        more = "/admin/audit?" + urlencode({k: v for k, v in kept.items() if v})
    made = {
        "events": [_line(here, row, sealed) for row in rows[:PAGE]],
        "actions": [Choice(a, t(f"action.{a}")) for a in ACTIONS],
        "action": action,
        "actor": actor,
        "more_href": more,
        "verdict": verdict,
    }
    return here.page(
        "admin/audit.html", here.shell(t("admin.audit"), in_admin=True, current="/admin/audit"), audit=made
    )


def _line(here: Here, row: sa.Row[Any], sealed: int) -> EventLine:
    reader = here.reader
    at = instant(row.at)
    what = " ".join(
        w for w in (f"{row.app}.{row.entity}" if row.entity else row.app or "", (row.record or "")[:8]) if w
    )
    details = [
        (reader.t(f"audit.{name}"), _pretty(text))
        for name, text in (
            ("record", row.record),
            ("before", row.before),
            ("after", row.after),
            ("reason", row.reason),
            ("facts", row.facts),
            ("address", row.address),
            ("request", row.request),
        )
        if text
    ]
    return EventLine(
        row.seq,
        reader.moment(at) if at else row.at,
        row.at,
        row.actor_name,
        reader.t(f"action.{row.action}") if row.action in ACTIONS else row.action,
        what,
        row.via,
        row.seq <= sealed,
        tuple(details),
        reader.t("audit.as", name=row.acting_for) if row.acting_for else "",
    )


def _pretty(text: str) -> str:
    if not text.startswith(("{", "[")):
        return text
    try:
        return json.dumps(json.loads(text), ensure_ascii=False, indent=1)
    except ValueError:
        return text


def verify(visit: Visit) -> Response:
    """Whether any row was changed, removed, put in or moved since it was sealed."""
    with visit.reading() as here:
        people.require_admin(here.viewer)
        found = verify_audit(here.connection, here.site.settings.key(KEY))
        t = here.reader.t
        text = (
            t("audit.whole", rows=f"{found.rows:,}", batches=f"{found.batches:,}")
            if found.ok
            else here.reader.label(found.problem)
        )
        return _page(here, Verdict(found.ok, text))
