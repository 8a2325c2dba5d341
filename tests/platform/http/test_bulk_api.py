"""Many records at once over HTTP: tried, done, taken back; at once or as a job; never more than each record allows."""

from __future__ import annotations

import time
from typing import Any

import pytest

from clinic import PATH, Clinic
from dougong_platform import acts

PATIENT = f"{PATH}/patient"


def patients(clinic: Clinic, count: int, owner: str = "dr_lin", **values: Any) -> list[str]:
    """New patients of a doctor's; gives their ids."""
    return [
        clinic.make("patient", name=f"病人{n}", owner=clinic.users[owner], **values)["id"]
        for n in range(count)
    ]


def bulk(clinic: Clinic, username: str, **body: Any) -> Any:
    return clinic.client(username).post(f"{PATIENT}/bulk", json=body)


def seen(clinic: Clinic, id: str, field: str, username: str = "head_yu") -> Any:
    return clinic.client(username).get(f"{PATIENT}/{id}", params={"fields": field}).json().get(field)


def test_a_rehearsal_says_what_would_change_and_why_not_and_changes_nothing(clinic: Clinic) -> None:
    mine = patients(clinic, 2, born_on="1980-01-01")
    late = patients(clinic, 1, born_on="2020-01-01")
    others = patients(clinic, 1, "dr_mao")
    answer = bulk(
        clinic, "dr_lin", ids=[*mine, *late, *others], changes={"left_on": "2010-01-01"}, dry_run=True
    )
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["records"], told["tried"], told["changed"], told["refused"]) == (4, 4, 2, 2)
    assert {(r["type"], r["count"], tuple(r["examples"])) for r in told["reasons"]} == {
        ("rule", 1, tuple(late)),
        ("not-found", 1, tuple(others)),
    }
    sample = told["samples"][0]
    assert (sample["id"], sample["before"]["left_on"], sample["after"]["left_on"]) == (
        mine[0],
        None,
        "2010-01-01",
    )
    assert seen(clinic, mine[0], "left_on") is None


def test_it_is_all_or_nothing_unless_the_good_are_to_be_kept(clinic: Clinic) -> None:
    good, bad = patients(clinic, 1)[0], patients(clinic, 1, "dr_mao")[0]
    whole = bulk(clinic, "dr_lin", ids=[good, bad], changes={"consent": True})
    assert whole.status_code == 404
    assert seen(clinic, good, "consent") is False
    kept = bulk(clinic, "dr_lin", ids=[good, bad], changes={"consent": True}, keep_good=True).json()
    assert (kept["changed"], kept["refused"]) == (1, 1)
    assert seen(clinic, good, "consent") is True
    assert seen(clinic, bad, "consent") is False
    back = clinic.client("dr_lin").post(f"/api/v1/jobs/{kept['job']}/undo", json={})
    assert (back.status_code, back.json()["changed"]) == (200, 1)
    assert seen(clinic, good, "consent") is False


def test_a_warning_asks_for_its_reason(clinic: Clinic) -> None:
    severe = clinic.make("allergy", name="青霉素", severity="severe")["id"]
    ids = patients(clinic, 2, risk="high", allergies=[severe])
    asked = bulk(clinic, "head_yu", ids=ids, changes={"risk": "low"}, dry_run=True).json()
    assert [(w["rule"], w["count"]) for w in asked["warnings"]] == [("risk_without_reason", 2)]
    whole = bulk(clinic, "head_yu", ids=ids, changes={"risk": "low"})
    assert (whole.status_code, whole.json()["warnings"][0]["rule"]) == (422, "risk_without_reason")
    reasons = {"risk_without_reason": "seen by the head"}
    assert bulk(clinic, "head_yu", ids=ids, changes={"risk": "low"}, reasons=reasons).json()["changed"] == 2
    history = clinic.client("head_yu").get(f"{PATIENT}/{ids[0]}/history").json()["items"]
    assert history[0]["reason"] == "seen by the head"


