"""The doors of acting on lists, and the rows that each must leave in the audit: one for every record that was changed.

Many at once, by API and from a list's selection; what takes them back; blocks pasted; cells; the small form of a new one.
"""

from __future__ import annotations

import re
import time
from typing import Any
from unittest.mock import patch

from starlette.testclient import TestClient

from audit_http import job
from audit_work import PAGE, Row, Work, accepted, by_api, by_page, case
from clinic import PATH
from dougong_platform import acts
from dougong_runtime.audit import log

BULK = "/api/v1/apps/{app}/{entity}/bulk"
UNDO = "/api/v1/jobs/{id}/undo"
PATIENT = "/apps/clinic/patient"

NO_ROW_ACTING: dict[str, str] = {
    "POST /apps/{app}/views/{view}/chosen": "keeps which records a person has chosen, for themselves",
    f"POST {PAGE}/bulk/{{job}}/stop": "ends a job; what it has done until then is in the audit",
}
"""Routes of acting on lists that change nothing the audit tells."""


EVERY_FIELD = [
    "id", "name", "code", "id_number", "phone", "mail", "born_on", "risk", "owner", "allergies", "consent", "left_on",
    "stage", "visit_count", "open_visits", "spent", "last_visit_at", "severe_allergies", "segment", "age",
    "days_quiet", "created_at", "created_by", "updated_at", "updated_by",
]  # fmt: skip
"""A doctor's fields of a patient."""


def _patients(work: Work, owner: str = "dr_lin", **values: Any) -> list[str]:
    return [work.patient(owner, **values) for _ in range(2)]


def _mail(record: str, was: str | None, becomes: str | None, version: int, batch: Any) -> dict[str, Any]:
    """A patient's mail changed, as part of an act on many."""
    facts = {"version": version, "batch": batch}
    return {
        "entity": "patient",
        "record": record,
        "before": {"mail": was},
        "after": {"mail": becomes},
        "facts": facts,
    }


def _only_record_in(page: Any) -> str:
    """The one patient to whom a page leads."""
    (found,) = set(re.findall(r"/apps/clinic/patient/([0-9a-f-]{36})", accepted(page).text))
    return str(found)


def _undo_of(page: Any) -> tuple[str, str]:
    """Where what a page has done is taken back, and the act's name."""
    found = re.search(r'action="([^"]+/bulk/([\w-]+)/undo)"', accepted(page).text)
    assert found, page.text
    return found[1], found[2]


# --- by API ---------------------------------------------------------------------------------------------------------
@case(f"POST {BULK}", f"POST {UNDO}")
def api_bulk_and_undo(work: Work) -> list[Row]:
    """A rehearsal leaves nothing, nor does a record that was so already."""
    ids, so_already = _patients(work, mail="old@x.example"), work.patient(mail="new@x.example")
    lin = work.client("dr_lin")
    body = {"ids": [*ids, so_already], "changes": {"mail": "new@x.example"}}
    accepted(lin.post(f"{PATH}/patient/bulk", json={**body, "dry_run": True}))
    act = accepted(lin.post(f"{PATH}/patient/bulk", json=body)).json()["job"]
    undo = accepted(lin.post(f"/api/v1/jobs/{act}/undo", json={})).json()["job"]
    old, new = "old@x.example", "new@x.example"
    return [
        *(by_api(log.UPDATE, "dr_lin", **_mail(i, old, new, 2, act)) for i in ids),
        *(by_api(log.UPDATE, "dr_lin", **_mail(i, new, old, 3, undo)) for i in ids),
    ]


@case(f"POST {BULK}")
def api_bulk_with_a_refused_record(work: Work) -> list[Row]:
    """What is refused leaves no row: all of it, or with `keep_good` the one record."""
    mine, others = work.patient(mail="old@x.example"), work.patient("dr_mao")
    lin = work.client("dr_lin")
    body = {"ids": [mine, others], "changes": {"mail": "new@x.example"}}
    accepted(lin.post(f"{PATH}/patient/bulk", json=body), 404)
    act = accepted(lin.post(f"{PATH}/patient/bulk", json={**body, "keep_good": True})).json()["job"]
    return [by_api(log.UPDATE, "dr_lin", **_mail(mine, "old@x.example", "new@x.example", 2, act))]


