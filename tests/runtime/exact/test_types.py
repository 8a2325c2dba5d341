"""Values leave a database as they entered it, in the same order on both."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from databases import every_database
from dougong_runtime.exact import Exact, Instant, JsonValue, RecordId
from dougong_runtime.exact.types import from_ordered_text, instant_text, ordered_text
from formula_tables import world_engine
from formula_world import rid

TABLE = sa.Table(
    "t",
    sa.MetaData(),
    sa.Column("narrow", Exact(18, 2)),
    sa.Column("wide", Exact(38, 10)),
    sa.Column("at", Instant()),
    sa.Column("id", RecordId()),
    sa.Column("data", JsonValue()),
)


@every_database
def test_there_and_back(database_url: str) -> None:
    rows: list[dict[str, Any]] = [
        {
            "narrow": Decimal("-9999999999999999.99"),
            "wide": Decimal("-1234567890123456789012345678.0123456789"),
            "at": datetime(1900, 1, 1, tzinfo=UTC),
            "id": rid(1),
            "data": ["张", 1, None],
        },
        {"narrow": None, "wide": None, "at": None, "id": None, "data": None},
        {
            "narrow": Decimal("0.10"),
            "wide": Decimal("0.0000000001"),
            "at": datetime(2026, 3, 2, 1, 2, 3, 4, tzinfo=UTC),
            "id": rid(2),
            "data": {"b": 1, "a": "x"},
        },
    ]
    engine = world_engine(database_url)
    with engine.begin() as connection:
        TABLE.create(connection)
        connection.execute(TABLE.insert(), rows)
        found = [dict(r) for r in connection.execute(sa.select(TABLE)).mappings()]
        assert found == rows
        for name in ("narrow", "wide", "at"):
            ordered = (
                connection.execute(
                    sa.select(TABLE.c[name]).where(TABLE.c[name].is_not(None)).order_by(TABLE.c[name])
                )
                .scalars()
                .all()
            )
            assert list(ordered) == sorted(r[name] for r in rows if r[name] is not None)
        assert connection.execute(sa.select(sa.func.count()).where(TABLE.c.wide < Decimal(0))).scalar() == 1
        assert connection.execute(sa.select(sa.func.count()).where(TABLE.c.data.is_(None))).scalar() == 1


@every_database
def test_nothing_is_rounded_on_the_way_in(database_url: str) -> None:
    engine = world_engine(database_url)
    with engine.begin() as connection:
        TABLE.create(connection)
    for bad in (Decimal("0.001"), Decimal("1e17"), Decimal("NaN"), Decimal("Infinity")):
        with engine.begin() as connection, pytest.raises(sa.exc.StatementError):
            connection.execute(TABLE.insert(), [{"narrow": bad}])
    with engine.begin() as connection, pytest.raises(sa.exc.StatementError):
        connection.execute(TABLE.insert(), [{"at": datetime.fromisoformat("2026-01-01T00:00:00")}])


@given(a=st.integers(-(10**20) + 1, 10**20 - 1), b=st.integers(-(10**20) + 1, 10**20 - 1))
def test_ordered_text_keeps_order(a: int, b: int) -> None:
    assert (a < b) == (ordered_text(a, 20) < ordered_text(b, 20))
    assert from_ordered_text(ordered_text(a, 20)) == a


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_instants_as_text_keep_order(a: datetime, b: datetime) -> None:
    assert (a < b) == (instant_text(a) < instant_text(b))
