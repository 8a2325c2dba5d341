"""Figures over what a list shows: of the records that a reader may read one by one, searched or not."""

from __future__ import annotations

from typing import Any

import pytest

from databases import every_database
from dougong_runtime.errors import Refused
from dougong_runtime.records.query import AggregateQuery, Measure
from world import World

pytestmark = every_database


@pytest.fixture
def wards(clinic: World) -> None:
    """Two patients of one doctor, one of another."""
    for name, doctor in (("王敏", "dr_an"), ("张三", "dr_an"), ("李四", "dr_bo")):
        clinic.make_record("patient", name=name, owner=clinic.people[doctor].user, risk="low")


def counted(clinic: World, who: str, **asked: Any) -> Any:
    """How many patients somebody counts."""
    with clinic.acting(who) as records:
        return records.aggregate(AggregateQuery("patient", **asked)).total["count"]


def test_what_is_seen_summed_only_is_not_listed(clinic: World, wards: None) -> None:
    both = clinic.person("two_hats", "doctor", "analyst")
    clinic.make_record("patient", name="赵五", owner=both.user, risk="low")
    assert counted(clinic, "two_hats", listed=True) == 1
    assert counted(clinic, "dr_an", listed=True) == 2
    clinic.person("sums_only", "analyst")
    with pytest.raises(Refused):
        counted(clinic, "sums_only", listed=True)


def test_figures_follow_a_search_also_by_initials(clinic: World, wards: None) -> None:
    assert counted(clinic, "dr_an", search="wm") == 1
    assert counted(clinic, "dr_an", search="王") == 1
    assert counted(clinic, "dr_an", search="李四") == 0, "that one is another's"
    assert counted(clinic, "dr_an", search="wm", measures=(Measure("count", "COUNT()"),), rows=("risk",)) == 1
    with pytest.raises(Refused):
        counted(clinic, "dr_an", search="x" * 1000)


def test_groups_alone_are_asked_for_without_their_total(clinic: World, wards: None) -> None:
    with clinic.acting("dr_an") as records:
        answer = records.aggregate(AggregateQuery("patient", ("risk",), total=False))
    assert [(r["risk"], r["count"]) for r in answer.rows] == [("low", 2)]
    assert answer.total == {}
