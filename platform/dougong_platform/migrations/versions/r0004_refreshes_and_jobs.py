"""Refreshes that can be resumed, and jobs that outlive their process."""

from __future__ import annotations

import sqlalchemy as sa
from alembic.operations import Operations

from dougong_platform.migrations.types import INSTANT, JSON, RECORD_ID
from dougong_runtime.labels import Label

revision = "0004"
down_revision = "0003"
SAYS = Label("可续做的刷新和任务", "Refreshes and jobs that can be gone on with")


def upgrade(op: Operations) -> None:
    """A table for where each refresh is; what a job is to do, and who is at it, with the job."""
    op.create_table(
        "dg_refresh",
        sa.Column("app", sa.String(48), nullable=False),
        sa.Column("which", sa.String(16), nullable=False),
        sa.Column("id", RECORD_ID, nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("moved_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.Column("finished", JSON, nullable=False),
        sa.Column("entity_id", sa.String(64)),
        sa.Column("after", RECORD_ID),
        sa.Column("done", sa.BigInteger, nullable=False),
        sa.Column("changed", sa.BigInteger, nullable=False),
        sa.Column("failed", sa.BigInteger, nullable=False),
        sa.Column("total", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("app", "which"),
    )
    op.add_column("dg_job", sa.Column("order", JSON))
    op.add_column("dg_job", sa.Column("holder", sa.Text))
    op.add_column("dg_job", sa.Column("attempts", sa.Integer, nullable=False, server_default="0"))
