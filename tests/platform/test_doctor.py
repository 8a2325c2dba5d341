"""`dougong doctor`: each thing that can be wrong is made wrong, and is told with what to do."""

from __future__ import annotations

import html
import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from databases import drop, every_database, fresh_url
from dougong_platform import seals, signin, tables
from dougong_platform.cli.main import main
from dougong_platform.doctor import CHECKS, LOOKS, Finding, disk, examine, transactions
from dougong_platform.http.app import make_app
from dougong_platform.http.jobs.table import FAILED, JOB, QUEUED
from dougong_platform.http.viewer import COOKIE
from dougong_platform.presence import Presence
from dougong_platform.site import Site
from dougong_platform.tables import LEASE, PROCESS, SESSION
from dougong_runtime.host import FixedClock
from dougong_runtime.names import uuid7
from dougong_runtime.storage.dialects import make_engine
from releases import kept_release
from sites import PASSWORD, add_person, make_site

AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


def told(site: Site, name: str, *, slow: bool = True) -> list[Finding]:
    """What is told under a name, apart from what is good; each with words in both languages and a remedy."""
    found = [f for f in examine(site, slow=slow) if f.name == name and f.state != "good"]
    for finding in found:
        assert finding.says.zh != finding.says.en
        assert finding.remedy is not None
        assert finding.remedy.zh
        assert finding.remedy.en
    return found


def one(site: Site, name: str) -> Finding:
    (found,) = told(site, name)
    return found


def remedy(site: Site, name: str) -> str:
    found = one(site, name).remedy
    assert found is not None
    return found.en


def with_settings(site: Site, **changed: Any) -> Site:
    """The same site under other settings."""
    return Site(replace(site.settings, **changed), site.clock)


@every_database
def test_a_site_in_order_is_told_nothing_but_what_only_its_administrator_knows(site: Site) -> None:
    add_person(site, "ann", ["admin"])
    seals.seal_now(site)
    site.clock = FixedClock(datetime.now(UTC))
    wrong = {(f.name, f.state) for f in examine(site) if f.state != "good"}
    allowed = {("upkeep", "warning"), ("backups", "warning")}
    if not site.database.has_one_writer:  # the tests' server need not survive
        allowed |= {("database", "bad"), ("database", "warning")}
    assert wrong <= allowed
    assert ("backups", "warning") in wrong


@every_database
def test_a_database_that_is_away_is_told_once_and_the_rest_still_looked_at(
    site: Site, tmp_path: Path
) -> None:
    away = "sqlite:////nowhere/at/all.sqlite" if site.database.has_one_writer else AWAY
    found = examine(with_settings(site, database_url=away))
    assert {f.name for f in found if f.state == "bad"} == {"database"} | (
        {"disk"} if site.database.has_one_writer else set()
    )
    assert "keys" in {f.name for f in found}


AWAY = "postgresql+psycopg://nobody@127.0.0.1:1/nothing?connect_timeout=2"


@every_database
def test_an_older_database_and_a_newer_one(database_kind: str, tmp_path: Path) -> None:
    kept = kept_release("first_release", database_kind, tmp_path)
    site = kept.site()
    assert "dougong upgrade" in remedy(site, "migrations")
    site.database.install()
    assert told(site, "migrations") == []
    with site.database.write() as connection:
        connection.exec_driver_sql("UPDATE dg_migration SET version_num = '9999'")
    assert "9999" in one(site, "migrations").says.en
    site.database.close()
    drop(kept.url)


@every_database
def test_an_empty_database(database_kind: str, tmp_path: Path) -> None:
    url = fresh_url(database_kind, tmp_path)
    made = make_site(url, tmp_path)
    folder = tmp_path / "empty"
    folder.mkdir()
    empty = with_settings(made, database_url=fresh_url(database_kind, folder))
    assert "init" in remedy(empty, "migrations")
    for site in (made, empty):
        site.database.close()
        drop(site.settings.database_url)


@every_database
def test_another_key_than_the_one_of_the_last_seal(site: Site) -> None:
    add_person(site, "ann", ["admin"])
    seals.seal_now(site)
    assert told(site, "keys") == []
    assert one(with_settings(site, secret_key="t" * 40), "keys").state == "bad"


