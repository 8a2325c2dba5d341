"""Forms and pages on their canvases, and previews of them: who sees what, that nothing is ever written, that only the
studio may frame it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import sqlalchemy as sa

from clinic import SYSTEM, Clinic
from dougong_designer import layouts
from dougong_platform import apps
from dougong_runtime import publish
from dougong_runtime.audit import log
from dougong_runtime.model.link import link_stored

STUDIO = "/studio/clinic"
API = "/api/v1/studio/clinic"
FORM, PAGE = f"{STUDIO}/form/patient_form", f"{STUDIO}/page/patient_overview"
SHOWN = f"{STUDIO}/preview/form/patient_form"


def document(clinic: Clinic, key: str = "form/patient_form") -> dict[str, Any]:
    found: dict[str, Any] = clinic.client("admin").get(f"{API}/documents/{key}").json()
    return found


def back(clinic: Clinic) -> None:
    clinic.client("admin").post(f"{API}/jump", json={"step": 0})
    assert clinic.client("admin").get(API).json()["changed"] == []


def told(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = json.loads(answer.headers["HX-Trigger"])
    return found


def patch(clinic: Clinic, *operations: dict[str, Any]) -> None:
    answer = clinic.client("admin").patch(API, json={"patch": list(operations)})
    assert answer.status_code == 200, answer.text


def part_ids(clinic: Clinic) -> list[str]:
    return [str(f.node["id"]) for f in layouts.walk(document(clinic))]


@pytest.fixture(scope="module")
def seen(clinic: Clinic) -> dict[str, str]:
    """A head of department who may build, and two patients: one of hers, one of nobody's whom she may not read."""
    with clinic.site.database.write() as connection:
        source = dict(clinic.site.running(connection, "clinic").app.source)
        source["role/head"] = {**source["role/head"], "build": True}
        plan = publish.plan_publish(connection, link_stored(source))
        apps.apply(clinic.site, connection, plan, SYSTEM, "a builder")
    owner = clinic.users["dr_lin"]
    mine = clinic.make("patient", name="Ann", phone="13800000001", owner=owner, risk="high")
    other = clinic.make("patient", name="Zed", phone="13900000009", owner=clinic.users["nobody"])
    for n in range(2):
        clinic.make(
            "visit",
            patient=mine["id"],
            doctor=owner,
            visited_at=f"2026-03-0{n + 1}T02:00:00Z",
            reason="check",
        )
    return {"mine": mine["id"], "other": other["id"]}


def test_a_form_is_built_by_acts_and_each_is_one_step(clinic: Clinic, seen: dict[str, str]) -> None:
    browser = clinic.browser("head_yu")
    page = browser.get(FORM).text
    assert 'data-palette="field" data-field="code"' in page
    assert 'data-palette="money"' in page
    assert 'data-document="form/patient_form"' in page
    basics, care = part_ids(clinic)[:2]
    step = browser.post(
        f"{FORM}/do", data={"do": "place", "field": "code", "into": basics, "before": "phone"}
    )
    assert told(step)["layout-chosen"]["at"] == f"{basics}.code"
    assert told(step)["draft-changed"]["documents"] == ["form/patient_form"]
    assert f'data-spot="{basics}.code"' in step.text
    made = told(browser.post(f"{FORM}/do", data={"do": "field", "type": "date", "into": care, "width": "2"}))
    assert sorted(made["draft-changed"]["documents"]) == ["entity/patient", "form/patient_form"]
    new = made["layout-chosen"]["at"]
    told(
        browser.post(
            f"{FORM}/do", data={"do": "set", "at": new, "property": "show", "value": "risk = 'high'"}
        )
    )
    told(browser.post(f"{FORM}/do", data={"do": "step", "at": new, "way": "up"}))
    told(browser.post(f"{FORM}/do", data={"do": "width", "at": f"{basics}.name", "width": "2"}))
    told(browser.post(f"{FORM}/do", data={"do": "part", "part": "section", "into": "", "before": care}))
    form = document(clinic)
    assert form["layout"][0]["fields"][:3] == [{"field": "name", "width": 2}, "code", "phone"]
    assert form["layout"][1]["section"] == {"zh": "新分区", "en": "New section"}
    panel = browser.get(f"{FORM}/properties?at={new}").text
    assert 'name="show" value="risk = &#39;high&#39;"' in panel
    assert re.search(r"Analyst</span><span class=\"chip c-gray\">Hidden", panel)
    assert "of 1" in browser.get(f"{FORM}/touched?at={basics}.name").text.lower()
    for data in (
        {"do": "move", "at": f"{basics}.nothing", "into": care},
        {"do": "move", "at": basics, "into": care},
        {"do": "set", "at": basics, "property": "columns", "value": "many"},
    ):
        refused = browser.post(f"{FORM}/do", data=data)
        assert "draft-refused" in refused.headers["HX-Trigger"], data
        assert refused.headers["HX-Reswap"] == "none"
    for data in (
        {"do": "nonsense"},
        {"do": "step", "at": basics, "way": "away"},
        {"do": "set", "property": "kind"},
    ):
        assert browser.post(f"{FORM}/do", data=data).status_code == 404
    assert document(clinic) == form
    taken = told(browser.post(f"{FORM}/do", data={"do": "take_out", "at": basics}))
    assert taken["layout-chosen"]["at"] == ""
    assert 'data-field="phone"' in browser.get(f"{FORM}/palette").text
    back(clinic)


