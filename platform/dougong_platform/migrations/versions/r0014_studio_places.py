"""Where boxes stand on relation diagrams, and spreadsheets whose rows wait for their entity to be published."""

from __future__ import annotations

import sqlalchemy as sa
from alembic.operations import Operations

from dougong_platform.migrations.types import INSTANT, JSON, RECORD_ID
from dougong_runtime.labels import Label

revision = "0014"
down_revision = "0013"
SAYS = Label("关系图的位置，等待导入的电子表格", "Places on relation diagrams, spreadsheets that wait")


def upgrade(op: Operations) -> None:
    """Two tables."""
    op.create_table(
        "dg_studio_place",
        sa.Column("app", sa.String(48), nullable=False),
        sa.Column("entity", sa.String(64), nullable=False),
        sa.Column("x", sa.Integer, nullable=False),
        sa.Column("y", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("app", "entity"),
    )
    op.create_table(
        "dg_studio_sheet",
        sa.Column("id", RECORD_ID, nullable=False),
        sa.Column("app", sa.String(48), nullable=False),
        sa.Column("user", RECORD_ID, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("columns", JSON, nullable=False),
        sa.Column("entity", sa.String(64)),
        sa.Column("taken", JSON),
        sa.Column("job", RECORD_ID),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_dg_studio_sheet_app", "dg_studio_sheet", ["app"])
