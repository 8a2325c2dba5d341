"""Jobs outlive their process: taken up again after a `kill -9`, kept once, cancelled, and never settled by two."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from databases import every_database
from dougong_platform import people, viewers
from dougong_platform.http.jobs import runner, transfers, work
from dougong_platform.http.jobs.runner import Jobs
from dougong_platform.http.jobs.table import JOB
from dougong_platform.http.jobs.work import UPLOAD, Lost, Work
from dougong_platform.site import Site
from dougong_platform.viewers import Door
from dougong_runtime.audit import log
from dougong_runtime.host import Viewer
from dougong_runtime.records.query import Query
from dougong_runtime.transfer import load
from sites import SYSTEM, add_person, close, copied_site, install

pytestmark = every_database

OPTIONS = {"key": None, "dry_run": False, "keep_good": False, "name": "patients.csv"}


@pytest.fixture
def site(database_kind: str, tmp_path: Path) -> Iterator[Site]:
    """A clinic with a head, who may read files in."""
    made = copied_site(database_kind, tmp_path, "clinic with a head", _fill)
    yield made
    close(made)


def _fill(site: Site) -> None:
    install(site)
    with site.database.write() as connection:
        people.add_team(site, connection, SYSTEM, "medicine")
    add_person(site, "head_yu", ["clinic.head"], team="medicine")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small chunks, and a process is thought dead after half a second."""
    monkeypatch.setattr(load, "CHUNK", 10)
    monkeypatch.setattr(runner, "LOST_SECONDS", 0.5)
    monkeypatch.setattr(runner, "BEAT_SECONDS", 0.1)
    monkeypatch.setattr(work, "LOOK_SECONDS", 0.0)


def head(site: Site) -> Viewer:
    with site.database.read() as connection:
        people = site.records(connection, SYSTEM, "dougong").list(
            Query("user", filter="username = 'head_yu'")
        )
        found = viewers.viewer(connection, people.items[0]["id"], site.clock, site.settings, Door("api"))
    assert found is not None
    return found


def order_import(site: Site, rows: int, **options: Any) -> str:
    """A job that reads so many patients in; nobody has taken it up."""
    with site.database.write() as connection:
        job, folder = Jobs(site).prepare(
            connection, head(site), "import", "clinic", "patient", {**OPTIONS, **options}
        )
        lines = [f"P{i:03},p{i}@i.example" for i in range(rows)]
        (folder / UPLOAD).write_text("\n".join(["name,mail", *lines]) + "\n")
    return job


def order_export(site: Site) -> str:
    with site.database.write() as connection:
        order = transfers.export_order(Query("patient", fields=("name",), sort=("name",)), "csv")
        job, _ = Jobs(site).prepare(connection, head(site), "export", "clinic", "patient", order)
    return job


@contextmanager
def working(site: Site) -> Iterator[Jobs]:
    """A process that takes jobs up."""
    jobs = Jobs(site)
    jobs.start()
    try:
        yield jobs
    finally:
        jobs.close()


def told(site: Site, job: str) -> dict[str, Any]:
    with site.database.read() as connection:
        return Jobs(site).get(connection, head(site), job)


def ended(site: Site, job: str, seconds: float = 20.0) -> dict[str, Any]:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = told(site, job)
        if found["state"] not in ("queued", "running"):
            return found
        time.sleep(0.02)
    raise AssertionError(f"not finished: {found}")


def patients(site: Site) -> int:
    with site.database.read() as connection:
        table = site.running(connection, "clinic").tables.of("patient")
        return connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def audited(site: Site, action: str) -> int:
    with site.database.read() as connection:
        return len(log.find(connection, actions=[action]))


_DYING = """
import sys, time
from pathlib import Path
from dougong_platform.http.jobs.runner import Jobs
from dougong_platform.http.jobs.work import Work
from dougong_runtime.transfer import load
from sites import make_site

load.CHUNK = 10
progress = Work.progress

def slowly(self, done, total=None):
    progress(self, done, total)
    print(done, flush=True)
    time.sleep(0.2)

Work.progress = slowly
site = make_site(sys.argv[1], Path(sys.argv[2]))
jobs = Jobs(site)
jobs.start()
time.sleep(60)
"""


def test_a_job_in_flight_is_finished_after_a_kill_and_nothing_is_doubled(site: Site) -> None:
    job = order_import(site, 50)
    dying = subprocess.Popen(
        [sys.executable, "-c", _DYING, site.settings.database_url, str(site.settings.data_dir)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), *sys.path])},
    )
    assert dying.stdout is not None
    lines = iter(dying.stdout.readline, "")
    assert next(line for line in lines if line.strip().isdigit()) == "10\n"
    dying.kill()
    dying.wait()
    dying.stdout.close()

    assert told(site, job)["state"] == "running"
    assert patients(site) == 0
    with working(site):
        found = ended(site, job)
    assert found["state"] == "done", found
    assert (found["attempts"], found["outcome"]["created"]) == (2, 50)
    assert (patients(site), audited(site, log.IMPORT)) == (50, 1)
    assert not (site.settings.data_dir / "jobs" / job / UPLOAD).exists(), "what was sent is not kept"


