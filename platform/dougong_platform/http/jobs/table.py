"""A job as a row."""

from __future__ import annotations

import sqlalchemy as sa

from dougong_runtime.exact import Instant, JsonValue, RecordId
from dougong_runtime.storage.system import SYSTEM

QUEUED, RUNNING, DONE, FAILED, CANCELLED = "queued", "running", "done", "failed", "cancelled"
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
    sa.Column("order", JsonValue()),
    sa.Column("holder", sa.Text),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
)
"""kind         import, export, act (many records changed, deleted, …), undo (of an act), publish (of a version)
state        queued by the request; running, then done, failed or cancelled by whoever holds it (runner.py)
outcome      done: what the work answers, an object; failed: members of a problem-details object. Of an act, which is
             kept part by part, also while it runs and when it was cancelled: what has been done until then
result       name of the result's file in the job's folder
order        what is to be done, an object that the kind understands, and from where it was asked; NULL for jobs of
             older programs, which cannot be taken up again
holder       who works on it: a new word each time it is taken up, so that whoever lost it can settle nothing
attempts     how often it was taken up
"""
