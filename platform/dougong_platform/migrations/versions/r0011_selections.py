"""What somebody chose to act upon stays as it was chosen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic.operations import Operations

from dougong_platform.migrations.types import INSTANT, JSON, RECORD_ID
from dougong_runtime.labels import Label

revision = "0011"
down_revision = "0010"
SAYS = Label("选中的记录", "Records chosen to be acted upon")


def upgrade(op: Operations) -> None:
    """One table."""
    op.create_table(
        "dg_selection",
        sa.Column("id", RECORD_ID, nullable=False),
        sa.Column("user", RECORD_ID, nullable=False),
        sa.Column("app", sa.Text, nullable=False),
        sa.Column("entity", sa.Text, nullable=False),
        sa.Column("asked", JSON),
        sa.Column("records", sa.LargeBinary, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
