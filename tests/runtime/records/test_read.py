"""Lists: filters along references both ways, sort, keyset pages, search, expansion, figures."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from databases import every_database
from dougong_runtime.errors import Refused
from dougong_runtime.records.query import AggregateQuery, Measure, Query
from world import World

pytestmark = every_database


@pytest.fixture
def ward(clinic: World) -> dict[str, Any]:
    """Patients of two doctors with visits."""
    an, bo = clinic.people["dr_an"].user, clinic.people["dr_bo"].user
    names = [
        ("张三", "high", an),
        ("李四", "low", an),
        ("王五", "medium", bo),
        ("Zoe", "low", bo),
        ("安娜", "high", an),
    ]
    made = {n: clinic.make_record("patient", name=n, risk=r, owner=o)["id"] for n, r, o in names}
    for name, fees in {"张三": ("100.00", "20.50"), "李四": ("7.00",), "王五": ("300.00",)}.items():
        for fee in fees:
            clinic.make_record("visit", patient=made[name], fee=fee, doctor=an)
    return made


def names(clinic: World, who: str | None = None, **asked: Any) -> list[str]:
    """The names that a query gives, in order."""
    with clinic.acting(who) as records:
        return [i["name"] for i in records.list(Query("patient", **asked)).items]


def test_filters_by_own_fields(clinic: World, ward: dict[str, Any]) -> None:
    assert names(clinic, filter="risk = 'high'", sort=("name",)) == ["安娜", "张三"]
    assert names(clinic, filter="spent >= 100 and risk <> 'high'") == ["王五"]
    assert names(clinic, filter="last_visit_at = NULL", sort=("name",)) == ["Zoe", "安娜"]


def test_filters_along_references_both_ways(clinic: World, ward: dict[str, Any]) -> None:
    assert names(clinic, filter="owner.username = 'dr_bo'", sort=("name",)) == ["Zoe", "王五"]
    assert names(clinic, filter="owner.team.name = 'ward_b'", sort=("name",)) == ["Zoe", "王五"]
    assert names(clinic, filter="COUNT(visits, fee > 50) >= 1", sort=("name",)) == ["王五", "张三"]
    assert names(clinic, filter="SUM(visits.fee) = 120.5") == ["张三"]


def test_sorts_chinese_by_pinyin_choices_by_place_and_absent_last(
    clinic: World, ward: dict[str, Any]
) -> None:
    assert names(clinic, sort=("name",)) == ["Zoe", "安娜", "李四", "王五", "张三"]
    assert names(clinic, sort=("-name",)) == ["张三", "王五", "李四", "安娜", "Zoe"]
    assert names(clinic, sort=("risk", "name")) == ["Zoe", "李四", "王五", "安娜", "张三"]
    assert names(clinic, sort=("last_visit_at", "name"))[-2:] == ["Zoe", "安娜"]
    assert names(clinic, sort=("-last_visit_at", "name"))[-2:] == ["Zoe", "安娜"]
    assert names(clinic, sort=("owner", "name")) == ["安娜", "李四", "张三", "Zoe", "王五"]


@pytest.mark.parametrize("sort", [(), ("name",), ("-spent", "name"), ("last_visit_at",), ("-risk",)])
def test_pages_by_keyset_give_each_record_once_in_order(
    clinic: World, ward: dict[str, Any], sort: tuple[str, ...]
) -> None:
    whole = names(clinic, sort=sort)
    paged: list[str] = []
    cursor = None
    with clinic.acting() as records:
        for _ in range(10):
            page = records.list(Query("patient", sort=sort, limit=2, cursor=cursor))
            paged += [i["name"] for i in page.items]
            assert page.count == 5
            cursor = page.next
            if cursor is None:
                break
    assert paged == whole


def test_a_cursor_of_another_sort_or_a_forged_one_is_refused(clinic: World, ward: dict[str, Any]) -> None:
    with clinic.acting() as records:
        cursor = records.list(Query("patient", sort=("name",), limit=2)).next
        for bad in (cursor, "zzz", "W10", "", "a" * 9000):
            with pytest.raises(Refused) as found:
                records.list(Query("patient", sort=("name", "risk"), cursor=bad))
            assert found.value.problems[0].type.name == "bad-query"


def test_search_finds_by_pinyin_initials_and_characters(clinic: World, ward: dict[str, Any]) -> None:
    for text in ("zs", "张三", "三", "zhangsan", "ZHANG"):
        assert names(clinic, search=text) == ["张三"], text
    assert names(clinic, search="zoe") == ["Zoe"]
    assert names(clinic, search="' OR 1=1 --") == []


def test_fields_paths_expansion_and_titles(clinic: World, ward: dict[str, Any]) -> None:
    with clinic.acting() as records:
        item = records.list(
            Query(
                "visit",
                filter="fee = 300",
                fields=("fee", "patient.name", "patient.owner.username", "patient"),
                expand=("patient",),
            )
        ).items[0]
        titled = records.list(Query("visit", filter="fee = 300", titles=True)).items[0]
    assert item["patient.name"] == "王五"
    assert item["patient.owner.username"] == "dr_bo"
    assert item["patient"]["name"] == "王五"
    assert item["fee"] == "300.00"
    assert titled["patient"] == {"id": ward["王五"], "title": "王五"}
    assert titled["doctor"]["title"] == "Dr_An"


def test_ready_bytes_say_the_same_as_the_page(clinic: World, ward: dict[str, Any]) -> None:
    for entity in ("patient", "visit"):
        with clinic.acting() as records:
            page = records.list(Query(entity, sort=("created_at",)))
            assert (
                msgspec.json.decode(records.list_json(Query(entity, sort=("created_at",))))["items"]
                == page.items
            )


def test_what_is_wrong_with_a_query_is_told_with_the_nearest_name(
    clinic: World, ward: dict[str, Any]
) -> None:
    with pytest.raises(Refused) as found, clinic.acting() as records:
        records.list(
            Query(
                "patient", filter="rsik = 'high'", sort=("nmae",), fields=("phne",), expand=("name",), limit=0
            )
        )
    told = {p.field: p for p in found.value.problems}
    assert set(told) == {"filter", "sort", "fields", "expand", "limit"}
    assert told["filter"].facts["nearest"] == "risk"
    assert told["fields"].facts["nearest"] == "phone"
    with pytest.raises(Refused) as found, clinic.acting() as records:
        records.list(Query("patiant"))
    assert found.value.problems[0].facts["nearest"] == "patient"


def test_figures_by_groups_with_totals_over_the_records(clinic: World, ward: dict[str, Any]) -> None:
    with clinic.acting() as records:
        answer = records.aggregate(
            AggregateQuery(
                "patient",
                rows=("risk",),
                measures=(
                    Measure("spent", "SUM(spent)"),
                    Measure("number", "COUNT()"),
                    Measure("mean", "SUM(spent) / COUNT()"),
                ),
                sort=("risk",),
            )
        )
    assert [(r["risk"], r["number"], r["spent"]) for r in answer.rows] == [
        ("low", 2, "7.00"),
        ("medium", 1, "300.00"),
        ("high", 2, "120.50"),
    ]
    assert (answer.total["number"], answer.total["spent"]) == (5, "427.50")


def test_a_record_to_pick_shows_what_tells_namesakes_apart(clinic: World, ward: dict[str, Any]) -> None:
    with clinic.acting("dr_an") as records:
        found = records.pick("patient", "zs")
    assert [c.title for c in found] == ["张三"]
    assert found[0].facts.startswith("P2026-")
