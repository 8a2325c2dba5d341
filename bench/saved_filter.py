"""The saved filter that the mission names: aggressive, traded technology shares, free cash above a million.

100,000 customers with 1,000,000 trades: the template's demonstration data, and copies of it (multiply.py). Only which
view is asked is known here; the rest comes from the template's documents.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import sqlalchemy as sa

from bench.multiply import multiply
from bench.site import SYSTEM
from dougong_platform import demonstration
from dougong_platform.settings import Settings
from dougong_platform.site import Site
from dougong_runtime.documents.source import read
from dougong_runtime.records.query import AggregateQuery, Query

TEMPLATE = Path(__file__).resolve().parent.parent / "templates" / "crm_investment"
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
    given = {"DOUGONG_DATABASE_URL": url, "DOUGONG_DATA_DIR": str(folder)}
    site = Site(Settings.load(given, file=folder / "none.toml"))
    site.database.install()
    source = read(TEMPLATE)
    written = min(customers, 1_000)
    demonstration.prepare(
        site, SYSTEM, source, "bench-password-1", max(written, demonstration.COUNTED_FROM), lambda *_: None
    )
    app = "crm_investment"
    with site.database.write() as connection:
        there = {name: _count(site, connection, app, name) for name in ("customer", "trade")}
        copies = max(1, customers // there["customer"] - 1)
        trades = max(1, min(copies, customers * 10 // there["trade"] - 1))
        times = {"customer": copies, "account": copies, "trade": trades}
        multiply(connection, site.running(connection, app), times)
        there = {name: _count(site, connection, app, name) for name in ("customer", "trade")}
    times_ms, found = _ask(site, app)
    site.database.close()
    return Asked(there["customer"], there["trade"], found, times_ms[0], median(times_ms[1:]))


def _ask(site: Site, app: str) -> tuple[list[float], int]:
    taken, found = [], 0
    for _ in range(RUNS):
        with site.database.read() as connection:
            records = site.records(connection, SYSTEM, app)
            view = records.running.app.of("view")[VIEW].data
            asked = Query(view["entity"], filter=view["filter"], sort=tuple(view["sort"]), titles=True)
            started = time.perf_counter()
            page = records.list(asked)
            taken.append((time.perf_counter() - started) * 1000)
            found = page.count
    return taken, found


def _count(site: Site, connection: sa.Connection, app: str, entity: str) -> int:
    answer = site.records(connection, SYSTEM, app).aggregate(AggregateQuery(entity))
    return int(answer.total["count"])
