"""The doors of table lists: columns, order, groups, totals, filters, saved views; and their cases for the audit."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from audit_work import Row, Work, accepted, by_api, by_page, case
from clinic import PATH
from dougong_runtime.audit import log
from ward import Door, Ward

VIEW = "/apps/{app}/views/{view}"
VIEWS = "/api/v1/apps/{app}/{entity}/views"
PATIENTS = "/apps/clinic/views/patients"
SAVED = f"{PATH}/patient/views"
NOWHERE = "0190a0a0-0000-7000-8000-000000000000"
EVERY = (
    "name,code,phone,id_number,mail,risk,owner,spent,visit_count,last_visit_at,owner.username,owner.team.name"
)
FRAGMENT = {"HX-Request": "true", "HX-Request-Type": "partial"}


def _whole(answer: Any) -> str:
    """Body and headers; what was not meant to happen fails."""
    assert answer.status_code < 500, answer.text
    return f"{answer.headers}\n{answer.text}"


def parts(ward: Ward, username: str) -> str:
    """Every field as a column, a key, a group, a total; panels and menus of each; what is arranged."""
    browser = ward.clinic.browser(username, **FRAGMENT)
    fields = EVERY.split(",")
    seen = [_whole(browser.get(f"{PATIENTS}?columns={EVERY}&sort=-{name}")) for name in fields]
    for name in fields:
        seen.append(_whole(browser.get(f"{PATIENTS}?group={name},risk")))
        seen.append(_whole(browser.get(f"{PATIENTS}/totals?columns={EVERY}&totals={name}:max")))
        seen.append(_whole(browser.get(f"{PATIENTS}/rows?group={name}&of=")))
        seen.append(_whole(browser.get(f"{PATIENTS}/head?columns={EVERY}&path={name}")))
        seen.append(_whole(browser.get(f"{PATIENTS}?filter={quote(name + ' <> NULL AND spent > 99999999')}")))
        for act in ("show:{}", "total:{}:max", "width:{}:90", "move:{}:1", "place:{}:2", "hide:{}"):
            seen.append(_whole(browser.post(f"{PATIENTS}/arrange", data={"do": act.format(name)})))
    for path in ("columns", "columns?at=owner", "columns?at=allergies", "order", "menu", "saving", "filter"):
        seen.append(_whole(browser.get(f"{PATIENTS}/{path}")))
    seen.append(_whole(browser.post(f"{PATIENTS}/arrange", data={"do": "nonsense"})))
    seen.append(_whole(browser.post(f"{PATIENTS}/arrange", data={"do": "reset"})))
    return "\n".join(seen)


def filters(ward: Ward, username: str) -> str:
    """The panel of conditions, with every field in a row, along references, and as text."""
    browser = ward.clinic.browser(username, **FRAGMENT)
    seen = []
    for name in EVERY.split(","):
        *steps, last = name.split(".")
        path = [*(f"{s}." for s in steps), last]
        row = {"row": "0", "f.0": path, "o.0": "filled", "j": "and"}
        seen += [
            _whole(browser.post(f"{PATIENTS}/filter", data={**row, "do": do})) for do in ("", "apply", "add")
        ]
        seen.append(
            _whole(browser.post(f"{PATIENTS}/filter", data={"mode": "text", "formula": f"{name} = 1"}))
        )
    return "\n".join(seen)


def saved(ward: Ward, username: str) -> str:
    """A view that shows everything, shared with everybody by who may, opened by each; and what is refused."""
    head = ward.clinic.client("head_yu")
    made = head.post(
        SAVED, json={"name": "全部", "state": {"columns": EVERY, "sort": "-phone", "filter": "spent >= 0"}}
    )
    assert made.status_code == 201, made.text
    private = made.json()["id"]
    shared = head.post(
        SAVED, json={"name": "共享", "state": {"columns": EVERY, "group": "risk"}, "roles": ["head"]}
    ).json()["id"]
    client, browser = ward.clinic.client(username), ward.clinic.browser(username)
    seen = [_whole(client.get(SAVED))]
    for view in (private, shared, NOWHERE, "nonsense"):
        seen += [
            _whole(client.get(f"{SAVED}/{view}")),
            _whole(browser.get(f"/apps/clinic/views/{view}")),
            _whole(client.patch(f"{SAVED}/{view}", json={"name": "别的", "version": 99})),
            _whole(client.put(f"{SAVED}/{view}/layout", json={"columns": EVERY})),
            _whole(client.put(f"{SAVED}/default", json={"view": view})),
            _whole(client.put(f"{SAVED}/order", json={"views": [view, "patients"]})),
            _whole(browser.post(f"/apps/clinic/views/{view}/save", data={"version": "99"})),
            _whole(browser.post(f"/apps/clinic/views/{view}/save-as", data={"name": ""})),
            _whole(browser.post(f"/apps/clinic/views/{view}/manage", data={"do": "nonsense"})),
        ]
    seen.append(_whole(client.post(SAVED, json={"name": "x", "base": "nonsense"})))
    seen.append(_whole(client.put(f"{SAVED}/default", json={"view": None})))
    for view in (private, shared):
        assert head.delete(f"{SAVED}/{view}").status_code == 204
    seen.append(_whole(client.delete(f"{SAVED}/{private}")))
    return "\n".join(seen)


LIST_DOORS: tuple[Door, ...] = (
    Door(
        "parts of lists",
        (
            f"GET {VIEW}/rows",
            f"GET {VIEW}/totals",
            f"GET {VIEW}/columns",
            f"GET {VIEW}/order",
            f"GET {VIEW}/head",
            f"POST {VIEW}/arrange",
            f"GET {VIEW}/menu",
            f"GET {VIEW}/saving",
        ),
        parts,
        {"patient": frozenset({"name"})},
    ),
    Door("filters of lists", (f"GET {VIEW}/filter", f"POST {VIEW}/filter"), filters),
    Door(
        "saved views",
        (
            f"GET {VIEWS}",
            f"POST {VIEWS}",
            f"GET {VIEWS}/{{view}}",
            f"PATCH {VIEWS}/{{view}}",
            f"DELETE {VIEWS}/{{view}}",
            f"PUT {VIEWS}/{{view}}/layout",
            f"PUT {VIEWS}/default",
            f"PUT {VIEWS}/order",
            f"POST {VIEW}/save-as",
            f"POST {VIEW}/save",
            f"POST {VIEW}/manage",
        ),
        saved,
    ),
)

NO_ROW_LISTS: dict[str, str] = {
    f"POST {VIEW}/arrange": "keeps how a person's columns stand, for themselves",
    f"POST {VIEW}/filter": "reads",
    f"PUT {VIEWS}/{{view}}/layout": "keeps how a person's columns stand, for themselves",
    f"PUT {VIEWS}/default": "keeps which view opens first, for a person themselves",
    f"PUT {VIEWS}/order": "keeps the order of a person's tabs, for themselves",
}


# --- what each leaves in the audit ------------------------------------------------------------------------------
STATE = {"filter": "risk = 'high'", "sort": "-spent"}


def _before(work: Work, **more: Any) -> str:
    """A view of Dr Lin's that is there before the door is used; gives its id."""
    sent = {"name": "我的", "state": STATE, **more}
    return str(accepted(work.clinic.client("dr_lin").post(SAVED, json=sent)).json()["id"])


