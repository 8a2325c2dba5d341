"""The doors of how apps begin, of relations and of spreadsheets in the studio, and their cases for the audit."""

from __future__ import annotations

from typing import Any

from audit_work import Row, Work, accepted, by_api, by_page, case
from dougong_runtime.audit import log
from ward import Door, Ward

API = "/api/v1/studio"
APP = f"{API}/{{app}}"
PAGE = "/studio/{app}"
HERE = "/studio/clinic"
SHEETS = f"{APP}/spreadsheets"
SHEET = f"{PAGE}/spreadsheet"
CSV = "姓名,等级\n甲,金\n乙,银\n"
FILE = {"file": ("members.csv", CSV.encode(), "text/csv")}

WITHOUT_DATA_STUDIO_BEGIN: dict[str, str] = dict.fromkeys(
    (
        "GET /studio", "POST /studio/begin", "POST /studio/package", "POST /studio/package/install",
        f"GET {PAGE}/patterns", f"POST {PAGE}/patterns",
        f"POST {API}", f"POST {API}/packages", f"GET {APP}/patterns", f"POST {APP}/patterns",
    ),
    "documents of apps that begin",
)  # fmt: skip

NO_ROW_STUDIO_BEGIN: dict[str, str] = {
    "POST /studio/package": "plans what a package would bring",
    f"POST {PAGE}/relations/place": "moves boxes of a picture",
    f"POST {PAGE}/relations/arrange": "the same",
    f"PUT {APP}/relations/places": "the same",
    f"POST {SHEET}": "keeps a person's own file until it becomes an entity",
    f"POST {SHEETS}": "the same",
    f"POST {SHEET}/{{sheet}}/drop": "lets such a file go",
    f"DELETE {SHEETS}/{{id}}": "the same",
    f"POST {SHEET}/{{sheet}}/import": "orders an import, which tells of itself",
    f"POST {SHEETS}/{{id}}/import": "the same",
}


def relations_in_the_studio(ward: Ward, username: str) -> str:
    """The diagram, its panels with their counts, spreadsheets looked through: to who builds and to who may not."""
    browser, client, admin = (
        ward.clinic.browser(username),
        ward.clinic.client(username),
        ward.clinic.client("admin"),
    )
    items = admin.get(f"{API}/clinic/relations").json()["items"]
    answers = [
        browser.get(f"{HERE}/relations{query}") for query in ("", "?of=patient", "?shape=table&people=1")
    ]
    for relation in items:
        answers.append(browser.get(f"{HERE}/relations/panel?at={relation['id']}"))
        answers.append(browser.get(f"{HERE}/relations/uses?at={relation['id']}"))
    answers.append(client.get(f"{API}/clinic/relations"))
    answers.append(browser.get(f"{HERE}/spreadsheet"))
    answers.append(client.get(f"{API}/clinic/spreadsheets"))
    sent = client.post(f"{API}/clinic/spreadsheets", files={"file": ("x.csv", b"a,b\n1,2\n", "text/csv")})
    answers.append(sent)
    if sent.status_code == 201:
        place = f"spreadsheets/{sent.json()['id']}"
        answers += [client.get(f"{API}/clinic/{place}"), browser.get(f"{HERE}/{place.replace('s/', '/', 1)}")]
        answers += [
            client.post(f"{API}/clinic/{place}", json={}),
            client.post(f"{API}/clinic/{place}/import", json={}),
        ]
        answers.append(client.delete(f"{API}/clinic/{place}"))
    forged = {"X-CSRF-Token": "forged"}
    for path in ("relations/new", "relations/set", "relations/place", "relations/arrange", "spreadsheet"):
        answers.append(browser.post(f"{HERE}/{path}", headers=forged))
    for path in ("make", "drop", "import"):
        answers.append(browser.post(f"{HERE}/spreadsheet/nothing/{path}", headers=forged))
    for answer in answers:
        assert answer.status_code < 500, answer.text
    return "\n".join(f"{answer.headers}\n{answer.text}" for answer in answers)


STUDIO_BEGIN_DOORS: tuple[Door, ...] = (
    Door(
        "relations and spreadsheets in the studio",
        (
            f"GET {PAGE}/relations", f"GET {PAGE}/relations/panel", f"GET {PAGE}/relations/uses",
            *(f"POST {PAGE}/relations/{act}" for act in ("new", "set", "place", "arrange")),
            f"GET {APP}/relations", f"POST {APP}/relations", f"PUT {APP}/relations/places",
            f"PATCH {APP}/relations/{{id}}",
            f"GET {SHEET}", f"POST {SHEET}", f"GET {SHEET}/{{sheet}}",
            *(f"POST {SHEET}/{{sheet}}/{act}" for act in ("make", "drop", "import")),
            f"GET {SHEETS}", f"POST {SHEETS}", f"GET {SHEETS}/{{id}}", f"POST {SHEETS}/{{id}}",
            f"DELETE {SHEETS}/{{id}}", f"POST {SHEETS}/{{id}}/import",
        ),
        relations_in_the_studio,
    ),
)  # fmt: skip


