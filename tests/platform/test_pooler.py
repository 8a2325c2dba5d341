"""Behind pgbouncer's transaction pooling: no two transactions of a connection meet the same server connection."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from databases import fresh_url
from dougong_platform import seals, signin
from dougong_platform.doctor import examine
from dougong_platform.site import Site
from dougong_runtime.records.query import Query
from pooler import pooled
from sites import CLINIC, PASSWORD, SYSTEM, add_person, close, install, make_site

THREADS = 8
ROUNDS = 5


@pytest.fixture
def behind(tmp_path: Path) -> Iterator[Site]:
    """A site of its own, all of whose connections go through the pooler, installed through it too."""
    direct = fresh_url("postgresql", tmp_path)
    with pooled(direct) as url:
        site = make_site(url, tmp_path, prepare_threshold="none")
        yield site
        site.database.close()
    close(Site(replace(site.settings, database_url=direct)))


def test_everybody_works_through_it_at_once(behind: Site, tmp_path: Path) -> None:
    """Migrating, publishing, writing, reading, publishing again, signing in and sealing."""
    install(behind)
    user = add_person(behind, "ann", ["admin"])

    def work(n: int) -> int:
        for i in range(ROUNDS):
            with behind.database.write() as connection:
                door = behind.records(connection, SYSTEM, "clinic")
                made = door.create("patient", {"name": f"{n} {i}"})
                door.update("patient", made["id"], {"name": f"{n} {i} again"})
            with behind.database.read() as connection:
                found = behind.records(connection, SYSTEM, "clinic").list(
                    Query("patient", filter=f"name = '{n} {i} again'")
                )
                assert len(found.items) == 1
        return ROUNDS

    with ThreadPoolExecutor(THREADS) as pool:
        assert sum(pool.map(work, range(THREADS))) == THREADS * ROUNDS
    changed = tmp_path / "changed"
    shutil.copytree(CLINIC, changed)
    document = changed / "entities" / "patient.yaml"
    added = "fields:\n  - {name: post, type: text, label: {zh: 邮编, en: Post code}}\n"
    document.write_text(document.read_text(encoding="utf-8").replace("fields:\n", added, 1), encoding="utf-8")
    install(behind, changed)
    seals.seal_now(behind)
    verdict, _ = seals.verify_all(behind)
    assert verdict.ok
    assert verdict.rows >= 2 * THREADS * ROUNDS
    assert signin.sign_in(behind, "ann", PASSWORD).user == user
    with behind.database.read() as connection:
        page = behind.records(connection, SYSTEM, "clinic").list(
            Query("patient", fields=("name", "post"), limit=1)
        )
        assert "post" in page.items[0]


def test_the_doctor_tells_who_prepares_statements_behind_a_pooler(behind: Site) -> None:
    def told(site: Site) -> str:
        return " ".join(f.remedy.en for f in examine(site) if f.name == "database" and f.remedy is not None)

    assert "PREPARE_THRESHOLD" not in told(behind)
    preparing = Site(replace(behind.settings, prepare_threshold=5))
    assert "PREPARE_THRESHOLD" in told(preparing)
    preparing.database.close()
