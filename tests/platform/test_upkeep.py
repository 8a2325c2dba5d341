"""What a serving process does beside serving: each piece of work once, by one process."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from databases import every_database
from dougong_platform import seals, upkeep
from dougong_platform.site import Site
from dougong_platform.tables import LEASE
from dougong_platform.upkeep import Upkeep
from dougong_runtime.audit.log import dg_audit
from dougong_runtime.host import FixedClock
from sites import add_person, make_site


def advance(site: Site, **span: float) -> None:
    assert isinstance(site.clock, FixedClock)
    site.clock.at += timedelta(**span)


@every_database
def test_chores_are_done_when_due_and_not_again(site: Site) -> None:
    keeper = Upkeep(site)
    assert keeper.run_due() == ["seal", "hourly", "daily", "retention", "sweep", "files"]
    assert keeper.run_due() == []
    advance(site, seconds=61)
    assert keeper.run_due() == ["seal"]
    advance(site, hours=1)
    assert keeper.run_due() == ["seal", "hourly", "sweep"]
    advance(site, hours=24)
    assert keeper.run_due() == ["seal", "hourly", "daily", "retention", "sweep", "files"]


@every_database
def test_two_processes_do_each_chore_once(site: Site, tmp_path: Path) -> None:
    other = make_site(site.settings.database_url, tmp_path, site.clock)
    first, second = Upkeep(site), Upkeep(other)
    assert first.run_due() != []
    assert second.run_due() == []
    other.database.close()


@every_database
def test_a_chore_that_another_holds_is_left_until_its_lease_ends(site: Site) -> None:
    keeper = Upkeep(site)
    with site.database.write() as connection:
        until = site.clock.now() + upkeep.LEASE_TIME
        connection.execute(sa.insert(LEASE).values(name="seal", holder="dead/1", until=until))
    assert "seal" not in keeper.run_due()
    advance(site, minutes=16)
    assert "seal" in keeper.run_due()


@every_database
def test_a_chore_that_fails_is_tried_again_and_stops_no_other(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = Upkeep(site)

    def fail(_site: Site) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(seals, "seal_now", fail)
        assert keeper.run_due() == ["hourly", "daily", "retention", "sweep", "files"]
    assert keeper.run_due() == []
    advance(site, seconds=60)
    assert keeper.run_due() == ["seal"]


def test_days_begin_at_midnight_of_the_sites_zone() -> None:
    now = datetime(2026, 3, 2, 15, 59, tzinfo=UTC)
    zone = ZoneInfo("Asia/Shanghai")
    assert upkeep.start_of_day(now, zone) == datetime(2026, 3, 1, 16, tzinfo=UTC)
    assert upkeep.start_of_day(now + timedelta(minutes=1), zone) == datetime(2026, 3, 2, 16, tzinfo=UTC)
    assert upkeep.start_of_hour(now) == datetime(2026, 3, 2, 15, tzinfo=UTC)


@every_database
def test_sealed_rows_are_verified_and_a_change_is_found(site: Site) -> None:
    add_person(site, "dr_lin")
    assert seals.seal_now(site).seals[0].rows == 2
    verdict, [anchor] = seals.verify_all(site)
    assert (verdict.ok, verdict.rows, anchor.batches) == (True, 2, 1)
    with site.database.write() as connection:
        for name in ("dg_audit", "dg_seal"):
            _drop_guards(connection, name)
        connection.execute(sa.update(dg_audit).where(dg_audit.c.action == "password").values(action="update"))
    verdict, _ = seals.verify_all(site)
    assert not verdict.ok
    assert verdict.seq == 2


@every_database
def test_cutting_off_the_end_is_found_by_the_anchors(site: Site) -> None:
    add_person(site, "dr_lin")
    seals.seal_now(site)
    add_person(site, "dr_mao")
    seals.seal_now(site)
    with site.database.write() as connection:
        for name in ("dg_audit", "dg_seal"):
            _drop_guards(connection, name)
        connection.exec_driver_sql("DELETE FROM dg_audit WHERE seq > 2")
        connection.exec_driver_sql("DELETE FROM dg_seal WHERE batch > 1")
    verdict, [anchor] = seals.verify_all(site)
    assert anchor.batches == 2
    assert not verdict.ok


def _drop_guards(connection: sa.Connection, table: str) -> None:
    """What who owns the database can do."""
    if connection.dialect.name == "sqlite":
        query = f"SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = '{table}'"
        for (name,) in connection.exec_driver_sql(query).all():
            connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
    else:
        connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER ALL")


@every_database
def test_reading_transactions_refuse_to_write_on_postgresql_and_see_one_state(site: Site) -> None:
    with site.database.read() as reading:
        before = reading.scalar(sa.select(sa.func.count()).select_from(dg_audit))
        add_person(site, "dr_lin")
        assert reading.scalar(sa.select(sa.func.count()).select_from(dg_audit)) == before
        if reading.dialect.name == "postgresql":
            with pytest.raises(sa.exc.DBAPIError):
                reading.exec_driver_sql("DELETE FROM dg_session")
