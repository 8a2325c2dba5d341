"""What a form asks while it is filled in: the sentences of saving, of the fields that were left, and nothing is kept."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa

from clinic import Clinic

VISIT = "/apps/clinic/visit"
PATIENT = "/apps/clinic/patient"


@pytest.fixture
def patient(clinic: Clinic) -> str:
    """A patient of dr_lin's."""
    return str(clinic.make("patient", name="查", owner=clinic.users["dr_lin"])["id"])


def checked(clinic: Clinic, path: str, username: str = "dr_lin", **fields: Any) -> dict[str, str]:
    """What is said of the fields sent, all of them left."""
    touched = [n for n in fields if not n.endswith((".rows", ".id"))]
    answer = clinic.browser(username).post(path + "/check", data={**fields, "_touched": touched})
    assert answer.status_code == 200, answer.text
    errors: dict[str, str] = answer.json()["errors"]
    return errors


def kept(clinic: Clinic) -> tuple[Any, ...]:
    """What any write would change."""
    tables = ("clinic__visit", "clinic__prescription", "clinic__patient", "dg_draft")
    counts = [f"SELECT COUNT(*) FROM {t}" for t in tables]
    counts.append("SELECT COUNT(*) FROM dg_audit WHERE action NOT IN ('sign_in', 'view_as')")
    with clinic.site.database.read() as connection:
        return tuple(connection.scalar(sa.text(count)) for count in counts)


def test_a_field_is_told_what_saving_would_say_and_nothing_is_kept(clinic: Clinic, patient: str) -> None:
    before = kept(clinic)
    fields = {
        "patient.id": patient,
        "patient": "查",
        "fee": "-1",
        "fever": "1.234",
        "visited_at": "2026-03-02T10:00",
        "until": "2026-03-01T10:00",
        "reason": "牙痛",
    }
    said = checked(clinic, VISIT, **fields)
    assert said["patient"] == said["reason"] == ""
    assert "at most 1 decimal" in said["fever"]
    assert kept(clinic) == before
    saved = clinic.browser("dr_lin").post(VISIT + "/new", data=fields)
    assert saved.status_code == 422
    right = {**fields, "fever": "37.0"}
    said = checked(clinic, VISIT, **right)
    saved = clinic.browser("dr_lin").post(VISIT + "/new", data=right)
    for name in ("fee", "until"):
        assert said[name], name
        place = re.search(rf'data-error-for="{name}"[^>]*>(.*?)</span></span>', saved.text, re.S)
        assert place is not None
        assert said[name] in place[1]
    assert kept(clinic) == before


def test_a_value_that_another_record_has_is_told_on_leaving(clinic: Clinic, patient: str) -> None:
    clinic.make("patient", name="另", phone="13811119999", owner=clinic.users["head_yu"])
    said = checked(clinic, PATIENT, "head_yu", name="新", phone="13811119999")
    assert "taken by another record" in said["phone"]
    said = checked(clinic, f"{PATIENT}/{patient}", "head_yu", phone="13811119999", version="1")
    assert "taken by another record" in said["phone"]


def test_only_what_was_left_is_spoken_of(clinic: Clinic) -> None:
    answer = clinic.browser("dr_lin").post(VISIT + "/check", data={"fee": "-1", "_touched": "reason"})
    assert answer.json() == {"errors": {"reason": ""}}


def test_a_row_is_told_at_its_place(clinic: Clinic, patient: str) -> None:
    fields = {
        "patient.id": patient,
        "prescriptions.rows": "a",
        "prescriptions.a.quantity": "0",
        "prescriptions.a.medicine": "",
    }
    said = checked(clinic, VISIT, **fields)
    assert "below 1" in said["prescriptions.a.quantity"]
    assert "needed" in said["prescriptions.a.medicine"]


def test_figures_and_defaults_follow_from_what_stands_on_the_form(clinic: Clinic, patient: str) -> None:
    medicine = str(clinic.make("medicine", name="算", code="CALC", price="12.50")["id"])
    fields = {
        "patient.id": patient,
        "fee": "30",
        "prescriptions.rows": ["a", "b"],
        "prescriptions.a.medicine.id": medicine,
        "prescriptions.a.quantity": "3",
        "prescriptions.a.price": "0.10",
        "prescriptions.b.medicine.id": medicine,
        "prescriptions.b.quantity": "2",
    }
    now = clinic.browser("dr_lin").post(VISIT + "/conditions", data=fields).json()
    assert now["values"]["prescriptions.a.amount"] == "0.30"
    assert now["fills"] == {"prescriptions.b.price": "12.50"}
    assert now["totals"]["prescriptions.amount"] == "0.30"


def test_who_looks_on_as_another_tries_nothing_out(clinic: Clinic, patient: str) -> None:
    before = kept(clinic)
    viewing = clinic.browser("admin", **{"X-View-As": "dr_lin"})
    answer = viewing.post(VISIT + "/check", data={"fee": "-1", "patient.id": patient, "_touched": "fee"})
    assert answer.json() == {"errors": {"fee": ""}}
    assert viewing.post(VISIT + "/new/draft", data={"reason": "x"}).status_code == 403
    assert kept(clinic) == before


def test_a_checked_form_takes_no_number(clinic: Clinic, patient: str) -> None:
    first = clinic.make("visit", patient=patient)["code"]
    for _ in range(3):
        checked(clinic, VISIT, **{"patient.id": patient, "fee": "10"})
    second = clinic.make("visit", patient=patient)["code"]
    assert int(second[-5:]) == int(first[-5:]) + 1
