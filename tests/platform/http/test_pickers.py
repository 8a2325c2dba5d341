"""What a picker offers: lately chosen first, what a rule forbids with its reason, a line to make one; no more than is seen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from clinic import FOLDER, PASSWORD, SYSTEM, Clinic, open_clinic
from dougong_platform import people
from sites import install


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def school(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    """A site with the clinic and the school, and someone who teaches in both."""
    with open_clinic(request.param, tmp_path_factory.mktemp("school")) as made:
        install(made.site, FOLDER.parent / "school")
        with made.site.database.write() as connection:
            roles = ["school.principal", "clinic.doctor", "clinic.head"]
            made.users["p_han"] = people.add_user(
                made.site, connection, SYSTEM, "p_han", name="韩", roles=roles, password=PASSWORD
            )
        yield made


def pupil(school: Clinic, name: str) -> str:
    """A pupil made by the system."""
    with school.site.database.write() as connection:
        return str(school.site.records(connection, SYSTEM, "school").create("pupil", {"name": name})["id"])


def offered(browser: TestClient, path: str, **sent: Any) -> str:
    """The list that a picker on a form is given."""
    answer = browser.post(path, data=sent)
    assert answer.status_code == 200, answer.text
    return str(answer.text)


def test_what_a_rule_forbids_stays_visible_with_its_reason(school: Clinic) -> None:
    one, other = pupil(school, "甲同学"), pupil(school, "乙同学")
    browser = school.browser("p_han", **{"Accept-Language": "zh"})
    path = "/apps/school/pupil/options/mentor/pupil"
    shown = offered(browser, path, _ask=f"/apps/school/pupil/{one}", _picker="mentor", name="甲同学")
    mine = next(part for part in shown.split('<div class="mi') if one in part)
    theirs = next(part for part in shown.split('<div class="mi') if other in part)
    assert 'aria-disabled="true"' in mine
    assert "不能做自己的学长" in mine
    assert 'aria-disabled="true"' not in theirs
    assert one in browser.get(path).text


def test_records_chosen_lately_come_first_while_nothing_is_typed(school: Clinic) -> None:
    for n in range(3):
        school.make("medicine", name=f"甲药{n}", code=f"Z{n}")
    last = str(school.make("medicine", name="最后的药", code="ZZ")["id"])
    patient = school.make("patient", name="p", owner=school.users["p_han"])["id"]
    visit = school.make("visit", patient=patient, doctor=school.users["p_han"])["id"]
    browser = school.browser("p_han", **{"Accept-Language": "zh"})
    path = "/apps/clinic/prescription/options/medicine/medicine"
    assert "最近选过" not in offered(browser, path)
    given = {"visit.id": visit, "medicine.id": last, "quantity": "1"}
    made = browser.post("/apps/clinic/prescription/new", data=given, follow_redirects=False)
    assert made.status_code == 303, made.text
    shown = offered(browser, path)
    assert shown.index("最近选过") < shown.index("最后的药") < shown.index("甲药0")
    assert shown.count(last) == 1
    assert "最近选过" not in offered(browser, path, q="甲药")
    assert "最近选过" not in offered(school.browser("dr_lin", **{"Accept-Language": "zh"}), path)


def test_what_was_chosen_lately_and_may_no_longer_be_read_is_not_offered(school: Clinic) -> None:
    patient = str(school.make("patient", name="转走的", owner=school.users["dr_lin"])["id"])
    browser = school.browser("dr_lin")
    answer = browser.post(
        "/apps/clinic/visit/new", data={"patient.id": patient, "reason": "x"}, follow_redirects=False
    )
    assert answer.status_code == 303, answer.text
    path = "/apps/clinic/visit/options/patient/patient"
    assert "转走的" in offered(browser, path)
    school.change("patient", patient, owner=school.users["dr_mao"])
    assert "转走的" not in offered(browser, path)


def test_one_is_made_in_place_by_whoever_may_and_only_once_nested(school: Clinic) -> None:
    head, doctor = school.browser("p_han"), school.browser("dr_lin")
    path = "/apps/clinic/patient/options/allergies/allergy"
    assert "data-new" in offered(head, path, q="坚果")
    assert "data-new" not in offered(head, path, q="坚果", quick="1")
    assert "data-new" not in offered(doctor, path, q="坚果")
    form = head.get("/apps/clinic/allergy/new?quick=1")
    assert form.status_code == 200
    assert "<html" not in form.text
    refused = head.post("/apps/clinic/allergy/new", data={"quick": "1", "name": "坚果"})
    assert refused.status_code == 422
    assert "data-error-for" in refused.text
    assert "<html" not in refused.text
    made = head.post("/apps/clinic/allergy/new", data={"quick": "1", "name": "坚果", "severity": "mild"})
    assert made.json()["title"] == "坚果"
    assert "坚果" in head.get(path).text


def test_a_picker_tells_nothing_of_records_that_are_not_seen(school: Clinic) -> None:
    foreign = str(school.make("patient", name="别人的", owner=school.users["dr_mao"])["id"])
    browser = school.browser("dr_lin")
    for sent in (
        {"q": "别人"},
        {"_ask": f"/apps/clinic/patient/{foreign}"},
        {"_picker": "visits.a.patient", "visits.a.patient.id": foreign},
        {"patient.id": foreign, "_picker": "patient"},
    ):
        answer = browser.post("/apps/clinic/visit/options/patient/patient", data=sent)
        assert "别人的" not in answer.text
    forged = school.browser("dr_lin", **{"X-CSRF-Token": "forged"})
    assert forged.post("/apps/clinic/visit/options/patient/patient", data={}).status_code == 403
