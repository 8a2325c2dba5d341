"""What a write does, from coercion to audit."""

from __future__ import annotations

from typing import Any

import pytest

from databases import every_database
from dougong_runtime.errors import Refused
from dougong_runtime.records.query import Query
from world import World

pytestmark = every_database

PHONE = "13800138000"
ID_NUMBER = "11010519491231002X"


def refused(found: pytest.ExceptionInfo[Refused]) -> list[tuple[str, str | None]]:
    """The types and fields of a refusal."""
    return [(p.type.name, p.field) for p in (*found.value.problems, *found.value.warnings)]


def test_a_new_record_has_defaults_number_stage_and_first_version(clinic: World) -> None:
    with clinic.acting("dr_an") as records:
        made = records.create("patient", {"name": "张三", "phone": PHONE})
    assert made["version"] == 1
    assert made["code"] == "P2026-0001"
    assert made["risk"] == "low"
    assert made["stage"] == "registered"
    assert made["owner"] == clinic.people["dr_an"].user
    assert made["visit_count"] == 0
    assert made["spent"] == "0.00"
    assert made["segment"] == "ordinary"


def test_all_that_is_wrong_is_told_at_once_and_nothing_is_kept(clinic: World) -> None:
    with pytest.raises(Refused) as found, clinic.acting("dr_an") as records:
        records.create(
            "patient",
            {
                "phone": "not a phone",
                "nmae": "x",
                "visit_count": 3,
                "code": "P1",
                "id": "x",
                "born_on": "2026-02-30",
            },
        )
    assert set(refused(found)) >= {
        ("invalid-value", "phone"),
        ("unknown-name", "nmae"),
        ("system-field", "visit_count"),
        ("system-field", "code"),
        ("system-field", "id"),
        ("invalid-value", "born_on"),
    }
    near = next(p for p in found.value.problems if p.field == "nmae")
    assert near.facts["nearest"] == "name"
    with clinic.acting() as records:
        assert records.list(Query("patient")).items == []


def test_a_required_field_is_asked_for(clinic: World) -> None:
    with pytest.raises(Refused) as found, clinic.acting("dr_an") as records:
        records.create("patient", {"name": "  "})
    assert refused(found) == [("required", "name")]


def test_a_rule_refuses_from_any_door_and_absence_violates_none(clinic: World) -> None:
    clinic.make_record("patient", name="无生日")
    with pytest.raises(Refused) as found, clinic.acting() as records:
        records.create("patient", {"name": "未来", "born_on": "2030-01-01"})
    assert refused(found)[0][0] == "rule"
    assert found.value.problems[0].text("en") == "Born on cannot be later than today"


def test_a_warning_asks_for_a_reason_which_is_kept(clinic: World) -> None:
    severe = clinic.make_record("allergy", name="青霉素", severity="severe")
    with pytest.raises(Refused) as found, clinic.acting("head") as records:
        records.create(
            "patient", {"name": "李四", "owner": clinic.people["dr_an"].user, "allergies": [severe["id"]]}
        )
    assert not found.value.problems
    assert [w.facts["rule"] for w in found.value.warnings] == ["risk_without_reason"]
    with clinic.acting("head") as records:
        made = records.create(
            "patient",
            {"name": "李四", "owner": clinic.people["dr_an"].user, "allergies": [severe["id"]]},
            reasons={"risk_without_reason": "checked by hand"},
        )
        assert made["severe_allergies"] == 1
        changed = records.update("patient", made["id"], {"mail": "li@example.com"})
        assert changed["version"] == 2
        history = records.history("patient", made["id"])
    assert history[-1].reason == "checked by hand"


def test_roll_ups_follow_over_two_levels(clinic: World) -> None:
    patient = clinic.make_record("patient", name="王五")
    medicine = clinic.make_record("medicine", name="布洛芬", code="M1", price="12.50")
    visit = clinic.make_record("visit", patient=patient["id"], fee="20.00")
    with clinic.acting() as records:
        first = records.create(
            "prescription", {"visit": visit["id"], "medicine": medicine["id"], "quantity": 3}
        )
    assert first["price"] == "12.50"
    assert first["amount"] == "37.50"
    assert clinic.read("visit", visit)["medicine_cost"] == "37.50"
    seen = clinic.read("patient", patient)
    assert (seen["spent"], seen["visit_count"], seen["open_visits"]) == ("57.50", 1, 1)
    assert clinic.read("medicine", medicine)["sold"] == 3
    with clinic.acting() as records:
        records.update("prescription", first["id"], {"quantity": 1})
    assert clinic.read("patient", patient)["spent"] == "32.50"
    with clinic.acting() as records:
        records.delete("prescription", first["id"])
    assert clinic.read("patient", patient)["spent"] == "20.00"
    with clinic.acting() as records:
        records.restore("prescription", first["id"])
    assert clinic.read("patient", patient)["spent"] == "32.50"


