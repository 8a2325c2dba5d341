"""Acts on many records as jobs: gone on with after a `kill -9`, nothing twice, stopped and taken back."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from databases import every_database
from dougong_platform import people, selections, viewers
from dougong_platform.acts import Act
from dougong_platform.http.jobs import acts as act_jobs
from dougong_platform.http.jobs import runner, work
from dougong_platform.http.jobs.acts import act_order, undo_order
from dougong_platform.http.jobs.runner import Jobs
from dougong_platform.http.jobs.table import JOB
from dougong_platform.site import Site
from dougong_platform.viewers import Door
from dougong_runtime.audit import log
from dougong_runtime.host import Viewer
from dougong_runtime.records.each import Edit
from dougong_runtime.records.query import Query
from sites import SYSTEM, add_person, close, copied_site, install

pytestmark = every_database
PATIENTS = 30


@pytest.fixture
def site(database_kind: str, tmp_path: Path) -> Iterator[Site]:
    """A clinic with a head and patients."""
    made = copied_site(database_kind, tmp_path, "clinic with patients to act on", _fill)
    yield made
    close(made)


def _fill(site: Site) -> None:
    install(site)
    with site.database.write() as connection:
        people.add_team(site, connection, SYSTEM, "medicine")
    user = add_person(site, "head_yu", ["clinic.head"], team="medicine")
    with site.database.write() as connection:
        records = site.records(connection, SYSTEM, "clinic")
        records.create_many("patient", [{"name": f"P{n:02}", "owner": user} for n in range(PATIENTS)])


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small parts, and a process is thought dead after half a second."""
    monkeypatch.setattr(act_jobs, "PART", 10)
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


def order(site: Site, edit: Edit) -> str:
    """A job that changes every patient; nobody has taken it up."""
    with site.database.write() as connection:
        records = site.records(connection, head(site), "clinic")
        chosen = selections.choose(records, connection, Query("patient"), site.clock.now())
        asked = act_order(chosen.id, Act("update", edit), {})
        job, _ = Jobs(site).prepare(connection, head(site), "act", "clinic", "patient", asked)
    return job


@contextmanager
def working(site: Site) -> Iterator[Jobs]:
    jobs = Jobs(site)
    jobs.start()
    try:
        yield jobs
    finally:
        jobs.close()


def told(site: Site, job: str) -> dict[str, Any]:
    with site.database.read() as connection:
        return Jobs(site).get(connection, head(site), job)


def ended(site: Site, job: str) -> dict[str, Any]:
    until = time.monotonic() + 30
    while (found := told(site, job))["state"] in ("queued", "running"):
        assert time.monotonic() < until, found
        time.sleep(0.02)
    return found


def named(site: Site, name: str) -> int:
    with site.database.read() as connection:
        table = site.running(connection, "clinic").tables.of("patient")
        return connection.scalar(sa.select(sa.func.count()).where(table.c.name == name)) or 0


def updates(site: Site) -> int:
    with site.database.read() as connection:
        return len(log.find(connection, actions=[log.UPDATE], limit=1000))


_DYING = """
import sys, time
from pathlib import Path
from dougong_platform.http.jobs import acts
from dougong_platform.http.jobs.runner import Jobs
from dougong_platform.http.jobs.work import Work
from sites import make_site

acts.PART = 10
progress = Work.progress

def slowly(self, done, total=None):
    progress(self, done, total)
    print(done, flush=True)
    time.sleep(0.3)

Work.progress = slowly
jobs = Jobs(make_site(sys.argv[1], Path(sys.argv[2])))
jobs.start()
time.sleep(60)
"""


def test_an_act_goes_on_where_its_process_was_killed_and_does_nothing_twice(site: Site) -> None:
    job = order(site, Edit({"name": "同"}))
    dying = subprocess.Popen(
        [sys.executable, "-c", _DYING, site.settings.database_url, str(site.settings.data_dir)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), *sys.path])},
    )
    assert dying.stdout is not None
    assert next(line for line in iter(dying.stdout.readline, "") if line.strip() == "10")
    dying.kill()
    dying.wait()
    dying.stdout.close()
    kept = named(site, "同")
    assert 10 <= kept < PATIENTS, "what was kept stays, and is not yet all"
    with working(site):
        found = ended(site, job)
    assert (found["state"], found["outcome"]["changed"]) == ("done", PATIENTS)
    assert found["outcome"]["same"] == 0
    assert (named(site, "同"), updates(site)) == (PATIENTS, PATIENTS)


def test_a_stopped_act_keeps_what_was_done_and_is_taken_back(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = order(site, Edit({"name": "同"}))
    progress = work.Work.progress

    def stopped(self: work.Work, done: int, total: int | None = None) -> None:
        if done == 20:
            (self.folder / work.CANCEL).touch()
        progress(self, done, total)

    monkeypatch.setattr(work.Work, "progress", stopped)
    with working(site):
        found = ended(site, job)
    assert (found["state"], found["outcome"]["changed"], named(site, "同")) == ("cancelled", 20, 20)
    monkeypatch.setattr(work.Work, "progress", progress)
    with site.database.write() as connection:
        act = Jobs(site).act(connection, head(site), job)
        asked = undo_order(act.selection, act.id, act.at.isoformat())
        undo, _ = Jobs(site).prepare(connection, head(site), "undo", "clinic", "patient", asked)
    with working(site):
        back = ended(site, undo)
    assert (back["outcome"]["changed"], back["outcome"]["refused"], named(site, "同")) == (20, 0, 0)


def test_an_act_that_brings_its_process_down_is_given_up_and_says_what_stays(site: Site) -> None:
    job = order(site, Edit({"name": "同"}))
    lost = {"state": "running", "holder": "dead", "attempts": 3, "outcome": {"changed": 10, "position": 10}}
    with site.database.write() as connection:
        connection.execute(sa.update(JOB).where(JOB.c.id == job).values(**lost))
    (site.settings.data_dir / "jobs" / job / "progress").write_text("[10,30]")
    time.sleep(0.6)
    with working(site):
        found = ended(site, job)
    assert (found["state"], found["problem"]["type"]) == ("failed", "/problems/job-stopped")


def test_what_was_chosen_is_forgotten_with_the_job(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    job = order(site, Edit({"name": "同"}))
    with working(site) as jobs:
        ended(site, job)
        monkeypatch.setattr(runner, "KEPT", -runner.KEPT)
        jobs.sweep()
    with site.database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(selections.SELECTION)) == 0
