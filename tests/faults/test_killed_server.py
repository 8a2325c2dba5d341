"""A server process that is killed while many write to it: what it has acknowledged is there when it comes back."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from clinic import PATH, Clinic, open_clinic
from databases import every_database
from dougong_platform.site import Site
from dougong_runtime.records import dependants
from dougong_runtime.records.running import Running

KILLS = int(os.environ.get("DOUGONG_TEST_EFFORT", "1"))
CLIENTS = 6
WRITES_BEFORE = 25
"""Acknowledged writes after which the process is killed."""
SECONDS_MAX = 120


@every_database
def test_what_a_killed_server_has_acknowledged_is_there(database_kind: str, tmp_path: Path) -> None:
    with open_clinic(database_kind, tmp_path) as clinic:
        patients = [
            clinic.make("patient", name=f"P{i}", owner=clinic.users["dr_lin"])["id"] for i in range(3)
        ]
        acknowledged: list[str] = []
        for _ in range(KILLS):
            with _serving(clinic, tmp_path) as (process, port):
                acknowledged += _write_until_killed(clinic, process, port, patients)
        with _serving(clinic, tmp_path) as (process, port):
            token = clinic.tokens["dr_lin"]
            for id_ in acknowledged[-3:]:
                assert _request(port, token, "GET", f"{PATH}/visit/{id_}")[0] == 200
            process.send_signal(signal.SIGTERM)
            process.wait(30)
        _everything_is_whole(clinic.site, set(acknowledged))
        verified = _dougong(clinic, tmp_path, "audit", "verify")
        assert verified.returncode == 0, verified.stdout + verified.stderr


def _everything_is_whole(site: Site, acknowledged: set[str]) -> None:
    with site.database.engine.connect() as connection:
        running = Running.load(connection, "clinic")
        visit = running.tables.of("visit")
        stored = set(connection.execute(sa.select(visit.c.id)).scalars())
        assert acknowledged <= stored, "an acknowledged record is gone"
        audited = connection.execute(
            sa.text("SELECT CAST(record AS TEXT) FROM dg_audit WHERE entity = 'visit' AND action = 'create'")
        ).scalars()
        assert sorted(audited) == sorted(stored), (
            "a record without its row in the audit, or a row without one"
        )
        numbers = sorted(connection.execute(sa.select(visit.c.code)).scalars())
        assert len(numbers) == len(set(numbers)) == int(numbers[-1][-5:]), "a number was given twice, or lost"
        nodes = {(s.entity, f) for s in running.graph.steps for f in s.fields}
        assert dependants.recompute(connection, running, nodes, site.clock, site.settings.time_zone) == []
        connection.rollback()


def _write_until_killed(
    clinic: Clinic, process: subprocess.Popen[bytes], port: int, patients: list[str]
) -> list[str]:
    """Clients that create visits until the process, killed amid that, answers no more; gives what was acknowledged."""
    acknowledged: list[str] = []

    def client(number: int) -> None:
        for count in range(10_000):
            body = {"patient": patients[(number + count) % len(patients)], "fee": f"{count}.50"}
            try:
                status, answer = _request(port, clinic.tokens["dr_lin"], "POST", f"{PATH}/visit", body)
            except (OSError, http.client.HTTPException):
                return
            assert status == 201, answer
            acknowledged.append(answer["id"])

    threads = [threading.Thread(target=client, args=(n,)) for n in range(CLIENTS)]
    for thread in threads:
        thread.start()
    until = time.monotonic() + SECONDS_MAX
    while len(acknowledged) < WRITES_BEFORE and time.monotonic() < until:
        time.sleep(0.005)
    process.kill()
    process.wait(30)
    for thread in threads:
        thread.join(30)
    assert len(acknowledged) >= WRITES_BEFORE
    return acknowledged


def _request(port: int, token: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        sent = None if body is None else json.dumps(body)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        connection.request(method, path, sent, headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def _environment(clinic: Clinic) -> dict[str, str]:
    settings = clinic.site.settings
    return {
        **os.environ,
        "DOUGONG_DATABASE_URL": settings.database_url,
        "DOUGONG_DATA_DIR": str(settings.data_dir),
        "DOUGONG_LOG_FORMAT": "json",
    }


def _dougong(clinic: Clinic, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dougong_platform", *arguments],
        env=_environment(clinic),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )


@contextmanager
def _serving(clinic: Clinic, folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """`dougong serve` as a process of its own, and its port."""
    log = folder / "served.log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "dougong_platform", "serve", "--port", "0"],
            env=_environment(clinic),
            stdout=out,
            stderr=out,
            cwd=folder,
        )
    try:
        until = time.monotonic() + SECONDS_MAX
        while process.poll() is None and time.monotonic() < until:
            found = re.search(r"running on http://127\.0\.0\.1:(\d+)", log.read_text(errors="replace"))
            if found:
                yield process, int(found[1])
                return
            time.sleep(0.05)
        raise AssertionError(log.read_text(errors="replace"))
    finally:
        process.kill()
        process.wait(30)