@case(f"POST {BULK}", f"POST {UNDO}")
def api_bulk_deletes_and_undo(work: Work) -> list[Row]:
    ids = _patients(work, mail="gone@x.example")
    head = work.client("head_yu")
    deleted = accepted(head.post(f"{PATH}/patient/bulk", json={"ids": ids, "verb": "delete"})).json()["job"]
    undo = accepted(head.post(f"/api/v1/jobs/{deleted}/undo", json={})).json()["job"]
    held = {
        "name": "王敏", "mail": "gone@x.example", "consent": False, "risk": "low", "stage": "registered",
        "owner": work.clinic.users["dr_lin"], "code": ..., "segment": "ordinary", "spent": "0.00",
        "visit_count": 0, "open_visits": 0, "severe_allergies": 0,
    }  # fmt: skip
    return [
        *(_gone("head_yu", i, held, 2, deleted) for i in ids),
        *(_back("head_yu", i, held, 3, undo) for i in ids),
    ]


def _gone(who: str, record: str, held: Any, version: int, batch: Any) -> Row:
    facts = {"version": version, "batch": batch}
    return by_api(log.DELETE, who, entity="patient", record=record, before=held, facts=facts)


def _back(who: str, record: str, held: Any, version: int, batch: Any) -> Row:
    facts = {"version": version, "batch": batch}
    return by_api(log.RESTORE, who, entity="patient", record=record, after=held, facts=facts)


@case(f"POST {BULK}")
def api_bulk_restores(work: Work) -> list[Row]:
    ids = _patients(work)
    for record in ids:
        work.clinic.remove("patient", record)
    head = work.client("head_yu")
    act = accepted(head.post(f"{PATH}/patient/bulk", json={"ids": ids, "verb": "restore"})).json()["job"]
    held = {
        "name": "王敏", "consent": False, "risk": "low", "stage": "registered",
        "owner": work.clinic.users["dr_lin"], "code": ..., "segment": "ordinary", "spent": "0.00",
        "visit_count": 0, "open_visits": 0, "severe_allergies": 0,
    }  # fmt: skip
    return [_back("head_yu", i, held, 3, act) for i in ids]


@case(f"POST {BULK}")
def api_bulk_shares(work: Work) -> list[Row]:
    ids, mao = _patients(work), work.clinic.users["dr_mao"]
    body = {"ids": ids, "verb": "share", "user": mao, "write": True}
    accepted(work.client("head_yu").post(f"{PATH}/patient/bulk", json=body))
    facts = {"user": mao, "team": None, "write": True, "until": None}
    return [by_api(log.SHARE, "head_yu", entity="patient", record=i, facts=facts) for i in ids]


@case(f"POST {BULK}", f"POST {UNDO}")
def api_bulk_and_undo_as_jobs(work: Work) -> list[Row]:
    """More than is done at once: a job writes the same rows in the name of who ordered it."""
    ids = _patients(work, mail="old@x.example")
    lin = work.client("dr_lin")
    with patch.object(acts, "AT_ONCE_MAX", 1):
        body = {"ids": ids, "changes": {"mail": "new@x.example"}, "keep_good": True}
        act = job(work, "dr_lin", lin.post(f"{PATH}/patient/bulk", json=body))["id"]
        undo = job(work, "dr_lin", lin.post(f"/api/v1/jobs/{act}/undo", json={}))["id"]
    old, new = "old@x.example", "new@x.example"
    return [
        *(by_api(log.UPDATE, "dr_lin", **_mail(i, old, new, 2, act)) for i in ids),
        *(by_api(log.UPDATE, "dr_lin", **_mail(i, new, old, 3, undo)) for i in ids),
    ]


