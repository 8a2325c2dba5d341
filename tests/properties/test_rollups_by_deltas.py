"""Roll-ups moved by differences equal those computed from the rows, whatever is written and however."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

import rollup_app
from databases import every_database
from dougong_runtime.errors import Refused
from rollup_app import attempt, begun, untrue
from world import World

EFFORT = int(os.environ.get("DOUGONG_TEST_EFFORT", "1"))
TRANSACTIONS = 60

MOVED_FIGURES = {
    ("site", "below_count"),
    ("site", "below_cost"),
    ("site", "job_total"),
    ("site", "job_count"),
    ("site", "owed"),
    ("job", "total"),
    ("job", "wide_total"),
    ("job", "fitted_total"),
    ("job", "part_count"),
    ("job", "priced_count"),
    ("job", "spare_count"),
    ("job", "net"),
    ("material", "used"),
}


@pytest.fixture
def yard(database_kind: str, tmp_path: Path) -> Iterator[World]:
    """The workshop, empty."""
    world = World.copied(database_kind, tmp_path, "yard", lambda url: World.make(url, rollup_app.yard()))
    yield world
    world.close()


@every_database
@pytest.mark.parametrize("seed", range(EFFORT))
def test_random_writes_leave_every_figure_as_the_rows_give_it(yard: World, seed: int) -> None:
    draw, known = random.Random(seed), begun(yard)
    done = 0
    for turn in range(TRANSACTIONS):
        before = dict(known)
        done += attempt(yard, draw, known, draw.randint(1, 3))
        assert untrue(yard) == {}, (seed, turn, {e: len(ids) for e, ids in before.items()})
    assert done > TRANSACTIONS, "most writes were refused"


@every_database
def test_sums_and_counts_are_moved_and_all_else_is_computed(yard: World) -> None:
    with yard.engine.connect() as connection:
        assert set(yard.running(connection).graph.additive.terms) == MOVED_FIGURES


@every_database
def test_a_write_reads_none_of_the_other_children(yard: World) -> None:
    """The statements of a creation, a change, a move and a deletion know no aggregate over the children."""
    with yard.acting() as records:
        job = records.create("job", {"name": "many"})["id"]
        other = records.create("job", {"name": "other"})["id"]
        stick = records.create("material", {"name": "stick", "price": "1.10"})["id"]
        made = records.create_many("return", [{"job": job, "price": "2.00"}] * 3)
        spare = records.create("part", {"spare_of": job, "material": stick})["id"]
    heard: list[str] = []
    sa.event.listen(
        yard.engine, "before_cursor_execute", lambda c, cursor, text, given, context, many: heard.append(text)
    )
    with yard.acting() as records:
        records.create("return", {"job": job, "price": "3.00"})
        records.update("return", made[0]["id"], {"price": "4.00"})
        records.update("return", made[0]["id"], {"job": other})
        records.delete("return", made[1]["id"])
        records.update("part", spare, {"spare_of": other})
    assert any("UPDATE" in text for text in heard)
    assert not [text for text in heard if "sum(" in text.lower() or "count(" in text.lower()]
    assert untrue(yard) == {}
    assert yard.read("job", other)["net"] == "-4.00"


@every_database
def test_a_figure_too_large_for_its_field_refuses_the_write(yard: World) -> None:
    job = yard.make_record("job", name="large")["id"]
    most = "9" * 15 + ".00"

    def write() -> None:
        with yard.acting() as records:
            records.create_many("return", [{"job": job, "price": most, "quantity": 1}] * 20)

    with pytest.raises(Refused) as refused:
        write()
    assert [p.type.name for p in refused.value.problems] == ["formula-overflow"]
    assert untrue(yard) == {}


@every_database
def test_a_new_record_whose_own_figure_is_too_large_is_refused(yard: World) -> None:
    job = yard.make_record("job", name="large")["id"]
    price = "9" * 15 + ".00"
    with yard.acting() as records:
        for write in (
            lambda: records.create("return", {"job": job, "price": price, "quantity": 99}),
            lambda: records.load_many("return", [{"job": job, "price": Decimal(price), "quantity": 99}]),
        ):
            point = records.connection.begin_nested()
            with pytest.raises(Refused) as refused:
                write()
            point.rollback()
            assert [p.type.name for p in refused.value.problems] == ["formula-overflow"]
            assert refused.value.problems[0].text("en").endswith("Amount")
    assert untrue(yard) == {}
