"""Which column holds values of a type, for field types that share one way of keeping them."""

from __future__ import annotations

from typing import Any, assert_never

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeEngine

from dougong_runtime.exact import Exact, Instant, JsonValue, RecordId
from dougong_runtime.formulas.types import Kind, ValueType

PLAIN_TEXT: TypeEngine[str] = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
"""Text compared by code points on both databases, so that order, `<` and keyset pages agree."""


def column_type(value_type: ValueType) -> TypeEngine[Any]:
    """The SQLAlchemy type that keeps values of a formula type. Raises ValueError for what has no column."""
    match value_type.kind:
        case Kind.TEXT:
            return PLAIN_TEXT
        case Kind.NUMBER:
            if value_type.scale == 0 and value_type.precision <= 18:
                return sa.BigInteger()
            return Exact(value_type.precision, value_type.scale)
        case Kind.BOOLEAN:
            return sa.Boolean()
        case Kind.DATE:
            return sa.Date()
        case Kind.DATETIME:
            return Instant()
        case Kind.TIME:
            return sa.Time()
        case Kind.CHOICE:
            whole = value_type.options and all(isinstance(o, int) for o in value_type.options)
            return sa.BigInteger() if whole else PLAIN_TEXT
        case Kind.RECORD:
            return RecordId()
        case Kind.LIST | Kind.FILE | Kind.JSON:
            return JsonValue()
        case Kind.RECORDS | Kind.NULL:
            raise ValueError(f"values of type {value_type.kind} have no column")
        case _:
            assert_never(value_type.kind)
