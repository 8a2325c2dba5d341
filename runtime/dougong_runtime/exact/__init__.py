"""Values that mean the same in Python, on SQLite and on PostgreSQL: column types, and the functions SQL lacks.

types.py        Exact, Instant, RecordId, JsonValue: SQLAlchemy types
numbers.py      decimal arithmetic and rounding
texts.py        text, counted in code points
times.py        dates, instants in a zone, working days
figures.py      figures over many values: deviation, median, internal rate of return
sqlite.py       the above as functions of a SQLite connection
postgresql.py   the above as functions of a PostgreSQL database
"""

from __future__ import annotations

from dougong_runtime.exact.postgresql import POSTGRESQL_FUNCTIONS
from dougong_runtime.exact.sqlite import register_sqlite_functions
from dougong_runtime.exact.types import NARROW_DIGITS, Exact, Instant, JsonValue, RecordId

__all__ = [
    "NARROW_DIGITS",
    "POSTGRESQL_FUNCTIONS",
    "Exact",
    "Instant",
    "JsonValue",
    "RecordId",
    "register_sqlite_functions",
]
