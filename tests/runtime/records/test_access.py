"""Each role sees what one of its grants gives, cell by cell, and nothing of the rest can be worked out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from databases import every_database
from dougong_runtime.errors import Refused
from dougong_runtime.records.door import Records
from dougong_runtime.records.query import AggregateQuery, Measure, Query
from world import World

pytestmark = every_database

PHONE_A, PHONE_B = "13800138000", "13900139000"


@pytest.fixture
def wards(clinic: World) -> dict[str, str]:
    """A patient of each doctor."""
    made = {}
    for name, doctor, phone in (("阿甲", "dr_an", PHONE_A), ("阿乙", "dr_bo", PHONE_B)):
        made[name] = clinic.make_record(
            "patient",
            name=name,
            owner=clinic.people[doctor].user,
            phone=phone,
            id_number="11010519491231002X",
            mail=f"{doctor}@example.com",
        )["id"]
    return made


def seen(clinic: World, who: str, **asked: Any) -> dict[str, dict[str, Any]]:
    """Name → record, as somebody sees them."""
    with clinic.acting(who) as records:
        return {i["name"]: i for i in records.list(Query("patient", **asked)).items}


def test_rows_by_owner_team_and_team_below(clinic: World, wards: dict[str, str]) -> None:
    assert set(seen(clinic, "dr_an")) == {"阿甲"}
    assert set(seen(clinic, "nurse_b")) == {"阿乙"}
    assert set(seen(clinic, "head")) == {"阿甲", "阿乙"}
    assert set(seen(clinic, "desk")) == {"阿甲", "阿乙"}


def test_who_has_no_grant_does_not_know_the_entity(clinic: World, wards: dict[str, str]) -> None:
    with pytest.raises(Refused) as found, clinic.acting("nobody") as records:
        records.list(Query("patient"))
    assert found.value.problems[0].type.name == "unknown-entity"


def test_masks_hide_and_hidden_fields_are_not_there(clinic: World, wards: dict[str, str]) -> None:
    mine = seen(clinic, "dr_an")["阿甲"]
    assert mine["phone"] == "•••• 8000"
    assert mine["id_number"] == "11010519491231002X"
    nurse = seen(clinic, "nurse_a")["阿甲"]
    assert nurse["id_number"] == "••••"
    desk = seen(clinic, "desk")["阿甲"]
    assert "spent" not in desk
    assert "risk" not in desk
    assert desk["phone"] == PHONE_A


def test_a_masked_cell_is_absent_to_filter_sort_search_and_group(
    clinic: World, wards: dict[str, str]
) -> None:
    assert seen(clinic, "dr_an", filter=f"phone = '{PHONE_A}'") == {}
    assert set(seen(clinic, "dr_an", filter="phone = NULL")) == {"阿甲"}
    assert seen(clinic, "dr_an", search=PHONE_A) == {}
    assert set(seen(clinic, "desk", search=PHONE_A)) == {"阿甲"}
    with clinic.acting("nurse_a") as records:
        answer = records.aggregate(AggregateQuery("patient", rows=("phone",)))
    assert [r["phone"] for r in answer.rows] == [None]


def test_a_field_never_seen_is_an_unknown_name(clinic: World, wards: dict[str, str]) -> None:
    for query in (
        Query("patient", filter="risk = 'low'"),
        Query("patient", sort=("risk",)),
        Query("patient", fields=("risk",)),
    ):
        with pytest.raises(Refused) as found, clinic.acting("desk") as records:
            records.list(query)
        assert "risk" not in str(found.value.problems[0].facts.get("nearest"))
    with pytest.raises(Refused) as found, clinic.acting("desk") as records:
        records.update("patient", wards["阿甲"], {"risk": "low"})
    assert found.value.problems[0].type.name == "unknown-name"


def test_roles_unite_cell_by_cell(clinic: World, wards: dict[str, str]) -> None:
    """`both` is a nurse of ward A (all fields of its patients, phone masked) and a registrar (all patients, no risk)."""
    both = seen(clinic, "both")
    assert both["阿甲"]["risk"] == "low"
    assert "risk" not in both["阿乙"]
    assert both["阿乙"]["phone"] == PHONE_B
    assert both["阿甲"]["phone"] == PHONE_A
    assert set(seen(clinic, "both", filter="risk = 'low'")) == {"阿甲"}
    assert set(seen(clinic, "both", filter="risk = NULL")) == {"阿乙"}


def test_another_ones_record_is_as_one_that_is_not_there(clinic: World, wards: dict[str, str]) -> None:
    acts: list[Callable[[Records, str], object]] = [
        lambda records, id_: records.get("patient", id_),
        lambda records, id_: records.update("patient", id_, {"name": "x"}),
        lambda records, id_: records.delete("patient", id_),
        lambda records, id_: records.history("patient", id_),
        lambda records, id_: records.reveal("patient", id_, "phone"),
    ]
    answers = []
    for id_ in (wards["阿乙"], "00000000-0000-7000-8000-000000000000", "nonsense"):
        for act in acts:
            with pytest.raises(Refused) as found, clinic.acting("dr_an") as records:
                act(records, id_)
            answers.append((found.value.problems[0].type.name, found.value.problems[0].text("en")))
    assert len(set(answers)) == 1


def test_a_reference_may_only_name_what_its_writer_can_read(clinic: World, wards: dict[str, str]) -> None:
    told = []
    for patient in (wards["阿乙"], "00000000-0000-7000-8000-000000000000"):
        with pytest.raises(Refused) as found, clinic.acting("dr_an") as records:
            records.create("visit", {"patient": patient})
        told.append(found.value.problems[0].text("en"))
    assert told[0] == told[1]


def test_a_read_only_field_is_refused(clinic: World, wards: dict[str, str]) -> None:
    with pytest.raises(Refused) as found, clinic.acting("dr_an") as records:
        records.update("patient", wards["阿甲"], {"risk": "high"})
    assert found.value.problems[0].type.name == "read-only"


def test_a_masked_field_can_be_corrected_but_not_guessed(clinic: World, wards: dict[str, str]) -> None:
    versions = []
    for guess in (PHONE_A, "13700137000"):
        with clinic.acting("dr_an") as records:
            versions.append(records.update("patient", wards["阿甲"], {"phone": guess})["version"])
    assert versions == [2, 3], "right or wrong, a guess counts as a change"
    with clinic.acting("dr_an") as records:
        assert records.update("patient", wards["阿甲"], {"phone": "•••• 7000"})["version"] == 3
    with pytest.raises(Refused) as found, clinic.acting("dr_an") as records:
        records.update("patient", wards["阿甲"], {"phone": "•••• 8000"})
    assert found.value.problems[0].field == "phone"


def test_nobody_creates_outside_their_own_rows(clinic: World) -> None:
    with pytest.raises(Refused) as found, clinic.acting("dr_an") as records:
        records.create("patient", {"name": "别人的", "owner": clinic.people["dr_bo"].user})
    assert found.value.problems[0].type.name == "forbidden"


def test_sums_only_and_no_small_group(clinic: World) -> None:
    for i in range(7):
        clinic.make_record("patient", name=f"群{i}", risk="low" if i < 5 else "high")
    with pytest.raises(Refused) as found, clinic.acting("stats") as records:
        records.list(Query("patient"))
    assert found.value.problems[0].type.name == "aggregate-only"
    with clinic.acting("stats") as records:
        answer = records.aggregate(AggregateQuery("patient", rows=("risk",)))
        assert [(r["risk"], r["count"]) for r in answer.rows] == [("low", 5)]
        assert answer.total == {}, "the total would give the withheld group away"
        assert records.aggregate(AggregateQuery("patient", filter="risk = 'high'")).total == {}
        assert records.aggregate(AggregateQuery("patient")).total == {"count": 7}
    with pytest.raises(Refused), clinic.acting("stats") as records:
        records.aggregate(AggregateQuery("patient", rows=("name",), measures=(Measure("n", "COUNT()"),)))


def test_a_share_opens_one_record(clinic: World, wards: dict[str, str]) -> None:
    receiver = clinic.people["nurse_b"]
    with clinic.acting("nurse_a") as records:
        share = records.share("patient", wards["阿甲"], user=receiver.user)
    assert set(seen(clinic, "nurse_b")) == {"阿甲", "阿乙"}
    assert seen(clinic, "nurse_b")["阿甲"]["phone"] == "•••• 8000"
    with pytest.raises(Refused), clinic.acting("nurse_b") as records:
        records.update("patient", wards["阿甲"], {"mail": "x@example.com"})
    with clinic.acting("nurse_a") as records:
        records.unshare("patient", wards["阿甲"], share)
    assert set(seen(clinic, "nurse_b")) == {"阿乙"}


def test_a_reveal_is_audited(clinic: World, wards: dict[str, str]) -> None:
    with clinic.acting("dr_an") as records:
        assert records.reveal("patient", wards["阿甲"], "phone") == PHONE_A
        assert records.history("patient", wards["阿甲"])[0].action == "reveal"
    with pytest.raises(Refused), clinic.acting("nurse_a") as records:
        records.reveal("patient", wards["阿甲"], "phone")


def test_history_masks_what_the_reader_sees_masked(clinic: World, wards: dict[str, str]) -> None:
    with clinic.acting() as records:
        records.update("patient", wards["阿甲"], {"phone": "13700137000", "risk": "high"})
    with clinic.acting("nurse_a") as records:
        changes = {c.field: c.after for c in records.history("patient", wards["阿甲"])[0].changes}
    assert changes == {"phone": "•••• 7000", "risk": "high"}
    with clinic.acting("desk") as records:
        assert "risk" not in {c.field for e in records.history("patient", wards["阿甲"]) for c in e.changes}


def test_explain_names_the_grant_that_decided(clinic: World, wards: dict[str, str]) -> None:
    with clinic.acting("both") as records:
        reasons = {r.role: r for r in records.explain("patient", wards["阿乙"], "risk")}
    assert not reasons["nurse"].holds
    assert reasons["registrar"].holds
    assert reasons["registrar"].shown == "no"
    assert not any(r.decides for r in reasons.values())


def test_paths_lead_only_to_what_the_reader_may_read(clinic: World, wards: dict[str, str]) -> None:
    visit = clinic.make_record("visit", patient=wards["阿乙"], doctor=clinic.people["dr_an"].user)
    with clinic.acting("dr_an") as records:
        item = records.get("visit", visit["id"], fields=("patient.name", "patient"), titles=True)
        assert item["patient.name"] is None
        assert item["patient"]["title"] is None
        assert records.list(Query("visit", filter="patient.name = '阿乙'")).items == []


def test_viewing_as_another_changes_nothing(clinic: World, wards: dict[str, str]) -> None:
    from dataclasses import replace

    clinic.people["ghost"] = replace(clinic.people["dr_an"], acting_for="root")
    assert set(seen(clinic, "ghost")) == {"阿甲"}
    with pytest.raises(Refused) as found, clinic.acting("ghost") as records:
        records.update("patient", wards["阿甲"], {"name": "x"})
    assert found.value.problems[0].type.name == "viewing-only"


def test_who_may_only_create_gets_the_id_and_reads_nothing(clinic: World, wards: dict[str, str]) -> None:
    """The clinic's `clerk` files consents without reading them."""
    with clinic.acting("clerk") as records:
        made = records.create("consent_record", {"subject": "手术", "patient": wards["阿甲"]})
    assert set(made) == {"id"}
    with pytest.raises(Refused) as found, clinic.acting("clerk") as records:
        records.get("consent_record", made["id"])
    assert found.value.problems[0].type.name in ("not-found", "forbidden")


