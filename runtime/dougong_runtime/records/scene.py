"""Who reads or writes what, where and when: the surroundings of every act upon records."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from dougong_runtime.access.grants import Access
from dougong_runtime.access.rules import Rules, reader_parameters
from dougong_runtime.access.shares import NOTHING_SHARED, Shared, shared_with
from dougong_runtime.formulas.context import Context
from dougong_runtime.host import Clock, Viewer
from dougong_runtime.lazily import cached_property
from dougong_runtime.model.app import App, Entity
from dougong_runtime.names import is_record_id
from dougong_runtime.records import settings
from dougong_runtime.records.running import Running
from dougong_runtime.storage.ready import Plan, Ready
from dougong_runtime.storage.tables import Tables


@dataclass
class Scene:
    """One viewer at one connection, in one transaction that the caller owns."""

    running: Running
    connection: sa.Connection
    viewer: Viewer
    clock: Clock
    site_time_zone: str = "Asia/Shanghai"
    now: datetime = field(init=False)
    """The instant of the whole transaction."""

    def __post_init__(self) -> None:
        self.now = self.clock.now()

    @property
    def app(self) -> App:
        """The model."""
        return self.running.app

    @property
    def tables(self) -> Tables:
        """Its tables."""
        return self.running.tables

    @property
    def dialect(self) -> str:
        """sqlite or postgresql."""
        return self.running.dialect

    def entity(self, name: str) -> Entity:
        """An entity of the model; the caller has checked that the name is known."""
        return self.app.entities[name]

    @cached_property
    def access(self) -> Access:
        """What the viewer's roles may do."""
        return self.running.access(self.viewer)

    @cached_property
    def shared(self) -> Shared:
        """What is shared with the viewer beside that."""
        if self.viewer.is_system:
            return NOTHING_SHARED
        return shared_with(self.connection, self.app.name, self.viewer, self.now)

    @cached_property
    def rules(self) -> Rules:
        """The viewer's grants as conditions of statements."""
        shared = self.shared.shape
        return self.running.plans.get(
            ("rules", self.shape), lambda: Rules(self.access, self.tables, self.dialect, shared)
        )

    @cached_property
    def shape(self) -> tuple[Hashable, ...]:
        """What statements built for this viewer are kept under: they serve all viewers of the same shape."""
        viewer = self.viewer
        return (viewer.roles_in(self.app.name), viewer.is_admin, viewer.is_system, self.shared.shape)

    def ready(self, key: Hashable, build: Callable[[], sa.Executable], plan: Plan = "anew") -> Ready:
        """A statement of this viewer's, built and compiled once for all viewers of the same shape."""
        return self.running.plans.get((key, self.shape), lambda: Ready(build(), plan=plan))

    @cached_property
    def setting_values(self) -> Mapping[str, Any]:
        """Setting code → value."""
        return settings.values(self.connection, self.app)

    @cached_property
    def context(self) -> Context:
        """The surroundings of a reader's formulas: days are those of the viewer's zone."""
        return self._context(self.viewer.time_zone, self.viewer.user)

    @cached_property
    def stored_context(self) -> Context:
        """The surroundings of stored formulas: days are those of the site's zone, nobody asks."""
        return self._context(self.site_time_zone, None)

    def forget_settings(self) -> None:
        """Read settings anew from now on: this transaction has changed some."""
        for name in ("setting_values", "context", "stored_context", "parameters", "stored_parameters"):
            self.__dict__.pop(name, None)

    def _context(self, time_zone: str, user: str | None) -> Context:
        return Context(
            now=self.now,
            time_zone=time_zone,
            user=None,
            user_id=user,
            roles=tuple(sorted(self.viewer.roles_in(self.app.name))) if user else (),
            settings=self.setting_values,
            calendar=self.running.calendar(self.now.year),
        )

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """Bound parameters of statements that a reader runs."""
        known = {**self.context.parameters(), **reader_parameters(self.viewer, self.shared)}
        return known | self.rules.people.values(self.connection, known)

    @cached_property
    def stored_parameters(self) -> dict[str, Any]:
        """Bound parameters of the system's stored formulas."""
        return self.stored_context.parameters()


def known_id(id_: object) -> str | None:
    """A record id in its canonical form, or None for text that can be none."""
    lowered = id_.lower() if isinstance(id_, str) else None
    return lowered if is_record_id(lowered) else None
