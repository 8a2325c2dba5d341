"""A record's pages over HTTP: told apart for no one who may not read it; the way from one to the next; why not."""

from __future__ import annotations

import base64
import re

import pytest

from clinic import Clinic
from dougong_runtime.audit import log

NOBODYS = "0190a0a0-0000-7000-8000-000000000000"


@pytest.fixture
def patient(clinic: Clinic) -> str:
    made: str = clinic.make("patient", name="王敏", owner=clinic.users["dr_lin"])["id"]
    return made


def page(record: str, rest: str = "") -> str:
    return f"/apps/clinic/patient/{record}{rest}"


def came(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def plain(text: str) -> str:
    """What a reader is told: without marks, addresses and ids of the request."""
    return re.sub(r"[0-9a-f-]{16,}|<[^>]*>|\s+", " ", text)


def test_why_tells_the_same_of_a_record_unseen_and_of_none(clinic: Clinic, patient: str) -> None:
    mao = clinic.browser("dr_mao")
    for rest in ("/why", "/why?field=name", "/why?act=delete", "/why?to=active"):
        unseen, none = mao.get(page(patient, rest)), mao.get(page(NOBODYS, rest))
        assert unseen.status_code == none.status_code == 200
        assert plain(unseen.text) == plain(none.text)
        assert "Doctor: one&#39;s own records" in unseen.text


def test_why_names_the_roles_and_the_people_who_could(clinic: Clinic, patient: str) -> None:
    lin = clinic.browser("dr_lin")
    risk = plain(lin.get(page(patient, "/why?field=risk")).text)
    assert "Doctor: does not give it" in risk
    assert "Roles that give it: Head of department, Nurse" in risk
    assert "于主任" in risk
    assert "白护士" in risk
    assert "毛医生" not in risk
    delete = plain(lin.get(page(patient, "/why?act=delete")).text)
    assert "None of your roles gives this." in delete
    assert "You can ask 于主任" in delete
    move = plain(lin.get(page(patient, "/why?to=active")).text)
    assert "Resident id” filled in" in move
    assert "Done by Doctor, Head of department" in move
    assert lin.get(page(patient, "/why?field=nonsense")).status_code == 404
    desk = clinic.browser("desk_tao")
    assert desk.get(page(patient, "/why?field=spent")).status_code == 404, "a field never seen is unknown"


def test_a_record_leads_to_the_next_of_the_list_that_it_was_opened_from(clinic: Clinic) -> None:
    lin = clinic.users["dr_lin"]
    ids = [clinic.make("patient", name=f"甲{n}", owner=lin)["id"] for n in range(3)]
    others = clinic.make("patient", name="甲4", owner=clinic.users["dr_mao"])["id"]
    browser = clinic.browser("dr_lin")
    listed = came("patients?search=甲&sort=-name")
    seen = browser.get(page(ids[1], f"/walk?from={listed}")).text
    assert "2 / 3" in seen
    assert re.findall(r'href="/apps/clinic/patient/([^?]+)\?from=' + listed, seen) == [ids[2], ids[0]]
    assert others not in seen
    shown = browser.get(page(ids[1], f"?from={listed}")).text
    assert "/apps/clinic/views/patients?search=甲&amp;sort=-name" in shown
    assert browser.get(page(others, f"/walk?from={listed}")).status_code == 404
    for wrong in ("", "%", came("nowhere"), came("visits"), came('"><script>'), "x" * 5000):
        assert browser.get(page(ids[1], f"/walk?from={wrong}")).status_code == 404
        assert "<script>" not in browser.get(page(ids[1], f"?from={wrong}")).text.partition("<body")[2]
    broken = browser.get(page(ids[1], f"/walk?from={came('patients?filter=nonsense((')}"))
    assert (broken.status_code, broken.text) == (200, "")


def test_words_of_a_comment_are_words(clinic: Clinic, patient: str) -> None:
    browser = clinic.browser("dr_lin", **{"HX-Request": "true", "HX-Request-Type": "partial"})
    attack = (
        "<script>alert(1)</script> <img src=x onerror=alert(1)> javascript:alert(1) @白护士<b>x</b> "
        'https://a.example/"onmouseover="alert(1) http://b.example/<script>x'
    )
    told = browser.post(page(patient, "/comments"), data={"text": attack}).text
    assert "<script>" not in told
    assert "<img" not in told
    assert 'onmouseover="' not in told
    assert 'href="javascript' not in told
    assert '<a class="link" href="https://a.example/" ' in told
    nurse = clinic.browser("nurse_bai").get("/notifications").text
    assert "<script>alert" not in nurse
    assert "&lt;script&gt;alert(1)" in nurse


def test_the_line_of_time_is_read_on_page_by_page(clinic: Clinic, patient: str) -> None:
    lin = clinic.client("dr_lin")
    for n in range(30):
        lin.patch(f"/api/v1/apps/clinic/patient/{patient}", json={"mail": f"m{n}@x.example"})
        if n % 3 == 0:
            lin.post(f"/api/v1/apps/clinic/patient/{patient}/comments", json={"text": f"说{n:02}。"})
    browser = clinic.browser("dr_lin", **{"HX-Request": "true", "HX-Request-Type": "partial"})
    seen, address = "", page(patient, "/timeline")
    for _ in range(5):
        part = browser.get(address).text
        seen += part
        more = re.search(r'hx-get="([^"]*before=[^"]*)"', part)
        if more is None:
            break
        address = more[1].replace("&amp;", "&")
    assert [f"说{n:02}。" for n in range(27, -1, -3)] == re.findall(r"说[0-9]{2}。", seen)
    assert len(re.findall(r"<time ", seen)) == 41
    only = browser.get(page(patient, "/timeline?show=comments")).text
    assert only.count("data-comment=") == 10
    assert "m29@" not in only


def test_a_record_is_printed_as_its_reader_sees_it(clinic: Clinic) -> None:
    values = {"name": "王敏", "phone": "13900004321", "mail": "w@x.example", "owner": clinic.users["dr_lin"]}
    record = clinic.make("patient", **values)["id"]
    clinic.make("visit", patient=record, doctor=clinic.users["dr_lin"], reason="头痛三天", fee="12.50")
    shown = clinic.browser("dr_lin").get(page(record, "/print")).text
    for words in ("王敏", "w@x.example", "12.50", "printed by 林医生"):
        assert words in shown
    assert "13900004321" not in shown
    assert clinic.browser("dr_mao").get(page(record, "/print")).status_code == 404


def test_a_pdf_is_for_who_may_export_and_stands_in_the_audit(clinic: Clinic, patient: str) -> None:
    lin = clinic.browser("dr_lin")
    made = lin.post(page(patient, "/pdf"))
    assert made.status_code == 200
    assert made.headers["content-type"] == "application/pdf"
    assert made.content.startswith(b"%PDF-")
    assert made.headers["content-disposition"].endswith("%E7%8E%8B%E6%95%8F.pdf")
    assert len(made.content) < 100_000, "only the letters in use are brought along"
    with clinic.site.database.read() as connection:
        (event,) = log.find(connection, record=patient, actions=[log.EXPORT])
    assert (event.actor_name, event.facts) == ("dr_lin", {"format": "pdf", "count": 1})
    assert clinic.browser("nurse_bai").post(page(patient, "/pdf")).status_code == 403
    assert clinic.browser("dr_mao").post(page(patient, "/pdf")).status_code == 404
    assert "/pdf" in lin.get(page(patient)).text
    assert "/pdf" not in clinic.browser("nurse_bai").get(page(patient)).text
