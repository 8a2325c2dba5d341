"""The relation diagram by the interface and by its pages."""

from __future__ import annotations

import re

from clinic import Clinic

RELATIONS = "/api/v1/studio/clinic/relations"
PAGE = "/studio/clinic/relations"


def test_relations_are_read_made_changed_and_taken_back(clinic: Clinic) -> None:
    admin = clinic.client("admin")
    shown = admin.get(RELATIONS).json()
    visit = next(r for r in shown["items"] if (r["from"], r["name"]) == ("visit", "patient"))
    assert (visit["to"], visit["inverse"], visit["required"]) == (["patient"], "visits", True)
    assert {"visit", "patient"} <= {b["entity"] for b in shown["boxes"]}
    of = admin.get(RELATIONS, params={"of": "medicine"}).json()
    assert all("medicine" in (r["from"], *r["to"]) for r in of["items"])
    made = admin.post(RELATIONS, json={"from": "visit", "to": "medicine", "label": "主药", "language": "zh"})
    assert made.status_code == 200, made.text
    relation = made.json()["relation"]
    assert (relation["inverse"], relation["on_delete"]) == ("visits", "refuse")
    own = f"{RELATIONS}/{relation['id']}"
    for change in (
        {"on_delete": "clear"},
        {"required": True},
        {"inverse": "visits_with"},
        {"label": {"en": "Main medicine"}},
    ):
        assert admin.patch(own, json=change).status_code == 200, change
    inherit = admin.patch(f"{RELATIONS}/{visit['id']}", json={"inherit": True})
    assert inherit.status_code == 200, inherit.text
    now = {r["id"]: r for r in admin.get(RELATIONS).json()["items"]}
    assert now[relation["id"]] | {"label": ""} == relation | {
        "label": "",
        "on_delete": "clear",
        "required": True,
        "inverse": "visits_with",
    }
    assert now[visit["id"]]["inherit"] is True
    assert admin.get("/api/v1/studio/clinic/problems").json()["items"] == []
    for wrong in ({}, {"on_delete": "explode"}, {"required": "yes"}, {"label": "a", "required": True}):
        assert admin.patch(own, json=wrong).status_code in (400, 422), wrong
    assert admin.patch(f"{RELATIONS}/nothing", json={"required": True}).status_code == 404
    several = {"name": "about", "type": "reference", "to": ["visit", "patient"], "inverse": "uses"}
    patch = [{"op": "add", "path": "/entity~1medicine/fields/-", "value": several}]
    assert admin.patch("/api/v1/studio/clinic", json={"patch": patch}).status_code == 200
    about = next(r for r in admin.get(RELATIONS).json()["items"] if r["name"] == "about")
    refused = admin.patch(f"{RELATIONS}/{about['id']}", json={"inverse": "other"})
    assert refused.json()["problems"][0]["type"].endswith("relation-of-several")
    admin.post("/api/v1/studio/clinic/jump", json={"step": 0})
    assert admin.get("/api/v1/studio/clinic").json()["changed"] == []
    assert clinic.client("head_yu").get(RELATIONS).status_code == 403


def test_boxes_stay_where_anybody_has_put_them(clinic: Clinic) -> None:
    admin = clinic.client("admin")
    before = admin.get("/api/v1/studio/clinic").json()["revision"]
    put = admin.put(f"{RELATIONS}/places", json={"places": {"visit": [900, 33], "user": [5, 900]}})
    assert put.json() == {"places": {"visit": [900, 33], "user": [5, 900]}}
    boxes = {b["entity"]: (b["x"], b["y"]) for b in admin.get(RELATIONS).json()["boxes"]}
    assert boxes["visit"] == (900, 33)
    assert admin.get("/api/v1/studio/clinic").json()["revision"] == before
    for wrong in ({"visit": [1]}, {"visit": ["a", 2]}, {"nothing": [1, 2]}, [1], {"visit": [10**9, 1]}):
        assert 400 <= admin.put(f"{RELATIONS}/places", json={"places": wrong}).status_code < 500, wrong
    assert admin.put(f"{RELATIONS}/places", json={"places": {}}).json() == {"places": {}}


def test_the_page_draws_moves_makes_and_tells_who_uses_it(clinic: Clinic) -> None:
    browser = clinic.browser("admin")
    drawn = browser.get(PAGE).text
    assert set(re.findall(r'data-box="(\w+)"', drawn)) == {
        d["name"]
        for d in clinic.client("admin").get("/api/v1/studio/clinic").json()["documents"]
        if d["kind"] == "entity"
    }
    table = browser.get(PAGE, params={"shape": "table"}).text
    relations = set(re.findall(r'class="ln[^"]*" id="[^"]*" data-relation="(\w+)"', drawn))
    assert relations <= set(re.findall(r'<tr data-relation="(\w+)"', table))
    made = browser.post(
        f"{PAGE}/new", data={"from": "visit", "to": "allergy", "label": "诱因", "required": "1"}
    )
    at = re.search(r'"at": ?"(\w+)"', made.headers["hx-trigger"])
    assert at is not None
    panel = browser.get(f"{PAGE}/panel", params={"at": at[1]}).text
    assert "Visit — Allergy" in panel
    assert 'value="诱因"' in panel
    for name, value in (
        ("on_delete", "cascade"),
        ("required", ""),
        ("inverse", "caused"),
        ("label", "起因"),
        ("inherit", "1"),
    ):
        done = browser.post(f"{PAGE}/set", data={"at": at[1], "name": name, "value": value})
        assert "draft-changed" in done.headers["hx-trigger"], (name, done.text)
    refused = browser.post(f"{PAGE}/set", data={"at": at[1], "name": "inverse", "value": "Not a name"})
    assert "draft-refused" in refused.headers["hx-trigger"]
    patient = re.search(
        r'<tr data-relation="(\w+)"><th[^>]*>(?:<a[^>]*>)?Visit<[^>]*></th><td>[^<]*<span[^>]*>patient<',
        table,
    )
    assert patient is not None
    assert "/studio/clinic/" in browser.get(f"{PAGE}/uses", params={"at": patient[1]}).text
    box = re.search(r'data-box="visit" data-id="(\w+)"', drawn)
    assert box is not None
    browser.post(f"{PAGE}/place", data={"places": f'{{"{box[1]}": [444, 555], "nobody": [1, 2]}}'})
    assert 'data-box="visit" data-id="' + box[1] + '" data-x="444' in browser.get(PAGE).text
    assert browser.post(f"{PAGE}/place", data={"places": "nonsense"}).status_code == 400
    browser.post(f"{PAGE}/arrange")
    assert 'data-x="444' not in browser.get(PAGE).text
    assert clinic.browser("head_yu").get(PAGE).status_code == 403
