"""Publishing from the studio over HTTP: planned, ordered, followed; versions, the way back, merging."""

from __future__ import annotations

import io
import os
import time
import zipfile
from typing import Any

import pytest
import sqlalchemy as sa

from clinic import SYSTEM, Clinic
from dougong_platform import apps
from dougong_platform.http.jobs import runner
from dougong_platform.http.jobs.table import JOB
from dougong_runtime import publish
from dougong_runtime.audit import log
from dougong_runtime.model.link import link_stored
from dougong_runtime.names import uuid7

API = "/api/v1/studio/clinic"
STUDIO = "/studio/clinic"
FIELD = {"name": "note_2", "type": "long_text", "label": {"zh": "补充", "en": "Addition"}}


@pytest.fixture(scope="module", autouse=True)
def builders(clinic: Clinic) -> None:
    """A head of department who may build and publish, a doctor who may build."""

    def change(source: dict[str, Any]) -> dict[str, Any]:
        return {
            **source,
            "role/head": {**source["role/head"], "build": True, "publish": True},
            "role/doctor": {**source["role/doctor"], "build": True},
        }

    beside(clinic, change)


def beside(clinic: Clinic, change: Any) -> int:
    """A version that is published by the command line, past the studio."""
    with clinic.site.database.write() as connection:
        source = change(dict(clinic.site.running(connection, "clinic").app.source))
        plan = publish.plan_publish(connection, link_stored(source))
        return apps.apply(clinic.site, connection, plan, SYSTEM, "past the studio")


def call(clinic: Clinic, method: str, path: str, who: str = "head_yu", **body: Any) -> Any:
    sent = {"json": body} if method != "GET" else {}
    return clinic.client(who).request(method, API + path, **sent)


