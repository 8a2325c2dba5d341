"""Processes that serve, and statements that took long; and the first release is told to keep away."""

from __future__ import annotations

import sqlalchemy as sa
from alembic.operations import Operations

from dougong_platform.migrations.types import INSTANT, RECORD_ID
from dougong_runtime.labels import Label

revision = "0002"
down_revision = "0001"
SAYS = Label("服务进程和慢语句", "Serving processes and slow statements")


def upgrade(op: Operations) -> None:
    """Two tables; the number that the first release reads is raised, so that it refuses what it does not know."""
    op.create_table(
        "dg_process",
        sa.Column("id", RECORD_ID, nullable=False),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("program", sa.Text, nullable=False),
        sa.Column("revision", sa.Text, nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "dg_slow_statement",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("statement", sa.Text, nullable=False),
        sa.Column("times", sa.BigInteger, nullable=False),
        sa.Column("milliseconds", sa.BigInteger, nullable=False),
        sa.Column("worst_milliseconds", sa.BigInteger, nullable=False),
        sa.Column("last_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.execute("UPDATE dg_site SET value = '2' WHERE name = 'schema'")
