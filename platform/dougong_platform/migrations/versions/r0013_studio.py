"""What is being built in the studio: drafts, every step, who is there, remarks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic.operations import Operations

from dougong_platform.migrations.types import INSTANT, JSON, RECORD_ID
from dougong_runtime.labels import Label

revision = "0013"
down_revision = "0012"
SAYS = Label("工作室的草稿", "Drafts of the studio")


def upgrade(op: Operations) -> None:
    """Five tables."""
    op.create_table(
        "dg_studio_draft",
        sa.Column("app", sa.String(48), nullable=False),
        sa.Column("base", sa.Integer, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("app"),
    )
    op.create_table(
        "dg_studio_document",
        sa.Column("app", sa.String(48), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("data", sa.Text),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("app", "key"),
    )
    op.create_table(
        "dg_studio_step",
        sa.Column("app", sa.String(48), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("about", sa.Integer),
        sa.Column("user", RECORD_ID),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("title", JSON, nullable=False),
        sa.Column("documents", JSON, nullable=False),
        sa.Column("patch", sa.Text, nullable=False),
        sa.Column("inverse", sa.Text, nullable=False),
        sa.Column("undo", sa.Integer),
        sa.Column("redo", sa.Integer),
        sa.PrimaryKeyConstraint("app", "number"),
    )
    op.create_index("ix_dg_studio_step_user", "dg_studio_step", ["app", "user", "number"])
    op.create_table(
        "dg_studio_presence",
        sa.Column("app", sa.String(48), nullable=False),
        sa.Column("user", RECORD_ID, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("document", sa.String(200), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("app", "user"),
    )
    op.create_table(
        "dg_studio_comment",
        sa.Column("id", RECORD_ID, nullable=False),
        sa.Column("app", sa.String(48), nullable=False),
        sa.Column("document", sa.String(64), nullable=False),
        sa.Column("user", RECORD_ID),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("settled_by", sa.Text),
        sa.Column("settled_at", INSTANT),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_dg_studio_comment", "dg_studio_comment", ["app", "document"])
