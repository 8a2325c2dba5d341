"""The doors of publishing in the studio, and their cases for the audit."""

from __future__ import annotations

import time
from typing import Any

from audit_work import Row, Work, accepted, by_api, by_page, case
from dougong_platform import apps
from dougong_runtime import publish
from dougong_runtime.audit import log
from dougong_runtime.model.link import link_stored
from ward import Door, Ward

ONE = "/api/v1/studio/{app}"
PAGE = "/studio/{app}"
API = "/api/v1/studio/clinic"
HERE = "/studio/clinic"
VIEW = "view/allergies"

WITHOUT_DATA_STUDIO_PUBLISH: dict[str, str] = dict.fromkeys(
    (
        f"GET {ONE}/versions", f"GET {ONE}/versions/{{number}}", f"GET {ONE}/versions/{{number}}/difference",
        f"GET {ONE}/versions/{{number}}/package", f"POST {ONE}/versions/{{number}}/draft",
        f"GET {ONE}/merge", f"POST {ONE}/merge",
        f"GET {PAGE}/versions", f"GET {PAGE}/versions/compare", f"GET {PAGE}/versions/{{number}}/package",
        f"POST {PAGE}/versions/{{number}}/draft", f"GET {PAGE}/merge", f"POST {PAGE}/merge",
        f"GET {PAGE}/trial", f"POST {PAGE}/trial", f"POST {PAGE}/trial/end",
        f"GET {PAGE}/publish/{{job}}", f"POST {PAGE}/publish/{{job}}/stop",
    ),
    "documents of versions",
)  # fmt: skip

NO_ROW_STUDIO_PUBLISH: dict[str, str] = {
    f"POST {ONE}/plan": "tells what publishing would do",
    f"POST {PAGE}/publish/{{job}}/stop": "asks a job to end",
}


def what_publishing_would_do(ward: Ward, username: str) -> str:
    """The plan of a draft under whose new rule every patient falls, and of whose new type no phone is."""
    admin = ward.clinic.client("admin")
    data = admin.get(f"{API}/documents/entity/patient").json()
    rule = {"name": "never", "check": "LEN(name) > 1000", "message": "Never"}
    fields = [{**f, "type": "date"} if f["name"] == "mail" else f for f in data["fields"]]
    if not any(r["name"] == "never" for r in data["rules"]):
        data |= {"rules": [*data["rules"], rule], "fields": fields}
        assert admin.put(f"{API}/documents/entity/patient", json=data).status_code == 200
    client, browser = ward.clinic.client(username), ward.clinic.browser(username)
    forged = {"X-CSRF-Token": "forged"}
    answers = [
        client.post(f"{API}/plan", json={}),
        browser.get(f"{HERE}/publish"),
        client.post(f"{API}/publish", json={"revision": 0}),
        client.post(f"{API}/rollback", json={"number": 999}),
        browser.post(f"{HERE}/publish", headers=forged),
    ]
    for answer in answers:
        assert answer.status_code < 500, answer.text
    return "\n".join(f"{answer.headers}\n{answer.text}" for answer in answers)


STUDIO_PUBLISH_DOORS: tuple[Door, ...] = (
    Door(
        "what publishing would do",
        (
            f"POST {ONE}/plan",
            f"GET {PAGE}/publish",
            f"POST {PAGE}/publish",
            f"POST {ONE}/publish",
            f"POST {ONE}/rollback",
        ),
        what_publishing_would_do,
    ),
)


def _changed(work: Work, label: str) -> None:
    """An act on a draft like what runs: other cases have published, and built."""
    admin = work.clinic.client("admin")
    running = admin.get(API).json()["running"]
    accepted(admin.post(f"{API}/versions/{running}/draft", json={}))
    patch = [{"op": "add", "path": f"/{VIEW.replace('/', '~1')}/label", "value": label}]
    accepted(admin.patch(API, json={"patch": patch}))


def _ended(work: Work, job: str) -> None:
    client = work.clinic.client("admin")
    for _ in range(work.patience):
        if client.get(f"/api/v1/jobs/{job}").json()["state"] not in ("queued", "running"):
            return
        time.sleep(0.02)
    raise AssertionError("the publication does not end")


