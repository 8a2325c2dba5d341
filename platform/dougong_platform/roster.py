"""The people that a template declares in `data/people.yaml`, entered into a site for its demonstration."""

from __future__ import annotations

import sqlalchemy as sa

from dougong_platform import people
from dougong_platform.site import DIRECTORY, Site
from dougong_runtime.documents.source import Source
from dougong_runtime.host import Viewer
from dougong_runtime.transfer.demo import PersonSpec, load_people, load_teams


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
    teams = {t.name for t in people.teams(connection)}
    for team in load_teams(source):
        if team.name not in teams:
            people.add_team(site, connection, actor, team.name, parent=team.parent)
    directory = site.records(connection, actor, DIRECTORY)
    entered = []
    for person in load_people(source):
        if people.find_person(connection, person.username) is not None:
            continue
        user_id = people.add_user(
            site,
            connection,
            actor,
            person.username,
            name=person.name,
            email=person.email,
            phone=person.phone,
            team=person.team,
            language=person.language,
            time_zone=person.time_zone,
            password=password,
            roles=roles_of(person, app_name),
            check_password=False,
        )
        for name in person.leads:
            directory.update("team", people.get_team(connection, name).id, {"leader": user_id})
        entered.append(person.username)
    return entered


def roles_of(person: PersonSpec, app_name: str) -> tuple[str, ...]:
    """A declared person's roles as they are held: `app.role`, or `admin`."""
    return tuple(r if r == people.ADMIN or "." in r else f"{app_name}.{r}" for r in person.roles)