# --- a list's selection ---------------------------------------------------------------------------------------------
@case(f"POST {PAGE}/bulk", f"POST {PAGE}/bulk/{{job}}/undo")
def page_bulk_and_undo(work: Work) -> list[Row]:
    """What is asked and shown before leaves nothing."""
    ids = _patients(work, mail="old@x.example")
    lin = work.browser("dr_lin")
    sent = {"_verb": "update", "_ids": ",".join(ids), "_field": "mail", "mail": "new@x.example"}
    for step in ("ask", "preview"):
        accepted(lin.post(f"{PATIENT}/bulk", data={**sent, "_step": step}))
    undo, act = _undo_of(lin.post(f"{PATIENT}/bulk", data={**sent, "_step": "run"}))
    accepted(lin.post(undo))
    old, new = "old@x.example", "new@x.example"
    return [
        *(by_page(log.UPDATE, "dr_lin", **_mail(i, old, new, 2, act)) for i in ids),
        *(by_page(log.UPDATE, "dr_lin", **_mail(i, new, old, 3, ...)) for i in ids),
    ]


@case(f"POST {PAGE}/bulk")
def page_bulk_of_what_was_chosen(work: Work) -> list[Row]:
    """Choosing all that a list shows leaves nothing; what is done to them leaves a row for each."""
    record = work.patient(mail="chosen@x.example")
    lin = work.browser("dr_lin")
    asked = {"filter": "mail = 'chosen@x.example'", "all": "1"}
    chosen = accepted(lin.post("/apps/clinic/views/patients/chosen", data=asked)).text
    found = re.search(r'data-frozen="([\w-]+)"', chosen)
    assert found, chosen
    sent = {"_verb": "update", "_selection": found[1], "_field": "mail", "mail": "after@x.example"}
    _, act = _undo_of(lin.post(f"{PATIENT}/bulk", data={**sent, "_step": "run"}))
    return [by_page(log.UPDATE, "dr_lin", **_mail(record, "chosen@x.example", "after@x.example", 2, act))]


@case(f"POST {PAGE}/bulk")
def page_bulk_shares(work: Work) -> list[Row]:
    ids, mao = _patients(work), work.clinic.users["dr_mao"]
    sent = {"_verb": "share", "_ids": ",".join(ids), "_person.id": mao, "_step": "run", "_sure": "1"}
    accepted(work.browser("head_yu").post(f"{PATIENT}/bulk", data=sent))
    facts = {"user": mao, "team": None, "write": False, "until": None}
    return [by_page(log.SHARE, "head_yu", entity="patient", record=i, facts=facts) for i in ids]


@case(f"POST {PAGE}/bulk")
def page_bulk_takes_out(work: Work) -> list[Row]:
    """Whose patients they are is asked of each record: those of others are not counted."""
    ids = [*_patients(work), work.patient("dr_mao")]
    lin = work.browser("dr_lin")
    begun = accepted(lin.post(f"{PATIENT}/bulk", data={"_do": "export:", "_ids": ",".join(ids)})).text
    found = re.search(r'hx-get="(/apps/clinic/patient/bulk/[\w-]+)"', begun)
    assert found, begun
    _wait_for_file(work, lin, found[1])
    facts = {"format": "xlsx", "fields": EVERY_FIELD, "filter": None, "search": None, "count": 2}
    return [by_page(log.EXPORT, "dr_lin", entity="patient", facts=facts)]


def _wait_for_file(work: Work, browser: TestClient, where: str) -> None:
    for _ in range(work.patience):
        if "/result" in browser.get(where, headers={"HX-Request-Type": "partial"}).text:
            return
        time.sleep(0.02)
    raise AssertionError("the job does not end")


