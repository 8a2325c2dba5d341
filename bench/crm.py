"""The template's demonstration data, multiplied: customers as many as asked, ten trades each (multiply.py)."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from bench.multiply import multiply
from bench.site import SYSTEM
from dougong_platform import demonstration
from dougong_platform.settings import Settings
from dougong_platform.site import Site
from dougong_runtime.documents.source import read
from dougong_runtime.records.query import AggregateQuery

TEMPLATE = Path(__file__).resolve().parent.parent / "templates" / "crm_investment"
APP = "crm_investment"
PASSWORD = "bench-password-1"
WRITTEN_MAX = 1_000
"""Customers made by the demonstration itself; the rest are copies."""


def make(url: str, folder: Path, customers: int) -> tuple[Site, dict[str, int]]:
    """A site with the app installed and filled; and how many customers and trades there are."""
    given = {"DOUGONG_DATABASE_URL": url, "DOUGONG_DATA_DIR": str(folder)}
    site = Site(Settings.load(given, file=folder / "none.toml"))
    site.database.install()
    written = max(min(customers, WRITTEN_MAX), demonstration.COUNTED_FROM)
    demonstration.prepare(site, SYSTEM, read(TEMPLATE), PASSWORD, written, lambda *_: None)
    with site.database.write() as connection:
        there = _counted(site, connection)
        copies = max(1, customers // there["customer"] - 1)
        trades = max(1, min(copies, customers * 10 // there["trade"] - 1))
        multiply(
            connection,
            site.running(connection, APP),
            {"customer": copies, "account": copies, "trade": trades},
        )
        return site, _counted(site, connection)


def _counted(site: Site, connection: sa.Connection) -> dict[str, int]:
    records = site.records(connection, SYSTEM, APP)
    return {
        name: int(records.aggregate(AggregateQuery(name)).total["count"]) for name in ("customer", "trade")
    }
