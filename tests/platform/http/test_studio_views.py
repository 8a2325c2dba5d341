"""Views, the menu and all labels in the studio, by their pages and by the interface."""

from __future__ import annotations

import json
import re
from typing import Any

from clinic import PASSWORD, SYSTEM, Clinic
from dougong_designer.labels.table import read
from dougong_platform import people

STUDIO = "/studio/clinic"
API = "/api/v1/studio/clinic"


def _document(clinic: Clinic, key: str) -> dict[str, Any]:
    found: dict[str, Any] = clinic.client("admin").get(f"{API}/documents/{key}").json()
    return found


def _back(clinic: Clinic) -> None:
    clinic.client("admin").post(f"{API}/jump", json={"step": 0})
    assert clinic.client("admin").get(API).json()["changed"] == []


def _acted(answer: Any) -> Any:
    """What an act told to the page; fails where it was refused."""
    assert answer.status_code == 200, answer.text
    return json.loads(answer.headers["HX-Trigger"])["draft-changed"]


def test_a_view_is_built_by_acts_and_each_is_one_step(clinic: Clinic) -> None:
    browser, base = clinic.browser("admin"), f"{STUDIO}/view/visits"
    page = browser.get(base).text
    for hook in ('data-palette="reference" data-path="patient"', 'data-drop="columns"', 'data-drop="sort"'):
        assert hook in page
    assert 'data-path="patient.risk"' not in page
    along = browser.get(f"{base}/canvas?open=patient").text
    assert 'data-path="patient.risk"' in along
    told = _acted(browser.post(f"{base}/put", data={"path": "fee", "place": "columns", "before": "doctor"}))
    assert told["documents"] == ["view/visits"]
    assert _document(clinic, "view/visits")["columns"][3:5] == ["fee", "doctor"]
    _acted(browser.post(f"{base}/move", data={"path": "fee", "place": "columns", "steps": "-1"}))
    _acted(browser.post(f"{base}/turn", data={"path": "visited_at"}))
    wide = {"at": "columns:fee", "property": "width", "width": "120"}
    _acted(browser.post(f"{base}/set", data=wide))
    _acted(browser.post(f"{base}/set", data={"property": "filter", "filter": "fee > 10"}))
    _acted(browser.post(f"{base}/set", data={"property": "roles", "roles": ["doctor", "head"]}))
    _acted(browser.post(f"{base}/set", data={"property": "label.en", "label.en": "All visits"}))
    view = _document(clinic, "view/visits")
    assert view["columns"][2] == {"field": "fee", "width": 120}
    assert (view["sort"], view["filter"], view["roles"]) == (["visited_at"], "fee > 10", ["doctor", "head"])
    assert view["label"] == {"zh": "就诊", "en": "All visits"}
    panel = browser.get(f"{base}/panel?at=columns:fee").text
    assert 'name="width" value="120"' in panel
    _acted(browser.post(f"{base}/type", data={"type": "kanban"}))
    assert _document(clinic, "view/visits")["group"] == "stage"
    for act, data in (
        ("put", {"path": "fee", "place": "group"}),
        ("put", {"path": "nothing", "place": "columns"}),
        ("type", {"type": "gallery"}),
        ("set", {**wide, "width": "7"}),
    ):
        refused = browser.post(f"{base}/{act}", data=data)
        assert "draft-refused" in refused.headers["HX-Trigger"], (act, data)
    assert browser.post(f"{base}/set", data={"property": "entity", "entity": "patient"}).status_code == 404
    card = ["code", "patient", "fee", "patient.risk", "doctor"]
    assert _document(clinic, "view/visits") == {**view, "type": "kanban", "group": "stage", "card": card}
    menu = browser.get(f"{base}/menu?place=card&path=fee").text
    assert "Only a stage, a choice, a person or a reference fits" in menu
    adding = browser.get(f"{base}/adding?place=group").text
    assert adding.index('data-path="doctor"') < adding.index('data-path="fee"')
    _back(clinic)


def test_a_new_view_starts_well_and_is_opened(clinic: Clinic) -> None:
    browser = clinic.browser("admin")
    offered = browser.get(f"{STUDIO}/new-view?entity=visit").text
    assert "It has no image" in offered
    made = browser.post(
        f"{STUDIO}/new-view", data={"entity": "visit", "type": "calendar"}, follow_redirects=False
    )
    assert (made.status_code, made.headers["location"]) == (303, f"{STUDIO}/view/visit_calendar_2")
    assert _document(clinic, "view/visit_calendar_2")["start"] == "visited_at"
    assert clinic.client("admin").get(f"{API}/problems").json()["items"] == []
    wrong = browser.post(
        f"{STUDIO}/new-view", data={"entity": "visit", "type": "tree"}, follow_redirects=False
    )
    assert "draft-refused" in wrong.headers["HX-Trigger"]
    _back(clinic)


