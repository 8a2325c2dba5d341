"""Acting on lists as a browser meets it: cells, selections that stay as they were chosen, pasting, quick creation."""

from __future__ import annotations

import io
import re
import time
from typing import Any

import openpyxl
import pytest

from clinic import PATH, Clinic
from dougong_runtime.pages import bulk as bulk_page

PATIENT = "/apps/clinic/patient"


def patient(clinic: Clinic, owner: str = "dr_lin", **values: Any) -> str:
    made: str = clinic.make("patient", **{"name": "甲", **values}, owner=clinic.users[owner])["id"]
    return made


def seen(clinic: Clinic, id: str, field: str) -> Any:
    return clinic.client("head_yu").get(f"{PATH}/patient/{id}", params={"fields": field}).json().get(field)


def version_in(html: str) -> str:
    found = re.search(r'name="_version" value="(\d+)"', html)
    assert found, html
    return found[1]


# --- cells ----------------------------------------------------------------------------------------------------------
def test_two_tabs_change_one_cell_and_the_second_is_shown_both_values(clinic: Clinic) -> None:
    id = patient(clinic, mail="old@x.example")
    first, second = clinic.browser("dr_lin"), clinic.browser("head_yu")
    path = f"{PATIENT}/{id}/cells/mail"
    stale = version_in(second.get(path).text)
    saved = first.post(path, data={"mail": "first@x.example", "_version": version_in(first.get(path).text)})
    assert saved.status_code == 200, saved.text
    told = second.post(path, data={"mail": "second@x.example", "_version": stale})
    assert told.status_code == 409
    assert "first@x.example" in told.text
    assert "second@x.example" in told.text
    assert seen(clinic, id, "mail") == "first@x.example"
    theirs = {"mail": "second@x.example", "_version": version_in(told.text), "_choice": "theirs"}
    assert second.post(path, data=theirs).status_code == 200
    assert seen(clinic, id, "mail") == "first@x.example"
    assert second.post(path, data={**theirs, "_choice": "ours"}).status_code == 200
    assert seen(clinic, id, "mail") == "second@x.example"


def test_another_cell_of_the_same_record_merges_and_the_whole_row_comes_back(clinic: Clinic) -> None:
    id = patient(clinic, mail="old@x.example")
    browser = clinic.browser("dr_lin")
    stale = version_in(browser.get(f"{PATIENT}/{id}/cells/name").text)
    clinic.change("patient", id, mail="new@x.example")
    asked = {"name": "乙", "_version": stale, "_columns": "name,mail,owner.name,nonsense"}
    saved = browser.post(f"{PATIENT}/{id}/cells/name", data=asked)
    assert saved.status_code == 200
    assert set(re.findall(r'data-cell="([\w.]+)"', saved.text)) == {"name", "mail", "owner.name"}
    assert (seen(clinic, id, "name"), seen(clinic, id, "mail")) == ("乙", "new@x.example")


@pytest.mark.parametrize(
    ("username", "field", "says"),
    [
        ("dr_lin", "phone", "masked for you"),
        ("dr_lin", "risk", "Doctor: “Risk”"),
        ("dr_lin", "visit_count", "is computed"),
        ("dr_lin", "code", "kept by the system"),
        ("dr_lin", "owner.name", "another record"),
        ("nurse_bai", "owner", "Nurse: “Doctor”"),
    ],
)
def test_a_cell_that_cannot_be_filled_in_says_why(
    clinic: Clinic, username: str, field: str, says: str
) -> None:
    id = patient(clinic, phone=None if field != "phone" else "13655557777")
    answer = clinic.browser(username).get(f"{PATIENT}/{id}/cells/{field}")
    assert answer.status_code == 200
    assert says in answer.text, answer.text
    assert "<form" not in answer.text
    if "." not in field:
        tried = clinic.browser(username).post(f"{PATIENT}/{id}/cells/{field}", data={field: "1"})
        assert tried.status_code in (200, 422)
    clinic.remove("patient", id)


