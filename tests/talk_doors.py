"""The doors of comments, followers and notices; and their cases for the audit."""

from __future__ import annotations

import base64
from typing import Any

from audit_work import Row, Work, accepted, by_api, by_page, case
from clinic import PATH
from dougong_runtime.audit import log
from ward import OWNERS, Door, Ward

API = "/api/v1/apps/{app}/{entity}/{id}"
PAGE = "/apps/{app}/{entity}/{id}"
NOWHERE = "0190a0a0-0000-7000-8000-000000000000"


def _whole(answer: Any) -> str:
    """Body and headers; what was not meant to happen fails."""
    assert answer.status_code < 500, answer.text
    return f"{answer.headers}\n{answer.text}"


def _each(ward: Ward, prefix: str) -> list[str]:
    return [f"{prefix}/{entity}/{id}" for (entity, _), id in ward.ids.items()]


def _said(ward: Ward) -> None:
    """A comment on each patient whose words are those of a cell: it is to be seen where the cell is."""
    for name in OWNERS:
        text = ward.text_of(("patient", name, "mail"))
        answer = ward.clinic.client("head_yu").post(
            f"{PATH}/patient/{ward.id('patient', name)}/comments", json={"text": f"写信到 {text}"}
        )
        assert answer.status_code == 201, answer.text


def comments(ward: Ward, username: str) -> str:
    """Comments and who follows, by the interface; what is written is refused, or taken back at once."""
    _said(ward)
    client = ward.clinic.client(username)
    seen = []
    for path in _each(ward, PATH):
        seen += [_whole(client.get(path + "/comments")), _whole(client.get(path + "/follow"))]
        seen += [
            _whole(client.post(path + "/comments", json={"text": "@dr_lin @dr_mao @nobody"})),
            _whole(client.patch(f"{path}/comments/{NOWHERE}", json={"text": "x"})),
            _whole(client.delete(f"{path}/comments/{NOWHERE}")),
            _whole(client.put(path + "/follow")),
            _whole(client.delete(path + "/follow")),
        ]
    return "\n".join(seen)


def pages(ward: Ward, username: str) -> str:
    """The same on pages: the line of time in all its ways, forms that are refused, people to be named."""
    _said(ward)
    browser = ward.clinic.browser(username, **{"HX-Request": "true", "HX-Request-Type": "partial"})
    seen = []
    for path in _each(ward, "/apps/clinic"):
        for asked in ("", "?show=comments", "?show=changes", "?before=1.", "?show=nonsense&before=x.y"):
            seen.append(_whole(browser.get(f"{path}/timeline{asked}")))
        seen += [
            _whole(browser.get(path + "/mentionable?q=")),
            _whole(browser.get(f"{path}/comments/{NOWHERE}?edit=1")),
            _whole(browser.post(path + "/comments", data={"text": "@dr_lin @dr_mao @nobody"})),
            _whole(browser.post(f"{path}/comments/{NOWHERE}", data={"text": "x"})),
            _whole(browser.post(f"{path}/comments/{NOWHERE}/delete")),
            _whole(browser.post(path + "/follow", headers={"X-CSRF-Token": "forged"})),
        ]
    return "\n".join(seen)


def notices(ward: Ward, username: str) -> str:
    """What a person is told, once every record was theirs to hear of."""
    clinic = ward.clinic
    _said(ward)
    for name in OWNERS:
        patient = f"{PATH}/patient/{ward.id('patient', name)}"
        for person in ("head_yu", OWNERS[name]):
            clinic.client(person).put(f"{patient}/follow")
        clinic.client("head_yu").post(f"{patient}/comments", json={"text": f"@{OWNERS[name]} 看"})
    client, browser = clinic.client(username), clinic.browser(username)
    seen = [
        _whole(client.get("/api/v1/notifications", params={"which": which, "limit": 100}))
        for which in ("all", "unread", "mentions")
    ]
    seen += [_whole(browser.get(f"/notifications?which={which}")) for which in ("all", "unread", "mentions")]
    seen += [
        _whole(client.post("/api/v1/notifications/read", json={"ids": [NOWHERE, "nonsense"]})),
        _whole(browser.post("/notifications/read", data={"id": NOWHERE})),
    ]
    return "\n".join(seen)


def walks(ward: Ward, username: str) -> str:
    """Neighbours of each record in lists ordered and filtered by every field, and what travels in the address."""
    browser = ward.clinic.browser(username, **{"HX-Request": "true", "HX-Request-Type": "partial"})
    lists = [
        "patients",
        "patients?sort=-phone",
        "patients?filter=spent>1",
        "visits?sort=note",
        "nonsense",
        "../x",
    ]
    came = [base64.urlsafe_b64encode(one.encode()).decode().rstrip("=") for one in lists] + ["%", "x" * 5000]
    seen = []
    for path in _each(ward, "/apps/clinic"):
        seen += [_whole(browser.get(f"{path}/walk", params={"from": one})) for one in came]
    return "\n".join(seen)


def reasons(ward: Ward, username: str) -> str:
    """Why something may not be done, or is not to be seen."""
    browser = ward.clinic.browser(username)
    asked = (
        "field=phone",
        "field=spent",
        "field=note",
        "act=delete",
        "act=update",
        "to=active",
        "to=signed",
        "",
        "act=x",
    )
    return "\n".join(
        _whole(browser.get(f"{path}/why?{one}")) for path in _each(ward, "/apps/clinic") for one in asked
    )


