"""A record and rows that refer to it, written in one go: all or nothing, errors by row and field, rows guarded."""

from __future__ import annotations

from typing import Any

import pytest

from clinic import PATH, Clinic


@pytest.fixture
def patient(clinic: Clinic) -> str:
    """A patient of dr_lin's."""
    return str(clinic.make("patient", name="王敏", owner=clinic.users["dr_lin"])["id"])


@pytest.fixture(scope="module")
def medicines(clinic: Clinic) -> tuple[str, str]:
    """Two medicines at 12.50 and 18.00."""
    one = clinic.make("medicine", name="阿司匹林", code="A1", price="12.50")["id"]
    return str(one), str(clinic.make("medicine", name="布洛芬", code="B1", price="18.00")["id"])


def whole(clinic: Clinic, patient: str, medicines: tuple[str, str]) -> dict[str, Any]:
    """A visit of three prescriptions."""
    rows = [
        {"medicine": medicines[0], "quantity": 2},
        {"medicine": medicines[1]},
        {"medicine": medicines[1], "price": "1.5"},
    ]
    body = {"patient": patient, "fee": "30.00", "_lists": {"prescriptions": rows}}
    answer = clinic.client("dr_lin").post(f"{PATH}/visit", json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def count(clinic: Clinic, entity: str) -> int:
    """How many records there are, to the doctor."""
    found: int = clinic.client("dr_lin").get(f"{PATH}/{entity}").json()["count"]
    return found


def test_a_new_record_is_written_with_its_rows_and_all_that_follows_from_them(
    clinic, patient, medicines
) -> None:
    made = whole(clinic, patient, medicines)
    assert (made["medicine_cost"], made["cost"]) == ("44.50", "74.50")
    assert [r["amount"] for r in made["_lists"]["prescriptions"]] == ["25.00", "18.00", "1.50"]
    assert {r["visit"] for r in made["_lists"]["prescriptions"]} == {made["id"]}
    spent = clinic.client("dr_lin").get(f"{PATH}/patient/{patient}").json()["spent"]
    assert spent == "74.50"


def test_nothing_is_kept_where_one_row_is_wrong_and_every_wrong_field_is_named(
    clinic, patient, medicines
) -> None:
    rows = [
        {"medicine": medicines[0], "quantity": 2},
        {"quantity": 0},
        {"medicine": medicines[1], "is_primary": True},
        {"medicine": medicines[1], "is_primary": True, "amount": "5"},
    ]
    before = (count(clinic, "visit"), count(clinic, "prescription"))
    body = {"patient": patient, "fee": "-1", "_lists": {"prescriptions": rows}}
    answer = clinic.client("dr_lin").post(f"{PATH}/visit", json=body)
    assert answer.status_code == 422, answer.text
    named = {p["field"] for p in answer.json()["problems"]}
    assert {"prescriptions[1].quantity", "prescriptions[1].medicine", "prescriptions[3].amount"} <= named
    assert any(p["type"] == "rule" for p in answer.json()["problems"]), answer.text
    assert any(str(n).startswith(("prescriptions[2]", "prescriptions[3]")) for n in named if n), named
    assert (count(clinic, "visit"), count(clinic, "prescription")) == before


def test_rows_change_come_and_go_in_one_write(
    clinic: Clinic, patient: str, medicines: tuple[str, str]
) -> None:
    made = whole(clinic, patient, medicines)
    first, second, third = made["_lists"]["prescriptions"]
    rows = [
        {"id": first["id"], "version": first["version"], "quantity": 4},
        {"id": second["id"], "_delete": True},
        {"medicine": medicines[0], "quantity": 1},
    ]
    path = f"{PATH}/visit/{made['id']}"
    body = {"version": made["version"], "reason": "牙痛", "_lists": {"prescriptions": rows}}
    answer = clinic.client("dr_lin").patch(path, json=body)
    assert answer.status_code == 200, answer.text
    seen = clinic.client("dr_lin").get(path).json()
    assert (seen["reason"], seen["medicine_cost"]) == ("牙痛", "64.00")
    mine = {"filter": f"visit = '{made['id']}'"}
    left = clinic.client("dr_lin").get(f"{PATH}/prescription", params=mine).json()["items"]
    assert sorted(r["amount"] for r in left) == ["1.50", "12.50", "50.00"]
    assert third["id"] in {r["id"] for r in left}


def test_a_row_is_guarded_by_its_own_version(
    clinic: Clinic, patient: str, medicines: tuple[str, str]
) -> None:
    made = whole(clinic, patient, medicines)
    row = made["_lists"]["prescriptions"][0]
    clinic.change("prescription", row["id"], quantity=9)
    rows = [{"id": row["id"], "version": row["version"], "quantity": 4}]
    body = {"reason": "x", "_lists": {"prescriptions": rows}}
    answer = clinic.client("dr_lin").patch(f"{PATH}/visit/{made['id']}", json=body)
    assert answer.status_code == 409
    assert answer.json()["problems"][0]["field"] == "prescriptions[0].quantity"
    assert clinic.client("dr_lin").get(f"{PATH}/visit/{made['id']}").json()["reason"] is None


def test_a_row_of_another_record_cannot_be_reached_through_a_list(
    clinic: Clinic, patient: str, medicines: tuple[str, str]
) -> None:
    mine, other = whole(clinic, patient, medicines), whole(clinic, patient, medicines)
    row = other["_lists"]["prescriptions"][0]
    theirs = clinic.make("visit", patient=patient, doctor=clinic.users["dr_mao"])
    client, path = clinic.client("dr_lin"), f"{PATH}/visit/{mine['id']}"
    for rows in ([{"id": row["id"], "quantity": 7}], [{"id": row["id"], "_delete": True}]):
        answer = client.patch(path, json={"_lists": {"prescriptions": rows}})
        assert answer.status_code == 404, answer.text
    moved = {"medicine": medicines[0], "visit": theirs["id"]}
    answer = client.patch(path, json={"_lists": {"prescriptions": [moved]}})
    assert answer.json()["problems"][0]["field"] == "prescriptions[0].visit"
    assert client.get(f"{PATH}/prescription/{row['id']}").json()["quantity"] == row["quantity"]


def test_a_list_takes_no_more_than_the_role_of_its_writer(
    clinic: Clinic, patient: str, medicines: tuple[str, str]
) -> None:
    visit = clinic.make("visit", patient=patient, doctor=clinic.users["dr_lin"])
    before = count(clinic, "prescription")
    rows = [{"medicine": medicines[0], "quantity": 1}]
    path, body = f"{PATH}/visit/{visit['id']}", {"_lists": {"prescriptions": rows}}
    for username in ("nurse_bai", "head_yu", "desk_tao"):
        answer = clinic.client(username).patch(path, json=body)
        assert answer.status_code in (400, 403, 404, 422), (username, answer.text)
    system = [{"medicine": medicines[0], "created_by": clinic.users["dr_mao"]}]
    answer = clinic.client("dr_lin").patch(path, json={"_lists": {"prescriptions": system}})
    assert answer.status_code == 422
    assert count(clinic, "prescription") == before


@pytest.mark.parametrize(
    "lists",
    [
        {"nonsense": []},
        {"prescriptions": {}},
        {"prescriptions": [1]},
        {"prescriptions": [{"_delete": True}]},
        {"prescriptions": [{"id": 4}]},
        {"prescriptions": [{"version": 3}]},
        {"prescriptions": [{"_reasons": {}}]},
        {"prescriptions": [{}] * 501},
        [],
    ],
    ids=lambda lists: str(lists)[:40],
)
def test_a_malformed_list_is_refused_in_words(clinic: Clinic, patient: str, lists: Any) -> None:
    visit = clinic.make("visit", patient=patient, doctor=clinic.users["dr_lin"])
    answer = clinic.client("dr_lin").patch(f"{PATH}/visit/{visit['id']}", json={"_lists": lists})
    assert answer.status_code in (400, 413, 422), answer.text
    assert answer.json()["detail"]


def test_a_warning_of_a_row_passes_with_its_reason(clinic: Clinic, medicines: tuple[str, str]) -> None:
    severe = clinic.make("allergy", name="青霉素", severity="severe")["id"]
    patient = clinic.make(
        "patient", name="李", owner=clinic.users["dr_lin"], allergies=[severe], risk="high"
    )["id"]
    body = {"patient": patient, "_lists": {"prescriptions": [{"medicine": medicines[0]}]}}
    client = clinic.client("dr_lin")
    answer = client.post(f"{PATH}/visit", json=body)
    assert answer.status_code == 422
    assert [w["rule"] for w in answer.json()["warnings"]] == ["allergic"]
    assert client.post(f"{PATH}/visit", json={**body, "_reasons": {"allergic": "已核对"}}).status_code == 201


def test_each_record_of_a_whole_has_its_row_in_the_audit(
    clinic: Clinic, patient: str, medicines: tuple[str, str]
) -> None:
    made = whole(clinic, patient, medicines)
    for row in made["_lists"]["prescriptions"]:
        history = clinic.client("dr_lin").get(f"{PATH}/prescription/{row['id']}/history").json()["items"]
        assert [e["action"] for e in history] == ["create"]