def test_cells_of_others_and_hidden_fields_are_not_there(clinic: Clinic) -> None:
    id = patient(clinic, "dr_mao")
    for username, field in (("dr_lin", "name"), ("desk_tao", "spent"), ("dr_mao", "nonsense")):
        browser = clinic.browser(username)
        assert browser.get(f"{PATIENT}/{id}/cells/{field}").status_code == 404
        assert browser.post(f"{PATIENT}/{id}/cells/{field}", data={field: "x"}).status_code == 404
    assert seen(clinic, id, "name") == "甲"


def test_a_cell_refused_by_a_rule_says_so_and_one_with_a_warning_asks(clinic: Clinic) -> None:
    severe = clinic.make("allergy", name="青霉素", severity="severe")["id"]
    id = patient(clinic, risk="high", allergies=[severe])
    browser = clinic.browser("head_yu")
    refused = browser.post(f"{PATIENT}/{id}/cells/mail", data={"mail": "nonsense"})
    assert refused.status_code == 422
    assert 'value="nonsense"' in refused.text
    asked = browser.post(f"{PATIENT}/{id}/cells/risk", data={"risk": "low"})
    assert asked.status_code == 422
    assert "_reasons.risk_without_reason" in asked.text
    given = {"risk": "low", "_reasons.risk_without_reason": "seen"}
    assert browser.post(f"{PATIENT}/{id}/cells/risk", data=given).status_code == 200
    assert seen(clinic, id, "risk") == "low"


def test_a_record_handed_over_in_its_cell_leaves_the_list_and_can_be_had_back(clinic: Clinic) -> None:
    id = patient(clinic)
    browser = clinic.browser("dr_lin")
    given = {"owner.id": clinic.users["dr_mao"], "owner": "x", "_columns": "name"}
    answer = browser.post(f"{PATIENT}/{id}/cells/owner", data=given)
    assert answer.status_code == 200
    assert "data-gone" in answer.text
    assert browser.get(f"{PATIENT}/{id}/cells/owner").status_code == 404
    undo = re.search(r'action="([^"]+/undo)"', answer.text)
    assert undo
    assert "Took 1 change back" in browser.post(undo[1]).text
    assert browser.get(f"{PATIENT}/{id}/cells/owner").status_code == 200


# --- selections -----------------------------------------------------------------------------------------------------
def chosen(clinic: Clinic, username: str, rule: str) -> str:
    answer = clinic.browser(username).post(
        "/apps/clinic/views/patients/chosen", data={"filter": rule, "all": "1"}
    )
    found = re.search(r'data-frozen="([\w-]+)" data-frozen-count="([\d,]+)"', answer.text)
    assert found, answer.text
    return found[1]


def test_what_was_chosen_stays_what_it_was(clinic: Clinic) -> None:
    rule = "mail = 'frozen@x.example'"
    leaving, staying = patient(clinic, mail="frozen@x.example"), patient(clinic, mail="frozen@x.example")
    selection = chosen(clinic, "dr_lin", rule)
    clinic.change("patient", leaving, mail="gone@x.example")
    coming = patient(clinic, mail="frozen@x.example")
    act = {
        "_verb": "update",
        "_selection": selection,
        "_field": "name",
        "_how": "set",
        "name": "丙",
        "_step": "run",
    }
    done = clinic.browser("dr_lin").post(f"{PATIENT}/bulk", data=act)
    assert "data-toast" in done.text, done.text
    assert [seen(clinic, i, "name") for i in (leaving, staying, coming)] == ["丙", "丙", "甲"]
    # It is nobody else's, and gives no right to what it names.
    assert clinic.browser("dr_mao").post(f"{PATIENT}/bulk", data=act).status_code == 404
    assert clinic.browser("dr_lin").post("/apps/clinic/visit/bulk", data=act).status_code == 404


