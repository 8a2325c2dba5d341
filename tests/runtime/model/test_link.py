"""What linking makes of documents."""

from __future__ import annotations

import time
from datetime import date
from decimal import Decimal

import pytest

from dougong_runtime.documents import source
from dougong_runtime.errors import Refused
from dougong_runtime.formulas.tree import Hop
from dougong_runtime.formulas.types import Kind, number
from dougong_runtime.labels import Label
from dougong_runtime.model.app import App, Inherit, Inverse, Mask
from dougong_runtime.model.directory import DIRECTORY
from dougong_runtime.model.link import examine, link, link_stored, references_of, version_fits
from dougong_runtime.names import derived_id
from make import APPS, app, app_of

NAMES = ("clinic", "workshop", "school")


@pytest.mark.parametrize("name", NAMES)
def test_what_is_kept_links_to_the_same_app(name: str) -> None:
    made = app(name)
    again = link_stored(made.source)
    assert again == made
    assert again.source == made.source


@pytest.mark.parametrize("name", NAMES)
def test_two_readings_of_the_same_files_agree_to_the_last_id(name: str) -> None:
    assert link(source.read(APPS / name)) == app(name)


def test_ids_follow_from_names_where_none_is_given_and_stay_where_one_is() -> None:
    made = app_of(
        "{kind: entity, name: e, fields: [{name: a, type: text}, {name: b, id: mine, type: choice, options: [x]}]}"
    )
    fields = made.entities["e"].fields
    assert made.entities["e"].id == derived_id("small", "entity", "e")
    assert fields["a"].id == derived_id("small", "entity", "e", "field", "a")
    assert fields["b"].id == "mine"
    assert fields["b"].choices[0].id
    kept = made.source["entity/e"]
    assert kept["fields"][0]["id"] == fields["a"].id
    assert kept["fields"][1]["options"] == [{"value": "x", "id": fields["b"].choices[0].id}]


def test_every_named_thing_that_is_kept_has_an_id() -> None:
    def bare(part: object) -> list[object]:
        if isinstance(part, dict):
            own = [part] if {"name", "do"} & part.keys() and not part.get("id") else []
            return own + [
                found
                for key, inner in part.items()
                if key not in ("label", "values")
                for found in bare(inner)
            ]
        return [found for inner in part for found in bare(inner)] if isinstance(part, list) else []

    for name in NAMES:
        for key, data in app(name).source.items():
            if not key.startswith(("file/", "app/")):
                assert bare(data) == [], key


def test_an_app_contains_people_and_teams_with_the_ways_back_that_it_names() -> None:
    user = app("clinic").entities["user"]
    assert user.inverses["patients"] == Inverse("patients", "patient", "owner")
    assert user.inverses["leads"] == Inverse("leads", "team", "leader")
    assert "patients" not in DIRECTORY.entities["user"].inverses
    assert app("workshop").entities["user"].inverses["crew_orders"].many
    assert {e.name for e in app("school").own_entities} == {"pupil", "school_class", "exam", "mark"}


def test_system_fields_come_first() -> None:
    names = list(app("clinic").entities["visit"].fields)
    assert names[:7] == [
        "id",
        "version",
        "created_at",
        "created_by",
        "updated_at",
        "updated_by",
        "deleted_at",
    ]
    assert names[7] == "code"


def test_a_reference_leads_forward_and_back() -> None:
    clinic = app("clinic")
    patient = clinic.entities["visit"].fields["patient"]
    assert (patient.targets, patient.inverse, patient.on_delete) == (("patient",), "visits", "cascade")
    assert clinic.entities["patient"].inverses["visits"].hop == Hop("back", "visits", "patient", "visit")
    assert clinic.entities["allergy"].inverses["patients"].hop.way == "many_back"
    about = app("workshop").entities["remark"].fields["about"]
    assert about.is_polymorphic
    assert about.targets == ("machine", "repair_order", "part")
    assert all("remarks" in app("workshop").entities[name].inverses for name in about.targets)


def test_a_formula_without_a_declared_result_has_the_type_of_what_it_says() -> None:
    made = app_of(
        """
kind: entity
name: e
fields:
  - {name: last, type: formula, formula: "middle * 2"}
  - {name: middle, type: formula, formula: "first + 1"}
  - {name: first, type: decimal, scale: 3}
  - {name: is_high, type: formula, formula: "last > 5"}
"""
    )
    fields = made.entities["e"].fields
    assert fields["last"].value_type.kind is Kind.NUMBER
    assert fields["last"].value_type.scale == 3
    assert fields["is_high"].value_type.kind is Kind.BOOLEAN


