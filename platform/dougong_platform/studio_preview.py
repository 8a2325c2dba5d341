"""A draft shown before it is published: for oneself with the running version's rights, for administrators also as
somebody else or as one role, by the draft's own. Only reads; who looks on as another is audited."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from dougong_designer.preview import running_preview
from dougong_platform import people, viewers
from dougong_platform.site import Site
from dougong_platform.studio import Studio
from dougong_platform.viewers import Door
from dougong_runtime.audit import log
from dougong_runtime.errors import FORBIDDEN, NOT_FOUND, refuse
from dougong_runtime.host import Viewer
from dougong_runtime.labels import Label
from dougong_runtime.records.door import Records
from dougong_runtime.storage.over import TablesOver

NOTED_EVERY = timedelta(minutes=10)
"""Looking on as the same one is audited when it begins and every so often."""


@dataclass(frozen=True)
class Preview:
    """The draft's app before one who looks on."""

    records: Records
    viewer: Viewer
    seen_as: str = ""
    """Who looks on, in words; empty for oneself."""

    @property
    def is_oneself(self) -> bool:
        """Whether it is shown to who builds."""
        return not self.seen_as

    @property
    def tables(self) -> TablesOver:
        """The tables it reads."""
        found = self.records.running.tables
        assert isinstance(found, TablesOver)
        return found

    @property
    def may_rehearse(self) -> bool:
        """Whether a write can be tried out: as oneself, on tables that are there as the draft has them."""
        return self.is_oneself and self.tables.is_same

    def missing(self, entity: str) -> tuple[str, ...]:
        """Fields of an entity that hold nothing before the draft is published."""
        return self.tables.missing.get(entity, ())


def open_preview(studio: Studio, connection: sa.Connection, door: Door, as_: str = "") -> Preview:
    """`as_`: empty for oneself, `role:<name>` or `person:<username>`.

    Raises Refused: NOT_READY; FORBIDDEN for who is no administrator; NOT_FOUND for no such role or person.
    """
    site, viewer = studio.site, studio.viewer
    seen = viewer if not as_ else _another(studio, connection, door, as_)
    running = running_preview(studio.draft, site.running(connection, studio.name), by_draft=bool(as_))
    records = Records(running, connection, seen, site.clock, time_zone=site.settings.site_time_zone)
    name = seen.name or seen.username
    if as_.startswith("role:"):
        role = studio.draft.documents[f"role/{as_.partition(':')[2]}"]
        name = Label.of(role.get("label"), str(role.get("name"))).in_(viewer.language)
    return Preview(records, seen, name if as_ else "")


def _another(studio: Studio, connection: sa.Connection, door: Door, as_: str) -> Viewer:
    viewer, site = studio.viewer, studio.site
    if not viewer.is_admin:
        raise refuse(FORBIDDEN, entity="user", action="view-as")
    kind, _, name = as_.partition(":")
    if kind == "role":
        if f"role/{name}" not in studio.draft.documents:
            raise refuse(NOT_FOUND, name=name)
        roles = frozenset({f"{studio.name}.{name}"})
        seen = replace(viewer, roles=roles, acting_for=viewer.username)
        _note(
            site,
            viewer,
            as_,
            log.Event(log.VIEW_AS, "dougong", "role", None, facts={"role": f"{studio.name}.{name}"}),
        )
        return seen
    if kind != "person":
        raise refuse(NOT_FOUND, name=as_)
    person = people.get_person(connection, name)
    found = viewers.another(connection, person.id, site.clock, site.settings, door)
    if found is None:
        raise refuse(people.NO_PERSON, name=person.username, nearest=None)
    event = log.Event(log.VIEW_AS, "dougong", "user", person.id, facts={"username": person.username})
    _note(site, viewer, as_, event)
    return replace(found, acting_for=viewer.username, language=viewer.language)


_noted: dict[tuple[str, str, str], datetime] = {}
_noting = threading.Lock()


def _note(site: Site, admin: Viewer, as_: str, event: log.Event) -> None:
    """Enter it into the audit, in a transaction of its own: the request's only reads."""
    now, key = site.clock.now(), (site.settings.database_url, admin.user or "", f"{event.entity}/{as_}")
    with _noting:
        last = _noted.get(key)
        if last is not None and timedelta(0) <= now - last < NOTED_EVERY:
            return
        _noted[key] = now
    with site.database.write() as connection:
        log.write(connection, admin, now, [event])
