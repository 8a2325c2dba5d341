"""Imports and exports that failed, or that nobody takes up."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from dougong_platform.doctor.finding import Looked, check, good, warning
from dougong_platform.http.jobs.table import FAILED, JOB, QUEUED, RUNNING
from dougong_platform.site import Site

RECENT = timedelta(days=1)
WAITING_MOST = timedelta(minutes=10)


@check("jobs")
def jobs(site: Site) -> Looked:
    """Of the last day."""
    now = site.clock.now()
    with site.database.read() as connection:
        counted = connection.execute(
            sa.select(JOB.c.state, sa.func.count())
            .where(JOB.c.created_at > now - RECENT)
            .group_by(JOB.c.state)
        )
        states: dict[str, int] = {row[0]: row[1] for row in counted}
        waiting = connection.scalar(
            sa.select(sa.func.count())
            .select_from(JOB)
            .where(JOB.c.state == QUEUED, JOB.c.created_at < now - WAITING_MOST)
        )
    yield good(
        f"24 小时内 {sum(states.values())} 个任务，{states.get(RUNNING, 0)} 个在运行",
        f"{sum(states.values())} jobs in 24 hours, {states.get(RUNNING, 0)} running",
    )
    if states.get(FAILED):
        yield warning(
            f"24 小时内有 {states[FAILED]} 个任务失败",
            f"{states[FAILED]} jobs failed in 24 hours",
            "原因写在任务页和日志里；更正后重新提交",
            "The reason is on the job's page and in the log; put it right and send it again",
        )
    if waiting:
        yield warning(
            f"{waiting} 个任务排队超过 10 分钟",
            f"{waiting} jobs have waited for more than 10 minutes",
            "确认有进程在服务，或增加进程",
            "See that a process serves, or add one",
        )