def test_two_builders_of_one_form_do_not_overwrite_each_other(clinic: Clinic, seen: dict[str, str]) -> None:
    """Each acts on what they see; the other's act lies between. Both stand, and each can be taken back by its own."""
    one, other = clinic.browser("head_yu"), clinic.browser("admin")
    basics, care = part_ids(clinic)[:2]
    told(one.post(f"{FORM}/do", data={"do": "move", "at": f"{basics}.name", "into": care, "before": "owner"}))
    told(other.post(f"{FORM}/do", data={"do": "place", "field": "code", "into": care, "before": "owner"}))
    told(one.post(f"{FORM}/do", data={"do": "width", "at": f"{care}.consent", "width": "2"}))
    assert document(clinic)["layout"][1]["fields"][:4] == ["risk", "name", "code", "owner"]
    gone = other.post(f"{FORM}/do", data={"do": "width", "at": f"{basics}.name", "width": "2"})
    assert "draft-refused" in gone.headers["HX-Trigger"]
    assert "meanwhile been changed" in gone.text
    told(one.post(f"{STUDIO}/undo"))
    assert document(clinic)["layout"][1]["fields"][:4] == ["risk", "name", "code", "owner"]
    back(clinic)


def test_who_may_not_build_sees_no_canvas_and_no_preview(clinic: Clinic, seen: dict[str, str]) -> None:
    for who, status in (("dr_lin", 403), ("nobody", 404)):
        browser = clinic.browser(who)
        for path in (
            FORM,
            f"{FORM}/paper",
            f"{FORM}/properties",
            SHOWN,
            f"{STUDIO}/preview/page/patient_overview",
        ):
            assert browser.get(path).status_code in (status, 200)
            assert "Ann" not in browser.get(path).text
        assert browser.post(f"{FORM}/do", data={"do": "take_out", "at": "x"}).status_code == status
        assert browser.post(SHOWN, data={"name": "x"}).status_code == status


def test_a_page_is_built_of_blocks_that_show_what_the_builder_may_read(
    clinic: Clinic, seen: dict[str, str]
) -> None:
    browser = clinic.browser("head_yu")
    page = browser.get(PAGE).text
    for kind in ("metric", "timeline", "comments", "tabs"):
        assert f'data-palette="{kind}"' in page
    made = told(browser.post(f"{PAGE}/do", data={"do": "part", "part": "list", "into": "", "before": ""}))
    at = made["layout-chosen"]["at"]
    told(browser.post(f"{PAGE}/do", data={"do": "width", "at": at, "width": "4"}))
    block = document(clinic, "page/patient_overview")["blocks"][-1]
    assert (block["id"], block["width"]) == (at, 4)
    live = browser.get(f"{STUDIO}/preview/page/patient_overview/block?at={at}&record={seen['mine']}").text
    assert "data-list" in live
    shown = browser.get(f"{STUDIO}/preview/page/patient_overview?record={seen['mine']}").text
    assert ">Ann<" in shown
    hidden = browser.get(f"{STUDIO}/preview/page/patient_overview?record={seen['other']}").text
    assert "Zed" not in hidden
    back(clinic)


def test_a_preview_is_live_and_never_writes(clinic: Clinic, seen: dict[str, str]) -> None:
    browser = clinic.browser("head_yu")
    answer = browser.get(f"{SHOWN}?record={seen['mine']}")
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]
    assert browser.get(FORM).headers["X-Frame-Options"] == "DENY"
    assert 'value="Ann"' in answer.text
    sent = {"record": seen["mine"], "name": "Bea", "phone": "13800000001"}
    asked = browser.post(f"{SHOWN}/conditions", data={**sent, "_picker": ""}).json()
    assert asked["fields"]["name"]["required"] is True
    assert asked["fields"]["left_on"]["show"] is False
    before = counts(clinic)
    saved = browser.post(SHOWN, data=sent)
    assert saved.status_code == 200
    assert "nothing was written" in saved.text
    empty = browser.post(SHOWN, data={"name": "", "record": ""})
    assert empty.status_code == 422
    assert 'data-goes-to="name"' in empty.text
    wrong = browser.post(f"{SHOWN}/check", data={**sent, "name": "", "_touched": ["name"]}).json()
    assert wrong["errors"]["name"]
    assert counts(clinic) == before
    english = browser.get(f"{SHOWN}?lang=zh").text
    assert "新建病人" in english


