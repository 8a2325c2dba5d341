"""The doors of HTTP that write, API and pages, and the rows that each must leave in the audit."""

from __future__ import annotations

import io
import time
from typing import Any

import pyotp
from PIL import Image

from audit_work import (
    NEW_PASSWORD,
    PAGE,
    PASSWORD,
    SYSTEM,
    Row,
    Work,
    accepted,
    account,
    by_api,
    by_page,
    case,
)
from clinic import PATH
from dougong_platform import people, tokens, totp
from dougong_runtime.audit import log
from list_doors import NO_ROW_LISTS
from talk_doors import NO_ROW_TALK
from ward import id_number

NO_ROW: dict[str, str] = {
    "POST /api/v1/apps/{app}/{entity}/aggregate": "reads figures",
    "POST /api/v1/jobs/{id}/cancel": "ends a job; what it has done until then is in the audit",
    "POST /admin/jobs/{id}/cancel": "the same",
    "POST /apps/{app}/{entity}/conditions": "reads",
    "POST /apps/{app}/{entity}/{id}/conditions": "reads",
    "POST /apps/{app}/{entity}/{id}/opened": "keeps what a person opened lately, for themselves",
    "POST /apps/{app}/{entity}/{id}/star": "keeps what a person starred, for themselves",
    "PUT /api/v1/me/starred/{app}/{entity}/{id}": "the same",
    "DELETE /api/v1/me/starred/{app}/{entity}/{id}": "the same",
    "POST /admin/view-as/end": "takes a cookie away",
    "POST /admin/audit/verify": "reads",
    "POST /admin/storage/files": "reads",
    "POST /admin/settings/mail-test": "sends the administrator a message of fixed words",
    **NO_ROW_LISTS,
    **NO_ROW_TALK,
}
"""Routes that are no reading by their method, and change nothing that the audit tells."""

WITHOUT_ROWS = frozenset({"api_update_to_the_same_value", "api_update_refused", "api_import_rehearsed"})
"""Cases after which the audit has no new row."""
ONE = "/api/v1/apps/{app}/{entity}/{id}"
BORN = {"name": "张三", "phone": "13912340001", "consent": False, "risk": "low"}


# --- records by API -------------------------------------------------------------------------------------------------
@case("POST /api/v1/apps/{app}/{entity}")
def api_create(work: Work) -> list[Row]:
    lin = work.client("dr_lin")
    made = accepted(lin.post(f"{PATH}/patient", json={"name": "张三", "phone": "13912340001"})).json()
    after = BORN | {"owner": work.clinic.users["dr_lin"], "stage": "registered", "code": made["code"]}
    return [
        by_api(log.CREATE, "dr_lin", entity="patient", record=made["id"], after=after, facts={"version": 1})
    ]


@case(f"PATCH {ONE}")
def api_update(work: Work) -> list[Row]:
    record = work.patient(mail="old@x.example")
    accepted(work.client("dr_lin").patch(f"{PATH}/patient/{record}", json={"mail": "new@x.example"}))
    return [
        by_api(
            log.UPDATE, "dr_lin", entity="patient", record=record,
            before={"mail": "old@x.example"}, after={"mail": "new@x.example"}, facts={"version": 2},
        )
    ]  # fmt: skip


@case(f"PATCH {ONE}")
def api_update_to_the_same_value(work: Work) -> list[Row]:
    record = work.patient(mail="same@x.example")
    accepted(work.client("dr_lin").patch(f"{PATH}/patient/{record}", json={"mail": "same@x.example"}))
    return []


@case(f"PATCH {ONE}")
def api_update_refused(work: Work) -> list[Row]:
    record = work.patient()
    accepted(work.client("dr_lin").patch(f"{PATH}/patient/{record}", json={"mail": "no mail"}), 422)
    return []


@case(f"DELETE {ONE}")
def api_delete(work: Work) -> list[Row]:
    record = work.patient(mail="gone@x.example")
    accepted(work.client("head_yu").delete(f"{PATH}/patient/{record}"))
    before = {
        "name": "王敏", "mail": "gone@x.example", "consent": False, "risk": "low", "stage": "registered",
        "owner": work.clinic.users["dr_lin"], "code": ..., "segment": "ordinary", "spent": "0.00",
        "visit_count": 0, "open_visits": 0, "severe_allergies": 0,
    }  # fmt: skip
    return [
        by_api(log.DELETE, "head_yu", entity="patient", record=record, before=before, facts={"version": 2})
    ]


