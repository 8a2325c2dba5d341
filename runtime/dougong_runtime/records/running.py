"""One version of an app, ready to serve: its model, tables and order of formulas, with what is built once per shape."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, TypeVar

import sqlalchemy as sa

from dougong_runtime.access.grants import Access
from dougong_runtime.documents import versions
from dougong_runtime.errors import NOT_FOUND, refuse
from dougong_runtime.formulas.calendars import WEEK, Calendar, make_calendar
from dougong_runtime.host import Viewer
from dougong_runtime.model.app import App
from dougong_runtime.model.graph import Graph
from dougong_runtime.model.link import link_stored
from dougong_runtime.storage.tables import Tables

T = TypeVar("T")

CALENDAR_YEARS = 10
"""Past years whose holidays are known to formulas."""

PLANS_MAX = 1000
"""Statements kept per version of an app."""


class PlanCache:
    """Built statements by their shape, the least used ones dropped first. Shared by the threads of a process."""

    def __init__(self, limit: int = PLANS_MAX) -> None:
        self._limit = limit
        self._plans: OrderedDict[Hashable, Any] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, build: Callable[[], T]) -> T:
        """The thing of that shape, built if it is not there. Two threads may build the same; one is kept."""
        with self._lock:
            if key in self._plans:
                self._plans.move_to_end(key)
                found: T = self._plans[key]
                return found
        made = build()
        with self._lock:
            self._plans[key] = made
            while len(self._plans) > self._limit:
                self._plans.popitem(last=False)
        return made


@dataclass(frozen=True)
class Running:
    """A version of an app with its tables, as one process serves it."""

    app: App
    tables: Tables
    number: int
    dialect: str
    graph: Graph
    plans: PlanCache = field(default_factory=PlanCache, compare=False)

    @classmethod
    def of(cls, app: App, number: int, dialect: str) -> Running:
        """From a linked app and the number of its version."""
        return cls(app, Tables(app, dialect), number, dialect, Graph.of(app))

    @classmethod
    def load(cls, connection: sa.Connection, app_name: str) -> Running:
        """The version that runs now. Raises Refused where no such app is installed."""
        version = versions.current(connection, app_name)
        if version is None:
            raise refuse(NOT_FOUND, app=app_name)
        return cls.of(link_stored(version.source), version.number, connection.dialect.name)

    def calendar(self, year: int) -> Calendar:
        """The working days that formulas count by, around a year: the app's first calendar, else Monday to Friday."""
        days = next((d.linked for d in self.app.of("calendar").values()), None)
        if days is None:
            return WEEK
        return self.plans.get(
            ("calendar", year),
            lambda: make_calendar(days.based_on, year - CALENDAR_YEARS, year + 2, days.closed, days.open),
        )

    def access(self, viewer: Viewer) -> Access:
        """What a viewer's roles may do, compiled once per set of roles."""
        key = ("access", viewer.roles_in(self.app.name), viewer.is_admin, viewer.is_system)
        return self.plans.get(key, lambda: Access.of(self.app, viewer))
