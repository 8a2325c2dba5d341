"""What surrounds a formula when it is read: the time, the zone, who asks, settings; for both readings."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.sql import visitors

from dougong_runtime.formulas.calendars import WEEK, Calendar
from dougong_runtime.formulas.tree import Hop
from dougong_runtime.lazily import cached_property


class Row(Protocol):
    """A record as a formula reads it. Absent values are None."""

    def get(self, field: str) -> Any:
        """A field's value (`id` too)."""
        ...

    def follow(self, hop: Hop) -> Row | None:
        """The record that a reference names."""
        ...

    def inner(self, hops: tuple[Hop, ...]) -> Iterable[Row]:
        """The living records that hops lead to, each once."""
        ...

    def old(self) -> Row | None:
        """The record before the write; None for a new one, and where nothing is written."""
        ...


@dataclass(frozen=True)
class Context:
    """The surroundings. `time_zone` decides what day it is and where days begin."""

    now: datetime
    """Aware, in UTC."""
    time_zone: str = "Asia/Shanghai"
    user: Row | None = None
    """Who asks, for `USER().team` in the reading of single records."""
    user_id: str | None = None
    roles: tuple[str, ...] = ()
    """Names of the roles that who asks holds in this app."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    channel: str | None = None
    calendar: Calendar = WEEK
    variables: Mapping[str, Any] = field(default_factory=dict)
    """Other names, with their dots → a value, or a Row (`record`, `steps.task`)."""

    @cached_property
    def today(self) -> date:
        """The day it is in the zone."""
        return self.now.astimezone(ZoneInfo(self.time_zone)).date()

    def parameters(self) -> dict[str, Any]:
        """Values of the bound parameters that compiled formulas use, all named `dg_…`.

        Not among them, since a write gives them: `dg_old_<field>`, `dg_changed_<field>`; and those of variables,
        see `variable_parameters`.
        """
        found: dict[str, Any] = {
            "dg_now": self.now,
            "dg_today": self.today,
            "dg_zone": self.time_zone,
            "dg_user": self.user_id,
            "dg_roles": list(self.roles),
            "dg_channel": self.channel,
            "dg_calendar": json.loads(self.calendar.text),
        }
        for code, value in self.settings.items():
            found[setting_parameter(code)] = value
        return found

    def variable_parameters(self, names: Iterable[str]) -> dict[str, Any]:
        """Values of those of the parameters named that stand for variables."""
        found: dict[str, Any] = {}
        for name in names:
            if not name.startswith(_VARIABLE):
                continue
            variable, *path = name[len(_VARIABLE) :].split("__")
            value = self.variables.get(variable.replace("~", "."))
            if path:
                *hops, last = path
                for hop in hops:
                    value = value.follow(Hop("forward", hop, hop, "")) if value is not None else None
                value = value.get(last) if value is not None else None
            found[name] = value
        return found


_VARIABLE = "dg_var_"


def setting_parameter(code: str) -> str:
    """The bound parameter of a setting."""
    return f"dg_setting_{code}"


def variable_parameter(variable: str, hops: tuple[Hop, ...], field_name: str) -> str:
    """The bound parameter of a variable, or of a field that a path leads to from it."""
    path = [h.field for h in hops] + ([field_name] if hops or field_name != "id" else [])
    return "__".join((_VARIABLE + variable.replace(".", "~"), *path))


def needed(statement: sa.ClauseElement, dialect: str | None = None) -> set[str]:
    """Names of the bound parameters `dg_…` that a statement uses."""
    return {
        str(part.key)
        for part in visitors.iterate(statement)
        if isinstance(part, sa.BindParameter) and str(part.key).startswith("dg_")
    }
