"""The doors of entities in the studio, and their cases for the audit."""

from __future__ import annotations

from typing import Any

from audit_work import Row, Work, accepted, by_api, by_page, case
from dougong_runtime.audit import log
from ward import Door, Ward

STUDIO = "/studio/clinic"
ENTITY = "/studio/{app}/entity/{name}"
API = "/api/v1/studio/{app}/entities"
ONE = f"{API}/{{entity}}"
FIELD = f"{ONE}/fields/{{field}}"
PARTS = ("canvas", "panel", "uses", "count", "rows")
ASKS = ("rename?to=x", "retype?type=integer", "retire?", "used?", "delete?")


def fields_of(client: Any, entity: str) -> dict[str, str]:
    """Field name → id, as the draft has them; empty for who may not build."""
    answer = client.get(f"/api/v1{STUDIO}/documents/entity/{entity}")
    return {f["name"]: f["id"] for f in answer.json().get("fields", ())}


def entities_in_the_studio(ward: Ward, username: str) -> str:
    """Entities on their canvas, with what is counted and converted beside: to who builds and to who may not."""
    browser, client = ward.clinic.browser(username), ward.clinic.client(username)
    admin = ward.clinic.client("admin")
    answers = []
    for entity, names in (("patient", ("name", "id_number")), ("visit", ("note",))):
        base, api = f"{STUDIO}/entity/{entity}", f"/api/v1{STUDIO}/entities/{entity}/fields"
        document = admin.get(f"/api/v1{STUDIO}/documents/entity/{entity}").json()
        answers.append(browser.get(base))
        answers += [browser.get(f"{base}/part/{part}") for part in PARTS]
        answers += [browser.get(f"{base}/part/broken?rule={rule['id']}") for rule in document["rules"]]
        for field in document["fields"]:
            if field["name"] in names:
                at = f"at={field['id']}"
                answers += [browser.get(f"{base}/part/{part}?{at}") for part in ("panel", "held")]
                answers += [browser.get(f"{base}/ask/{ask}&{at}") for ask in ASKS]
                answers.append(client.get(f"{api}/{field['name']}/retyping?type=choice"))
                answers.append(client.get(f"{api}/{field['name']}/homes"))
        answers.append(client.get(f"{api}/retired"))
    answers.append(browser.get(f"{STUDIO}/new-entity"))
    forged = {"X-CSRF-Token": "forged"}
    answers.append(browser.post(f"{STUDIO}/new-entity", headers=forged))
    answers.append(browser.post(f"{STUDIO}/entity/visit/do/add", headers=forged))
    for answer in answers:
        assert answer.status_code < 500, answer.text
    return "\n".join(f"{answer.headers}\n{answer.text}" for answer in answers)


STUDIO_ENTITY_DOORS: tuple[Door, ...] = (
    Door(
        "entities in the studio",
        (
            f"GET {ENTITY}/part/{{part}}",
            f"GET {ENTITY}/ask/{{ask}}",
            f"POST {ENTITY}/do/{{act}}",
            "GET /studio/{app}/new-entity",
            "POST /studio/{app}/new-entity",
            f"POST {API}",
            f"DELETE {ONE}",
            f"POST {ONE}/fields",
            f"GET {ONE}/fields/retired",
            f"GET {FIELD}/homes",
            f"GET {FIELD}/retyping",
            *(f"POST {FIELD}/{act}" for act in ("put", "retype", "retire", "restore")),
        ),
        entities_in_the_studio,
    ),
)


def _step(by: Any, *documents: str) -> Row:
    """The row of a step that changed these documents."""
    facts = {"step": ..., "kind": "act", "documents": sorted(documents), "title": ...}
    found: Row = by(log.DRAFT, "admin", facts=facts)
    return found


@case(f"POST {ENTITY}/do/{{act}}", "POST /studio/{app}/new-entity")
def page_entities(work: Work) -> list[Row]:
    client, browser, base = work.client("admin"), work.browser("admin"), f"{STUDIO}/entity/medicine"
    accepted(browser.post(f"{base}/do/quick", data={"text": "产地 单选: 国产, 进口"}))
    made = fields_of(client, "medicine")
    field = list(made.values())[-1]
    accepted(browser.post(f"{base}/do/field", data={"at": field, "property": "required", "value": "true"}))
    accepted(browser.post(f"{base}/do/move", data={"at": field, "before": list(made.values())[-1]}))
    into = {"at": fields_of(client, "visit")["fever"], "at:view/visits": "true"}
    accepted(browser.post(f"{STUDIO}/entity/visit/do/put-into", data=into))
    wish = {"label.zh": "研究", "label.en": "Study", "in_menu": "true", "roles": "head"}
    accepted(browser.post(f"{STUDIO}/new-entity", data=wish))
    changed = ("app/clinic", "entity/study", "form/study_form", "role/head", "view/studies")
    # A field that is moved before itself stands where it stood.
    return [
        _step(by_page, "entity/medicine"),
        _step(by_page, "entity/medicine"),
        _step(by_page, "view/visits"),
        _step(by_page, *changed),
    ]


@case(
    f"POST {API}",
    f"DELETE {ONE}",
    f"POST {ONE}/fields",
    *(f"POST {FIELD}/{act}" for act in ("put", "retype", "retire", "restore")),
)
def api_entities(work: Work) -> list[Row]:
    client, base = work.client("admin"), f"/api/v1{STUDIO}/entities"
    accepted(client.post(base, json={"label": {"zh": "床位", "en": "Bed"}, "in_menu": False}))
    accepted(client.post(f"{base}/bed/fields", json={"line": "Ward text required"}))
    accepted(client.post(f"{base}/bed/fields/ward/retype", json={"type": "choice"}))
    accepted(client.post(f"{base}/bed/fields/ward/put", json={}))
    code = fields_of(client, "medicine")["code"]
    accepted(client.post(f"{base}/medicine/fields/code/retire", json={}))
    accepted(client.post(f"{base}/medicine/fields/{code}/restore", json={}))
    accepted(client.delete(f"{base}/bed?own=true"))
    bed = ("entity/bed", "form/bed_form", "view/beds")
    return [
        _step(by_api, *bed),
        _step(by_api, "entity/bed"),
        _step(by_api, "entity/bed"),
        _step(by_api, "form/bed_form", "view/beds"),
        _step(by_api, "entity/medicine"),
        _step(by_api, "entity/medicine"),
        _step(by_api, *bed),
    ]
