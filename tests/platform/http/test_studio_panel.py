"""The property panel and the canvases of workflows, reports, dashboards, settings and the rest, over HTTP."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from clinic import SYSTEM, Clinic
from dougong_platform import apps
from dougong_runtime import publish
from dougong_runtime.model.link import link_stored

API = "/api/v1/studio/clinic"
STUDIO = "/studio/clinic"
FLOW = "/workflow~1call_back"
DOCUMENTS = (
    "workflow/call_back",
    "report/visits_by_doctor",
    "dashboard/overview",
    "settings/thresholds",
    "message/visit_missed",
    "calendar/clinic_days",
    "connector/laboratory",
    "app/clinic",
)


@pytest.fixture(scope="module", autouse=True)
def building(clinic: Clinic) -> None:
    """Doctors may build too."""
    with clinic.site.database.write() as connection:
        source = dict(clinic.site.running(connection, "clinic").app.source)
        source["role/doctor"] = {**source["role/doctor"], "build": True}
        apps.apply(clinic.site, connection, publish.plan_publish(connection, link_stored(source)), SYSTEM)


@pytest.fixture(autouse=True)
def as_published(clinic: Clinic) -> Iterator[None]:
    """Each test begins with the draft as it was published."""
    yield
    clinic.client("admin").post(f"{API}/jump", json={"step": 0})


def panel(browser: TestClient, at: str) -> str:
    answer = browser.get(f"{STUDIO}/panel?at={quote(at)}")
    assert answer.status_code == 200, answer.text
    return answer.text


def post(browser: TestClient, at: str, **values: Any) -> Any:
    return browser.post(f"{STUDIO}/panel", data={"at": at, **values})


def document(clinic: Clinic, key: str) -> dict[str, Any]:
    found: dict[str, Any] = clinic.client("admin").get(f"{API}/documents/{key}").json()
    return found


def seen(markup: str) -> str:
    found = re.search(r'name="seen" value="([^"]*)"', markup)
    assert found is not None
    return html.unescape(found[1])


def test_every_kind_has_a_canvas_with_the_panel_beside(clinic: Clinic) -> None:
    for language, word in (("zh", "属性"), ("en", "Properties")):
        browser = clinic.browser("admin", **{"Accept-Language": language})
        for key in DOCUMENTS:
            answer = browser.get(f"{STUDIO}/{key}?lang={language}")
            assert answer.status_code == 200, answer.text[-300:]
            assert 'id="s-canvas"' in answer.text
            assert 'id="s-panel"' in answer.text
            assert word in answer.text
            again = browser.get(f"{STUDIO}/outline?at=/{key.replace('/', '~1')}")
            assert again.status_code == 200
            assert "<html" not in again.text
    step = browser.get(f"{STUDIO}/workflow/call_back?at=wait").text
    assert f'data-at="{FLOW}/steps/wait"' in step
    assert f'data-at="{FLOW}"' in browser.get(f"{STUDIO}/workflow/call_back?at=/nonsense/x").text


def test_a_property_is_set_cleared_and_put_back(clinic: Clinic) -> None:
    browser = clinic.browser("admin")
    at = f"{FLOW}/steps/wait/until"
    before = panel(browser, f"{FLOW}/steps/wait")
    assert 'data-property="until"' in before
    answer = post(browser, at, until="steps.next.visited_at + 2", seen=json.dumps("steps.next.visited_at"))
    told = json.loads(answer.headers["HX-Trigger"])["draft-changed"]
    assert told["documents"] == ["workflow/call_back"]
    assert seen(answer.text) == '"steps.next.visited_at + 2"'
    assert document(clinic, "workflow/call_back")["steps"][1]["until"] == "steps.next.visited_at + 2"
    assert 'class="new"' in answer.text
    still = post(browser, at, until="steps.next.visited_at + 2")
    assert "HX-Trigger" not in still.headers, "setting what it is is no act"
    cleared = post(browser, at, do="clear")
    assert "HX-Trigger" in cleared.headers
    assert "until" not in document(clinic, "workflow/call_back")["steps"][1]
    off = post(browser, f"{FLOW}/active")
    assert "HX-Trigger" in off.headers
    assert document(clinic, "workflow/call_back")["active"] is False
    on = post(browser, f"{FLOW}/active", active="true")
    assert "HX-Trigger" in on.headers
    assert "active" not in document(clinic, "workflow/call_back"), "it was not stated before"
    label = post(browser, f"{FLOW}/label", **{"label.zh": "回访病人", "label.en": "Call back"})
    assert "HX-Trigger" in label.headers
    assert document(clinic, "workflow/call_back")["label"] == {"zh": "回访病人", "en": "Call back"}


def test_lists_of_names_and_maps_are_changed_entry_by_entry(clinic: Clinic) -> None:
    browser = clinic.browser("admin")
    at = "/dashboard~1overview/roles"
    post(browser, at, roles=["head", "doctor", ""])
    assert document(clinic, "dashboard/overview")["roles"] == ["head", "doctor"]
    post(browser, at, roles=["head", "doctor", ""], do="up:1")
    assert document(clinic, "dashboard/overview")["roles"] == ["doctor", "head"]
    post(browser, at, roles=["doctor", "head", ""], do="drop:0")
    assert document(clinic, "dashboard/overview")["roles"] == ["head"]
    values = f"{FLOW}/steps/next/values"
    given = document(clinic, "workflow/call_back")["steps"][0]["values"]
    answer = post(
        browser,
        values,
        **{"values.key": [*given, "reason", ""], "values.value": [*given.values(), "'复查'", ""]},
    )
    assert answer.status_code == 200
    assert document(clinic, "workflow/call_back")["steps"][0]["values"] == {**given, "reason": "'复查'"}


def test_refusals_stand_beside_the_input_with_what_was_entered(clinic: Clinic) -> None:
    browser = clinic.browser("admin")
    days = "/settings~1thresholds/values"
    one = document(clinic, "settings/thresholds")["values"][1]["id"]
    answer = post(browser, f"{days}/{one}/scale", scale="many")
    assert answer.status_code == 200
    assert "HX-Trigger" not in answer.headers
    assert 'aria-invalid="true"' in answer.text
    assert 'value="many"' in answer.text
    assert "is a whole number" in answer.text
    beyond = post(browser, f"{days}/{one}/scale", scale="99")
    assert 'aria-invalid="true"' in beyond.text
    assert 'role="alert"' in beyond.text
    assert document(clinic, "settings/thresholds")["values"][1].get("scale") is None
    broken = post(browser, "/role~1doctor/forbid", forbid="[a, [b")
    assert 'aria-invalid="true"' in broken.text


def test_another_builders_value_is_not_overwritten_unseen(clinic: Clinic) -> None:
    at = f"{FLOW}/steps/wait/until"
    first = post(clinic.browser("dr_lin"), at, until="TODAY()", seen='"steps.next.visited_at"')
    assert "HX-Trigger" in first.headers
    late = post(clinic.browser("admin"), at, until="TODAY() + 9", seen='"steps.next.visited_at"')
    assert "HX-Trigger" not in late.headers
    assert "has meanwhile been changed by" in html.unescape(late.text)
    assert document(clinic, "workflow/call_back")["steps"][1]["until"] == "TODAY()"
    known = post(clinic.browser("admin"), at, until="TODAY() + 9", seen=seen(late.text))
    assert "HX-Trigger" in known.headers
    own = post(clinic.browser("admin"), at, until="TODAY() + 10", seen='"TODAY()"')
    assert "HX-Trigger" in own.headers, "one's own value is no surprise"


def test_members_are_added_moved_doubled_and_taken_out(clinic: Clinic) -> None:
    browser = clinic.browser("admin")
    steps = f"{FLOW}/steps"

    def kinds() -> list[str]:
        return [one["do"] for one in document(clinic, "workflow/call_back")["steps"]]

    added = post(browser, steps, do="add", kind="assign", before="wait")
    chosen = json.loads(added.headers["HX-Trigger"])["member-chosen"]["at"]
    assert kinds() == ["create_record", "assign", "wait", "branch"]
    assert panel(browser, chosen)
    post(browser, chosen, do="move", to=f"{steps}/late/then", before="tell")
    assert kinds() == ["create_record", "wait", "branch"]
    late = document(clinic, "workflow/call_back")["steps"][2]
    assert [one["do"] for one in late["then"]] == ["assign", "notify"]
    post(browser, f"{steps}/wait", do="duplicate")
    assert kinds() == ["create_record", "wait", "wait", "branch"]
    post(browser, f"{steps}/wait", do="remove")
    assert kinds() == ["create_record", "wait", "branch"]
    inside = post(browser, f"{steps}/late", do="move", to=f"{steps}/late/then")
    assert inside.status_code == 404
    menu = browser.get(f"{STUDIO}/member-menu?at={quote(steps)}/late")
    assert "Move up" in menu.text
    offered = browser.get(f"{STUDIO}/insert-menu?list={quote(steps)}&before=late")
    assert "Create a record" in offered.text
    row = post(
        browser, "/report~1visits_by_doctor/rows", do="add", given='{"field": "visited_at", "by": "month"}'
    )
    assert "HX-Trigger" in row.headers
    rows = document(clinic, "report/visits_by_doctor")["rows"]
    assert [one if isinstance(one, str) else (one["field"], one["by"]) for one in rows] == [
        "doctor",
        ("visited_at", "month"),
    ]


def test_a_name_is_rewritten_wherever_it_is_said(clinic: Clinic) -> None:
    browser = clinic.browser("admin")
    answer = post(browser, f"{FLOW}/steps/next/id", id="visit_to_come")
    assert "HX-Trigger" in answer.headers
    steps = document(clinic, "workflow/call_back")["steps"]
    assert steps[1]["until"] == "steps.visit_to_come.visited_at"
    assert steps[2]["if"] == "steps.visit_to_come.stage = 'planned'"
    moved = post(browser, f"{FLOW}/name", name="after_visit")
    assert moved.headers["HX-Redirect"] == f"{STUDIO}/workflow/after_visit"
    assert document(clinic, "workflow/after_visit")["name"] == "after_visit"


def test_blocks_are_put_and_stretched_on_the_grid(clinic: Clinic) -> None:
    browser = clinic.browser("admin")
    blocks = "/dashboard~1overview/blocks"
    first, second = (one["id"] for one in document(clinic, "dashboard/overview")["blocks"])

    def boxes() -> list[tuple[int, ...]]:
        found = document(clinic, "dashboard/overview")["blocks"]
        return [tuple(one[name] for name in "xywh") for one in found]

    answer = browser.post(f"{STUDIO}/grid", data={"at": f"{blocks}/{first}", "w": "9"})
    assert "HX-Trigger" in answer.headers
    assert boxes() == [(0, 0, 9, 4), (6, 4, 6, 4)]
    same = browser.post(f"{STUDIO}/grid", data={"at": f"{blocks}/{first}", "w": "9"})
    assert "HX-Trigger" not in same.headers
    browser.post(f"{STUDIO}/grid", data={"at": f"{blocks}/{second}", "x": "99", "y": "0", "h": "2"})
    assert boxes() == [(0, 2, 9, 4), (6, 0, 6, 2)]
    added = browser.post(
        f"{STUDIO}/grid",
        data={
            "list": blocks,
            "kind": "report",
            "given": '{"report": "visits_by_doctor"}',
            "x": "0",
            "y": "50",
        },
    )
    at = json.loads(added.headers["HX-Trigger"])["member-chosen"]["at"]
    assert "visits_by_doctor" in panel(browser, at)
    assert boxes()[2] == (0, 6, 6, 4)


HOSTILE = (
    {"at": ""},
    {"at": "nonsense"},
    {"at": "/file~1x/y"},
    {"at": f"{FLOW}/steps/nobody/until", "until": "1"},
    {"at": f"{FLOW}/kind", "kind": "entity"},
    {"at": f"{FLOW}/steps", "steps": "[]"},
    {"at": f"{FLOW}/steps", "do": "add", "kind": "nonsense"},
    {"at": f"{FLOW}/steps", "do": "add", "kind": "wait", "given": "[["},
    {"at": f"{FLOW}/steps/wait", "do": "move", "to": "/nothing/at/all"},
    {"at": f"{FLOW}/label", "do": "shape", "shape": "77"},
    {"at": "/entity~1" + "/x" * 300, "x": "1"},
    {"at": f"{FLOW}/label", "label.zh": "x" * 200_000},
)


def test_hostile_values_change_nothing(clinic: Clinic) -> None:
    browser = clinic.browser("admin")
    before = clinic.client("admin").get(API).json()["revision"]
    for values in HOSTILE:
        answer = browser.post(f"{STUDIO}/panel", data=values)
        assert answer.status_code < 500, values
        assert "HX-Trigger" not in answer.headers or "draft-refused" in answer.headers["HX-Trigger"], values
    for values in (
        {"at": "/dashboard~1overview/blocks/nobody"},
        {"at": f"{FLOW}/steps/wait", "x": "1"},
        {"list": f"{FLOW}/steps", "kind": "wait"},
        {"list": "/dashboard~1overview/blocks", "kind": "report", "given": "3"},
    ):
        assert browser.post(f"{STUDIO}/grid", data=values).status_code == 404, values
    markup = post(browser, f"{FLOW}/steps/wait/until", until='"><script>alert(1)</script>').text
    assert "<script>alert" not in markup
    clinic.client("admin").post(f"{API}/undo")
    after = clinic.client("admin").get(API).json()["revision"]
    assert after == before + 2


def test_who_may_not_build_sees_no_panel(clinic: Clinic) -> None:
    for username, status in (("nurse_bai", 403), ("nobody", 404)):
        browser = clinic.browser(username)
        for path in (f"panel?at={FLOW}", f"outline?at={FLOW}", f"insert-menu?list={FLOW}/steps"):
            assert browser.get(f"{STUDIO}/{path}").status_code == status
        assert post(browser, f"{FLOW}/label", **{"label.zh": "x"}).status_code == status
        assert (
            browser.post(f"{STUDIO}/grid", data={"at": "/dashboard~1overview/blocks/0"}).status_code == status
        )
