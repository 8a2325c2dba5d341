"""The two servers that are compared, each a process on a free port; and the cluster that they share."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Served:
    """A server process."""

    process: subprocess.Popen[bytes]
    port: int
    ready_seconds: float


@contextmanager
def ours(url: str, folder: Path, processes: int = 1) -> Iterator[list[Served]]:
    """The product, as many processes as asked, each on a port of its own."""
    with _ending([_serve_ours(url, folder) for _ in range(processes)]) as served:
        yield served


@contextmanager
def baseline(url: str, owner: str, processes: int = 1) -> Iterator[list[Served]]:
    """The baseline likewise."""
    with _ending([_serve_baseline(url, owner) for _ in range(processes)]) as served:
        yield served


@contextmanager
def _ending(served: list[Served]) -> Iterator[list[Served]]:
    try:
        yield served
    finally:
        for one in served:
            one.process.terminate()
            one.process.wait(20)


def _serve_ours(url: str, folder: Path) -> Served:
    port = free_port()
    environment = {
        **os.environ,
        "DOUGONG_DATABASE_URL": url,
        "DOUGONG_DATA_DIR": str(folder),
        "DOUGONG_LOG_LEVEL": "warning",
    }
    command = [str(Path(sys.executable).parent / "dougong"), "serve", "--port", str(port)]
    started = time.perf_counter()
    process = subprocess.Popen(command, env=environment, cwd=folder, stdout=subprocess.DEVNULL)
    wait_for(f"http://127.0.0.1:{port}/readyz", process)
    return Served(process, port, time.perf_counter() - started)


def _serve_baseline(url: str, owner: str) -> Served:
    port = free_port()
    database = url.removeprefix("sqlite:///") if url.startswith("sqlite") else url.replace("+psycopg", "")
    environment = {**os.environ, "BENCH_DATABASE": database, "BENCH_OWNER": owner}
    command = [sys.executable, "-m", "uvicorn", "bench.baseline:app", "--port", str(port)]
    command += ["--log-level", "warning", "--no-access-log"]
    started = time.perf_counter()
    process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL)
    wait_for(f"http://127.0.0.1:{port}/aggregate", process)
    return Served(process, port, time.perf_counter() - started)


def wait_for(url: str, process: subprocess.Popen[bytes], seconds: float = 60) -> None:
    """Until a server answers 200; raises RuntimeError when it ends or takes too long."""
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        if process.poll() is not None:
            raise RuntimeError(f"the server for {url} ended with status {process.returncode}")
        try:
            with urlopen(url, timeout=30) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError(f"{url} did not answer in {seconds} s")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])
