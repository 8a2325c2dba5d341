"""How apps begin: by the interface and by pages, for administrators only; and patterns, for who may build."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

from clinic import SYSTEM, Clinic
from dougong_runtime.records.query import Query

STUDIO = "/api/v1/studio"
APPS = Path(__file__).parents[2] / "apps"


def zipped(folder: Path) -> bytes:
    """A template as a package."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for path in sorted(folder.rglob("*.*")):
            archive.write(path, path.relative_to(folder))
    return made.getvalue()


def test_an_administrator_begins_a_blank_app_and_works_in_it_at_once(clinic: Clinic) -> None:
    admin = clinic.client("admin")
    made = admin.post(STUDIO, json={"label": "图书借阅", "language": "zh"})
    assert made.status_code == 201, made.text
    assert made.json()["name"] == "tushujieyue"
    assert made.headers["location"] == f"{STUDIO}/tushujieyue"
    record = admin.post("/api/v1/apps/tushujieyue/item", json={"name": "三体"})
    assert record.status_code == 201, record.text
    listed = {i["app"] for i in admin.get(STUDIO).json()["items"]}
    assert listed == {"clinic", "tushujieyue"}
    again = admin.post(STUDIO, json={"label": "x", "name": "tushujieyue"})
    assert (again.status_code, again.json()["problems"][0]["field"]) == (409, "name")
    for wrong in (
        {"label": "x", "name": "No Name"},
        {"label": "x", "from": "thin air"},
        {"name": "nameless"},
    ):
        assert 400 <= admin.post(STUDIO, json=wrong).status_code < 500, wrong
    assert clinic.client("head_yu").post(STUDIO, json={"label": "x"}).status_code == 403


def test_a_copy_has_the_documents_and_no_record(clinic: Clinic) -> None:
    admin = clinic.client("admin")
    clinic.make("allergy", name="花粉", severity="mild")
    made = admin.post(STUDIO, json={"label": "Copy", "name": "second", "from": "copy", "of": "clinic"})
    assert made.status_code == 201, made.text
    was = admin.get(f"{STUDIO}/clinic").json()["documents"]
    now = admin.get(f"{STUDIO}/second").json()["documents"]
    assert {(d["kind"], d["name"]) for d in now if d["kind"] != "app"} == {
        (d["kind"], d["name"]) for d in was if d["kind"] != "app"
    }
    with clinic.site.database.read() as connection:
        records = clinic.site.records(connection, SYSTEM, "second")
        assert records.list(Query("allergy")).items == []


def test_a_package_is_planned_then_installed(clinic: Clinic) -> None:
    admin = clinic.client("admin")
    file = {"file": ("school.zip", zipped(APPS / "school"), "application/zip")}
    planned = admin.post(f"{STUDIO}/packages", files=file)
    assert planned.status_code == 200, planned.text
    assert planned.json()["plan"]["documents"]["added"]
    assert "school" not in {i["app"] for i in admin.get(STUDIO).json()["items"]}
    installed = admin.post(f"{STUDIO}/packages", files=file, data={"install": "true"})
    assert (installed.status_code, installed.json()["number"]) == (201, 1)
    assert admin.post(f"{STUDIO}/packages", files=file).status_code == 409
    broken = {"file": ("x.zip", b"PK\x03\x04 nonsense", "application/zip")}
    assert admin.post(f"{STUDIO}/packages", files=broken).status_code == 422
    assert clinic.client("head_yu").post(f"{STUDIO}/packages", files=file).status_code == 403


def test_a_pattern_is_one_act(clinic: Clinic) -> None:
    admin = clinic.client("admin")
    names = {i["name"] for i in admin.get(f"{STUDIO}/clinic/patterns").json()["items"]}
    assert names == {"person", "company", "versioned_document", "request"}
    wish = {
        "pattern": "person",
        "label": "家属",
        "name": "relative",
        "references": ["patient"],
        "roles": ["head"],
    }
    added = admin.post(f"{STUDIO}/clinic/patterns", json=wish)
    assert added.status_code == 200, added.text
    assert added.json()["entity"] == "relative"
    assert "entity/relative" in added.json()["changed"]
    assert admin.get(f"{STUDIO}/clinic/problems").json()["items"] == []
    admin.post(f"{STUDIO}/clinic/undo", json={})
    assert admin.get(f"{STUDIO}/clinic").json()["changed"] == []
    assert clinic.client("head_yu").post(f"{STUDIO}/clinic/patterns", json=wish).status_code == 403
    assert admin.post(f"{STUDIO}/clinic/patterns", json={"pattern": "peron"}).status_code == 404


def test_pages_begin_apps(clinic: Clinic) -> None:
    admin = clinic.browser("admin")
    shown = admin.get("/studio")
    assert 'data-studio-app="clinic"' in shown.text
    assert 'name="from" value="copy"' in shown.text
    to = admin.post(
        "/studio/begin",
        data={"from": "blank", "label": "Lending desk", "language": "en"},
        follow_redirects=False,
    )
    assert to.headers["location"] == "/studio/lending_desk/entity/item"
    refused = admin.post("/studio/begin", data={"from": "blank", "label": "x", "name": "lending_desk"})
    assert refused.status_code == 422
    assert "lending_desk" in refused.text
    assert "needs a label" in admin.post("/studio/begin", data={"from": "blank", "label": " "}).text
    file = {"file": ("workshop.zip", zipped(APPS / "workshop"), "application/zip")}
    planned = admin.post("/studio/package", files=file)
    assert "Installs as workshop" in planned.text, planned.text[:400]
    done = admin.post("/studio/package/install", data={"bundled": ""}, follow_redirects=False)
    assert done.headers["location"] == "/studio/workshop"
    added = admin.post(
        "/studio/workshop/patterns",
        data={"pattern": "request", "label": "领料", "name": "requisition"},
        follow_redirects=False,
    )
    assert added.headers["location"] == "/studio/workshop/entity/requisition"
    listed = admin.get("/studio").text
    assert re.search(r'data-studio-app="workshop".*?not published', listed, re.DOTALL)
    nurse = clinic.browser("nurse_bai")
    assert 'name="from"' not in nurse.get("/studio").text
    assert nurse.post("/studio/begin", data={"from": "blank", "label": "x"}).status_code == 403
    assert nurse.post("/studio/package", files=file).status_code == 403
    assert nurse.get("/studio/clinic/patterns").status_code == 403
