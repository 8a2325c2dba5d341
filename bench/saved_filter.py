"""The saved filter that the mission names: aggressive, traded technology shares, free cash above a million.

Only which view is asked is known here; the rest comes from the template's documents.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench import crm
from bench.site import SYSTEM
from dougong_platform.site import Site
from dougong_runtime.records.query import Query

VIEW = "customers_tech_aggressive"
RUNS = 15


@dataclass(frozen=True, slots=True)
class Asked:
    """How many records there are, how many the filter finds, and how long it takes: the page and the count, in ms."""

    customers: int
    trades: int
    found: int
    first_ms: float
    median_ms: float


def run(url: str, folder: Path, customers: int) -> Asked:
    """Make the data and ask. Trades are ten a customer."""
    site, there = crm.make(url, folder, customers)
    times_ms, found = _ask(site)
    site.database.close()
    return Asked(there["customer"], there["trade"], found, times_ms[0], median(times_ms[1:]))


def _ask(site: Site) -> tuple[list[float], int]:
    taken, found = [], 0
    for _ in range(RUNS):
        with site.database.read() as connection:
            records = site.records(connection, SYSTEM, crm.APP)
            view = records.running.app.of("view")[VIEW].data
            asked = Query(view["entity"], filter=view["filter"], sort=tuple(view["sort"]), titles=True)
            started = time.perf_counter()
            page = records.list(asked)
            taken.append((time.perf_counter() - started) * 1000)
            found = page.count
    return taken, found
