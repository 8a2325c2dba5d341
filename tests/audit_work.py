"""What each door must write to the audit: the clinic at work, the rows that are expected, and the cases by their routes."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import sqlalchemy as sa
from starlette.testclient import TestClient
from typer.testing import CliRunner

from clinic import PASSWORD, Clinic
from dougong_platform import people
from dougong_platform.cli.main import dougong
from dougong_platform.site import Site
from dougong_runtime.audit import log
from dougong_runtime.audit.log import StoredEvent, dg_audit
from dougong_runtime.host import Viewer

SYSTEM = Viewer.system("a test")
NEW_PASSWORD = "eleven quiet rivers"
PAGE = "/apps/{app}/{entity}"


@dataclass
class Work:
    """The clinic at work, and where its audit stood before a door was used."""

    clinic: Clinic
    folder: Path
    mark: int = 0
    beginning: Callable[[], None] = lambda: None
    """What is done when a door is about to be used."""
    patience: int = 1_000
    """How often a job is looked at, every 20 ms, before it is thought lost."""

    @property
    def site(self) -> Site:
        """The clinic's site."""
        return self.clinic.site

    def begin(self) -> None:
        """From here on what is written counts."""
        with self.site.database.read() as connection:
            self.mark = connection.scalar(sa.select(sa.func.max(dg_audit.c.seq))) or 0
        self.beginning()

    def written(self) -> list[StoredEvent]:
        """What was written since, the oldest first."""
        with self.site.database.read() as connection:
            found = log.find(connection, limit=1_000)
        return [e for e in reversed(found) if e.seq > self.mark]

    def made(self, entity: str = "patient", **values: Any) -> str:
        """A record that is there before the door is used."""
        return str(self.clinic.make(entity, **values)["id"])

    def patient(self, owner: str = "dr_lin", **values: Any) -> str:
        """A patient of that doctor."""
        return self.made(name="王敏", owner=self.clinic.users[owner], **values)

    def person(self, username: str, *roles: str) -> str:
        """Somebody with an account; gives the record id."""
        with self.site.database.write() as connection:
            return people.add_user(self.site, connection, SYSTEM, username, password=PASSWORD, roles=roles)

    def client(self, username: str) -> TestClient:
        """A client by token, before the mark is set."""
        made = self.clinic.client(username)
        self.begin()
        return made

    def browser(self, username: str) -> TestClient:
        """A browser that has signed in, before the mark is set."""
        made = self.clinic.browser(username)
        self.begin()
        return made

    def nobody(self) -> TestClient:
        """A browser in which nobody has signed in."""
        made = self.clinic.client(Accept="text/html")
        self.begin()
        return made

    def command(self, *arguments: str | Path, stdin: str = "") -> Any:
        """Run `dougong ARGUMENTS`, which must go well."""
        self.begin()
        settings = self.site.settings
        environment = {
            "DOUGONG_DATABASE_URL": settings.database_url,
            "DOUGONG_DATA_DIR": str(settings.data_dir),
            "PATH": os.environ["PATH"],
            "LANG": "C",
        }
        with patch.dict(os.environ, environment, clear=True):
            done = CliRunner().invoke(dougong, [str(a) for a in arguments], input=stdin)
        assert done.exit_code == 0, (done.output, done.exception)
        return done


@dataclass(frozen=True)
class Row:
    """What must stand in the audit; `...` for what is not to be compared."""

    action: str
    entity: str | None = None
    record: Any = None
    before: Any = None
    after: Any = None
    facts: Any = ...
    app: str | None = "clinic"
    who: str = ""
    via: str = ""
    acting_for: str | None = None
    reason: Any = None

    def fits(self, event: StoredEvent) -> None:
        """Raises AssertionError with what differs."""
        for name in ("action", "app", "entity", "record", "before", "after", "facts", "acting_for", "reason"):
            wanted, found = getattr(self, name), getattr(event, name)
            if isinstance(wanted, re.Pattern):
                assert wanted.search(found or ""), (name, found)
            elif wanted is not ...:
                if isinstance(wanted, dict) and isinstance(found, dict):
                    found = {n: (... if wanted.get(n) is ... else v) for n, v in found.items()}
                assert found == wanted, (name, found)
        assert (event.actor_name, event.via) == (self.who, self.via)


def by_api(action: str, who: str, **more: Any) -> Row:
    """A row that the API wrote."""
    return Row(action, who=who, via="api", **more)


def by_page(action: str, who: str, **more: Any) -> Row:
    """A row that a page wrote."""
    return Row(action, who=who, via="page", **more)


def by_command(action: str, command: str, **more: Any) -> Row:
    """A row that a command wrote, for whoever typed it."""
    return Row(action, who="system", via="cli", reason=re.compile(rf"dougong {command} "), **more)


def account(record: Any) -> dict[str, Any]:
    """What a row about somebody's account is about."""
    return {"app": "dougong", "entity": "user", "record": record}


def accepted(answer: Any, *statuses: int) -> Any:
    """The answer, which must have one of these statuses; by default a good one."""
    said = re.sub(r"<[^>]*>|\s+", " ", answer.text)[:2_000]
    assert answer.status_code in (statuses or (200, 201, 204, 303)), said
    return answer


Case = Callable[[Work], list[Row]]
CASES: dict[str, tuple[tuple[str, ...], Case]] = {}


def case(*routes: str) -> Callable[[Case], Case]:
    """Enter a case under the routes or commands that it walks."""

    def enter(act: Case) -> Case:
        CASES[act.__name__] = (routes, act)
        return act

    return enter