def test_records_beside_are_those_that_the_builder_may_read_whatever_the_draft_grants(clinic: Clinic) -> None:
    with clinic.site.database.write() as connection:
        builder = people.add_user(
            clinic.site, connection, SYSTEM, "builder", roles=["admin", "clinic.doctor"], password=PASSWORD
        )
    clinic.make("patient", name="Own Patient", phone="13800000001", owner=builder)
    clinic.make("patient", name="Other Patient", phone="13800000002", owner=clinic.users["dr_lin"])
    browser, records = clinic.browser("builder"), f"{STUDIO}/view/patients/records"
    seen = browser.get(records).text
    assert "Own Patient" in seen
    assert "Other Patient" not in seen
    assert "13800000001" not in seen
    assert '<a class="btn ghost" href="/apps/clinic/views/patients">' in seen
    assert "hx-get" not in seen.split("inert", 1)[1].replace('hx-get="/apps/clinic/views/patients/head"', "")
    admin = clinic.client("admin")
    role = _document(clinic, "role/doctor")
    role["grants"] = [{"entity": "patient", "actions": ["read"], "rows": "all"}]
    assert admin.put(f"{API}/documents/role/doctor", json=role).status_code == 200
    again = browser.get(records).text
    assert "Other Patient" not in again
    assert "13800000001" not in again
    assert "may not see records" in clinic.browser("admin").get(records).text

    # A field of the draft has no column yet, a renamed one is found by its id, and a filter on neither is set aside.
    entity = _document(clinic, "entity/patient")
    entity["fields"].append({"name": "mood", "type": "text", "label": {"zh": "心情", "en": "Mood"}})
    admin.put(f"{API}/documents/entity/patient", json=entity)
    told = {"kind": "field", "owner": "patient", "name": "risk", "to": "danger"}
    assert admin.post(f"{API}/rename", json=told).status_code == 200
    for path in ("mood", "danger"):
        _acted(browser.post(f"{STUDIO}/view/patients/put", data={"path": path, "place": "columns"}))
    shown = browser.get(records).text
    assert "Not published yet, so not shown: Mood." in shown
    assert 'data-field="risk"' in shown
    words = {"at": "columns:danger", "property": "label.en", "label.en": "How risky"}
    _acted(browser.post(f"{STUDIO}/view/patients/set", data=words))
    assert ">How risky</span>" in browser.get(records).text
    _acted(browser.post(f"{STUDIO}/view/patients/set", data={"property": "filter", "filter": "mood = 'x'"}))
    assert "it is set aside" in browser.get(records).text
    for kind in ("kanban", "calendar", "timeline"):
        _acted(browser.post(f"{STUDIO}/view/patients/type", data={"type": kind}))
        drawn = browser.get(records).text
        assert "Other Patient" not in drawn, kind
        assert "data-movable" not in drawn, kind
    _back(clinic)


def test_the_menu_is_laid_out_and_shown_as_each_role_sees_it(clinic: Clinic) -> None:
    browser, base = clinic.browser("admin"), f"{STUDIO}/menu"
    page = browser.get(base).text
    first, second = re.findall(r'id="mg-([0-9a-f]+)"', page)
    assert 'data-path="report:visits_by_doctor"' in page
    _acted(
        browser.post(f"{base}/group", data={"zh": "统计", "en": "Figures", "path": "report:visits_by_doctor"})
    )
    menu = _document(clinic, "app/clinic")["menu"]
    assert menu[2]["items"] == [{"report": "visits_by_doctor"}]
    new = menu[2]["id"]
    _acted(
        browser.post(f"{base}/put", data={"place": new, "path": "view:visits", "from": second, "before": ""})
    )
    _acted(browser.post(f"{base}/put", data={"place": "groups", "path": new, "before": first}))
    _acted(browser.post(f"{base}/move", data={"place": first, "path": "view:allergies", "steps": "-1"}))
    _acted(
        browser.post(
            f"{base}/set", data={"at": f"{new}|view:visits", "property": "label.en", "label.en": "Calls"}
        )
    )
    _acted(browser.post(f"{base}/set", data={"at": new, "property": "roles", "roles": ["head"]}))
    menu = _document(clinic, "app/clinic")["menu"]
    assert [group["id"] for group in menu] == [new, first, second]
    assert menu[0]["items"] == [{"report": "visits_by_doctor"}, {"view": "visits", "label": {"en": "Calls"}}]
    assert menu[1]["items"][0] == {"view": "allergies"}
    head, doctor, analyst = (
        browser.get(f"{base}/sidebar?role={r}").text for r in ("head", "doctor", "analyst")
    )
    assert "Figures" in head
    assert "Calls" in head
    assert "Figures" not in doctor
    assert "Patients" in doctor
    assert "Patients" not in analyst
    panel = browser.get(f"{base}/panel?at={new}|view:visits").text
    assert 'value="Calls"' in panel
    where = browser.get(f"{base}/moves?place={new}&what=view:visits").text
    assert f'data-place="{first}"' in where
    _acted(browser.post(f"{base}/take", data={"place": "groups", "path": new}))
    assert len(_document(clinic, "app/clinic")["menu"]) == 2
    assert browser.post(f"{base}/put", data={"place": "none", "path": "view:visits"}).status_code == 404
    _back(clinic)


