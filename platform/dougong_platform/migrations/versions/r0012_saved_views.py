"""Views that people save, and what each keeps of the views they use."""

from __future__ import annotations

import sqlalchemy as sa
from alembic.operations import Operations

from dougong_platform.migrations.types import INSTANT, JSON, RECORD_ID
from dougong_runtime.labels import Label

revision = "0012"
down_revision = "0011"
SAYS = Label("保存的视图", "Saved views")


def upgrade(op: Operations) -> None:
    """Two tables."""
    op.create_table(
        "dg_saved_view",
        sa.Column("id", RECORD_ID, nullable=False),
        sa.Column("app", sa.Text, nullable=False),
        sa.Column("entity", sa.Text, nullable=False),
        sa.Column("base", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("by", RECORD_ID, nullable=False),
        sa.Column("roles", JSON),
        sa.Column("state", JSON, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_dg_saved_view_by", "dg_saved_view", ["by"])
    op.create_index("ix_dg_saved_view_app", "dg_saved_view", ["app", "entity"])
    op.create_table(
        "dg_view_choice",
        sa.Column("user", RECORD_ID, nullable=False),
        sa.Column("app", sa.Text, nullable=False),
        sa.Column("entity", sa.Text, nullable=False),
        sa.Column("view", sa.Text, nullable=False),
        sa.Column("columns", sa.Text),
        sa.Column("freeze", sa.Text),
        sa.Column("totals", sa.Text),
        sa.Column("is_default", sa.Boolean, nullable=False),
        sa.Column("place", sa.Integer),
        sa.PrimaryKeyConstraint("user", "app", "entity", "view"),
    )
