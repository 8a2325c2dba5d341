"""Files that people hand in are known to the server, with what the records name of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic.operations import Operations

from dougong_platform.migrations.types import INSTANT, RECORD_ID
from dougong_runtime.labels import Label

revision = "0009"
down_revision = "0008"
SAYS = Label("文件及其引用", "Files and what names them")


def upgrade(op: Operations) -> None:
    """Two tables."""
    op.create_table(
        "dg_file",
        sa.Column("id", RECORD_ID, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("width", sa.Integer),
        sa.Column("height", sa.Integer),
        sa.Column("by", RECORD_ID),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_dg_file_sha256", "dg_file", ["sha256"])
    op.create_index("ix_dg_file_at", "dg_file", ["at"])
    op.create_index("dg_file_by", "dg_file", ["by", "at"])
    op.create_table(
        "dg_file_use",
        sa.Column("file", RECORD_ID, nullable=False),
        sa.Column("record", RECORD_ID, nullable=False),
        sa.Column("field", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("file", "record", "field"),
        sa.ForeignKeyConstraint(["file"], ["dg_file.id"]),
    )
    op.create_index("dg_file_use_record", "dg_file_use", ["record", "field"])
