"""Names of tables and columns in the database: as the documents say, and short enough for PostgreSQL."""

from __future__ import annotations

import hashlib

from dougong_runtime.model.app import Entity

IDENTIFIER_MAX = 63
"""Bytes of a name that PostgreSQL keeps; it cuts longer ones without a word."""

SEARCH = "dg_search"
SORT_PREFIX = "dg_sort_"
ROW = "dg_row"
"""SQLite only: the row number that full-text search points at, which survives VACUUM."""


def short(name: str) -> str:
    """The name itself, or its beginning and a hash where it is too long.

    >>> short("clinic__visit")
    'clinic__visit'
    >>> len(short("a" * 100))
    63
    """
    if len(name) <= IDENTIFIER_MAX:
        return name
    return f"{name[: IDENTIFIER_MAX - 11]}__{hashlib.sha256(name.encode()).hexdigest()[:9]}"


def table_name(entity: Entity) -> str:
    """The table of an entity."""
    return short(entity.table)


def link_table_name(entity: Entity, field: str) -> str:
    """The table of a `references` field."""
    return short(f"{entity.table}__{field}")


def link_index_name(entity_id: str, field_id: str) -> str:
    """The index of a `references` field's table that leads back."""
    return short(f"ix_back_{field_id}_{entity_id}")


def sort_column_name(field: str) -> str:
    """The column of a text field's sort key."""
    return short(SORT_PREFIX + field)


def search_column_name(field: str | None = None) -> str:
    """The search column of the entity, or of one sensitive field."""
    return SEARCH if field is None else short(f"{SEARCH}_{field}")


def search_table_name(table: str) -> str:
    """SQLite: the full-text table beside a table."""
    return short(f"dg_fts__{table}")


def readable_view_name(table: str) -> str:
    """SQLite: the view of a table in which decimals read as decimals."""
    return short(f"{table}__readable")


def index_name(*facts: str) -> str:
    """A name that follows from what the index is for, by stable ids, so that renames leave it alone."""
    return "ix_" + hashlib.sha256("\x00".join(facts).encode()).hexdigest()[:24]