@case(f"POST {ONE}/restore")
def api_restore(work: Work) -> list[Row]:
    record = work.patient()
    work.clinic.remove("patient", record)
    accepted(work.client("head_yu").post(f"{PATH}/patient/{record}/restore"))
    return [by_api(log.RESTORE, "head_yu", entity="patient", record=record, after=..., facts=...)]


@case(f"POST {ONE}/reveal")
def api_reveal(work: Work) -> list[Row]:
    record = work.patient(phone="13900001234")
    accepted(work.client("dr_lin").post(f"{PATH}/patient/{record}/reveal", json={"field": "phone"}))
    return [by_api(log.REVEAL, "dr_lin", entity="patient", record=record, facts={"field": "phone"})]


@case(f"POST {ONE}/shares", f"DELETE {ONE}/shares/{{share}}")
def api_share_and_unshare(work: Work) -> list[Row]:
    record, mao = work.patient(), work.clinic.users["dr_mao"]
    head = work.client("head_yu")
    made = accepted(head.post(f"{PATH}/patient/{record}/shares", json={"user": mao})).json()["id"]
    accepted(head.delete(f"{PATH}/patient/{record}/shares/{made}"))
    facts = {"user": mao, "team": None, "write": False, "until": None}
    return [
        by_api(log.SHARE, "head_yu", entity="patient", record=record, facts=facts),
        by_api(log.UNSHARE, "head_yu", entity="patient", record=record, facts={"share": made}),
    ]


@case("PATCH /api/v1/apps/{app}/settings")
def api_settings(work: Work) -> list[Row]:
    accepted(work.client("admin").patch(f"{PATH}/settings", json={"quiet_days": 90}))
    return [
        by_api(log.SETTING, "admin", before={"value": 180}, after={"value": 90}, facts={"code": "quiet_days"})
    ]


def job(work: Work, username: str, answer: Any) -> dict[str, Any]:
    accepted(answer, 202)
    client = work.clinic.client(username)
    for _ in range(work.patience):
        told: dict[str, Any] = client.get(answer.headers["location"]).json()
        if told["state"] in ("done", "failed"):
            assert told["state"] == "done", told
            return told
        time.sleep(0.02)
    raise AssertionError("the job does not end")


@case("POST /api/v1/apps/{app}/{entity}/export")
def api_export(work: Work) -> list[Row]:
    work.patient("head_yu", mail="export@x.example")
    head = work.client("head_yu")
    asked = {"format": "csv", "fields": ["name"], "filter": "mail = 'export@x.example'"}
    job(work, "head_yu", head.post(f"{PATH}/patient/export", json=asked))
    facts = {**asked, "search": None, "count": 1}
    return [by_api(log.EXPORT, "head_yu", entity="patient", facts=facts)]


@case("POST /api/v1/apps/{app}/{entity}/import")
def api_import(work: Work) -> list[Row]:
    head = work.client("head_yu")
    files = {"file": ("p.csv", "name,mail\n甲,a@i.example\n乙,b@i.example\n".encode(), "text/csv")}
    job(work, "head_yu", head.post(f"{PATH}/patient/import", files=files))
    rows = [
        Row(log.CREATE, "patient", ..., after=..., who="head_yu", via="import", facts=...) for _ in "甲乙"
    ]
    facts = {
        "file": "p.csv", "rows": 2, "created": 2, "updated": 0, "bad": 0, "key": None, "columns": ["name", "mail"],
    }  # fmt: skip
    return [*rows, Row(log.IMPORT, "patient", facts=facts, who="head_yu", via="import")]


@case("POST /api/v1/apps/{app}/{entity}/import")
def api_import_rehearsed(work: Work) -> list[Row]:
    head = work.client("head_yu")
    files = {"file": ("p.csv", "name\n预演\n".encode(), "text/csv")}
    job(work, "head_yu", head.post(f"{PATH}/patient/import", files=files, data={"dry_run": "true"}))
    return []


# --- records by pages -----------------------------------------------------------------------------------------------


