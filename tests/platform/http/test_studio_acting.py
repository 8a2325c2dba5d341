"""Acts on a canvas: their answer shows what they made, without what is on the screen; and what somebody else has changed
meanwhile is asked about, whatever the act."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest

from clinic import Clinic
from studio_entity_doors import fields_of

STUDIO = "/studio/clinic"
API = f"/api/v1{STUDIO}"
VISIT = f"{STUDIO}/entity/visit"
ROW = re.compile(r'<tr id="f-(\w+)"( data-as-it-was)?')


pytestmark = pytest.mark.usefixtures("building")


def revision(clinic: Clinic) -> int:
    return int(clinic.client("head_yu").get(API).json()["revision"])


def field(clinic: Clinic, name: str) -> dict[str, Any]:
    entity = clinic.client("head_yu").get(f"{API}/documents/entity/visit").json()
    return next(f for f in entity["fields"] if f["name"] == name)


def renamed_by_another(clinic: Clinic, name: str, label: str) -> str:
    """Somebody else calls a field otherwise; gives its id."""
    place = fields_of(clinic.client("head_yu"), "visit")[name]
    patch = [
        {"op": "replace", "path": f"/entity~1visit/fields/{place}/label", "value": {"zh": label, "en": label}}
    ]
    answer = clinic.client("dr_lin").patch(API, json={"patch": patch})
    assert answer.status_code == 200, answer.text
    return place


def test_an_answer_brings_the_rows_that_differ_and_the_places_of_the_others(clinic: Clinic) -> None:
    yu, shown = clinic.browser("head_yu"), revision(clinic)
    before = ROW.findall(yu.get(f"{VISIT}/part/canvas?tab=fields").text)
    assert before
    assert not any(same for _, same in before)
    answer = yu.post(
        f"{VISIT}/do/add?tab=fields&shown={shown}", data={"type": "boolean", "before": before[1][0]}
    )
    rows = ROW.findall(answer.text)
    made = json.loads(answer.headers["HX-Trigger"])["entity-chosen"]["at"]
    assert [one for one, _ in rows] == [before[0][0], made, *(one for one, _ in before[1:])]
    assert [one for one, same in rows if not same] == [made]
    assert f'data-revision="{shown + 1}"' in answer.text
    # Who has something older on the screen gets all of it.
    late = yu.post(f"{VISIT}/do/add?tab=fields&shown={shown}", data={"type": "boolean"}).text
    assert len(ROW.findall(late)) == len(rows) + 1
    assert not any(same for _, same in ROW.findall(late))
    # A row that another act of the answer changes is sent as it is.
    moved = yu.post(
        f"{VISIT}/do/field?tab=fields&shown={revision(clinic)}",
        data={"at": made, "property": "label.en", "value": "Insured"},
    ).text
    assert [one for one, same in ROW.findall(moved) if not same] == [made]
    assert (
        "Insured" in clinic.browser("head_yu", **{"Accept-Language": "en"}).get(f"{VISIT}/part/canvas").text
    )


def test_who_only_asked_whether_something_still_stands_has_nothing_to_choose(clinic: Clinic) -> None:
    place = f"/entity~1visit/fields/{fields_of(clinic.client('head_yu'), 'visit')['note']}/label"
    patch = json.dumps([{"op": "test", "path": place, "value": "never"}])
    answer = clinic.browser("head_yu").post(f"{STUDIO}/act", data={"patch": patch})
    assert answer.status_code == 200
    assert "draft-refused" in answer.headers["HX-Trigger"]
    assert "s-choice" not in answer.text


def test_an_act_on_what_another_has_just_changed_is_asked_about(clinic: Clinic) -> None:
    yu, shown = clinic.browser("head_yu"), str(revision(clinic))
    place = renamed_by_another(clinic, "note", "对方的")
    mine = {"at": place, "property": "label.zh", "value": "我的"}
    asked = yu.post(f"{VISIT}/do/field", data={**mine, "revision": shown})
    assert "HX-Trigger" not in asked.headers
    for words in ("s-choice", "林医生", "对方的", "我的"):
        assert words in html.unescape(asked.text)
    assert field(clinic, "note")["label"]["zh"] == "对方的"
    # Other places of the same field are nobody else's.
    assert "draft-changed" in yu.post(
        f"{VISIT}/do/field",
        data={"at": place, "property": "help.zh", "value": "说明", "revision": shown},
    ).headers.get("HX-Trigger", "")
    # The dialog's own act replaces it.
    patch = re.search(r'name="patch" value="([^"]*)"', asked.text)
    assert patch
    told = yu.post(f"{STUDIO}/act", data={"patch": html.unescape(patch[1])})
    assert "draft-changed" in told.headers["HX-Trigger"]
    assert field(clinic, "note")["label"]["zh"] == "我的"


def test_what_another_retires_meanwhile_is_not_changed_unseen(clinic: Clinic) -> None:
    yu, shown = clinic.browser("head_yu"), str(revision(clinic))
    place = renamed_by_another(clinic, "note", "别名")
    asked = yu.post(f"{VISIT}/do/retire", data={"at": place, "revision": shown})
    assert "s-choice" in asked.text
    assert field(clinic, "note")["label"]["zh"] == "别名"


@pytest.mark.parametrize("act", ["set", "take_out"])
def test_forms_ask_as_well(clinic: Clinic, act: str) -> None:
    yu, lin, form = clinic.browser("head_yu"), clinic.client("dr_lin"), f"{API}/documents/form/visit_form"
    shown = str(revision(clinic))
    part = lin.get(form).json()["layout"][0]["id"]
    patch = [{"op": "replace", "path": f"/form~1visit_form/layout/{part}/section", "value": f"对方的 {act}"}]
    assert lin.patch(API, json={"patch": patch}).status_code == 200
    mine = {"do": act, "at": part, "property": "section.zh", "value": "我的", "revision": shown}
    assert "s-choice" in yu.post(f"{STUDIO}/form/visit_form/do", data=mine).text
    assert lin.get(form).json()["layout"][0]["section"] == f"对方的 {act}"
