"""A site with the clinic installed and its people signed in, as the outside meets it: over HTTP."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from anyio.from_thread import BlockingPortal
from starlette.applications import Starlette
from starlette.testclient import TestClient

from databases import stem
from dougong_platform import people, signin, tokens, viewers
from dougong_platform.http.app import make_app
from dougong_platform.http.viewer import COOKIE
from dougong_platform.settings import SECRET_FILE, Settings
from dougong_platform.site import Site
from dougong_platform.viewers import Door
from dougong_runtime.host import Clock, Viewer
from sites import close, install

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
    portal: BlockingPortal | None = None
    """The one event loop in which all clients are served, as in a process that serves."""

    def client(self, username: str | None = None, **headers: str) -> TestClient:
        """A client that speaks for a person by token; for nobody where none is named."""
        if username is not None:
            headers["Authorization"] = f"Bearer {self.tokens[username]}"
        return self._asking({"Accept-Language": "en", **headers}, {})

    def browser(self, username: str, **headers: str) -> TestClient:
        """A browser in which a person has signed in; it sends the word against forged requests by itself."""
        session = signin.sign_in(self.site, username, PASSWORD)
        sent = {"Accept": "text/html", "Accept-Language": "en", "X-CSRF-Token": session.csrf, **headers}
        return self._asking(sent, {COOKIE: session.token})

    def _asking(self, headers: dict[str, str], cookies: dict[str, str]) -> TestClient:
        client = TestClient(self.app, headers=headers, cookies=cookies, raise_server_exceptions=False)
        client.portal = self.portal
        return client

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


@dataclass(frozen=True)
class _People:
    users: dict[str, str]
    tokens: dict[str, str]


@contextmanager
def open_clinic(kind: str, folder: Path, clock: Clock | None = None) -> Iterator[Clinic]:
    """A new clinic on a database of that kind, with its people.

    Besides those of the template: `float_he` with two roles, `admin` of the platform, `nobody` without a role.
    """
    kept = stem(kind, "clinic with people", _make)
    data = folder / "data"
    data.mkdir(mode=0o700)
    shutil.copy(kept.folder / "data" / SECRET_FILE, data)
    site = _site(kept.copied(folder), folder, clock)
    app = make_app(site)
    with TestClient(app) as served:
        yield Clinic(site, app, dict(kept.made.users), dict(kept.made.tokens), served.portal)
    close(site)


def _site(url: str, folder: Path, clock: Clock | None = None) -> Site:
    settings = Settings.load(
        {"DOUGONG_DATABASE_URL": url, "DOUGONG_DATA_DIR": str(folder / "data")}, folder / "dougong.toml"
    )
    return Site(settings, clock)


def _make(url: str, folder: Path) -> _People:
    site = _site(url, folder)
    site.database.install()
    install(site, FOLDER)
    users = _add_people(site)
    with site.database.write() as connection:
        issued = {name: tokens.issue(site, connection, SYSTEM, user).token for name, user in users.items()}
    site.database.close()
    return _People(users, issued)


def _add_people(site: Site) -> dict[str, str]:
    declared = yaml.safe_load((FOLDER / "data" / "people.yaml").read_text())
    users = {}
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
            users[person["username"]] = people.add_user(
                site,
                connection,
                SYSTEM,
                person["username"],
                name=person.get("name"),
                team=person.get("team"),
                roles=roles,
                password=PASSWORD,
            )
    return users
