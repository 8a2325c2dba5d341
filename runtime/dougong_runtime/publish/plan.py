"""A plan of publication: everything that people want to know before it happens, as a value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import sqlalchemy as sa

from dougong_runtime.documents import versions
from dougong_runtime.documents.identity import adopt
from dougong_runtime.errors import NOT_FOUND, Problem, Refused, refuse
from dougong_runtime.labels import Language
from dougong_runtime.lazily import cached_property
from dougong_runtime.model.app import App, Entity
from dougong_runtime.model.graph import Node
from dougong_runtime.model.link import link_stored
from dougong_runtime.publish.effects import SeesMore, find_recompute, find_who_sees_more
from dougong_runtime.publish.rehearsal import asks_more, rehearse
from dougong_runtime.records.running import Running
from dougong_runtime.storage.apply import UNIQUE_VIOLATED
from dougong_runtime.storage.history import History
from dougong_runtime.storage.identifiers import table_name
from dougong_runtime.storage.indexes import indexes_there
from dougong_runtime.storage.plan import plan_steps
from dougong_runtime.storage.preview import Violation
from dougong_runtime.storage.steps import QUIET, AddIndex, AnyStep, Cost, RetypeField
from dougong_runtime.storage.tables import Tables
from dougong_runtime.storage.trashed import StoredTrash
from dougong_runtime.storage.unconvertible import Lost, Unconvertible, find_lost


@dataclass(frozen=True)
class Plan:
    """What publishing `after` would do to a site that runs `before`."""

    before: App | None
    after: App
    base: int | None
    """Number of the version that it was planned against."""
    steps: tuple[AnyStep, ...]
    documents: Mapping[str, tuple[str, ...]]
    """`added`, `changed`, `removed`: documents as `kind/name`."""
    violations: tuple[Violation, ...]
    lost: tuple[Lost, ...]
    """Fields with values that will not convert."""
    sees_more: tuple[SeesMore, ...]
    recompute: frozenset[Node]
    """Stored formulas to compute anew."""
    cost: Cost
    rows: Mapping[str, int]
    """Table of the running version → its number of rows."""
    old: Tables | None
    new: Tables
    """The tables of both, for the database that it was planned on."""
    back_to: int | None = None
    """Number of the version that it goes back to."""

    @property
    def unconvertible(self) -> tuple[Unconvertible, ...]:
        """Values that will not convert: those of each field that are shown."""
        return tuple(value for lost in self.lost for value in lost.shown)

    @property
    def refused(self) -> bool:
        """Whether it cannot be applied as things stand."""
        return any(v.refuses for v in self.violations)

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all would change."""
        return self.before is not None and not any(self.documents.values()) and not self.steps

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """Why it is refused."""
        return tuple(
            Problem(
                UNIQUE_VIOLATED,
                None,
                {"entity": v.entity, "fields": v.name, "records": ", ".join(v.records[:20])},
            )
            for v in self.violations
            if v.refuses
        )

    def describe(self, language: Language) -> str:
        """The whole plan in plain text."""
        return "\n".join(_lines(self, language))

    def to_json(self, language: Language) -> dict[str, Any]:
        """The whole plan for programs."""
        return {
            "app": self.after.name,
            "from": self.base,
            "back_to": self.back_to,
            "refused": self.refused,
            "documents": {k: list(v) for k, v in self.documents.items()},
            "steps": [
                {"kind": type(s).__name__, "entity": _entity_of(s).name, "text": s.describe(language)}
                for s in self.steps
            ],
            "violations": [
                {
                    "kind": v.kind,
                    "entity": v.entity,
                    "name": v.name,
                    "count": v.count,
                    "records": list(v.records),
                    "refuses": v.refuses,
                    "text": v.describe(language),
                }
                for v in self.violations
            ],
            "unconvertible": [
                {
                    "entity": u.entity,
                    "field": u.field,
                    "record": u.record,
                    "value": u.value,
                    "why": u.why.in_(language),
                }
                for u in self.unconvertible
            ],
            "lost": [{"entity": x.entity, "field": x.field, "count": x.count} for x in self.lost],
            "sees_more": [
                {"role": s.role, "entity": s.entity, "field": s.field, "of": s.of} for s in self.sees_more
            ],
            "recompute": sorted(f"{entity}.{field}" for entity, field in self.recompute),
            "rows": self.cost.rows,
            "seconds": round(self.cost.seconds, 1),
        }


