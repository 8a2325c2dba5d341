"""A form document as pages read it."""

from __future__ import annotations

import make
from dougong_runtime.labels import Label
from dougong_runtime.model.link import link_stored
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


def test_nothing_that_a_form_says_is_passed_over() -> None:
    """Texts, fields beside a list, lists in a section, what is closed at first, and conditions of tabs and of what is
    around them."""
    data = {
        **CLINIC.of("form")["patient_form"].data,
        "layout": [
            {"text": "Read **this**", "show": "risk = 'high'"},
            {
                "section": "With rows",
                "help": "A hint",
                "collapsed": True,
                "fields": ["name"],
                "list": {"of": "visits"},
            },
            {
                "show": "born_on <> NULL",
                "tabs": [
                    {"label": "Both", "show": "age > 3", "fields": ["phone"], "list": {"of": "consents"}}
                ],
            },
        ],
    }
    source = {**CLINIC.source, "form/patient_form": data}
    form = form_of(link_stored(source), PATIENT, "patient_form")
    text, section = form.sections
    assert (text.text, text.show, text.slots) == (Label.of("Read **this**"), "risk = 'high'", ())
    assert (section.help, section.collapsed) == (Label.of("A hint"), True)
    assert [s.field.name for s in section.slots] == ["name"]
    rows, both = form.tabs
    assert (rows.label, [x.inverse for x in rows.lists]) == (Label.of("With rows"), ["visits"])
    assert [x.inverse for x in both.lists] == ["consents"]
    assert [(s.label, s.show, [x.field.name for x in s.slots]) for s in both.sections] == [
        (None, "(born_on <> NULL) AND (age > 3)", ["phone"])
    ]
    assert both.show == both.sections[0].show
