"""A server process of its own, as an administrator starts it, and a client that sends what no browser would."""

from __future__ import annotations

import gzip
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clinic import Clinic

START_SECONDS_MAX = 60


@dataclass(frozen=True)
class Served:
    """A clinic served by a process of its own; `clinic` looks at the same database from outside."""

    clinic: Clinic
    host: str
    port: int
    log: Path
    process: subprocess.Popen[bytes]

    def stop(self, how: signal.Signals) -> None:
        """Have the process end."""
        self.process.send_signal(how)

    @property
    def address(self) -> str:
        """The beginning of every address."""
        return f"http://{self.host}:{self.port}"

    def logged(self) -> str:
        """What the process has written so far."""
        return self.log.read_text(errors="replace")


@contextmanager
def serving(clinic: Clinic, folder: Path, **environment: str) -> Iterator[Served]:
    """Serve a clinic with `dougong serve` until the end of the block."""
    settings = clinic.site.settings
    log = folder / "served.log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "dougong_platform", "serve", "--port", "0"],
            env={
                **os.environ,
                "DOUGONG_DATABASE_URL": settings.database_url,
                "DOUGONG_DATA_DIR": str(settings.data_dir),
                "DOUGONG_LOG_FORMAT": "json",
                **environment,
            },
            stdout=out,
            stderr=out,
            cwd=folder,
        )
    try:
        port = _port(log, process)
        yield Served(clinic, "127.0.0.1", port, log, process)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(20)


def _port(log: Path, process: subprocess.Popen[bytes]) -> int:
    until = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < until and process.poll() is None:
        found = re.search(r"running on http://127\.0\.0\.1:(\d+)", log.read_text(errors="replace"))
        if found:
            return int(found[1])
        time.sleep(0.05)
    raise AssertionError(log.read_text(errors="replace"))


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    """Names in small letters; those that stand there twice are joined by a comma."""
    body: bytes
    said: str = field(repr=False, default="")

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")


class Sender:
    """One connection that is kept, and opened anew when the server ends it. Nothing is normalised or checked."""

    def __init__(self, served: Served, timeout: float = 60) -> None:
        self._served = served
        self._timeout = timeout
        self._connection: http.client.HTTPConnection | None = None

    def send(
        self, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        """Send a request as it is written: the target's characters go out as Latin-1."""
        try:
            return self._send(method, target, headers or {}, body)
        except (http.client.HTTPException, ConnectionError):
            self.close()
            return self._send(method, target, headers or {}, body)

    def _send(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        connection = self._connection or _Unchecked(
            self._served.host, self._served.port, timeout=self._timeout
        )
        self._connection = connection
        names = {name.lower() for name in headers}
        connection.putrequest(method, target, skip_host="host" in names, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value.encode("latin-1", "replace"))
        if "content-length" not in names and (body or method not in ("GET", "HEAD", "OPTIONS", "DELETE")):
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body or None)
        got = connection.getresponse()
        endless = (got.getheader("content-type") or "").startswith("text/event-stream")
        # A stream has no end: what is sent at once is looked at, and the connection given up.
        content = got.read1(65_536) if endless else got.read()
        if got.getheader("content-encoding") == "gzip":
            content = gzip.decompress(content) if content else b""
        found: dict[str, str] = {}
        for name, value in got.getheaders():
            low = name.lower()
            found[low] = f"{found[low]}, {value}" if low in found else value
        if got.will_close or endless:
            self.close()
        return Answer(got.status, found, content, f"{method} {target[:300]}")

    def close(self) -> None:
        """End the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class _Unchecked(http.client.HTTPConnection):
    """A connection that sends any target, whatever stands in it."""

    def _validate_path(self, url: str) -> None:
        return None

    def _encode_request(self, request: str) -> bytes:
        return request.encode("latin-1", "replace")


def raw(served: Served, *pieces: bytes, pause: float = 0.0, timeout: float = 20.0) -> bytes:
    """Send bytes over a connection of its own, with pauses between them; gives all that comes until it is closed."""
    with socket.create_connection((served.host, served.port), timeout=timeout) as connection:
        try:
            for piece in pieces:
                connection.sendall(piece)
                if pause:
                    time.sleep(pause)
        except (BrokenPipeError, ConnectionResetError):
            pass
        return _all(connection)


def _all(connection: Any) -> bytes:
    came = b""
    try:
        while more := connection.recv(65536):
            came += more
    except (ConnectionResetError, TimeoutError):
        pass
    return came
