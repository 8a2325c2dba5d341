"""Stages: a record begins at the first and moves along transitions only, from any door."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dougong_runtime.errors import STAGE_REFUSED, Problem
from dougong_runtime.fields.base import Field, Transition
from dougong_runtime.labels import Label
from dougong_runtime.model.app import Entity
from dougong_runtime.records.scene import Scene


def may_begin_at(scene: Scene, stage: Field, value: Any) -> bool:
    """Whether a viewer may create a record at a stage: the first is anyone's; another one's is whoever may set it.

    That is the system, and who holds a role that some transition to that stage names.
    """
    if scene.viewer.is_system or value is None or not stage.choices or value == stage.choices[0].value:
        return True
    held = scene.viewer.roles_in(scene.app.name)
    return any(t.to == value and t.roles and held & set(t.roles) for t in stage.transitions)


def refused_beginning(stage: Field, value: Any) -> Problem:
    """The refusal of a new record at a stage that its writer may not set."""
    why = Label("新记录从第一个阶段开始", "a new record begins at the first stage")
    return refusal(stage, stage.choices[0].value, value, why)


def transition(stage: Field, before: Any, after: Any) -> Transition | None:
    """The way from one stage to another, if there is one."""
    return next((t for t in stage.transitions if t.from_ == before and t.to == after), None)


def refusals(
    scene: Scene, entity: Entity, stage: Field, before: Any, after: Any, values: Mapping[str, Any]
) -> list[Problem]:
    """Why a record may not move so; `values` are those after the change. `when` is asked by `checks`, in SQL."""
    way = transition(stage, before, after)
    if way is None:
        ways = [t.to for t in stage.transitions if t.from_ == before]
        names_zh = "、".join(_label(stage, w).zh for w in ways) or "没有"
        names_en = ", ".join(_label(stage, w).en for w in ways) or "none"
        why = Label(f"没有这条路径，可以转到：{names_zh}", f"there is no such way; open ones: {names_en}")
        return [refusal(stage, before, after, why)]
    found = []
    held = scene.viewer.roles_in(scene.app.name)
    if way.roles and not scene.viewer.is_system and not held & set(way.roles):
        labels = [scene.app.roles[r].label for r in way.roles if r in scene.app.roles]
        zh, en = "、".join(x.zh for x in labels), ", ".join(x.en for x in labels)
        found.append(refusal(stage, before, after, Label(f"只有{zh}可以这样做", f"only {en} may do this")))
    missing = [n for n in way.requires if values.get(n) in (None, "", [])]
    if missing:
        known, named = scene.access.entity(entity.name).told(missing)
        why = Label(f"请先填写{named.zh}", f"fill in {named.en} first")
        found.append(refusal(stage, before, after, why, fields=known))
    return found


def refusal(stage: Field, before: Any, after: Any, why: Label, fields: list[str] | None = None) -> Problem:
    """One reason why a stage is not reached."""
    facts = {
        "from": before,
        "to": after,
        "from_label": _label(stage, before),
        "to_label": _label(stage, after),
        "why": why,
        "fields": fields or [],
    }
    return Problem(STAGE_REFUSED, stage.name, facts)


def _label(stage: Field, value: Any) -> Label:
    option = stage.option(value)
    return option.label if option else Label(str(value or "—"), str(value or "—"))
