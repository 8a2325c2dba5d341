"""A field put into forms, views and sub-lists: what is proposed, where it lands, and that nothing else of a document
changes."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import ndiff
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import make
from dougong_designer.entities import fields, placing
from dougong_designer.identified import identified
from dougong_designer.shapes import check_shapes
from dougong_runtime.documents.export import document_text
from dougong_runtime.documents.source import read
from dougong_runtime.errors import Refused
from dougong_runtime.fields import FIELD_TYPES
from dougong_runtime.model.link import examine_stored, link

Documents = Mapping[str, Any]
PATIENT = "entity/patient"
TEMPLATES = Path(__file__).parents[2] / "templates"


@cache
def clinic() -> Documents:
    return dict(make.app("clinic").source)


@cache
def crm() -> Documents:
    return dict(link(read(TEMPLATES / "crm_investment")).source)


def grown(documents: Documents, key: str, type_name: str = "text", **more: Any) -> tuple[Documents, str]:
    """The documents with a new field at the end of an entity, and its id."""
    target = key.partition("/")[2] if type_name in ("reference", "references") else ""
    field = {**fields.dropped(documents, key, type_name, target), **more}
    return fields.with_field(documents, key, field), str(field["id"])


def problems(documents: Documents, before: Documents) -> list[str]:
    """What is wrong with documents, shapes and links."""
    changed = [key for key in documents if documents[key] is not before.get(key)]
    made = {
        key: identified("clinic", key.partition("/")[0], data) if key in changed else data
        for key, data in documents.items()
    }
    check_shapes(before, made, changed)
    return [problem.text("en") for problem in examine_stored(made).problems]


def homes(documents: Documents, key: str, identity: str) -> dict[str, placing.Home]:
    return {one.at.partition("#")[0]: one for one in placing.homes(documents, key, identity)}


def added(before: Documents, after: Documents, key: str) -> list[str]:
    """Lines of a document's file that are there more, and of which there are fewer."""
    old, new = (document_text(one[key]).splitlines() for one in (before, after))
    return [line for line in ndiff(old, new) if line.startswith(("+", "-"))]


def test_a_new_field_stands_nowhere_and_is_proposed_where_it_helps() -> None:
    documents, at = grown(clinic(), PATIENT)
    found = homes(documents, PATIENT, at)
    assert not any(home.shown for home in found.values())
    assert {key for key, home in found.items() if home.wise} == {"form/patient_form"}
    assert {"view/patients", "form/registration"} <= set(found)
    # What no record can be without is asked of strangers as well, unless a default fills it in.
    documents, at = grown(clinic(), PATIENT, required=True)
    assert homes(documents, PATIENT, at)["form/registration"].wise
    documents, at = grown(clinic(), PATIENT, required=True, default="'x'")
    assert not homes(documents, PATIENT, at)["form/registration"].wise
    # A list with room takes what is short, not what is long or sensitive.
    for type_name, more, wanted in (
        ("text", {}, True),
        ("long_text", {}, False),
        ("phone", {"sensitive": True}, False),
    ):
        documents, at = grown(clinic(), "entity/allergy", type_name, **more)
        assert homes(documents, "entity/allergy", at)["view/allergies"].wise is wanted


def test_a_field_stands_beside_its_neighbour_and_nothing_else_changes() -> None:
    documents, at = grown(clinic(), PATIENT)
    name = fields.field_at(documents, PATIENT, at)["name"]
    # Behind the phone on the entity: behind it on every form, in whatever part it stands there.
    phone = next(f for f in clinic()[PATIENT]["fields"] if f["name"] == "phone")
    names = [f["id"] for f in fields.fields_of(documents[PATIENT])]
    documents = fields.moved(documents, PATIENT, at, names[names.index(phone["id"]) + 1])
    into = ["form/patient_form", "form/registration", "view/patients"]
    made = placing.put_into(documents, PATIENT, at, into)
    assert sorted(key for key in made if made[key] is not documents.get(key)) == sorted(into)
    for key in into[:2]:
        section = made[key]["layout"][0]["fields"]
        assert section[section.index("phone") + 1] == name
    assert made["view/patients"]["columns"][-1] == name
    for key in into:
        lines = added(documents, made, key)
        assert [line for line in lines if line.startswith("+ ")]
        assert len([line for line in lines if line.startswith("- ")]) <= 1
    assert problems(made, clinic()) == []
    found = homes(made, PATIENT, at)
    assert [home.at for home in found.values() if home.shown] == [
        "form/patient_form",
        "form/registration",
        "view/patients",
    ]
    # Once more it stays where it stands, to the object.
    again = placing.put_into(made, PATIENT, at, into)
    assert all(again[key] is made[key] for key in made)


