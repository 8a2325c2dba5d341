"""`dougong doctor --recompute`: what is stored is held to its rows, and mended."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from databases import every_database
from dougong_platform.cli.main import dougong
from dougong_platform.recompute import recompute
from dougong_platform.site import Site
from dougong_runtime import publish
from dougong_runtime.audit import log
from dougong_runtime.errors import Refused
from dougong_runtime.host import Viewer
from dougong_runtime.records.query import Query
from library import LIBRARY, lend
from make import app_of
from sites import SYSTEM, close, copied_site

pytestmark = every_database

MENDER = Viewer.system("doctor mends")


@pytest.fixture
def library(database_kind: str, tmp_path: Path) -> Iterator[Site]:
    """Two readers and six loans, of which none is overdue."""
    made = copied_site(database_kind, tmp_path, "library to compare", _fill)
    yield made
    close(made)


def _fill(site: Site) -> None:
    with site.database.write() as connection:
        publish.apply(
            connection, publish.plan_publish(connection, app_of(LIBRARY)), SYSTEM, "tests", site.clock
        )
    with site.database.write() as connection:
        lend(site.records(connection, SYSTEM, "library"), 6)


def spoil(site: Site, statement: str) -> None:
    """What who owns the database can do behind the program's back."""
    with site.database.write() as connection:
        connection.exec_driver_sql(statement)


def found(site: Site, *given: str, repair: Viewer | None = None) -> list[tuple[str, str, int]]:
    return [
        (d.entity, d.field, d.count)
        for compared in recompute(site, *given, repair=repair)
        for d in compared.differing
    ]


def fines(site: Site) -> list[tuple[Any, ...]]:
    with site.database.read() as connection:
        items = site.records(connection, SYSTEM, "library").list(Query("reader", sort=("name",))).items
        return [(r["late"], r["fine"], r["barred"]) for r in items]


def test_nothing_differs_where_all_was_written_by_the_door(library: Site) -> None:
    (compared,) = recompute(library)
    assert (compared.app, compared.rows, compared.fields, compared.differing) == ("library", 8, 5, ())


def test_differences_are_told_by_field_with_their_records_and_left_as_they_are(library: Site) -> None:
    spoil(library, "UPDATE library__reader SET late = 7, barred = true WHERE name = 'Mo'")
    (compared,) = recompute(library)
    assert [(d.entity, d.field, d.count, len(d.records)) for d in compared.differing] == [
        ("reader", "late", 1, 1),
        ("reader", "barred", 1, 1),
    ], "the first of them by the order in which they follow from each other"
    assert fines(library)[0][0] == 7


def test_mending_follows_what_depends_on_it_and_is_audited(library: Site) -> None:
    spoil(library, "UPDATE library__loan SET fine = 500 WHERE book IN ('B0001', 'B0003')")
    spoil(library, "UPDATE library__reader SET fine = 1000, barred = true WHERE name = 'Su'")
    assert found(library) == [("loan", "fine", 2)], "the reader's sum agrees with what is stored of the loans"
    assert found(library, repair=MENDER) == [("loan", "fine", 2)]
    assert fines(library) == [(0, "0.00", False), (0, "0.00", False)]
    assert found(library) == []
    with library.database.read() as connection:
        events = log.find(connection, actions=[log.REFRESH])
    assert [(e.entity, e.reason, e.after) for e in events] == [("loan", "doctor mends", {"fine": "0.00"})] * 2


def test_a_record_whose_result_does_not_fit_is_told_and_stops_no_other(library: Site) -> None:
    spoil(library, "UPDATE library__loan SET days_over = 900000000000000000 WHERE book = 'B0002'")
    spoil(library, "UPDATE library__loan SET fine = 5 WHERE book = 'B0004'")
    for repair in (None, MENDER):
        differing = [d for compared in recompute(library, repair=repair) for d in compared.differing]
        told = [(d.field, d.count, d.fits) for d in differing if d.entity == "loan"]
        assert told == [("fine", 1, True), ("fine, overdue", 1, False)]


def test_one_entity_alone(library: Site) -> None:
    spoil(library, "UPDATE library__loan SET fine = 5")
    spoil(library, "UPDATE library__reader SET late = 1")
    assert found(library, "library", "reader") == [("reader", "fine", 2), ("reader", "late", 2)]
    with pytest.raises(Refused, match="raeder"):
        found(library, "library", "raeder")


def test_what_follows_the_clock_is_left_to_its_refresh(library: Site) -> None:
    spoil(library, "UPDATE library__loan SET days_over = 3")
    assert ("loan", "days_over", 6) not in found(library)


@pytest.fixture
def run(library: Site, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("DOUGONG_DATABASE_URL", library.settings.database_url)
    monkeypatch.setenv("DOUGONG_DATA_DIR", str(library.settings.data_dir))
    monkeypatch.setenv("DOUGONG_SECRET_KEY", "s" * 40)

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(dougong, list(arguments))

    return invoke


def test_the_command_exits_with_1_where_something_differs_and_mends_it(library: Site, run: Any) -> None:
    assert run("doctor", "library").exit_code == 2
    assert run("doctor", "library", "--recompute").exit_code == 0
    spoil(library, "UPDATE library__reader SET late = 7 WHERE name = 'Mo'")
    told = run("doctor", "library", "reader", "--recompute", "--json")
    assert told.exit_code == 1
    (finding,) = json.loads(told.stdout)
    assert (finding["state"], finding["entity"], finding["field"], finding["count"]) == (
        "bad",
        "reader",
        "late",
        1,
    )
    assert run("doctor", "library", "--repair").exit_code == 0
    assert run("doctor", "library", "--recompute").exit_code == 0