# --- pasting, quick creation, cells ---------------------------------------------------------------------------------
@case(f"POST {PAGE}/paste", f"POST {PAGE}/bulk/{{job}}/undo")
def page_paste_and_undo(work: Work) -> list[Row]:
    """One row changed, one left out for what is wrong with it, one new; the preview leaves nothing."""
    changed, left = _patients(work, "head_yu", mail="old@x.example")
    head = work.browser("head_yu")
    block = "王敏\tnew@x.example\n王敏\tno mail\n新来\tfresh@x.example\n"
    sent = {"_block": block, "_rows": f"{changed},{left}", "_fields": "name,mail"}
    accepted(head.post(f"{PATIENT}/paste", data=sent))
    undo, act = _undo_of(head.post(f"{PATIENT}/paste", data={**sent, "_step": "run"}))
    asked = {"filter": "mail = 'fresh@x.example'"}
    made = _only_record_in(head.get("/apps/clinic/views/patients", params=asked))
    accepted(head.post(undo))
    born = {
        "name": "新来", "mail": "fresh@x.example", "consent": False, "risk": "low", "stage": "registered",
        "owner": work.clinic.users["head_yu"], "code": ...,
    }  # fmt: skip
    held = born | {
        "segment": "ordinary", "spent": "0.00", "visit_count": 0, "open_visits": 0, "severe_allergies": 0,
    }  # fmt: skip
    old, new = "old@x.example", "new@x.example"
    return [
        by_page(log.UPDATE, "head_yu", **_mail(changed, old, new, 2, act)),
        by_page(
            log.CREATE, "head_yu", entity="patient", record=made, after=born, facts={"version": 1, "batch": act}
        ),
        by_page(log.UPDATE, "head_yu", **_mail(changed, new, old, 3, ...)),
        by_page(
            log.DELETE, "head_yu", entity="patient", record=made, before=held, facts={"version": 2, "batch": ...}
        ),
    ]  # fmt: skip


@case(f"POST {PAGE}/quick")
def page_quick(work: Work) -> list[Row]:
    """What is refused leaves nothing."""
    lin = work.browser("dr_lin")
    accepted(lin.post(f"{PATIENT}/quick", data={"_columns": "mail", "name": "快", "mail": "no mail"}), 422)
    sent = {"_columns": "mail", "name": "快", "mail": "quick@x.example"}
    made = _only_record_in(lin.post(f"{PATIENT}/quick", data=sent))
    after = {
        "name": "快", "mail": "quick@x.example", "consent": False, "risk": "low", "stage": "registered",
        "owner": work.clinic.users["dr_lin"], "code": ...,
    }  # fmt: skip
    return [by_page(log.CREATE, "dr_lin", entity="patient", record=made, after=after, facts={"version": 1})]


CELL = f"POST {PAGE}/{{id}}/cells/{{field}}"


@case(CELL)
def page_cell(work: Work) -> list[Row]:
    """Another's change kept, a refusal and the same value leave nothing."""
    record = work.patient(mail="old@x.example")
    lin, path = work.browser("dr_lin"), f"{PATIENT}/{record}/cells/mail"
    accepted(lin.post(path, data={"mail": "no mail", "_version": "1"}), 422)
    accepted(lin.post(path, data={"mail": "old@x.example", "_version": "1"}))
    accepted(lin.post(path, data={"mail": "new@x.example", "_version": "1"}))
    accepted(lin.post(path, data={"mail": "mine@x.example", "_version": "1"}), 409)
    accepted(lin.post(path, data={"mail": "mine@x.example", "_choice": "theirs"}))
    return [by_page(log.UPDATE, "dr_lin", **_mail(record, "old@x.example", "new@x.example", 2, ...))]


@case(CELL, f"POST {PAGE}/bulk/{{job}}/undo")
def page_cell_handed_over_and_undo(work: Work) -> list[Row]:
    """What is thereby out of sight is given back by the system, which says for whom."""
    record, lin, mao = work.patient(), work.clinic.users["dr_lin"], work.clinic.users["dr_mao"]
    browser = work.browser("dr_lin")
    undo, act = _undo_of(
        browser.post(
            f"{PATIENT}/{record}/cells/owner", data={"owner.id": mao, "owner": "x", "_columns": "name"}
        )
    )
    accepted(browser.post(undo))
    handed: dict[str, Any] = {"entity": "patient", "record": record}
    return [
        by_page(
            log.UPDATE, "dr_lin", **handed,
            before={"owner": lin}, after={"owner": mao}, facts={"version": 2, "batch": act},
        ),
        Row(
            log.UPDATE, who="system", via="system", reason="undo by dr_lin", **handed,
            before={"owner": mao}, after={"owner": lin}, facts={"version": 3, "batch": ...},
        ),
    ]  # fmt: skip
