"""The application as a process: probes, and one real server."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from clinic import PATH, Clinic, open_clinic


def test_probes_tell_whether_it_lives_and_serves(clinic: Clinic) -> None:
    stranger = clinic.client()
    assert stranger.get("/healthz").json() == {"status": "ok"}
    assert stranger.get("/readyz").json() == {"status": "ready", "apps": 1}
    figures = stranger.get("/metrics")
    assert figures.headers["content-type"].startswith("text/plain")
    assert 'route="/readyz"' in figures.text


def test_large_answers_are_packed(clinic: Clinic) -> None:
    answer = clinic.client("head_yu", **{"Accept-Encoding": "gzip"}).get(f"{PATH}/openapi.json")
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.json()["openapi"] == "3.1.0"


def test_every_problem_type_answers_with_its_meaning(clinic: Clinic) -> None:
    stranger = clinic.client()
    told = stranger.get("/problems/not-found").json()
    assert (told["type"], told["status"]) == ("/problems/not-found", 404)
    assert stranger.get("/problems/nonsense").status_code == 404


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """A server process on SQLite: its address, and a token of the head of department."""
    with open_clinic("sqlite", tmp_path) as clinic:
        url, token = clinic.site.settings.database_url, clinic.tokens["head_yu"]
    environment = {
        **os.environ,
        "DOUGONG_DATABASE_URL": url,
        "DOUGONG_DATA_DIR": str(tmp_path / "data"),
        "DOUGONG_LOG_FORMAT": "json",
    }
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        "--factory",
        "dougong_platform.serving:application",
        "--port",
        "0",
    ]
    log = (tmp_path / "log").open("w")
    process = subprocess.Popen(command, env=environment, stderr=log, stdout=log, cwd=tmp_path)
    try:
        yield _address(tmp_path / "log", process), token
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        log.close()


def _address(log: Path, process: subprocess.Popen[bytes]) -> str:
    until = time.monotonic() + 40
    while time.monotonic() < until and process.poll() is None:
        found = re.search(r"http://127\.0\.0\.1:(\d+)", log.read_text())
        if found:
            return found[0]
        time.sleep(0.05)
    raise AssertionError(log.read_text())


def test_a_real_server_serves_reads_writes_and_jobs(server: tuple[str, str], tmp_path: Path) -> None:
    address, token = server
    with httpx.Client(base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=30) as client:
        assert client.get("/readyz").json()["status"] == "ready"
        made = client.post(
            f"{PATH}/patient", json={"name": "真服务"}, headers={"X-Request-Id": "trace-12345"}
        )
        assert made.status_code == 201
        assert client.get(f"{PATH}/patient/{made.json()['id']}").json()["name"] == "真服务"
        job = client.post(f"{PATH}/patient/export", json={"fields": ["name"]}).headers["location"]
        until = time.monotonic() + 20
        while client.get(job).json()["state"] not in ("done", "failed") and time.monotonic() < until:
            time.sleep(0.05)
        assert "真服务" in client.get(f"{job}/result").content.decode("utf-8-sig")
        big = client.post(
            f"{PATH}/patient", content=b"[" * 2_000_000, headers={"Content-Type": "application/json"}
        )
        assert big.status_code == 413
        assert client.get("/healthz").status_code == 200
    logged = (tmp_path / "log").read_text()
    assert '"route": "/api/v1/apps/{app}/{entity}"' in logged
    assert "trace-12345" in logged
    assert token not in logged
