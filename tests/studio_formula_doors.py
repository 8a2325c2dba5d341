"""The doors of formulas and conditions in the studio; and their cases for the audit."""

from __future__ import annotations

from audit_work import Row, Work, accepted, by_page, case
from dougong_runtime.audit import log
from ward import Door, Ward

STUDIO = "/studio/clinic"
FORMULA = "/studio/{app}/formula"
CONDITION = "/studio/{app}/condition"
API = "/api/v1/studio/{app}/formula"

_ASKS = "asks about a formula that is being written"
NO_ROW_STUDIO_FORMULAS: dict[str, str] = {
    **dict.fromkeys((f"POST {FORMULA}", f"POST {FORMULA}/look"), _ASKS),
    **dict.fromkeys((f"POST {CONDITION}", f"POST {CONDITION}/line", f"POST {CONDITION}/count"), _ASKS),
    **dict.fromkeys((f"POST {API}/check", f"POST {API}/complete", f"POST {API}/results"), _ASKS),
}
TEXTS = ("name & phone & id_number", "spent > 0", "JOIN(visits.note, ',')", "owner.name")


def formulas_in_the_studio(ward: Ward, username: str) -> str:
    """Formulas tried on records, conditions counted and put together: to who builds and to who may not."""
    browser, client = ward.clinic.browser(username), ward.clinic.client(username)
    answers = [browser.get(f"{STUDIO}/{page}?entity=patient") for page in ("formula", "condition")]
    for text in TEXTS:
        sent = {"entity": "patient", "place": "filter", "text": text}
        for path in ("formula", "formula/look", "condition/line", "condition/count", "condition"):
            answers.append(browser.post(f"{STUDIO}/{path}", data=sent))
        for path in ("check", "complete", "results"):
            answers.append(client.post(f"/api/v1{STUDIO}/formula/{path}", json=sent))
    answers.append(browser.post(f"{STUDIO}/formula/save", headers={"X-CSRF-Token": "forged"}))
    for answer in answers:
        assert answer.status_code < 500, answer.text
    return "\n".join(f"{answer.headers}\n{answer.text}" for answer in answers)


STUDIO_FORMULA_DOORS: tuple[Door, ...] = (
    Door(
        "formulas in the studio",
        (
            f"GET {FORMULA}", f"POST {FORMULA}", f"POST {FORMULA}/look", f"POST {FORMULA}/save",
            f"GET {CONDITION}", f"POST {CONDITION}", f"POST {CONDITION}/line", f"POST {CONDITION}/count",
            f"POST {API}/check", f"POST {API}/complete", f"POST {API}/results",
        ),
        formulas_in_the_studio,
    ),
)  # fmt: skip


@case(f"POST {FORMULA}/save")
def studio_formula(work: Work) -> list[Row]:
    at = "/entity~1visit/rules/0/check"
    sent = {"at": at, "text": "fee > 0", "seen": "fee >= 0"}
    accepted(work.browser("admin").post(f"{STUDIO}/formula/save", data=sent))
    facts = {"step": ..., "kind": "act", "documents": ["entity/visit"], "title": ...}
    return [by_page(log.DRAFT, "admin", facts=facts)]