def test_formulas_are_stored_unless_they_depend_on_the_clock_or_on_who_reads() -> None:
    fields = app("clinic").entities["patient"].fields
    stored = {name for name, field in fields.items() if field.is_stored_formula}
    assert {"spent", "visit_count", "segment", "days_quiet"} <= stored
    assert not fields["age"].is_stored_formula
    assert not app("clinic").entities["prescription"].fields["share"].is_stored_formula


def test_defaults_are_formulas_and_plain_values_are_their_own() -> None:
    made = app_of(
        """
kind: entity
name: e
fields:
  - {name: n, type: decimal, scale: 2, default: 0.5}
  - {name: b, type: boolean, default: false}
  - {name: c, type: choice, options: [{value: x}, {value: y}], default: "'y'"}
  - {name: d, type: date, default: "TODAY() + 7"}
"""
    )
    fields = made.entities["e"].fields
    assert [fields[n].default.text for n in "nbcd"] == ["0.5", "FALSE", "'y'", "TODAY() + 7"]
    assert fields["n"].value_type == number(2)


def test_guards_are_linked() -> None:
    visit = app("clinic").entities["visit"]
    assert [rule.name for rule in visit.rules] == [
        "fee_not_negative",
        "until_after_start",
        "temperature_possible",
        "fee_kept",
    ]
    assert [rule.severity for rule in visit.rules] == ["block", "block", "warn", "block"]
    assert [rule.field for rule in visit.rules] == ["fee", "until", "fever", "fee"]
    assert visit.locks[0].fields == ("note",)
    assert visit.retain is not None
    assert (visit.retain.years, visit.retain.field) == (15, "visited_at")
    assert app("clinic").entities["patient"].unique[0].fields == ("name", "id_number")
    main = app("clinic").entities["prescription"].unique[0]
    assert main.fields == ("visit",)
    assert main.when is not None
    assert app("clinic").entities["consent_record"].append_only


def test_stages_are_linked_with_former_values_and_transitions() -> None:
    stage = app("clinic").entities["visit"].stage
    assert stage is not None
    assert stage.choices[1].was == ("present",)
    signing = stage.transitions[2]
    assert (signing.from_, signing.to, signing.roles, signing.requires) == (
        "open",
        "signed",
        ("doctor", "head"),
        ("reason",),
    )
    back = [
        t for t in app("workshop").entities["repair_order"].fields["stage"].transitions if t.to == "received"
    ]
    assert {t.from_ for t in back} == {"working", "done"}


def test_roles_are_linked() -> None:
    roles = app("clinic").roles
    doctor = {grant.entity: grant for grant in roles["doctor"].grants}
    assert doctor["patient"].rows == "own"
    assert doctor["patient"].mask == {"phone": Mask("phone", "last4", True)}
    assert doctor["prescription"].rows == Inherit("visit")
    assert roles["doctor"].forbid == (frozenset({"doctor", "analyst"}),)
    assert roles["doctor"].home == "view/patients"
    nurse = roles["nurse"].grants[0]
    assert set(nurse.mask) == {"id_number", "phone"}
    assert nurse.mask["id_number"].show == "none"
    analyst = roles["analyst"].grants[0]
    assert (analyst.aggregate_only, analyst.at_least) == (True, 5)
    assert roles["registrar"].grants[1].fields == ("code", "patient", "doctor", "visited_at", "stage")
    assert app("workshop").roles["foreman"].settings


def test_settings_have_types_values_and_bounds() -> None:
    settings = app("workshop").settings
    assert settings["hourly_rate"].value == Decimal("80.00")
    assert settings["depreciation"].value == Decimal("0.1000")
    assert (settings["depreciation"].minimum, settings["depreciation"].maximum) == (0, 1)
    assert app("school").settings["mood"].value == "strict"
    assert settings["service_days"].label == Label("保养间隔", "Days between services")


def test_a_calendar_has_its_days() -> None:
    days = app("workshop").of("calendar")["shifts"].linked
    assert days.based_on == "CN"
    assert days.closed == {date(2026, 7, 15)}
    assert days.open == {date(2026, 10, 10)}
    assert days.weekend == {6}


