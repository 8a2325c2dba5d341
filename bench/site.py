"""A site of the bench's own: the app installed, people, and rows, in a fresh database."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from bench.multiply import multiply
from dougong_platform import people, tokens
from dougong_platform.settings import Settings
from dougong_platform.site import Site
from dougong_runtime import publish
from dougong_runtime.documents.source import read
from dougong_runtime.host import Viewer
from dougong_runtime.model.link import link
from dougong_runtime.records import dependants
from dougong_runtime.records.query import Query

OWNERS = 20
SHELVES = 2000
WRITTEN_MAX = 20_000
"""Items that are written through the door."""
SYSTEM = Viewer.system("measuring")
START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Made:
    """What the bench asks with."""

    site: Site
    owner: str
    member_token: str
    manager_token: str
    shelves: list[str]
    items: list[str]
    deep_cursor: str
    deep_rows: int
    """How many rows stand before the page that the cursor leads to."""


def make(url: str, folder: Path, rows: int) -> Made:
    """Install the app, make people and rows; one owner in twenty is the member whose list is measured.

    Beyond `WRITTEN_MAX`, rows are copies that the database makes (multiply.py).
    """
    given = {"DOUGONG_DATABASE_URL": url, "DOUGONG_DATA_DIR": str(folder)}
    site = Site(Settings.load(given, file=folder / "none.toml"))
    site.database.install()
    app = link(read(Path(__file__).parent / "app"))
    with site.database.write() as connection:
        publish.apply(connection, publish.plan_publish(connection, app), SYSTEM, "bench", site.clock)
    owners = []
    with site.database.write() as connection:
        for i in range(OWNERS):
            role = "bench.manager" if i == 1 else "bench.keeper"
            owners.append(people.add_user(site, connection, SYSTEM, f"keeper_{i}", roles=[role]))
    with site.database.write() as connection:
        member = tokens.issue(site, connection, SYSTEM, owners[0], name="bench").token
        manager = tokens.issue(site, connection, SYSTEM, owners[1], name="bench").token
    with site.database.write() as connection:
        records = site.records(connection, SYSTEM, "bench")
        records.load_many(
            "shelf", ({"name": f"Shelf {i}", "owner": owners[i % OWNERS]} for i in range(SHELVES))
        )
    with site.database.read() as connection:
        shelves = ids(site, connection, "shelf", SHELVES)
    written = min(rows, WRITTEN_MAX)
    with site.database.write() as connection:
        site.records(connection, SYSTEM, "bench").load_many("item", item_rows(written, owners, shelves))
    with site.database.write() as connection:
        running = site.running(connection, "bench")
        multiply(connection, running, {"item": rows // written - 1})
        dependants.recompute_all(connection, running, site.clock)
    with site.database.read() as connection:
        items = ids(site, connection, "item", 1000, f"owner = '{owners[0]}'")
        cursor, deep = _deep(site, connection, owners[0], rows // OWNERS // 2)
    return Made(site, owners[0], member, manager, shelves, items, cursor, deep)


def ids(site: Site, connection: Any, entity: str, count: int, filter: str | None = None) -> list[str]:
    """Ids of some records."""
    records = site.records(connection, SYSTEM, "bench")
    found: list[str] = []
    cursor = None
    while len(found) < count:
        page = records.list(
            Query(entity, filter=filter, fields=("id",), limit=min(1000, count), cursor=cursor)
        )
        found += [i["id"] for i in page.items]
        cursor = page.next
        if cursor is None:
            break
    return found


def _deep(site: Site, connection: Any, owner: str, rows: int) -> tuple[str, int]:
    """The cursor after about so many of an owner's items, the latest first, and after how many it is."""
    records = site.records(connection, SYSTEM, "bench")
    cursor: str | None = None
    passed = 0
    while passed < rows:
        asked = Query(
            "item",
            filter=f"owner = '{owner}'",
            sort=("-stored_at",),
            fields=("id",),
            limit=min(1000, rows),
            cursor=cursor,
            count=False,
        )
        page = records.list(asked)
        passed += len(page.items)
        cursor = page.next
        if cursor is None:
            raise RuntimeError("there are too few rows for a deep page")
    assert cursor is not None
    return cursor, passed


def item_rows(count: int, owners: list[str], shelves: list[str]) -> Iterator[dict[str, Any]]:
    """Items by a fixed seed, coerced values."""
    draw = random.Random(7)
    for i in range(count):
        yield {
            "name": f"Item {i}",
            "shelf": shelves[draw.randrange(len(shelves))],
            "owner": owners[draw.randrange(OWNERS)],
            "kind": draw.choice("abcd"),
            "quantity": draw.randint(1, 9),
            "price": Decimal(draw.randint(1, 100_000)) / 100,
            "stored_at": START + timedelta(seconds=draw.randrange(30_000_000)),
        }
