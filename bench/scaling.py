"""`python -m bench.scaling [--rows N] [--requests N]`: several processes, pgbouncer and a streaming replica, on loopback.

Each arrangement serves the same mix from 16 clients, three lists of 50 by one person to one creation by another, on
the same database; every answer must be the expected one. Told are requests a second, times, the server processes' CPU, and how the rows that
were read fall on primary and replica. `docs/scaling.md` explains the arrangements.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench import servers
from bench import site as bench_site
from bench.load import Figure, measure_over, request

if TYPE_CHECKING:
    from replication import Pair, Server

ROOT = Path(__file__).resolve().parent.parent
CLIENTS = 16
POOLED = 8
"""Connections that pgbouncer keeps to each server."""
DATABASE = "site"
DURABLE = "-c fsync=on -c full_page_writes=on -c synchronous_commit=on -c autovacuum=on"


@dataclass(frozen=True, slots=True)
class Arrangement:
    """How a site is served."""

    name: str
    processes: int
    pooled: bool
    replica: bool


ARRANGEMENTS = (
    Arrangement("one process", 1, False, False),
    Arrangement("two processes", 2, False, False),
    Arrangement("two processes, pgbouncer", 2, True, False),
    Arrangement("two processes, replica", 2, False, True),
    Arrangement("two processes, pgbouncer, replica", 2, True, True),
)


def main() -> int:
    """Make the servers and the site, measure, print."""
    parser = argparse.ArgumentParser(prog="bench.scaling", description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--requests", type=int, default=800)
    given = parser.parse_args()
    sys.path.insert(0, str(ROOT / "tests"))
    from replication import streaming_pair

    with streaming_pair(DURABLE) as pair, tempfile.TemporaryDirectory(prefix="dougong-scaling-") as name:
        folder = Path(name)
        with pair.primary.connect() as connection:
            connection.execute(f"CREATE DATABASE {DATABASE}")
        made = bench_site.make(pair.primary.url(DATABASE), folder, given.rows)
        made.site.database.close()
        with pair.primary.connect() as connection:
            connection.execute("CHECKPOINT")
        pair.wait()
        with pgbouncer(pair) as pooler:
            print(HEAD)
            for arrangement in ARRANGEMENTS:
                print(_measured(arrangement, pair, pooler, folder, made, given.requests), flush=True)
    return 0


HEAD = (
    "| arrangement | requests/s | p50 ms | p95 ms | CPU ms a request | connections | rows read: primary | replica |\n"
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
)


def _measured(
    arrangement: Arrangement, pair: Pair, pooler: int, folder: Path, made: bench_site.Made, requests: int
) -> str:
    url, read_url = pair.primary.url(DATABASE), pair.replica.url(DATABASE)
    if arrangement.pooled:
        url = f"postgresql+psycopg://dougong@127.0.0.1:{pooler}/{DATABASE}"
        read_url = f"postgresql+psycopg://dougong@127.0.0.1:{pooler}/{DATABASE}_read"
    os.environ["DOUGONG_READ_URL"] = read_url if arrangement.replica else ""
    os.environ["DOUGONG_PREPARE_THRESHOLD"] = "none" if arrangement.pooled else "5"
    with servers.ours(url, folder, arrangement.processes) as served:
        asked = [(one.port, one.process.pid) for one in served]
        _run(asked, made, requests // 4)  # warms every process
        before = _rows(pair)
        figure = _run(asked, made, requests)
        time.sleep(1.5)  # the servers tell of what they did with a delay
        primary, replica = (after - was for after, was in zip(_rows(pair), before, strict=True))
        connections = _connections(pair.primary)
    return (
        f"| {arrangement.name} | {figure.per_second:.0f} | {figure.p50_ms:.0f} | {figure.p95_ms:.0f} | "
        f"{figure.cpu_ms:.1f} | {connections} | {primary:,} | {replica:,} |"
    )


def _run(asked: list[tuple[int, int]], made: bench_site.Made, requests: int) -> Figure:
    reader = {"Authorization": f"Bearer {made.member_token}"}
    writer = {"Authorization": f"Bearer {made.manager_token}"}
    path = "/api/v1/apps/bench/item"
    listed = request("GET", path + "?sort=-stored_at&limit=50", reader)

    def make(n: int) -> bytes:
        if n % 4:
            return listed
        body = {
            "name": f"Made {n}",
            "shelf": made.shelves[n % len(made.shelves)],
            "owner": made.owner,
            "kind": "a",
            "quantity": 1,
            "price": "1.00",
            "stored_at": "2026-03-02T02:00:00Z",
        }
        return request("POST", path, writer, json.dumps(body).encode())

    return measure_over(asked, make, requests, CLIENTS)


def _rows(pair: Pair) -> tuple[int, int]:
    return _read_on(pair.primary), _read_on(pair.replica)


def _read_on(server: Server) -> int:
    with server.connect() as connection:
        row = connection.execute(
            "SELECT tup_fetched + tup_returned FROM pg_stat_database WHERE datname = %s", (DATABASE,)
        ).fetchone()
    assert row is not None
    return int(str(row[0]))


def _connections(server: Server) -> int:
    with server.connect() as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = %s", (DATABASE,)
        ).fetchone()
    assert row is not None
    return int(str(row[0]))


@contextmanager
def pgbouncer(pair: Pair) -> Iterator[int]:
    """pgbouncer pooling transactions in front of both servers; gives its port."""
    port = servers.free_port()
    folder = pair.primary.data.parent
    users = folder / "users.txt"
    users.write_text('"dougong" ""\n')
    config = folder / "pgbouncer.ini"
    config.write_text(
        "[databases]\n"
        f"{DATABASE} = host=127.0.0.1 port={pair.primary.port} dbname={DATABASE}\n"
        f"{DATABASE}_read = host=127.0.0.1 port={pair.replica.port} dbname={DATABASE}\n"
        "[pgbouncer]\n"
        f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        f"auth_type = trust\nauth_file = {users}\n"
        f"pool_mode = transaction\nmax_client_conn = 200\ndefault_pool_size = {POOLED}\n"
        "server_reset_query = DISCARD ALL\nlog_connections = 0\nlog_disconnections = 0\n"
    )
    process = subprocess.Popen(
        ["pgbouncer", str(config)],
        user=pair.primary.user,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        time.sleep(1)
        if process.poll() is not None:
            raise RuntimeError("pgbouncer did not start: is the Debian package installed?")
        yield port
    finally:
        process.terminate()
        process.wait(10)


if __name__ == "__main__":
    sys.exit(main())
