"""Publishing while eight clients read and write through serving processes: nobody is refused, nobody sees a mixture."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from databases import every_database
from dougong_platform import apps, tokens
from dougong_platform.site import Site
from dougong_runtime import publish
from dougong_runtime.host import SystemClock
from make import app_of
from sites import SYSTEM, add_person, close, copied_site

EFFORT = int(os.environ.get("DOUGONG_TEST_EFFORT", "1"))
CLIENTS = 8
START_SECONDS_MAX = 60

FIRST = """
kind: app
name: school
version: 1.0.0
---
kind: entity
name: lesson
title: subject
fields:
  - {name: subject, type: text, search: true}
  - {name: alpha, id: one, type: text}
  - {name: beta, id: two, type: text}
  - {name: price, type: text}
---
kind: role
name: clerk
grants:
  - {entity: lesson, actions: [read, create, update]}
"""
SECOND = (
    FIRST.replace("{name: alpha, id: one,", "{name: beta, id: one,")
    .replace("{name: beta, id: two,", "{name: alpha, id: two,")
    .replace(
        "{name: price, type: text}", "{name: price, type: decimal, scale: 2}\n  - {name: extra, type: text}"
    )
)
"""Two fields change names, one changes its type, one is new."""


@dataclass
class Seen:
    """What clients met."""

    reads: int = 0
    writes: int = 0
    slowest: float = 0.0
    wrong: list[str] = field(default_factory=list)


@pytest.fixture
def site(database_kind: str, tmp_path: Path) -> Iterator[Site]:
    """A site with the first version and a few lessons."""
    made = copied_site(database_kind, tmp_path, "lessons", _lessons)
    made.clock = SystemClock()
    yield made
    close(made)


def _lessons(site: Site) -> None:
    publish_version(site, FIRST)
    with site.database.write() as connection:
        records = site.records(connection, SYSTEM, "school")
        for n in range(20):
            records.create("lesson", {"subject": f"s{n}", "alpha": "A", "beta": "B", "price": "1.50"})


def publish_version(site: Site, text: str) -> int:
    """As the command line does, with everything prepared that can be."""

    def carry_out(connection: sa.Connection, plan: publish.Plan, prepared: publish.Prepared) -> int:
        return apps.apply(site, connection, plan, SYSTEM, "a test", prepared)

    _, number = publish.publish(
        site.database.engine,
        lambda connection: publish.plan_publish(connection, app_of(text)),
        carry_out,
        prepared_from_rows=1,
    )
    return number


@contextmanager
def serving(site: Site, folder: Path, workers: int) -> Iterator[int]:
    """The site served by processes of their own; gives the port."""
    log = folder / "served.log"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    given = {
        "DOUGONG_DATABASE_URL": site.settings.database_url,
        "DOUGONG_DATA_DIR": str(site.settings.data_dir),
        "DOUGONG_SECRET_KEY": "s" * 40,
        "DOUGONG_LOG_FORMAT": "json",
    }
    with log.open("w") as out:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "dougong_platform",
                "serve",
                "--port",
                str(port),
                "--workers",
                str(workers),
            ],
            env={**os.environ, **given},
            stdout=out,
            stderr=out,
            cwd=folder,
        )
    try:
        until = time.monotonic() + START_SECONDS_MAX
        while "startup complete" not in log.read_text(errors="replace") or not answers(port):
            assert process.poll() is None, log.read_text(errors="replace")
            assert time.monotonic() < until, log.read_text(errors="replace")
            time.sleep(0.05)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def answers(port: int) -> bool:
    """Whether somebody listens there: a process says that it is up a moment before it does."""
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


class Client:
    """One of those who work; each request on a connection of its own, so that all processes are met."""

    def __init__(self, port: int, token: str) -> None:
        self.port, self.token = port, token

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and what was answered."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        content = None if body is None else json.dumps(body)
        connection.request(method, f"/api/v1/apps/school/lesson{path}", content, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, json.loads(text) if text.startswith(("{", "[")) else text

    def work(self, ids: list[str], seen: Seen, stop: threading.Event) -> None:
        """Read and write in turn until told to stop."""
        turn = 0
        while not stop.is_set():
            turn += 1
            started = time.monotonic()
            if turn % 2:
                status, answer = self.ask("GET", "?limit=50")
                seen.reads += 1
                bad = [i for i in answer["items"] if not is_whole(i)] if status == 200 else [answer]
            elif turn % 4:
                status, answer = self.ask("PATCH", f"/{ids[turn % len(ids)]}", {"subject": f"t{turn}"})
                seen.writes += 1
                bad = [] if status == 200 and is_whole(answer) else [answer]
            else:
                status, answer = self.ask("POST", "", {"subject": f"n{turn}", "price": "2.25"})
                seen.writes += 1
                bad = [] if status == 201 else [answer]
            seen.slowest = max(seen.slowest, time.monotonic() - started)
            seen.wrong += [f"{status} {item}" for item in bad[:3]]


def is_whole(record: dict[str, Any]) -> bool:
    """Whether a record is as one of the two versions shows it."""
    pair, price = (record["alpha"], record["beta"]), record["price"]
    if price == "2.25":
        return pair == (None, None)
    return price == "1.50" and pair == (("B", "A") if "extra" in record else ("A", "B"))


@every_database
def test_eight_clients_work_on_while_versions_change(site: Site, tmp_path: Path) -> None:
    user = add_person(site, "clerk", ["school.clerk"])
    with site.database.write() as connection:
        token = tokens.issue(site, connection, SYSTEM, user).token
    seen, stop = Seen(), threading.Event()
    with serving(site, tmp_path, 1 if site.database.has_one_writer else 2) as port:
        asking = Client(port, token)
        status, listed = asking.ask("GET", "?limit=50")
        assert status == 200, listed
        ids = [item["id"] for item in listed["items"]]
        clients = [
            threading.Thread(target=Client(port, token).work, args=(ids[n:] + ids[:n], seen, stop))
            for n in range(CLIENTS)
        ]
        for client in clients:
            client.start()
        try:
            for n in range(4 * EFFORT):
                publish_version(site, FIRST if n % 2 else SECOND)
                shown = [asking.ask("GET", f"/{ids[0]}")[1] for _ in range(4)]
                assert [("extra" in record) for record in shown] == [n % 2 == 0] * 4, shown
                time.sleep(0.1)
        finally:
            stop.set()
            for client in clients:
                client.join()
    assert seen.wrong == []
    assert seen.reads >= CLIENTS
    assert seen.writes >= CLIENTS
