"""A small world for tests of the runtime: a database with an app installed, people in teams, and a clock that stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from databases import drop, stem
from dougong_runtime import publish
from dougong_runtime.audit import log
from dougong_runtime.host import FixedClock, Viewer
from dougong_runtime.model.app import App
from dougong_runtime.model.directory import DIRECTORY
from dougong_runtime.records.door import Records
from dougong_runtime.records.query import Query
from dougong_runtime.records.running import Running
from dougong_runtime.storage.dialects import install_functions, make_engine
from dougong_runtime.storage.system import SYSTEM

SYSTEM_VIEWER = Viewer.system("a test")


@dataclass
class World:
    """An app in a database. People are made with `person`; `acting` gives their records in a transaction."""

    engine: sa.Engine
    app_name: str
    clock: FixedClock = field(default_factory=FixedClock)
    people: dict[str, Viewer] = field(default_factory=dict)
    teams: dict[str, str] = field(default_factory=dict)
    _running: dict[str, Running] = field(default_factory=dict)

    @classmethod
    def make(cls, url: str, app: App) -> World:
        """Install an app in an empty database."""
        engine = make_engine(url)
        world = cls(engine, app.name)
        with engine.begin() as connection:
            install_functions(connection)
            SYSTEM.create_all(connection)
            log.install(connection)
            publish.install_directory(connection)
        world.publish(app)
        return world

    def close(self) -> None:
        """Leave nothing open, and drop the database."""
        self.engine.dispose()
        drop(self.engine.url.render_as_string(hide_password=False))

    @classmethod
    def copied(cls, kind: str, folder: Path, name: str, build: Callable[[str], World]) -> World:
        """A world of its own, copied from one that `build` makes once a process from a database's URL."""

        def make(url: str, _folder: Path) -> World:
            made = build(url)
            with made.engine.connect() as connection:
                made.running(connection)
            made.engine.dispose()
            return made

        kept = stem(kind, f"world {name}", make)
        known = kept.made
        return cls(
            make_engine(kept.copied(folder)),
            known.app_name,
            FixedClock(),
            dict(known.people),
            dict(known.teams),
            dict(known._running),
        )

    def publish(self, app: App) -> int:
        """Publish a version; gives its number."""
        with self.engine.begin() as connection:
            number: int = publish.apply(
                connection, publish.plan_publish(connection, app), SYSTEM_VIEWER, "a test", self.clock
            )
        self._running.pop(app.name, None)
        return number

    def running(self, connection: sa.Connection) -> Running:
        """The running version, linked from what the database keeps."""
        found = self._running.get(self.app_name)
        if found is None:
            found = self._running[self.app_name] = Running.load(connection, self.app_name)
        return found

    def team(self, name: str, parent: str | None = None) -> str:
        """A team, made once; gives its id."""
        if name not in self.teams:
            with self.directory() as records:
                made = records.create("team", {"name": name, "parent": self.teams.get(parent or "")})
            self.teams[name] = made["id"]
        return self.teams[name]

    def person(self, username: str, *roles: str, team: str | None = None, admin: bool = False) -> Viewer:
        """A person with roles of the app, in a team."""
        team_id = self.team(team) if team else None
        with self.directory() as records:
            made = records.create(
                "user", {"username": username, "name": username.title(), "team": team_id, "active": True}
            )
        held = frozenset({f"{self.app_name}.{r}" for r in roles} | ({"admin"} if admin else set()))
        viewer = Viewer(
            user=made["id"],
            username=username,
            name=username.title(),
            team=team_id,
            teams_below=self._below(team_id),
            roles=held,
            via="api",
        )
        self.people[username] = viewer
        return viewer

    def _below(self, team: str | None) -> tuple[str, ...]:
        if team is None:
            return ()
        with self.directory() as records:
            found = records.list(Query("team", fields=("id", "parent"), limit=1000)).items
        below = [team]
        for above in below:
            below.extend(t["id"] for t in found if t["parent"] == above)
        return tuple(below)

    @contextmanager
    def directory(self) -> Iterator[Records]:
        """Records of people and teams, as the system."""
        with self.engine.begin() as connection:
            running = Running.of(DIRECTORY, 0, connection.dialect.name)
            yield Records(running, connection, SYSTEM_VIEWER, self.clock)

    @contextmanager
    def acting(self, who: str | None = None) -> Iterator[Records]:
        """Records of the app for a person (None: the system), in a transaction of its own."""
        viewer = SYSTEM_VIEWER if who is None else self.people[who]
        with self.engine.begin() as connection:
            yield Records(self.running(connection), connection, viewer, self.clock)

    def make_record(self, entity: str, **values: Any) -> dict[str, Any]:
        """A record made by the system."""
        with self.acting() as records:
            return records.create(entity, values)

    def read(self, entity: str, record: str | Mapping[str, Any]) -> dict[str, Any]:
        """A record as the system reads it."""
        with self.acting() as records:
            return records.get(entity, record if isinstance(record, str) else record["id"])

    def advance(self, **by: float) -> None:
        """Move the clock on."""
        self.clock.at += timedelta(**by)