def _begun(by: Any, name: str, *, held: bool = True) -> list[Row]:
    """The rows of an app that began: its first version, and its role given to who began it."""
    rows: list[Row] = [by(log.PUBLISH, "admin", app=name)]
    if held:
        rows.append(by(log.GRANT, "admin", app="dougong", entity="user", record=...))
    return rows


def _step(by: Any, *documents: str) -> Row:
    facts = {"step": ..., "kind": "act", "documents": sorted(documents), "title": ...}
    found: Row = by(log.DRAFT, "admin", facts=facts)
    return found


@case(f"POST {API}", f"POST {API}/packages", f"POST {APP}/patterns")
def api_beginnings(work: Work) -> list[Row]:
    admin = work.client("admin")
    accepted(admin.post(API, json={"label": "图书", "name": "books", "language": "zh"}))
    accepted(admin.post(API, json={"label": "Copy", "name": "clinic_two", "from": "copy", "of": "clinic"}))
    package = accepted(admin.post(f"{API}/packages", data={"bundled": "nothing"}, files={}), 404, 415)
    assert package.status_code != 201
    accepted(admin.post(f"{API}/clinic/patterns", json={"pattern": "person", "name": "relative"}))
    changed = ("app/clinic", "entity/relative", "form/relative_form", "view/relative_list")
    return [*_begun(by_api, "books"), *_begun(by_api, "clinic_two", held=False), _step(by_api, *changed)]


@case("POST /studio/begin", "POST /studio/package/install", f"POST {PAGE}/patterns")
def page_beginnings(work: Work) -> list[Row]:
    admin = work.browser("admin")
    accepted(
        admin.post(
            "/studio/begin", data={"from": "sheet", "label": "Lists", "name": "lists"}, follow_redirects=False
        )
    )
    accepted(admin.post("/studio/package/install", data={"bundled": "nothing"}), 422)
    wish = {"pattern": "company", "name": "supplier"}
    accepted(admin.post(f"{HERE}/patterns", data=wish, follow_redirects=False))
    stem = ("entity/supplier", "entity/supplier_contact", "form/supplier_form", "form/supplier_contact_form")
    return [*_begun(by_page, "lists"), _step(by_page, "app/clinic", "view/supplier_list", *stem)]


@case(
    f"POST {APP}/relations",
    f"PATCH {APP}/relations/{{id}}",
    f"POST {PAGE}/relations/new",
    f"POST {PAGE}/relations/set",
)
def relations_made(work: Work) -> list[Row]:
    admin = work.browser("admin")
    client = work.clinic.client("admin")
    accepted(
        admin.post(f"{HERE}/relations/new", data={"from": "medicine", "to": "allergy", "name": "causes"})
    )
    made = accepted(
        client.post(f"{API}/clinic/relations", json={"from": "medicine", "to": "visit", "name": "first"})
    )
    own = made.json()["relation"]["id"]
    accepted(admin.post(f"{HERE}/relations/set", data={"at": own, "name": "required", "value": "1"}))
    accepted(client.patch(f"{API}/clinic/relations/{own}", json={"on_delete": "clear"}))
    one = "entity/medicine"
    return [_step(by_page, one), _step(by_api, one), _step(by_page, one), _step(by_api, one)]


@case(f"POST {SHEETS}/{{id}}", f"POST {SHEET}/{{sheet}}/make")
def spreadsheets_made(work: Work) -> list[Row]:
    admin = work.browser("admin")
    client = work.clinic.client("admin")
    sheet = accepted(client.post(f"{API}/clinic/spreadsheets", files=FILE)).json()["id"]
    accepted(client.post(f"{API}/clinic/spreadsheets/{sheet}", json={"label": "会员", "name": "member"}))
    to = accepted(admin.post(f"{HERE}/spreadsheet", files=FILE, follow_redirects=False)).headers["location"]
    form = {
        "label": "客人",
        "name": "caller",
        "title": "0",
        "take.0": "1",
        "name.0": "name",
        "type.0": "text",
    }
    accepted(admin.post(f"{to}/make", data=form, follow_redirects=False))

    def made(name: str) -> tuple[str, ...]:
        return "app/clinic", f"entity/{name}", f"form/{name}_form", f"view/{name}_list"

    return [_step(by_api, *made("member")), _step(by_page, *made("caller"))]
