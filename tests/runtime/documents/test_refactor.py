"""A rename reaches every place that means the thing, in one step, and nothing that is only called the same."""

from __future__ import annotations

import json
import os
import re

import pytest

from dougong_runtime.documents.difference import describe, difference
from dougong_runtime.documents.references import Target
from dougong_runtime.errors import Refused
from dougong_runtime.model.app import App
from dougong_runtime.model.link import references_of
from dougong_runtime.model.refactor import rename
from make import APPS, app, app_of


def documents(made: App) -> dict[str, object]:
    """An app's documents without the files that travel."""
    return {key: data for key, data in made.source.items() if not key.startswith("file/")}


def words(made: App) -> str:
    """All of an app's documents as one text."""
    return json.dumps(documents(made), ensure_ascii=False)


def targets(name: str) -> list[Target]:
    """Everything in an app that can be renamed."""
    references = references_of(app(name).source)
    found = sorted({reference.target for reference in references}, key=str)
    return [one for one in found if references.definitions(one) and one.kind != "app"]


EFFORT = int(os.environ.get("DOUGONG_TEST_EFFORT", "1"))
EVERYTHING = [(name, one) for name in ("clinic", "workshop", "school") for one in targets(name)]
CHOSEN = EVERYTHING if EFFORT > 1 else EVERYTHING[::3]
"""Every third: kinds and apps lie mixed among them."""


@pytest.mark.parametrize(("name", "target"), CHOSEN, ids=[f"{n} {t}" for n, t in CHOSEN])
def test_there_and_back_is_the_same_app(name: str, target: Target) -> None:
    before = app(name)
    new = "77" if target.name.isdigit() else "renamed_thing"
    there = rename(before, target, new)
    moved = (target.kind, new, target.owner)
    back = rename(there, Target(*moved), target.name)
    assert documents(back) == documents(before)
    found = references_of(there.source)
    old = references_of(before.source)
    assert len(found) == len(old)
    assert len(found.to(Target(*moved))) == len(old.to(target))
    assert not found.to(target)


def test_a_field_is_renamed_in_formulas_views_forms_roles_and_workflows() -> None:
    clinic = rename(app("clinic"), Target("field", "stage", "visit"), "phase")
    assert clinic.entities["patient"].fields["open_visits"].formula is not None
    assert (
        clinic.source["entity/patient"]["fields"][13]["formula"]
        == "COUNT(visits, phase <> 'signed' AND phase <> 'cancelled')"
    )
    assert clinic.source["role/registrar"]["grants"][1]["rows"] == "phase = 'planned'"
    assert clinic.source["workflow/call_back"]["steps"][2]["if"] == "steps.next.phase = 'planned'"
    assert clinic.source["view/visits_by_stage"]["group"] == "phase"
    assert clinic.source["entity/patient"]["fields"][11]["name"] == "stage"
    assert clinic.entities["visit"].fields["phase"].id == app("clinic").entities["visit"].fields["stage"].id


def test_an_option_is_renamed_where_it_is_meant_and_only_there() -> None:
    made = app_of(
        """
kind: entity
name: e
fields:
  - {name: a, type: choice, options: [open, shut], default: "'open'"}
  - {name: b, type: choice, options: [open, other]}
  - {name: t, type: text}
  - {name: f, type: formula, formula: "IF(a = 'open' AND b = \\"open\\" AND t = 'open', 'open', t & 'open')", result: text}
  - {name: g, type: formula, formula: "a IN ('shut', 'open')"}
"""
    )
    fields = rename(made, Target("option", "open", "e.a"), "it's on").source["entity/e"]["fields"]
    assert fields[3]["formula"] == ("IF(a = 'it\\'s on' AND b = \"open\" AND t = 'open', 'open', t & 'open')")
    assert fields[0]["default"] == "'it\\'s on'"
    assert fields[1]["options"][0]["value"] == "open"
    assert fields[4]["formula"] == "a IN ('shut', 'it\\'s on')"


