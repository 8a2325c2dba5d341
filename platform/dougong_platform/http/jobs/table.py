"""A job as a row."""

from __future__ import annotations

import sqlalchemy as sa

from dougong_runtime.exact import Instant, JsonValue, RecordId
from dougong_runtime.storage.system import SYSTEM

QUEUED, RUNNING, DONE, FAILED = "queued", "running", "done", "failed"
UNFINISHED = (QUEUED, RUNNING)

JOB = sa.Table(
    "dg_job",
    SYSTEM,
    sa.Column("id", RecordId(), primary_key=True),
    sa.Column("user", RecordId(), nullable=False, index=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("app", sa.Text, nullable=False),
    sa.Column("entity", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("created_at", Instant(), nullable=False),
    sa.Column("finished_at", Instant()),
    sa.Column("outcome", JsonValue()),
    sa.Column("result", sa.Text),
)
"""kind         import or export
state        queued by the request, running and then done or failed by the thread that works; a job whose process
             ended is set to failed by whoever notices (runner.py)
outcome      done: what the work answers, an object; failed: members of a problem-details object
result       name of the result's file in the job's folder
"""
