"""A site for tests: a database of its own, a clock that stands still, people by a line."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from databases import drop, stem
from dougong_platform import apps, people
from dougong_platform.settings import Settings
from dougong_platform.site import Site
from dougong_runtime import publish
from dougong_runtime.host import Clock, FixedClock, Viewer

SYSTEM = Viewer.system("tests")
PASSWORD = "a lantern over water"
CLINIC = Path(__file__).parent / "apps" / "clinic"


def make_site(url: str, folder: Path, clock: Clock | None = None, **settings: str) -> Site:
    """A new site, its tables made; settings by name, as in the environment."""
    env = {"DOUGONG_DATABASE_URL": url, "DOUGONG_DATA_DIR": str(folder), "DOUGONG_SECRET_KEY": "s" * 40}
    env.update({"DOUGONG_" + name.upper(): value for name, value in settings.items()})
    site = Site(Settings.load(env, folder / "none.toml"), clock or FixedClock())
    site.database.install()
    return site


def copied_site(
    kind: str, folder: Path, name: str = "empty", fill: Callable[[Site], object] = lambda site: None
) -> Site:
    """A site of its own, copied from one that `fill` has filled once a process, on a clock of its own."""

    def make(url: str, stem_folder: Path) -> None:
        made = make_site(url, stem_folder)
        fill(made)
        made.database.close()

    return make_site(stem(kind, f"site {name}", make).copied(folder), folder)


def close(site: Site) -> None:
    """Leave nothing open, and drop the database."""
    site.database.close()
    drop(site.settings.database_url)


def install(site: Site, template: Path = CLINIC) -> None:
    """Install a template."""
    with site.database.write() as connection:
        plan = publish.plan_publish(
            connection, apps.link_beside(site, connection, apps.read_template(template))
        )
        apps.apply(site, connection, plan, SYSTEM, "tests")


def add_person(site: Site, username: str, roles: Iterable[str] = (), **given: Any) -> str:
    """A person with the password `PASSWORD`; gives the id."""
    with site.database.write() as connection:
        return people.add_user(site, connection, SYSTEM, username, password=PASSWORD, roles=roles, **given)
