"""The stage that stories play on: an app installed in an empty database, its people entered, a clock that is moved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from dougong_runtime.audit import log
from dougong_runtime.documents.source import Source
from dougong_runtime.host import FixedClock, Viewer
from dougong_runtime.model.app import App
from dougong_runtime.model.directory import DIRECTORY
from dougong_runtime.publish import apply, install_directory, plan_publish
from dougong_runtime.records.door import Records
from dougong_runtime.records.running import Running
from dougong_runtime.storage.dialects import install_functions
from dougong_runtime.storage.system import SYSTEM
from dougong_runtime.transfer.demo import PersonSpec, load_people, load_teams

PRODUCER = Viewer.system("a story is played")
"""Who enters what a story is given; stories otherwise act as their people."""


class _Entering(Viewer):
    """The producer entering records in a person's name: bound by no access rule, but theirs by default."""

    @property
    def is_system(self) -> bool:
        """Always."""
        return True


@dataclass
class Stage:
    """An installed app and the people of its stories."""

    running: Running
    clock: FixedClock
    viewers: Mapping[str, Viewer]
    teams: Mapping[str, str]
    """Team → record id."""

    def records(self, connection: sa.Connection, username: str | None) -> Records:
        """The door for one of the people, or for the producer. Raises KeyError for someone not declared."""
        viewer = PRODUCER if username is None else self.viewers[username]
        return Records(self.running, connection, viewer, self.clock)

    def entering(self, connection: sa.Connection, username: str | None) -> Records:
        """The door for what a story is given: free of access rules, in the name of whom the story is about."""
        if username is None:
            return self.records(connection, None)
        person = self.viewers[username]
        viewer = _Entering(person.user, username, time_zone=person.time_zone, reason=PRODUCER.reason)
        return Records(self.running, connection, viewer, self.clock)


def set_up(connection: sa.Connection, app: App, source: Source) -> Stage:
    """Install an app and its people in an empty database."""
    clock = FixedClock()
    SYSTEM.create_all(connection)
    install_functions(connection)
    log.install(connection)
    install_directory(connection)
    apply(connection, plan_publish(connection, app), PRODUCER, None, clock)
    running = Running.load(connection, app.name)
    entering = _Directory(
        Records(Running.of(DIRECTORY, 0, connection.dialect.name), connection, PRODUCER, clock)
    )
    for team in load_teams(source):
        entering.team(team.name, team.parent)
    people = load_people(source)
    for person in people:
        entering.person(person)
    viewers = {p.username: entering.viewer(p, app.name) for p in people}
    return Stage(running, clock, viewers, entering.teams)


@dataclass
class _Directory:
    """Enters teams and people, and knows the tree that they form."""

    records: Records
    teams: dict[str, str] = field(default_factory=dict)
    parents: dict[str, str | None] = field(default_factory=dict)
    users: dict[str, str] = field(default_factory=dict)

    def team(self, name: str, parent: str | None) -> None:
        values: dict[str, Any] = {"name": name}
        if parent is not None:
            values["parent"] = self.teams[parent]
        self.teams[name] = self.records.create("team", values)["id"]
        self.parents[name] = parent

    def person(self, person: PersonSpec) -> None:
        values = {"username": person.username, "name": person.name, "active": True}
        if person.team is not None:
            values["team"] = self.teams[person.team]
        self.users[person.username] = self.records.create("user", values)["id"]
        for team in person.leads:
            self.records.update("team", self.teams[team], {"leader": self.users[person.username]})

    def viewer(self, person: PersonSpec, app: str) -> Viewer:
        return Viewer(
            user=self.users[person.username],
            username=person.username,
            name=person.name,
            team=self.teams.get(person.team or ""),
            teams_below=tuple(self._below(person.team)) if person.team else (),
            roles=frozenset(r if r == "admin" or "." in r else f"{app}.{r}" for r in person.roles),
            time_zone=person.time_zone or "Asia/Shanghai",
            via="story",
        )

    def _below(self, team: str) -> list[str]:
        found = [self.teams[team]]
        for name, parent in self.parents.items():
            if parent == team:
                found += self._below(name)
        return found
