"""Pages by which a site is looked after: what it takes up, its trash, its roles, and the front page with its facts."""

from __future__ import annotations

import itertools
import re

import pytest
import sqlalchemy as sa

from clinic import SYSTEM, Clinic
from dougong_platform.http.jobs.table import JOB
from dougong_runtime.names import uuid7
from dougong_runtime.records.query import Query

ADMIN_PAGES = ("", "/storage", "/trash", "/roles", "/roles/clinic.doctor", "/roles/admin")


def page(clinic: Clinic, path: str, username: str = "admin", expect: int = 200) -> str:
    """A page as somebody is answered."""
    answer = clinic.browser(username).get(path)
    assert answer.status_code == expect, answer.text[:2000]
    return answer.text


_numbers = itertools.count(13_800_000_000)


def deleted(clinic: Clinic, name: str) -> str:
    """A patient in the trash."""
    phone = str(next(_numbers))
    record: str = clinic.make("patient", name=name, phone=phone, owner=clinic.users["dr_lin"])["id"]
    clinic.remove("patient", record)
    return record


@pytest.mark.parametrize("path", ADMIN_PAGES)
def test_they_are_for_administrators(clinic: Clinic, path: str) -> None:
    page(clinic, f"/admin{path}", "head_yu", 403)
    page(clinic, f"/admin{path}")


def test_the_front_page_tells_one_fact_of_each_place(clinic: Clinic) -> None:
    shown = page(clinic, "/admin")
    facts = dict(re.findall(r'data-place="/admin/(\w+)".*?class="fact">(.*?)</p>', shown))
    assert facts["people"].startswith(f"{len(clinic.users)} active")
    assert facts["roles"] == "6 roles"
    assert facts["jobs"] == "None under way"
    assert facts["settings"] == "No mail server yet"


def test_storage_tells_the_rows_of_each_entity(clinic: Clinic) -> None:
    clinic.make("allergy", name="latex", severity="mild")
    with clinic.site.database.engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE")
    shown = page(clinic, "/admin/storage")
    row = re.search(r'data-part="Allergy".*?</tr>', shown, re.DOTALL)
    assert row is not None
    assert ">1<" in row[0].replace("≈ ", "")
    assert re.search(r"\d KB<", row[0])


def test_files_are_checked_when_asked_for(clinic: Clinic) -> None:
    answer = clinic.browser("admin").post("/admin/storage/files")
    assert "contents of all 0 files are there" in answer.text
    assert clinic.browser("head_yu").post("/admin/storage/files").status_code == 403


def test_an_administrator_without_a_role_sees_numbers_of_the_trash_and_no_title(clinic: Clinic) -> None:
    deleted(clinic, "Trashed Person")
    shown = page(clinic, "/admin/trash")
    assert re.search(r'data-entity="Patient".*?<td class="num k-main">\d+</td>', shown, re.DOTALL)
    assert "Trashed Person" not in shown
    assert 'href="/apps/clinic/trash"' not in shown
    page(clinic, "/apps/clinic/trash", "admin", 403)


def test_the_trash_of_an_app_shows_what_its_reader_may_see(clinic: Clinic) -> None:
    deleted(clinic, "Seen by Yu")
    assert "Seen by Yu" in page(clinic, "/apps/clinic/trash", "head_yu")
    assert "Seen by Yu" not in page(clinic, "/apps/clinic/trash", "dr_lin")
    page(clinic, "/apps/clinic/trash", "nurse_bai", 403)


def test_the_trash_is_searched(clinic: Clinic) -> None:
    deleted(clinic, "Quirin Vogt")
    deleted(clinic, "Someone Else")
    shown = page(clinic, "/apps/clinic/trash?search=Quirin", "head_yu")
    assert "Quirin Vogt" in shown
    assert "Someone Else" not in shown
    assert "Quirin Vogt" in page(clinic, "/apps/clinic/trash?entity=patient", "head_yu")
    assert "Quirin Vogt" not in page(clinic, "/apps/clinic/trash?entity=allergy", "head_yu")