def test_ids_of_others_are_refused_within_a_selection_and_never_written(clinic: Clinic) -> None:
    mine, other = patient(clinic), patient(clinic, "dr_mao")
    act = {
        "_verb": "update",
        "_ids": f"{mine},{other},nonsense",
        "_field": "name",
        "name": "丁",
        "_step": "run",
    }
    browser = clinic.browser("dr_lin")
    shown = browser.post(f"{PATIENT}/bulk", data=act)
    assert "<dialog" in shown.text
    assert "2 cannot be changed" in shown.text
    assert (seen(clinic, mine, "name"), seen(clinic, other, "name")) == ("甲", "甲")
    browser.post(f"{PATIENT}/bulk", data={**act, "_sure": "1"})
    assert (seen(clinic, mine, "name"), seen(clinic, other, "name")) == ("丁", "甲")


def test_a_field_that_is_not_offered_is_not_written_by_naming_it(clinic: Clinic) -> None:
    id = patient(clinic)
    browser = clinic.browser("dr_lin")
    act = {"_verb": "update", "_ids": id, "_field": "risk", "risk": "high", "_step": "run", "_sure": "1"}
    assert browser.post(f"{PATIENT}/bulk", data=act).status_code == 404
    smuggled = '{"verb": "update", "set": {"risk": "high", "visit_count": 9}}'
    browser.post(f"{PATIENT}/bulk", data={**act, "_act": smuggled})
    assert seen(clinic, id, "risk") == "low"
    other = '{"verb": "delete"}'
    assert browser.post(f"{PATIENT}/bulk", data={**act, "_act": other}).status_code == 404