def test_all_that_match_are_those_of_the_viewer(clinic: Clinic) -> None:
    mine, others = (
        patients(clinic, 3, mail="all@x.example"),
        patients(clinic, 2, "dr_mao", mail="all@x.example"),
    )
    rule = "mail = 'all@x.example'"
    done = bulk(clinic, "dr_lin", all=True, filter=rule, changes={"consent": True}).json()
    assert (done["records"], done["changed"]) == (3, 3)
    assert [seen(clinic, i, "consent") for i in (*mine, *others)] == [True] * 3 + [False] * 2
    # What one may not see is nothing to choose by, nor to be written.
    hidden = bulk(clinic, "desk_tao", all=True, filter="spent > 1", changes={"consent": True})
    assert (hidden.status_code, hidden.json()["problems"][0]["type"]) == (400, "bad-formula")
    masked = bulk(
        clinic, "nurse_bai", all=True, filter=rule + " AND id_number <> NULL", changes={"consent": True}
    )
    assert masked.json()["records"] == 0


@pytest.mark.parametrize(
    ("username", "changes", "kind"),
    [
        ("dr_lin", {"risk": "high"}, "read-only"),
        ("dr_lin", {"visit_count": 3}, "system-field"),
        ("dr_lin", {"phone": "•••••••5678"}, "read-only"),
        ("desk_tao", {"risk": "high"}, "unknown-name"),
        ("dr_lin", {"owner": "01900000-0000-7000-8000-000000000001"}, "invalid-value"),
    ],
)
def test_no_field_is_written_that_a_single_change_would_not_write(
    clinic: Clinic, username: str, changes: dict[str, Any], kind: str
) -> None:
    ids = patients(clinic, 2, phone=None)
    answer = bulk(clinic, username, ids=ids, changes=changes)
    assert answer.json()["problems"][0]["type"] == kind
    single = clinic.client(username).patch(f"{PATIENT}/{ids[0]}", json=changes)
    assert single.json()["problems"][0]["type"] == kind


def test_verbs_belong_to_who_holds_them(clinic: Clinic) -> None:
    ids = patients(clinic, 2)
    assert bulk(clinic, "dr_lin", ids=ids, verb="delete").status_code == 403
    assert bulk(clinic, "dr_lin", ids=ids, verb="share", user=clinic.users["dr_mao"]).status_code == 403
    gone = bulk(clinic, "head_yu", ids=ids, verb="delete").json()
    assert gone["changed"] == 2
    assert clinic.client("head_yu").get(f"{PATIENT}/{ids[0]}").status_code == 404
    back = bulk(clinic, "head_yu", ids=ids, verb="restore").json()
    assert back["changed"] == 2
    shared = bulk(clinic, "head_yu", ids=ids, verb="share", user=clinic.users["dr_mao"]).json()
    assert shared["changed"] == 2
    assert clinic.client("dr_mao").get(f"{PATIENT}/{ids[0]}").status_code == 200
    nobody = bulk(
        clinic, "clerk_du" if "clerk_du" in clinic.users else "stat_gu", ids=ids, changes={"name": "x"}
    )
    assert nobody.status_code == 403


def test_values_are_added_beside_those_that_are_there(clinic: Clinic) -> None:
    a, b = (clinic.make("allergy", name=name, severity="mild")["id"] for name in ("花粉", "尘螨"))
    ids = [*patients(clinic, 1, allergies=[a]), *patients(clinic, 1)]
    assert bulk(clinic, "dr_lin", ids=ids, add={"allergies": [b]}).json()["changed"] == 2
    assert seen(clinic, ids[0], "allergies") == [a, b]
    assert bulk(clinic, "dr_lin", ids=ids, remove={"allergies": [a]}).json()["same"] == 1
    assert seen(clinic, ids[0], "allergies") == [b]


