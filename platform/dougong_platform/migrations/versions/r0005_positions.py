"""Where the log stood when a person last wrote, for reading from a replica."""

from __future__ import annotations

import sqlalchemy as sa
from alembic.operations import Operations

from dougong_platform.migrations.types import INSTANT, RECORD_ID
from dougong_runtime.labels import Label

revision = "0005"
down_revision = "0004"
SAYS = Label("只读副本的读己之写", "Reading one's own writes from a replica")


def upgrade(op: Operations) -> None:
    """A table that on PostgreSQL is not logged: writing to it costs no wait for the disk."""
    op.create_table(
        "dg_position",
        sa.Column("user", RECORD_ID, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("user"),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE dg_position SET UNLOGGED")
