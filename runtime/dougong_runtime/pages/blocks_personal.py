"""Blocks of what is the reader's own: tasks, records opened lately or starred, comments that mention them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from dougong_runtime.errors import Refused
from dougong_runtime.fields.base import Field
from dougong_runtime.labels import Label
from dougong_runtime.model.app import Entity
from dougong_runtime.pages.blocks import BLOCKS, Block, Standing
from dougong_runtime.pages.conditions import join, parse
from dougong_runtime.pages.desk import Desk, Row, count_text
from dougong_runtime.pages.faces import Face
from dougong_runtime.pages.personal import Kept
from dougong_runtime.pages.reading import instant
from dougong_runtime.pages.views import Column, View, find_view
from dougong_runtime.records.query import Query

TASKS = 8
MENTIONS = "/notifications?which=mentions"
"""Where all of them are."""
WEEK_DAYS = 7


@dataclass(frozen=True, slots=True)
class Task:
    """A record that is to be done; `tick` is the address that does it, empty where this reader cannot."""

    row: Row
    facts: tuple[Face, ...]
    due: str
    late: bool
    tick: str
    to: str
    version: int


@dataclass(frozen=True, slots=True)
class TaskGroup:
    """Tasks of one nearness: overdue, today, this week, later, without a date."""

    name: str
    label: str
    tasks: tuple[Task, ...]


@dataclass(frozen=True)
class TaskList(Block):
    """The block of tasks."""

    groups: tuple[TaskGroup, ...] = ()
    count_text: str = ""
    stage: str = ""
    """The name of the stage that ticking leads to."""


@dataclass(frozen=True)
class KeptList(Block):
    """The block of records opened lately or starred, or of mentions."""

    kept: Sequence[Kept] = ()
    none_text: str = ""


def _label(standing: Standing, raw: Mapping[str, Any], fallback: str) -> str:
    return standing.desk.reader.label(Label.of(raw["label"])) if raw.get("label") else fallback


@BLOCKS.adding("recent")
def _recent(standing: Standing, raw: Mapping[str, Any], name: str, width: int) -> Block:
    t = standing.desk.reader.t
    found = standing.personal.recent(int(raw["recent"]))
    label = _label(standing, raw, t("recent.title"))
    return KeptList("kept", name, label, width, kept=found, none_text=t("recent.none"))


@BLOCKS.adding("starred")
def _starred(standing: Standing, raw: Mapping[str, Any], name: str, width: int) -> Block:
    t = standing.desk.reader.t
    found = standing.personal.starred(int(raw["starred"]))
    label = _label(standing, raw, t("starred.title"))
    return KeptList("kept", name, label, width, kept=found, none_text=t("starred.none"))


@BLOCKS.adding("mentions")
def _mentions(standing: Standing, raw: Mapping[str, Any], name: str, width: int) -> Block:
    t = standing.desk.reader.t
    found = standing.personal.mentions(int(raw["mentions"]))
    label = _label(standing, raw, t("mentions.title"))
    return KeptList("kept", name, label, width, href=MENTIONS, kept=found, none_text=t("mentions.none"))


@BLOCKS.adding("tasks")
def _tasks(standing: Standing, raw: Mapping[str, Any], name: str, width: int) -> Block | None:
    """The first records of a view as tasks; on a record's page those that refer to the record."""
    desk = standing.desk
    view = find_view(desk.app, str(raw["tasks"]))
    if view is None or not desk.records.can(view.entity.name, "read"):
        return None
    entity, seen = view.entity, desk.views(view.entity.name)
    due = entity.fields.get(str(raw.get("due") or ""))
    due = due if due is not None and due.name in seen else None
    about = _about(standing, entity)
    if standing.record is not None and about is None:
        return None
    condition = join([view.filter, str(raw.get("filter") or ""), about or ""])
    columns = _facts(desk, view, due)
    asked = dict.fromkeys([*(c.path for c in columns), entity.title, *([due.name] if due else []), "version"])
    if entity.stage is not None:
        asked[entity.stage.name] = None
    fields = tuple(n for n in asked if n == "version" or n.split(".")[0] in seen)
    sort = (due.name, *view.sort) if due is not None and not view.sort else view.sort
    limit = int(raw.get("limit") or TASKS)
    try:
        page = desk.records.list(
            Query(entity.name, condition or None, sort, fields, limit=limit, titles=True)
        )
    except Refused:
        return None
    to = str(raw.get("done") or "")
    made = [(_task(desk, entity, item, columns, due, to), _nearness(desk, due, item)) for item in page.items]
    order = ("late", "today", "week", "later", "none") if due is not None else ("none",)
    groups = tuple(
        TaskGroup(
            at,
            desk.reader.t(f"tasks.{at}") if due is not None else "",
            tuple(task for task, where in made if where == at),
        )
        for at in order
    )
    option = entity.stage.option(to) if entity.stage is not None and to else None
    return TaskList(
        "tasks",
        name,
        _label(standing, raw, desk.reader.label(view.label)),
        width,
        href=f"{desk.address}/views/{view.name}",
        groups=tuple(g for g in groups if g.tasks),
        count_text=count_text(page.count, page.count_is_exact),
        stage=desk.reader.label(option.label) if option is not None else "",
    )


