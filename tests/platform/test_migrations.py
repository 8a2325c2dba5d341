"""The system's own tables from one release to the next."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

import dougong_platform
import dougong_runtime
from databases import drop, every_database, fresh_url, stem
from dougong_platform import installing, seals, signin
from dougong_platform.database import Database
from dougong_platform.http.app import make_app
from dougong_platform.http.viewer import COOKIE
from dougong_platform.migrations import runner
from dougong_platform.site import Site
from dougong_runtime import publish
from dougong_runtime.audit import log, seal
from dougong_runtime.errors import Refused
from dougong_runtime.storage.dialects import install_functions
from dougong_runtime.storage.system import SYSTEM
from releases import Kept, kept_release, restore_release
from sites import CLINIC, close, install, make_site
from sites import SYSTEM as SYSTEM_VIEWER
from structure import import_all, structure

EFFORT = int(os.environ.get("DOUGONG_TEST_EFFORT", "1"))


@pytest.fixture
def first_release(database_kind: str, tmp_path: Path) -> Iterator[Kept]:
    kept = kept_release("first_release", database_kind, tmp_path)
    yield kept
    drop(kept.url)


@every_database
def test_the_chain_makes_what_the_code_declares(database_kind: str, tmp_path: Path) -> None:
    """Whoever changes a system table and adds no migration, or one that does something else, is told here."""
    import_all(dougong_runtime)
    import_all(dougong_platform)
    site = make_site(fresh_url(database_kind, tmp_path), tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    declared = make_site_bare(database_kind, fresh_url(database_kind, other), other)
    with declared.database.write() as connection:
        SYSTEM.create_all(connection)
        install_functions(connection)
        log.install(connection)
        seal.install(connection)
        publish.install_directory(connection)
        wanted = structure(connection)
    with site.database.read() as connection:
        made = structure(connection)
    for name in (f"table {runner.VERSION_TABLE}", f"index {runner.VERSION_TABLE}_pkc"):
        made.pop(name, None)
    assert made.keys() == wanted.keys()
    assert {n: (made[n], w) for n, w in wanted.items() if made[n] != w} == {}
    close(site)
    close(declared)


@every_database
def test_a_database_of_the_first_release_is_upgraded_and_everything_works(first_release: Kept) -> None:
    site, facts = first_release.site(), first_release.facts
    site.database.install()
    assert site.database.is_installed()
    verdict, anchors = seals.verify_all(site)
    assert verdict.ok
    assert [(anchor.batches, anchor.problem) for anchor in anchors] == [(1, None)]
    assert verdict.rows > 10
    assert verdict.unsealed > 0

    with TestClient(make_app(site), headers={"Accept-Language": "en"}) as client:
        old = client.get("/", cookies={COOKIE: facts["session"]}, follow_redirects=True)
        assert old.status_code == 200
        assert "安娜" in old.text
        nurse = client.get("/api/v1/me", headers={"Authorization": f"Bearer {facts['token']}"})
        assert nurse.json()["username"] == "ben"
    assert signin.sign_in(site, "anna", facts["password"]).token != facts["session"]

    with site.database.write() as connection:
        door = site.records(connection, SYSTEM_VIEWER, "clinic")
        shown = door.get("patient", facts["changed"])
        assert (shown["name"], shown["code"]) == ("王小敏", facts["code"])
        changes = [c for event in door.history("patient", facts["changed"]) for c in event.changes]
        assert [c.after for c in changes if c.field == "name"] == ["王小敏", "王敏敏", "王敏"]
        assert door.restore("patient", facts["deleted"])["name"] == "李强"
        door.update("patient", facts["restored"], {"name": "O'Neill"})
        assert door.create("patient", {"name": "新人", "phone": "13900000000"})["code"] == "P2026-0004"
    install(site, CLINIC)  # without the field that the kept version had: retired, not lost
    seals.seal_now(site)
    verdict, _ = seals.verify_all(site)
    assert (verdict.ok, verdict.unsealed) == (True, 0)
    site.database.close()


@every_database
def test_an_upgraded_database_has_the_structure_of_a_new_one(first_release: Kept, tmp_path: Path) -> None:
    old = first_release.site()
    with old.database.write() as connection:  # the first release made a table when a process first needed it
        connection.exec_driver_sql("DROP TABLE dg_job")
    old.database.install()
    fresh_folder = tmp_path / "fresh"
    fresh_folder.mkdir()
    new = make_site(fresh_url(first_release.kind, fresh_folder), fresh_folder)
    with old.database.read() as connection:
        upgraded = structure(connection)
    with new.database.read() as connection:
        made = structure(connection)
    assert {n: (upgraded.get(n), form) for n, form in made.items() if upgraded.get(n) != form} == {}
    old.database.close()
    close(new)


@every_database
def test_killed_at_any_statement_the_next_start_completes(database_kind: str, tmp_path: Path) -> None:
    first = stem(database_kind, "first release", _keep)
    every = 1 if EFFORT > 1 else 7 if database_kind == "sqlite" else 23
    for n in range(1, 400, every):
        kept = Kept(database_kind, first.copied(tmp_path), tmp_path, first.made)
        dying, next_start = kept.site(), kept.site()
        died = _dies_at(dying, n)
        dying.database.close()
        next_start.database.install()
        assert next_start.database.is_installed()
        with next_start.database.read() as connection:
            door = next_start.records(connection, SYSTEM_VIEWER, "clinic")
            assert door.get("patient", kept.facts["changed"])["name"] == "王小敏"
        next_start.database.close()
        drop(kept.url)
        if not died:
            break
    assert 25 <= n < 399


def _keep(url: str, folder: Path) -> dict[str, Any]:
    return restore_release("first_release", url, folder)


class Killed(BaseException):
    """As if the process were gone: nothing catches it."""


def _dies_at(site: Site, n: int) -> bool:
    counted = 0

    def count(*_given: object) -> None:
        nonlocal counted
        counted += 1
        if counted == n:
            raise Killed

    sa.event.listen(site.database.engine, "before_cursor_execute", count)
    try:
        site.database.install()
    except Killed:
        return True
    return False


@every_database
@pytest.mark.parametrize("beginning", ["nothing", "first release"])
def test_of_processes_that_start_at_once_one_migrates_and_the_others_wait(
    database_kind: str, tmp_path: Path, beginning: str
) -> None:
    if beginning == "nothing":
        kept = Kept(database_kind, fresh_url(database_kind, tmp_path), tmp_path, NEW)
    else:
        kept = kept_release("first_release", database_kind, tmp_path)
    sites = [kept.site() for _ in range(4)]
    barrier = threading.Barrier(len(sites))
    failed: list[BaseException] = []
    ran: list[str] = []

    def start(site: Site) -> None:
        barrier.wait()
        try:
            ran.extend(migration.revision for migration in installing.install(site.database, automatic=True))
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=start, args=(site,)) for site in sites]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert sorted(ran) == [migration.revision for migration in runner.chain()]
    assert all(site.database.is_installed() for site in sites)
    for site in sites:
        site.database.close()
    drop(kept.url)


@every_database
def test_a_newer_database_is_refused(site: Site) -> None:
    with site.database.write() as connection:
        connection.exec_driver_sql(f"UPDATE {runner.VERSION_TABLE} SET version_num = '9999'")
    with pytest.raises(Refused) as caught:
        Database(site.settings).install()
    (problem,) = caught.value.problems
    assert problem.type.name == "newer-database"
    assert "9999" in problem.text("en")


@every_database
def test_who_upgrades_by_hand_is_told_and_a_new_database_is_made_all_the_same(
    first_release: Kept, tmp_path: Path
) -> None:
    old = first_release.site(upgrade="manual")
    with pytest.raises(Refused) as caught:
        old.database.install()
    (problem,) = caught.value.problems
    assert problem.type.name == "pending-migrations"
    assert runner.head() in problem.text("en")
    told: list[str] = []
    installing.bring_up(old.database, lambda migration: told.append(migration.revision))
    assert told == [migration.revision for migration in runner.chain()]
    old.database.install()
    old.database.close()
    folder = tmp_path / "new"
    folder.mkdir()
    new = make_site(fresh_url(first_release.kind, folder), folder, upgrade="manual")
    assert new.database.is_installed()
    close(new)


@every_database
def test_installing_twice_is_harmless_and_writes_nothing(site: Site, tmp_path: Path) -> None:
    again = make_site(site.settings.database_url, tmp_path)
    with again.database.write():  # nobody else could write on SQLite, and need not
        site.database.install()
    again.database.close()


def test_every_migration_says_what_it_does_and_is_one_chain() -> None:
    revisions = [migration.revision for migration in runner.chain()]
    assert revisions == [f"{n:04}" for n in range(1, len(revisions) + 1)]
    files = sorted(Path(runner.__file__).parent.glob("versions/r[0-9]*.py"))
    assert [file.name[1:5] for file in files] == revisions
    for migration, file in zip(runner.chain(), files, strict=True):
        assert migration.says.zh
        assert migration.says.en
        text = file.read_text(encoding="utf-8")
        for today in (
            "dougong_platform.tables",
            "dougong_runtime.storage",
            "dougong_runtime.records",
            "SYSTEM",
        ):
            assert today not in text, f"{file.name} follows today's code instead of its release's: {today}"


NEW: dict[str, Any] = {"secret": "s" * 40, "at": "2026-03-02T02:00:00+00:00"}


def make_site_bare(kind: str, url: str, folder: Path) -> Site:
    """A site whose database is empty."""
    return Kept(kind, url, folder, NEW).site()
