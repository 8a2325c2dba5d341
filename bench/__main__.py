"""`python -m bench [--quick] [--rows N …] [--database sqlite|postgresql] [--part …]`: figures beside the baseline's.

Writes `bench/RESULTS.md`, a section for each part; a part that is not run keeps its section. Both servers run on the
same database at the same time and are asked in turns; what the machine does meanwhile falls on both. No test asserts a
time.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench import audit, cases, imports, pages, publish, rollups, saved_filter, servers, studio
from bench import site as bench_site
from bench.load import memory_mb

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "RESULTS.md"
NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked on the command line."""

    quick: bool
    rows: list[int]
    only: str = ""
    """Words of the cases' names; empty, all of them. What is left out is not written to the page."""

    @property
    def requests(self) -> int:
        """Requests of one round."""
        return 20 if self.quick else 200


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes: whether it runs, not how fast")
    parser.add_argument("--rows", type=int, nargs="*", default=[100_000, 1_000_000])
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--part", choices=list(PARTS), nargs="*", default=list(PARTS))
    parser.add_argument(
        "--only", default="", help="requests whose name has this in it, e.g. 'one'; nothing is kept"
    )
    given = parser.parse_args()
    sys.path.insert(0, str(ROOT / "tests"))
    wanted = Wanted(given.quick, [2_000] if given.quick else given.rows, given.only)
    kinds = ["sqlite", "postgresql"] if given.database == "both" else [given.database]
    for part in given.part:
        for kind in kinds:
            title, text = PARTS[part](kind, wanted)
            if text:
                print(f"## {title}\n\n{text}\n", flush=True)
                if not (wanted.quick or wanted.only):
                    _keep(title, text)
    return 0


def requests(kind: str, wanted: Wanted) -> tuple[str, str]:
    """Requests to one process, at each size."""
    return f"Requests, {NAMES[kind]}", "\n\n".join(_requests(kind, rows, wanted, 1) for rows in wanted.rows)


def two_processes(kind: str, wanted: Wanted) -> tuple[str, str]:
    """The same work spread over two processes, at the first size."""
    if kind == "sqlite":
        return "", ""
    return f"Two processes, {NAMES[kind]}", _requests(kind, wanted.rows[0], wanted, 2)


def _requests(kind: str, rows: int, wanted: Wanted, processes: int) -> str:
    with tempfile.TemporaryDirectory(prefix="dougong-bench-") as name:
        folder, url = Path(name), _fresh(kind, Path(name))
        made = bench_site.make(url, folder, rows)
        with (
            servers.ours(url, folder, processes) as mine,
            servers.baseline(url, made.owner, processes) as theirs,
        ):
            asked = [case for case in cases.cases(made, wanted.requests) if wanted.only in case.name]
            text = cases.table(asked, mine, theirs)
            sizes = [memory_mb(one.process.pid) for one in (mine[0], theirs[0])]
        made.site.database.close()
        return (
            f"**{rows:,} items**, {wanted.requests} requests a round.\n\n{text}\n\nStart to ready "
            f"{mine[0].ready_seconds:.1f} s; memory after the run {sizes[0]:.0f} MiB (baseline {sizes[1]:.0f} MiB)."
        )


def importing(kind: str, wanted: Wanted) -> tuple[str, str]:
    """Files in: plain rows, and rows with references."""
    plain, referring = (2_000, 1_000) if wanted.quick else (1_000_000, 500_000)
    if kind == "sqlite" and not wanted.quick:
        plain, referring = plain // 5, referring // 5
    with tempfile.TemporaryDirectory(prefix="dougong-bench-") as name:
        folder = Path(name)
        made = bench_site.make(_fresh(kind, folder), folder, 2_000)
        taken = imports.run(made, folder, plain, referring)
        made.site.database.close()
    lines = [
        "| rows | what | seconds | rows/s | CPU of the importing process, µs a row | growth of its memory, MiB |",
        "| ---: | --- | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {one.rows:,} | {one.what} | {one.seconds:.1f} | {one.rows / one.seconds:,.0f} | "
        f"{one.cpu_seconds / one.rows * 1e6:.0f} | {one.grown_mb:.0f} |"
        for one in taken
    ]
    return f"Import, {NAMES[kind]}", "\n".join(lines)


def filtering(kind: str, wanted: Wanted) -> tuple[str, str]:
    """The saved filter of the mission."""
    with tempfile.TemporaryDirectory(prefix="dougong-bench-") as name:
        folder = Path(name)
        asked = saved_filter.run(_fresh(kind, folder), folder, 200 if wanted.quick else 100_000)
    return (
        f"The saved filter of the mission (C11), {NAMES[kind]}",
        f"{asked.customers:,} customers, {asked.trades:,} trades: finds {asked.found:,}; page of 50 with titles and "
        f"count {asked.median_ms:.1f} ms (median; the first {asked.first_ms:.1f} ms).",
    )


