"""Values of an app's settings: what staff change without publishing."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from dougong_runtime.errors import INVALID_VALUE, UNKNOWN_NAME, Problem, Refused
from dougong_runtime.exact import Instant, JsonValue
from dougong_runtime.fields.base import ValueProblem
from dougong_runtime.labels import Label
from dougong_runtime.model.app import App, SettingValue
from dougong_runtime.names import nearest
from dougong_runtime.storage.system import SYSTEM

SETTING = sa.Table(
    "dg_setting",
    SYSTEM,
    sa.Column("app", sa.String(48), primary_key=True),
    sa.Column("code", sa.String(48), primary_key=True),
    sa.Column("value", JsonValue()),
    sa.Column("changed_at", Instant(), nullable=False),
    sa.Column("changed_by", sa.String(64)),
)


@dataclass(frozen=True, slots=True)
class SettingView:
    """A setting as it stands: its document, and its value as JSON."""

    setting: SettingValue
    value: Any
    changed_at: datetime | None
    changed_by: str | None


def stored(connection: sa.Connection, app: App) -> list[SettingView]:
    """All settings of an app, with the value that staff gave or else the document's."""
    rows = (
        {row.code: row for row in connection.execute(sa.select(SETTING).where(SETTING.c.app == app.name))}
        if app.settings
        else {}
    )
    views = []
    for code, setting in app.settings.items():
        row = rows.get(code)
        kind = setting.field.kind
        value = kind.to_json(setting.field, setting.value) if row is None else row.value
        views.append(
            SettingView(setting, value, row.changed_at if row else None, row.changed_by if row else None)
        )
    return views


def values(connection: sa.Connection, app: App) -> dict[str, Any]:
    """Code → value, coerced, as formulas read it.

    In a transaction for writing they stay as they are until its end: what it computes with them would else be stored
    beside figures that a change of the setting has just computed anew.
    """
    if app.settings:
        _keep_still(connection, app, shared=True)
    return {
        v.setting.code: v.setting.field.kind.coerce(v.setting.field, v.value) for v in stored(connection, app)
    }


def change(
    connection: sa.Connection, app: App, changes: Mapping[str, Any], *, by: str, at: datetime
) -> dict[str, tuple[Any, Any]]:
    """Set values, all or none; gives code → (before, after) of those that really changed. Raises Refused."""
    problems: list[Problem] = []
    wanted: dict[str, Any] = {}
    for code, raw in changes.items():
        setting = app.settings.get(code)
        if setting is None:
            facts = {
                "name": code,
                "what": Label("参数", "setting"),
                "of": app.label,
                "nearest": nearest(code, app.settings),
            }
            problems.append(Problem(UNKNOWN_NAME, code, facts))
            continue
        try:
            wanted[code] = _checked(setting, raw)
        except ValueProblem as wrong:
            problems.append(Problem(INVALID_VALUE, code, {"zh": wrong.label.zh, "en": wrong.label.en}))
    if problems:
        raise Refused(problems)
    _keep_still(connection, app, shared=False)
    before = {v.setting.code: v.value for v in stored(connection, app)}
    changed = {c: (before[c], v) for c, v in wanted.items() if before[c] != v}
    for code, (_, after) in changed.items():
        key = (SETTING.c.app == app.name) & (SETTING.c.code == code)
        values_ = {"value": after, "changed_at": at, "changed_by": by}
        if connection.execute(SETTING.update().where(key).values(**values_)).rowcount == 0:
            connection.execute(SETTING.insert().values(app=app.name, code=code, **values_))
    return changed


def _keep_still(connection: sa.Connection, app: App, *, shared: bool) -> None:
    """Wait for a change of the app's settings by others to end, and let none begin; not `shared`: for their use, too."""
    is_reader = connection.get_execution_options().get("postgresql_readonly", False)
    if connection.dialect.name != "postgresql" or is_reader:
        return
    key = int.from_bytes(hashlib.sha256(f"settings of {app.name}".encode()).digest()[:8], "big", signed=True)
    lock = sa.func.pg_advisory_xact_lock_shared if shared else sa.func.pg_advisory_xact_lock
    connection.execute(sa.select(lock(sa.bindparam("key", key, sa.BigInteger))))


def _checked(setting: SettingValue, raw: Any) -> Any:
    kind = setting.field.kind
    value = kind.coerce(setting.field, raw)
    if value is None:
        raise ValueProblem("参数不能为空。", "A setting cannot be empty.")
    low, high = setting.minimum, setting.maximum
    if (low is not None and value < low) or (high is not None and value > high):
        bounds = f"{low if low is not None else '−∞'} … {high if high is not None else '∞'}"
        raise ValueProblem(f"应在 {bounds} 之间。", f"Must lie between {bounds}.")
    return kind.to_json(setting.field, value)