@case(f"POST {PAGE}/new")
def page_create(work: Work) -> list[Row]:
    lin = work.browser("dr_lin")
    accepted(
        lin.post(
            "/apps/clinic/patient/new", data={"name": "李四", "mail": "l@x.example"}, follow_redirects=False
        )
    )
    after = {
        "name": "李四", "mail": "l@x.example", "consent": False, "risk": "low", "stage": "registered",
        "owner": work.clinic.users["dr_lin"], "code": ...,
    }  # fmt: skip
    return [by_page(log.CREATE, "dr_lin", entity="patient", record=..., after=after, facts={"version": 1})]


@case(f"POST {PAGE}/{{id}}/edit")
def page_edit(work: Work) -> list[Row]:
    record = work.patient(mail="old@x.example")
    lin = work.browser("dr_lin")
    sent = {"name": "王敏", "mail": "page@x.example", "version": "1"}
    accepted(lin.post(f"/apps/clinic/patient/{record}/edit", data=sent, follow_redirects=False))
    return [
        by_page(
            log.UPDATE, "dr_lin", entity="patient", record=record,
            before={"mail": "old@x.example"}, after={"mail": "page@x.example"}, facts={"version": 2},
        )
    ]  # fmt: skip


@case(f"POST {PAGE}/{{id}}/stage")
def page_stage(work: Work) -> list[Row]:
    record = work.patient(id_number=id_number(1))
    lin = work.browser("dr_lin")
    accepted(lin.post(f"/apps/clinic/patient/{record}/stage", data={"to": "active"}, follow_redirects=False))
    return [
        by_page(
            log.UPDATE, "dr_lin", entity="patient", record=record,
            before={"stage": "registered"}, after={"stage": "active"}, facts=...,
        )
    ]  # fmt: skip


@case(f"POST {PAGE}/{{id}}/tick")
def page_tick(work: Work) -> list[Row]:
    record = work.patient(id_number=id_number(2))
    lin = work.browser("dr_lin")
    accepted(lin.post(f"/apps/clinic/patient/{record}/tick", data={"to": "active"}, follow_redirects=False))
    return [
        by_page(
            log.UPDATE, "dr_lin", entity="patient", record=record,
            before={"stage": "registered"}, after={"stage": "active"}, facts=...,
        )
    ]  # fmt: skip


@case("POST /apps/{app}/trash/restore")
def page_restores_several(work: Work) -> list[Row]:
    records = [work.patient("head_yu"), work.patient("head_yu")]
    for record in records:
        work.clinic.remove("patient", record)
    sent = {"record": [f"patient/{record}" for record in records]}
    accepted(work.browser("head_yu").post("/apps/clinic/trash/restore", data=sent))
    return [
        by_page(log.RESTORE, "head_yu", entity="patient", record=r, after=..., facts=...) for r in records
    ]


@case(f"POST {PAGE}/{{id}}/delete", f"POST {PAGE}/{{id}}/restore")
def page_delete_and_restore(work: Work) -> list[Row]:
    record = work.patient("head_yu")
    head = work.browser("head_yu")
    for act in ("delete", "restore"):
        accepted(head.post(f"/apps/clinic/patient/{record}/{act}", follow_redirects=False))
    return [
        by_page(log.DELETE, "head_yu", entity="patient", record=record, before=...),
        by_page(log.RESTORE, "head_yu", entity="patient", record=record, after=...),
    ]


@case(f"POST {PAGE}/{{id}}/reveal")
def page_reveal(work: Work) -> list[Row]:
    record = work.patient(phone="13900005678")
    lin = work.browser("dr_lin")
    accepted(lin.post(f"/apps/clinic/patient/{record}/reveal", data={"field": "phone"}))
    return [by_page(log.REVEAL, "dr_lin", entity="patient", record=record, facts={"field": "phone"})]


# --- administration -------------------------------------------------------------------------------------------------
@case("POST /admin/audit/export")
def admin_takes_the_audit_out(work: Work) -> list[Row]:
    sent = {"format": "csv", "actor": "nobody"}
    accepted(work.browser("admin").post("/admin/audit/export", data=sent))
    facts = {"of": "audit", "format": "csv", "asked": {"actor": "nobody"}}
    return [by_page(log.EXPORT, "admin", app="dougong", facts=facts)]


