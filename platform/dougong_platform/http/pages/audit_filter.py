"""What of the audit is asked for: a filter that the address carries, read from there or from a form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from dougong_runtime.audit.log import ACTIONS, fitting
from dougong_runtime.names import is_record_id
from dougong_runtime.pages.reading import day

VIAS = ("page", "api", "cli", "import", "workflow", "system")
"""Doors, in the order in which they are offered."""
SEQ_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Asked:
    """A filter. Empty texts ask for nothing."""

    actor: str = ""
    place: str = ""
    """An app, or `app.entity`."""
    record: str = ""
    action: str = ""
    via: str = ""
    since: date | None = None
    until: date | None = None
    """The last day."""
    before: int | None = None
    """The seq before which a page goes on."""

    @classmethod
    def of(cls, given: Callable[[str], str]) -> Asked:
        """From parameters; what is no day, action or door is left out."""
        record, before = given("record").strip().lower(), given("before")
        return cls(
            given("actor").strip(),
            given("entity").strip(),
            record if is_record_id(record) else "",
            given("action") if given("action") in ACTIONS else "",
            given("via") if given("via") in VIAS else "",
            day(given("from")),
            day(given("to")),
            min(int(before), SEQ_MAX)
            if before.isascii() and before.isdecimal() and len(before) < 30
            else None,
        )

    @property
    def params(self) -> dict[str, str]:
        """As the address carries it, without the page."""
        told = {
            "actor": self.actor,
            "entity": self.place,
            "record": self.record,
            "action": self.action,
            "via": self.via,
            "from": self.since.isoformat() if self.since else "",
            "to": self.until.isoformat() if self.until else "",
        }
        return {name: text for name, text in told.items() if text}

    def href(self, **more: str) -> str:
        """The address of this filter with something changed."""
        params = {n: t for n, t in {**self.params, **more}.items() if t}
        return "/admin/audit" + (f"?{urlencode(params)}" if params else "")

    def conditions(self, time_zone: str) -> list[sa.ColumnElement[bool]]:
        """On rows of the audit; days are those of the zone."""
        app, _, entity = self.place.partition(".")
        return fitting(
            actor_name=self.actor or None,
            app=app or None,
            entity=entity or None,
            record=self.record or None,
            actions=(self.action,) if self.action else (),
            via=self.via or None,
            since=_start(self.since, time_zone),
            until=_start(_next(self.until), time_zone),
        )


def _start(on: date | None, time_zone: str) -> datetime | None:
    """The first instant of a day; None for one at the ends of the calendar, which bounds nothing."""
    if on is None or not date.min.year < on.year < date.max.year:
        return None
    return datetime.combine(on, time(), ZoneInfo(time_zone))


def _next(on: date | None) -> date | None:
    return None if on is None or on == date.max else on + timedelta(days=1)
