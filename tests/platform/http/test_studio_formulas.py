"""Formulas and conditions in the studio, by their pages and by the interface, before a builder who may not see all."""

from __future__ import annotations

import html
import os
import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from clinic import FOLDER, Clinic, open_clinic
from dougong_runtime.formulas.tokens import LENGTH_MAX
from sites import install

STUDIO = "/studio/clinic"
API = "/api/v1/studio/clinic"
CHECK = "/entity~1visit/rules/0/check"
FRAGMENT = {"HX-Request": "true", "HX-Request-Type": "partial"}
EFFORT = int(os.environ.get("DOUGONG_TEST_EFFORT", "1"))
DATABASES = ("sqlite", "postgresql") if EFFORT > 1 else ("sqlite",)
"""What is asked of records here goes through the door that is tried on both; this is about who asks, and how."""


@pytest.fixture(scope="module", params=DATABASES)
def clinic(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    """The clinic, on one database."""
    with open_clinic(request.param, tmp_path_factory.mktemp("clinic")) as made:
        yield made


@pytest.fixture(scope="module", autouse=True)
def building(clinic: Clinic, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Who registers patients builds too: they see all patients, but neither what these spent nor their risk, their
    ids masked, and of visits the planned ones without fee. Three patients with visits are there."""
    folder = tmp_path_factory.mktemp("building") / "clinic"
    shutil.copytree(FOLDER, folder)
    roles = folder / "roles" / "doctor.yaml"
    text = roles.read_text()
    marked = text.replace("name: registrar\n", "name: registrar\nbuild: true\n")
    assert marked != text
    roles.write_text(marked)
    install(clinic.site, folder)
    for number, name in enumerate(("甲", "乙", "丙"), 1):
        made = clinic.make(
            "patient", name=name, risk="high", born_on="1980-01-01", mail=f"m{number}@x.example"
        )
        clinic.make("visit", patient=made["id"], fee=f"{number}11.00", stage="planned", note="备注")


@pytest.fixture(scope="module")
def builder(clinic: Clinic) -> str:
    """Somebody who registers, and nothing else."""
    return next(
        name for name in clinic.users if clinic.viewer(name).roles_in("clinic") == frozenset({"registrar"})
    )


def asked(clinic: Clinic, username: str, what: str, text: str, status: int = 200, **more: Any) -> Any:
    """What the interface says of a formula over patients."""
    sent = {"entity": "patient", "place": "filter", "text": text, **more}
    answer = clinic.client(username).post(f"{API}/formula/{what}", json=sent)
    assert answer.status_code == status, answer.text
    return answer.json()


def posted(clinic: Clinic, username: str, path: str, **sent: Any) -> str:
    """A part of the pages, as text."""
    whole = {"entity": "patient", "place": "filter", **sent}
    answer = clinic.browser(username).post(f"{STUDIO}/{path}", data=whole, headers=FRAGMENT)
    assert answer.status_code == 200, answer.text
    return str(answer.text)


def matched(pattern: str, text: str) -> str:
    """What stands where a pattern says, read as markup."""
    found = re.search(pattern, text)
    assert found is not None, text
    return html.unescape(found[1])


# --- the interface ------------------------------------------------------------------------------------------------
def test_a_formula_is_checked_completed_and_tried(clinic: Clinic, builder: str) -> None:
    found = asked(clinic, builder, "check", "namee = 'x' AND owner.name <> NULL")
    assert found["type"] is None
    assert found["problems"][0]["fix"] == {"offset": 0, "length": 5, "text": "name"}
    assert [c["label"] for c in found["chips"]] == ["Doctor › Name"]
    offers = asked(clinic, builder, "complete", "owner.na", cursor=8)
    assert (offers["start"], offers["end"]) == (6, 8)
    assert offers["items"][0]["insert"] == "name"
    functions = asked(clinic, builder, "complete", "ROUN", cursor=4)["items"]
    assert functions[0]["help"].keys() == {"zh", "en"}
    given = asked(clinic, builder, "results", "AGE(born_on) > 3")
    assert sorted((s["title"], s["value"]) for s in given["samples"]) == [
        ("丙", "Yes"),
        ("乙", "Yes"),
        ("甲", "Yes"),
    ]
    assert given["count"] == {"found": 3, "of": 3, "is_exact": True}
    assert asked(clinic, builder, "results", "name & '!'")["samples"][0]["value"].endswith("!")
    total = asked(clinic, builder, "results", "COUNT()", place="measure")["samples"]
    assert [s["value"] for s in total] == ["3"]


def test_what_stands_somewhere_is_judged_as_the_draft_has_it_there(clinic: Clinic, builder: str) -> None:
    at_rule = asked(clinic, builder, "check", "CHANGED(fee)", at=CHECK)
    assert at_rule["problems"] == []
    elsewhere = asked(clinic, builder, "check", "CHANGED(fee)", at="/view~1visits/filter")
    assert elsewhere["problems"] != []
    said = asked(clinic, builder, "results", "CHANGED(fee)", at=CHECK)
    assert (said["samples"], "change" in said["says"]) == ([], True)


# --- access -------------------------------------------------------------------------------------------------------
def test_a_builder_learns_nothing_of_what_they_may_not_see(clinic: Clinic, builder: str) -> None:
    for text, word in (
        ("risk = 'high'", "Risk"),
        ("spent > 100", "Spent"),
        ("IF(risk = 'high', 1, 0)", "Risk"),
        ("CONTAINS(id_number, '1')", "Resident id"),
        ("SUM(visits.fee) > 1", "Fee"),
        ("COUNT(visits, fee > 100)", "Fee"),
        ("segment", "Segment"),
    ):
        given = asked(clinic, builder, "results", text)
        assert (given["samples"], given["count"]) == ([], None), text
        assert word in given["says"], (text, given["says"])
        shown = posted(clinic, builder, "formula/look", text=text)
        assert "fx-given" not in shown, text
        assert not re.search(r"\d of \d", shown), text
        if asked(clinic, builder, "check", text)["type"]["kind"] == "boolean":
            counted = posted(clinic, builder, "condition/count", text=text)
            assert word in html.unescape(counted), counted
    assert asked(clinic, "head_yu", "results", "name", status=403)["problems"]
    assert clinic.client("nobody").post(f"{API}/formula/check", json={}).status_code == 404


def test_an_administrator_who_sees_no_records_is_told_so(clinic: Clinic) -> None:
    given = asked(clinic, "admin", "results", "name")
    assert (given["samples"], "may not see" in given["says"]) == ([], True)


def test_fields_of_the_draft_are_not_stored_yet_and_renamed_ones_are_found(
    clinic: Clinic, builder: str
) -> None:
    admin = clinic.client("admin")
    fields = admin.get(f"{API}/documents/entity/patient").json()["fields"]
    mail = next(f["id"] for f in fields if f["name"] == "mail")
    fresh = {"name": "nick", "type": "text", "label": "昵称"}
    patch = [
        {"op": "add", "path": "/entity~1patient/fields/-", "value": fresh},
        {"op": "replace", "path": f"/entity~1patient/fields/{mail}/name", "value": "letter"},
    ]
    assert admin.patch(API, json={"patch": patch}).status_code == 200
    try:
        assert "not stored yet" in asked(clinic, builder, "results", "nick")["says"]
        renamed = asked(clinic, builder, "results", "letter")
        assert sorted(s["value"] for s in renamed["samples"]) == [f"m{n}@x.example" for n in (1, 2, 3)]
    finally:
        assert admin.post(f"{API}/jump", json={"step": 0}).status_code == 200


# --- pages --------------------------------------------------------------------------------------------------------
def test_the_editor_works_without_a_script(clinic: Clinic, builder: str) -> None:
    browser = clinic.browser(builder)
    page = browser.get(f"{STUDIO}/formula", params={"at": CHECK}).text
    assert 'name="text"' in page
    assert "fee &gt;= 0</textarea>" in page
    for shelf in ("Fields", "Numbers", "Aggregates"):
        assert shelf in page
    sent = {"at": CHECK, "text": "feee >= 0", "seen": "fee >= 0"}
    wrong = browser.post(f"{STUDIO}/formula", data=sent).text
    fix = matched(r'name="fix" value="([^"]+)"', wrong)
    mended = browser.post(f"{STUDIO}/formula", data={**sent, "fix": fix}).text
    assert "fee &gt;= 0</textarea>" in mended
    assert "No problems" in mended


def test_a_formula_is_saved_as_one_act_against_the_value_that_was_seen(clinic: Clinic, builder: str) -> None:
    browser, admin = clinic.browser(builder), clinic.client("admin")
    sent = {"at": CHECK, "text": "fee >= 1", "seen": "fee >= 0"}
    saved = browser.post(f"{STUDIO}/formula/save", data=sent)
    assert "draft-changed" in saved.headers["HX-Trigger"]
    assert admin.get(f"{API}/documents/entity/visit").json()["rules"][0]["check"] == "fee >= 1"
    stale = browser.post(f"{STUDIO}/formula/save", data={**sent, "text": "fee >= 2"})
    assert "draft-refused" in stale.headers["HX-Trigger"]
    assert "fee &gt;= 1" in stale.text
    admin.post(f"{API}/jump", json={"step": 0})


def test_rows_are_read_from_a_formula_changed_and_written_again(clinic: Clinic, builder: str) -> None:
    text = "name <> NULL AND (owner = USER() OR COUNT(visits, stage = 'planned') >= 1)"
    drawn = posted(clinic, builder, "condition/line", text=text)
    rows = dict(re.findall(r'<input type="hidden" name="([a-z]+\.[0-9_a-z]+|node)" value="([^"]*)"', drawn))
    nodes = re.findall(r'name="node" value="([0-9_]+)"', drawn)
    assert nodes == ["0", "1", "1_0", "1_1", "1_1_0"]
    sent: dict[str, Any] = {
        "text": text, "node": nodes, "sort": "condition", "j.top": "and", "j.1": "or", "j.1_1": "and",
        **{f"k.{n}": "group" if n == "1" else "clause" for n in nodes},
        **{f"t.{n}": html.unescape(rows.get(f"t.{n}", "")) for n in nodes if n != "1"},
        "f.0": "name", "o.0": "filled", "f.1_0": "owner", "o.1_0": "mine",
        "f.1_1": "visits*", "a.1_1": "count", "o.1_1": "ge", "v.1_1": "1", "w.1_1": "value",
        "f.1_1_0": "stage", "o.1_1_0": "eq", "v.1_1_0": "planned", "w.1_1_0": "value",
    }  # fmt: skip

    def now(**more: Any) -> str:
        shown = posted(clinic, builder, "condition", **{**sent, **more})
        return matched(r'data-formula-now="([^"]*)"', shown)

    assert now() == text
    assert now(**{"v.1_1": "2"}) == text.replace(">= 1", ">= 2")
    assert now(**{"v.1_1_0": "open"}) == text.replace("planned", "open")
    assert now(do="drop:1_0") == "name <> NULL AND COUNT(visits, stage = 'planned') >= 1"
    assert now(**{"j.top": "or", "j.1": "and"}).startswith("name <> NULL OR (owner = USER() AND")
    assert now(**{"f.0": ["owner.", "team"], "o.0": "myteam"}).startswith("owner.team = USER().team AND")
    added = posted(clinic, builder, "condition", **{**sent, "do": "add"})
    assert "data-whole" not in added
    assert "it saves once given" in added


def test_a_sum_is_put_together_for_a_computed_field(clinic: Clinic, builder: str) -> None:
    at = "/entity~1patient/fields/visit_count/formula"
    fields = clinic.client("admin").get(f"{API}/documents/entity/patient").json()["fields"]
    at = at.replace("visit_count", next(f["id"] for f in fields if f["name"] == "visit_count"))
    drawn = posted(clinic, builder, "condition/line", at=at, text="COUNT(visits)")
    assert 'value="sum"' in drawn
    sent = {
        "at": at, "text": "COUNT(visits)", "sort": "sum", "node": ["0"], "k.0": "clause", "t.0": "COUNT(visits)",
        "f.0": "visits*", "a.0": "sum", "i.0": "cost",
    }  # fmt: skip
    made = posted(clinic, builder, "condition", **sent)
    assert 'data-formula-now="SUM(visits.cost)"' in made
    assert "data-whole" in made
    assert 'data-rows-do="sum"' in posted(clinic, builder, "condition/line", at=at, text="")


def test_a_condition_is_embedded_as_an_input_that_saves_itself(clinic: Clinic, builder: str) -> None:
    query = {"entity": "visit", "at": CHECK, "label": "Check"}
    shown = clinic.browser(builder).get(f"{STUDIO}/condition", params=query, headers=FRAGMENT).text
    assert 'data-formula="visit" data-pointer="/entity~1visit/rules/0/check"' in shown
    assert 'data-formula-seen="fee &gt;= 0"' in shown


# --- attacks ------------------------------------------------------------------------------------------------------
def test_hostile_questions_are_refused_or_answered_never_failed(clinic: Clinic, builder: str) -> None:
    for text in (
        "(" * LENGTH_MAX,
        "x" * (LENGTH_MAX * 9),
        "<script>alert(1)</script>",
        "'" * 100,
        "a.b" * 1_000,
    ):
        for what in ("check", "complete", "results"):
            more = {"cursor": len(text)} if what == "complete" else {}
            asked(clinic, builder, what, text, **more)
    for path in ("formula/look", "condition/line"):
        shown = posted(clinic, builder, path, text="name = '<img src=x onerror=1>'")
        assert "<img" not in shown
    client, browser = clinic.client(builder), clinic.browser(builder)
    for sent in (
        {"text": 3},
        {"at": "no pointer"},
        {"text": "x", "cursor": -1},
        {"foo": 1},
        {"text": "x" * 99_999},
    ):
        assert client.post(f"{API}/formula/complete", json=sent).status_code in (400, 413, 422), sent
    rows = {
        "node": ["0", "x", "0_0_0_0_0", "99999"],
        "k.0": "clause",
        "f.0": ["visits*", "../..", "name"],
        "o.0": "no",
    }
    assert (
        browser.post(f"{STUDIO}/condition", data={"entity": "patient", **rows}, headers=FRAGMENT).status_code
        == 200
    )
    many = {"node": [str(n) for n in range(900)], **{f"k.{n}": "clause" for n in range(900)}}
    assert (
        browser.post(f"{STUDIO}/condition", data={"entity": "patient", **many}, headers=FRAGMENT).status_code
        == 200
    )
