"""Publishing: a new version is planned against the running one, shown, and published wholly or not at all.

plan_publish(connection, new)            what would change; it looks, and changes nothing
plan_rollback(connection, app, number)   the same towards an older version: every version is kept
publish(engine, make_plan, carry_out)    plans and changes it, while everybody goes on working
apply(connection, plan, viewer, …)       changes it, in the caller's transaction
install_directory(connection)            tables of people and teams, once
"""

from __future__ import annotations

from dougong_runtime.publish.carry_out import apply
from dougong_runtime.publish.directory import install_directory
from dougong_runtime.publish.effects import SeesMore
from dougong_runtime.publish.live import Progress, Stage, clear_leftovers, publish, unheard
from dougong_runtime.publish.plan import Plan, plan_publish, plan_rollback
from dougong_runtime.storage.prepared import NOTHING, Prepared

__all__ = [
    "NOTHING",
    "Plan",
    "Prepared",
    "Progress",
    "SeesMore",
    "Stage",
    "apply",
    "clear_leftovers",
    "install_directory",
    "plan_publish",
    "plan_rollback",
    "publish",
    "unheard",
]