def _about(standing: Standing, entity: Entity) -> str | None:
    """The condition under which a record refers to the one whose page this is; None where none can."""
    if standing.entity is None or standing.record is None:
        return ""
    of_it = [
        f for f in entity.own_fields if f.type == "reference" and tuple(f.targets) == (standing.entity.name,)
    ]
    return f"{of_it[0].name} = '{standing.record['id']}'" if of_it else None


def _facts(desk: Desk, view: View, due: Field | None) -> tuple[Column, ...]:
    """What tells a task from its namesakes: the view's columns but for its title, date, and what its filter fixes."""
    fixed = {p.path for p in parse(desk.app, view.entity, view.filter)}
    without = {view.entity.title, due.name if due is not None else "", *fixed}
    return tuple(c for c in desk.columns(view.columns) if c.path not in without)


def _task(
    desk: Desk, entity: Entity, item: Mapping[str, Any], columns: Sequence[Column], due: Field | None, to: str
) -> Task:
    row = desk.row(entity, item)
    faces = [desk.face(c.field, item.get(c.path)) for c in columns]
    shown = tuple(f for f in faces if not f.is_absent)[:2]
    near = _nearness(desk, due, item)
    tick = f"{row.href}/tick" if to and leads(desk, entity, item, to) else ""
    return Task(
        row, shown, _until(desk, due, item, near), near == "late", tick, to, int(item.get("version") or 0)
    )


def leads(desk: Desk, entity: Entity, item: Mapping[str, Any], to: str) -> bool:
    """Whether a transition that this reader's roles allow leads there; its conditions are asked when it is taken."""
    stage, viewer = entity.stage, desk.records.viewer
    if (
        stage is None
        or stage.name not in desk.views(entity.name)
        or not desk.records.can(entity.name, "update")
    ):
        return False
    held = viewer.roles_in(desk.app.name)
    return any(
        way.from_ == item.get(stage.name) and way.to == to and (not way.roles or held & set(way.roles))
        for way in stage.transitions
    )


def _until(desk: Desk, due: Field | None, item: Mapping[str, Any], near: str) -> str:
    """Until when, in the shortest words: how late, the hour of today, a day."""
    if due is None or near == "none":
        return ""
    reader, day = desk.reader, _day(desk, item[due.name])
    days = (reader.today - day).days
    if near == "late" and days:
        return reader.t("tasks.days_late", n=days)
    if "T" in str(item[due.name]) or near == "later":
        return desk.face(due, item[due.name]).text
    return reader.t("day.today") if not days else reader.weekday(day)


def _day(desk: Desk, value: Any) -> date:
    """The reader's own day of a date or an instant."""
    found = instant(value) if "T" in str(value) else None
    return desk.reader.local(found).date() if found is not None else date.fromisoformat(str(value)[:10])


def _nearness(desk: Desk, due: Field | None, item: Mapping[str, Any]) -> str:
    """Which group a task belongs to, by the reader's own day."""
    value = item.get(due.name) if due is not None else None
    if not value:
        return "none"
    reader, day = desk.reader, _day(desk, value)
    found = instant(value) if "T" in str(value) else None
    if found is not None and found < reader.now:
        return "late"
    if day < reader.today:
        return "late"
    if day == reader.today:
        return "today"
    return "week" if day <= reader.today + timedelta(days=WEEK_DAYS) else "later"