def test_what_is_computed_joins_what_is_computed_and_no_group_under_a_condition() -> None:
    documents, at = grown(clinic(), PATIENT, "formula", formula="1", result="integer")
    made = placing.put_into(documents, PATIENT, at, ["form/patient_form"])
    tab = made["form/patient_form"]["layout"][2]["tabs"][2]
    assert "formula" in tab["fields"]
    documents, at = grown(clinic(), PATIENT)
    form = clinic()["form/patient_form"]
    hiding = [{**form["layout"][0]}, {**form["layout"][1], "show": "risk = 'high'"}, form["layout"][2]]
    hidden = {**documents, "form/patient_form": {**form, "layout": hiding}}
    section = placing.put_into(hidden, PATIENT, at, ["form/patient_form"])["form/patient_form"]["layout"][0]
    assert "text" in section["fields"]
    # A form of nothing gets a group of its own.
    bare = {**documents, "form/patient_form": {**form, "layout": []}}
    made = placing.put_into(bare, PATIENT, at, ["form/patient_form"])
    assert [part["fields"] for part in made["form/patient_form"]["layout"]] == [["text"]]


def test_sub_lists_elsewhere_are_homes_too() -> None:
    documents, at = grown(clinic(), "entity/visit")
    lists = [home for home in placing.homes(documents, "entity/visit", at) if home.kind == "list"]
    assert any(home.document == "form/patient_form" for home in lists)
    home = next(home for home in lists if home.document == "form/patient_form")
    made = placing.put_into(documents, "entity/visit", at, [home.at])
    listed = made["form/patient_form"]["layout"][2]["tabs"][0]["list"]["fields"]
    assert listed == ["code", "visited_at", "doctor", "stage", "cost", "text"]
    assert problems(made, clinic()) == []
    assert next(h for h in placing.homes(made, "entity/visit", at) if h.at == home.at).shown


@pytest.mark.parametrize("type_name", sorted(FIELD_TYPES))
def test_a_field_of_every_type_goes_wherever_it_is_not_refused(type_name: str) -> None:
    entity = next(
        key
        for key, data in clinic().items()
        if key in (PATIENT, "entity/allergy")
        and not (type_name == "stage" and any(f["type"] == "stage" for f in data["fields"]))
    )
    documents, at = grown(clinic(), entity, type_name)
    found = placing.homes(documents, entity, at)
    free = [home.at for home in found if home.is_free]
    assert set(placing.wise(found)) <= set(free)
    made = placing.put_into(documents, entity, at, free)
    assert problems(made, clinic()) == []
    assert all(home.shown or home.why for home in placing.homes(made, entity, at))
    for home in found:
        if home.why:
            with pytest.raises(Refused):
                placing.put_into(documents, entity, at, [home.at])


def test_a_list_that_chooses_its_columns_itself_is_left_alone() -> None:
    documents, at = grown(clinic(), "entity/allergy")
    view = {key: value for key, value in clinic()["view/allergies"].items() if key != "columns"}
    home = homes({**documents, "view/allergies": view}, "entity/allergy", at)["view/allergies"]
    assert (home.why, home.wise) == ("itself", False)
    with pytest.raises(Refused) as refused:
        placing.put_into(documents, "entity/allergy", at, ["view/no_such"])
    assert refused.value.problems[0].type.name == "layout-place-gone"


def test_every_entity_of_the_shipped_template_takes_a_field_with_its_proposals() -> None:
    for key, data in crm().items():
        if not key.startswith("entity/"):
            continue
        documents, at = grown(crm(), key)
        found = placing.homes(documents, key, at)
        made = placing.put_into(documents, key, at, placing.wise(found))
        changed = {other for other in made if made[other] is not documents.get(other)}
        assert changed == {home.document for home in found if home.wise}
        if any(home.kind == "form" for home in found):
            assert any(home.wise for home in found), data["name"]
