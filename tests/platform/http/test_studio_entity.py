"""Entities in the studio over HTTP: acts are single steps that undo to the same bytes; previews tell what the builder
may see; what was retired comes back, after publishing too."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from clinic import PASSWORD, SYSTEM, Clinic
from dougong_designer import draft as drafts
from dougong_designer.draft import Writing
from dougong_platform import apps, people, tokens
from dougong_runtime import publish
from dougong_runtime.documents.export import document_text
from dougong_runtime.model.link import link_stored
from studio_entity_doors import fields_of

STUDIO = "/studio/clinic"
API = f"/api/v1{STUDIO}"


@pytest.fixture(scope="module")
def boss(clinic: Clinic) -> Clinic:
    """A builder who is a doctor as well: reads the patients that are theirs, with phones masked."""
    with clinic.site.database.write() as connection:
        user = people.add_user(
            clinic.site, connection, SYSTEM, "boss", password=PASSWORD, roles=["admin", "clinic.doctor"]
        )
        clinic.tokens["boss"] = tokens.issue(clinic.site, connection, SYSTEM, user).token
    clinic.users["boss"] = user
    for n, (name, owner) in enumerate((("12", "boss"), ("张三", "boss"), ("李四", "dr_lin"))):
        clinic.make("patient", name=name, owner=clinic.users[owner], phone=f"1380000111{n}")
    return clinic


def document(client: Any, key: str) -> Any:
    return client.get(f"{API}/documents/{key}").json()


def texts(client: Any, *keys: str) -> dict[str, str]:
    """Documents as files: what is exported, byte for byte."""
    return {key: document_text(document(client, key)) for key in keys}


def do(browser: TestClient, act: str, entity: str = "patient", **values: str) -> Any:
    answer = browser.post(f"{STUDIO}/entity/{entity}/do/{act}", data=values)
    assert answer.status_code == 200, answer.text
    return answer


def told(answer: Any) -> dict[str, Any]:
    """The events of an answer."""
    found: dict[str, Any] = json.loads(answer.headers.get("HX-Trigger", "{}"))
    return found


def names(client: Any, entity: str = "patient") -> list[str]:
    return list(fields_of(client, entity))


def test_an_act_is_one_step_and_what_is_chosen_is_told(boss: Clinic) -> None:
    browser, client = boss.browser("boss"), boss.client("boss")
    before = names(client)
    first = fields_of(client, "patient")[before[0]]
    answer = do(browser, "add", type="decimal", before=first)
    events = told(answer)
    assert events["draft-changed"]["documents"] == ["entity/patient"]
    assert names(client) == ["decimal", *before]
    assert events["entity-chosen"]["at"] == fields_of(client, "patient")["decimal"]
    canvas = browser.get(f"{STUDIO}/entity/patient/part/canvas?at={events['entity-chosen']['at']}").text
    assert 'aria-selected="true"' in canvas
    assert "New" in canvas
    panel = browser.get(f"{STUDIO}/entity/patient/part/panel?at={events['entity-chosen']['at']}").text
    for name in ("label.zh", "name", "type", "scale", "required", "unique", "default"):
        assert f'name="{name}"' in panel
    browser.post(f"{STUDIO}/undo")
    assert names(client) == before
    for text in ("", "a text: b", "ward reference"):
        assert "draft-refused" in told(do(browser, "quick", text=text))
    assert names(client) == before


def test_a_new_field_is_named_after_its_english_label_until_something_uses_it(boss: Clinic) -> None:
    browser, client = boss.browser("boss"), boss.client("boss")
    at = told(do(browser, "add", type="text"))["entity-chosen"]["at"]
    do(browser, "field", at=at, property="label.en", value="Blood group")
    assert fields_of(client, "patient")["blood_group"] == at
    refused = do(browser, "field", at=at, property="max_length", value="many")
    assert told(refused)["draft-refused"]["target"] == "body"
    client.post(f"{API}/entities/patient/fields/blood_group/retire", json={})
    assert "blood_group" not in names(client)


def test_a_new_field_is_put_where_it_is_ticked_as_one_act(boss: Clinic) -> None:
    browser, client = boss.browser("boss"), boss.client("boss")
    at = told(do(browser, "add", "allergy", type="text"))["entity-chosen"]["at"]
    address = f"{STUDIO}/entity/allergy/part/panel?at={at}"
    panel = browser.get(address).text
    assert "Not shown in any form or view yet" in panel
    assert re.search(r'name="at:view/allergies" value="true" checked', panel)
    keys = ("view/allergies", "view/allergy_tree")
    before = texts(client, "entity/allergy", *keys)
    answer = do(browser, "put-into", "allergy", at=at, **{f"at:{key}": "true" for key in keys})
    assert told(answer)["draft-changed"]["documents"] == list(keys)
    assert "/studio/clinic/undo" in answer.text
    panel = browser.get(address).text
    assert all(f'data-shown="{key}"' in panel for key in keys)
    assert "Not shown in any" not in panel
    assert client.get(f"{API}/problems").json()["items"] == []
    # Somebody has taken the view away meanwhile; where the field stands it is not put once more.
    for gone in ("view/no_such", "view/patients"):
        assert "draft-refused" in told(do(browser, "put-into", "allergy", at=at, **{f"at:{gone}": "true"}))
    assert told(do(browser, "put-into", "allergy", at=at, **{"at:view/allergies": "true"})) == {}
    browser.post(f"{STUDIO}/undo")
    assert texts(client, "entity/allergy", *keys) == before
    # The same over the interface; without a word of where, into what is proposed.
    homes = client.get(f"{API}/entities/allergy/fields/{at}/homes").json()["items"]
    assert {one["at"]: one["shown"] for one in homes}["view/allergies"] is False
    made = client.post(f"{API}/entities/allergy/fields/{at}/put", json={}).json()
    assert made["into"] == [one["at"] for one in homes if one["proposed"]]
    assert made["step"]["documents"] == sorted({one.partition("#")[0] for one in made["into"]})
    assert client.post(f"{API}/entities/allergy/fields/{at}/put", json={"into": []}).json()["step"] is None
    refused = client.post(f"{API}/entities/allergy/fields/{at}/put", json={"into": ["view/patients"]})
    assert refused.status_code == 409
    client.post(f"{API}/jump", json={"step": client.get(API).json()["revision"] - 4})


def test_a_rename_tells_first_what_it_rewrites(boss: Clinic) -> None:
    browser, client = boss.browser("boss"), boss.client("boss")
    at = fields_of(client, "patient")["risk"]
    keys = ("entity/patient", "form/patient_form", "view/patients", "role/doctor")
    before = texts(client, *keys)
    asked = browser.get(f"{STUDIO}/entity/patient/ask/rename?at={at}&to=hazard").text
    assert "view/patients" in asked
    counts = browser.get(f"{STUDIO}/entity/patient/part/uses").json()["fields"]
    assert counts[at] >= int(re.findall(r"These (\d+) places", asked)[0]) > 5
    do(browser, "rename", at=at, to="hazard")
    after = texts(client, *keys)
    assert all(after[key] != before[key] for key in keys)
    assert not any(
        re.search(r"\brisk\b(?! *:)", text) for text in (after["view/patients"], after["role/doctor"])
    )
    assert client.get(f"{API}/problems").json()["items"] == []
    browser.post(f"{STUDIO}/undo")
    assert texts(client, *keys) == before


def test_a_field_retired_with_its_places_comes_back_byte_for_byte(boss: Clinic) -> None:
    browser, client = boss.browser("boss"), boss.client("boss")
    at = fields_of(client, "patient")["mail"]
    keys = ("entity/patient", "form/patient_form", "form/registration", "role/analyst")
    before = texts(client, *keys)
    asked = browser.get(f"{STUDIO}/entity/patient/ask/retire?at={at}").text
    assert "/studio/clinic/form/patient_form" in asked
    do(browser, "retire", at=at, places="true")
    assert all("mail" not in text for key, text in texts(client, *keys).items())
    retired = client.get(f"{API}/entities/patient/fields/retired").json()["items"]
    assert [one["id"] for one in retired] == [at]
    assert f'data-gone="{at}"' in browser.get(f"{STUDIO}/entity/patient/part/canvas").text
    do(browser, "restore", at=at)
    assert texts(client, *keys) == before
    # What others have changed since stays: then the field alone comes back.
    do(browser, "retire", at=at, places="true")
    form = document(client, "form/patient_form")
    form["layout"][0]["fields"].append("note_of_form")
    assert client.put(f"{API}/documents/form/patient_form", json=form).status_code == 200
    do(browser, "restore", at=at)
    assert at in fields_of(client, "patient").values()
    assert "note_of_form" in str(document(client, "form/patient_form"))
    client.post(f"{API}/jump", json={"step": client.get(API).json()["revision"] - 3})
    assert texts(client, *keys) == before


def test_a_preview_tells_values_that_the_builder_may_see_and_counts_the_others(boss: Clinic) -> None:
    client, browser = boss.client("boss"), boss.browser("boss")
    found = client.get(f"{API}/entities/patient/fields/name/retyping?type=integer").json()
    assert found["lost"] == 2
    assert [one["value"] for one in found["values"]] == ["张三"]
    assert [(one["before"], one["after"]) for one in found["examples"]] == [("12", "12")]
    masked = client.get(f"{API}/entities/patient/fields/phone/retyping?type=boolean").json()
    assert masked["lost"] == 3
    assert (masked["filled"], masked["values"], masked["examples"]) == (None, [], [])
    at = fields_of(client, "patient")["name"]
    page = browser.get(f"{STUDIO}/entity/patient/ask/retype?at={at}&type=integer").text
    assert "张三" in page
    assert "李四" not in page
    assert "1 more are in records" in page
    made = client.post(f"{API}/entities/patient/fields/name/retype", json={"type": "choice"}).json()
    assert made["step"] is not None
    options = next(f for f in document(client, "entity/patient")["fields"] if f["name"] == "name")["options"]
    assert {str(one["value"]) for one in options} == {"12", "张三"}
    client.post(f"{API}/undo", json={})


def test_a_field_of_an_earlier_version_comes_back_out_of_the_trash(boss: Clinic) -> None:
    client, browser = boss.client("boss"), boss.browser("boss")
    assert client.post(f"{API}/entities/visit/fields", json={"line": "Bed text"}).status_code == 200
    identity = fields_of(client, "visit")["bed"]
    _publish(boss)
    assert client.post(f"{API}/entities/visit/fields/bed/retire", json={}).status_code == 200
    _publish(boss)
    assert identity not in fields_of(client, "visit").values()
    canvas = browser.get(f"{STUDIO}/entity/visit/part/canvas").text
    assert f'data-gone="{identity}"' in canvas
    assert client.post(f"{API}/entities/visit/fields/{identity}/restore", json={}).status_code == 200
    assert fields_of(client, "visit")["bed"] == identity


def test_guards_options_and_the_entity_itself_over_its_pages(boss: Clinic) -> None:
    browser, client = boss.browser("boss"), boss.client("boss")
    rule = told(do(browser, "guard-add", "medicine", kind="rules"))["entity-chosen"]["at"]
    for name, value in (("check", "price > 100"), ("message.en", "Dear"), ("severity", "warn")):
        do(browser, "guard", "medicine", kind="rules", guard=rule, property=name, value=value)
    boss.make("medicine", name="Cheap", code="C1", price="2.00")
    tab = browser.get(f"{STUDIO}/entity/medicine?tab=rules").text
    assert "Price" in tab
    assert (
        browser.get(f"{STUDIO}/entity/medicine/part/broken?rule={rule}").text.strip().startswith("1 record")
    )
    lock = told(do(browser, "guard-add", "medicine", kind="lock"))["entity-chosen"]["at"]
    do(browser, "guard", "medicine", kind="lock", guard=lock, property="except", value="name,price")
    do(browser, "guard-remove", "medicine", kind="rules", guard=rule)
    do(browser, "retain", "medicine", property="years", value="3")
    do(browser, "entity", "medicine", property="icon", value="pill")
    do(browser, "entity", "medicine", property="label.en", value="Drug")
    made = document(client, "entity/medicine")
    assert (made["lock"][-1]["except"], made["retain"], made["icon"], made["label"]["en"]) == (
        ["name", "price"], {"years": 3}, "pill", "Drug",
    )  # fmt: skip
    assert "rules" not in made
    stage = fields_of(client, "visit")["stage"]
    panel = browser.get(f"{STUDIO}/entity/visit/part/panel?at={stage}").text
    assert panel.count("data-option=") == 4
    for tab_name in ("unique", "locks", "relations", "uses", "data"):
        assert browser.get(f"{STUDIO}/entity/visit?tab={tab_name}").status_code == 200
    for side in ("access", "uses"):
        assert browser.get(f"{STUDIO}/entity/visit/part/panel?at={stage}&side={side}").status_code == 200
    renamed = do(browser, "entity-rename", "medicine", to="drug")
    assert renamed.headers["HX-Redirect"] == f"{STUDIO}/entity/drug"
    assert "drug" in str(document(client, "role/doctor"))
    gone = do(browser, "entity-delete", "drug", places="true")
    assert gone.headers["HX-Redirect"] == STUDIO
    assert client.get(f"{API}/documents/entity/drug").status_code == 404
    assert "drug" not in str(document(client, "role/doctor")["grants"])


def test_who_may_not_build_is_refused_everywhere(boss: Clinic) -> None:
    browser, client = boss.browser("head_yu"), boss.client("head_yu")
    assert browser.get(f"{STUDIO}/entity/patient/part/canvas").status_code == 403
    assert browser.post(f"{STUDIO}/entity/patient/do/add", data={"type": "text"}).status_code == 403
    assert client.post(f"{API}/entities/patient/fields", json={"line": "x"}).status_code == 403
    assert client.get(f"{API}/entities/patient/fields/name/homes").status_code == 403
    assert client.post(f"{API}/entities/patient/fields/name/put", json={}).status_code == 403
    assert boss.client("boss").get(f"{API}/entities/nothing/fields/retired").status_code == 404
    assert boss.browser("boss").post(f"{STUDIO}/entity/patient/do/nothing").status_code == 404


def _publish(clinic: Clinic) -> None:
    """Publish the draft as it stands."""
    with clinic.site.database.write() as connection:
        draft = drafts.load(connection, "clinic", lock=True)
        plan = publish.plan_publish(connection, link_stored(draft.documents))
        number = apps.apply(clinic.site, connection, plan, SYSTEM, "tests")
        source = dict(plan.after.source)
        drafts.published(Writing(connection, SYSTEM, clinic.site.clock), draft, number, source, source)