def test_a_moved_child_leaves_one_parent_and_joins_the_other(clinic: World) -> None:
    one, two = clinic.make_record("patient", name="一"), clinic.make_record("patient", name="二")
    visit = clinic.make_record("visit", patient=one["id"], fee="30.00")
    with clinic.acting() as records:
        records.update("visit", visit["id"], {"patient": two["id"]})
    assert clinic.read("patient", one)["spent"] == "0.00"
    assert clinic.read("patient", two)["spent"] == "30.00"


def test_many_to_many_roll_ups_follow_the_other_record_too(clinic: World) -> None:
    mild = clinic.make_record("allergy", name="花粉", severity="mild")
    patient = clinic.make_record("patient", name="赵六", risk="high", allergies=[mild["id"]])
    assert patient["severe_allergies"] == 0
    assert clinic.read("allergy", mild)["patient_count"] == 1
    with clinic.acting() as records:
        records.update("allergy", mild["id"], {"severity": "severe"})
    assert clinic.read("patient", patient)["severe_allergies"] == 1
    with clinic.acting() as records:
        records.update("patient", patient["id"], {"allergies": []})
    assert clinic.read("patient", patient)["severe_allergies"] == 0
    assert clinic.read("allergy", mild)["patient_count"] == 0


def test_changes_to_different_fields_merge_and_to_the_same_field_conflict(clinic: World) -> None:
    made = clinic.make_record("patient", name="合并", mail="a@example.com")
    with clinic.acting() as records:
        records.update("patient", made["id"], {"mail": "b@example.com"}, version=1)
    with clinic.acting() as records:
        merged = records.update("patient", made["id"], {"name": "合并了"}, version=1)
    assert (merged["name"], merged["mail"], merged["version"]) == ("合并了", "b@example.com", 3)
    with pytest.raises(Refused) as found, clinic.acting() as records:
        records.update("patient", made["id"], {"mail": "c@example.com"}, version=1)
    problem = found.value.problems[0]
    assert problem.type.name == "conflict"
    assert problem.facts["yours"] == {"mail": "c@example.com"}
    assert problem.facts["theirs"] == {"mail": "b@example.com"}
    with pytest.raises(Refused) as found, clinic.acting() as records:
        records.update("patient", made["id"], {"mail": "c@example.com"}, version=9)
    assert refused(found) == [("bad-version", "version")]


def test_computed_changes_are_no_conflict(clinic: World) -> None:
    made = clinic.make_record("patient", name="计算")
    clinic.make_record("visit", patient=made["id"])
    with clinic.acting() as records:
        assert records.update("patient", made["id"], {"name": "计算了"}, version=1)["version"] == 2


def test_stages_move_along_transitions_only(clinic: World) -> None:
    made = clinic.make_record("patient", name="阶段", owner=clinic.people["dr_an"].user)
    with pytest.raises(Refused) as found, clinic.acting("dr_an") as records:
        records.update("patient", made["id"], {"stage": "discharged"})
    assert refused(found) == [("stage", "stage")]
    with pytest.raises(Refused) as found, clinic.acting("dr_an") as records:
        records.update("patient", made["id"], {"stage": "active"})
    assert found.value.problems[0].facts["fields"] == ["id_number"]
    with clinic.acting("dr_an") as records:
        moved = records.update("patient", made["id"], {"stage": "active", "id_number": ID_NUMBER})
    assert moved["stage"] == "active"
    clinic.make_record("visit", patient=made["id"])
    with pytest.raises(Refused) as found, clinic.acting("dr_an") as records:
        records.update("patient", made["id"], {"stage": "discharged"})
    assert "A visit is not signed yet" in found.value.problems[0].text("en")


