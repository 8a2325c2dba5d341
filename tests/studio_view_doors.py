"""The doors of views, the menu and labels in the studio; and their cases for the audit."""

from __future__ import annotations

from typing import Any

from audit_work import Row, Work, accepted, by_api, by_page, case
from dougong_runtime.audit import log
from ward import Door, Ward

STUDIO = "/studio/clinic"
VIEW = "/studio/{app}/view/{name}"
MENU = "/studio/{app}/menu"
LABELS = "/studio/{app}/labels"
LABELS_API = "/api/v1/studio/{app}/labels"


def views_in_the_studio(ward: Ward, username: str) -> str:
    """Views on their canvas with records beside, the menu, labels: to who builds and to who may not."""
    browser = ward.clinic.browser(username)
    pages = [
        f"/view/{view}{part}"
        for view in ("patients", "visits")
        for part in ("", "/records", "/canvas", "/panel")
    ]
    pages += [
        "/view/patients/menu?path=name&place=columns",
        "/view/patients/adding?place=sort",
        "/new-view?entity=patient",
        *(f"/menu{part}" for part in ("", "/canvas", "/panel", "/moves", "/sidebar?role=head")),
        *(f"/labels{part}" for part in ("", "/counts", "/file")),
        "/icons",
    ]
    answers = [browser.get(STUDIO + page) for page in pages]
    answers.append(ward.clinic.client(username).get(f"/api/v1{STUDIO}/labels"))
    forged = {"X-CSRF-Token": "forged"}
    for path in (
        "view/patients/put",
        "view/patients/type",
        "menu/group",
        "labels/set",
        "labels/take",
        "new-view",
    ):
        answers.append(browser.post(f"{STUDIO}/{path}", headers=forged))
    for answer in answers:
        assert answer.status_code < 500, answer.text
    return "\n".join(f"{answer.headers}\n{answer.text}" for answer in answers)


STUDIO_VIEW_DOORS: tuple[Door, ...] = (
    Door(
        "views in the studio",
        (
            *(f"GET {VIEW}/{part}" for part in ("canvas", "panel", "menu", "adding", "records")),
            *(f"POST {VIEW}/{part}" for part in ("put", "take", "move", "turn", "type", "set")),
            "GET /studio/{app}/new-view",
            "GET /studio/{app}/icons",
            "POST /studio/{app}/new-view",
            f"GET {MENU}",
            *(f"GET {MENU}/{part}" for part in ("canvas", "panel", "moves", "sidebar")),
            *(f"POST {MENU}/{part}" for part in ("put", "take", "move", "group", "set")),
            f"GET {LABELS}",
            *(f"GET {LABELS}/{part}" for part in ("counts", "file")),
            *(f"POST {LABELS}/{part}" for part in ("set", "compare", "take")),
            f"GET {LABELS_API}",
            f"PUT {LABELS_API}",
        ),
        views_in_the_studio,
    ),
)


def _steps(by: Any, count: int, *documents: str) -> list[Row]:
    """A row for each step, with the document that it changed."""
    named = [documents[min(n, len(documents) - 1)] for n in range(count)]
    facts = [{"step": ..., "kind": "act", "documents": [document], "title": ...} for document in named]
    return [by(log.DRAFT, "admin", facts=one) for one in facts]


@case(
    *(f"POST {VIEW}/{part}" for part in ("put", "take", "move", "turn", "type", "set")),
    "POST /studio/{app}/new-view",
)
def studio_views(work: Work) -> list[Row]:
    browser, base = work.browser("admin"), f"{STUDIO}/view/visits"
    for act, data in (
        ("put", {"path": "fee", "place": "columns"}),
        ("move", {"path": "fee", "place": "columns", "steps": "-1"}),
        ("take", {"path": "fee", "place": "columns"}),
        ("turn", {"path": "visited_at"}),
        ("set", {"property": "page_size", "page_size": "20"}),
        ("type", {"type": "kanban"}),
    ):
        accepted(browser.post(f"{base}/{act}", data=data))
    made = {"entity": "visit", "type": "table"}
    accepted(browser.post(f"{STUDIO}/new-view", data=made, follow_redirects=False), 303)
    return [*_steps(by_page, 6, "view/visits"), *_steps(by_page, 1, "view/visit_table")]


@case(*(f"POST {MENU}/{part}" for part in ("put", "take", "move", "group", "set")))
def studio_menu(work: Work) -> list[Row]:
    menu = work.client("admin").get(f"/api/v1{STUDIO}/documents/app/clinic").json()["menu"]
    first, second, *_ = (group["id"] for group in menu)
    browser = work.browser("admin")
    for act, data in (
        ("group", {"zh": "统计"}),
        ("put", {"place": second, "path": "report:visits_by_doctor"}),
        ("move", {"place": "groups", "path": first, "steps": "1"}),
        ("set", {"at": first, "property": "icon", "icon": "users"}),
        ("take", {"place": second, "path": "report:visits_by_doctor"}),
    ):
        accepted(browser.post(f"{STUDIO}/menu/{act}", data=data))
    # The icon was that already.
    return _steps(by_page, 4, "app/clinic")


@case(f"POST {LABELS}/set", f"POST {LABELS}/take", f"PUT {LABELS_API}")
def studio_labels(work: Work) -> list[Row]:
    browser = work.browser("admin")
    one = {"document": "view/visits", "place": "/label", "language": "en", "words": "Calls", "was": "Visits"}
    accepted(browser.post(f"{STUDIO}/labels/set", data=one))
    table = '[["view/allergies", "/label", "过敏原", "What harms", ""]]'
    accepted(browser.post(f"{STUDIO}/labels/take", data={"table": table}, follow_redirects=False), 303)
    wish = {"labels": [{"document": "app/clinic", "place": "/label", "en": "Surgery"}]}
    accepted(work.clinic.client("admin").put(f"/api/v1{STUDIO}/labels", json=wish))
    return [*_steps(by_page, 2, "view/visits", "view/allergies"), *_steps(by_api, 1, "app/clinic")]