def test_other_kinds_are_linked_for_those_who_read_them() -> None:
    workshop = app("workshop")
    view = workshop.of("view")["orders"].linked
    assert view.columns[2] == "machine.keeper"
    assert view.sort == ("promised_on", "-urgency")
    form = workshop.of("form")["repair_order_form"].linked
    assert form.layout[0].fields[6].show is not None
    assert form.layout[2].parts[0].list.entity == "order_line"
    report = workshop.of("report")["cost_by_month"].linked
    assert [m.name for m in report.measures] == ["total", "late", "late_share"]
    assert report.rows[0].by == "month"
    page = workshop.of("page")["machine_card"].linked
    assert page.blocks[4].tabs[1][1][0].list.entity == "part"
    message = workshop.of("message")["service_due"].linked
    assert [type(part).__name__ for part in message.body["zh"]][:3] == ["Formula", "str", "Formula"]
    floor = workshop.of("dashboard")["floor"].linked
    assert floor.blocks[0].entity == "repair_order"


def test_what_a_step_gives_is_known_to_later_ones() -> None:
    steps = app("workshop").of("workflow")["remind"].linked.steps
    each = steps[2].steps["steps"][0]
    assert each.formulas["to"].type.targets == ("user",)
    assert steps[3].steps["cases[0]"][0].steps["approved"][0].do == "transition"
    assert steps[4].formulas["values.text"].type.kind is Kind.TEXT
    call = app("clinic").of("workflow")["call_back"].linked
    assert call.trigger.stages == ("signed",)
    assert call.steps[1].formulas["until"].type.kind is Kind.DATETIME


def test_references_say_where_a_thing_is_used() -> None:
    from dougong_runtime.documents.references import Target

    found = references_of(app("clinic").source)
    used = {(r.document, r.form) for r in found.to(Target("field", "cost", "visit"))}
    assert ("entity/patient", "part") in used
    assert ("report/visits_by_doctor", "part") in used
    assert ("view/visits", "part") in used
    assert {r.document for r in found.to(Target("option", "cancelled", "visit.stage"))} == {
        "entity/patient",
        "entity/visit",
        "report/visits_by_doctor",
    }
    assert {r.document for r in found.to(Target("setting", "frequent_spent"))} == {"entity/patient"}
    assert {r.document for r in found.to(Target("role", "head"))} >= {"entity/patient", "entity/visit"}


@pytest.mark.parametrize(
    ("version", "wanted", "fits"),
    [
        ("1.4.2", ">=1.2, <2", True),
        ("2.0.0", ">=1.2, <2", False),
        ("1.4.2", "^1.3", True),
        ("2.0.0", "^1.3", False),
        ("1.4.9", "~1.4", True),
        ("1.5.0", "~1.4", False),
        ("1.0.0", "1.0.0", True),
        ("1.0.0", "newest", False),
    ],
)
def test_a_version_lies_in_a_range_or_not(version: str, wanted: str, fits: bool) -> None:
    assert version_fits(version, wanted) is fits


def test_what_an_app_requires_must_be_installed() -> None:
    text = "{kind: app, name: a, requires: [{app: clinic, version: '>=2'}, school]}"
    with pytest.raises(Refused) as refused:
        link(source.of_text(text), {"clinic": app("clinic")})
    assert [p.facts["en"] for p in refused.value.problems] == [
        "“clinic” >=2 is needed; 1.0.0 is installed.",
        "The app “school” must be installed first.",
    ]
    assert link(source.of_text("{kind: app, name: a, requires: [clinic]}"), {"clinic": app("clinic")})


def test_linking_is_quick_enough_to_do_at_start() -> None:
    before = time.thread_time()
    made: App = link_stored(app("clinic").source)
    assert made
    assert time.thread_time() - before < 5


def test_examine_tells_without_raising() -> None:
    found = examine(source.of_text("{kind: app, name: a}\n---\n{kind: view, name: v, entity: nothing}"))
    assert found.app is not None
    assert [p.type.name for p in found.problems] == ["unknown-document"]


def test_short_forms_are_kept_whole() -> None:
    made = app_of(
        "{kind: entity, name: e, fields: [{name: a, type: text}, {name: b, type: text}], unique: [a, [a, b]]}"
    )
    assert [unique.fields for unique in made.entities["e"].unique] == [("a",), ("a", "b")]
    assert [sorted(item) for item in made.source["entity/e"]["unique"]] == [["fields", "id"]] * 2
