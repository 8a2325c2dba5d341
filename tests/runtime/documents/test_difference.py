"""What differs is told document by document, by id, in words of both languages."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from dougong_runtime.documents.difference import as_data, describe, difference
from dougong_runtime.labels import LANGUAGES
from make import app


def changed(edit: str, name: str = "clinic") -> tuple[dict[str, Any], dict[str, Any]]:
    """An app's documents, and the same after an edit (a Python statement over `d`)."""
    before = dict(app(name).source)
    after = copy.deepcopy(before)
    exec(edit, {"d": after})
    return before, after


CASES = [
    ("d['entity/visit']['label'] = {'zh': '看诊', 'en': 'Consultation'}", "entity visit changed\n  label: Visit → Consultation"),
    ("d['entity/visit']['fields'][5]['name'] = 'complaint'", "entity visit changed\n  field “reason” renamed: reason → complaint"),
    ("d['entity/visit']['fields'][6]['required'] = True", "entity visit changed\n  field “fee” · required: (none) → true"),
    ("d['entity/visit']['fields'].append({'name': 'x', 'id': 'n', 'type': 'text'})", "entity visit changed\n  field “x” added"),
    ("del d['entity/visit']['fields'][2]", "entity visit changed\n  field “doctor” removed"),
    ("d['entity/visit']['fields'].insert(0, d['entity/visit']['fields'].pop(3))", "entity visit changed\n  field “visited_at” moved"),
    ("d['entity/visit']['fields'][11]['stages'][1]['value'] = 'begun'", "entity visit changed\n  field “stage” · stage “open” renamed: open → begun"),
    ("d['view/extra'] = {'kind': 'view', 'name': 'extra', 'id': 'e', 'entity': 'visit'}", "view extra added"),
    ("del d['view/patients']", "view patients removed"),
    ("d['view/people'] = {**d.pop('view/patients'), 'name': 'people'}", "view people changed\n  name renamed: patients → people"),
    ("d['view/patients']['columns'] = ['code', 'name', 'mail']", "view patients changed\n  columns: phone, risk, stage, spent, last_visit_at, owner → mail"),
    ("d['workflow/call_back']['steps'][2]['then'][0]['to'] = 'record.doctor'", "workflow call_back changed\n  step “late” · step “tell” · to: record.doctor.team.leader → record.doctor"),
    ("d['role/doctor']['grants'][0]['rows'] = 'all'", "role doctor changed\n  grant “patient” · rows: own → all"),
    ("d['file/data/people.yaml'] = {'text': 'x'}", "file data/people.yaml changed"),
    ("d['entity/visit']['fields'][5]['was'] = ['why']", ""),
]  # fmt: skip


@pytest.mark.parametrize(("edit", "told"), CASES)
def test_a_change_is_told_in_a_line(edit: str, told: str) -> None:
    before, after = changed(edit)
    found = difference(before, after)
    assert describe(found, "en") == told
    if told:
        assert describe(found, "zh") != told
        assert as_data(found, "zh")


@pytest.mark.parametrize("name", ["clinic", "workshop", "school"])
def test_an_app_does_not_differ_from_itself_and_wholly_from_nothing(name: str) -> None:
    source = app(name).source
    assert difference(source, copy.deepcopy(dict(source))) == ()
    assert {change.what for change in difference({}, source)} == {"added"}
    assert {change.what for change in difference(source, {})} == {"removed"}
    for language in LANGUAGES:
        assert describe(difference({}, source), language).count("\n") == len(source) - 1