def pages_(kind: str, wanted: Wanted) -> tuple[str, str]:
    """Pages of the shipped app."""
    with tempfile.TemporaryDirectory(prefix="dougong-bench-") as name:
        figures = pages.run(_fresh(kind, Path(name)), Path(name), 200 if wanted.quick else wanted.rows[0])
    return f"Pages, {NAMES[kind]}", pages.table(figures)


def publishing(kind: str, wanted: Wanted) -> tuple[str, str]:
    """Publishing on a large table while others write."""
    rows = 2_000 if wanted.quick else wanted.rows[-1]
    with tempfile.TemporaryDirectory(prefix="dougong-bench-") as name:
        figures = publish.run(_fresh(kind, Path(name)), rows)
    lines = [
        f"**{rows:,} rows**, {publish.WRITERS} writers meanwhile.\n",
        "| step | plan s | publish s | tables held, ms | longest wait for a lock, ms | longest write, ms | writes meanwhile | failed |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {f.name} | {f.plan_seconds:.2f} | {f.publish_seconds:.2f} | {f.held_ms:.0f} | "
        f"{f.longest_lock_wait_ms:.0f} | {f.longest_wait_ms:.0f} | {f.writes:,} | "
        f"{len(f.failures)} |"
        for f in figures
    ]
    return f"Publishing, {NAMES[kind]}", "\n".join(lines)


def rolling_up(kind: str, wanted: Wanted) -> tuple[str, str]:
    """Roll-ups over very many children."""
    rows = 2_000 if wanted.quick else wanted.rows[-1]
    with tempfile.TemporaryDirectory(prefix="dougong-bench-") as name:
        figures = rollups.run(_fresh(kind, Path(name)), rows, 20 if wanted.quick else rollups.SHELVES)
    return f"Roll-ups, {NAMES[kind]}", "\n".join(f"- {figure}" for figure in figures)


def auditing(kind: str, wanted: Wanted) -> tuple[str, str]:
    """A long audit sealed and verified."""
    with tempfile.TemporaryDirectory(prefix="dougong-bench-") as name:
        rows = 40_000 if wanted.quick else 10 * wanted.rows[-1]
        return f"Audit, {NAMES[kind]}", str(audit.run(_fresh(kind, Path(name)), rows))


def building(kind: str, wanted: Wanted) -> tuple[str, str]:
    """A builder's acts; the size asked for has no part in it."""
    with tempfile.TemporaryDirectory(prefix="dougong-bench-") as name:
        return f"Studio, {NAMES[kind]}", studio.table(studio.run(_fresh(kind, Path(name)), Path(name)))


PARTS: dict[str, Callable[[str, Wanted], tuple[str, str]]] = {
    "requests": requests,
    "processes": two_processes,
    "import": importing,
    "filter": filtering,
    "pages": pages_,
    "publish": publishing,
    "rollups": rolling_up,
    "audit": auditing,
    "studio": building,
}


def _fresh(kind: str, folder: Path) -> str:
    from databases import fresh_url

    return str(fresh_url(kind, folder))


def _keep(title: str, text: str) -> None:
    """Put a section into the page, in place of the one of that title; it says when it was measured."""
    page = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else ""
    parts = re.split(r"(?m)^(?=## )", page)
    measured = (
        f"{time.strftime('%Y-%m-%d')}, Python {platform.python_version()}, {os.cpu_count()} cores shared by client, "
        f"servers and database, load before {os.getloadavg()[2]:.1f}."
    )
    section = f"## {title}\n\n{measured}\n\n{text}\n\n"
    found = [n for n, part in enumerate(parts) if part.startswith(f"## {title}\n")]
    if found:
        parts[found[0]] = section
    else:
        parts[-1] = parts[-1].rstrip("\n") + "\n\n" if parts[-1] else ""
        parts.append(section)
    if not parts[0].startswith("# "):
        parts.insert(0, _HEAD)
    RESULTS.write_text("".join(parts).rstrip("\n") + "\n", encoding="utf-8")


_HEAD = """# Figures

`make bench`. Medians of 5 rounds in turns with the baseline: the same SQL by the driver alone with orjson behind bare
Starlette, without access rules, checks, audit or roll-ups. Twenty owners; who asks sees their own rows unless said.
PostgreSQL 15 as the tests start it: fsync off, 128 MB of shared buffers.

"""


if __name__ == "__main__":
    raise SystemExit(main())