def on_paper(ward: Ward, username: str) -> str:
    """Records to be printed, and as PDFs, of which what is not the file itself can be read."""
    browser, client = ward.clinic.browser(username), ward.clinic.client(username)
    seen = [_whole(browser.get(path + "/print")) for path in _each(ward, "/apps/clinic")]
    asked = [browser.post(path + "/pdf") for path in _each(ward, "/apps/clinic")[:2]]
    asked += [client.post(path + "/pdf") for path in _each(ward, PATH)[:2]]
    return "\n".join([*seen, *map(_whole, asked)])


TALK_DOORS: tuple[Door, ...] = (
    Door(
        "paper",
        (f"GET {PAGE}/print", f"POST {PAGE}/pdf", f"POST {API}/pdf"),
        on_paper,
        {"patient": frozenset({"name", "mail"})},
    ),
    Door("walks", (f"GET {PAGE}/walk",), walks),
    Door("reasons", (f"GET {PAGE}/why",), reasons),
    Door(
        "comments",
        (
            f"GET {API}/comments",
            f"POST {API}/comments",
            f"PATCH {API}/comments/{{comment}}",
            f"DELETE {API}/comments/{{comment}}",
            f"GET {API}/follow",
            f"PUT {API}/follow",
            f"DELETE {API}/follow",
        ),
        comments,
        {"patient": frozenset({"mail"})},
    ),
    Door(
        "comments on pages",
        (
            f"GET {PAGE}/timeline",
            f"POST {PAGE}/comments",
            f"GET {PAGE}/comments/{{comment}}",
            f"POST {PAGE}/comments/{{comment}}",
            f"POST {PAGE}/comments/{{comment}}/delete",
            f"GET {PAGE}/mentionable",
            f"POST {PAGE}/follow",
        ),
        pages,
        {"patient": frozenset({"mail"})},
    ),
    Door(
        "notices",
        (
            "GET /api/v1/notifications",
            "POST /api/v1/notifications/read",
            "GET /notifications",
            "POST /notifications/read",
        ),
        notices,
    ),
)

NO_ROW_TALK: dict[str, str] = {
    f"PUT {API}/follow": "keeps what a person wants to hear of, for themselves",
    f"DELETE {API}/follow": "the same",
    f"POST {PAGE}/follow": "the same",
    "POST /api/v1/notifications/read": "keeps what a person has read, for themselves",
    "POST /notifications/read": "the same",
}


# --- what each leaves in the audit ------------------------------------------------------------------------------
def _commented(work: Work, record: str) -> str:
    """A comment that is there before the door is used; gives its id."""
    answer = work.clinic.client("dr_lin").post(f"{PATH}/patient/{record}/comments", json={"text": "先前"})
    return str(accepted(answer).json()["id"])


def _row(of: Any, action: str, record: str, before: Any, after: Any) -> Row:
    row: Row = of(
        action, "dr_lin", entity="patient", record=record, before=before, after=after, facts={"comment": ...}
    )
    return row


@case(f"POST {API}/comments")
def api_comment(work: Work) -> list[Row]:
    record = work.patient()
    accepted(work.client("dr_lin").post(f"{PATH}/patient/{record}/comments", json={"text": "好"}))
    return [_row(by_api, log.COMMENT, record, None, {"_comment": "好"})]


@case(f"PATCH {API}/comments/{{comment}}")
def api_comment_change(work: Work) -> list[Row]:
    record = work.patient()
    one = f"{PATH}/patient/{record}/comments/{_commented(work, record)}"
    accepted(work.client("dr_lin").patch(one, json={"text": "后来"}))
    return [_row(by_api, log.COMMENT_EDIT, record, {"_comment": "先前"}, {"_comment": "后来"})]


@case(f"DELETE {API}/comments/{{comment}}")
def api_comment_delete(work: Work) -> list[Row]:
    record = work.patient()
    one = f"{PATH}/patient/{record}/comments/{_commented(work, record)}"
    accepted(work.client("dr_lin").delete(one))
    return [_row(by_api, log.COMMENT_DELETE, record, {"_comment": "先前"}, None)]


@case(f"POST {PAGE}/comments")
def page_comment(work: Work) -> list[Row]:
    record = work.patient()
    accepted(work.browser("dr_lin").post(f"/apps/clinic/patient/{record}/comments", data={"text": "好"}))
    return [_row(by_page, log.COMMENT, record, None, {"_comment": "好"})]


@case(f"POST {PAGE}/comments/{{comment}}")
def page_comment_change(work: Work) -> list[Row]:
    record = work.patient()
    one = f"/apps/clinic/patient/{record}/comments/{_commented(work, record)}"
    accepted(work.browser("dr_lin").post(one, data={"text": "后来"}))
    return [_row(by_page, log.COMMENT_EDIT, record, {"_comment": "先前"}, {"_comment": "后来"})]


@case(f"POST {PAGE}/comments/{{comment}}/delete")
def page_comment_delete(work: Work) -> list[Row]:
    record = work.patient()
    one = f"/apps/clinic/patient/{record}/comments/{_commented(work, record)}"
    accepted(work.browser("dr_lin").post(one + "/delete"))
    return [_row(by_page, log.COMMENT_DELETE, record, {"_comment": "先前"}, None)]


@case(f"POST {API}/pdf")
def api_pdf(work: Work) -> list[Row]:
    record = work.patient()
    accepted(work.client("dr_lin").post(f"{PATH}/patient/{record}/pdf"))
    return [_taken_out(by_api, record)]


@case(f"POST {PAGE}/pdf")
def page_pdf(work: Work) -> list[Row]:
    record = work.patient()
    accepted(work.browser("dr_lin").post(f"/apps/clinic/patient/{record}/pdf"))
    return [_taken_out(by_page, record)]


def _taken_out(of: Any, record: str) -> Row:
    row: Row = of(log.EXPORT, "dr_lin", entity="patient", record=record, facts={"format": "pdf", "count": 1})
    return row
