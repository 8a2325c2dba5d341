"""The doors of the studio's frame, and the rows that each must leave in the audit."""

from __future__ import annotations

from typing import Any

from audit_work import Row, Work, accepted, by_api, by_page, case
from dougong_runtime.audit import log
from studio_begin_doors import NO_ROW_STUDIO_BEGIN
from studio_formula_doors import NO_ROW_STUDIO_FORMULAS
from studio_layout_doors import NO_ROW_STUDIO_LAYOUTS
from studio_publish_doors import NO_ROW_STUDIO_PUBLISH
from studio_role_doors import NO_ROW_STUDIO_ROLES

API = "/api/v1/studio/clinic"
PAGES = "/studio/clinic"
ONE = "/api/v1/studio/{app}"
PAGE = "/studio/{app}"
DOCUMENT = "view/allergies"

NO_ROW_STUDIO: dict[str, str] = {
    f"POST {PAGE}/state": "notes who is there",
    f"POST {PAGE}/fold": "keeps looks in the browser",
    **NO_ROW_STUDIO_PUBLISH,
    **NO_ROW_STUDIO_ROLES,
    **NO_ROW_STUDIO_LAYOUTS,
    **NO_ROW_STUDIO_FORMULAS,
    **NO_ROW_STUDIO_BEGIN,
    f"POST {PAGE}/labels/compare": "reads what a file would change",
}


def _labelled(label: str, document: str = DOCUMENT) -> list[dict[str, Any]]:
    return [{"op": "add", "path": f"/{document.replace('/', '~1')}/label", "value": label}]


def _drafted(of: Any, *documents: str, kind: str = "act", about: Any = ...) -> Row:
    facts: dict[str, Any] = {"step": ..., "kind": kind, "documents": list(documents), "title": ...}
    if kind != "act":
        facts["about"] = about
    row: Row = of(log.DRAFT, "admin", facts=facts)
    return row


def _before(work: Work, label: str) -> None:
    """An act that is there before the door is used."""
    accepted(work.clinic.client("admin").patch(API, json={"patch": _labelled(label)}))


@case(f"PATCH {ONE}", f"POST {ONE}/undo", f"POST {ONE}/redo", f"POST {ONE}/jump")
def api_studio_acts(work: Work) -> list[Row]:
    admin = work.client("admin")
    at = accepted(admin.patch(API, json={"patch": _labelled("一")})).json()["revision"]
    accepted(admin.post(f"{API}/undo"))
    accepted(admin.post(f"{API}/redo"))
    accepted(admin.post(f"{API}/jump", json={"step": at - 1}))
    return [
        _drafted(by_api, DOCUMENT),
        _drafted(by_api, DOCUMENT, kind="undo", about=at),
        _drafted(by_api, DOCUMENT, kind="redo", about=at),
        _drafted(by_api, DOCUMENT, kind="jump", about=at - 1),
    ]


@case(
    f"PUT {ONE}/documents/{{kind}}/{{name}}",
    f"DELETE {ONE}/documents/{{kind}}/{{name}}",
    f"POST {ONE}/rename",
)
def api_studio_documents(work: Work) -> list[Row]:
    admin = work.client("admin")
    accepted(admin.put(f"{API}/documents/role/guest", json={"label": "访客"}))
    accepted(admin.post(f"{API}/rename", json={"kind": "role", "name": "guest", "to": "visitor"}))
    accepted(admin.delete(f"{API}/documents/role/visitor"))
    return [
        _drafted(by_api, "role/guest"),
        _drafted(by_api, "role/guest", "role/visitor"),
        _drafted(by_api, "role/visitor"),
    ]


@case(f"POST {ONE}/remarks", f"PATCH {ONE}/remarks/{{remark}}")
def api_studio_remarks(work: Work) -> list[Row]:
    admin = work.client("admin")
    said = {"document": DOCUMENT, "text": "好"}
    made = accepted(admin.post(f"{API}/remarks", json=said)).json()["id"]
    accepted(admin.patch(f"{API}/remarks/{made}", json={"settled": True}))
    facts = {"document": DOCUMENT, "remark": made}
    return [
        by_api(log.COMMENT, "admin", after={"_comment": "好"}, facts=facts),
        by_api(log.COMMENT_EDIT, "admin", facts={"remark": made, "settled": True}),
    ]