@case("POST /admin/audit/erase")
def admin_erases_by_law(work: Work) -> list[Row]:
    record = work.patient(mail="erased@x.example")
    sent = {
        "place": "clinic.patient", "record": record, "fields": "mail", "reason": "asked", "step": "erase",
        "password": PASSWORD,
    }  # fmt: skip
    accepted(work.browser("admin").post("/admin/audit/erase", data=sent, follow_redirects=False), 303)
    facts = {"fields": ["mail"], "rows": 1, "values": 1}
    return [
        by_page(log.SIGN_IN, "admin", **account(work.clinic.users["admin"])),
        by_page(log.ERASE, "admin", entity="patient", record=record, reason="asked", facts=facts),
    ]


@case("POST /admin/people")
def admin_adds_a_person(work: Work) -> list[Row]:
    sent = {"username": "added", "name": "新人", "password": NEW_PASSWORD, "roles": ["clinic.nurse"]}
    accepted(work.browser("admin").post("/admin/people", data=sent, follow_redirects=False), 303)
    after = {"username": "added", "name": "新人", "active": True}
    return [
        by_page(log.CREATE, "admin", **account(...), after=after, facts=...),
        by_page(log.PASSWORD, "admin", **account(...), facts=None),
        by_page(log.GRANT, "admin", **account(...), facts={"roles": ["clinic.nurse"], "until": None}),
    ]


@case("POST /admin/people/{username}/active")
def admin_keeps_out(work: Work) -> list[Row]:
    them = work.person("kept_out")
    admin = work.browser("admin")
    accepted(admin.post("/admin/people/kept_out/active", data={"active": "0"}, follow_redirects=False), 303)
    return [by_page(log.UPDATE, "admin", **account(them), before={"active": True}, after={"active": False})]


@case("POST /admin/people/{username}/roles")
def admin_changes_roles(work: Work) -> list[Row]:
    them = work.person("other_roles", "clinic.nurse")
    admin = work.browser("admin")
    sent = {"roles": ["clinic.registrar"]}
    accepted(admin.post("/admin/people/other_roles/roles", data=sent, follow_redirects=False), 303)
    return [
        by_page(log.REVOKE, "admin", **account(them), facts={"roles": ["clinic.nurse"]}),
        by_page(log.GRANT, "admin", **account(them), facts={"roles": ["clinic.registrar"], "until": None}),
    ]


@case("POST /admin/people/{username}/password")
def admin_sets_a_password(work: Work) -> list[Row]:
    them = work.person("new_password")
    sent = {"password": NEW_PASSWORD}
    admin = work.browser("admin")
    accepted(admin.post("/admin/people/new_password/password", data=sent, follow_redirects=False), 303)
    return [by_page(log.PASSWORD, "admin", **account(them), facts=None)]


@case("POST /admin/people/{username}/totp")
def admin_removes_a_factor(work: Work) -> list[Row]:
    them = work.person("lost_factor")
    with work.site.database.write() as connection:
        secret = totp.enrol(work.site, connection, them, "lost_factor").secret
        code = pyotp.TOTP(secret).at(work.site.clock.now())
        totp.confirm(work.site, connection, SYSTEM, them, code)
    admin = work.browser("admin")
    accepted(admin.post("/admin/people/lost_factor/totp", follow_redirects=False), 303)
    return [by_page(log.SECOND_FACTOR, "admin", **account(them), facts={"state": "off"})]


@case("POST /admin/teams")
def admin_adds_a_team(work: Work) -> list[Row]:
    admin = work.browser("admin")
    accepted(admin.post("/admin/teams", data={"name": "新组"}, follow_redirects=False), 303)
    return [by_page(log.CREATE, "admin", app="dougong", entity="team", record=..., after={"name": "新组"})]


