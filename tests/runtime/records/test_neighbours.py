"""From one record to the next: as the list stands, in any order, under the access of who walks."""

from __future__ import annotations

from typing import Any

import pytest

from databases import every_database
from dougong_runtime.errors import Refused
from dougong_runtime.records.query import Query
from world import World

pytestmark = every_database


@pytest.fixture
def ward(clinic: World) -> dict[str, str]:
    """Patients of two doctors, with equal names, equal and absent days of birth, and figures that differ."""
    an, bo = clinic.people["dr_an"].user, clinic.people["dr_bo"].user
    made = {}
    for n, (name, born, risk, owner) in enumerate(
        [
            ("张三", "1980-01-01", "high", an),
            ("李四", None, "low", an),
            ("王五", "1980-01-01", "medium", bo),
            ("张三", None, "low", bo),
            ("安娜", "1975-05-05", "high", an),
            ("赵六", "1990-09-09", None, an),
        ]
    ):
        values: dict[str, Any] = {"name": name, "owner": owner, "risk": risk}
        made[f"{name}{n}"] = clinic.make_record("patient", **values, **({"born_on": born} if born else {}))[
            "id"
        ]
        for fee in range(n % 3):
            clinic.make_record("visit", patient=made[f"{name}{n}"], fee=f"{10 * (fee + 1)}.00", doctor=an)
    return made


SORTS: tuple[tuple[str, ...], ...] = (
    (),
    ("name",),
    ("-name",),
    ("born_on",),
    ("-born_on", "name"),
    ("risk", "-born_on"),
    ("owner", "-spent"),
    ("last_visit_at", "-risk", "name"),
    ("-last_visit_at",),
)


@pytest.mark.parametrize("who", [None, "dr_an"])
def test_a_walk_meets_the_records_of_the_list_in_its_order(
    clinic: World, ward: dict[str, str], who: str | None
) -> None:
    with clinic.acting(who) as records:
        for sort in SORTS:
            for filter in (None, "risk <> 'low'"):
                query = Query("patient", filter, sort, limit=2)
                listed = [i["id"] for i in records.list(Query("patient", filter, sort, limit=100)).items]
                assert listed, (sort, filter)
                for at, id in enumerate(listed):
                    found = records.neighbours(query, id)
                    assert (found.before, found.after) == (
                        listed[at - 1] if at else None,
                        listed[at + 1] if at + 1 < len(listed) else None,
                    ), (sort, filter, at)
                    assert (found.place, found.count, found.is_exact) == (at + 1, len(listed), True)


def test_a_search_is_walked_too(clinic: World, ward: dict[str, str]) -> None:
    with clinic.acting(None) as records:
        listed = [i["id"] for i in records.list(Query("patient", search="zs", sort=("-born_on",))).items]
        assert len(listed) == 2
        found = records.neighbours(Query("patient", search="zs", sort=("-born_on",)), listed[0])
        assert (found.before, found.after, found.place, found.count) == (None, listed[1], 1, 2)


def test_a_record_that_has_left_the_list_still_stands_between_two(
    clinic: World, ward: dict[str, str]
) -> None:
    query = Query("patient", "risk = 'high'", ("name",))
    with clinic.acting(None) as records:
        assert records.neighbours(query, ward["李四1"]).before == ward["安娜4"]
        assert records.neighbours(query, ward["李四1"]).after == ward["张三0"]


def test_what_may_not_be_read_is_neither_walked_from_nor_met(clinic: World, ward: dict[str, str]) -> None:
    with clinic.acting("dr_an") as records, pytest.raises(Refused) as refused:
        records.neighbours(Query("patient"), ward["王五2"])
    assert refused.value.status == 404
    with clinic.acting("dr_an") as records:
        met = {
            records.neighbours(Query("patient", sort=("name",)), id).after
            for id in map(ward.get, ("李四1", "赵六5"))
        }
        assert ward["王五2"] not in met
