"""Who someone is, in one statement: the person, the team and all below it, and the roles valid today.

The one place outside `records` that reads the directory's tables: a viewer must be known before there is a door to
ask through. It is read at every request, so the statement is built once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import sqlalchemy as sa

from dougong_platform.settings import Settings
from dougong_platform.tables import ASSIGNMENT
from dougong_runtime.host import Clock, Viewer, today
from dougong_runtime.labels import LANGUAGES, Language
from dougong_runtime.model.directory import DIRECTORY
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


def statement(dialect: str, found: sa.FromClause, *carried: str) -> sa.Select[Any]:
    """Select the living, active person whose id is `found.c.user`, with `found`'s columns `carried` first.

    Then follow: id, username, name, team, language, time_zone, roles and teams below (comma-separated). Binds `today`.
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
    return sa.select(*me.c, roles.label("roles"), teams.label("teams"))


def viewer_from(row: sa.Row[Any], settings: Settings, door: Door, acting_for: str | None = None) -> Viewer:
    """The viewer that a row of `statement` tells of."""
    values: tuple[Any, ...] = tuple(row)
    user, username, name, team, language, time_zone, roles, teams = values[-8:]
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
def _by_id(dialect: str) -> sa.Select[Any]:
    user = directory(dialect).of("user")
    found = sa.select(user.c.id.label("user")).where(user.c.id == sa.bindparam("user", type_=user.c.id.type))
    return statement(dialect, found.subquery())


def viewer(
    connection: sa.Connection,
    user_id: str,
    clock: Clock,
    settings: Settings,
    door: Door,
    acting_for: str | None = None,
) -> Viewer | None:
    """The person of that id as a viewer, or None where there is none who is active."""
    row = connection.execute(
        _by_id(connection.dialect.name), {"user": user_id, "today": today(clock, settings.time_zone)}
    ).first()
    return viewer_from(row, settings, door, acting_for) if row is not None else None
