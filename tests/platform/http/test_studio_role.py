"""A role on its canvas, and why somebody sees a record: by the roles of the draft, over the data there are."""

from __future__ import annotations

import re
from typing import Any

import pytest

from clinic import Clinic

ROLE = "/studio/clinic/role/doctor"
STUDIO = "/api/v1/studio/clinic"


def role(clinic: Clinic) -> dict[str, Any]:
    answer = clinic.client("admin").get(f"{STUDIO}/documents/role/doctor")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def grant(clinic: Clinic, entity: str = "patient") -> dict[str, Any]:
    found: dict[str, Any] = next(g for g in role(clinic)["grants"] if g["entity"] == entity)
    return found


def undo(clinic: Clinic) -> None:
    assert clinic.client("admin").post(f"{STUDIO}/undo", json={}).status_code == 200


def test_cells_are_clicked_each_as_one_step(clinic: Clinic) -> None:
    browser, id = clinic.browser("admin"), grant(clinic)["id"]
    before = role(clinic)
    page = browser.get(ROLE).text
    assert 'data-entity="patient"' in page
    given = {"grant": id, "entity": "patient", "action": "delete", "on": "1"}
    answer = browser.post(f"{ROLE}/action", data=given)
    assert answer.status_code == 200
    assert '"draft-changed"' in answer.headers["HX-Trigger"]
    assert "delete" in grant(clinic)["actions"]
    browser.post(f"{ROLE}/rows", data={"grant": id, "rows": "team"})
    browser.post(f"{ROLE}/field", data={"grant": id, "field": "born_on", "state": "hidden"})
    browser.post(f"{ROLE}/flag", data={"flag": "build", "on": "1"})
    now = grant(clinic)
    assert now["rows"] == "team"
    assert "born_on" in now["hide"]
    assert role(clinic)["build"] is True
    matrix = browser.get(f"{ROLE}/matrix?open={id}").text
    assert re.search(r'id="f-\w+-born_on"[^>]*>.*?value="hidden" selected', matrix, re.S)
    assert matrix.count('class="chg"') >= 3
    for _ in range(4):
        undo(clinic)
    assert role(clinic) == before


def test_what_is_wrong_changes_nothing(clinic: Clinic) -> None:
    browser, id, before = clinic.browser("admin"), grant(clinic)["id"], role(clinic)
    for path, given in (
        ("action", {"grant": id, "entity": "nowhere", "action": "read", "on": "1"}),
        ("action", {"grant": "x", "entity": "patient", "action": "read", "on": "1"}),
        ("rows", {"grant": id, "rows": "formula", "said": ""}),
        ("field", {"grant": id, "field": "born_on", "state": "loud"}),
        ("field", {"grant": id, "field": "../x", "state": "hidden"}),
        ("flag", {"flag": "grants", "on": "1"}),
        ("remove", {"grant": ""}),
    ):
        assert browser.post(f"{ROLE}/{path}", data=given).status_code == 404, (path, given)
    assert (
        browser.post("/studio/clinic/role/nobody/flag", data={"flag": "build", "on": "1"}).status_code == 404
    )
    assert role(clinic) == before


def test_a_formula_that_does_not_read_is_a_problem_of_the_draft(clinic: Clinic) -> None:
    browser, id = clinic.browser("admin"), grant(clinic)["id"]
    browser.post(f"{ROLE}/rows", data={"grant": id, "rows": "formula", "said": "ownr = USER()"})
    problems = clinic.client("admin").get(f"{STUDIO}/problems").json()["items"]
    assert any(p["document"] == "role/doctor" and p["nearest"] == "owner" for p in problems)
    undo(clinic)


@pytest.fixture
def patient(clinic: Clinic) -> str:
    made = clinic.make("patient", name="王敏", owner=clinic.users["dr_lin"])
    return str(made["id"])


def ask(clinic: Clinic, username: str, record: str, field: str | None = None) -> dict[str, Any]:
    body = {"person": username, "entity": "patient", "record": record, "field": field}
    answer = clinic.client("admin").post(f"{STUDIO}/explain", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_it_is_told_by_the_draft_before_anything_is_published(clinic: Clinic, patient: str) -> None:
    mine = ask(clinic, "dr_lin", patient, "born_on")
    assert mine["by_draft"] is True
    assert [i["decides"] for i in mine["items"] if i["role"].endswith("doctor")] == [True]
    assert not any(i["decides"] for i in ask(clinic, "dr_mao", patient)["items"])
    browser, id = clinic.browser("admin"), grant(clinic)["id"]
    browser.post(f"{ROLE}/field", data={"grant": id, "field": "born_on", "state": "hidden"})
    hidden = ask(clinic, "dr_lin", patient, "born_on")
    assert not any(i["decides"] for i in hidden["items"])
    assert (
        clinic.client("dr_lin").get(f"/api/v1/apps/clinic/patient/{patient}").json().get("born_on", 0) is None
    )
    undo(clinic)
    browser.post(f"{ROLE}/rows", data={"grant": id, "rows": "formula", "said": "nothing_yet = 1"})
    broken = ask(clinic, "dr_lin", patient)
    assert broken["by_draft"] is True, "the grant that does not hold is left out, the others stand"
    assert not any(i["decides"] for i in broken["items"])
    undo(clinic)


def test_the_panel_says_it_in_sentences(clinic: Clinic, patient: str) -> None:
    browser = clinic.browser("admin")
    assert 'name="person"' in browser.get(f"{ROLE}/why?lang=zh").text
    given = {
        "person": "dr_mao",
        "entity": "patient",
        "record": "",
        "title": f"/apps/clinic/patient/{patient}",
    }
    page = browser.post(f"{ROLE}/why?lang=zh", data={**given, "field": "phone"}).text
    assert "看不到" in page
    assert "行不符：自己负责的记录。" in page
    assert f'href="/apps/clinic/patient/{patient}"' in page
    assert "王敏" not in page


def test_looking_as_another_is_for_administrators_and_in_the_audit(clinic: Clinic, patient: str) -> None:
    body = {"person": "dr_lin", "entity": "patient", "record": patient}
    assert clinic.client("head_yu").post(f"{STUDIO}/explain", json=body).status_code == 403
    assert clinic.browser("head_yu").post(f"{ROLE}/why", data=body).status_code == 403
    assert (
        clinic.client("admin").post(f"{STUDIO}/explain", json={**body, "record": "x" * 36}).status_code == 404
    )
    assert clinic.client("admin").post(f"{STUDIO}/explain", json={**body, "person": "who"}).status_code == 404
    ask(clinic, "dr_lin", patient)
    seen = clinic.client("admin").get("/admin/audit?action=view_as").text
    assert patient in seen
    assert "dr_lin" in seen
