"""The application as a process: probes, and one real server."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from clinic import PATH, Clinic, open_clinic
from databases import fresh_url
from dougong_platform.http.app import make_app
from dougong_platform.http.problem_types import NOT_READY
from dougong_platform.http.readiness import Readiness
from dougong_platform.settings import Settings
from dougong_platform.site import Site
from dougong_runtime.errors import Refused


def test_probes_tell_whether_it_lives_and_serves(clinic: Clinic) -> None:
    stranger = clinic.client()
    assert stranger.get("/healthz").json() == {"status": "ok"}
    assert stranger.get("/readyz").json() == {"status": "ready", "apps": 1}
    figures = TestClient(clinic.app, client=("127.0.0.1", 50_000)).get("/metrics")
    assert figures.headers["content-type"].startswith("text/plain")
    assert 'route="/readyz"' in figures.text


@pytest.mark.parametrize(
    ("setting", "address", "may"),
    [
        ("127.0.0.0/8, ::1", "127.0.0.2", True),
        ("127.0.0.0/8, ::1", "::1", True),
        ("127.0.0.0/8, ::1", "::ffff:127.0.0.1", True),
        ("127.0.0.0/8, ::1", "10.2.0.9", False),
        ("127.0.0.0/8, ::1", "testclient", False),
        ("127.0.0.0/8, ::1", "", False),
        ("10.2.0.0/16, fd00::/8", "10.2.0.9", True),
        ("10.2.0.0/16, fd00::/8", "fd12::5", True),
        ("10.2.0.0/16, fd00::/8", "127.0.0.1", False),
        ("", "127.0.0.1", False),
    ],
)
def test_figures_are_for_those_that_the_setting_names(
    clinic: Clinic, setting: str, address: str, may: bool
) -> None:
    app = make_app(Site(replace(clinic.site.settings, metrics_from=setting)))
    answer = TestClient(app, client=(address, 50_000)).get("/metrics")
    assert answer.status_code == (200 if may else 404)
    assert ("dougong_http" in answer.text) is may


@pytest.mark.parametrize("wrong", ["localhost", "10.0.0.1/8", "10.0.0.0/33", "*", "127.0.0.1:80"])
def test_a_setting_that_names_no_network_stops_the_start(tmp_path: Path, wrong: str) -> None:
    env = {"DOUGONG_DATA_DIR": str(tmp_path), "DOUGONG_METRICS_FROM": wrong}
    with pytest.raises(Refused, match="metrics_from"):
        Settings.load(env, tmp_path / "none.toml")


def test_asking_whether_it_can_serve_costs_one_statement(clinic: Clinic) -> None:
    """The tables are not listed, nor the apps looked at, each time a balancer asks."""
    stranger = clinic.client()
    assert stranger.get("/readyz").status_code == 200
    sent: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        sent.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        assert stranger.get("/readyz").json() == {"status": "ready", "apps": 1}
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
    assert [s for s in sent if s != "BEGIN"] == ["SELECT 1"]


def test_a_database_without_its_tables_is_not_ready_until_they_are_there(tmp_path: Path) -> None:
    env = {"DOUGONG_DATABASE_URL": fresh_url("sqlite", tmp_path), "DOUGONG_DATA_DIR": str(tmp_path / "data")}
    site = Site(Settings.load(env, tmp_path / "none.toml"))
    readiness = Readiness(site)
    for _ in range(2):
        with pytest.raises(Refused) as found:
            readiness.apps()
        assert found.value.problems[0].type is NOT_READY
    site.database.install()
    assert readiness.apps() == 0
    site.database.close()


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
        assert client.get("/metrics").status_code == 200
        for passed_on in ("203.0.113.9", "127.0.0.1, 203.0.113.9"):
            answer = client.get("/metrics", headers={"X-Forwarded-For": passed_on})
            assert answer.status_code == 404, "a proxy asks for somebody outside"
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
