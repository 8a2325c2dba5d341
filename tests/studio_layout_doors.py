"""The doors of forms and pages in the studio, and of their previews; and their cases for the audit."""

from __future__ import annotations

from typing import Any

from audit_work import Row, Work, accepted, by_page, case
from dougong_designer import layouts
from dougong_runtime.audit import log
from ward import Door, Ward

STUDIO = "/studio/clinic"
FORM = "/studio/{app}/form/{name}"
PAGE = "/studio/{app}/page/{name}"
SHOWN_FORM = "/studio/{app}/preview/form/{name}"
SHOWN_PAGE = "/studio/{app}/preview/page/{name}"

NO_ROW_STUDIO_LAYOUTS: dict[str, str] = {
    f"POST {SHOWN_FORM}": "tries out a write and takes it back",
    f"POST {SHOWN_FORM}/conditions": "reads what conditions say of what was typed",
    f"POST {SHOWN_FORM}/check": "tries out a write and takes it back",
}


def layouts_in_the_studio(ward: Ward, username: str) -> str:
    """Canvases, and previews with every record, as oneself: to who builds and to who may not. As another: see
    `tests/platform/http/test_studio_layouts.py`."""
    browser = ward.clinic.browser(username)
    blocks = ward.clinic.site
    with blocks.database.read() as connection:
        source = blocks.running(connection, "clinic").app.source
    shown = [str(b["id"]) for b in source["page/patient_overview"]["blocks"]]
    pages = [
        *(f"/form/patient_form{part}" for part in ("", "/paper", "/palette", "/properties", "/touched")),
        *(f"/page/patient_overview{part}" for part in ("", "/paper", "/palette", "/properties")),
        *(
            f"/preview/tools/{one}"
            for one in ("form/patient_form", "form/visit_form", "page/patient_overview")
        ),
    ]
    for (entity, _), record in ward.ids.items():
        if entity in ("patient", "visit"):
            pages.append(f"/preview/form/{entity}_form?record={record}")
        if entity == "patient":
            pages.append(f"/preview/page/patient_overview?record={record}")
            pages += [f"/preview/page/patient_overview/block?at={at}&record={record}" for at in shown]
    answers = [browser.get(STUDIO + page) for page in pages]
    for (entity, _), record in ward.ids.items():
        if entity == "patient":
            answers += [
                browser.post(
                    f"{STUDIO}/preview/form/patient_form{part}", data={"record": record, "name": "x"}
                )
                for part in ("", "/conditions", "/check")
            ]
    forged = {"X-CSRF-Token": "forged"}
    answers += [
        browser.post(f"{STUDIO}/{path}/do", headers=forged)
        for path in ("form/patient_form", "page/home_head")
    ]
    for answer in answers:
        assert answer.status_code < 500, answer.text
    return "\n".join(f"{answer.headers}\n{answer.text}" for answer in answers)


STUDIO_LAYOUT_DOORS: tuple[Door, ...] = (
    Door(
        "forms and pages in the studio",
        (
            *(f"GET {FORM}/{part}" for part in ("paper", "palette", "properties", "touched")),
            f"POST {FORM}/do",
            *(f"GET {PAGE}/{part}" for part in ("paper", "palette", "properties")),
            f"POST {PAGE}/do",
            "GET /studio/{app}/preview/tools/{kind}/{name}",
            f"GET {SHOWN_FORM}",
            *NO_ROW_STUDIO_LAYOUTS,
            f"GET {SHOWN_PAGE}",
            f"GET {SHOWN_PAGE}/block",
        ),
        layouts_in_the_studio,
    ),
)


@case(f"POST {FORM}/do", f"POST {PAGE}/do")
def studio_layouts(work: Work) -> list[Row]:
    admin, browser = work.clinic.client("admin"), work.browser("admin")
    form = accepted(admin.get(f"/api/v1{STUDIO}/documents/form/patient_form")).json()
    section = str(next(found.node["id"] for found in layouts.walk(form)))
    acts: list[tuple[str, dict[str, Any]]] = [
        ("form/patient_form", {"do": "place", "field": "code", "into": section}),
        ("form/patient_form", {"do": "set", "at": section, "property": "columns", "value": "3"}),
        ("form/patient_form", {"do": "set", "at": section, "property": "columns", "value": "3"}),
        ("page/patient_overview", {"do": "part", "part": "text"}),
    ]
    for document, given in acts:
        accepted(browser.post(f"{STUDIO}/{document}/do", data=given))
    # What it was already is no act.
    rows = ("form/patient_form", "form/patient_form", "page/patient_overview")
    return [
        by_page(log.DRAFT, "admin", facts={"step": ..., "kind": "act", "documents": [document], "title": ...})
        for document in rows
    ]
