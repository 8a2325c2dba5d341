"""Sign-ins whose password was right and whose second factor is awaited are kept by the server, no longer by the browser."""

from __future__ import annotations

import sqlalchemy as sa
from alembic.operations import Operations

from dougong_platform.migrations.types import INSTANT, RECORD_ID
from dougong_runtime.labels import Label

revision = "0006"
down_revision = "0005"
SAYS = Label("等待第二因素的登录", "Sign-ins that await the second factor")


def upgrade(op: Operations) -> None:
    """One table."""
    op.create_table(
        "dg_pending_sign_in",
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("user", RECORD_ID, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("token_hash"),
    )
    op.create_index("ix_dg_pending_sign_in_user", "dg_pending_sign_in", ["user"])
