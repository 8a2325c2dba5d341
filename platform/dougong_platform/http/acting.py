"""Acts on many records as a request has them done: at once where they are few, as a job where they are many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from dougong_platform import acts
from dougong_platform.acts import Act, Sum
from dougong_platform.http.jobs import runner
from dougong_platform.http.jobs.acts import act_order, undo_order
from dougong_platform.http.jobs.runner import Jobs
from dougong_platform.selections import Selection, find
from dougong_runtime.errors import problem_type, refuse
from dougong_runtime.names import uuid7
from dougong_runtime.records.door import Records
from dougong_runtime.records.each import Outcome

PART_BY_PART = problem_type(
    "part-by-part",
    422,
    "超过 {limit} 条记录时分批保存，不能要求全部成功才保存。",
    "More than {limit} records are kept part by part, not all or nothing.",
    remedy=("加上 keep_good，或缩小范围。", "Say keep_good, or choose fewer."),
)


@dataclass(frozen=True, slots=True)
class Done:
    """What came of it: `sum` where it was done at once, None where `job` has only begun."""

    job: str
    sum: Sum | None
    selection: Selection


@dataclass(frozen=True)
class Acting:
    """Acts of one person on one entity, in the transaction of a request that began at `at`, before `records`."""

    jobs: Jobs
    connection: sa.Connection
    records: Records
    entity: str
    at: datetime

    def act(self, chosen: Selection, act: Act, reasons: Mapping[str, str], *, keep_good: bool) -> Done:
        """Do it. Raises Refused: for what no record allows, and, unless `keep_good`, for what any record refuses."""
        acts.may(self.records, self.entity, act)
        order = act_order(chosen.id, act, reasons)
        if len(chosen.records) > acts.AT_ONCE_MAX:
            if not keep_good:
                raise refuse(PART_BY_PART, limit=f"{acts.AT_ONCE_MAX:,}")
            return Done(self._ordered("act", order), None, chosen)
        job = uuid7()
        outcome = acts.carry_out(self.records, self.entity, act, chosen.records, reasons, batch=job)
        if outcome.refused and not keep_good:
            raise acts.refused_together(outcome)
        return self._done("act", job, order, outcome, chosen)

    def undo(self, act: runner.Act) -> Done:
        """Take an act of the viewer's own back."""
        chosen = find(self.connection, self.records.viewer, act.app, act.entity, act.selection)
        order = undo_order(chosen.id, act.id, act.at.isoformat())
        if len(chosen.records) > acts.AT_ONCE_MAX:
            return Done(self._ordered("undo", order), None, chosen)
        job = uuid7()
        outcome = self.records.many.take_back(self.entity, chosen.records, act.id, act.at, batch=job)
        return self._done("undo", job, order, outcome, chosen)

    def _ordered(self, kind: str, order: Mapping[str, object]) -> str:
        app = self.records.running.app.name
        job, _ = self.jobs.prepare(self.connection, self.records.viewer, kind, app, self.entity, order)
        return job

    def _done(
        self, kind: str, job: str, order: Mapping[str, object], outcome: Outcome, chosen: Selection
    ) -> Done:
        self.records.many.ended(job)
        made = Sum()
        made.take(outcome, self.records.viewer.language)
        app, viewer = self.records.running.app.name, self.records.viewer
        self.jobs.settled(
            self.connection, viewer, kind, app, self.entity, order, made.as_json(), job=job, at=self.at
        )
        return Done(job, made, chosen)
