"""Sealing and verifying a long audit: how long, and in how much memory. The database must be empty."""

from __future__ import annotations

import resource
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dougong_platform.settings import Settings
from dougong_platform.site import Site
from dougong_runtime.audit import log, seal
from dougong_runtime.audit.verify import verify
from dougong_runtime.host import Viewer
from dougong_runtime.names import uuid7

CHUNK = 20_000
"""Rows written in one transaction."""
SECRET = "s" * 40


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured: seconds; CPU seconds of this process; MiB by which its greatest size grew while verifying."""

    rows: int
    batches: int
    sealing_seconds: float
    verifying_seconds: float
    verifying_cpu_seconds: float
    grown_mb: float
    told: int
    """How often the progress was told."""

    def __str__(self) -> str:
        return (
            f"{self.rows:,} rows in {self.batches:,} sealed batches: sealed in {self.sealing_seconds:.0f} s; verified in "
            f"{self.verifying_seconds:.0f} s ({self.rows / self.verifying_seconds:,.0f} rows/s, "
            f"{self.verifying_cpu_seconds:.0f} s of the process's CPU), progress told {self.told:,} times, memory grew by "
            f"{self.grown_mb:.0f} MiB."
        )


def run(url: str, rows: int) -> Figures:
    """Write so many rows of audit as changes of records write them, seal them as the sealer does, and verify."""
    with tempfile.TemporaryDirectory() as folder:
        given = {"DOUGONG_DATABASE_URL": url, "DOUGONG_DATA_DIR": folder, "DOUGONG_SECRET_KEY": "s" * 40}
        site = Site(Settings.load(given, file=Path(folder) / "none.toml"))
        site.database.install()
        try:
            sealing = sum(_written(site, min(CHUNK, rows - n)) for n in range(0, rows, CHUNK))
            return _verified(site, sealing)
        finally:
            site.database.close()


def _written(site: Site, count: int) -> float:
    """Write some rows and seal them; gives the seconds that sealing took."""
    viewer = Viewer(uuid7(), "li", via="api", address="10.0.0.1", request="0123456789abcdef")
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=1)
    values = {"name": "张三", "amount": "12.50", "at": "2026-01-01", "stage": "open", "count": 3}
    with site.database.write() as connection:
        events = [log.Event(log.UPDATE, "shop", "order", uuid7(), values, values) for _ in range(count)]
        log.write(connection, viewer, now, events, version=1)
    began = time.perf_counter()
    with site.database.write() as connection:
        seal.seal(connection, SECRET, site.clock)
    return time.perf_counter() - began


def _verified(site: Site, sealing: float) -> Figures:
    told = 0

    def count(_rows: int) -> None:
        nonlocal told
        told += 1

    size = _size_mb()
    began, cpu = time.perf_counter(), time.process_time()
    with site.database.read() as connection:
        verdict = verify(connection, SECRET, progress=count)
    if not verdict.ok:
        raise SystemExit(f"the audit does not verify: {verdict.problem}")
    return Figures(
        verdict.rows,
        verdict.batches,
        sealing,
        time.perf_counter() - began,
        time.process_time() - cpu,
        _size_mb() - size,
        told,
    )


def _size_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
