"""A draft tried out on a copy: the copy is used as the app would be, and nothing of it reaches the real data."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from clinic import SYSTEM, Clinic
from dougong_platform import apps, trials
from dougong_platform.http.jobs.table import JOB
from dougong_platform.http.trial_sites import COOKIE
from dougong_platform.http.viewer import COOKIE as SESSION_COOKIE
from dougong_runtime import publish
from dougong_runtime.audit import log
from dougong_runtime.model.link import link_stored

API = "/api/v1/studio/clinic"
STUDIO = "/studio/clinic"
PATIENTS = "/api/v1/apps/clinic/patient"


@pytest.fixture(scope="module", autouse=True)
def builders(clinic: Clinic) -> None:
    """A head of department who may build and publish, a doctor who may build; a draft with one more field."""
    with clinic.site.database.write() as connection:
        source = dict(clinic.site.running(connection, "clinic").app.source)
        source["role/head"] = {**source["role/head"], "build": True, "publish": True}
        source["role/doctor"] = {**source["role/doctor"], "build": True}
        apps.apply(
            clinic.site, connection, publish.plan_publish(connection, link_stored(source)), SYSTEM, None
        )
    head = clinic.client("head_yu")
    data = head.get(f"{API}/documents/entity/patient").json()
    extra = {"name": "nickname", "type": "text", "label": {"zh": "昵称", "en": "Nickname"}}
    data["fields"] = [*data["fields"], extra]
    assert head.put(f"{API}/documents/entity/patient", json=data).status_code == 200


def everything(clinic: Clinic) -> dict[str, Any]:
    """What must not change by a trial: records, versions, the draft, jobs."""
    with clinic.site.database.read() as connection:
        running = clinic.site.running(connection, "clinic")
        rows = {
            e.name: sorted(map(repr, connection.execute(sa.select(running.tables.of(e.name)))))
            for e in running.app.own_entities
        }
        jobs = connection.scalar(sa.select(sa.func.count()).select_from(JOB))
    return {"rows": rows, "jobs": jobs, "draft": clinic.client("head_yu").get(API).json()}


def test_a_copy_is_used_and_nothing_reaches_the_real_data(clinic: Clinic) -> None:
    lin = clinic.users["dr_lin"]
    allergy = clinic.make("allergy", name="Pollen", severity="severe")
    ann = clinic.make(
        "patient", name="Ann", phone="13800000001", owner=lin, risk="high", allergies=[allergy["id"]]
    )
    clinic.make(
        "visit",
        patient=ann["id"],
        doctor=lin,
        visited_at="2026-03-01T02:00:00Z",
        reason="check",
    )
    before = everything(clinic)
    head = clinic.browser("head_yu")
    assert "Begin" in head.get(f"{STUDIO}/trial").text
    begun = head.post(f"{STUDIO}/trial", follow_redirects=False)
    assert begun.headers["location"] == "/apps/clinic", begun.text
    trial = head.cookies[COOKIE]

    page = head.get("/apps/clinic/views/patients").text
    assert "this is a copy" in page
    copied = head.get(f"{PATIENTS}/{ann['id']}").json()
    real = clinic.client("head_yu").get(f"{PATIENTS}/{ann['id']}").json()
    assert copied["nickname"] is None
    assert {n: copied[n] for n in real if n != "version"} == {n: real[n] for n in real if n != "version"}
    assert (copied["visit_count"], copied["severe_allergies"]) == (1, 1)
    assert head.patch(f"{PATIENTS}/{ann['id']}", json={"nickname": "Annie"}).status_code == 200
    assert head.post(PATIENTS, json={"name": "Bo", "phone": "13800000002"}).status_code == 201
    assert head.get(PATIENTS).json()["count"] == 2
    # An export of the copy would be a job: nobody does those of a copy.
    assert head.post(f"{PATIENTS}/export", json={"format": "csv"}).status_code == 202
    assert everything(clinic) == before

    # Nobody else gets in by the cookie, and the studio is the real one.
    other = clinic.browser("dr_lin")
    other.cookies.set(COOKIE, trial)
    assert other.get(PATIENTS).status_code == 401
    assert "this is a copy" not in head.get(STUDIO).text
    assert "Begin again" in head.get(f"{STUDIO}/trial").text

    ended = head.post(f"{STUDIO}/trial/end", follow_redirects=False)
    assert ended.status_code == 303
    assert "this is a copy" not in head.get("/apps/clinic/views/patients").text
    assert not list((clinic.site.settings.data_dir / "trials").iterdir())
    assert everything(clinic) == before
    with clinic.site.database.read() as connection:
        facts = [
            e.facts for e in log.find(connection, limit=20) if e.facts and e.facts.get("kind") == "trial"
        ]
    assert [f["what"] for f in facts] == ["ended", "begun"]


def test_who_may_not_publish_tries_nothing_and_a_copy_goes_after_its_day(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert clinic.browser("dr_lin").post(f"{STUDIO}/trial").status_code == 403
    assert clinic.browser("nobody").post(f"{STUDIO}/trial").status_code == 404
    head = clinic.browser("head_yu")
    with monkeypatch.context() as patched:
        patched.setattr(trials, "ROWS_MAX", 0)
        refused = head.post(f"{STUDIO}/trial")
        assert "too many records" in refused.text.lower()
    assert head.post(f"{STUDIO}/trial", follow_redirects=False).status_code == 303
    again = head.cookies[COOKIE]
    assert head.post(f"{STUDIO}/trial", follow_redirects=False).status_code == 303
    assert head.cookies[COOKIE] != again
    (left,) = trials.all_of(clinic.site)
    assert trials.find(clinic.site, "../" + left.id) is None
    with monkeypatch.context() as patched:
        patched.setattr(trials, "KEPT", trials.KEPT * -1)
        assert "this is a copy" not in head.get("/apps/clinic/views/patients").text
        assert trials.sweep(clinic.site) == 1
    assert SESSION_COOKIE in head.cookies