def test_only_what_may_be_taken_out_is_exported(clinic: World, wards: dict[str, str]) -> None:
    """`desk_dr` reads all patients as a registrar, and may take out their own as a doctor."""
    clinic.make_record("patient", name="阿丙", owner=clinic.people["desk_dr"].user)
    with clinic.acting("desk_dr") as records:
        assert len(records.list(Query("patient")).items) == 3
        assert [i["name"] for i in records.list(Query("patient", export=True)).items] == ["阿丙"]
    with pytest.raises(Refused), clinic.acting("desk") as records:
        records.list(Query("patient", export=True))


def test_several_changes_are_all_or_none(clinic: World, wards: dict[str, str]) -> None:
    a, b = wards["阿甲"], wards["阿乙"]
    with clinic.acting("head") as records:
        done = records.update_many(
            "patient", [(b, {"mail": "b@example.com"}), (a, {"mail": "a@example.com"})]
        )
    assert [d["mail"] for d in done] == ["b@example.com", "a@example.com"]
    with pytest.raises(Refused), clinic.acting("dr_an") as records:
        records.update_many("patient", [(a, {"mail": "x@example.com"}), (b, {"mail": "y@example.com"})])
    assert clinic.read("patient", a)["mail"] == "a@example.com"


@pytest.mark.parametrize(
    "formula",
    [
        "MIN(fee)",
        "MAX(fee)",
        "JOIN(reason, ';')",
        "FIRST(reason, visited_at)",
        "SUM(fee, code = 'V202603-00001')",
        "SUM(IF(code = 'V202603-00001', fee, 0))",
        "COUNT(reason = 'x') + 0",
        "MEDIAN(fee)",
    ],
)
def test_no_measure_tells_a_single_record_to_who_may_only_sum(clinic: World, formula: str) -> None:
    patient = clinic.make_record("patient", name="单")
    for i in range(6):
        clinic.make_record("visit", patient=patient["id"], fee=f"{i}.00", reason=f"r{i}")
    with pytest.raises(Refused) as found, clinic.acting("stats") as records:
        records.aggregate(AggregateQuery("visit", measures=(Measure("m", formula),)))
    assert found.value.problems[0].field == "measures"
    with clinic.acting("stats") as records:
        total = records.aggregate(
            AggregateQuery("visit", measures=(Measure("m", "SUM(fee) / COUNT()"),))
        ).total
    assert total == {"m": "2.5"}


def test_a_conflict_tells_a_masked_value_masked(clinic: World, wards: dict[str, str]) -> None:
    with clinic.acting() as records:
        records.update("patient", wards["阿甲"], {"phone": "13700137000"}, version=1)
    with pytest.raises(Refused) as found, clinic.acting("dr_an") as records:
        records.update("patient", wards["阿甲"], {"phone": "13600136000"}, version=1)
    assert found.value.problems[0].facts["theirs"] == {"phone": "•••• 7000"}
