"""Publishing through the studio of a server process: nobody's request fails meanwhile; killed half-way, the old version
runs, the draft is as it was, and the job says what happened."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
import urllib.request
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import sqlalchemy as sa

from clinic import PATH, Clinic, open_clinic
from databases import every_database
from dougong_platform.database import retrying
from dougong_platform.http.jobs.runner import LOST_SECONDS
from served import Served, serving

API = "/api/v1/studio/clinic"
CLIENTS = 8
SECONDS_MAX = 90


def ask(served: Served, method: str, path: str, body: Any = None, who: str = "admin") -> tuple[int, Any]:
    token = served.clinic.tokens[who]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    content = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(served.address + path, content, headers, method=method)
    try:
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return answer.status, json.loads(answer.read())
    except HTTPError as refused:
        return refused.code, json.loads(refused.read())


def publish(served: Served, version: str) -> str:
    status, job = ask(served, "POST", f"{API}/publish", {"version": version})
    assert status == 202, job
    return str(job["id"])


def ended(served: Served, job: str) -> dict[str, Any]:
    until = time.monotonic() + SECONDS_MAX
    while time.monotonic() < until:
        found: dict[str, Any] = ask(served, "GET", f"/api/v1/jobs/{job}")[1]
        if found["state"] not in ("queued", "running"):
            return found
        time.sleep(0.02)
    raise AssertionError(served.logged()[-2_000:])


def rename(served: Served, old: str, new: str) -> None:
    body = {"kind": "field", "name": old, "owner": "patient", "to": new}
    status, answer = ask(served, "POST", f"{API}/rename", body)
    assert status == 200, answer


@every_database
def test_publishing_through_the_studio_under_load_and_killed(database_kind: str, tmp_path: Path) -> None:
    with open_clinic(database_kind, tmp_path) as clinic:
        ids = [
            clinic.make("patient", name=f"P{n}", owner=clinic.users["dr_lin"], mail=f"p{n}@x.example")["id"]
            for n in range(CLIENTS)
        ]
        with serving(clinic, tmp_path) as served:
            _under_load(served, ids)
            job, before = _killed(served, clinic)
        folder = clinic.site.settings.data_dir / "jobs" / job
        long_ago = time.time() - LOST_SECONDS - 5
        os.utime(folder / "progress", (long_ago, long_ago))
        with serving(clinic, tmp_path) as served:
            dead = ended(served, job)
            assert dead["state"] == "failed"
            assert dead["problem"]["type"].endswith("publishing-stopped")
            assert ask(served, "GET", API)[1] == before
            assert ended(served, publish(served, "13.0.0"))["state"] == "done"
            assert ask(served, "GET", f"{PATH}/patient/{ids[0]}", who="head_yu")[1]["letter"]


def _under_load(served: Served, ids: list[str]) -> None:
    """Eight read and write while two versions are published."""
    stop, wrong, done = threading.Event(), [], [0] * CLIENTS

    def work(n: int) -> None:
        while not stop.is_set():
            for method, path, body in (
                ("GET", f"{PATH}/patient?limit=20", None),
                ("PATCH", f"{PATH}/patient/{ids[n]}", {"name": f"P{n} {done[n]}"}),
            ):
                status, answer = ask(served, method, path, body, "head_yu")
                if status != 200:
                    wrong.append(f"{method} {status} {answer}")
            done[n] += 1

    clients = [threading.Thread(target=work, args=(n,)) for n in range(CLIENTS)]
    for client in clients:
        client.start()
    try:
        for old, new, version in (("mail", "letters", "11.0.0"), ("letters", "mail", "12.0.0")):
            rename(served, old, new)
            made = ended(served, publish(served, version))
            assert made["state"] == "done", made
    finally:
        stop.set()
        for client in clients:
            client.join()
    assert wrong == []
    assert min(done) > 0


def _killed(served: Served, clinic: Clinic) -> tuple[str, dict[str, Any]]:
    """A publication whose process is killed while it is at it; gives the job, and how the studio stood before."""
    rename(served, "mail", "letter")
    before = ask(served, "GET", API)[1]
    engine = clinic.site.database.engine
    on_postgresql = engine.dialect.name == "postgresql"
    # On PostgreSQL a reader of the running version keeps the last step off; on SQLite planning takes long enough.
    with engine.connect() if on_postgresql else nullcontext() as holding:
        if holding is not None:
            holding.execute(sa.text("SELECT running FROM dg_app")).all()
        job = publish(served, "13.0.0")
        progress = clinic.site.settings.data_dir / "jobs" / job / "progress"
        wanted, until = (b'"finish"' if on_postgresql else b'"plan"'), time.monotonic() + SECONDS_MAX
        while not progress.exists() or wanted not in progress.read_bytes():
            assert time.monotonic() < until, served.logged()[-2_000:]
            time.sleep(0.001)
        served.stop(signal.SIGKILL)
        served.process.wait(30)

    def running() -> int:
        with clinic.site.database.read() as connection:
            return clinic.site.running(connection, "clinic").number

    assert retrying(running) == before["running"]
    return job, before
