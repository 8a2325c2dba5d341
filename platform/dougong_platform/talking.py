"""Comments and notices of one person in one transaction: what the runtime's talk needs of the host."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from dougong_platform import viewers
from dougong_platform.site import DIRECTORY, Site
from dougong_platform.tables import ASSIGNMENT
from dougong_platform.viewers import Door
from dougong_runtime.host import Viewer, today
from dougong_runtime.records.door import Records
from dougong_runtime.talk.comments import Comments
from dougong_runtime.talk.inbox import Inbox


@dataclass(frozen=True, slots=True)
class _Colleagues:
    site: Site
    connection: sa.Connection

    def viewer_of(self, user: str) -> Viewer | None:
        """The active person of that record id as they would come in by a page."""
        site = self.site
        return viewers.another(self.connection, user, site.clock, site.settings, Door("page"))


def comments(site: Site, records: Records) -> Comments:
    """The comments of the app's records before its viewer."""
    return Comments(records, _Colleagues(site, records.connection))


def holders(site: Site, records: Records, roles: Collection[str], most: int) -> Iterator[Records]:
    """The app's records before active people who hold one of these roles of it today, for asking what they may do."""
    named = [f"{records.running.app.name}.{role}" for role in sorted(roles)]
    day = today(site.clock, site.settings.time_zone)
    until = ASSIGNMENT.c.until
    asked = (
        sa.select(ASSIGNMENT.c.user)
        .where(ASSIGNMENT.c.role.in_(named), sa.or_(until.is_(None), until >= day))
        .distinct()
        .order_by(ASSIGNMENT.c.user)
        .limit(most)
    )
    colleagues = _Colleagues(site, records.connection)
    for user in records.connection.scalars(asked).all():
        viewer = colleagues.viewer_of(user)
        if viewer is not None:
            yield records.seen_by(viewer)


def inbox(site: Site, connection: sa.Connection, viewer: Viewer) -> Inbox:
    """The viewer's notices, over all the apps in which they hold a role."""
    installed = frozenset(site.apps(connection))

    def door(app: str) -> Records | None:
        if app == DIRECTORY or app not in installed:
            return None
        return site.records(connection, viewer, app) if viewer.roles_in(app) else None

    return Inbox(connection, viewer.user, door, views=viewer.acting_for is not None)
