"""The two databases that every rule must hold on: `@every_database` runs a test on SQLite and on PostgreSQL.

PostgreSQL runs as a cluster of the tests' own: in a temporary folder, on a free port of 127.0.0.1, as a user that is
not root, ended with the test run. Each test that asks for a database gets one of its own: an empty one (`fresh_url`),
or a copy of a `Stem` that the process has made once, which takes a hundredth of the time. It is dropped after the test.
"""

from __future__ import annotations

import atexit
import os
import pwd
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import uuid
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Generic, TypeVar

import psycopg
import pytest

T = TypeVar("T")

every_database = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"])


def binaries() -> Path:
    """The folder of PostgreSQL's server programs, of the newest version that is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parent.parent.name))
    if found:
        return found[-1].parent
    there = shutil.which("initdb")
    if there is None:
        raise RuntimeError(
            "PostgreSQL's server is missing: `make setup` installs it (Debian package postgresql)"
        )
    return Path(there).parent


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


MEMORY = Path("/dev/shm")
MEMORY_BYTES_MIN = 6 * 1024**3
"""A whole run keeps about a tenth of it at a time."""


@cache
def memory() -> str | None:
    """A folder in memory with room for what tests write, if there is one.

    A database more or less is hundreds of files: on a disk, to make and to drop one took a third of a second of
    processor time, in memory a twentieth. What a killed process leaves is there in both alike.
    """
    try:
        room = min(shutil.disk_usage(MEMORY).free, _free_memory())
    except OSError:
        return None
    return str(MEMORY) if room >= MEMORY_BYTES_MIN and os.access(MEMORY, os.W_OK) else None


def _free_memory() -> int:
    lines = Path("/proc/meminfo").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))


@cache
def postgresql_cluster(within: str | None = None) -> str:
    """Start a cluster once a process, in a folder of its own; gives the URL prefix, to which a database's name is
    appended."""
    shared = os.environ.get("DOUGONG_TEST_CLUSTER")
    if shared:
        return shared
    folder = Path(tempfile.mkdtemp(prefix="dougong-pg-", dir=within or memory()))
    user = "postgres" if os.geteuid() == 0 else None
    if user is not None:
        entry = pwd.getpwnam(user)
        os.chown(folder, entry.pw_uid, entry.pw_gid)
    commands, port = binaries(), free_port()

    def run(*command: str) -> None:
        subprocess.run(
            command,
            check=True,
            user=user,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "HOME": str(folder)},
        )

    data = folder / "data"
    run(str(commands / "initdb"), "-D", str(data), "-U", "dougong", "--auth=trust", "-E", "UTF8", "--no-sync")
    settings = (
        f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off -c full_page_writes=off "
        "-c synchronous_commit=off -c max_connections=200 -c shared_buffers=128MB"
    )
    run(str(commands / "pg_ctl"), "-D", str(data), "-o", settings, "-w", "-l", str(folder / "log"), "start")

    def stop() -> None:
        subprocess.run(
            [str(commands / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop"],
            user=user,
            cwd="/",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        shutil.rmtree(folder, ignore_errors=True)

    _STARTED.append(stop)
    atexit.register(stop_cluster)
    return f"postgresql+psycopg://dougong@127.0.0.1:{port}/"


_STARTED: list[Callable[[], None]] = []


def stop_cluster() -> None:
    """End the cluster that this process started, if it did, and remove its files."""
    while _STARTED:
        _STARTED.pop()()


def fresh_url(kind: str, folder: Path) -> str:
    """The SQLAlchemy URL of a new, empty database of that kind."""
    if kind == "sqlite":
        return f"sqlite:///{folder / 'test.sqlite'}"
    return _create("template1")


def _create(stem: str) -> str:
    name = "t_" + uuid.uuid4().hex[:12]
    with _administering() as connection:
        # The plain copy of files takes half the time of writing a log of them, which is what 15 and later do unasked.
        strategy = "STRATEGY FILE_COPY" if connection.info.server_version >= 150_000 else ""
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{stem}" {strategy}')
    return postgresql_cluster() + name


def _administering() -> psycopg.Connection[Any]:
    plain = postgresql_cluster().replace("+psycopg", "")
    return psycopg.connect(plain + "postgres", autocommit=True)


def drop(url: str) -> None:
    """Drop a database, whoever is connected to it; one of SQLite goes with its folder."""
    if not url.startswith("sqlite"):
        with _administering() as connection:
            connection.execute(f'DROP DATABASE "{url.rpartition("/")[2]}" WITH (FORCE)')


@dataclass(frozen=True)
class Stem(Generic[T]):
    """A database that is only ever copied, and what was remembered of making it. Nobody is connected to it."""

    kind: str
    url: str
    folder: Path
    """Where its maker may keep files that belong to it."""
    made: T

    def copied(self, folder: Path) -> str:
        """The URL of a copy; one of SQLite lies in that folder."""
        if self.kind == "postgresql":
            return _create(self.url.rpartition("/")[2])
        target = folder / f"{uuid.uuid4().hex[:12]}.sqlite"
        with (
            closing(sqlite3.connect(self.url.removeprefix("sqlite:///"))) as source,
            closing(sqlite3.connect(target)) as copy,
        ):
            source.backup(copy)
        return f"sqlite:///{target}"


_STEMS: dict[tuple[str, str], Stem[Any]] = {}


def stem(kind: str, name: str, make: Callable[[str, Path], T]) -> Stem[T]:
    """The stem of that name, made by the first who asks for it in a process.

    `make` gets the URL of an empty database and a folder, and must leave no connection open.
    """
    if (kind, name) not in _STEMS:
        folder = Path(tempfile.mkdtemp(prefix="dougong-stem-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        url = fresh_url(kind, folder)
        _STEMS[kind, name] = Stem(kind, url, folder, make(url, folder))
    return _STEMS[kind, name]
