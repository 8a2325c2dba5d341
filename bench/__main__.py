"""`python -m bench [--quick] [--rows N] [--database sqlite|postgresql]`: figures beside the baseline's, as ratios.

Writes `bench/RESULTS.md`. Both servers run on the same database at the same time, one process each, and are asked in
turns; what the machine does meanwhile falls on both. No test asserts a time.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.request import urlopen

from bench import site as bench_site
from bench.load import Figure, Request, measure, memory_mb, request

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Case:
    """Work asked of both servers."""

    name: str
    ours: Request
    baseline: Request
    count: int


@dataclass(frozen=True, slots=True)
class Served:
    """A server process."""

    process: subprocess.Popen[bytes]
    port: int
    ready_seconds: float


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument(
        "--quick", action="store_true", help="few rows and requests: whether it runs, not how fast"
    )
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    arguments = parser.parse_args()
    rows = 2_000 if arguments.quick else arguments.rows
    count = 20 if arguments.quick else 200
    kinds = ["sqlite", "postgresql"] if arguments.database == "both" else [arguments.database]
    parts = [run(kind, rows, count, quick=arguments.quick) for kind in kinds]
    text = "\n".join([_head(rows, count), *parts])
    print(text)
    if not arguments.quick:
        (ROOT / "bench" / "RESULTS.md").write_text(text, encoding="utf-8")
    return 0


def run(kind: str, rows: int, count: int, *, quick: bool) -> str:
    """Measure on one database; gives its part of the page."""
    sys.path.insert(0, str(ROOT / "tests"))
    from databases import fresh_url

    with tempfile.TemporaryDirectory(prefix="dougong-bench-") as folder:
        url = fresh_url(kind, Path(folder))
        made = bench_site.make(url, Path(folder), rows)
        ours = serve_ours(url, Path(folder))
        thin = serve_baseline(url, made.owner)
        try:
            cases = _cases(made, count)
            lines = [_table(kind, cases, ours, thin)]
            lines.append(
                f"\nImport with checks, audit, search columns and roll-ups: {rows / made.import_seconds:,.0f} rows/s. "
                f"Start to ready {ours.ready_seconds:.1f} s; memory after the run {memory_mb(ours.process.pid):.0f} MiB "
                f"(baseline {memory_mb(thin.process.pid):.0f} MiB).\n"
            )
            return "\n".join(lines)
        finally:
            for served in (ours, thin):
                served.process.terminate()
                served.process.wait(20)


def _cases(made: bench_site.Made, count: int) -> list[Case]:
    member = {"Authorization": f"Bearer {made.member_token}"}
    kinds = "abcd"

    def body(n: int) -> bytes:
        shelf = made.shelves[n % len(made.shelves)]
        return json.dumps(
            {"name": f"New {n}", "shelf": shelf, "kind": kinds[n % 4], "quantity": 2, "price": "12.50"}
        ).encode()

    api = "/api/v1/apps/bench/item"

    def listing(n: int) -> bytes:
        kind = kinds[n % 4]
        return request(
            "GET",
            f"{api}?filter=kind%20=%20'{kind}'%20and%20price%20%3E=%20100&sort=-stored_at&limit=50",
            member,
        )

    return [
        Case(
            "list of 50: filter, sort, row rule, count",
            listing,
            lambda n: request("GET", f"/list?kind={kinds[n % 4]}&least=100", {}),
            count,
        ),
        Case(
            "read one by id",
            lambda n: request("GET", f"{api}/{made.items[n % len(made.items)]}", member),
            lambda n: request("GET", f"/items/{made.items[n % len(made.items)]}", {}),
            count,
        ),
        Case(
            "create one (rules, roll-ups, audit / bare insert)",
            lambda n: request("POST", api, member, body(n)),
            lambda n: request("POST", "/items", {}, body(n)),
            count,
        ),
        Case(
            "figures by kind, row rule",
            lambda n: request(
                "POST",
                f"{api}/aggregate",
                member,
                b'{"rows":["kind"],"measures":[{"name":"n","formula":"COUNT()"},{"name":"v","formula":"SUM(value)"}]}',
            ),
            lambda n: request("GET", "/aggregate", {}),
            max(10, count // 4),
        ),
    ]


def _table(kind: str, cases: list[Case], ours: Served, thin: Served) -> str:
    lines = [
        f"\n## {'SQLite' if kind == 'sqlite' else 'PostgreSQL'}\n",
        "| work | clients | ours /s | baseline /s | p50 ms | p95 ms | p50 ratio | server CPU ratio |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for case in cases:
        for clients in (1, 16):
            mine, theirs = [], []
            measure(ours.port, ours.process.pid, case.ours, max(clients, 10), clients)
            measure(thin.port, thin.process.pid, case.baseline, max(clients, 10), clients)
            for _ in range(ROUNDS):
                mine.append(measure(ours.port, ours.process.pid, case.ours, case.count, clients))
                theirs.append(measure(thin.port, thin.process.pid, case.baseline, case.count, clients))
            lines.append(_line(case.name, clients, mine, theirs))
    return "\n".join(lines)


def _line(name: str, clients: int, mine: list[Figure], theirs: list[Figure]) -> str:
    p50 = median(a.p50_ms / b.p50_ms for a, b in zip(mine, theirs, strict=True))
    cpu = median(a.cpu_ms / max(b.cpu_ms, 0.001) for a, b in zip(mine, theirs, strict=True))
    return (
        f"| {name} | {clients} | {median(f.per_second for f in mine):,.0f} | "
        f"{median(f.per_second for f in theirs):,.0f} | {median(f.p50_ms for f in mine):.2f} | "
        f"{median(f.p95_ms for f in mine):.2f} | {p50:.2f} | {cpu:.2f} |"
    )


def serve_ours(url: str, folder: Path) -> Served:
    """The product, one process, on a free port."""
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


def serve_baseline(url: str, owner: str) -> Served:
    """The baseline, one process, on a free port."""
    port = free_port()
    database = url.removeprefix("sqlite:///") if url.startswith("sqlite") else url.replace("+psycopg", "")
    environment = {**os.environ, "BENCH_DATABASE": database, "BENCH_OWNER": owner}
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        "bench.baseline:app",
        "--port",
        str(port),
        "--log-level",
        "warning",
        "--no-access-log",
    ]
    started = time.perf_counter()
    process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL)
    wait_for(f"http://127.0.0.1:{port}/aggregate", process)
    return Served(process, port, time.perf_counter() - started)


def wait_for(url: str, process: subprocess.Popen[bytes], seconds: float = 30) -> None:
    """Until a server answers 200; raises RuntimeError when it ends or takes too long."""
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        if process.poll() is not None:
            raise RuntimeError(f"the server for {url} ended with status {process.returncode}")
        try:
            with urlopen(url, timeout=5) as answer:
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


def _head(rows: int, count: int) -> str:
    return (
        "# Figures\n\n"
        f"`make bench` on {time.strftime('%Y-%m-%d')}: {rows:,} items, 20 owners, the asker's row rule on; Python "
        f"{platform.python_version()}, {os.cpu_count()} cores shared by client, both servers and the database. "
        f"{ROUNDS} rounds of {count} requests in turns with the baseline; medians. The baseline is the same SQL by the "
        "driver alone with orjson behind bare Starlette: no access rules, checks, audit or roll-ups.\n"
    )


if __name__ == "__main__":
    raise SystemExit(main())
