"""A publication as a job does it: planned anew, prepared while people work, and carried out together with its end.

A version and the news that it was published stand in one transaction: whoever finds the job not done finds the old
version running. A publication whose process died is not taken up again (`runner.ONCE`).
"""

from __future__ import annotations

import sqlalchemy as sa

from dougong_platform import publishing
from dougong_platform.http.jobs.sheets import after_publish
from dougong_platform.http.jobs.work import Outcome, Work
from dougong_platform.publishing import Order
from dougong_runtime.publish import Plan, Stage


def run_publish(work: Work) -> None:
    """Publish what the job's order says, as the person who ordered it."""
    order = Order.of(work.order)

    def finish(connection: sa.Connection, plan: Plan, number: int) -> None:
        after_publish(work.site, connection, plan.after)
        work.finish(
            connection,
            Outcome(
                {
                    "number": number,
                    "version": plan.after.version,
                    "from": plan.base,
                    "back_to": plan.back_to,
                }
            ),
        )

    def progress(stage: Stage, done: int, total: int | None) -> None:
        work.begin(stage, done, total)

    publishing.carry_out(work.site, work.app, order, work.viewer, finish, progress)
    work.site.database.wrote(work.viewer.user, work.site.clock.now())
