"""Building the menu: items and groups to their places, by drag and step by step."""

from __future__ import annotations

from typing import Any

import pytest

import make
from dougong_designer import menu
from dougong_designer.identified import identified
from dougong_designer.shapes import check_shapes
from dougong_runtime.errors import Refused
from dougong_runtime.model.link import link_stored

CLINIC: dict[str, Any] = dict(make.app("clinic").source)
APP: dict[str, Any] = CLINIC["app/clinic"]
FIRST, SECOND = (str(group["id"]) for group in APP["menu"])


def _laid(app: menu.AppDocument) -> list[list[str]]:
    return [[item.what for item in group.items] for group in menu.groups(app, CLINIC)]


PATIENTS = ["view:patients", "view:allergies", "page:patient_overview"]
CARE = ["view:visits", "view:visits_by_stage", "view:visit_calendar", "dashboard:overview"]


def test_what_is_in_no_group_is_offered_and_goes_where_it_is_dropped() -> None:
    assert _laid(APP) == [PATIENTS, CARE]
    assert menu.left(APP, CLINIC) == {
        "view": ["view:allergy_tree"],
        "page": ["page:home_head"],
        "dashboard": [],
        "report": ["report:visits_by_doctor"],
        "form": ["form:patient_form", "form:registration", "form:visit_form"],
    }
    made = menu.put(APP, CLINIC, SECOND, "report:visits_by_doctor", "view:visits")
    assert _laid(made)[1] == ["report:visits_by_doctor", *CARE]
    across = menu.put(APP, CLINIC, FIRST, "view:visits", "view:allergies", SECOND)
    assert _laid(across) == [["view:patients", "view:visits", *PATIENTS[1:]], CARE[1:]]
    again = menu.put(APP, CLINIC, FIRST, "view:patients", "", FIRST)
    assert _laid(again)[0] == [*PATIENTS[1:], "view:patients"]
    for what in ("view:nothing", "entity:patient", ""):
        with pytest.raises(Refused):
            menu.put(APP, CLINIC, FIRST, what)
    with pytest.raises(Refused):
        menu.put(APP, CLINIC, "nowhere", "view:allergy_tree")


def test_items_step_through_their_group_and_on_into_the_next() -> None:
    assert _laid(menu.moved(APP, FIRST, "view:patients", 1))[0] == [PATIENTS[1], PATIENTS[0], PATIENTS[2]]
    assert _laid(menu.moved(APP, FIRST, PATIENTS[2], 1)) == [PATIENTS[:2], [PATIENTS[2], *CARE]]
    assert _laid(menu.moved(APP, SECOND, CARE[0], -1)) == [[*PATIENTS, CARE[0]], CARE[1:]]
    assert menu.moved(APP, FIRST, PATIENTS[0], -1) == APP
    assert _laid(menu.moved(APP, menu.GROUPS, FIRST, 1)) == [CARE, PATIENTS]
    assert _laid(menu.put(APP, CLINIC, menu.GROUPS, SECOND, FIRST)) == [CARE, PATIENTS]
    assert _laid(menu.without(APP, FIRST, "view:allergies"))[0] == [PATIENTS[0], PATIENTS[2]]
    assert _laid(menu.without(APP, menu.GROUPS, FIRST)) == [CARE]
    assert "menu" not in menu.without(menu.without(APP, menu.GROUPS, FIRST), menu.GROUPS, SECOND)


def test_groups_and_items_get_words_icons_and_roles_and_stay_whole() -> None:
    made, identity = menu.with_new_group(APP, {"zh": "统计", "en": "Figures"})
    made = menu.put(made, CLINIC, identity, "report:visits_by_doctor")
    made = menu.with_group(made, identity, icon="chart-bar", roles=["head"])
    made = menu.with_item(made, identity, "report:visits_by_doctor", label={"zh": "各医生"}, roles=["head"])
    documents = {**CLINIC, "app/clinic": identified("clinic", "app", made)}
    check_shapes(CLINIC, documents, ["app/clinic"])
    app = link_stored(documents)
    assert [group.get("roles") for group in app.menu] == [None, None, ["head"]]
    assert menu.groups(made, CLINIC)[2].items[0].label.zh == "各医生"
    bare = menu.with_item(made, identity, "report:visits_by_doctor", label=None, roles=None)
    assert menu.groups(bare, CLINIC)[2].items[0].data == {"report": "visits_by_doctor"}


def test_an_item_whose_document_is_gone_is_told() -> None:
    documents = {key: data for key, data in CLINIC.items() if key != "view/allergies"}
    gone = [item.what for group in menu.groups(APP, documents) for item in group.items if item.is_gone]
    assert gone == ["view:allergies"]
