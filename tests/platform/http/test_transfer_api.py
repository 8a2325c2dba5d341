"""Imports and exports are jobs: progress, result, and nobody else's."""

from __future__ import annotations

import io
import time
from typing import Any

import openpyxl

from clinic import PATH, Clinic
from dougong_platform.upkeep import Upkeep

PATIENT = f"{PATH}/patient"


def finished(clinic: Clinic, username: str, answer: Any, seconds: float = 20.0) -> dict[str, Any]:
    """The job that an answer began, once it has ended."""
    assert answer.status_code == 202, answer.text
    client = clinic.client(username)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        job: dict[str, Any] = client.get(answer.headers["location"]).json()
        if job["state"] in ("done", "failed"):
            return job
        time.sleep(0.02)
    raise AssertionError(f"not finished: {job}")


def upload(clinic: Clinic, username: str, text: str, **form: str) -> Any:
    files = {"file": ("patients.csv", text.encode(), "text/csv")}
    return clinic.client(username).post(f"{PATIENT}/import", files=files, data=form)


def test_a_file_is_read_in_and_out(clinic: Clinic) -> None:
    job = finished(
        clinic, "head_yu", upload(clinic, "head_yu", "name,mail\n甲,a@i.example\n乙,b@i.example\n")
    )
    assert job["state"] == "done", job
    assert job["outcome"]["created"] == 2
    asked = clinic.client("head_yu").post(
        f"{PATIENT}/export",
        json={
            "format": "csv",
            "filter": "CONTAINS(mail, '@i.example')",
            "fields": ["name", "mail"],
            "sort": "mail",
        },
    )
    out = finished(clinic, "head_yu", asked)
    assert out["state"] == "done", out
    file = clinic.client("head_yu").get(out["result_url"])
    assert file.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in file.headers["content-disposition"]
    lines = file.content.decode("utf-8-sig").splitlines()
    assert lines == ["name,mail", "甲,a@i.example", "乙,b@i.example"]


def test_a_workbook_too(clinic: Clinic) -> None:
    clinic.client("head_yu").post(PATIENT, json={"name": "工作簿", "mail": "x@w.example"})
    asked = clinic.client("head_yu").post(
        f"{PATIENT}/export", json={"format": "xlsx", "filter": "mail = 'x@w.example'", "fields": ["name"]}
    )
    out = finished(clinic, "head_yu", asked)
    book = openpyxl.load_workbook(io.BytesIO(clinic.client("head_yu").get(out["result_url"]).content))
    assert "工作簿" in str(list(book.worksheets[0].values))


def test_a_dry_run_writes_nothing_and_bad_rows_are_named(clinic: Clinic) -> None:
    head = clinic.client("head_yu")
    dry = finished(clinic, "head_yu", upload(clinic, "head_yu", "name\n预演\n", dry_run="true"))
    assert dry["outcome"]["created"] == 1
    bad = finished(
        clinic, "head_yu", upload(clinic, "head_yu", "name,mail\n坏行,no mail\n好行,ok@b.example\n")
    )
    assert bad["state"] == "failed"
    cell = bad["problem"]["problems"][0]
    assert (cell["type"], cell["line"], cell["column"], cell["value"]) == ("bad-row", 2, "mail", "no mail")
    found = head.get(PATIENT, params={"filter": "IN(name, '预演', '坏行', '好行')"})
    assert found.status_code == 200, found.text
    assert found.json()["items"] == []


def test_who_may_not_is_refused_at_once(clinic: Clinic) -> None:
    assert upload(clinic, "nurse_bai", "name\nx\n").status_code == 403
    assert clinic.client("nurse_bai").post(f"{PATIENT}/export", json={}).status_code == 403
    assert clinic.client().post(f"{PATIENT}/import", files={"file": b"name\nx\n"}).status_code == 401
    head = clinic.client("head_yu")
    assert head.post(f"{PATIENT}/export", json={"format": "pdf"}).status_code == 400
    assert head.post(f"{PATIENT}/export", json={"filter": "nonsense ="}).status_code == 400
    assert head.post(f"{PATIENT}/import", json={}).status_code == 415
    assert head.post(f"{PATIENT}/import", data={"key": "code"}, files={"other": b""}).status_code == 400


def test_a_job_is_its_owners_alone(clinic: Clinic) -> None:
    asked = clinic.client("head_yu").post(f"{PATIENT}/export", json={"fields": ["name"]})
    job = finished(clinic, "head_yu", asked)
    for other in ("dr_lin", "admin"):
        assert clinic.client(other).get(f"/api/v1/jobs/{job['id']}").status_code == 404
        assert clinic.client(other).get(job["result_url"]).status_code == 404
        assert clinic.client(other).get("/api/v1/jobs").json()["items"] == []
    looking_on = clinic.client("admin", **{"X-View-As": "head_yu"})
    assert looking_on.get(job["result_url"]).status_code == 403
    assert looking_on.post(f"{PATIENT}/export", json={}).status_code == 403
    assert clinic.client("head_yu").get("/api/v1/jobs/nonsense").status_code == 404


def test_a_job_is_cancelled_by_its_owner_or_an_administrator(clinic: Clinic) -> None:
    asked = clinic.client("head_yu").post(f"{PATIENT}/export", json={"fields": ["name"]})
    job = finished(clinic, "head_yu", asked)["id"]
    assert clinic.client("dr_lin").post(f"/api/v1/jobs/{job}/cancel").status_code == 404
    for person in ("head_yu", "admin"):
        told = clinic.client(person).post(f"/api/v1/jobs/{job}/cancel")
        assert (told.status_code, told.json()["state"]) == (202, "done"), "what is done stays done"
    looking_on = clinic.client("admin", **{"X-View-As": "head_yu"})
    assert looking_on.post(f"/api/v1/jobs/{job}/cancel").status_code == 403


def test_administrators_see_everyones_jobs_and_refreshes_but_not_what_came_of_them(clinic: Clinic) -> None:
    job = finished(clinic, "head_yu", upload(clinic, "head_yu", "name,mail\n见过,seen@j.example\n"))
    Upkeep(clinic.site).run_due()
    shown = clinic.browser("admin", **{"Accept-Language": "en"}).get("/admin/jobs")
    assert shown.status_code == 200
    row = shown.text.partition(f'data-job="{job["id"]}"')[2].partition("</tr>")[0]
    assert "Import" in row
    assert "Done" in row
    assert "seen@j.example" not in shown.text
    assert 'data-refresh="' in shown.text
    asked = clinic.browser("admin").post(f"/admin/jobs/{job['id']}/cancel", follow_redirects=False)
    assert asked.status_code == 303
    assert clinic.browser("head_yu").get("/admin/jobs").status_code == 403
    assert clinic.browser("head_yu").post(f"/admin/jobs/{job['id']}/cancel").status_code == 403
