"""Unsaved forms, records picked lately, and links by which strangers fill in a form are kept by the server."""

from __future__ import annotations

import sqlalchemy as sa
from alembic.operations import Operations

from dougong_platform.migrations.types import INSTANT, JSON, RECORD_ID
from dougong_runtime.labels import Label

revision = "0008"
down_revision = "0007"
SAYS = Label("表单草稿、最近选用和公开表单", "Drafts of forms, recent picks and public forms")


def upgrade(op: Operations) -> None:
    """Four tables."""
    op.create_table(
        "dg_draft",
        sa.Column("id", RECORD_ID, nullable=False),
        sa.Column("user", RECORD_ID, nullable=False),
        sa.Column("app", sa.String(48), nullable=False),
        sa.Column("entity", sa.String(48), nullable=False),
        sa.Column("record", sa.String(36), nullable=False),
        sa.Column("form", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer),
        sa.Column("fields", JSON, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("user", "app", "entity", "record", "form"),
    )
    op.create_index("ix_dg_draft_updated_at", "dg_draft", ["updated_at"])
    op.create_table(
        "dg_picked",
        sa.Column("user", RECORD_ID, nullable=False),
        sa.Column("app", sa.String(48), nullable=False),
        sa.Column("entity", sa.String(48), nullable=False),
        sa.Column("record", RECORD_ID, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("user", "app", "entity", "record"),
    )
    op.create_table(
        "dg_public_form",
        sa.Column("id", RECORD_ID, nullable=False),
        sa.Column("app", sa.String(48), nullable=False),
        sa.Column("form", sa.String(64), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("role", sa.String(64)),
        sa.Column("per_hour_max", sa.Integer, nullable=False),
        sa.Column("created_by", RECORD_ID),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT),
        sa.Column("closed_at", INSTANT),
        sa.Column("received", sa.Integer, nullable=False),
        sa.Column("refused", sa.Integer, nullable=False),
        sa.Column("last_at", INSTANT),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "dg_receipt",
        sa.Column("number", sa.String(24), nullable=False),
        sa.Column("link", RECORD_ID, nullable=False),
        sa.Column("nonce_hash", sa.String(64), nullable=False),
        sa.Column("entity", sa.String(48), nullable=False),
        sa.Column("record", RECORD_ID, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("nonce_hash"),
    )
    op.create_index("ix_dg_receipt_link", "dg_receipt", ["link"])