def test_a_record_begins_at_the_first_stage(clinic: World) -> None:
    with pytest.raises(Refused) as found, clinic.acting("desk") as records:
        records.create("patient", {"name": "新", "stage": "active"})
    assert refused(found) == [("stage", "stage")]
    with clinic.acting("dr_an") as records:
        assert records.create("patient", {"name": "新", "stage": "active"})["stage"] == "active"


def test_a_locked_record_takes_only_what_the_lock_excepts(clinic: World) -> None:
    patient = clinic.make_record("patient", name="锁", owner=clinic.people["dr_an"].user)
    visit = clinic.make_record(
        "visit", patient=patient["id"], reason="咳", doctor=clinic.people["dr_an"].user
    )
    with clinic.acting("dr_an") as records:
        records.update("visit", visit["id"], {"stage": "open"})
        records.update("visit", visit["id"], {"stage": "signed"})
    with pytest.raises(Refused) as found, clinic.acting("dr_an") as records:
        records.update("visit", visit["id"], {"fee": "99.00"})
    assert refused(found) == [("locked", "fee")]
    with clinic.acting("dr_an") as records:
        assert records.update("visit", visit["id"], {"note": "补充"})["note"] == "补充"
    with pytest.raises(Refused) as found, clinic.acting("dr_an") as records:
        records.delete("visit", visit["id"])
    assert "locked" in [t for t, _ in refused(found)]


def test_rules_may_look_at_the_record_before(clinic: World) -> None:
    patient = clinic.make_record("patient", name="旧")
    visit = clinic.make_record("visit", patient=patient["id"], fee="50.00")
    with clinic.acting() as records:
        records.update("visit", visit["id"], {"fee": "40.00"})
        records.update("visit", visit["id"], {"stage": "open"})
    with pytest.raises(Refused) as found, clinic.acting() as records:
        records.update("visit", visit["id"], {"fee": "39.99"})
    assert found.value.problems[0].facts["rule"] == "fee_kept"
    with clinic.acting() as records:
        assert records.update("visit", visit["id"], {"fee": "41.00"})["fee"] == "41.00"


def test_uniques_count_living_records_only(clinic: World) -> None:
    first = clinic.make_record("patient", name="甲", phone=PHONE)
    with pytest.raises(Refused) as found, clinic.acting() as records:
        records.create("patient", {"name": "乙", "phone": PHONE})
    assert refused(found) == [("not-unique", "phone")]
    with clinic.acting() as records:
        records.delete("patient", first["id"])
    clinic.make_record("patient", name="乙", phone=PHONE)
    with pytest.raises(Refused) as found, clinic.acting() as records:
        records.restore("patient", first["id"])
    assert refused(found) == [("not-unique", "phone")]


def test_a_conditional_unique_holds_where_its_condition_does(clinic: World) -> None:
    patient = clinic.make_record("patient", name="主药")
    visit = clinic.make_record("visit", patient=patient["id"])
    medicine = clinic.make_record("medicine", name="药", code="M1", price="1.00")
    both = {"visit": visit["id"], "medicine": medicine["id"]}
    clinic.make_record("prescription", **both, is_primary=True)
    second = clinic.make_record("prescription", **both)
    with pytest.raises(Refused) as found, clinic.acting() as records:
        records.update("prescription", second["id"], {"is_primary": True})
    assert refused(found)[0][0] == "not-unique"


def test_append_only_and_retention(clinic: World) -> None:
    patient = clinic.make_record("patient", name="同意")
    kept = clinic.make_record("consent_record", subject="手术", patient=patient["id"])
    for attempt in ({"subject": "改"},):
        with pytest.raises(Refused) as found, clinic.acting() as records:
            records.update("consent_record", kept["id"], attempt)
        assert refused(found) == [("append-only", None)]
    with pytest.raises(Refused) as found, clinic.acting() as records:
        records.delete("consent_record", kept["id"])
    assert "append-only" in [t for t, _ in refused(found)]
    visit = clinic.make_record("visit", patient=patient["id"])
    with pytest.raises(Refused) as found, clinic.acting() as records:
        records.delete("visit", visit["id"])
    assert refused(found) == [("retained", None)]


def test_a_record_that_others_need_is_not_deleted(clinic: World) -> None:
    patient = clinic.make_record("patient", name="被引用")
    clinic.make_record("consent_record", subject="手术", patient=patient["id"])
    with pytest.raises(Refused) as found, clinic.acting() as records:
        records.delete("patient", patient["id"])
    assert refused(found) == [("still-referred", None)]