def plan_publish(connection: sa.Connection, new: App, *, running: Running | None = None) -> Plan:
    """Plan a new version against the one that runs.

    Things keep the id they have: they are found by id, then by `was`, then by name. Nothing is changed: where records
    must be checked against new tables, these are tried out in a savepoint and taken back (`rehearsal.py`). `running`:
    what the process serves, which spares linking it again where it is the version that the database names.
    """
    number = versions.running_number(connection, new.name)
    if number is None:
        return _plan(connection, None, new, None, None)
    tables = None
    if running is not None and running.number == number:
        before, tables = running.app, running.tables
    else:
        kept = versions.find(connection, new.name, number)
        assert kept is not None
        before = link_stored(kept.source)
    source = adopt(new.name, before.source, new.source)
    if source != dict(new.source):
        new = link_stored(source)
    return _plan(connection, before, new, number, None, tables)


def plan_rollback(connection: sa.Connection, app_name: str, number: int) -> Plan:
    """Plan the way back to an older version. Raises Refused where there is no such app or version."""
    running = versions.current(connection, app_name)
    wanted = versions.find(connection, app_name, number)
    if running is None or wanted is None:
        raise refuse(NOT_FOUND, app=app_name, number=number)
    return _plan(connection, link_stored(running.source), link_stored(wanted.source), running.number, number)


def _plan(
    connection: sa.Connection,
    before: App | None,
    after: App,
    base: int | None,
    back_to: int | None,
    tables: Tables | None = None,
) -> Plan:
    dialect = connection.dialect.name
    old = tables or (None if before is None else Tables(before, dialect))
    new = Tables(after, dialect)
    app_of = partial(_app_of, connection, after.name)
    history = None
    if back_to is not None and base is not None:
        repeats = versions.repeats(connection, after.name)
        history = History(connection, after, base, back_to, app_of, repeats)
    trash = StoredTrash(connection, after.name, app_of)
    steps = plan_steps(old, new, trash, history, indexes_there(connection))
    recompute = find_recompute(before, after, steps)
    lost: tuple[Lost, ...] = ()
    violations: tuple[Violation, ...] = ()
    stats: dict[str, int] = {}
    if before is not None and old is not None:
        stats = _count_rows(connection, old)
        lost = tuple(_lost(connection, steps, before, old, new))
        if any(stats.values()) and asks_more(before, after):
            violations = rehearse(connection, steps, old, new, recompute)
    costs = [s.cost(stats) for s in steps]
    return Plan(
        before=before,
        after=after,
        base=base,
        steps=steps,
        documents=changed_documents({} if before is None else before.source, after.source),
        violations=violations,
        lost=lost,
        sees_more=find_who_sees_more(before, after),
        recompute=recompute,
        cost=Cost(sum(c.rows for c in costs), sum(c.seconds for c in costs)),
        rows=stats,
        old=old,
        new=new,
        back_to=back_to,
    )


def _app_of(connection: sa.Connection, app_name: str, number: int) -> App | None:
    found = versions.find(connection, app_name, number)
    return None if found is None else link_stored(found.source)


