"""What the runtime needs of its host: who is asking, and what time it is."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from dougong_runtime.labels import Language


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who reads or writes. Every read and write has one; the system is one too, with its reason."""

    user: str | None
    """Record id of the directory's user; None for the system itself."""
    username: str
    name: str = ""
    team: str | None = None
    """Record id of the person's team."""
    teams_below: tuple[str, ...] = ()
    """Record ids of that team and of all below it in the tree."""
    roles: frozenset[str] = frozenset()
    """Roles held today, as `app.role`. The bare `admin` is the platform's administrator."""
    language: Language = "zh"
    time_zone: str = "Asia/Shanghai"
    via: str = "system"
    """Which door: page, api, cli, import, workflow, system."""
    address: str | None = None
    """Network address of the client."""
    request: str | None = None
    """Request id, as in logs and in the answer's `X-Request-Id`."""
    reason: str | None = None
    """Why the system acts; None for a person."""
    acting_for: str | None = None
    """Username of the administrator who views as this person."""

    @classmethod
    def system(cls, reason: str) -> Viewer:
        """The system itself: sees and may write everything; `reason` stands in the audit."""
        return cls(user=None, username="system", name="system", reason=reason)

    @property
    def is_system(self) -> bool:
        """Whether access rules do not bind this viewer."""
        return self.user is None and self.reason is not None

    @property
    def is_admin(self) -> bool:
        """Whether this is an administrator of the platform (documents, people, roles; no client data by that)."""
        return "admin" in self.roles

    def roles_in(self, app: str) -> frozenset[str]:
        """Names of the roles held in one app."""
        head = app + "."
        return frozenset(r[len(head) :] for r in self.roles if r.startswith(head))

    def speaking(self, language: Language) -> Viewer:
        """The same person, reading in another language."""
        return replace(self, language=language)


class Clock(Protocol):
    """The time, as a value that tests and rehearsals can set."""

    def now(self) -> datetime:
        """The instant now, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The instant now, aware, in UTC."""
        return datetime.now(UTC)


@dataclass(slots=True)
class FixedClock:
    """A clock that stands still until it is moved."""

    at: datetime = field(default_factory=lambda: datetime(2026, 3, 2, 2, 0, tzinfo=UTC))

    def now(self) -> datetime:
        """The instant it stands at."""
        return self.at


def today(clock: Clock, time_zone: str) -> date:
    """The day it is in a zone (an IANA name)."""
    return clock.now().astimezone(ZoneInfo(time_zone)).date()
