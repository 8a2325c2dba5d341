"""Who looks over the audit learns that something was done; values only as far as the record itself shows them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from clinic import PATH, Clinic, open_clinic
from dougong_platform import erasing, people, seals
from dougong_platform.http.pages import admin_audit
from dougong_runtime.access.masks import DOTS
from dougong_runtime.audit import log
from dougong_runtime.errors import Refused
from dougong_runtime.host import Viewer

PHONE, OTHER_PHONE, NUMBER = "13800004321", "13900008765", "110101198001011233"
SYSTEM = Viewer.system("a test")


@pytest.fixture(params=["sqlite", "postgresql"])
def clinic(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Clinic]:
    """A clinic with a patient of dr_lin and one of dr_mao."""
    with open_clinic(request.param, tmp_path) as made:
        yield made


def patient(clinic: Clinic, owner: str, phone: str, mail: str) -> str:
    with clinic.site.database.write() as connection:
        door = clinic.site.records(connection, SYSTEM, "clinic")
        made = door.create("patient", {"name": f"病人{mail}", "phone": phone, "owner": clinic.users[owner]})
        door.update("patient", made["id"], {"mail": f"{mail}@cells.example"})
    return str(made["id"])


def audit_page(clinic: Clinic, username: str = "admin", query: str = "") -> str:
    answer = clinic.browser(username).get("/admin/audit" + query)
    assert answer.status_code == 200, answer.text
    return str(answer.text)


def words(page: str) -> str:
    """The page without ids and moments, in which four digits of a number can stand by chance."""
    return re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT[\d:.]+", "", page)


def test_an_administrator_sees_what_was_done_and_no_values(clinic: Clinic) -> None:
    record = patient(clinic, "dr_lin", PHONE, "one")
    clinic.client("dr_lin").post(f"{PATH}/patient/{record}/reveal", json={"field": "phone"})
    page = audit_page(clinic)
    assert record[-8:] in page
    assert re.search(rf'<th scope="row">Phone</th>.*?<b>{DOTS}</b>', page, re.DOTALL)
    for value in (PHONE, PHONE[-4:], "病人one", "one@cells.example"):
        assert value not in words(page)


def test_who_may_read_the_record_sees_its_values_as_there(clinic: Clinic) -> None:
    """An administrator who is a doctor too: own patients, the phone masked; another's not at all."""
    patient(clinic, "admin", PHONE, "mine")
    patient(clinic, "dr_mao", OTHER_PHONE, "theirs")
    with clinic.site.database.write() as connection:
        people.grant(clinic.site, connection, SYSTEM, clinic.users["admin"], ["clinic.doctor"])
    page = audit_page(clinic)
    assert "mine@cells.example" in page
    assert f"{DOTS} {PHONE[-4:]}" in page
    assert PHONE not in page
    for value in (OTHER_PHONE, OTHER_PHONE[-4:], "theirs@cells.example"):
        assert value not in words(page)


def test_what_was_searched_for_and_written_is_not_told_either(clinic: Clinic) -> None:
    record = patient(clinic, "dr_lin", PHONE, "one")
    lin = clinic.client("dr_lin")
    assert lin.post(
        f"{PATH}/patient/export", json={"format": "csv", "filter": "name = '张探长'"}
    ).status_code in (200, 202)
    with clinic.site.database.write() as connection:
        door = clinic.site.records(connection, clinic.viewer("head_yu"), "clinic")
        door.exported("patient", 1, {"filter": "mail = 'asked@cells.example'", "search": "李探长"})
    lin.patch(f"{PATH}/patient/{record}", json={"mail": "new@cells.example"})
    page = audit_page(clinic)
    assert "head_yu" in page
    for text in ("张探长", "李探长", "asked@cells.example", "new@cells.example"):
        assert text not in page


def test_an_app_that_is_gone_tells_no_values(clinic: Clinic) -> None:
    with clinic.site.database.write() as connection:
        gone = log.Event(log.CREATE, "gone_app", "thing", "x", after={"secret": "canary"}, reason="canary")
        log.write(connection, clinic.viewer("dr_lin"), clinic.site.clock.now(), [gone])
    page = audit_page(clinic)
    assert "gone_app.thing" in page
    assert "canary" not in page


def test_others_do_not_see_the_audit(clinic: Clinic) -> None:
    browser = clinic.browser("head_yu")
    assert browser.get("/admin/audit").status_code == 403
    assert browser.post("/admin/audit/verify").status_code == 403


def test_the_page_verifies_with_the_key_that_seals(clinic: Clinic) -> None:
    patient(clinic, "dr_lin", PHONE, "one")
    seals.seal_now(clinic.site)
    browser = clinic.browser("admin")
    assert "nothing was altered" in browser.post("/admin/audit/verify").text
    local = next(clinic.site.settings.data_dir.glob("audit-seals-*.jsonl"))
    local.write_text("")
    assert "was cut" in browser.post("/admin/audit/verify").text


def test_the_page_verifies_the_newest_batches_of_a_long_audit(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(4):
        patient(clinic, "dr_lin", f"1380000432{n}", str(n))
        seals.seal_now(clinic.site)
    monkeypatch.setattr(admin_audit, "CHECKED_MAX", 5)
    answer = clinic.browser("admin").post("/admin/audit/verify").text
    assert "4 rows verified, from batch 3 on" in answer


def test_erased_values_are_marked_in_history_and_gone_for_all(clinic: Clinic) -> None:
    record = patient(clinic, "dr_lin", PHONE, "one")
    clinic.change("patient", record, phone=OTHER_PHONE)
    clinic.change("patient", record, phone=None)
    done = erasing.erase(
        clinic.site,
        clinic.viewer("admin"),
        "clinic",
        "patient",
        record.upper(),
        reason="request",
        fields=["phone"],
    )
    assert done.values == 5
    head = clinic.client("head_yu")
    told = head.get(f"{PATH}/patient/{record}/history").json()["items"]
    assert [e["action"] for e in told] == ["erase", "update", "update", "update", "create"]
    assert told[1]["changes"] == [{"field": "phone", "before": DOTS, "after": DOTS, "erased": True}]
    page = clinic.browser("head_yu").get(f"/apps/clinic/patient/{record}/tab/history")
    for text in (str(told), page.text, audit_page(clinic)):
        assert PHONE not in text
        assert OTHER_PHONE not in text
    assert "before.phone" in audit_page(clinic)
    for username in ("head_yu", "nobody"):
        with pytest.raises(Refused, match="admin"):
            erasing.erase(clinic.site, clinic.viewer(username), "clinic", "patient", record, reason="x")
    with pytest.raises(Refused, match="patient"):
        erasing.erase(clinic.site, SYSTEM, "clinic", "patients", record, reason="x")
