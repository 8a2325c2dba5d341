"""The doors of acting on many records: what would come of it is shown, and nothing is done."""

from __future__ import annotations

from typing import Any

from ward import OWNERS, Door, Ward

MANY = "/apps/{app}/{entity}"
CELL = "/apps/{app}/{entity}/{id}/cells/{field}"
CHANGES = {
    "patient": {
        "name": "x",
        "phone": "13911112222",
        "mail": "a@b.example",
        "born_on": "2999-01-01",
        "risk": "low",
    },
    "visit": {"reason": "x", "fee": "-1.00", "note": "x", "stage": "signed"},
}
CELLS = {
    "patient": ("name", "phone", "id_number", "spent", "risk"),
    "visit": ("reason", "note", "fee", "stage"),
}


def _whole(answer: Any) -> str:
    """Body and headers; what was not meant to happen fails."""
    assert answer.status_code < 500, answer.text
    return f"{answer.headers}\n{answer.text}"


def _ids(ward: Ward, entity: str) -> list[str]:
    return [id for (known, _), id in ward.ids.items() if known == entity]


def _few(ward: Ward, entity: str) -> list[str]:
    """One's own and another's: enough where each is a request."""
    names = ("lin_1", "mao_1", "lin_1_a", "mao_1_a")
    return [id for (known, name), id in ward.ids.items() if known == entity and name in names]


def tried(ward: Ward, username: str) -> str:
    """Changes of all records, tried and not done: by id, and by what matches."""
    client, seen = ward.clinic.client(username), []
    for entity, values in CHANGES.items():
        path = f"/api/v1/apps/clinic/{entity}/bulk"
        asked: list[dict[str, Any]] = [{"changes": {name: value}} for name, value in values.items()]
        asked += [
            {"changes": values},
            {"verb": "delete"},
            {"verb": "share", "user": ward.clinic.users["dr_mao"]},
        ]
        which: list[dict[str, Any]] = [{"ids": _ids(ward, entity)}, {"all": True}]
        seen += [
            _whole(client.post(path, json={**chosen, **act, "dry_run": True}))
            for act in asked
            for chosen in which
        ]
        seen.append(
            _whole(client.post(path, json={"ids": _ids(ward, entity), "verb": "restore", "dry_run": True}))
        )
    seen.append(_whole(client.post("/api/v1/jobs/01900000-0000-7000-8000-000000000001/undo", json={})))
    return "\n".join(seen)


def asked(ward: Ward, username: str) -> str:
    """The dialogs of a list's selection, for every record and field, up to the point where it would be done."""
    browser, seen = ward.clinic.browser(username), []
    for view in ("patients", "visits"):
        seen.append(_whole(browser.post(f"/apps/clinic/views/{view}/chosen")))
    for entity, values in CHANGES.items():
        path, ids = f"/apps/clinic/{entity}/bulk", ",".join(_ids(ward, entity))
        for verb in ("update", "share", "export", "nonsense"):
            seen.append(_whole(browser.post(path, data={"_do": f"{verb}:", "_ids": "", "_step": "ask"})))
        for name, value in values.items():
            data = {
                "_verb": "update",
                "_ids": ids,
                "_field": name,
                "_field_was": name,
                "_how": "set",
                name: value,
            }
            seen += [_whole(browser.post(path, data={**data, "_step": step})) for step in ("ask", "preview")]
        seen.append(_whole(browser.post(path, data={"_verb": "delete", "_ids": ids, "_step": "preview"})))
        for part in ("", "/undo", "/stop"):
            one = f"{path}/01900000-0000-7000-8000-000000000001{part}"
            seen.append(_whole(browser.post(one) if part else browser.get(one)))
    return "\n".join(seen)


def pasted(ward: Ward, username: str) -> str:
    """Blocks pasted over all records, as far as the preview; and the small form of a new one."""
    browser, seen = ward.clinic.browser(username), []
    for entity, values in CHANGES.items():
        block = "\n".join("\t".join(values.values()) for _ in range(len(_ids(ward, entity)) + 1))
        data = {"_block": block, "_rows": ",".join(_ids(ward, entity)), "_fields": ",".join(values)}
        seen.append(_whole(browser.post(f"/apps/clinic/{entity}/paste", data=data)))
        quick = f"/apps/clinic/{entity}/quick"
        seen.append(_whole(browser.get(f"{quick}?columns={','.join(CELLS[entity])}")))
        seen.append(_whole(browser.post(quick, data={"born_on": "2999-01-01", "fee": "-1"})))
    return "\n".join(seen)


def cells(ward: Ward, username: str) -> str:
    """Cells opened, and saved with what is wrong or stale."""
    browser, seen = ward.clinic.browser(username), []
    for entity, names in CELLS.items():
        for id in _few(ward, entity):
            for name in names:
                path = f"/apps/clinic/{entity}/{id}/cells/{name}"
                seen.append(_whole(browser.get(path)))
                wrong = {name: "\x7f nonsense", "_version": "1", "_columns": ",".join(names)}
                seen.append(_whole(browser.post(path, data=wrong)) if name != "name" else "")
            seen.append(_whole(browser.get(f"/apps/clinic/{entity}/{id}/cells/owner.name")))
    for name in OWNERS:
        # Every patient's name, where it may be seen.
        kept = {"_choice": "theirs", "_columns": ",".join((*CELLS["patient"], "owner.username", "nonsense"))}
        path = f"/apps/clinic/patient/{ward.id('patient', name)}/cells/name"
        seen.append(_whole(browser.post(path, data=kept)))
    return "\n".join(seen)


ACTING_DOORS: tuple[Door, ...] = (
    Door("bulk", ("POST /api/v1/apps/{app}/{entity}/bulk", "POST /api/v1/jobs/{id}/undo"), tried),
    Door(
        "bulk dialogs",
        (
            "POST /apps/{app}/views/{view}/chosen",
            f"POST {MANY}/bulk",
            f"GET {MANY}/bulk/{{job}}",
            f"POST {MANY}/bulk/{{job}}/undo",
            f"POST {MANY}/bulk/{{job}}/stop",
        ),
        asked,
    ),
    Door("pasting", (f"POST {MANY}/paste", f"GET {MANY}/quick", f"POST {MANY}/quick"), pasted),
    Door("cells", (f"GET {CELL}", f"POST {CELL}"), cells, {"patient": frozenset({"name"})}),
)
