"""Settings and calendars: what staff change without publishing, and which days are working days."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from dougong_runtime.documents.cursor import Cursor
from dougong_runtime.documents.problems import UNKNOWN_DOCUMENT
from dougong_runtime.documents.references import Target
from dougong_runtime.documents.source import Raw
from dougong_runtime.fields.base import FIELD_TYPES, Field, Value, ValueProblem
from dougong_runtime.labels import Label
from dougong_runtime.model.app import SettingValue
from dougong_runtime.model.link_fields import BOUNDS, COMPUTED_TYPES, checked_bounds, plan_field
from dougong_runtime.model.linker import Linker

SETTING_TYPES_NOT = (
    *COMPUTED_TYPES,
    "reference",
    "references",
    "stage",
    "file",
    "image",
    "signature",
    "filter",
)
"""Types that a setting cannot have."""
_OWN = ("code", "value", "group")
_NO_OPTION = ("id", "type", "label", "help", "options")


def link_settings(linker: Linker) -> dict[str, SettingValue]:
    """All settings of the app, by code, in the documents' order."""
    made: dict[str, SettingValue] = {}
    for raw in linker.documents.get("settings", {}).values():
        for at in Cursor.of(raw).items("values"):
            setting = _setting(linker, raw, at)
            if setting is None:
                continue
            if setting.code in made:
                linker.duplicate(at["code"], Label("设置", "setting"), setting.code)
            else:
                made[setting.code] = setting
                linker.define(at["code"], Target("setting", setting.code))
    return made


def _setting(linker: Linker, raw: Raw, at: Cursor) -> SettingValue | None:
    code, type_name = at.text("code"), at.text("type", "text")
    known = [name for name in FIELD_TYPES if name not in SETTING_TYPES_NOT]
    if type_name not in known:
        linker.unknown(
            UNKNOWN_DOCUMENT, at["type"], type_name, known, what=Label("设置的类型", "type of a setting")
        )
        linker.forgiven |= {code}
        return None
    plain = {key: value for key, value in at.value.items() if key not in _OWN}
    plan = plan_field(
        linker, raw.name, Cursor(at.raw, at.path, {"name": code, "type": type_name, **plain}), frozenset()
    )
    if plan is None or plan.value_type is None:
        return None
    field = Field(
        id=str(at.value.get("id", "")),
        name=code,
        type=type_name,
        label=plan.label,
        value_type=plan.value_type,
        options={key: value for key, value in plain.items() if key not in _NO_OPTION},
        help=Label.of(at.value["help"]) if at.value.get("help") else None,
        choices=plan.choices,
        targets=plan.targets,
    )
    for node in at.items("value"):
        if field.option(node.value) is not None:
            linker.refer(node, Target("option", str(node.value), f"{raw.name}.{code}"))
    bounds = checked_bounds(linker, at, field)
    wrong = [name for name in BOUNDS if name in at and name not in bounds]
    field = replace(field, options={k: v for k, v in field.options.items() if k not in wrong})
    group = at.value.get("group") or raw.data.get("label")
    return SettingValue(
        code=code,
        field=field,
        value=_value(linker, at.get("value"), field),
        label=plan.label,
        minimum=bounds.get("minimum"),
        maximum=bounds.get("maximum"),
        group=Label.of(group) if group else None,
    )


def _value(linker: Linker, at: Cursor | None, field: Field) -> Value:
    if at is None:
        return None
    try:
        return field.kind.coerce(field, at.value)
    except ValueProblem as problem:
        linker.value_problem(at, problem.label.zh, problem.label.en)
        return None


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """A calendar: a country's public holidays and moved working days, with own dates added."""

    based_on: str | None
    closed: frozenset[date]
    open: frozenset[date]
    weekend: frozenset[int]
    """Days of the week that are free, Monday 0."""


def link_calendar(linker: Linker, at: Cursor) -> WorkingDays:
    """One calendar. Raises nothing; unknown countries and days that are none are noted."""
    based_on = at.get("based_on")
    if based_on is not None and based_on.value not in countries():
        linker.unknown(
            UNKNOWN_DOCUMENT,
            based_on,
            based_on.value,
            countries(),
            what=Label("节假日日历", "calendar of holidays"),
        )
    names = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    weekend = at.texts("weekend") if "weekend" in at else ("saturday", "sunday")
    return WorkingDays(
        based_on=based_on.value if based_on is not None else None,
        closed=frozenset(_days(linker, at, "closed")),
        open=frozenset(_days(linker, at, "open")),
        weekend=frozenset(names.index(day) for day in weekend if day in names),
    )


def _days(linker: Linker, at: Cursor, name: str) -> Iterator[date]:
    for node in at.items(name):
        day: Any = node.value.get("on") if isinstance(node.value, dict) else node.value
        try:
            yield date.fromisoformat(str(day))
        except ValueError:
            linker.value_problem(
                node,
                f"「{day}」不是日期，应如 2026-12-31。",
                f"“{day}” is no date; expected one such as 2026-12-31.",
            )


def countries() -> frozenset[str]:
    """Codes of the countries whose public holidays are known."""
    from holidays import list_supported_countries

    return frozenset(list_supported_countries(include_aliases=False))