@case("POST /admin/teams/change", "POST /admin/teams/move", "POST /admin/teams/remove")
def admin_changes_teams(work: Work) -> list[Row]:
    with work.site.database.write() as connection:
        made = people.add_team(work.site, connection, SYSTEM, "夜班")
    admin = work.browser("admin")
    for act, data in (
        ("change", {"team": "夜班", "name": "夜班组"}),
        ("move", {"team": "夜班组", "parent": "medicine"}),
        ("remove", {"team": "夜班组"}),
    ):
        accepted(
            admin.post(f"/admin/teams/{act}", data=data, follow_redirects=False),
            200 if act == "move" else 303,
        )
    team: dict[str, Any] = {"app": "dougong", "entity": "team", "record": made}
    return [
        by_page(log.UPDATE, "admin", **team, before={"name": "夜班"}, after={"name": "夜班组"}, facts=...),
        by_page(log.UPDATE, "admin", **team, before={"parent": None}, after=..., facts=...),
        by_page(log.DELETE, "admin", **team, before=...),
    ]


@case(
    "POST /admin/people/{username}/details",
    "POST /admin/people/{username}/until",
    "POST /admin/people/{username}/sessions",
    "POST /admin/people/{username}/tokens",
)
def admin_looks_after_an_account(work: Work) -> list[Row]:
    them = work.person("looked_after", "clinic.doctor")
    with work.site.database.write() as connection:
        token = tokens.issue(work.site, connection, SYSTEM, them).id
    admin = work.browser("admin")
    for part, data in (
        ("details", {"name": "改名", "email": "", "team": ""}),
        ("until", {"role": "clinic.doctor", "until": "2999-12-31"}),
        ("tokens", {"token": token}),
        ("sessions", {}),
    ):
        accepted(admin.post(f"/admin/people/looked_after/{part}", data=data, follow_redirects=False), 303)
    return [
        by_page(
            log.UPDATE, "admin", app="dougong", entity="user", record=them, before=..., after=..., facts=...
        ),
        by_page(
            log.GRANT, "admin", **account(them), facts={"roles": ["clinic.doctor"], "until": "2999-12-31"}
        ),
        by_page(log.TOKEN_REVOKED, "admin", **account(them), facts={"token": token}),
        by_page(log.SIGN_OUT, "admin", **account(them), facts={"sessions": 0}),
    ]


@case("POST /admin/settings/{app}")
def admin_changes_settings(work: Work) -> list[Row]:
    admin = work.browser("admin")
    accepted(
        admin.post("/admin/settings/clinic", data={"frequent_spent": "700"}, follow_redirects=False), 303
    )
    facts = {"code": "frequent_spent"}
    return [by_page(log.SETTING, "admin", before={"value": "500.00"}, after={"value": "700.00"}, facts=facts)]


@case("POST /admin/settings", "PATCH /api/v1/settings")
def site_settings(work: Work) -> list[Row]:
    sent = {"session_days": "13", "site_name": work.site.settings.site_name}
    browser, client = work.browser("admin"), work.client("admin")
    accepted(browser.post("/admin/settings", data=sent, follow_redirects=False), 303)
    accepted(client.patch("/api/v1/settings", json={"session_days": 12}))
    facts = {"code": "session_days"}
    return [
        by_page(
            log.SETTING, "admin", app="dougong", before={"value": "14"}, after={"value": "13"}, facts=facts
        ),
        by_api(
            log.SETTING, "admin", app="dougong", before={"value": "13"}, after={"value": "12"}, facts=facts
        ),
    ]


@case("POST /admin/settings/logo")
def site_logo(work: Work) -> list[Row]:
    out = io.BytesIO()
    Image.new("RGB", (20, 20), "teal").save(out, "PNG")
    sent = {"logo": ("l.png", out.getvalue(), "image/png")}
    accepted(work.browser("admin").post("/admin/settings/logo", files=sent, follow_redirects=False), 303)
    return [
        by_page(log.SETTING, "admin", app="dougong", before={"value": ""}, after=..., facts={"code": "logo"})
    ]


@case("POST /admin/view-as")
def admin_views_as_another(work: Work) -> list[Row]:
    """Looking on begins with the next page; what is tried meanwhile is refused, and nothing is written."""
    them = work.person("seen", "clinic.doctor")
    record = work.patient()
    admin = work.browser("admin")
    accepted(admin.post("/admin/view-as", data={"username": "seen"}, follow_redirects=False), 303)
    accepted(admin.get("/apps/clinic"))
    accepted(admin.post(f"/apps/clinic/patient/{record}/delete", follow_redirects=False), 403, 404)
    return [by_page(log.VIEW_AS, "admin", **account(them), facts={"username": "seen"})]