def _past_the_studio(work: Work, label: str) -> int:
    with work.site.database.write() as connection:
        source = dict(work.site.running(connection, "clinic").app.source)
        source["view/patients"] = {**source["view/patients"], "label": label}
        plan = publish.plan_publish(connection, link_stored(source))
        return apps.apply(work.site, connection, plan, work.clinic.viewer("admin"), None)


def _rows(by: Any, note: str) -> list[Row]:
    """The version, and the draft that stands on it from then on."""
    moved = {"step": ..., "kind": "publish", "about": ..., "documents": ..., "title": ...}
    return [by(log.PUBLISH, "admin", reason=note), by(log.DRAFT, "admin", facts=moved)]


@case(f"POST {ONE}/publish", f"POST {ONE}/rollback", f"POST {ONE}/versions/{{number}}/draft")
def api_publishing(work: Work) -> list[Row]:
    _changed(work, "一")
    admin = work.client("admin")
    done = accepted(admin.post(f"{API}/publish", json={"note": "One", "version": "41.0.0"}), 202)
    _ended(work, done.json()["id"])
    first = admin.get(f"{API}/versions").json()["items"][-1]["number"]
    back = admin.post(f"{API}/rollback", json={"number": first, "note": "Back"})
    _ended(work, accepted(back, 202).json()["id"])
    accepted(admin.post(f"{API}/versions/{first + 1}/draft", json={}))
    begun = {"step": ..., "kind": "version", "about": first + 1, "documents": ..., "title": ...}
    moved = {"step": ..., "kind": "merge", "about": ..., "documents": ..., "title": ...}
    return [
        *_rows(by_api, "One"),
        by_api(log.ROLLBACK, "admin", reason="Back"),
        by_api(log.DRAFT, "admin", facts=moved),
        by_api(log.DRAFT, "admin", facts=begun),
    ]


@case(f"POST {PAGE}/publish", f"POST {PAGE}/versions/{{number}}/draft")
def page_publishing(work: Work) -> list[Row]:
    _changed(work, "二")
    admin = work.browser("admin")
    form = {"note": "Two", "version": "42.0.0"}
    done = accepted(admin.post(f"{HERE}/publish", data=form, follow_redirects=False), 303)
    _ended(work, done.headers["location"].rpartition("/")[2])
    first = work.clinic.client("admin").get(f"{API}/versions").json()["items"][-1]["number"]
    accepted(admin.post(f"{HERE}/versions/{first}/draft", follow_redirects=False), 303)
    begun = {"step": ..., "kind": "version", "about": first, "documents": ..., "title": ...}
    return [*_rows(by_page, "Two"), by_page(log.DRAFT, "admin", facts=begun)]


@case(f"POST {ONE}/merge")
def api_merging(work: Work) -> list[Row]:
    _changed(work, "三")
    number = _past_the_studio(work, "甲")
    accepted(work.client("admin").post(f"{API}/merge", json={}))
    return [by_api(log.DRAFT, "admin", facts=_merged(number))]


@case(f"POST {PAGE}/merge")
def page_merging(work: Work) -> list[Row]:
    _changed(work, "四")
    number = _past_the_studio(work, "乙")
    accepted(work.browser("admin").post(f"{HERE}/merge", follow_redirects=False), 303)
    return [by_page(log.DRAFT, "admin", facts=_merged(number))]


@case(f"POST {PAGE}/trial", f"POST {PAGE}/trial/end")
def trials_told(work: Work) -> list[Row]:
    _changed(work, "五")
    admin = work.browser("admin")
    accepted(admin.post(f"{HERE}/trial", follow_redirects=False), 303)
    accepted(admin.post(f"{HERE}/trial/end", follow_redirects=False), 303)

    def told(what: str) -> Row:
        facts = {"kind": "trial", "what": what, "trial": ..., "step": ..., "rows": ...}
        row: Row = by_page(log.DRAFT, "admin", facts=facts)
        return row

    return [told("begun"), told("ended")]


def _merged(number: int) -> dict[str, Any]:
    return {"step": ..., "kind": "merge", "about": number, "documents": ..., "title": ...}
