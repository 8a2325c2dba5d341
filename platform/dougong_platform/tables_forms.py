"""Tables of filling in: unsaved forms, records picked lately, and links by which strangers fill in a form."""

from __future__ import annotations

import sqlalchemy as sa

from dougong_runtime.exact import Instant, JsonValue, RecordId
from dougong_runtime.storage.system import SYSTEM

DRAFT = sa.Table(
    "dg_draft",
    SYSTEM,
    sa.Column("id", RecordId, primary_key=True),
    sa.Column("user", RecordId, nullable=False),
    sa.Column("app", sa.String(48), nullable=False),
    sa.Column("entity", sa.String(48), nullable=False),
    sa.Column("record", sa.String(36), nullable=False),
    sa.Column("form", sa.String(64), nullable=False),
    sa.Column("version", sa.Integer),
    sa.Column("fields", JsonValue, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("updated_at", Instant, nullable=False),
    sa.UniqueConstraint("user", "app", "entity", "record", "form"),
    sa.Index("ix_dg_draft_updated_at", "updated_at"),
)
"""What a person had typed into a form and not saved: pairs of name and text, as the form would send them. `record` is
empty for a new one, `form` for the form that follows from the entity; `version` is the record's that was being edited."""

PICKED = sa.Table(
    "dg_picked",
    SYSTEM,
    sa.Column("user", RecordId, primary_key=True),
    sa.Column("app", sa.String(48), primary_key=True),
    sa.Column("entity", sa.String(48), primary_key=True),
    sa.Column("record", RecordId, primary_key=True),
    sa.Column("at", Instant, nullable=False),
)
"""Records that a person has lately chosen in a picker, the latest few of each entity."""

PUBLIC_FORM = sa.Table(
    "dg_public_form",
    SYSTEM,
    sa.Column("id", RecordId, primary_key=True),
    sa.Column("app", sa.String(48), nullable=False),
    sa.Column("form", sa.String(64), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("role", sa.String(64)),
    sa.Column("per_hour_max", sa.Integer, nullable=False),
    sa.Column("created_by", RecordId),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("expires_at", Instant),
    sa.Column("closed_at", Instant),
    sa.Column("received", sa.Integer, nullable=False),
    sa.Column("refused", sa.Integer, nullable=False),
    sa.Column("last_at", Instant),
)
"""A link by which anybody may fill in one form. Its token follows from the site's key and `id`, so the database alone
does not give it. `role` is what strangers may read in pickers beside it; `received` and `refused` count sendings."""

RECEIPT = sa.Table(
    "dg_receipt",
    SYSTEM,
    sa.Column("number", sa.String(24), primary_key=True),
    sa.Column("link", RecordId, nullable=False, index=True),
    sa.Column("nonce_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("entity", sa.String(48), nullable=False),
    sa.Column("record", RecordId, nullable=False),
    sa.Column("at", Instant, nullable=False),
)
"""What was received through a link. `nonce_hash` is that of the page on which it was filled in, which counts once."""