def test_several_are_brought_back_at_once(clinic: Clinic) -> None:
    one, two = deleted(clinic, "First Back"), deleted(clinic, "Second Back")
    allergy: str = clinic.make("allergy", name="dust", severity="mild")["id"]
    clinic.remove("allergy", allergy)
    chosen = [f"patient/{one}", f"patient/{two}", f"allergy/{allergy}"]
    answer = clinic.browser("head_yu").post("/apps/clinic/trash/restore", data={"record": chosen})
    assert "3 brought back" in answer.text
    assert "Second Back" not in page(clinic, "/apps/clinic/trash", "head_yu")
    head = clinic.client("head_yu")
    assert head.get(f"/api/v1/apps/clinic/patient/{two}").status_code == 200
    assert head.get(f"/api/v1/apps/clinic/allergy/{allergy}").status_code == 200


def test_what_cannot_come_back_is_told_with_its_reason(clinic: Clinic) -> None:
    record, other = deleted(clinic, "Late Comer"), deleted(clinic, "Free Comer")
    with clinic.site.database.read() as connection:
        gone = clinic.site.records(connection, SYSTEM, "clinic").list(Query("patient", trash=True)).items
    phone = next(item["phone"] for item in gone if item["id"] == record)
    clinic.make("patient", name="Early Comer", phone=phone, owner=clinic.users["dr_lin"])
    chosen = [f"patient/{record}", f"patient/{other}", "patient/none", "nonsense", "user/x"]
    answer = clinic.browser("head_yu").post("/apps/clinic/trash/restore", data={"record": chosen})
    assert answer.status_code == 200
    assert "1 brought back" in answer.text
    assert "Some could not be brought back" in answer.text
    assert "is taken by another record" in answer.text
    lin = clinic.browser("dr_lin").post("/apps/clinic/trash/restore", data={"record": [f"patient/{record}"]})
    assert "1 brought back" not in lin.text


def test_a_role_is_shown_as_a_matrix_with_who_holds_it(clinic: Clinic) -> None:
    shown = page(clinic, "/admin/roles/clinic.doctor")
    row = re.search(r'data-grant="Visit".*?</tr>', shown, re.DOTALL)
    assert row is not None
    assert "doctor = USER() OR patient.owner = USER()" in row[0]
    assert row[0].count(">yes<") == 4
    masked = re.search(r'data-grant="Patient".*?</tr>', shown, re.DOTALL)
    assert masked is not None
    assert re.search(r"Masked, may be revealed</dt><dd>Phone", masked[0])
    assert 'data-holder="dr_lin"' in shown
    assert 'data-holder="nurse_bai"' not in shown
    assert "Not to be held together with Analyst." in shown


def test_who_holds_a_role_no_more_is_not_among_its_holders(clinic: Clinic) -> None:
    admin = clinic.browser("admin")
    admin.post("/admin/people/nurse_bai/until", data={"role": "clinic.nurse", "until": "2000-01-01"})
    assert 'data-holder="nurse_bai"' not in page(clinic, "/admin/roles/clinic.nurse")
    admin.post("/admin/people/nurse_bai/until", data={"role": "clinic.nurse", "until": ""})
    assert 'data-holder="nurse_bai"' in page(clinic, "/admin/roles/clinic.nurse")


def test_there_is_no_page_of_a_role_that_there_is_not(clinic: Clinic) -> None:
    page(clinic, "/admin/roles/clinic.captain", expect=404)
    page(clinic, "/admin/roles/nowhere.doctor", expect=404)


@pytest.mark.parametrize(("kind", "said"), [("act", "Act on many"), ("undo", "Undoing of an act")])
def test_acts_on_many_are_among_the_jobs_with_their_way_to_the_audit(
    clinic: Clinic, kind: str, said: str
) -> None:
    job, now = uuid7(), clinic.site.clock.now()
    told = {"records": 3, "changed": 3, "same": 0, "refused": 0, "reasons": [], "warnings": []}
    with clinic.site.database.write() as connection:
        connection.execute(
            sa.insert(JOB).values(
                id=job, user=clinic.users["head_yu"], kind=kind, app="clinic", entity="patient", state="done",
                created_at=now, finished_at=now, outcome=told, order={}, attempts=1,
            )
        )  # fmt: skip
    shown = page(clinic, "/admin/jobs")
    row = re.search(rf'id="job-{job}".*?</tr>', shown, re.DOTALL)
    assert row is not None
    assert f"{said} · " in row[0]
    assert "/admin/audit?entity=clinic.patient" in row[0]
    assert "download" not in row[0]
