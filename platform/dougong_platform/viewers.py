"""Who someone is, in one statement: the person, the team and all below it, and the roles valid today.

The one place outside `records` that reads the directory's tables: a viewer must be known before there is a door to
ask through. It is read at every request, so the statement is built once, and tells along with it what every request
asks next: which version of each app runs, and whether anything is shared with the person in the app asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, cast
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from dougong_platform.settings import Settings
from dougong_platform.tables import ASSIGNMENT
from dougong_runtime.access.shares import SHARE
from dougong_runtime.documents.versions import APPS, expect_as_seen, is_as_seen
from dougong_runtime.host import Clock, Viewer, today
from dougong_runtime.labels import LANGUAGES, Language
from dougong_runtime.model.directory import DIRECTORY
from dougong_runtime.storage.ready import Ready
from dougong_runtime.storage.tables import Tables


@cache
def directory(dialect: str) -> Tables:
    """The directory's tables on one database."""
    return Tables(DIRECTORY, dialect)


@dataclass(frozen=True, slots=True)
class Door:
    """How someone comes in: the door's name, the client's address, the request's id, the language their program asks for."""

    via: str
    address: str | None = None
    request: str | None = None
    language: Language | None = None
    app: str | None = None
    """The app that they come to."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a transaction has found out along with who asks; true for that transaction only."""

    user: str
    running: Mapping[str, int]
    """Installed app → the number of its running version."""
    app: str | None
    has_shares: bool
    """Whether anything is shared with the person in `app`."""


_standings: WeakKeyDictionary[sa.Connection, Standing] = WeakKeyDictionary()


def standing_on(connection: sa.Connection) -> Standing | None:
    """What was found out on this connection when it found out who asks; a connection lives for one transaction."""
    return _standings.get(connection)


def forget_standing(connection: sa.Connection) -> None:
    """Ask the database anew from here on: for a transaction that publishes, or shares, and then goes on."""
    _standings.pop(connection, None)


def statement(dialect: str, found: sa.FromClause, *carried: str) -> sa.Select[Any]:
    """Select the living, active person whose id is `found.c.user`, with `found`'s columns `carried` first.

    Then follow: id, username, name, team, language, time_zone, roles and teams below (comma-separated), the running
    versions (`app number`, comma-separated), whether the tables are still theirs, and whether anything is shared with
    them in an app. Binds what `parameters` gives.
    """
    user, team = directory(dialect).of("user"), directory(dialect).of("team")
    me = (
        sa.select(
            *(found.c[name] for name in carried),
            user.c.id.label("me"),
            *(user.c[name].label(name) for name in ("username", "name", "team", "language", "time_zone")),
        )
        .select_from(found.join(user, user.c.id == found.c.user))
        .where(user.c.deleted_at.is_(None), user.c.active.is_(sa.true()))
        .cte("me")
    )
    tree = sa.select(me.c.team.label("id")).where(me.c.team.is_not(None)).cte("tree", recursive=True)
    below = sa.select(team.c.id).join(tree, team.c.parent == tree.c.id).where(team.c.deleted_at.is_(None))
    tree = tree.union(below)
    until = ASSIGNMENT.c.until
    roles = (
        sa.select(sa.func.aggregate_strings(ASSIGNMENT.c.role, ","))
        .where(
            ASSIGNMENT.c.user == me.c.me,
            sa.or_(until.is_(None), until >= sa.bindparam("today", type_=sa.Date)),
        )
        .scalar_subquery()
    )
    teams = sa.select(sa.func.aggregate_strings(sa.cast(tree.c.id, sa.Text), ",")).scalar_subquery()
    running = sa.select(
        sa.func.aggregate_strings(APPS.c.name + " " + sa.cast(APPS.c.running, sa.Text), ",")
    ).scalar_subquery()
    shared = sa.exists().where(
        SHARE.c.app == sa.bindparam("app", type_=SHARE.c.app.type),
        sa.or_(SHARE.c.user == me.c.me, SHARE.c.team == me.c.team),
        sa.or_(SHARE.c.until.is_(None), SHARE.c.until > sa.bindparam("now", type_=SHARE.c.until.type)),
    )
    as_seen = is_as_seen(dialect).label("as_seen")
    return sa.select(
        *me.c, roles.label("roles"), teams.label("teams"), running.label("running"), as_seen, shared
    )


def parameters(clock: Clock, settings: Settings, door: Door) -> dict[str, Any]:
    """What `statement` binds: `now`, `today` (in the site's zone) and `app`."""
    return {"now": clock.now(), "today": today(clock, settings.time_zone), "app": door.app}


def viewer_from(
    connection: sa.Connection,
    row: Sequence[Any],
    settings: Settings,
    door: Door,
    acting_for: str | None = None,
) -> Viewer:
    """The viewer that a row of `statement` tells of; what else it tells is kept for this transaction.

    Raises `versions.Overtaken`."""
    user, username, name, team, language, time_zone, roles, teams, running, as_seen, shared = row[-11:]
    expect_as_seen(connection, as_seen)
    numbers = dict(part.split(" ") for part in running.split(",")) if running else {}
    _standings[connection] = Standing(
        user, {app: int(number) for app, number in numbers.items()}, door.app, bool(shared)
    )
    return Viewer(
        user=user,
        username=username,
        name=name or username,
        team=team,
        teams_below=tuple(sorted(teams.split(","))) if teams else (),
        roles=frozenset(roles.split(",")) if roles else frozenset(),
        language=cast(Language, language if language in LANGUAGES else door.language or settings.language),
        time_zone=time_zone or settings.time_zone,
        via=door.via,
        address=door.address,
        request=door.request,
        acting_for=acting_for,
    )


@cache
def _by_id(dialect: str) -> Ready:
    user = directory(dialect).of("user")
    found = sa.select(user.c.id.label("user")).where(user.c.id == sa.bindparam("user", type_=user.c.id.type))
    return Ready(statement(dialect, found.subquery()), plan="kept")


def viewer(
    connection: sa.Connection,
    user_id: str,
    clock: Clock,
    settings: Settings,
    door: Door,
    acting_for: str | None = None,
) -> Viewer | None:
    """The person of that id as a viewer, or None where there is none who is active."""
    asked = _by_id(connection.dialect.name)
    row = asked.first(connection, {"user": user_id, **parameters(clock, settings, door)})
    return viewer_from(connection, row, settings, door, acting_for) if row is not None else None


def another(
    connection: sa.Connection, user_id: str, clock: Clock, settings: Settings, door: Door
) -> Viewer | None:
    """A further person as a viewer, for asking what they may read; what was found out with who asks stays."""
    kept = _standings.get(connection)
    try:
        return viewer(connection, user_id, clock, settings, door)
    finally:
        if kept is not None:
            _standings[connection] = kept
