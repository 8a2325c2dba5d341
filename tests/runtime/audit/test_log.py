"""What is written to the audit stays as it was written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
import sqlalchemy as sa

from databases import every_database
from dougong_runtime.audit import log
from dougong_runtime.host import Viewer
from dougong_runtime.names import uuid7

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
NURSE = Viewer(
    user=uuid7(), username="nurse", via="api", address="10.0.0.7", request="r1", acting_for="admin"
)


@every_database
def test_an_event_is_read_back_as_it_was_written(engine: sa.Engine) -> None:
    record = uuid7()
    event = log.Event(
        log.UPDATE,
        app="clinic",
        entity="visit",
        record=record,
        before={"fee": Decimal("10.50"), "note": None},
        after={"fee": Decimal("1234567890123456.70"), "note": "复诊 😀 \0"},
        reason="费用\0有误",
        facts={"rule": "fee_limit"},
    )
    with engine.begin() as connection:
        log.write(connection, NURSE, NOW, [event], version=3)
    with engine.begin() as connection:
        [stored] = log.find(connection, record=record)
    assert stored == log.StoredEvent(
        seq=1,
        at=NOW,
        actor=NURSE.user,
        actor_name="nurse",
        acting_for="admin",
        via="api",
        address="10.0.0.7",
        request="r1",
        action="update",
        app="clinic",
        app_version=3,
        entity="visit",
        record=record,
        before={"fee": "10.50", "note": None},
        after={"fee": "1234567890123456.70", "note": "复诊 😀 \0"},
        reason="费用有误",
        facts={"rule": "fee_limit"},
    )


@every_database
@pytest.mark.parametrize("count", [0, 2, 2_345])
def test_many_events_keep_their_order(engine: sa.Engine, count: int) -> None:
    events = [log.Event(log.CREATE, record=f"{n}", facts={"n": n}) for n in range(count)]
    with engine.begin() as connection:
        log.write(connection, NURSE, NOW, events)
        found = log.find(connection, limit=10_000)
    assert [event.facts for event in reversed(found)] == [{"n": n} for n in range(count)]


@every_database
def test_the_system_gives_its_reason(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        log.write(connection, Viewer.system("nightly refresh"), NOW, [log.Event(log.REFRESH)])
        [stored] = log.find(connection)
    assert (stored.actor, stored.actor_name, stored.reason) == (None, "system", "nightly refresh")


@every_database
def test_events_are_found_by_who_what_and_when(engine: sa.Engine) -> None:
    other = Viewer(user=uuid7(), username="doctor")
    with engine.begin() as connection:
        log.write(connection, NURSE, NOW, [log.Event(log.CREATE, app="clinic", entity="visit")])
        log.write(connection, other, NOW + timedelta(hours=1), [log.Event(log.EXPORT, app="clinic")])
        log.write(connection, NURSE, NOW + timedelta(hours=2), [log.Event(log.SIGN_OUT)])

        def found(**wanted: object) -> list[int]:
            return [event.seq for event in log.find(connection, **wanted)]  # type: ignore[arg-type]

        assert found() == [3, 2, 1]
        assert found(limit=1) == [3]
        assert found(before_seq=3) == [2, 1]
        assert found(actor_name="nurse") == [3, 1]
        assert found(app="clinic", entity="visit") == [1]
        assert found(actions=[log.EXPORT, log.SIGN_OUT]) == [3, 2]
        assert found(since=NOW + timedelta(hours=1), until=NOW + timedelta(hours=2)) == [2]


@every_database
def test_a_rolled_back_transaction_leaves_no_event(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        log.write(connection, NURSE, NOW, [log.Event(log.CREATE)])
        connection.rollback()
        assert log.find(connection) == []


@every_database
@pytest.mark.parametrize(
    "attempt",
    [
        "UPDATE dg_audit SET actor_name = 'nobody'",
        "UPDATE dg_audit SET actor_name = 'nobody' WHERE seq = 1",
        "DELETE FROM dg_audit",
        "INSERT OR REPLACE INTO dg_audit (seq, at, actor_name, via, action) VALUES (1, '', '', '', '')",
        "INSERT INTO dg_audit (seq, at, actor_name, via, action) VALUES (1, '', '', '', '') "
        "ON CONFLICT (seq) DO UPDATE SET actor_name = 'nobody'",
        "TRUNCATE dg_audit",
    ],
)
def test_the_database_refuses_to_change_what_was_written(engine: sa.Engine, attempt: str) -> None:
    dialect = engine.dialect.name
    if dialect == (
        "sqlite" if attempt.startswith("TRUNCATE") else "postgresql" if "OR REPLACE" in attempt else ""
    ):
        pytest.skip("the other database's statement")
    with engine.begin() as connection:
        log.write(connection, NURSE, NOW, [log.Event(log.CREATE)])
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), engine.begin() as connection:
        connection.exec_driver_sql(attempt)
    with engine.begin() as connection:
        log.install(connection)
        assert [event.actor_name for event in log.find(connection)] == ["nurse"]


def test_instants_are_utc_and_sort_as_text() -> None:
    shanghai = datetime(2026, 3, 2, 10, 0, tzinfo=timezone(timedelta(hours=8)))
    assert log.instant(shanghai) == log.instant(NOW) == "2026-03-02T02:00:00.000000Z"
    assert log.instant(NOW) < log.instant(NOW + timedelta(microseconds=1))
    with pytest.raises(ValueError, match="aware"):
        log.instant(datetime(2026, 3, 2))  # noqa: DTZ001
