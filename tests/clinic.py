"""A site with the clinic installed and its people signed in, as the outside meets it: over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from starlette.applications import Starlette
from starlette.testclient import TestClient

from databases import fresh_url
from dougong_platform import apps, people, signin, tokens, viewers
from dougong_platform.http.app import make_app
from dougong_platform.http.viewer import COOKIE
from dougong_platform.settings import Settings
from dougong_platform.site import Site
from dougong_platform.viewers import Door
from dougong_runtime import publish
from dougong_runtime.host import Clock, Viewer

FOLDER = Path(__file__).parent / "apps" / "clinic"
PASSWORD = "seven wooden brackets"
PATH = "/api/v1/apps/clinic"
SYSTEM = Viewer.system("a test")


@dataclass
class Clinic:
    """The site, its application, and a client for each person."""

    site: Site
    app: Starlette
    users: dict[str, str] = field(default_factory=dict)
    """username → record id."""
    tokens: dict[str, str] = field(default_factory=dict)

    def client(self, username: str | None = None, **headers: str) -> TestClient:
        """A client that speaks for a person by token; for nobody where none is named."""
        if username is not None:
            headers["Authorization"] = f"Bearer {self.tokens[username]}"
        return TestClient(
            self.app, headers={"Accept-Language": "en", **headers}, raise_server_exceptions=False
        )

    def browser(self, username: str, **headers: str) -> TestClient:
        """A browser in which a person has signed in; it sends the word against forged requests by itself."""
        session = signin.sign_in(self.site, username, PASSWORD)
        sent = {"Accept": "text/html", "Accept-Language": "en", "X-CSRF-Token": session.csrf, **headers}
        return TestClient(
            self.app, headers=sent, cookies={COOKIE: session.token}, raise_server_exceptions=False
        )

    def viewer(self, username: str) -> Viewer:
        """A person as the runtime knows them."""
        with self.site.database.read() as connection:
            found = viewers.viewer(
                connection, self.users[username], self.site.clock, self.site.settings, Door("api")
            )
        assert found is not None
        return found

    def make(self, entity: str, **values: Any) -> dict[str, Any]:
        """A record made by the system."""
        with self.site.database.write() as connection:
            made: dict[str, Any] = self.site.records(connection, SYSTEM, "clinic").create(entity, values)
            return made

    def change(self, entity: str, id: str, **values: Any) -> None:
        """A record changed by the system."""
        with self.site.database.write() as connection:
            self.site.records(connection, SYSTEM, "clinic").update(entity, id, values)

    def remove(self, entity: str, id: str) -> None:
        """A record deleted by the system."""
        with self.site.database.write() as connection:
            self.site.records(connection, SYSTEM, "clinic").delete(entity, id)


@contextmanager
def open_clinic(kind: str, folder: Path, clock: Clock | None = None) -> Iterator[Clinic]:
    """A new clinic on a database of that kind, with its people.

    Besides those of the template: `float_he` with two roles, `admin` of the platform, `nobody` without a role.
    """
    settings = Settings.load(
        {"DOUGONG_DATABASE_URL": fresh_url(kind, folder), "DOUGONG_DATA_DIR": str(folder / "data")},
        folder / "dougong.toml",
    )
    site = Site(settings, clock)
    site.database.install()
    with site.database.write() as connection:
        linked = apps.link_beside(site, connection, apps.read_template(str(FOLDER)))
        apps.apply(site, connection, publish.plan_publish(connection, linked), SYSTEM, None)
    clinic = Clinic(site, make_app(site))
    _add_people(clinic)
    with TestClient(clinic.app):
        yield clinic
    site.database.close()


def _add_people(clinic: Clinic) -> None:
    site = clinic.site
    declared = yaml.safe_load((FOLDER / "data" / "people.yaml").read_text())
    with site.database.write() as connection:
        for team in declared["teams"]:
            people.add_team(site, connection, SYSTEM, team["name"], parent=team.get("parent"))
        for person in [
            *declared["people"],
            {"username": "float_he", "team": "medicine", "roles": ["nurse", "registrar"]},
            {"username": "admin", "roles": ["admin"]},
            {"username": "nobody", "roles": []},
        ]:
            roles = [role if role == "admin" else f"clinic.{role}" for role in person["roles"]]
            user = people.add_user(
                site,
                connection,
                SYSTEM,
                person["username"],
                name=person.get("name"),
                team=person.get("team"),
                roles=roles,
                password=PASSWORD,
            )
            clinic.users[person["username"]] = user
    with site.database.write() as connection:
        for username, user in clinic.users.items():
            clinic.tokens[username] = tokens.issue(site, connection, SYSTEM, user).token