def test_more_than_at_once_is_a_job_that_can_be_undone(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acts, "AT_ONCE_MAX", 3)
    ids = patients(clinic, 5, mail="job@x.example")
    rule = {"all": True, "filter": "mail = 'job@x.example'", "changes": {"name": "同名"}}
    assert bulk(clinic, "dr_lin", **rule).json()["problems"][0]["type"] == "part-by-part"
    job = ended(clinic, "dr_lin", bulk(clinic, "dr_lin", **rule, keep_good=True))
    assert (job["state"], job["kind"], job["done"], job["outcome"]["changed"]) == ("done", "act", 5, 5)
    # Another's job is nobody's to look at or to undo.
    for path in (f"/api/v1/jobs/{job['id']}", f"/api/v1/jobs/{job['id']}/undo"):
        client = clinic.client("dr_mao")
        answer = client.get(path) if not path.endswith("undo") else client.post(path, json={})
        assert answer.status_code == 404
    clinic.change("patient", ids[0], name="另改")
    undo = ended(clinic, "dr_lin", clinic.client("dr_lin").post(f"/api/v1/jobs/{job['id']}/undo", json={}))
    assert (undo["kind"], undo["outcome"]["changed"], undo["outcome"]["refused"]) == ("undo", 4, 1)
    assert [r["type"] for r in undo["outcome"]["reasons"]] == ["conflict"]
    assert seen(clinic, ids[0], "name") == "另改"
    assert seen(clinic, ids[1], "name") == "病人1"


def ended(clinic: Clinic, username: str, answer: Any) -> dict[str, Any]:
    assert answer.status_code == 202, answer.text
    until = time.monotonic() + 20
    while time.monotonic() < until:
        job: dict[str, Any] = clinic.client(username).get(answer.headers["location"]).json()
        if job["state"] not in ("queued", "running"):
            return job
        time.sleep(0.02)
    raise AssertionError(job)


def test_named_records_are_exported_in_their_order_and_no_others(clinic: Clinic) -> None:
    first, second = patients(clinic, 2)
    (other,) = patients(clinic, 1, "dr_mao")
    client = clinic.client("dr_lin")
    asked = {"ids": [second, other, first, "nonsense"], "fields": ["name"]}
    job = ended(clinic, "dr_lin", client.post(f"{PATIENT}/export", json=asked))
    assert (job["state"], job["outcome"]) == ("done", {"rows": 2})
    lines = client.get(job["result_url"]).content.decode("utf-8-sig").splitlines()
    assert lines == ["name", "病人1", "病人0"]


@pytest.mark.parametrize(
    "body",
    [
        {"changes": {"name": "x"}},
        {"ids": [], "all": True, "changes": {"name": "x"}},
        {"ids": "x", "changes": {"name": "x"}},
        {"ids": []},
        {"ids": [], "verb": "burn"},
        {"ids": [], "verb": "delete", "changes": {"name": "x"}},
        {"ids": [], "verb": "share"},
        {"ids": [], "changes": ["name"]},
        {"ids": [], "changes": {"name": "x"}, "reasons": {"a": ""}},
        {"ids": [], "changes": {"name": "x"}, "more": 1},
        {"ids": [], "verb": "share", "user": "x", "until": "tomorrow"},
    ],
)
def test_what_makes_no_sense_is_refused(clinic: Clinic, body: dict[str, Any]) -> None:
    assert clinic.client("head_yu").post(f"{PATIENT}/bulk", json=body).status_code == 400


def test_a_browser_needs_the_word_against_forged_requests(clinic: Clinic) -> None:
    ids = patients(clinic, 1)
    forged = clinic.browser("dr_lin", **{"X-CSRF-Token": "forged"})
    answer = forged.post(f"{PATIENT}/bulk", json={"ids": ids, "changes": {"name": "x"}})
    assert answer.status_code == 403
    assert seen(clinic, ids[0], "name") == "病人0"