def test_a_key_that_others_can_read_and_one_that_is_short(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    site = make_site(f"sqlite:///{tmp_path / 'x.sqlite'}", folder, secret_key="")
    secret = folder / "secret"
    assert told(site, "keys") == []
    secret.chmod(0o644)
    assert "chmod 600" in remedy(site, "keys")
    secret.chmod(0o600)
    folder.chmod(0o777)
    assert "chmod o-w" in remedy(site, "keys")
    folder.chmod(0o700)
    assert "5" in one(with_settings(site, secret_key="short"), "keys").says.en
    site.database.close()


def test_a_disk_that_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = make_site(f"sqlite:///{tmp_path / 'x.sqlite'}", tmp_path)
    monkeypatch.setattr(disk, "FREE_SHARE_LEAST", 1 << 40)
    assert told(site, "disk") == []
    monkeypatch.setattr(disk, "FREE_SHARE_LEAST", 0)
    assert one(site, "disk").state == "warning"
    monkeypatch.setattr(disk, "FREE_BYTES_LEAST", 1 << 60)
    assert one(site, "disk").state == "bad"
    monkeypatch.setattr(disk, "LOG_BYTES_MOST", 0)
    with site.database.read() as reading:
        reading.exec_driver_sql("SELECT 1 FROM dg_site").all()
        add_person(site, "ann")
        assert "log" in told(site, "disk")[-1].says.en
    site.database.close()


@every_database
def test_a_clock_that_is_wrong_and_one_that_went_backwards(site: Site) -> None:
    site.clock = FixedClock(datetime.now(UTC))
    assert told(site, "clock") == []
    add_person(site, "ann")
    site.clock = FixedClock(datetime.now(UTC) - timedelta(hours=1))
    apart, backwards = told(site, "clock")
    assert "NTP" in (apart.remedy.en if apart.remedy else "")
    assert "backwards" in backwards.says.en


@every_database
def test_audit_that_is_not_sealed(site: Site) -> None:
    add_person(site, "ann")
    assert told(site, "audit") == []
    site.clock = FixedClock(AT + timedelta(hours=1))
    assert "60 minutes" in one(site, "audit").says.en


@every_database
def test_chores_that_are_late_and_sessions_that_nobody_cleared_away(site: Site) -> None:
    user = add_person(site, "ann", ["admin"])
    now = site.clock.now()
    long_ago = now - timedelta(days=3)
    with site.database.write() as connection:
        for name, done_at in (("seal", long_ago), ("sweep", None), ("hourly", now)):
            connection.execute(sa.insert(LEASE).values(name=name, holder="", until=now, done_at=done_at))
        for n in range(60):
            connection.execute(
                sa.insert(SESSION).values(
                    token_hash=f"{n:064}",
                    user=user,
                    created_at=long_ago,
                    used_at=long_ago,
                    expires_at=long_ago if n == 0 else now + timedelta(days=1),
                )
            )
        connection.execute(sa.insert(tables.ATTEMPT).values(key_hash="x" * 64, failures=99, last_at=now))
    late, never = told(site, "upkeep")
    assert "seal" in late.says.en
    assert "sweep" in never.says.en
    assert [f.says.en.split()[0] for f in told(site, "sessions")] == ["1", "The", "1"]


@every_database
def test_processes_of_an_older_program(site: Site) -> None:
    here = Presence()
    now = site.clock.now()
    with site.database.write() as connection:
        here.tell(connection, now)
        for program, seen_at in (("0.0.1", now), ("0.0.2", now - timedelta(hours=1))):
            connection.execute(
                sa.insert(PROCESS).values(
                    id=uuid7(),
                    host="elsewhere",
                    pid=7,
                    program=program,
                    revision="0001",
                    started_at=now,
                    seen_at=seen_at,
                )
            )
    assert "0.0.1" in one(site, "processes").says.en
    with site.database.write() as connection:
        here.tell(connection, now + timedelta(minutes=1))
        left = connection.execute(sa.select(PROCESS.c.program)).scalars().all()
        assert "0.0.2" not in left
        assert len(left) == 2
        here.leave(connection)
        assert connection.execute(sa.select(PROCESS.c.program)).scalars().all() == ["0.0.1"]


@every_database
def test_jobs_that_failed_and_jobs_that_nobody_takes(site: Site) -> None:
    user = add_person(site, "ann")
    now = site.clock.now()
    with site.database.write() as connection:
        for state in (FAILED, QUEUED):
            connection.execute(
                sa.insert(JOB).values(
                    id=uuid7(),
                    user=user,
                    kind="import",
                    app="clinic",
                    entity="patient",
                    state=state,
                    created_at=now - timedelta(hours=1),
                )
            )
    failed, waiting = told(site, "jobs")
    assert "failed" in failed.says.en
    assert "waited" in waiting.says.en


@every_database
def test_slow_statements_are_noted_with_their_text_and_no_value(site: Site) -> None:
    watched = with_settings(site, slow_statement_ms=20)
    slow = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT count(*), :secret FROM n"
    with watched.database.read() as connection:
        for _ in range(2):
            connection.execute(sa.text(slow), {"secret": "王敏"}).all()
    with watched.database.write() as connection:
        watched.database.slow_statements.write(connection, AT)
    found = [f for f in told(watched, "slow statements") if "RECURSIVE n" in f.says.en]
    assert len(found) == 1
    assert found[0].says.en.startswith("2 times")
    assert not any("王敏" in f.says.en for f in found)
    with watched.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM dg_slow_statement")
    unwatched = with_settings(site, slow_statement_ms=0)
    with unwatched.database.read() as connection:
        connection.execute(sa.text(slow), {"secret": "x"}).all()
    with unwatched.database.write() as connection:
        unwatched.database.slow_statements.write(connection, AT)
    assert told(unwatched, "slow statements") == []
    watched.database.close()
    unwatched.database.close()


@every_database
def test_backups(site: Site, tmp_path: Path) -> None:
    mark = tmp_path / "backup done"
    site = with_settings(site, backup_mark=str(mark))
    assert one(site, "backups").state == "bad"
    mark.touch()
    os.utime(mark, (AT.timestamp(), AT.timestamp()))
    assert told(site, "backups") == []
    os.utime(mark, (AT.timestamp() - 200_000, AT.timestamp() - 200_000))
    assert "too long ago" in one(site, "backups").says.en
    site.database.close()


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_an_index_that_was_never_finished_and_a_transaction_that_never_ends(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_person(site, "ann")
    add_person(site, "ben")
    assert told(site, "tables") == []
    plain = make_engine(site.settings.database_url)
    with (
        plain.connect().execution_options(isolation_level="AUTOCOMMIT") as connection,
        pytest.raises(sa.exc.IntegrityError),
    ):
        connection.exec_driver_sql(
            "CREATE UNIQUE INDEX CONCURRENTLY half_done ON dougong__user ((version > 0))"
        )
    plain.dispose()
    broken = one(site, "tables")
    assert broken.state == "bad"
    assert "half_done" in broken.says.en

    assert told(site, "transactions") == []
    monkeypatch.setattr(transactions, "LONG_MINUTES", 0)
    with site.database.write() as connection:
        pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        assert str(pid) in " ".join(f.says.en for f in told(site, "transactions"))


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_settings_of_postgresql_that_lose_data(site: Site) -> None:
    """The tests' server is set not to wait for the disk; a site's must."""
    words = " ".join(f.says.en for f in told(site, "database"))
    assert "fsync=off" in words
    assert "full_page_writes=off" in words
    assert "synchronous_commit=off" in words
    greedy = " ".join(f.says.en for f in told(with_settings(site, pool_size=500, workers=8), "database"))
    assert "8 processes may want 8000 connections" in greedy


def test_a_sqlite_file_that_is_broken(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    site = make_site(f"sqlite:///{path}", tmp_path)
    with site.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        connection.exec_driver_sql(
            "INSERT INTO dougong__user (id, created_at, updated_at, username, active, team) "
            "VALUES ('a', 'x', 'x', 'u', 1, 'nothing')"
        )
        connection.exec_driver_sql("PRAGMA foreign_keys = ON")
    assert "reference to nothing" in one(site, "integrity").says.en
    assert told(site, "integrity", slow=False) == []
    site.database.close()


def test_what_a_loss_of_power_may_cost_on_sqlite(tmp_path: Path) -> None:
    site = make_site(f"sqlite:///{tmp_path / 'x.sqlite'}", tmp_path)
    full = with_settings(site, durability="full")
    words = [[f.says.en for f in examine(s) if f.name == "database"][-1] for s in (site, full)]
    assert "the last few may be" in words[0]
    assert words[1] == "No acknowledged write is lost by a crash or a loss of power"
    site.database.close()
    full.database.close()


def test_variables_that_are_misspelt(tmp_path: Path) -> None:
    site = make_site(f"sqlite:///{tmp_path / 'x.sqlite'}", tmp_path, worker="4")
    assert "DOUGONG_WORKERS" in remedy(site, "variables")
    site.database.close()


def test_the_command_ends_with_1_where_something_is_bad_and_0_where_it_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DOUGONG_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DOUGONG_DATABASE_URL", f"sqlite:///{tmp_path / 'x.sqlite'}")

    def doctor(*options: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            main(["doctor", *options])
        return int(ended.value.code or 0), capsys.readouterr().out

    status, text = doctor("--json")
    assert status == 1
    (bad,) = [f for f in json.loads(text) if f["state"] == "bad"]
    assert bad["name"] == "migrations"
    assert bad["remedy"]
    with pytest.raises(SystemExit):
        main(["init"])
    capsys.readouterr()
    status, text = doctor()
    assert status == 0
    assert "→" in text


def test_every_look_has_its_module_and_is_told_in_order() -> None:
    modules = [module.__name__ for module in LOOKS]
    folder = Path(str(LOOKS[0].__file__)).parent
    files = {path.stem for path in folder.glob("*.py")} - {"__init__", "finding", "examine"}
    assert {name.rpartition(".")[2] for name in modules} == files
    places = [modules.index(one.look.__module__) for one in CHECKS]
    assert places == sorted(places)
    assert set(range(len(modules))) == set(places)


@every_database
def test_the_administrators_page_tells_the_same(clinic_site: Site) -> None:
    add_person(clinic_site, "ann", ["admin"])
    token = signin.sign_in(clinic_site, "ann", PASSWORD).token
    clinic_site.clock = FixedClock(AT + timedelta(hours=1))
    (found,) = told(clinic_site, "audit", slow=False)
    with TestClient(
        make_app(clinic_site), cookies={COOKIE: token}, headers={"Accept": "text/html"}
    ) as client:
        page = client.get("/admin/health?lang=en").text
    assert found.says.en in page
    assert found.remedy is not None
    assert found.remedy.en in html.unescape(page)
    assert 'data-finding="audit"' in page
