"""The people that a template declares in `data/people.yaml`: its demonstration signs them in, its stories act as them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from dougong_platform import people
from dougong_platform.site import DIRECTORY, Site
from dougong_runtime.documents.source import Source
from dougong_runtime.host import Viewer


@dataclass(frozen=True, slots=True)
class Listed:
    """A person of the list; `roles` as `app.role` or `admin`."""

    username: str
    name: str
    roles: tuple[str, ...]


def listed(source: Source, app_name: str) -> list[Listed]:
    """The people that the template declares, in its order."""
    return [
        Listed(raw["username"], raw.get("name", raw["username"]), _roles(raw, app_name))
        for raw in _part(source, "people")
    ]


def enter(
    site: Site,
    connection: sa.Connection,
    actor: Viewer,
    source: Source,
    app_name: str,
    password: str,
) -> list[str]:
    """Enter the declared teams and people who are not there yet, with roles and that password. Gives usernames.

    The password is not held to the rules: it is a demonstration's, chosen by who runs it.
    """
    known = {t.name: t.id for t in people.teams(connection)}
    waiting = [dict(raw) for raw in _part(source, "teams") if raw["name"] not in known]
    while waiting:
        ready = [raw for raw in waiting if raw.get("parent") is None or raw["parent"] in known] or waiting
        for raw in ready:
            waiting.remove(raw)
            known[raw["name"]] = people.add_team(
                site, connection, actor, raw["name"], parent=raw.get("parent")
            )
    directory = site.records(connection, actor, DIRECTORY)
    entered = []
    for raw in _part(source, "people"):
        username = raw["username"]
        if people.find_person(connection, username) is not None:
            continue
        user_id = people.add_user(
            site,
            connection,
            actor,
            username,
            name=raw.get("name"),
            email=raw.get("email"),
            phone=raw.get("phone"),
            team=raw.get("team"),
            language=raw.get("language"),
            time_zone=raw.get("time_zone"),
            password=password,
            roles=_roles(raw, app_name),
            check_password=False,
        )
        for team in raw.get("leads", ()):
            directory.update("team", people.get_team(connection, team).id, {"leader": user_id})
        entered.append(username)
    return entered


def _part(source: Source, name: str) -> Sequence[Mapping[str, Any]]:
    raw = source.people()
    part: Sequence[Mapping[str, Any]] = () if raw is None else raw.data.get(name) or ()
    return part


def _roles(raw: Mapping[str, Any], app_name: str) -> tuple[str, ...]:
    given = raw.get("roles") or ()
    return tuple(r if r == people.ADMIN or "." in r else f"{app_name}.{r}" for r in given)
