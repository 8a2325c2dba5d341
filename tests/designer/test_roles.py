"""A role as a matrix: what is clicked is what the role then says, by as few words as its own way of saying it needs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import make
from dougong_designer import roles
from dougong_designer.identified import identified
from dougong_designer.patch import Documents
from dougong_designer.roles import STATES, state_of
from dougong_designer.shapes import check_shapes
from dougong_runtime.access.grants import ACTIONS
from dougong_runtime.errors import Refused
from dougong_runtime.model.link import examine_stored

KEY = "role/doctor"
DOCUMENTS: Documents = make.app("clinic").source
FIELDS = [f["name"] for f in DOCUMENTS["entity/patient"]["fields"]]


def grant_on(documents: Documents, entity: str = "patient", key: str = KEY) -> dict[str, Any]:
    found: dict[str, Any] = next(g for g in documents[key]["grants"] if g["entity"] == entity)
    return found


def test_the_matrix_tells_what_the_role_says() -> None:
    lines = {line.name: line for line in roles.matrix(DOCUMENTS, DOCUMENTS, KEY)}
    assert set(lines) >= {k.partition("/")[2] for k in DOCUMENTS if k.startswith("entity/")}
    (patient,) = lines["patient"].grants
    said = grant_on(DOCUMENTS)
    assert patient.actions == frozenset(said["actions"])
    assert (patient.rows, patient.said) == ("own", "")
    assert not patient.rows_changed
    assert not any(patient.has_changed(action) for action in ACTIONS)
    assert {f.name: f.state for f in patient.fields}["phone"] == state_of(said, "phone")
    assert lines["medicine"].references == ()
    assert "patient" in dict(lines["visit"].references)


def test_an_action_is_given_with_reading_and_the_last_one_takes_the_grant_along() -> None:
    without = {**DOCUMENTS, KEY: {k: v for k, v in DOCUMENTS[KEY].items() if k != "grants"}}
    given = roles.with_action(without, KEY, "visit", "", "update", True)
    given = {**given, KEY: identified("clinic", "role", given[KEY])}
    grant = grant_on(given, "visit")
    assert grant["actions"] == ["read", "update"]
    fewer = roles.with_action(given, KEY, "visit", grant["id"], "update", False)
    assert grant_on(fewer, "visit")["actions"] == ["read"]
    none = roles.with_action(fewer, KEY, "visit", grant["id"], "read", False)
    assert none[KEY]["grants"] == []
    (line,) = (line for line in roles.matrix(none, given, KEY) if line.name == "visit")
    assert set(line.gone) == {"read", "update"}


@pytest.mark.parametrize(
    ("rows", "said", "written"),
    [("team", "", "team"), ("inherit", "owner", {"inherit": "owner"}), ("formula", "age > 3", "age > 3")],
)
def test_rows_are_written_as_documents_write_them(rows: str, said: str, written: Any) -> None:
    grant = grant_on(DOCUMENTS)
    made = roles.with_rows(DOCUMENTS, KEY, grant["id"], rows, said)
    assert grant_on(made)["rows"] == written
    (line,) = (line for line in roles.matrix(made, DOCUMENTS, KEY) if line.name == "patient")
    assert (line.grants[0].rows, line.grants[0].said) == (rows, said)
    assert line.grants[0].rows_changed
    assert "rows" not in grant_on(roles.with_rows(made, KEY, grant["id"], "all"))


@given(st.lists(st.tuples(st.sampled_from(FIELDS), st.sampled_from(STATES)), max_size=12))
def test_a_field_is_shown_as_was_last_chosen_and_no_other_changes(chosen: list[tuple[str, str]]) -> None:
    for key in ("role/doctor", "role/clerk", "role/analyst"):
        documents = DOCUMENTS
        grant = grant_on(documents, key=key)
        wanted = {name: state_of(grant, name) for name in FIELDS}
        for field, state in chosen:
            documents = roles.with_field(documents, key, grant["id"], field, state)
            wanted[field] = state
            now = grant_on(documents, key=key)
            assert {name: state_of(now, name) for name in FIELDS} == wanted
        check_shapes(DOCUMENTS, documents, [key])
        for field, _ in chosen:
            documents = roles.with_field(documents, key, grant["id"], field, state_of(grant, field))
        back = grant_on(documents, key=key)
        assert {name: state_of(back, name) for name in FIELDS} == {n: state_of(grant, n) for n in FIELDS}


def test_what_is_clicked_links() -> None:
    grant = grant_on(DOCUMENTS)
    documents = roles.with_field(DOCUMENTS, KEY, grant["id"], "risk", "hidden")
    documents = roles.with_further_grant(documents, KEY, "medicine")
    for flag in roles.FLAGS:
        documents = roles.with_flag(documents, KEY, flag, True)
    documents = {**documents, KEY: identified("clinic", "role", documents[KEY])}
    check_shapes(DOCUMENTS, documents, [KEY])
    linked = examine_stored(documents)
    assert linked.problems == ()
    assert linked.app is not None
    made = linked.app.roles["doctor"]
    assert (made.settings, made.share_views, made.build, made.publish) == (True, True, True, True)
    assert "risk" in next(g for g in made.grants if g.entity == "patient").hide
    back = roles.with_flag(documents, KEY, "build", False)
    assert "build" not in back[KEY]


@pytest.mark.parametrize(
    "act",
    [
        lambda: roles.with_action(DOCUMENTS, KEY, "patient", "nothing", "read", True),
        lambda: roles.with_action(DOCUMENTS, KEY, "patient", "", "own", True),
        lambda: roles.with_rows(DOCUMENTS, KEY, grant_on(DOCUMENTS)["id"], "formula"),
        lambda: roles.with_rows(DOCUMENTS, KEY, grant_on(DOCUMENTS)["id"], "everything"),
        lambda: roles.with_field(DOCUMENTS, KEY, grant_on(DOCUMENTS)["id"], "phone", "shown"),
        lambda: roles.with_flag(DOCUMENTS, KEY, "grants", True),
        lambda: roles.without_grant(DOCUMENTS, KEY, ""),
    ],
)
def test_what_is_not_there_is_refused(act: Any) -> None:
    with pytest.raises(Refused):
        act()
