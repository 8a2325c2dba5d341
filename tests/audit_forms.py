"""The doors of forms that write, and the rows that each must leave in the audit: links, what comes in by them, files,
and what is kept or asked while a form is filled in."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from audit_work import PAGE, SYSTEM, Row, Work, accepted, by_api, by_page, case
from clinic import PATH
from dougong_platform import public_forms
from dougong_platform.public_forms import Link
from dougong_runtime.audit import log
from dougong_runtime.host import FixedClock

LINKS = "/api/v1/public-forms"
DRAFTS = "/api/v1/me/drafts"
HAND_IN = "POST /api/v1/apps/{app}/{entity}/files"

NO_ROW_FORMS: dict[str, str] = {
    HAND_IN: "keeps a file for its sender alone; the row of the record that names it tells of it",
    f"PUT {DRAFTS}": "keeps what a person typed, for themselves",
    f"DELETE {DRAFTS}/{{id}}": "the same, dropped",
    f"POST {PAGE}/new/draft": "keeps what a person typed, for themselves",
    f"POST {PAGE}/{{id}}/edit/draft": "the same",
    f"POST {PAGE}/check": "tries a saving out and takes it back, rows of the audit too",
    f"POST {PAGE}/{{id}}/check": "the same",
    f"POST {PAGE}/options/{{field}}/{{target}}": "reads, and tries out and takes back what may be picked",
    "POST /f/{token}/check": "reads",
    "POST /f/{token}/conditions": "reads",
    "POST /f/{token}/options/{field}/{target}": "reads",
}
"""Routes of forms that are no reading by their method, and change nothing that the audit tells."""

WITHOUT_ROWS_FORMS = frozenset({"api_file", "api_drafts", "page_drafts", "page_checks", "public_form_asks"})
"""Cases after which the audit has no new row."""


# --- links to public forms ------------------------------------------------------------------------------------------
def told(name: str, link: Any, state: str, **more: Any) -> dict[str, Any]:
    """The facts of a row about a link."""
    return {"link": link, "name": name, "form": "registration", "state": state, **more}


def link(work: Work, name: str, role: str | None = None) -> Link:
    """A link that is there before a door is used; whoever made it is an administrator."""
    with work.site.database.write() as connection:
        admin = work.clinic.viewer("admin")
        return public_forms.make(work.site, connection, admin, "clinic", "registration", name=name, role=role)


@case(f"POST {LINKS}", f"POST {LINKS}/{{id}}/close")
def api_links(work: Work) -> list[Row]:
    """Closed once more, it is as it was, and nothing is written."""
    admin = work.client("admin")
    asked = {"app": "clinic", "form": "registration", "name": "接口", "role": "nurse"}
    made = accepted(admin.post(LINKS, json=asked), 201).json()["id"]
    for _ in range(2):
        accepted(admin.post(f"{LINKS}/{made}/close"))
    return [
        by_api(log.LINK, "admin", facts=told("接口", made, "open", role="nurse")),
        by_api(log.LINK, "admin", facts=told("接口", made, "closed")),
    ]


@case("POST /admin/links")
def admin_makes_a_link(work: Work) -> list[Row]:
    sent = {"form": "clinic/registration", "name": "页面", "role": "", "days": "7", "per_hour": "50"}
    accepted(work.browser("admin").post("/admin/links", data=sent, follow_redirects=False), 303)
    return [by_page(log.LINK, "admin", facts=told("页面", ..., "open", role=None))]


@case("POST /admin/links/{id}/close")
def admin_closes_a_link(work: Work) -> list[Row]:
    made = link(work, "到此为止").id
    accepted(work.browser("admin").post(f"/admin/links/{made}/close", follow_redirects=False), 303)
    return [by_page(log.LINK, "admin", facts=told("到此为止", made, "closed"))]


# --- what comes in by them ------------------------------------------------------------------------------------------
@case("POST /f/{token}")
def public_form_received(work: Work) -> list[Row]:
    """The page is filled in for a minute; what is sent twice, or without its ticket, leaves nothing more."""
    made = link(work, "诊所主页")
    path = f"/f/{public_forms.token_of(work.site, made.id)}"
    stranger = work.nobody()
    shown = re.search(r'name="ticket" value="([^"]+)"', accepted(stranger.get(path)).text)
    assert shown is not None
    assert isinstance(work.site.clock, FixedClock)
    work.site.clock.at += timedelta(minutes=1)
    sent = {"ticket": shown[1], "name": "陌生人", "mail": "f@x.example", "consent": "true"}
    for _ in range(2):
        assert "data-receipt" in accepted(stranger.post(path, data=sent), 200).text
    accepted(stranger.post(path, data=sent | {"ticket": "-"}), 422)
    after = {
        "name": "陌生人", "mail": "f@x.example", "consent": True, "risk": "low", "stage": "registered", "code": ...,
    }  # fmt: skip
    facts = {"link": made.id, "name": "诊所主页", "form": "registration", "receipt": ...}
    by_link: dict[str, Any] = {"entity": "patient", "record": ..., "who": "form:诊所主页", "via": "form"}
    return [
        Row(log.CREATE, after=after, facts={"version": 1}, **by_link),
        Row(log.RECEIVED, facts=facts, **by_link),
    ]


@case("POST /f/{token}/check", "POST /f/{token}/conditions", "POST /f/{token}/options/{field}/{target}")
def public_form_asks(work: Work) -> list[Row]:
    made = link(work, "问一问", "nurse")
    path = f"/f/{public_forms.token_of(work.site, made.id)}"
    stranger = work.nobody()
    sent = {"name": "陌生人", "mail": "no mail", "_touched": "mail"}
    assert accepted(stranger.post(f"{path}/check", data=sent)).json()["errors"]["mail"]
    accepted(stranger.post(f"{path}/conditions", data=sent))
    accepted(stranger.post(f"{path}/options/allergies/allergy", data={"q": ""}))
    return []


# --- files ----------------------------------------------------------------------------------------------------------
def hand_in(client: Any) -> str:
    """Hand a scan in; gives the file's id."""
    sent = {"file": ("scan.txt", b"on paper", "text/plain")}
    return str(accepted(client.post(f"{PATH}/consent_record/files?field=scan", files=sent), 201).json()["id"])