def counts(clinic: Clinic) -> tuple[int, int, str]:
    """How many patients and audit rows there are, and what the first is called."""
    with clinic.site.database.read() as connection:
        patients = clinic.site.running(connection, "clinic").tables.of("patient")
        count = connection.scalar(sa.select(sa.func.count()).select_from(patients)) or 0
        audit = connection.scalar(sa.select(sa.func.count()).select_from(log.dg_audit)) or 0
        name = connection.scalar(sa.select(patients.c.name).where(patients.c.phone == "13800000001")) or ""
    return count, audit, name


def test_a_field_without_a_column_is_shown_empty_and_said_so(clinic: Clinic, seen: dict[str, str]) -> None:
    browser = clinic.browser("head_yu")
    basics = part_ids(clinic)[0]
    told(browser.post(f"{FORM}/do", data={"do": "field", "type": "text", "into": basics, "before": "name"}))
    shown = browser.get(f"{SHOWN}?record={seen['mine']}").text
    assert "Fields without a column yet" in shown
    assert 'data-placed="text"' in shown
    assert 'value="Ann"' in shown
    assert (
        "can be tried once published"
        in browser.post(SHOWN, data={"record": seen["mine"], "name": "Bea"}).text
    )
    listed = browser.get(f"{STUDIO}/preview/page/patient_overview?record={seen['mine']}")
    assert ">Ann<" in listed.text
    back(clinic)


def test_a_builder_cannot_widen_what_they_see_by_the_draft(clinic: Clinic, seen: dict[str, str]) -> None:
    """Roles, masks and formulas of the draft do not count for oneself before they are published."""
    browser = clinic.browser("head_yu")
    role = document(clinic, "role/head")
    grants = {g["entity"]: g["id"] for g in role["grants"]}
    new = {"name": "told", "type": "formula", "formula": "phone & ''", "result": "text", "label": "Told"}
    patch(
        clinic,
        {"op": "replace", "path": f"/role~1head/grants/{grants['patient']}/rows", "value": "all"},
        {"op": "add", "path": "/entity~1patient/fields/-", "value": new},
        {
            "op": "replace",
            "path": "/page~1patient_overview/blocks",
            "value": [{"fields": ["name", "told", "phone"]}],
        },
    )
    assert (
        browser.get(f"{STUDIO}/preview/page/patient_overview?record={seen['other']}").text.count("Zed") == 0
    )
    assert "Zed" not in browser.get(f"{SHOWN}?record={seen['other']}").text
    assert "Zed" not in browser.get(f"{STUDIO}/preview/tools/form/patient_form").text
    assert "Ann" in browser.get(f"{STUDIO}/preview/page/patient_overview?record={seen['mine']}").text
    as_role = f"record={seen['other']}&as=role:head"
    assert "Zed" not in browser.get(f"{SHOWN}?{as_role}").text
    assert browser.get(f"{STUDIO}/preview/tools/form/patient_form").text.count('name="as"') == 0
    admin_tools = f"{STUDIO}/preview/tools/form/patient_form"
    assert "Ann" not in clinic.browser("admin").get(admin_tools).text
    by_person = clinic.browser("admin").get(f"{admin_tools}?as=person:dr_lin").text
    assert "Ann" in by_person
    assert "Zed" not in by_person
    assert 'value="dr_lin"' in by_person
    assert "Zed" not in browser.get(f"{admin_tools}?as=role:head").text
    # Who administers looks on as a role by the draft's own rules, and that is in the audit.
    admin = clinic.browser("admin")
    assert "Zed" in admin.get(f"{SHOWN}?{as_role}").text
    assert "Zed" not in admin.get(f"{SHOWN}?record={seen['other']}").text
    masked = admin.get(f"{SHOWN}?record={seen['mine']}&as=person:dr_lin").text
    assert "13800000001" not in masked
    assert "Ann" in masked
    with clinic.site.database.read() as connection:
        facts = (
            connection.execute(sa.select(log.dg_audit.c.facts).where(log.dg_audit.c.action == log.VIEW_AS))
            .scalars()
            .all()
        )
    seen_as = [json.loads(f) if isinstance(f, str) else f for f in facts]
    assert {"role": "clinic.head"} in seen_as
    assert {"username": "dr_lin"} in seen_as
    assert (
        admin.post(SHOWN, data={"record": seen["mine"], "name": "Bea", "as": "role:head"}).status_code == 200
    )
    back(clinic)
