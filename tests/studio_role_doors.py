"""The doors of a role's matrix and of asking why; and their cases for the audit."""

from __future__ import annotations

from audit_work import Row, Work, accepted, by_api, by_page, case
from dougong_runtime.audit import log
from ward import Door, Ward

ROLE = "/studio/{app}/role/{name}"
EXPLAIN = "/api/v1/studio/{app}/explain"
ACTS = ("action", "rows", "field", "further", "remove", "flag")
NURSE = "/studio/clinic/role/nurse"

NO_ROW_STUDIO_ROLES: dict[str, str] = {}
"""All of them leave one."""


def roles_in_the_studio(ward: Ward, username: str) -> str:
    """The matrix, and why each person sees each record: to who may ask, and to who may not."""
    browser, client = ward.clinic.browser(username), ward.clinic.client(username)
    answers = [browser.get(NURSE), *(browser.get(f"{NURSE}/{part}") for part in ("matrix", "why"))]
    for (entity, _), record in ward.ids.items():
        asked = {"person": "dr_mao", "entity": entity, "record": record}
        answers.append(client.post("/api/v1/studio/clinic/explain", json=asked))
        answers.append(browser.post(f"{NURSE}/why", data=asked))
    answers += [browser.post(f"{NURSE}/{act}", headers={"X-CSRF-Token": "forged"}) for act in ACTS]
    for answer in answers:
        assert answer.status_code < 500, answer.text
    return "\n".join(f"{answer.headers}\n{answer.text}" for answer in answers)


STUDIO_ROLE_DOORS: tuple[Door, ...] = (
    Door(
        "roles in the studio",
        (
            f"GET {ROLE}/matrix",
            f"GET {ROLE}/why",
            f"POST {ROLE}/why",
            *(f"POST {ROLE}/{act}" for act in ACTS),
            f"POST {EXPLAIN}",
        ),
        roles_in_the_studio,
    ),
)


@case(*(f"POST {ROLE}/{act}" for act in ACTS))
def studio_roles(work: Work) -> list[Row]:
    admin, browser = work.clinic.client("admin"), work.browser("admin")
    role = accepted(admin.get("/api/v1/studio/clinic/documents/role/nurse")).json()
    grant = next(g["id"] for g in role["grants"] if g["entity"] == "patient")
    acts = (
        ("action", {"grant": grant, "entity": "patient", "action": "export", "on": "1"}),
        ("rows", {"grant": grant, "rows": "all"}),
        ("field", {"grant": grant, "field": "risk", "state": "hidden"}),
        ("further", {"entity": "patient"}),
        ("remove", {"grant": grant}),
        ("flag", {"flag": "settings", "on": "1"}),
    )
    for act, given in acts:
        accepted(browser.post(f"{NURSE}/{act}", data=given))
    facts = {"step": ..., "kind": "act", "documents": ["role/nurse"], "title": ...}
    return [by_page(log.DRAFT, "admin", facts=facts) for _ in acts]


@case(f"POST {ROLE}/why", f"POST {EXPLAIN}")
def studio_why(work: Work) -> list[Row]:
    record = work.patient()
    asked = {"person": "dr_lin", "entity": "patient", "record": record}
    browser, client = work.clinic.browser("admin"), work.client("admin")
    accepted(browser.post(f"{NURSE}/why", data={**asked, "field": "risk"}))
    accepted(client.post("/api/v1/studio/clinic/explain", json=asked))
    about = {"app": "clinic", "entity": "patient", "record": record}
    return [
        by_page(log.VIEW_AS, "admin", facts={"person": "dr_lin", "field": "risk"}, **about),
        by_api(log.VIEW_AS, "admin", facts={"person": "dr_lin"}, **about),
    ]