@case(HAND_IN)
def api_file(work: Work) -> list[Row]:
    hand_in(work.client("head_yu"))
    return []


@case(HAND_IN)
def api_file_named(work: Work) -> list[Row]:
    """A file is told once a record names it, with what it held as its hash."""
    patient = work.patient("head_yu")
    file = hand_in(work.clinic.client("head_yu"))
    head = work.client("head_yu")
    asked = {"subject": "麻醉", "patient": patient, "scan": file}
    made = accepted(head.post(f"{PATH}/consent_record", json=asked), 201).json()
    after = {"subject": "麻醉", "patient": patient, "signed_on": made["signed_on"], "scan": made["scan"]}
    assert (made["scan"]["id"], len(made["scan"]["sha256"])) == (file, 64)
    entity, record = "consent_record", made["id"]
    return [by_api(log.CREATE, "head_yu", entity=entity, record=record, after=after, facts={"version": 1})]


# --- while a form is filled in --------------------------------------------------------------------------------------
@case(f"PUT {DRAFTS}", f"DELETE {DRAFTS}/{{id}}")
def api_drafts(work: Work) -> list[Row]:
    record = work.patient()
    lin = work.client("dr_lin")
    asked = {"app": "clinic", "entity": "patient", "record": record, "fields": [["mail", "d@x.example"]]}
    kept = accepted(lin.put(DRAFTS, json=asked)).json()["id"]
    accepted(lin.delete(f"{DRAFTS}/{kept}"))
    return []


@case(f"POST {PAGE}/new/draft", f"POST {PAGE}/{{id}}/edit/draft")
def page_drafts(work: Work) -> list[Row]:
    record = work.patient()
    lin = work.browser("dr_lin")
    for path in ("new", f"{record}/edit"):
        where = f"/apps/clinic/patient/{path}/draft"
        assert "said" in accepted(lin.post(where, data={"mail": "d@x.example", "version": "1"})).json()
        assert accepted(lin.post(where, data={"_drop": "1", "_quiet": "1"})).json() == {}
    return []


@case(f"POST {PAGE}/check", f"POST {PAGE}/{{id}}/check", f"POST {PAGE}/options/{{field}}/{{target}}")
def page_checks(work: Work) -> list[Row]:
    """What would be saved as it is, too: it is tried out, and nothing of it stays."""
    patient = work.made("patient", name="候诊的人", owner=work.clinic.users["dr_lin"])
    visit = work.made("visit", patient=patient, doctor=work.clinic.users["dr_lin"])
    lin = work.browser("dr_lin")
    sent = {"patient.id": patient, "reason": "牙痛", "fee": "30", "version": "1", "_touched": "fee"}
    for path in ("visit", f"visit/{visit}"):
        answer = accepted(lin.post(f"/apps/clinic/{path}/check", data=sent))
        assert answer.json()["errors"] == {"fee": ""}
        answer = accepted(lin.post(f"/apps/clinic/{path}/check", data=sent | {"fee": "-1"}))
        assert answer.json()["errors"]["fee"]
    asked = sent | {"_ask": f"/apps/clinic/visit/{visit}", "_picker": "patient", "q": "候诊的人"}
    assert patient in accepted(lin.post("/apps/clinic/visit/options/patient/patient", data=asked)).text
    with work.site.database.read() as connection:
        assert work.site.records(connection, SYSTEM, "clinic").get("visit", visit)["reason"] is None
    return []
