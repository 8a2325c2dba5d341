"""A plan carried out: tables, stored values, the new version, and the audit, all in the caller's transaction."""

from __future__ import annotations

import sqlalchemy as sa

from dougong_runtime.audit import log
from dougong_runtime.documents import versions
from dougong_runtime.errors import problem_type, refuse
from dougong_runtime.host import Clock, Viewer
from dougong_runtime.publish import renames
from dougong_runtime.publish.plan import Plan, refused_by
from dougong_runtime.publish.renames import Renames
from dougong_runtime.records import dependants
from dougong_runtime.records.running import Running
from dougong_runtime.storage.apply import apply_steps
from dougong_runtime.storage.convert import SITE_TIME_ZONE
from dougong_runtime.storage.prepared import NOTHING, Prepared

PLAN_STALE = problem_type(
    "plan-stale",
    409,
    "「{app}」在计划之后又发布过：计划依据第 {planned} 版，现在是第 {running} 版。",
    "“{app}” was published since: the plan is for version {planned}, and {running} runs now.",
    remedy=("重新生成计划。", "Plan again."),
)


def apply(
    connection: sa.Connection,
    plan: Plan,
    viewer: Viewer,
    note: str | None,
    clock: Clock,
    *,
    time_zone: str = SITE_TIME_ZONE,
    prepared: Prepared = NOTHING,
) -> int:
    """Carry out a plan; gives the number of the version that runs then. `time_zone` is the site's; `prepared` what was
    made for this plan beforehand (`live.py`).

    A plan that changes nothing makes no version. Raises Refused for a plan that another publication has overtaken, or
    that records stand against; then the caller rolls back, and everything is as before.
    """
    app = plan.after.name
    versions.lock(connection, app)
    running = versions.running_number(connection, app)
    if running != plan.base:
        raise refuse(PLAN_STALE, app=app, planned=plan.base, running=running)
    if plan.refused:
        raise refused_by(plan)
    if plan.is_empty and running is not None and plan.back_to is None:
        return running
    dialect, at = connection.dialect.name, clock.now()
    apply_steps(connection, plan.steps, plan.old, plan.new, at, plan.base, time_zone, prepared)
    renames.follow(connection, Renames.of(plan.before, plan.after))
    number = versions.store(
        connection,
        app,
        plan.after.version,
        plan.after.source,
        at,
        viewer.username,
        note,
        {key: list(names) for key, names in plan.documents.items()},
        plan.back_to,
    )
    recompute = plan.recompute - prepared.computed
    if recompute:
        dependants.recompute(connection, Running.of(plan.after, number, dialect), recompute, clock, time_zone)
    log.write(connection, viewer, at, [_event(plan, number, note)])
    return number


def _event(plan: Plan, number: int, note: str | None) -> log.Event:
    facts = {
        "number": number,
        "version": plan.after.version,
        "from": plan.base,
        "back_to": plan.back_to,
        "documents": {key: list(names) for key, names in plan.documents.items()},
        "steps": [step.describe("en") for step in plan.steps][:500],
        "violations": [v.describe("en") for v in plan.violations][:100],
        "unconvertible": sum(lost.count for lost in plan.lost),
        "sees_more": [s.describe("en") for s in plan.sees_more][:100],
    }
    action = log.PUBLISH if plan.back_to is None else log.ROLLBACK
    return log.Event(action, app=plan.after.name, reason=note, facts=facts)
