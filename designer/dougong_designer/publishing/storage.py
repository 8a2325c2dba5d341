"""What a publication does to the tables, line by line, how long it takes, and how long others wait to write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dougong_designer.describing.sentences import NOTHING
from dougong_runtime.labels import Label, Language
from dougong_runtime.publish import Plan
from dougong_runtime.storage.identifiers import table_name
from dougong_runtime.storage.prepare import PREPARED_FROM_ROWS
from dougong_runtime.storage.steps import (
    QUIET,
    ROWS_PER_SECOND_READ_AND_WRITTEN,
    AddField,
    AddIndex,
    AnyStep,
    CreateEntity,
    DropIndex,
    RenameEntity,
    RenameField,
    RenameOptions,
    RenameTargets,
    RestoreEntity,
    RestoreField,
    RetireEntity,
    RetireField,
    RetypeField,
)

NAMED_MAX = 3
"""Formulas that a line of the storage plan names."""


@dataclass(frozen=True, slots=True)
class StorageRow:
    """A line of the storage plan."""

    action: Label
    target: str
    rows: int
    """Rows that are read or written; 0: none."""
    seconds: float
    note: Label


_ACTIONS: Mapping[type[Any], tuple[Label, Label]] = {
    CreateEntity: (Label("建表", "Create table"), Label("空表", "empty")),
    RetireEntity: (Label("移入回收站", "To the trash"), Label("数据保留", "its data stay")),
    RestoreEntity: (Label("恢复", "Restore"), Label("数据回来", "its data come back")),
    RenameEntity: (Label("改表名", "Rename table"), Label("数据不动", "data stay as they are")),
    AddField: (Label("加列", "Add column"), Label("允许为空", "may be empty")),
    RetireField: (Label("移入回收站", "To the trash"), Label("数据保留", "its data stay")),
    RestoreField: (Label("恢复", "Restore"), Label("数据回来", "its data come back")),
    RenameField: (Label("改列名", "Rename column"), Label("数据不动", "data stay as they are")),
    RetypeField: (Label("换类型", "Convert"), Label("原值留在回收站", "old values stay in the trash")),
    RenameOptions: (Label("改选项值", "Rename options"), Label("存的值随之改", "stored values follow")),
    RenameTargets: (Label("改引用目标", "Rename targets"), Label("存的值随之改", "stored values follow")),
}


def storage_rows(plan: Plan) -> tuple[StorageRow, ...]:
    """The plan of the tables, line by line; indexes and search in one."""
    return (*_step_rows(plan), *_recompute_rows(plan))


def _step_rows(plan: Plan) -> Iterator[StorageRow]:
    quiet = []
    for step in plan.steps:
        cost = step.cost(plan.rows)
        if isinstance(step, AddIndex | DropIndex) and step.index.unique is not None:
            word = (
                Label("要求唯一", "Require unique")
                if isinstance(step, AddIndex)
                else Label("不再唯一", "No longer unique")
            )
            target = f"{step.entity.name}({', '.join(step.index.fields)})"
            yield StorageRow(word, target, cost.rows, cost.seconds, NOTHING)
        elif isinstance(step, QUIET):
            quiet.append(cost)
        else:
            word, note = _ACTIONS[type(step)]
            yield StorageRow(word, _target(step), cost.rows, cost.seconds, note)
    if quiet:
        note = Label(f"{len(quiet)} 步", f"{len(quiet)} steps")
        words = Label("索引与搜索", "Indexes and search")
        yield StorageRow(words, "", max(c.rows for c in quiet), sum(c.seconds for c in quiet), note)


def _target(step: AnyStep) -> str:
    match step:
        case RenameEntity(before=before, after=after):
            return f"{before.name} → {after.name}"
        case RenameField(entity=entity, before=before, after=after):
            return f"{entity.name}.{before.name} → {after.name}"
        case (
            RenameOptions(entity=entity, field=field, values=values)
            | RenameTargets(entity=entity, field=field, values=values)
        ):
            return f"{entity.name}.{field.name}: " + ", ".join(f"{a} → {b}" for a, b in values)
        case RetypeField(entity=entity, after=field):
            return f"{entity.name}.{field.name}"
        case AddField(entity=entity, field=field) | RetireField(entity=entity, field=field):
            return f"{entity.name}.{field.name}"
        case RestoreField(entity=entity, field=field):
            return f"{entity.name}.{field.name}"
        case _:
            return step.entity.name


def _recompute_rows(plan: Plan) -> Iterator[StorageRow]:
    """An entity in one line, however many of its formulas are concerned."""
    counts = rows_of_entities(plan)
    concerned: dict[str, list[str]] = {}
    for entity, field in sorted(plan.recompute):
        concerned.setdefault(entity, []).append(field)
    for entity, fields in concerned.items():
        rows = counts.get(entity, 0)
        if rows:
            named = ", ".join(fields[:NAMED_MAX]) + (", …" if len(fields) > NAMED_MAX else "")
            many = Label(f"{len(fields)} 个公式", f"{len(fields)} formulas")
            took = rows * len(fields) / ROWS_PER_SECOND_READ_AND_WRITTEN
            yield StorageRow(Label("重算", "Compute anew"), f"{entity}: {named}", rows, took, many)


def rows_of_entities(plan: Plan) -> dict[str, int]:
    """Entity of the new version → its number of rows now."""
    if plan.before is None:
        return {}
    tables = {e.id: table_name(e) for e in plan.before.own_entities}
    return {e.name: plan.rows.get(tables.get(e.id, ""), 0) for e in plan.after.own_entities}


@dataclass(frozen=True, slots=True)
class Waiting:
    """How long it takes, and how long others wait to write meanwhile; seconds, both by experience."""

    whole: float
    blocked: float

    def words(self, language: Language) -> str:
        """In a sentence."""
        whole, blocked = seconds(self.whole, language), seconds(self.blocked, language)
        if language == "zh":
            return f"同一个事务，失败则全部不做 · 预计 {whole}，期间等待写入 {blocked}"
        return f"One transaction, whole or not at all · about {whole}; writing waits {blocked}"


def waiting(plan: Plan, dialect: str) -> Waiting:
    """On SQLite everybody who writes waits for all of it; on PostgreSQL what takes long is prepared beforehand."""
    lines = storage_rows(plan)
    whole = sum(line.seconds for line in lines)
    if dialect != "postgresql":
        return Waiting(whole, whole)
    late = sum(line.seconds for line in _recompute_rows(plan))
    for step in plan.steps:
        cost = step.cost(plan.rows)
        if cost.rows < PREPARED_FROM_ROWS or isinstance(step, RenameTargets):
            late += cost.seconds
    return Waiting(whole, late)


def seconds(value: float, language: Language) -> str:
    """A time as a plan says it.

    >>> [seconds(s, "en") for s in (0.0, 0.34, 12.2, 200)]
    ['< 0.1 s', '0.3 s', '12 s', '4 min']
    """
    if value < 0.1:
        return "< 0.1 秒" if language == "zh" else "< 0.1 s"
    if value < 10:
        return f"{value:.1f} 秒" if language == "zh" else f"{value:.1f} s"
    if value < 120:
        return f"{value:.0f} 秒" if language == "zh" else f"{value:.0f} s"
    minutes = -(-int(value) // 60)
    return f"{minutes} 分钟" if language == "zh" else f"{minutes} min"
