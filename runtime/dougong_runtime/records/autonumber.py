"""Numbers that count up by a pattern: `C{YYYY}-{000000}` gives C2026-000001, C2026-000002 … and starts anew each year."""

from __future__ import annotations

import re
from datetime import date

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from dougong_runtime.storage.system import SYSTEM

COUNTER = sa.Table(
    "dg_counter",
    SYSTEM,
    sa.Column("app", sa.String(48), primary_key=True),
    sa.Column("field", sa.String(32), primary_key=True),
    sa.Column("period", sa.String(120), primary_key=True),
    sa.Column("value", sa.BigInteger, nullable=False),
)
"""The last number given, by the field's id, so that a renamed field goes on counting."""

_PART = re.compile(r"\{((?:YYYY|YY|MM|DD)+|0+)\}")
_UNIT = re.compile("YYYY|YY|MM|DD")


def take(
    connection: sa.Connection, app: str, field_id: str, pattern: str, day: date, count: int
) -> list[str]:
    """The next `count` numbers of a field, on a day of the site's zone.

    The counter's row stays locked until the transaction ends: no number is given twice, and none is lost by a
    rollback.
    """
    period = _PART.sub(lambda part: part[0] if part[1].startswith("0") else _dated(part[1], day), pattern)
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    first = insert(COUNTER).values(app=app, field=field_id, period=period, value=count)
    statement = first.on_conflict_do_update(
        index_elements=["app", "field", "period"], set_={"value": COUNTER.c.value + count}
    ).returning(COUNTER.c.value)
    last = connection.execute(statement).scalar_one()
    return [_numbered(period, n) for n in range(last - count + 1, last + 1)]


def _numbered(period: str, number: int) -> str:
    return _PART.sub(lambda part: str(number).zfill(len(part[1])), period)


def _dated(part: str, day: date) -> str:
    written = {
        "YYYY": f"{day.year:04}",
        "YY": f"{day.year % 100:02}",
        "MM": f"{day.month:02}",
        "DD": f"{day.day:02}",
    }
    return _UNIT.sub(lambda unit: written[unit[0]], part)
