"""What a person opened lately and what they starred."""

from __future__ import annotations

import sqlalchemy as sa
from alembic.operations import Operations

from dougong_platform.migrations.types import INSTANT, RECORD_ID
from dougong_runtime.labels import Label

revision = "0007"
down_revision = "0006"
SAYS = Label("最近打开和标星的记录", "Records opened lately and starred")


def upgrade(op: Operations) -> None:
    """Two tables of one shape."""
    for name in ("dg_recent", "dg_star"):
        op.create_table(
            name,
            sa.Column("user", RECORD_ID, nullable=False),
            sa.Column("app", sa.Text, nullable=False),
            sa.Column("entity", sa.Text, nullable=False),
            sa.Column("record", RECORD_ID, nullable=False),
            sa.Column("at", INSTANT, nullable=False),
            sa.PrimaryKeyConstraint("user", "app", "entity", "record"),
        )
