"""What people say to each other about records: comments, followers, notices."""

from __future__ import annotations

import sqlalchemy as sa
from alembic.operations import Operations

from dougong_platform.migrations.types import INSTANT, JSON, RECORD_ID
from dougong_runtime.labels import Label

revision = "0010"
down_revision = "0009"
SAYS = Label("评论、关注和消息", "Comments, followers and notices")


def upgrade(op: Operations) -> None:
    """Three tables."""
    op.create_table(
        "dg_comment",
        sa.Column("id", RECORD_ID, nullable=False),
        sa.Column("app", sa.String(48), nullable=False),
        sa.Column("entity_id", sa.String(64), nullable=False),
        sa.Column("record", RECORD_ID, nullable=False),
        sa.Column("author", RECORD_ID),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("mentions", JSON, nullable=False),
        sa.Column("edited_at", INSTANT),
        sa.Column("deleted_at", INSTANT),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("dg_comment_record", "dg_comment", ["record", "id"])
    op.create_table(
        "dg_follower",
        sa.Column("record", RECORD_ID, nullable=False),
        sa.Column("user", RECORD_ID, nullable=False),
        sa.Column("app", sa.String(48), nullable=False),
        sa.Column("follows", sa.Boolean, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("record", "user"),
    )
    op.create_table(
        "dg_notice",
        sa.Column("id", RECORD_ID, nullable=False),
        sa.Column("user", RECORD_ID, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("app", sa.String(48), nullable=False),
        sa.Column("entity_id", sa.String(64), nullable=False),
        sa.Column("record", RECORD_ID),
        sa.Column("comment", RECORD_ID),
        sa.Column("field", sa.String(64)),
        sa.Column("before", sa.Text),
        sa.Column("after", sa.Text),
        sa.Column("how_many", sa.Integer),
        sa.Column("actor", RECORD_ID),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("read_at", INSTANT),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("dg_notice_user", "dg_notice", ["user", "id"])
    op.create_index("dg_notice_record", "dg_notice", ["record"])
    op.create_index(
        "dg_notice_unread",
        "dg_notice",
        ["user", "id"],
        postgresql_where=sa.text("read_at IS NULL"),
        sqlite_where=sa.text("read_at IS NULL"),
    )