def test_an_entity_is_renamed_with_its_document() -> None:
    made = rename(app("clinic"), Target("entity", "patient"), "client_person")
    assert "entity/patient" not in made.source
    assert made.entities["visit"].fields["patient"].targets == ("client_person",)
    assert made.entities["client_person"].id == app("clinic").entities["patient"].id


def test_a_way_back_from_several_targets_is_one_name() -> None:
    made = rename(app("workshop"), Target("inverse", "remarks", "machine"), "notes")
    assert "notes" in made.entities["part"].inverses
    assert not re.search(r'"remarks"', words(made))


def test_settings_roles_and_steps_are_renamed_in_formulas() -> None:
    workshop = rename(app("workshop"), Target("setting", "hourly_rate"), "wage")
    assert workshop.settings["wage"].value == app("workshop").settings["hourly_rate"].value
    assert workshop.source["entity/time_entry"]["fields"][4]["default"] == "SETTING('wage')"
    roles = rename(app("workshop"), Target("role", "foreman"), "boss")
    assert not re.search(r"'foreman'|\"foreman\"", words(roles))
    steps = rename(app("clinic"), Target("step", "next", "call_back"), "second")
    assert steps.source["workflow/call_back"]["steps"][1]["until"] == "steps.second.visited_at"


def test_a_rename_reads_as_a_rename() -> None:
    before = app("clinic")
    after = rename(before, Target("field", "fee", "visit"), "charge")
    told = describe(difference(before.source, after.source), "en")
    assert "field “fee” renamed: fee → charge" in told
    assert "removed" not in told
    assert "added" not in told


@pytest.mark.parametrize(
    ("target", "name", "why"),
    [
        (Target("field", "fee", "visit"), "cost", "defined twice"),
        (Target("field", "name", "patient"), "visits", "defined twice"),
        (Target("field", "fee", "visit"), "Fee", "cannot be a name"),
        (Target("field", "fees", "visit"), "charge", "no field"),
        (Target("entity", "patient"), "visit", "defined twice"),
        (Target("role", "chief"), "boss", "no role"),
        (Target("app", "clinic"), "practice", "stays"),
        (Target("option", "open", "visit.stage"), "signed", "defined twice"),
    ],
)
def test_a_name_that_cannot_be_is_refused(target: Target, name: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        rename(app("clinic"), target, name)


def test_stories_and_people_follow_and_keep_their_spelling() -> None:
    from dougong_runtime.documents import source
    from dougong_runtime.model.link import link

    whole = source.read(APPS / "clinic")
    story = (
        b"# a comment stays\nstory: x\nas: dr_lin\ngiven: [{patient: {name: Li}, as: li}]\n"
        b"when:\n  - {create: visit, with: {patient: li, 'stage': open}, name: seen}   # and its place\n"
        b"  - {transition: seen, to: signed}\n"
        b"then:\n  - {count: visit, where: \"patient = li AND stage <> 'open'\", is: 1}\n"
        b"  - {value: seen.stage, is: signed}\n"
    )
    made = link(source.Source(whole.documents, {**whole.files, "stories/x.yaml": story}))

    def after(target: Target, name: str, file: str = "stories/x.yaml") -> str:
        text: str = rename(made, target, name).source[f"file/{file}"]["text"]
        return text

    field = after(Target("field", "stage", "visit"), "phase")
    assert field == story.decode().replace("stage", "phase")
    option = after(Target("option", "open", "visit.stage"), "begun")
    assert option == story.decode().replace("stage': open", "stage': begun").replace("'open'", "'begun'")
    entity = after(Target("entity", "visit"), "call")
    assert entity == story.decode().replace("create: visit", "create: call").replace(
        "count: visit", "count: call"
    )
    people = after(Target("role", "doctor"), "physician", "data/people.yaml")
    assert people == whole.files["data/people.yaml"].decode().replace("roles: [doctor]", "roles: [physician]")
