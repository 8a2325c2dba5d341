"""The studio's frame over HTTP: who may build, what others did, search, where used, mends, whole documents, remarks."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from clinic import SYSTEM, Clinic
from dougong_designer import presence
from dougong_designer.tables import PRESENCE
from dougong_platform import tokens

API = "/api/v1/studio/clinic"
PAGES = "/studio/clinic"


pytestmark = pytest.mark.usefixtures("building")


@pytest.fixture(autouse=True)
def as_published(clinic: Clinic) -> Iterator[None]:
    """Each test begins with the draft as it was published."""
    yield
    clinic.client("head_yu").post(f"{API}/jump", json={"step": 0})


def patched(client: TestClient, *operations: dict[str, Any], **more: Any) -> Any:
    return client.patch(API, json={"patch": list(operations), **more})


def labelled(client: TestClient, label: Any, document: str = "view/allergies", **more: Any) -> Any:
    path = f"/{document.replace('/', '~1')}/label"
    return patched(client, {"op": "replace", "path": path, "value": label}, **more)


def draft(clinic: Clinic) -> dict[str, Any]:
    found: dict[str, Any] = clinic.client("head_yu").get(API).json()
    return found


def test_who_may_build_is_a_grant(clinic: Clinic) -> None:
    wanted = {"head_yu": 200, "dr_lin": 200, "admin": 200, "nurse_bai": 403, "nobody": 404}
    for username, status in wanted.items():
        client, browser = clinic.client(username), clinic.browser(username)
        reached = [
            client.get(API),
            labelled(client, f"由 {username}"),
            client.get(f"{API}/problems"),
            client.put(f"{API}/documents/role/x", json={}),
            client.get(f"{API}/remarks"),
            browser.get(PAGES),
            browser.get(f"{PAGES}/parts/tree"),
            browser.post(f"{PAGES}/state", data={"revision": "0"}),
            browser.post(f"{PAGES}/act", data={"patch": "[]"}),
        ]
        allowed = {200} if status == 200 else {status}
        assert {answer.status_code for answer in reached} == allowed, username
        assert (PAGES in browser.get("/apps/clinic").text) == (status == 200)
    assert clinic.client("dr_lin").get("/api/v1/studio").json()["items"][0]["app"] == "clinic"
    assert clinic.client("nurse_bai").get("/api/v1/studio").json()["items"] == []
    assert clinic.client("dr_lin").get("/api/v1/studio/nonsense").status_code == 404
    assert "/studio/clinic/publish" in clinic.browser("head_yu").get(PAGES).text
    assert "/studio/clinic/publish" not in clinic.browser("dr_lin").get(PAGES).text


def test_a_token_needs_the_scope_and_who_views_as_another_does_not_act(clinic: Clinic) -> None:
    with clinic.site.database.write() as connection:
        user = clinic.users["head_yu"]
        issued = tokens.issue(clinic.site, connection, SYSTEM, user, scopes=["read"]).token
    reader = clinic.client("head_yu")
    reader.headers["Authorization"] = f"Bearer {issued}"
    assert reader.get(API).status_code == 200
    assert labelled(reader, "x").status_code == 403
    admin = clinic.browser("admin")
    admin.post("/admin/view-as", data={"username": "head_yu"}, follow_redirects=False)
    assert admin.get(PAGES).status_code == 403
    assert admin.post(f"{PAGES}/act", data={"patch": "[]"}).status_code == 403
    assert draft(clinic)["changed"] == []


def test_what_is_hostile_is_a_problem_never_a_failure(clinic: Clinic) -> None:
    head, browser = clinic.client("head_yu"), clinic.browser("head_yu")
    deep = "[" * 200 + "]" * 200
    bodies = [
        "{", "[]", '{"patch": 5}', '{"patch": []}', '{"patch": [{}]}', '{"patch": [null]}', f'{{"patch": {deep}}}',
        '{"patch": [{"op": "add", "path": "/entity~1x", "value": NaN}]}', '{"patch": [], "revision": -1}',
        '{"patch": [{"op": "add", "path": "/__proto__", "value": {}}]}',
        '{"patch": [{"op": "add", "path": "/entity~1visit/label", "value": "\\u0000"}]}',
        '{"patch": [{"op": "remove", "path": "/app~1clinic"}]}',
        '{"patch": [{"op": "replace", "path": "/entity~1visit", "value": []}]}',
        '{"patch": [{"op": "add", "path": "/entity~1visit/version_of", "value": 1e400}]}',
    ]  # fmt: skip
    for body in bodies:
        sent = head.patch(API, content=body.encode(), headers={"Content-Type": "application/json"})
        assert 400 <= sent.status_code < 500, body
    for patch in ("", "x", deep, '{"a": 1}', '[{"op": "remove", "path": "/app~1clinic"}]'):
        answer = browser.post(f"{PAGES}/act", data={"patch": patch})
        assert answer.status_code == 200, patch
        assert "draft-refused" in answer.headers["HX-Trigger"]
        assert "data-toast" in answer.text
    for path in ("/documents/entity/nonsense", "/documents/nonsense/x", "/uses"):
        assert head.get(API + path).status_code in (400, 404)
    assert head.post(f"{API}/jump", json={"step": 99_999}).status_code == 400
    assert draft(clinic)["changed"] == []


def test_documents_are_read_and_put_whole(clinic: Clinic) -> None:
    head = clinic.client("head_yu")
    one = f"{API}/documents/view/allergies"
    text = head.get(one, params={"format": "yaml"}).text
    assert text.startswith("kind: view\nname: allergies\nid: ")
    data = head.get(one).json()
    put = head.put(one, json={**data, "label": "过敏"}).json()
    assert put["step"]["patch"] == [{"op": "replace", "path": "/view~1allergies/label", "value": "过敏"}]
    assert head.put(one, json={**data, "name": "other"}).status_code == 400
    assert head.put(f"{API}/documents/role/guest", json={"label": "x"}).json()["changed"] == [
        "role/guest",
        "view/allergies",
    ]
    assert head.delete(f"{API}/documents/app/clinic").status_code == 404
    renamed = head.post(
        f"{API}/rename", json={"kind": "entity", "name": "allergy", "to": "intolerance"}
    ).json()
    assert {"entity/allergy", "entity/intolerance", "view/allergies"} <= set(renamed["step"]["documents"])
    assert head.get(f"{API}/problems").json()["items"] == []
    uses = head.get(f"{API}/uses", params={"kind": "entity", "name": "intolerance"}).json()["items"]
    assert {"document": "view/allergies", "path": "entity", "form": "name"} in uses
    steps = head.get(f"{API}/steps", params={"limit": 2}).json()["items"]
    assert [s["kind"] for s in steps] == ["act", "act"]
    assert steps[0]["by"] == "于主任"


def test_a_wrong_name_is_mended_by_a_click(clinic: Clinic) -> None:
    head, browser = clinic.client("head_yu"), clinic.browser("head_yu")
    patched(head, {"op": "replace", "path": "/view~1allergies/columns/1", "value": "severty"})
    patched(head, {"op": "add", "path": "/view~1allergies/filter", "value": "severty = 'severe'"})
    problems = head.get(f"{API}/problems").json()["items"]
    assert {p["nearest"] for p in problems} == {"severity"}
    assert all(p["mend"] for p in problems)
    bar = browser.get(f"{PAGES}/parts/problems").text
    assert bar.count("Use severity") == 3, "the first beside it, and both in the list"
    assert f'href="{PAGES}/view/allergies"' in bar
    for problem in problems:
        sent = {"document": problem["document"], "text": problem["detail"]}
        assert "severity" in browser.post(f"{PAGES}/mend", data=sent).text
    assert head.get(f"{API}/problems").json()["items"] == []
    now = head.get(f"{API}/documents/view/allergies").json()
    assert (now["columns"][1], now["filter"]) == ("severity", "severity = 'severe'")
    assert browser.post(f"{PAGES}/mend", data={"document": "view/allergies", "text": "x"}).status_code == 404


def test_search_finds_names_labels_options_and_formulas(clinic: Clinic) -> None:
    head, browser = clinic.client("head_yu"), clinic.browser("head_yu")

    def found(words: str) -> list[tuple[str, str]]:
        items = head.get(f"{API}/search", params={"q": words}).json()["items"]
        return [(item["document"], item["title"]) for item in items]

    assert found("patient")[0] == ("entity/patient", "Patient")
    assert ("entity/patient", "Phone") in found("电话")
    assert any(document == "entity/allergy" for document, _ in found("severe"))
    assert any(document.startswith("workflow/") for document, _ in found("steps.next"))
    assert found("no such thing at all") == []
    assert found("  ") == []
    page = browser.get(f"{PAGES}/search", params={"q": "phone"}).text
    field = next(
        f for f in head.get(f"{API}/documents/entity/patient").json()["fields"] if f["name"] == "phone"
    )
    assert f'href="{PAGES}/entity/patient?at={field["id"]}"' in page
    uses = browser.get(f"{PAGES}/uses", params={"kind": "field", "name": "phone", "owner": "patient"}).text
    assert "data-uses" in uses
    assert f'href="{PAGES}/form/patient_form' in uses
    labelled(head, "改过")
    assert "改过" in browser.get(f"{PAGES}/search").text, "before anything is typed: what was changed"


def test_another_is_told_what_was_done_and_who_is_there(clinic: Clinic) -> None:
    lin, yu = clinic.browser("dr_lin"), clinic.browser("head_yu")
    shown = str(draft(clinic)["revision"])
    with clinic.site.database.write() as connection:
        connection.execute(sa.delete(PRESENCE))
    asked = {"revision": shown, "key": "view/allergies", "here": ""}
    first = yu.post(f"{PAGES}/state", data=asked)
    assert (first.status_code, first.text) == (204, "")
    labelled(clinic.client("dr_lin"), "过敏史")
    assert lin.post(f"{PAGES}/state", data={"revision": "0", "key": "entity/visit"}).status_code == 200
    told = yu.post(f"{PAGES}/state", data=asked)
    event = json.loads(told.headers["HX-Trigger"])["draft-changed"]
    assert (event["documents"], event["by"]) == (["view/allergies"], "林医生")
    assert "林医生" in told.text
    assert "过敏史" in html.unescape(told.text)
    here = "林医生@Visit"
    assert f'data-here="{here}"' in told.text
    now = {"revision": str(event["revision"]), "key": "view/allergies", "here": here}
    assert yu.post(f"{PAGES}/state", data=now).status_code == 204
    assert clinic.client("head_yu").get(f"{API}/builders").json()["items"][0]["document"] == "entity/visit"
    with clinic.site.database.read() as connection:
        later = clinic.site.clock.now() + presence.GONE_AFTER + timedelta(seconds=1)
        assert presence.others(connection, "clinic", clinic.viewer("head_yu"), later) == ()
    clinic.client("dr_lin").delete(f"{API}/documents/view/allergies")
    gone = yu.post(f"{PAGES}/state", data=now)
    assert gone.headers["HX-Redirect"] == f"{PAGES}?done=gone&about=view/allergies"


def test_who_changes_what_another_has_just_changed_chooses(clinic: Clinic) -> None:
    yu = clinic.browser("head_yu")
    shown = str(draft(clinic)["revision"])
    labelled(clinic.client("dr_lin"), "对方的")
    patch = json.dumps([{"op": "replace", "path": "/view~1allergies/label", "value": "我的"}])
    asked = yu.post(f"{PAGES}/act", data={"patch": patch, "revision": shown})
    assert asked.status_code == 200
    assert "HX-Trigger" not in asked.headers
    for words in ("林医生", "对方的", "我的"):
        assert words in html.unescape(asked.text)
    tested = json.dumps([{"op": "test", "path": "/view~1allergies/label", "value": "旧"}, *json.loads(patch)])
    assert "s-choice" in yu.post(f"{PAGES}/act", data={"patch": tested}).text
    assert "draft-changed" in yu.post(f"{PAGES}/act", data={"patch": patch}).headers["HX-Trigger"]
    answer = labelled(clinic.client("dr_lin"), "又", revision=int(shown))
    assert answer.status_code == 409
    assert answer.json()["problems"][0]["type"] == "changed-meanwhile"


def test_documents_are_made_doubled_renamed_removed_and_brought_back(clinic: Clinic) -> None:
    head, yu, one = clinic.client("head_yu"), clinic.browser("head_yu"), f"{PAGES}/document"
    for kind in ("entity", "form", "view", "page", "workflow", "report", "dashboard", "role", "message", "settings", "calendar", "connector"):  # fmt: skip
        assert f'value="{kind}"' in yu.get(f"{one}/new", params={"kind": kind}).text
        made = yu.post(f"{one}/new", data={"kind": kind, "label": "Blood test", "entity": "visit"})
        assert made.headers["HX-Redirect"] == f"{PAGES}/{kind}/blood_test", made.text[:500]
    assert head.get(f"{API}/problems").json()["items"] == [], "what is made is valid"
    again = yu.post(f"{one}/new", data={"kind": "role", "label": "x", "name": "blood_test"}).text
    assert 'role="alert"' in again
    assert yu.post(f"{one}/new", data={"kind": "app", "label": "x"}).status_code == 404
    double = yu.post(f"{one}/duplicate", data={"key": "view/allergies"})
    assert double.headers["HX-Redirect"] == f"{PAGES}/view/allergies_2"
    assert head.get(f"{API}/problems").json()["items"] == []
    asked = yu.get(f"{one}/rename", params={"key": "entity/allergy"}).text
    assert f'href="{PAGES}/view/allergies"' in asked
    assert (
        "HX-Redirect"
        not in yu.post(f"{one}/rename", data={"key": "entity/allergy", "name": "Bad name"}).headers
    )
    assert yu.post(f"{one}/rename", data={"key": "entity/allergy", "name": "reaction"}).status_code == 204
    assert head.get(f"{API}/documents/view/allergies").json()["entity"] == "reaction"
    warned = yu.get(f"{one}/remove", params={"key": "entity/reaction"}).text
    assert f'href="{PAGES}/view/allergies"' in warned
    gone = yu.post(f"{one}/remove", data={"key": "view/allergies", "shown": "view/allergies"})
    assert gone.headers["HX-Redirect"] == f"{PAGES}?done=removed&about=view/allergies"
    landed = yu.get(gone.headers["HX-Redirect"]).text
    assert "data-toast" in landed
    assert f'action="{PAGES}/undo"' in landed
    assert yu.post(f"{one}/restore", data={"key": "view/allergies"}).status_code == 204
    assert yu.post(f"{one}/restore", data={"key": "view/allergies"}).status_code == 404
    toasted = yu.post(f"{one}/remove", data={"key": "view/allergies", "shown": "entity/visit"})
    assert "draft-changed" in toasted.headers["HX-Trigger"]
    back = yu.post(f"{PAGES}/undo", data={"key": "entity/visit"})
    assert f'href="{PAGES}/view/allergies"' in back.text, "undo reaches across documents, and says where"


def test_a_document_is_edited_as_text(clinic: Clinic) -> None:
    head, yu, one = clinic.client("head_yu"), clinic.browser("head_yu"), f"{PAGES}/document/yaml"
    key = "view/allergies"
    text = head.get(f"{API}/documents/{key}", params={"format": "yaml"}).text
    assert "kind: view" in yu.get(one, params={"key": key}).text
    wrong = {
        "columns: [": "Line 7, column 5",
        "columns: 5": "Line 5, column 10",
        "colour: red": "Line 5, column 1",
    }
    lines = text.split("\n")
    for line, said in wrong.items():
        sent = "\n".join([*lines[:4], line, *[one for one in lines[4:] if not one.startswith("columns")]])
        answer = yu.post(one, data={"key": key, "text": sent})
        assert said in answer.text, answer.text[:2_000]
        assert "draft-changed" not in answer.headers.get("HX-Trigger", "")
    other = yu.post(one, data={"key": key, "text": text.replace("name: allergies", "name: other")})
    assert 'role="alert"' in other.text
    bare = "\n".join(one for one in lines if not one.startswith(("id:", "label:"))) + "label: 文本\n"
    kept = yu.post(one, data={"key": key, "text": bare})
    assert "draft-changed" in kept.headers["HX-Trigger"]
    now = head.get(f"{API}/documents/{key}").json()
    assert now["label"] == "文本"
    assert f"id: {now['id']}" in text, "ids that a text leaves out stay"


def test_remarks_are_written_settled_and_opened_again(clinic: Clinic) -> None:
    lin, yu = clinic.client("dr_lin"), clinic.browser("head_yu")
    made = lin.post(f"{API}/remarks", json={"document": "view/allergies", "text": "  要不要加日期？ "})
    assert made.status_code == 201
    remark = made.json()["id"]
    assert lin.post(f"{API}/remarks", json={"document": "view/allergies", "text": " "}).status_code == 422
    assert lin.post(f"{API}/remarks", json={"document": "view/none", "text": "x"}).status_code == 404
    top = yu.get(f"{PAGES}/parts/top", params={"key": "view/allergies"}).text
    assert "Remarks: 1 open" in top
    yu.post(f"{PAGES}/remarks", data={"key": "view/allergies", "text": "<b>加</b>"})
    listed = yu.get(f"{PAGES}/remarks", params={"key": "view/allergies"}).text
    assert "要不要加日期？" in listed
    assert "&lt;b&gt;" in listed
    assert "view/allergies" in yu.get(f"{PAGES}/remarks").text, "without a document, all, each with its own"
    settled = yu.post(f"{PAGES}/remarks/{remark}", data={"key": "view/allergies", "settled": "1"}).text
    assert "Settled by 于主任" in settled
    items = lin.get(f"{API}/remarks", params={"document": "view/allergies"}).json()["items"]
    assert [item["settled_by"] for item in items] == [None, "于主任"]
    lin.post(f"{API}/rename", json={"kind": "view", "name": "allergies", "to": "reactions"})
    assert [item["document"] for item in lin.get(f"{API}/remarks").json()["items"]] == ["view/reactions"] * 2
    opened = lin.patch(f"{API}/remarks/{remark}", json={"settled": False}).json()
    assert opened["settled_at"] is None
    assert lin.patch(f"{API}/remarks/{'0' * 36}", json={"settled": True}).status_code == 404
    assert lin.patch(f"{API}/remarks/x", json={"settled": True}).status_code == 404


def test_folded_groups_stay_folded(clinic: Clinic) -> None:
    yu = clinic.browser("head_yu")

    def is_open(kind: str, key: str = "") -> bool:
        tree = yu.get(f"{PAGES}/parts/tree", params={"key": key}).text
        return f'data-group="{kind}" open' in tree

    assert (is_open("entity"), is_open("view")) == (True, False)
    for kind, state in (("entity", ""), ("view", "1"), ("nonsense", "1")):
        assert yu.post(f"{PAGES}/fold", data={"kind": kind, "open": state}).status_code == 204
    assert (is_open("entity"), is_open("view")) == (False, True)
    assert is_open("entity", "entity/visit"), "where one is, is open"


def test_the_directory_is_no_app_to_build(clinic: Clinic) -> None:
    """Found by drawn requests: its pages fell over a missing app document."""
    admin, client = clinic.browser("admin"), clinic.client("admin")
    for path in ("", "/publish", "/versions", "/new-entity", "/relations"):
        assert admin.get(f"/studio/dougong{path}").status_code == 404, path
    assert admin.post("/studio/dougong/spreadsheet", data={"key": "x"}).status_code == 404
    assert client.get("/api/v1/studio/dougong").status_code == 404
