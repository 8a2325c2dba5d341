"""Why a person sees a record or a field, or does not: asked of the roles as the draft has them, over the data there are.

The roles of the draft are put on the version that runs, as far as they speak of what it has: its tables are there, the
draft's are not yet.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from dougong_designer.patch import Documents
from dougong_platform import people, viewers
from dougong_platform.people import NO_PERSON
from dougong_platform.studio import Studio
from dougong_platform.viewers import Door
from dougong_runtime.access.explain import Reason
from dougong_runtime.audit import log
from dougong_runtime.errors import NOT_FOUND, refuse
from dougong_runtime.host import Viewer
from dougong_runtime.model.app import App, Entity
from dougong_runtime.model.link import examine_stored
from dougong_runtime.names import is_record_id
from dougong_runtime.records.door import Records
from dougong_runtime.records.running import Running

_GRANT = re.compile(r"grants\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Explained:
    """Each grant of a person's on one record, and what it comes to."""

    reasons: Sequence[Reason]
    app: App
    entity: Entity
    person: Viewer
    by_draft: bool
    """Whether it was told by the roles of the draft; by those that run, where the draft has none that hold."""


def explain(studio: Studio, username: str, entity: str, record: str, field: str | None) -> Explained:
    """Ask of one person and one record (and field). It is a look as somebody else: for administrators, and in the audit
    in the caller's transaction. Raises Refused (FORBIDDEN, NO_PERSON, NOT_FOUND)."""
    site, connection, viewer = studio.site, studio.connection, studio.viewer
    people.require_admin(viewer)
    running = site.running(connection, studio.name)
    app = with_roles(running.app, studio.draft.documents)
    if app is not None:
        running = Running(app, running.tables, running.number, running.dialect, running.graph)
    known = running.app.entities.get(entity)
    if known is None or known.app != studio.name or not is_record_id(record):
        raise refuse(NOT_FOUND)
    person = people.get_person(connection, username)
    door = Door(viewer.via, viewer.address, viewer.request)
    seen = viewers.another(connection, person.id, site.clock, site.settings, door)
    if seen is None:
        raise refuse(NO_PERSON, name=username)
    asked = Records(running, connection, replace(seen, acting_for=viewer.username), site.clock)
    reasons = asked.explain(entity, record, field)
    facts = {"person": username, **({"field": field} if field else {})}
    event = log.Event(log.VIEW_AS, studio.name, entity, record, facts=facts)
    log.write(connection, viewer, site.clock.now(), [event], version=running.number)
    return Explained(reasons, running.app, known, seen, app is not None)


def with_roles(app: App, documents: Documents) -> App | None:
    """An app under the roles of these documents, as far as they speak of what it has; None where none can be linked."""
    others = {key: data for key, data in app.source.items() if not key.startswith("role/")}
    roles = {key: data for key, data in documents.items() if key.startswith("role/")}
    linked = examine_stored({**others, **roles})
    wrong = {
        (p.place.file, int(found[1]))
        for p in linked.problems
        if p.place and (found := _GRANT.match(p.place.path))
    }
    if wrong:
        # A grant that names what is not there yet is left out whole: half of one might show too much.
        kept = {
            key: {
                **data,
                "grants": [g for n, g in enumerate(data.get("grants") or ()) if (key, n) not in wrong],
            }
            for key, data in roles.items()
        }
        linked = examine_stored({**others, **kept})
    if linked.app is None or any(p.place and p.place.file.startswith("role/") for p in linked.problems):
        return None
    return replace(app, roles=linked.app.roles)