def test_who_has_lost_a_job_keeps_nothing_of_it(site: Site) -> None:
    job = order_import(site, 5)
    with site.database.write() as connection:
        connection.execute(sa.update(JOB).values(state="running", holder="another"))
        row = connection.execute(sa.select(JOB).where(JOB.c.id == job)).one()
    mine = Work(site, row, "me", site.settings.data_dir / "jobs" / job, head(site), lambda: False)
    with pytest.raises(Lost):
        transfers.run_import(mine)
    assert (patients(site), audited(site, log.IMPORT)) == (0, 0)


def test_an_export_starts_anew_and_is_audited_once(site: Site) -> None:
    with working(site):
        ended(site, order_import(site, 3))
    job = order_export(site)
    folder = site.settings.data_dir / "jobs" / job
    (folder / "result-dead.csv").write_text("half a fi")
    (folder / "progress").write_text("[1,3]")
    with site.database.write() as connection:
        connection.execute(sa.update(JOB).where(JOB.c.id == job).values(state="running", holder="dead"))
    time.sleep(0.6)
    with working(site) as jobs:
        assert ended(site, job)["state"] == "done"
        with site.database.read() as connection:
            path, name = jobs.result(connection, head(site), job)
    assert path.read_bytes().decode("utf-8-sig").split() == ["name", "P000", "P001", "P002"]
    assert (name, audited(site, log.EXPORT)) == ("patient.csv", 1)


def test_the_end_of_a_process_interrupts_its_jobs_and_the_next_goes_on(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = order_import(site, 50)
    reached, progress = threading.Event(), Work.progress

    def slowly(self: Work, done: int, total: int | None = None) -> None:
        reached.set()
        time.sleep(0.1)
        progress(self, done, total)

    with monkeypatch.context() as patch:
        patch.setattr(Work, "progress", slowly)
        with working(site):
            assert reached.wait(10)
    found = told(site, job)
    assert (found["state"], found["attempts"], patients(site)) == ("queued", 0, 0)
    with working(site):
        assert ended(site, job)["outcome"]["created"] == 50


def test_good_rows_are_kept_once_however_often_it_was_begun(site: Site) -> None:
    job = order_import(site, 5, keep_good=True)
    folder = site.settings.data_dir / "jobs" / job
    with (folder / UPLOAD).open("a") as file:
        file.write("bad,no mail\n")
    with site.database.write() as connection:
        connection.execute(sa.update(JOB).values(state="running", holder="dead", attempts=1))
    (folder / "progress").write_text("[3,null]")
    time.sleep(0.6)
    with working(site):
        found = ended(site, job)
    assert (found["attempts"], found["outcome"]["created"], found["outcome"]["rejected"]) == (2, 5, 1)
    assert patients(site) == 5


def test_a_job_that_ends_its_process_each_time_is_given_up(site: Site) -> None:
    job = order_import(site, 5)
    with site.database.write() as connection:
        connection.execute(sa.update(JOB).values(state="running", holder="dead", attempts=3))
    (site.settings.data_dir / "jobs" / job / "progress").write_text("[0,null]")
    time.sleep(0.6)
    with working(site):
        found = ended(site, job)
    assert (found["state"], found["problem"]["type"]) == ("failed", "/problems/job-lost")
    assert "3" in found["problem"]["detail"]


def test_a_running_job_is_left_to_who_gives_signs_of_life(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "LOST_SECONDS", 30.0)
    job = order_import(site, 5)
    with site.database.write() as connection:
        connection.execute(sa.update(JOB).values(state="running", holder="alive", attempts=1))
    (site.settings.data_dir / "jobs" / job / "progress").write_text("[2,null]")
    with working(site):
        time.sleep(0.5)
    found = told(site, job)
    assert (found["state"], found["done"], found["attempts"]) == ("running", 2, 1)


def test_a_job_is_cancelled_whether_it_waits_or_runs(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = order_import(site, 50)
    cancel(site, waiting)
    with working(site):
        assert ended(site, waiting)["state"] == "cancelled"

    job = order_import(site, 50)
    reached, go_on, progress = threading.Event(), threading.Event(), Work.progress

    def slowly(self: Work, done: int, total: int | None = None) -> None:
        reached.set()
        assert go_on.wait(10)
        progress(self, done, total)

    monkeypatch.setattr(Work, "progress", slowly)
    with working(site):
        assert reached.wait(10)
        assert cancel(site, job)["cancelling"]
        go_on.set()
        assert ended(site, job)["state"] == "cancelled"
    assert patients(site) == 0
    assert not (site.settings.data_dir / "jobs" / job / UPLOAD).exists()


def cancel(site: Site, job: str) -> dict[str, Any]:
    """It writes no row, so it waits for no import that holds SQLite's only writer."""
    with site.database.read() as connection:
        jobs = Jobs(site)
        jobs.cancel(connection, head(site), job)
        return jobs.get(connection, head(site), job)


def test_who_lost_their_roles_meanwhile_is_refused(site: Site) -> None:
    job = order_import(site, 5)
    with site.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM dg_assignment")
    with working(site):
        assert ended(site, job)["state"] == "failed"
    assert patients(site) == 0
