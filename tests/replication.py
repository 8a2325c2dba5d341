"""A primary and a streaming replica of PostgreSQL, on loopback, for tests of reading from a replica."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from databases import binaries, free_port

SETTINGS = (
    "-c listen_addresses=127.0.0.1 -c fsync=off -c full_page_writes=off -c synchronous_commit=off -c max_connections=60 "
    "-c shared_buffers=32MB -c wal_receiver_status_interval=1 -c wal_retrieve_retry_interval=200 -c autovacuum=off"
)


@dataclass(frozen=True)
class Server:
    """One server; `data` is its folder."""

    data: Path
    port: int
    user: str | None
    settings: str = SETTINGS

    def url(self, database: str = "postgres") -> str:
        """The SQLAlchemy URL of a database on it."""
        return f"postgresql+psycopg://dougong@127.0.0.1:{self.port}/{database}"

    def connect(self) -> psycopg.Connection[tuple[object, ...]]:
        """A connection that commits each statement."""
        return psycopg.connect(self.url().replace("+psycopg", ""), autocommit=True)

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs as the user that may."""
        subprocess.run(
            [str(binaries() / program), *arguments],
            check=True,
            user=self.user,
            cwd="/",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"},
        )

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = f"-p {self.port} -k {self.data.parent} {self.settings}"
        self.run("pg_ctl", "-D", str(self.data), "-o", options, "-w", "-l", f"{self.data}.log", "start")

    def stop(self) -> None:
        """End it at once, as a crash would."""
        self.run("pg_ctl", "-D", str(self.data), "-m", "immediate", "stop")


@dataclass(frozen=True)
class Pair:
    """Both servers. The replica follows by the slot `replica`."""

    primary: Server
    replica: Server

    def pause(self) -> None:
        """Let the replica receive and not replay."""
        with self.replica.connect() as connection:
            connection.execute("SELECT pg_wal_replay_pause()")
            while connection.execute("SELECT pg_get_wal_replay_pause_state()").fetchone() != ("paused",):
                time.sleep(0.01)

    def resume(self) -> None:
        """Let it go on."""
        with self.replica.connect() as connection:
            connection.execute("SELECT pg_wal_replay_resume()")

    def wait(self) -> None:
        """Until the replica has replayed all that has been written by now."""
        with self.primary.connect() as connection:
            position = connection.execute("SELECT pg_current_wal_insert_lsn()").fetchone()
        assert position is not None
        with self.replica.connect() as connection:
            while connection.execute(
                "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", position
            ).fetchone() != (True,):
                time.sleep(0.005)


@contextmanager
def streaming_pair(settings: str = "") -> Iterator[Pair]:
    """A primary and its replica, both up; ended and removed afterwards. `settings`: options that override ours."""
    folder = Path(tempfile.mkdtemp(prefix="dougong-pair-"))
    user = "postgres" if os.geteuid() == 0 else None
    if user is not None:
        entry = pwd.getpwnam(user)
        os.chown(folder, entry.pw_uid, entry.pw_gid)
    primary = Server(folder / "primary", free_port(), user, f"{SETTINGS} {settings}")
    replica = Server(folder / "replica", free_port(), user, f"{SETTINGS} {settings}")
    started: list[Server] = []
    try:
        primary.run(
            "initdb", "-D", str(primary.data), "-U", "dougong", "--auth=trust", "-E", "UTF8", "--no-sync"
        )
        primary.start()
        started.append(primary)
        source = ["-h", "127.0.0.1", "-p", str(primary.port), "-U", "dougong"]
        copy = [
            "-D",
            str(replica.data),
            "-R",
            "-X",
            "stream",
            "-C",
            "-S",
            "replica",
            "-c",
            "fast",
            "--no-sync",
        ]
        replica.run("pg_basebackup", *source, *copy)
        replica.start()
        started.append(replica)
        yield Pair(primary, replica)
    finally:
        for server in reversed(started):
            try:
                server.stop()
            except subprocess.CalledProcessError:
                continue
        shutil.rmtree(folder, ignore_errors=True)
