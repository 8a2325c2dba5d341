"""The value of a condition: the input that fits its field and operator, and what was given in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from dougong_runtime.fields.base import Field
from dougong_runtime.formulas.types import Kind
from dougong_runtime.pages import conditions
from dougong_runtime.pages.desk import Desk
from dougong_runtime.pages.entry import Choice, Input
from dougong_runtime.pages.faces import type_of
from dougong_runtime.pages.reading import decimal, plain

_WIDGETS = {Kind.CHOICE: "select", Kind.DATE: "date", Kind.DATETIME: "date", Kind.NUMBER: "number"}
_BETWEEN = re.compile(r"[,，、;；]")


def value_input(desk: Desk, field: Field, op: str, value: str, name: str = "value") -> Input:
    """The input for a condition's value: choices, dates, a picker, periods, or a line."""
    reader = desk.reader
    kind = field.value_type.kind
    made = Input(
        name=name,
        label=reader.t("filter.value"),
        unit=desk.unit(field),
        help="",
        widget=_WIDGETS.get(kind, "line"),
        wide=False,
        show=True,
        required=True,
        readonly=False,
        entry=value,
        options=tuple(Choice(o.value, reader.label(o.label)) for o in field.choices),
        source="",
    )
    several = [v for v in value.split(conditions.LIST_SIGN) if v]
    if op == "within":
        periods = tuple(Choice(p, reader.t(f"period.{p}")) for p in conditions.PERIODS)
        return replace(made, widget="select", options=periods, entry=value or "this_month")
    if op in ("last", "next"):
        return replace(made, widget="number", unit=reader.t("period.days"), entry=value or "7")
    if kind is Kind.RECORD and field.value_type.targets:
        target = field.value_type.targets[0]
        titles = desk.records.titles(target, several)
        source = f"{desk.address}/{target}/choices"
        if op in conditions.SEVERAL:
            entries = [{"id": v, "title": titles.get(v, "")} for v in several]
            return replace(made, widget="records", entry=entries, source=source)
        mine = value.upper() == "USER()"
        title = reader.t("op.me") if mine else titles.get(value, "")
        return replace(
            made, widget="record", entry={"id": value, "title": title, "entity": target}, source=source
        )
    if op in conditions.SEVERAL:
        if made.options:
            return replace(made, widget="checks", entry=several)
        return replace(made, widget="line", entry=", ".join(several))
    if kind is Kind.LIST and made.options:
        return replace(made, widget="select")
    if kind is Kind.NUMBER and type_of(field) == "percent":
        found = decimal(value)
        shown = plain(found * 100) if found is not None else value
        return replace(made, widget="percent", unit="%", entry=shown)
    return made


def value_given(desk: Desk, field: Field, op: str, texts: Sequence[str], ids: Sequence[str]) -> str:
    """What was given in that input, as a condition holds it. A record typed by name is taken where one fits."""
    kind = field.value_type.kind
    if kind is Kind.RECORD and op in (*conditions.SEVERAL, "eq", "ne"):
        found = [i for i in ids if i]
        if not found and texts and texts[0].strip() and field.value_type.targets:
            choices = desk.records.pick(field.value_type.targets[0], texts[0].strip(), limit=2)
            found = [choices[0].id] if len(choices) == 1 else [texts[0].strip()]
        return conditions.LIST_SIGN.join(found)
    given = [t.strip() for t in texts if t.strip()]
    if op in conditions.SEVERAL:
        if not field.choices:
            given = [part.strip() for text in given for part in _BETWEEN.split(text) if part.strip()]
        return conditions.LIST_SIGN.join(given)
    text = given[0] if given else ""
    if op not in ("within", "last", "next") and type_of(field) == "percent":
        found_number = decimal(text.replace("%", ""))
        return plain(found_number / 100) if found_number is not None else text
    return text
