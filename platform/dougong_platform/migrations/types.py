"""Column types as migrations write them, each with its form on either database. Once released they stay as they are."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

RECORD_ID: sa.types.TypeEngine[Any] = sa.String(36).with_variant(postgresql.UUID(as_uuid=False), "postgresql")
"""The id of a record, person or row: 36 characters; a UUID on PostgreSQL."""

INSTANT: sa.types.TypeEngine[Any] = sa.Text().with_variant(sa.DateTime(timezone=True), "postgresql")
"""An instant in UTC: ISO 8601 text on SQLite."""

JSON: sa.types.TypeEngine[Any] = sa.Text().with_variant(postgresql.JSONB(), "postgresql")
"""A JSON value: text on SQLite."""