def told(answer: Any, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()


def entity(clinic: Clinic, **changes: Any) -> None:
    """Patient with other properties, as one act."""
    data = told(call(clinic, "GET", "/documents/entity/patient"))
    told(call(clinic, "PUT", "/documents/entity/patient", **{**data, **changes}))


def fields(clinic: Clinic) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = told(call(clinic, "GET", "/documents/entity/patient"))["fields"]
    return found


def ended(clinic: Clinic, job: str, who: str = "head_yu") -> dict[str, Any]:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        found: dict[str, Any] = clinic.client(who).get(f"/api/v1/jobs/{job}").json()
        if found["state"] not in ("queued", "running"):
            return found
        time.sleep(0.02)
    raise AssertionError("the job does not end")


def published(clinic: Clinic, path: str = "/publish", **body: Any) -> dict[str, Any]:
    job = ended(clinic, told(call(clinic, "POST", path, **body), 202)["id"])
    assert job["state"] == "done", job
    outcome: dict[str, Any] = job["outcome"]
    return outcome


def test_a_draft_is_planned_published_compared_and_taken_back(clinic: Clinic) -> None:
    ann = clinic.make("patient", name="Ann", phone="13800000001", owner=clinic.users["dr_lin"])
    clinic.make("patient", name="Bo", phone="13800000002", owner=clinic.users["nobody"])
    first = told(call(clinic, "GET", ""))["running"]
    assert told(call(clinic, "POST", "/plan"), 409)["type"].endswith("nothing-to-publish")
    rule = {"name": "long_name", "check": "LEN(name) > 2", "message": {"zh": "名字太短", "en": "Short name"}}
    told(call(clinic, "POST", "/rename", kind="field", name="phone", owner="patient", to="mobile"))
    rules = told(call(clinic, "GET", "/documents/entity/patient"))["rules"]
    entity(clinic, fields=[*fields(clinic), FIELD], rules=[*rules, rule])

    plan = told(call(clinic, "POST", "/plan"))
    assert plan["version"].split(".")[1:] == ["1", "0"]
    texts = [c["text"] for d in plan["documents"] for c in d["changes"]]
    assert any("internal name phone → mobile" in t and "references follow" in t for t in texts)
    assert "New field Addition (long text)" in texts
    assert {(row["action"], row["target"]) for row in plan["storage"]} >= {
        ("Rename column", "patient.phone → mobile"),
        ("Add column", "patient.note_2"),
    }
    (broken,) = plan["breaking"]
    assert (broken["kind"], broken["count"], broken["refuses"]) == ("rule", 1, False)
    # The administrator may publish, and reads no patient: a number is all that is told.
    admins = told(call(clinic, "POST", "/plan", "admin"))["breaking"][0]
    assert (admins["count"], admins["records"], admins["filter"]) == (1, [], None)

    assert call(clinic, "POST", "/publish", "dr_lin").status_code == 403
    assert told(call(clinic, "POST", "/publish", revision=1), 409)["type"].endswith("draft-moved-on")
    wrong = told(call(clinic, "POST", "/publish", version="one"), 422)
    assert wrong["type"].endswith("bad-app-version")
    outcome = published(clinic, version="7.0.0", note="A rename", revision=plan["revision"])
    assert outcome == {"number": first + 1, "version": "7.0.0", "from": first, "back_to": None}
    state = told(call(clinic, "GET", ""))
    assert (state["base"], state["running"], state["changed"]) == (first + 1, first + 1, [])
    assert clinic.client("head_yu").get(f"/api/v1/apps/clinic/patient/{ann['id']}").json()["mobile"]

    latest, *older = told(call(clinic, "GET", "/versions"))["items"]
    assert (latest["note"], latest["by"], latest["runs"]) == ("A rename", "head_yu", True)
    assert not any(v["runs"] for v in older)
    assert told(call(clinic, "GET", f"/versions/{first}"))["documents"]["entity/patient"]["name"] == "patient"
    away = told(call(clinic, "GET", f"/versions/{first + 1}/difference?to={first}"))
    assert (away["from"], away["to"]) == (first + 1, first)
    assert "field Addition removed" in [c["text"] for d in away["documents"] for c in d["changes"]]
    packed = call(clinic, "GET", f"/versions/{first}/package")
    assert "app.yaml" in zipfile.ZipFile(io.BytesIO(packed.content)).namelist()
    assert call(clinic, "GET", "/versions/999").status_code == 404

    back = told(call(clinic, "POST", "/plan", back_to=first))
    assert back["back_to"] == first
    outcome = published(clinic, "/rollback", number=first, note="Not yet")
    assert (outcome["number"], outcome["back_to"]) == (first + 2, first)
    assert clinic.client("head_yu").get(f"/api/v1/apps/clinic/patient/{ann['id']}").json()["phone"]
    # The draft begins anew from what was taken back, and is as it was when that is undone.
    told(call(clinic, "POST", f"/versions/{first + 1}/draft"))
    assert "mobile" in [f["name"] for f in fields(clinic)]
    told(call(clinic, "POST", "/undo"))
    assert told(call(clinic, "GET", ""))["changed"] == []
    with clinic.site.database.read() as connection:
        kinds = connection.execute(
            sa.select(log.dg_audit.c.action)
            .where(log.dg_audit.c.app == "clinic")
            .order_by(log.dg_audit.c.seq.desc())
        ).scalars()
        assert {log.PUBLISH, log.ROLLBACK, log.DRAFT} <= set(list(kinds)[:20])


def test_the_pages_say_the_same(clinic: Clinic) -> None:
    head, builder = clinic.browser("head_yu"), clinic.browser("dr_lin")
    nothing = head.get(f"{STUDIO}/publish").text
    assert "There is nothing to publish" in nothing
    entity(clinic, label={"zh": "病人", "en": "Sick person"})
    page = head.get(f"{STUDIO}/publish").text
    assert "Sick person" in page
    assert "No table changes" in page
    assert 'type="submit" class="btn pri"' in page
    assert "You may build, not publish" in builder.get(f"{STUDIO}/publish").text
    assert clinic.browser("nobody").get(f"{STUDIO}/publish").status_code == 404
    revision = told(call(clinic, "GET", ""))["revision"]
    stale = head.post(f"{STUDIO}/publish", data={"revision": "1", "version": "8.0.0", "note": "Mine"})
    assert "has been changed since" in stale.text
    assert 'value="Mine"' in stale.text
    done = head.post(
        f"{STUDIO}/publish", data={"revision": str(revision), "version": "8.0.0"}, follow_redirects=False
    )
    assert done.status_code == 303
    job = done.headers["location"].rpartition("/")[2]
    assert ended(clinic, job)["state"] == "done"
    followed = head.get(done.headers["location"]).text
    assert "v8.0.0 is published" in followed
    assert f'href="{STUDIO}/publish?back=' in followed
    assert builder.get(done.headers["location"]).status_code == 404
    listed = head.get(f"{STUDIO}/versions").text
    assert "v8.0.0" in listed
    first = told(call(clinic, "GET", "/versions"))["items"][-1]["number"]
    assert "Sick person" in head.get(f"{STUDIO}/versions/compare?from={first}&to={first + 3}").text
    assert head.get(f"{STUDIO}/versions/{first}/package").headers["content-type"] == "application/zip"
    begun = head.post(f"{STUDIO}/versions/{first}/draft", follow_redirects=True)
    assert f"content of version {first}" in begun.text
    told(call(clinic, "POST", "/undo"))


def test_a_version_published_past_the_studio_is_merged(clinic: Clinic) -> None:
    entity(clinic, label={"zh": "患者甲", "en": "Ours"}, plural={"zh": "患者们", "en": "Patients of ours"})
    number = beside(
        clinic,
        lambda s: {
            **s,
            "entity/patient": {
                **s["entity/patient"],
                "label": {"zh": "患者乙", "en": "Theirs"},
                "icon": "heart",
            },
        },
    )
    assert told(call(clinic, "POST", "/plan"), 409)["type"].endswith("draft-behind")
    assert told(call(clinic, "POST", "/publish"), 409)["type"].endswith("draft-behind")
    head = clinic.browser("head_yu")
    assert f"Merge version {number}" in head.get(f"{STUDIO}/publish").text
    found = told(call(clinic, "GET", "/merge"))
    place = "/entity~1patient/label/en"
    assert [c["place"] for c in found["conflicts"]] == ["/entity~1patient/label/zh", place]
    assert found["conflicts"][1] | {"ours": "Ours", "theirs": "Theirs"} == found["conflicts"][1]
    assert told(call(clinic, "POST", "/merge", choices={place: "theirs"}), 409)["type"].endswith("undecided")
    page = head.get(f"{STUDIO}/merge").text
    assert f'name="choice.{place}"' in page
    half = head.post(f"{STUDIO}/merge", data={f"choice.{place}": "theirs"}).text
    assert "1 conflicts are still" in half
    assert 'value="theirs" checked' in half
    choices = {f"choice.{place}": "theirs", "choice./entity~1patient/label/zh": "ours"}
    done = head.post(f"{STUDIO}/merge", data=choices, follow_redirects=False)
    assert done.status_code == 303
    made = told(call(clinic, "GET", "/documents/entity/patient"))
    assert made["label"] == {"zh": "患者甲", "en": "Theirs"}
    assert (made["icon"], made["plural"]["en"]) == ("heart", "Patients of ours")
    assert told(call(clinic, "GET", ""))["base"] == number
    assert told(call(clinic, "GET", "/merge"), 409)["type"].endswith("nothing-to-merge")
    published(clinic)


def test_a_second_publisher_is_told_and_a_dead_publication_says_so(clinic: Clinic) -> None:
    entity(clinic, help={"zh": "一", "en": "One"})
    before = told(call(clinic, "GET", ""))
    job = uuid7()
    folder = clinic.site.settings.data_dir / "jobs" / job
    folder.mkdir(parents=True)
    (folder / "progress").write_bytes(b'[3,8,"prepare"]')
    order = {"version": "9.0.0", "note": None, "revision": before["revision"], "back_to": None}
    asked = {"via": "api", "address": None, "request": None, "language": "en"}
    row = {
        "id": job, "user": clinic.users["head_yu"], "kind": "publish", "app": "clinic", "entity": "",
        "state": "running", "created_at": clinic.site.clock.now(), "order": {**order, "asked": asked},
        "holder": "a process that has died", "attempts": 1,
    }  # fmt: skip
    with clinic.site.database.write() as connection:
        connection.execute(sa.insert(JOB).values(**row))
    told_so = told(call(clinic, "POST", "/publish", "admin"), 409)
    assert told_so["type"].endswith("publishing-already")
    shown = clinic.browser("head_yu").get(f"{STUDIO}/publish", follow_redirects=True).text
    assert "Preparing data 3 of 8" in shown
    assert "Publishing v9.0.0" in shown
    # No sign of life for long: whoever looks for jobs says what happened, and does not publish by itself.
    long_ago = time.time() - runner.LOST_SECONDS - 5
    os.utime(folder / "progress", (long_ago, long_ago))
    clinic.app.state.jobs.wake()
    dead = ended(clinic, job)
    assert dead["state"] == "failed"
    assert dead["problem"]["type"].endswith("publishing-stopped")
    after = told(call(clinic, "GET", ""))
    assert after == before
    assert "draft is as it was" in clinic.browser("head_yu").get(f"{STUDIO}/publish/{job}").text
    published(clinic, version="9.0.0")
    assert told(call(clinic, "GET", "/versions"))["items"][0]["version"] == "9.0.0"


def test_what_is_built_while_it_is_published_stays_in_the_draft(clinic: Clinic) -> None:
    entity(clinic, help={"zh": "二", "en": "Two"})
    seen = told(call(clinic, "GET", ""))["revision"]
    jobs = clinic.app.state.jobs
    with clinic.site.database.write() as connection:
        order = {"version": "9.1.0", "note": None, "revision": seen, "back_to": None}
        job, _ = jobs.prepare(connection, clinic.viewer("head_yu"), "publish", "clinic", "", order)
    entity(clinic, help={"zh": "三", "en": "Three"})
    jobs.wake()
    assert ended(clinic, job)["state"] == "done"
    number = told(call(clinic, "GET", ""))["running"]
    assert (
        told(call(clinic, "GET", f"/versions/{number}"))["documents"]["entity/patient"]["help"]["en"] == "Two"
    )
    assert told(call(clinic, "GET", "/documents/entity/patient"))["help"]["en"] == "Three"
    assert told(call(clinic, "GET", ""))["changed"] == ["entity/patient"]