def changed_documents(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Documents by what happened to them; a renamed one counts as changed, under its new name."""
    old_ids = {d["id"]: p for p, d in old.items() if isinstance(d, Mapping) and "id" in d}
    renamed = {
        old_ids[d["id"]]: p
        for p, d in new.items()
        if isinstance(d, Mapping) and d.get("id") in old_ids and old_ids[d["id"]] != p
    }
    added = sorted(p for p in new if p not in old and p not in renamed.values())
    removed = sorted(p for p in old if p not in new and p not in renamed)
    changed = sorted({p for p in new if p in old and new[p] != old[p]} | set(renamed.values()))
    return {"added": tuple(added), "changed": tuple(changed), "removed": tuple(removed)}


def _count_rows(connection: sa.Connection, tables: Tables) -> dict[str, int]:
    return {
        table_name(e): connection.execute(
            sa.select(sa.func.count()).select_from(tables.of(e.name))
        ).scalar_one()
        for e in tables.app.own_entities
    }


def _lost(
    connection: sa.Connection, steps: tuple[AnyStep, ...], before: App, old: Tables, new: Tables
) -> Iterator[Lost]:
    for step in steps:
        if isinstance(step, RetypeField):
            entity = next((e for e in before.own_entities if e.id == step.entity.id), None)
            if entity is not None and step.before.name in entity.fields:
                found = find_lost(connection, step.before, step.after, entity, old, new)
                if found is not None:
                    yield found


def _entity_of(step: AnyStep) -> Entity:
    found = getattr(step, "entity", None) or getattr(step, "after", None)
    assert isinstance(found, Entity)
    return found


def _lines(plan: Plan, language: Language) -> Iterator[str]:
    zh = language == "zh"
    name, version = plan.after.name, plan.after.version
    if plan.before is None:
        yield f"安装 {name} {version}" if zh else f"Install {name} {version}"
    elif plan.back_to is not None:
        yield f"{name} 回到第 {plan.back_to} 版" if zh else f"{name}: back to version {plan.back_to}"
    else:
        now = plan.before.version
        yield f"{name}：{now} → {version}" if zh else f"{name}: {now} → {version}"
    if plan.is_empty:
        yield "没有变化。" if zh else "Nothing changes."
        return
    heads = {
        "added": ("新增", "Added"),
        "changed": ("修改", "Changed"),
        "removed": ("移除", "Removed"),
    }
    for key, (head_zh, head_en) in heads.items():
        if plan.documents[key]:
            listed = ", ".join(plan.documents[key])
            yield f"{head_zh}：{listed}" if zh else f"{head_en}: {listed}"
    quiet = 0
    for step in plan.steps:
        if isinstance(step, QUIET) and not (isinstance(step, AddIndex) and step.index.unique is not None):
            quiet += 1
        else:
            yield f"  · {step.describe(language)}"
    if quiet:
        yield f"  · 索引与搜索：{quiet} 步" if zh else f"  · Indexes and search, steps: {quiet}"
    for violation in plan.violations:
        yield f"  ! {violation.describe(language)}"
    yield from _unconvertible_lines(plan, zh, language)
    for seen in plan.sees_more:
        yield f"  ! {seen.describe(language)}"
    if plan.cost.seconds >= 1:
        seconds = round(plan.cost.seconds)
        yield f"约需 {seconds} 秒，期间不能写入" if zh else f"About {seconds} s, without writing meanwhile"
    if plan.refused:
        yield "不能发布：先处理上面的重复。" if zh else "Refused: deal with what is not unique first."


def _unconvertible_lines(plan: Plan, zh: bool, language: Language) -> Iterator[str]:
    for lost in plan.lost:
        field = f"{lost.entity}.{lost.field}"
        yield (
            f"  ! {field}：{lost.count} 个值无法转换，原值保留在回收站"
            if zh
            else f"  ! {field}: values that do not convert, kept in the trash: {lost.count}"
        )
        for value in lost.shown:
            yield f"      {value.record}  {value.value!r}  {value.why.in_(language)}"
        if lost.count > len(lost.shown):
            yield "      …"


def refused_by(plan: Plan) -> Refused:
    """The refusal of a plan that cannot be applied."""
    return Refused(plan.problems)