def test_labels_are_changed_in_place_and_by_a_file_as_one_act(clinic: Clinic) -> None:
    browser, admin, base = clinic.browser("admin"), clinic.client("admin"), f"{STUDIO}/labels"
    assert "2 without English" in browser.get(base).text
    listed = admin.get(f"{API}/labels", params={"missing": "en"}).json()
    assert (listed["missing"], [i["document"] for i in listed["items"]]) == (
        {"zh": 2, "en": 2},
        ["form/patient_form", "form/visit_form"],
    )
    one = {"document": "form/visit_form", "place": "/label", "language": "en", "words": "Visit", "was": ""}
    _acted(browser.post(f"{base}/set", data=one))
    assert _document(clinic, "form/visit_form")["label"] == {"en": "Visit"}
    late = browser.post(f"{base}/set", data={**one, "words": "Call", "was": "Old"})
    assert "draft-refused" in late.headers["HX-Trigger"]
    assert "1 without English" in browser.get(f"{base}/counts").text

    out = browser.get(f"{base}/file?kind=entity")
    assert out.headers["content-type"] == "text/csv; charset=utf-8"
    assert out.content.startswith(b"\xef\xbb\xbfdocument,place,of,zh,en,mark")
    table = out.content.decode("utf-8-sig")
    revision = admin.get(API).json()["revision"]
    same = browser.post(f"{base}/compare", files={"file": ("labels.csv", out.content)}).text
    assert "0 would change" in same
    phone = next(w for w in read(out.content) if w.document == "entity/patient" and w.en == "Phone")
    meanwhile = {"document": phone.document, "place": phone.pointer, "zh": "手机"}
    admin.put(f"{API}/labels", json={"labels": [meanwhile]})
    changed = (
        table.replace(",Phone,", ",Telephone,").replace(",Mail,", ",=E-mail,") + "entity/x,/label,,x,y,m0\r\n"
    )
    shown = browser.post(f"{base}/compare", files={"file": ("labels.csv", changed.encode("gb18030"))}).text
    assert "1 would change" in shown
    assert "Changed here since it was exported" in shown
    assert "There is no such place" in shown
    kept = re.search(r'name="table" value="([^"]*)"', shown)
    assert kept is not None
    words = kept[1].replace("&#34;", '"').replace("&#39;", "'")
    taken = browser.post(f"{base}/take", data={"table": words}, follow_redirects=False)
    assert (taken.status_code, taken.headers["location"]) == (303, f"{base}?taken=1&left=0")
    assert admin.get(API).json()["revision"] == revision + 2
    mail = admin.get(f"{API}/labels", params={"text": "=E-mail"}).json()["items"]
    assert [item["en"] for item in mail] == ["=E-mail"]
    assert ",'=E-mail," in browser.get(f"{base}/file?text=E-mail").text
    assert "lacks columns" in browser.post(f"{base}/compare", files={"file": ("x.csv", b"a,b\n1,2\n")}).text
    assert browser.post(f"{base}/take", data={"table": "[[1]]"}).status_code == 400
    _back(clinic)


def test_labels_over_the_interface(clinic: Clinic) -> None:
    admin, path = clinic.client("admin"), f"{API}/labels"
    every = admin.get(path).json()
    assert every["count"] == len(every["items"])
    wish = [{"document": i["document"], "place": i["place"], "zh": i["zh"], "en": i["en"], "mark": i["mark"]}
            for i in every["items"]]  # fmt: skip
    same = admin.put(path, json={"labels": wish}).json()
    assert (same["step"], same["changes"], same["refused"], same["same"]) == (None, [], [], len(wish))
    wish[0]["en"], wish[1]["mark"], wish[1]["en"] = "Surgery", "0", "New"
    wish.append({"document": "entity/none", "place": "/label", "zh": "x"})
    tried = admin.put(path, json={"labels": wish, "dry_run": True}).json()
    assert (tried["step"], len(tried["changes"])) == (None, 1)
    made = admin.put(path, json={"labels": wish}).json()
    assert made["step"]["documents"] == [wish[0]["document"]]
    assert [r["why"] for r in made["refused"]] == ["changed", "unknown"]
    assert admin.get(path, params={"format": "csv", "kind": "app"}).text.count("\r\n") == 4
    for wrong in ({"labels": [{"document": "x"}]}, {"labels": "x"}, {"labels": [1]}, {}):
        assert admin.put(path, json=wrong).status_code in (400, 422), wrong
    assert admin.get(path, params={"missing": "de"}).status_code in (400, 422)
    assert clinic.client("head_yu").get(path).status_code == 403
    assert clinic.client("head_yu").put(path, json={"labels": []}).status_code == 403
    for page in ("labels", "menu", "view/visits", "view/visits/records", "labels/file", "new-view"):
        assert clinic.browser("head_yu").get(f"{STUDIO}/{page}").status_code == 403, page
    _back(clinic)