def test_what_goes_by_cascade_comes_back_with_it(clinic: World) -> None:
    patient = clinic.make_record("patient", name="级联")
    clinic.clock.at = clinic.clock.at.replace(year=2050)
    visit = clinic.make_record("visit", patient=patient["id"], fee="5.00", visited_at="2026-03-02T02:00:00Z")
    medicine = clinic.make_record("medicine", name="药", code="M1", price="1.00")
    clinic.make_record("prescription", visit=visit["id"], medicine=medicine["id"])
    with clinic.acting() as records:
        records.delete("visit", visit["id"])
    assert clinic.read("patient", patient)["visit_count"] == 0
    assert clinic.read("medicine", medicine)["sold"] == 0
    with clinic.acting() as records:
        records.restore("visit", visit["id"])
    assert clinic.read("patient", patient)["spent"] == "6.00"
    assert clinic.read("medicine", medicine)["sold"] == 1


def test_history_tells_who_did_what(clinic: World) -> None:
    with clinic.acting("dr_an") as records:
        made = records.create("patient", {"name": "历史"})
    clinic.advance(hours=1)
    with clinic.acting("dr_an") as records:
        records.update("patient", made["id"], {"name": "历史了"})
        events = records.history("patient", made["id"])
        before = records.as_of("patient", made["id"], clinic.clock.at.replace(hour=2, minute=30))
    assert [(e.action, e.actor_name) for e in events] == [("update", "dr_an"), ("create", "dr_an")]
    assert [(c.field, c.before, c.after) for c in events[0].changes] == [("name", "历史", "历史了")]
    assert before["name"] == "历史"


def test_the_same_value_is_no_change(clinic: World) -> None:
    made = clinic.make_record("patient", name="不变", mail="a@example.com")
    with clinic.acting() as records:
        assert (
            records.update("patient", made["id"], {"name": "不变", "mail": "a@example.com"})["version"] == 1
        )


@pytest.mark.parametrize("value", ["0.1", 0.1, "1234567890.12", 7, "-3.5"])
def test_decimals_are_exact_from_json_to_json(clinic: World, value: Any) -> None:
    made = clinic.make_record("medicine", name="价", code="X", price="0.00")
    wanted = {"0.1": "0.10", "1234567890.12": "1234567890.12", "7": "7.00"}.get(str(value))
    if wanted is None:
        with pytest.raises(Refused), clinic.acting() as records:
            records.update("medicine", made["id"], {"price": value})
        return
    with clinic.acting() as records:
        assert records.update("medicine", made["id"], {"price": value})["price"] == wanted


def test_settings_change_what_follows_from_them(clinic: World) -> None:
    patient = clinic.make_record("patient", name="分群")
    clinic.make_record("visit", patient=patient["id"], fee="100.00")
    assert clinic.read("patient", patient)["segment"] == "ordinary"
    with clinic.acting() as records:
        records.change_settings({"frequent_spent": "50.00"})
    assert clinic.read("patient", patient)["segment"] == "frequent"


def test_loading_many_settles_once_and_comes_out_the_same(clinic: World) -> None:
    patients = [clinic.make_record("patient", name=f"批量{i}") for i in range(3)]
    with clinic.acting() as records:
        view = {v.field.name: v.field for v in records.fields("visit")}
        fee = view["fee"].kind.coerce(view["fee"], "10.00")
        count = records.load_many(
            "visit", ({"patient": patients[i % 3]["id"], "fee": fee} for i in range(300))
        )
    assert count == 300
    assert [clinic.read("patient", p)["spent"] for p in patients] == ["1000.00"] * 3


def test_numbers_count_up_by_their_pattern_and_start_anew_each_period(clinic: World) -> None:
    patient = clinic.make_record("patient", name="编号")
    codes = [clinic.make_record("visit", patient=patient["id"])["code"] for _ in range(2)]
    clinic.advance(days=30)
    codes.append(clinic.make_record("visit", patient=patient["id"])["code"])
    assert codes == ["V202603-00001", "V202603-00002", "V202604-00001"]


def test_a_time_without_an_offset_is_taken_in_the_writers_zone(clinic: World) -> None:
    patient = clinic.make_record("patient", name="时区")
    visit = clinic.make_record("visit", patient=patient["id"], visited_at="2026-03-02T10:30:00")
    assert visit["visited_at"] == "2026-03-02T02:30:00Z"