@case(f"POST {PAGE}/act", f"POST {PAGE}/undo", f"POST {PAGE}/redo", f"POST {PAGE}/jump", f"POST {PAGE}/mend")
def page_studio_acts(work: Work) -> list[Row]:
    wrong = [{"op": "replace", "path": "/view~1allergies/columns/1", "value": "severty"}]
    accepted(work.clinic.client("admin").patch(API, json={"patch": wrong}))
    problem = accepted(work.clinic.client("admin").get(f"{API}/problems")).json()["items"][0]
    admin = work.browser("admin")
    sent = {"text": problem["detail"], "document": problem["document"]}
    accepted(admin.post(f"{PAGES}/mend", data=sent))
    patch = '[{"op": "add", "path": "/view~1allergies/label", "value": "二"}]'
    accepted(admin.post(f"{PAGES}/act", data={"patch": patch}))
    accepted(admin.post(f"{PAGES}/undo"))
    accepted(admin.post(f"{PAGES}/redo"))
    now = accepted(work.clinic.client("admin").get(API)).json()["revision"]
    accepted(admin.post(f"{PAGES}/jump", data={"step": str(now - 1)}))
    return [
        _drafted(by_page, DOCUMENT),
        _drafted(by_page, DOCUMENT),
        _drafted(by_page, DOCUMENT, kind="undo"),
        _drafted(by_page, DOCUMENT, kind="redo"),
        _drafted(by_page, DOCUMENT, kind="jump", about=now - 1),
    ]


@case(
    *(f"POST {PAGE}/document/{what}" for what in ("new", "duplicate", "rename", "remove", "restore", "yaml"))
)
def page_studio_documents(work: Work) -> list[Row]:
    admin, one = work.browser("admin"), f"{PAGES}/document"
    accepted(admin.post(f"{one}/new", data={"kind": "role", "label": "Guest", "name": "guest"}))
    accepted(admin.post(f"{one}/duplicate", data={"key": "role/guest"}))
    accepted(admin.post(f"{one}/rename", data={"key": "role/guest_2", "name": "caller"}))
    text = "kind: role\nname: caller\nlabel: Caller\n"
    accepted(admin.post(f"{one}/yaml", data={"key": "role/caller", "text": text}))
    accepted(admin.post(f"{one}/remove", data={"key": DOCUMENT}))
    accepted(admin.post(f"{one}/restore", data={"key": DOCUMENT}))
    return [
        _drafted(by_page, "role/guest"),
        _drafted(by_page, "role/guest_2"),
        _drafted(by_page, "role/caller", "role/guest_2"),
        _drafted(by_page, "role/caller"),
        _drafted(by_page, DOCUMENT),
        _drafted(by_page, DOCUMENT),
    ]


@case(f"POST {PAGE}/remarks", f"POST {PAGE}/remarks/{{remark}}")
def page_studio_remarks(work: Work) -> list[Row]:
    admin = work.browser("admin")
    accepted(admin.post(f"{PAGES}/remarks", data={"key": DOCUMENT, "text": "看看"}))
    items = accepted(work.clinic.client("admin").get(f"{API}/remarks", params={"document": DOCUMENT})).json()
    made = next(r["id"] for r in items["items"] if r["text"] == "看看")
    accepted(admin.post(f"{PAGES}/remarks/{made}", data={"key": DOCUMENT, "settled": "1"}))
    return [
        by_page(log.COMMENT, "admin", after={"_comment": "看看"}, facts=...),
        by_page(log.COMMENT_EDIT, "admin", facts={"remark": made, "settled": True}),
    ]


@case(f"POST {PAGE}/panel", f"POST {PAGE}/grid")
def page_studio_properties(work: Work) -> list[Row]:
    browser, flow, board = work.browser("admin"), "/workflow~1call_back", "/dashboard~1overview/blocks"
    accepted(browser.post(f"{PAGES}/panel", data={"at": f"{flow}/steps/wait/until", "until": "TODAY() + 4"}))
    accepted(browser.post(f"{PAGES}/panel", data={"at": f"{flow}/steps/wait/until", "until": "TODAY() + 4"}))
    accepted(browser.post(f"{PAGES}/panel", data={"at": f"{flow}/steps", "do": "add", "kind": "stop"}))
    accepted(browser.post(f"{PAGES}/grid", data={"at": f"{board}/0", "w": "5"}))
    # What it was already is no act.
    flow_row, board_row = _drafted(by_page, "workflow/call_back"), _drafted(by_page, "dashboard/overview")
    return [flow_row, flow_row, board_row]
