"""A spreadsheet becomes an entity by the interface and by pages; its rows come in once it is published."""

from __future__ import annotations

import re
import time
import zipfile
from io import BytesIO
from typing import Any

from clinic import SYSTEM, Clinic
from dougong_platform.publishing import Order
from dougong_runtime.records.query import Query

STUDIO = "/api/v1/studio"
CSV = "姓名,等级,病人,生日\n王五,金,王敏,1990-01-02\n赵六,银,张思远,1991-03-04\n" + "".join(
    f"会员{n},{'金银'[n % 2]},{('王敏', '张思远')[n % 2]},{'1992-05-06' if n else 'unknown'}\n"
    for n in range(10)
)


def sent(text: str, name: str = "会员.csv") -> dict[str, Any]:
    return {"file": (name, text.encode("gb18030"), "text/csv")}


def published(clinic: Clinic, app: str) -> None:
    """Publish the draft as its job does."""
    with clinic.site.database.write() as connection:
        order = Order("0.2.0", None).as_json()
        job, _ = clinic.app.state.jobs.prepare(connection, clinic.viewer("admin"), "publish", app, app, order)
    clinic.app.state.jobs.wake()
    told = finished(clinic.client("admin"), job)
    assert told["state"] == "done", told


def finished(client: Any, job: str) -> dict[str, Any]:
    """A job when it has ended."""
    for _ in range(600):
        told: dict[str, Any] = client.get(f"/api/v1/jobs/{job}").json()
        if told["state"] not in ("queued", "running"):
            return told
        time.sleep(0.02)
    raise AssertionError(told)


def test_rows_wait_for_their_entity_and_come_in_as_their_sender(clinic: Clinic) -> None:
    admin = clinic.client("admin")
    made = admin.post(STUDIO, json={"label": "俱乐部", "name": "club", "from": "blank"})
    assert made.status_code == 201, made.text
    for name in ("王敏", "张思远"):
        admin.post("/api/v1/apps/club/item", json={"name": name})
    got = admin.post(f"{STUDIO}/club/spreadsheets", files=sent(CSV))
    assert got.status_code == 201, got.text
    columns = {c["header"]: c for c in got.json()["columns"]}
    assert (columns["病人"]["type"], columns["病人"]["to"]) == ("reference", "item")
    place = f"{STUDIO}/club/spreadsheets/{got.json()['id']}"
    wish = {
        "label": "会员",
        "name": "member",
        "language": "zh",
        "roles": ["manager"],
        "columns": [{"place": columns["生日"]["place"], "type": "date", "label": "生日"}],
    }
    new = admin.post(place, json=wish)
    assert new.status_code == 200, new.text
    assert admin.post(place, json=wish).status_code == 409
    renamed = admin.post(
        f"{STUDIO}/club/rename", json={"kind": "field", "owner": "member", "name": "level", "to": "grade"}
    )
    assert renamed.status_code == 200, renamed.text
    assert admin.post(f"{place}/import", json={}).status_code == 409
    published(clinic, "club")
    sheet = admin.get(place).json()
    job = finished(admin, sheet["job"]["id"])
    assert job["state"] == "done", job
    assert (job["outcome"]["created"], job["outcome"]["rejected"]) == (11, 1)
    assert "unknown" in job["outcome"]["problems"][0]["detail"]
    listed = admin.get("/api/v1/apps/club/member", params={"fields": "name,grade"})
    assert {i["grade"] for i in listed.json()["items"]} == {"jin", "yin"}
    with clinic.site.database.read() as connection:
        records = clinic.site.records(connection, SYSTEM, "club").list(
            Query("member", fields=("created_by",), limit=1)
        )
        assert records.items[0]["created_by"] == clinic.users["admin"]
    assert admin.get(f"{STUDIO}/club/spreadsheets").json()["items"][0]["job"]["state"] == "done"
    assert admin.delete(place).status_code == 204
    assert admin.get(place).status_code == 404


def test_a_spreadsheet_is_its_senders_own_and_bounded(clinic: Clinic) -> None:
    admin = clinic.client("admin")
    wide = ",".join(f"c{n}" for n in range(600)) + "\n1\n"
    bomb = BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 20_000_000)
    for name, content in (
        ("wide.csv", wide.encode()),
        ("bomb.xlsx", bomb.getvalue()),
        ("empty.csv", b""),
        ("old.xls", b"\xd0\xcf\x11\xe0abc"),
    ):
        refused = admin.post(f"{STUDIO}/clinic/spreadsheets", files={"file": (name, content, "text/csv")})
        assert 400 <= refused.status_code < 500, name
    folder = clinic.site.settings.data_dir / "studio" / "sheets"
    before = len(list(folder.iterdir()))
    for _ in range(10):
        assert admin.post(f"{STUDIO}/clinic/spreadsheets", files=sent("a,b\n1,2\n")).status_code == 201
    assert admin.post(f"{STUDIO}/clinic/spreadsheets", files=sent("a,b\n1,2\n")).status_code in (413, 422)
    mine = admin.get(f"{STUDIO}/clinic/spreadsheets").json()["items"]
    assert len(list(folder.iterdir())) == before + 10
    admin.post(f"{STUDIO}/clinic/undo", json={})
    other = clinic.client("head_yu")
    assert other.get(f"{STUDIO}/clinic/spreadsheets/{mine[0]['id']}").status_code == 403
    for one in mine:
        admin.delete(f"{STUDIO}/clinic/spreadsheets/{one['id']}")
    assert len(list(folder.iterdir())) == before


def test_pages_take_a_spreadsheet_and_let_columns_be_corrected(clinic: Clinic) -> None:
    admin = clinic.browser("admin")
    own = "/studio/clinic/spreadsheet"
    to = admin.post(own, files=sent("姓名,分数\n甲,1\n乙,2\n丙,3\n", "成绩.csv"), follow_redirects=False)
    place = to.headers["location"]
    shown = admin.get(place).text
    assert 'name="label" required maxlength="80" value="成绩"' in shown
    assert len(re.findall(r"<tr data-column=", shown)) == 2
    form = {
        "label": "成绩",
        "name": "score",
        "title": "0",
        "take.0": "1",
        "label.0": "姓名",
        "name.0": "name",
        "type.0": "text",
        "take.1": "1",
        "label.1": "分数",
        "name.1": "name",
        "type.1": "integer",
    }
    refused = admin.post(f"{place}/make", data=form)
    assert refused.status_code == 200
    assert 'role="alert"' in refused.text
    done = admin.post(f"{place}/make", data={**form, "name.1": "points"}, follow_redirects=False)
    assert done.headers["location"] == "/studio/clinic/entity/score"
    assert "Rows wait for" in admin.get(own).text
    assert admin.post(own, files=sent("", "x.csv")).text.count('role="alert"') == 1
    gone = admin.post(f"{place}/drop", follow_redirects=False)
    assert gone.headers["location"] == own
    assert "成绩.csv" not in admin.get(own).text
    clinic.client("admin").post(f"{STUDIO}/clinic/jump", json={"step": 0})
    assert clinic.browser("head_yu").get(own).status_code == 403
    assert clinic.browser("head_yu").post(own, files=sent("a\n1\n")).status_code == 403