def test_many_are_shown_before_they_are_changed_and_few_can_be_taken_back(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [patient(clinic) for _ in range(3)]
    browser = clinic.browser("dr_lin")
    act = {"_verb": "update", "_ids": ",".join(ids), "_field": "name", "name": "戊", "_step": "run"}
    with monkeypatch.context() as few:
        few.setattr(bulk_page, "SURE_FROM", 2)
        assert "3 will change" in browser.post(f"{PATIENT}/bulk", data=act).text
    assert seen(clinic, ids[0], "name") == "甲"
    done = browser.post(f"{PATIENT}/bulk", data=act)
    assert done.headers["hx-trigger"].startswith('{"records-changed"')
    undo = re.search(r'action="([^"]+/undo)"', done.text)
    assert undo, done.text
    clinic.change("patient", ids[0], name="己")
    assert clinic.browser("dr_mao").post(undo[1]).status_code == 404
    back = browser.post(undo[1])
    assert "Took 2 changes back" in back.text
    assert "1 were left as they were" in back.text
    assert [seen(clinic, i, "name") for i in ids] == ["己", "甲", "甲"]


def test_a_selection_is_taken_out_by_who_may_and_no_more_than_it(clinic: Clinic) -> None:
    kept, left = patient(clinic, mail="one@out.example"), patient(clinic, mail="two@out.example")
    ids = f"{kept},{patient(clinic, 'dr_mao', mail='three@out.example')}"
    browser = clinic.browser("dr_lin")
    begun = browser.post(f"{PATIENT}/bulk", data={"_do": "export:", "_ids": ids})
    where = re.search(r'hx-get="(/apps/clinic/patient/bulk/[\w-]+)"', begun.text)
    assert where, begun.text
    until = time.monotonic() + 20
    while "download" not in (page := browser.get(where[1], headers={"HX-Request-Type": "partial"}).text):
        assert time.monotonic() < until, page
        time.sleep(0.05)
    link = re.search(r'href="(/api/v1/jobs/[\w-]+/result)"', page)
    assert link
    file = browser.get(link[1], headers={"Accept": "*/*"}).content
    rows = list(openpyxl.load_workbook(io.BytesIO(file)).active.iter_rows(values_only=True))
    assert [row[0] for row in rows[1:]] == [kept]
    assert left not in str(rows)
    assert (
        clinic.browser("nurse_bai").post(f"{PATIENT}/bulk", data={"_do": "export:", "_ids": kept}).status_code
        == 403
    )


# --- pasting and quick creation -------------------------------------------------------------------------------------
def test_a_block_changes_rows_makes_new_ones_and_is_taken_back(clinic: Clinic) -> None:
    ids = [patient(clinic, mail=f"p{n}@x.example") for n in range(2)]
    block = "庚\t1980/3/2\n辛\t30/02/1980\n壬\t1981-01-01\n"
    data = {"_block": block, "_rows": ",".join(ids), "_fields": "name,born_on"}
    browser = clinic.browser("head_yu")
    shown = browser.post(f"{PATIENT}/paste", data=data)
    assert "Write 2 rows" in shown.text
    assert shown.text.count('class="bad"') == 1
    assert seen(clinic, ids[0], "name") == "甲"
    done = browser.post(f"{PATIENT}/paste", data={**data, "_step": "run"})
    assert "Changed 1, created 1" in done.text
    assert [seen(clinic, i, "name") for i in ids] == ["庚", "甲"]
    assert seen(clinic, ids[0], "born_on") == "1980-03-02"
    made = clinic.client("head_yu").get(f"{PATH}/patient", params={"filter": "name = '壬'"}).json()["items"]
    assert len(made) == 1
    undo = re.search(r'action="([^"]+/undo)"', done.text)
    assert undo
    assert "Took 2 changes back" in browser.post(undo[1]).text
    assert seen(clinic, ids[0], "born_on") is None
    assert clinic.client("head_yu").get(f"{PATH}/patient/{made[0]['id']}").status_code == 404


def test_pasting_over_another_s_row_or_a_field_not_one_s_own_writes_nothing(clinic: Clinic) -> None:
    other, mine = patient(clinic, "dr_mao"), patient(clinic)
    data = {
        "_block": "盗\thigh\n私\thigh",
        "_rows": f"{other},{mine}",
        "_fields": "name,risk",
        "_step": "run",
    }
    clinic.browser("dr_lin").post(f"{PATIENT}/paste", data=data)
    assert (seen(clinic, other, "name"), seen(clinic, other, "risk")) == ("甲", "low")
    assert seen(clinic, mine, "risk") == "low"


def test_the_next_record_is_asked_for_once_one_is_made(clinic: Clinic) -> None:
    browser = clinic.browser("dr_lin")
    form = browser.get(f"{PATIENT}/quick?columns=mail,spent,risk")
    assert [n for n in ("name", "mail", "risk", "spent") if f'name="{n}"' in form.text] == ["name", "mail"]
    wrong = browser.post(f"{PATIENT}/quick", data={"_columns": "mail", "mail": "nonsense"})
    assert wrong.status_code == 422
    made = browser.post(f"{PATIENT}/quick", data={"_columns": "mail", "name": "快", "mail": "q@x.example"})
    assert "Created “快”" in made.text
    assert 'value="q@x.example"' not in made.text
    assert clinic.browser("nurse_bai").get(f"{PATIENT}/quick").status_code == 403


# --- forged ---------------------------------------------------------------------------------------------------------
def test_nothing_is_done_for_a_forged_request(clinic: Clinic) -> None:
    id = patient(clinic)
    forged = clinic.browser("dr_lin", **{"X-CSRF-Token": "forged"})
    for path, data in (
        (f"/{id}/cells/name", {"name": "盗"}),
        ("/bulk", {"_ids": id, "_field": "name", "name": "盗", "_step": "run"}),
        ("/paste", {"_block": "盗", "_rows": id, "_fields": "name", "_step": "run"}),
        ("/quick", {"name": "盗"}),
        (f"/bulk/{id}/undo", {}),
        (f"/bulk/{id}/stop", {}),
    ):
        assert forged.post(f"{PATIENT}{path}", data=data).status_code == 403, path
    assert forged.post("/apps/clinic/views/patients/chosen").status_code == 403
    assert seen(clinic, id, "name") == "甲"
