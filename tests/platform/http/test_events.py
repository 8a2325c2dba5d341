"""Server-sent events of a process of its own: told as it happens, ended with the session, no more than may be."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from clinic import PASSWORD, PATH, open_clinic
from dougong_platform import signin
from dougong_platform.http.events import STREAMS_OF_ONE_MAX
from dougong_platform.http.viewer import COOKIE
from dougong_platform.viewers import Door
from served import Served, serving

PATIENCE_SECONDS = 20.0


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("events")
    with open_clinic(request.param, folder) as clinic, serving(clinic, folder) as running:
        yield running


@dataclass
class Listening:
    """A connection on which `/events` was asked for, read as it comes."""

    connection: socket.socket
    seen: str = ""
    is_open: bool = True

    def until(self, text: str) -> bool:
        """Read until this was told; False where the stream ended, or nothing came for long."""
        end = time.monotonic() + PATIENCE_SECONDS
        while text not in self.seen and self.is_open and time.monotonic() < end:
            self._read()
        return text in self.seen

    def until_ended(self) -> bool:
        end = time.monotonic() + PATIENCE_SECONDS
        while self.is_open and time.monotonic() < end:
            self._read()
        return not self.is_open

    def _read(self) -> None:
        try:
            part = self.connection.recv(4096)
        except TimeoutError:
            return
        self.seen += part.decode()
        self.is_open = bool(part) and not self.seen.endswith("0\r\n\r\n")


@contextmanager
def listening(served: Served, token: str | None) -> Iterator[Listening]:
    cookie = f"Cookie: {COOKIE}={token}\r\n" if token else ""
    with socket.create_connection((served.host, served.port), 10) as connection:
        connection.settimeout(0.2)
        connection.sendall(f"GET /events HTTP/1.1\r\nHost: x\r\n{cookie}\r\n".encode())
        yield Listening(connection)


def signed_in(served: Served, username: str) -> str:
    return signin.sign_in(served.clinic.site, username, PASSWORD).token


def mention(served: Served, text: str) -> None:
    clinic = served.clinic
    patient = clinic.make("patient", name="王敏", owner=clinic.users["dr_lin"])["id"]
    answer = clinic.client("dr_lin").post(f"{PATH}/patient/{patient}/comments", json={"text": text})
    assert answer.status_code == 201, answer.text


def test_a_page_is_told_what_is_unread_as_it_happens_and_until_its_session_ends(served: Served) -> None:
    """What is written by another process, here the test's own, is told all the same."""
    token = signed_in(served, "nurse_bai")
    with listening(served, token) as mine, listening(served, signed_in(served, "dr_mao")) as others:
        assert mine.until('data: {"unread":0}')
        assert "HTTP/1.1 200" in mine.seen
        assert "text/event-stream" in mine.seen
        mention(served, "@白护士 一")
        assert mine.until('data: {"unread":1}')
        mention(served, "@白护士 二")
        assert mine.until('data: {"unread":2}')
        served.clinic.client("nurse_bai").post("/api/v1/notifications/read", json={"all": True})
        assert mine.seen.count('{"unread":0}') == 1
        mine.seen = ""
        assert mine.until('data: {"unread":0}')
        with served.clinic.site.database.write() as connection:
            signin.sign_out(served.clinic.site, connection, token, Door("page"))
        assert mine.until_ended()
        assert others.until('data: {"unread":0}')
        assert others.seen.count("event:") == 1


@pytest.mark.parametrize("token", [None, "nonsense", "x" * 5_000])
def test_who_has_not_signed_in_is_not_connected(served: Served, token: str | None) -> None:
    with listening(served, token) as nobody:
        assert nobody.until("HTTP/1.1 204")


def test_one_person_has_so_many_streams_and_no_more(served: Served) -> None:
    token = signed_in(served, "head_yu")
    with listening(served, token) as first:
        assert first.until("retry:")
        opened: list[Any] = [listening(served, token) for _ in range(STREAMS_OF_ONE_MAX + 3)]
        seen = [context.__enter__() for context in opened]
        assert all(one.until("HTTP/1.1 2") for one in seen)
        assert sum("HTTP/1.1 204" in one.seen for one in seen) == 4
        for context in opened:
            context.__exit__(None, None, None)
        with listening(served, signed_in(served, "dr_lin")) as another:
            assert another.until("HTTP/1.1 200")
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        with listening(served, token) as again:
            if again.until("HTTP/1.1 20") and "HTTP/1.1 200" in again.seen:
                return
        time.sleep(0.1)
    raise AssertionError("streams that ended still count")


def test_a_process_that_ends_waits_for_no_open_page(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("ending")
    with open_clinic("sqlite", folder) as clinic, serving(clinic, folder) as running:
        with listening(running, signed_in(running, "dr_lin")) as stream:
            assert stream.until("retry:")
            started = time.monotonic()
            running.stop(signal.SIGTERM)
            assert stream.until_ended()
            assert time.monotonic() - started < 10
        assert "Cancel" not in running.logged()
