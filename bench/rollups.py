"""Roll-ups over very many children: `python -m bench.rollups URL [--rows N]`. The database must be empty.

How long it takes to compute two stored roll-ups of all parents anew, and what a creation costs under a parent of many
children beside one of few.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import sqlalchemy as sa

from bench.multiply import multiply
from dougong_platform.settings import Settings
from dougong_platform.site import Site
from dougong_runtime import publish
from dougong_runtime.documents.source import read
from dougong_runtime.host import Viewer
from dougong_runtime.model.link import link
from dougong_runtime.records import dependants
from dougong_runtime.records.running import Running

SYSTEM = Viewer.system("measuring")
SHELVES = 1_000
CREATIONS = 50
FIGURES = (("shelf", "total"), ("shelf", "pieces"))


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing measured: seconds, with what they were spent on."""

    name: str
    seconds: float
    note: str = ""

    def __str__(self) -> str:
        return f"{self.name}: {self.seconds:.3f} s{f' ({self.note})' if self.note else ''}"


def run(url: str, rows: int, shelves: int = SHELVES) -> list[Figure]:
    """Fill an empty database with that many children of so many parents, and measure."""
    with tempfile.TemporaryDirectory() as folder:
        given = {"DOUGONG_DATABASE_URL": url, "DOUGONG_DATA_DIR": folder, "DOUGONG_SECRET_KEY": "s" * 40}
        site = Site(Settings.load(given, file=Path(folder) / "none.toml"))
        site.database.install()
        try:
            return _measured(site, rows, shelves)
        finally:
            site.database.close()


def _measured(site: Site, rows: int, shelves: int) -> list[Figure]:
    ids = _fill(site, rows, shelves)
    of = f"2 roll-ups of {shelves:,} parents over {rows:,} children"
    figures = [_refresh(site, of, "every value wrong"), _refresh(site, of, "every value right")]
    for name, shelf in (("many", ids[0]), ("few", ids[1])):
        taken = _create(site, shelf)
        figures.append(Figure(f"create under a parent of {name} children", median(taken), "median"))
    return figures


def _fill(site: Site, rows: int, shelves: int) -> Sequence[str]:
    """Shelves with their items; half of all items lie on the first one, none of ten on the second."""
    app = link(read(Path(__file__).parent / "app"))
    with site.database.write() as connection:
        publish.apply(connection, publish.plan_publish(connection, app), SYSTEM, "bench", site.clock)
    with site.database.write() as connection:
        records = site.records(connection, SYSTEM, "bench")
        records.load_many("shelf", ({"name": f"Shelf {n}"} for n in range(shelves)))
        running = Running.load(connection, "bench")
        shelf = running.tables.of("shelf")
        ids = list(connection.execute(sa.select(shelf.c.id).order_by(shelf.c.id)).scalars())
        records.load_many(
            "item",
            (
                {"name": f"Item {n}", "shelf": ids[0 if n % 2 else 2 + n // 2 % (shelves - 2)], "quantity": 2}
                for n in range(2 * shelves)
            ),
        )
        multiply(connection, running, {"item": max(1, rows // (2 * shelves) - 1)})
        item = running.tables.of("item")
        connection.execute(item.update().values(price="1.25", value="2.50"))
    return ids


def _refresh(site: Site, what: str, note: str) -> Figure:
    with site.database.write() as connection:
        running = Running.load(connection, "bench")
        began = time.perf_counter()
        dependants.recompute(connection, running, FIGURES, site.clock)
        return Figure(f"recompute {what}", time.perf_counter() - began, note)


def _create(site: Site, shelf: str) -> list[float]:
    taken = []
    for n in range(CREATIONS):
        began = time.perf_counter()
        with site.database.write() as connection:
            values = {"name": f"One more {n}", "shelf": shelf, "price": "1.25"}
            site.records(connection, SYSTEM, "bench").create("item", values)
        taken.append(time.perf_counter() - began)
    return taken


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("url")
    asked.add_argument("--rows", type=int, default=1_000_000)
    asked.add_argument("--parents", type=int, default=SHELVES)
    given = asked.parse_args()
    for figure in run(given.url, given.rows, given.parents):
        print(figure)


if __name__ == "__main__":
    main()
