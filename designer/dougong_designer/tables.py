"""Tables of the studio: what is being built, every act on it, who is there, and what is said about it."""

from __future__ import annotations

import sqlalchemy as sa

from dougong_runtime.documents.versions import AsWritten
from dougong_runtime.exact import Instant, JsonValue, RecordId
from dougong_runtime.storage.system import SYSTEM

DRAFT = sa.Table(
    "dg_studio_draft",
    SYSTEM,
    sa.Column("app", sa.String(48), primary_key=True),
    sa.Column("base", sa.Integer, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("updated_at", Instant, nullable=False),
)
"""One draft an app. `base`: the version that it started from; `revision`: the number of its last step."""

DOCUMENT = sa.Table(
    "dg_studio_document",
    SYSTEM,
    sa.Column("app", sa.String(48), primary_key=True),
    sa.Column("key", sa.String(200), primary_key=True),
    sa.Column("data", AsWritten()),
    sa.Column("revision", sa.Integer, nullable=False),
)
"""Documents that the draft has otherwise than its base; `data` NULL: the draft has none of that name."""

STEP = sa.Table(
    "dg_studio_step",
    SYSTEM,
    sa.Column("app", sa.String(48), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("kind", sa.String(10), nullable=False),
    sa.Column("about", sa.Integer),
    sa.Column("user", RecordId),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("title", JsonValue, nullable=False),
    sa.Column("documents", JsonValue, nullable=False),
    sa.Column("patch", AsWritten(), nullable=False),
    sa.Column("inverse", AsWritten(), nullable=False),
    sa.Column("undo", sa.Integer),
    sa.Column("redo", sa.Integer),
    sa.Index("ix_dg_studio_step_user", "app", "user", "number"),
)
"""The history: nothing in it is changed or removed.

kind    act, undo, redo, jump, version (begun anew from one), merge, publish
about   of undo and redo the number of the act; of a jump that of the step; of the others the version's
title   what was done, `{zh, en}`
undo    the act that its person's next undo takes back, after this step
redo    the undo (a step's number) that their next redo takes back
"""

PRESENCE = sa.Table(
    "dg_studio_presence",
    SYSTEM,
    sa.Column("app", sa.String(48), primary_key=True),
    sa.Column("user", RecordId, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("document", sa.String(200), nullable=False),
    sa.Column("at", Instant, nullable=False),
)
"""Who has an app open in the studio, and which document."""

COMMENT = sa.Table(
    "dg_studio_comment",
    SYSTEM,
    sa.Column("id", RecordId, primary_key=True),
    sa.Column("app", sa.String(48), nullable=False),
    sa.Column("document", sa.String(64), nullable=False),
    sa.Column("user", RecordId),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("settled_by", sa.Text),
    sa.Column("settled_at", Instant),
    sa.Index("ix_dg_studio_comment", "app", "document"),
)
"""Remarks of builders on a document, which is named by its id, so that they follow a rename."""

PLACE = sa.Table(
    "dg_studio_place",
    SYSTEM,
    sa.Column("app", sa.String(48), primary_key=True),
    sa.Column("entity", sa.String(64), primary_key=True),
    sa.Column("x", sa.Integer, nullable=False),
    sa.Column("y", sa.Integer, nullable=False),
)
"""Where builders have put an entity's box on the relation diagram, by the entity's id; the others are laid out."""

SHEET = sa.Table(
    "dg_studio_sheet",
    SYSTEM,
    sa.Column("id", RecordId, primary_key=True),
    sa.Column("app", sa.String(48), nullable=False),
    sa.Column("user", RecordId, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("columns", JsonValue, nullable=False),
    sa.Column("entity", sa.String(64)),
    sa.Column("taken", JsonValue),
    sa.Column("job", RecordId),
    sa.Index("ix_dg_studio_sheet_app", "app"),
)
"""Spreadsheets that became, or are to become, an entity; the file lies in the data folder, named by the row's id.

user     who sent it, and as whom its rows are imported
columns  what was found in it: for each column its header, samples and what it seems to hold
entity   id of the entity that was made of it; NULL while columns are still being looked at
taken    place of a column → id of the field that it fills
job      the import of its rows, ordered when the entity was published
"""