def _row(of: Any, did: str, view: Any = ..., name: str = "我的", roles: Any = None, **state: str) -> Row:
    facts = {"view": view, "name": name, "did": did, "roles": roles, **(state or STATE)}
    row: Row = of(log.SAVED_VIEW, "dr_lin", entity="patient", facts=facts)
    return row


@case(f"POST {VIEWS}")
def api_save_view(work: Work) -> list[Row]:
    accepted(work.client("dr_lin").post(SAVED, json={"name": "我的", "state": STATE, "base": "patients"}))
    return [_row(by_api, "created")]


@case(f"PATCH {VIEWS}/{{view}}")
def api_change_view(work: Work) -> list[Row]:
    view = _before(work)
    sent = {"name": "新的", "roles": ["doctor"], "version": 1}
    accepted(work.client("dr_lin").patch(f"{SAVED}/{view}", json=sent))
    return [
        _row(by_api, "shared", view, "新的", ["doctor"]),
        _row(by_api, "changed", view, "新的", ["doctor"]),
    ]


@case(f"DELETE {VIEWS}/{{view}}")
def api_delete_view(work: Work) -> list[Row]:
    view = _before(work)
    accepted(work.client("dr_lin").delete(f"{SAVED}/{view}"))
    return [_row(by_api, "deleted", view)]


@case(f"POST {VIEW}/save-as")
def page_save_view_as(work: Work) -> list[Row]:
    data = {"name": "我的", "query": "filter=spent > 1&sort=name", "who": "me"}
    accepted(work.browser("dr_lin").post(f"{PATIENTS}/save-as", data=data, follow_redirects=False))
    return [by_page(log.SAVED_VIEW, "dr_lin", entity="patient")]


@case(f"POST {VIEW}/save")
def page_save_view(work: Work) -> list[Row]:
    view = _before(work)
    sent = {"query": "sort=name", "version": "1"}
    browser = work.browser("dr_lin")
    accepted(browser.post(f"/apps/clinic/views/{view}/save", data=sent, follow_redirects=False))
    return [by_page(log.SAVED_VIEW, "dr_lin", entity="patient")]


@case(f"POST {VIEW}/manage")
def page_share_view(work: Work) -> list[Row]:
    view = _before(work)
    sent = {"do": "share", "who": "roles", "role": "doctor"}
    browser = work.browser("dr_lin")
    accepted(browser.post(f"/apps/clinic/views/{view}/manage", data=sent, follow_redirects=False))
    return [_row(by_page, "shared", view, roles=["doctor"])]
