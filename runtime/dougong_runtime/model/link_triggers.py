"""What starts a workflow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dougong_runtime.documents.cursor import Cursor
from dougong_runtime.documents.problems import (
    FORMULA_TYPE,
    MALFORMED,
    UNKNOWN_OPTION,
    WRONG_FIELD,
    said,
)
from dougong_runtime.documents.references import Target
from dougong_runtime.fields.base import SYSTEM_FIELDS, Formula
from dougong_runtime.formulas.types import BOOLEAN, Kind, ValueType
from dougong_runtime.model.link_views import link_roles_named
from dougong_runtime.model.linker import Linker

_NEEDS_ENTITY = ("record_created", "record_updated", "record_deleted", "stage_entered", "date_reached")
_NEEDS = {"stage_entered": "stage", "date_reached": "date", "webhook": "connector"}
DATES = (Kind.DATE, Kind.DATETIME)
"""Kinds of values that can be waited for."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """What starts a workflow."""

    on: str
    entity: str | None
    when: Formula | None = None
    crossing: Formula | None = None
    once_per: Formula | None = None
    fields: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    date: str | None = None
    filter: Formula | None = None
    batch: bool = False
    data: Mapping[str, Any] = field(default_factory=dict, hash=False)


def link_trigger(linker: Linker, at: Cursor) -> Trigger:
    """A workflow's trigger; what is wrong is noted."""
    on = at.text("on")
    entity = linker.entity(at.get("entity"))
    if on in _NEEDS_ENTITY and "entity" not in at:
        linker.refuse(MALFORMED, f"「{on}」要写明实体。", f"{on} needs an “entity”.", at)
    needed = _NEEDS.get(on)
    if needed is not None and needed not in at:
        linker.refuse(MALFORMED, f"「{on}」要写明 {needed}。", f"{on} needs “{needed}”.", at)
    for kind in ("connector", "calendar", "form", "message"):
        linker.document(at.get(kind), kind)
    link_roles_named(linker, at)
    date = linker.path(at.get("date"), entity)
    if date is not None and date.type.kind not in DATES:
        refuse_no_date(linker, at["date"], str(at["date"].value), date.type, entity)
    fields = [linker.field(node, entity) for node in at.items("fields")]
    return Trigger(
        on=on,
        entity=entity,
        when=linker.formula(at.get("when"), entity, "trigger", BOOLEAN),
        crossing=linker.formula(at.get("crossing"), entity, "trigger", BOOLEAN),
        once_per=linker.formula(at.get("once_per"), entity, "trigger"),
        fields=tuple(shape.name for shape in fields if shape is not None),
        stages=tuple(link_stages(linker, at, "stage", entity)),
        date=at.text("date") or None,
        filter=linker.formula(at.get("filter"), entity, "filter", BOOLEAN),
        batch=bool(at.value.get("batch", False)),
        data=at.value,
    )


def link_stages(linker: Linker, at: Cursor, name: str, entity: str | None) -> Iterator[str]:
    """Options of the entity's stage."""
    if entity is None:
        return
    stage = linker.stages.get(entity)
    for node in at.items(name):
        if stage is None:
            linker.refuse(
                WRONG_FIELD, f"「{entity}」没有阶段字段。", f"{entity} has no field of type stage.", node
            )
            return
        options = linker.shapes[entity].fields[stage].type.options
        owner = f"{entity}.{stage}"
        if node.value in options:
            linker.refer(node, Target("option", str(node.value), owner))
            yield str(node.value)
        else:
            linker.unknown(UNKNOWN_OPTION, node, node.value, map(str, options), of=owner)


def refuse_no_date(linker: Linker, at: Cursor, text: str, found: ValueType, entity: str | None) -> None:
    """Note that an expression is no date, and which dates its entity has."""
    dates = (
        [shape.name for shape in linker.shapes[entity].fields.values() if shape.type.kind in DATES]
        if entity is not None
        else []
    )
    own = [name for name in dates if name not in SYSTEM_FIELDS]
    zh = f"应为日期或时间，而不是 {found}：{text}。" + (
        f"「{entity}」的日期：{'、'.join(own)}。" if own else ""
    )
    en = f"Expected a date or a time, found {found}: {text}." + (
        f" Dates of {entity}: {', '.join(own)}." if own else ""
    )
    linker.problems.append(said(FORMULA_TYPE, zh, en, at.place()))
