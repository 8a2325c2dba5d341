"""A form document as pages read it."""

from __future__ import annotations

import make
from dougong_runtime.pages.forms import default_form, form_of, states

CLINIC = make.app("clinic")
PATIENT = CLINIC.entities["patient"]


def test_sections_tabs_and_lists_are_read_in_their_order() -> None:
    form = form_of(CLINIC, PATIENT)
    assert [s.label.en for s in form.sections if s.label] == ["Basics", "Care"]
    assert [t.label.en for t in form.tabs] == ["Visits", "Consents", "Figures"]
    assert [x.inverse for x in form.lists()] == ["visits", "consents"]
    assert next(form.lists()).sort == ("-visited_at",)


def test_conditions_decide_what_shows_and_what_is_needed() -> None:
    form = form_of(CLINIC, PATIENT)
    true = {"stage = 'discharged'"}
    found = states(form, lambda text: text in true)
    assert found.fields["left_on"].show
    assert found.fields["left_on"].required
    assert found.fields["consent"].readonly
    assert not found.fields["id_number"].show
    assert found.fields["name"].required, "what the entity demands, the form demands"


def test_an_entity_without_a_form_has_one_of_what_people_fill_in() -> None:
    form = default_form(CLINIC.entities["medicine"])
    assert [s.field.name for s in form.slots()] == ["name", "code", "price", "controlled"]
