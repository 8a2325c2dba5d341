"""Every door shows each person what their roles give, and no more; and no door is forgotten."""

from __future__ import annotations

import os
from collections.abc import Iterator
from operator import attrgetter
from typing import Any

import pytest

from clinic import PATH, open_clinic
from doors import DOORS, WITHOUT_DATA, routes_of
from ward import ALL, GONE, OWNERS, PATIENT_FIELDS, STAGES, VISIT_FIELDS, Cell, Door, Ward, fill

PEOPLE = ("dr_lin", "dr_mao", "nurse_bai", "head_yu", "desk_tao", "stat_gu", "float_he", "admin", "nobody")
EFFORT = int(os.environ.get("DOUGONG_TEST_EFFORT", "1"))
TELLING = ("dr_lin", "float_he", "stat_gu")
"""Own rows with masks, several roles with inherited rows, sums only: between them every kind of rule."""
ALIKE = ("dr_mao", "nurse_bai")
"""One more doctor, and a nurse: `float_he` is a nurse too."""
PLACES = [("sqlite", name) for name in PEOPLE if EFFORT > 1 or name not in ALIKE] + [
    ("postgresql", name) for name in (PEOPLE if EFFORT > 1 else TELLING)
]
"""Database and person: rules compile to one tree of SQL, so that on the second database the telling ones do."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def ward(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    with open_clinic(request.param, tmp_path_factory.mktemp("ward")) as clinic:
        yield fill(clinic)


# --- what the roles of the clinic give, said once more by hand -------------------------------------------------------
def cells(entity: str, names: Any, fields: Any) -> set[Cell]:
    return {(entity, name, field) for name in names for field in fields}


def visits_of(patients: Any, letters: str = "ab") -> list[str]:
    return [f"{patient}_{letter}" for patient in patients for letter in letters]


def doctor(me: str) -> set[Cell]:
    mine = [name for name, owner in OWNERS.items() if owner == me]
    return cells("patient", mine, PATIENT_FIELDS - {"phone"}) | cells("visit", visits_of(mine), VISIT_FIELDS)


def nurse() -> set[Cell]:
    team = [name for name, owner in OWNERS.items() if owner == "dr_lin"]
    return cells("patient", team, PATIENT_FIELDS - {"phone", "id_number"}) | cells(
        "visit", visits_of(team), VISIT_FIELDS - {"note"}
    )


def registrar() -> set[Cell]:
    return cells("patient", OWNERS, PATIENT_FIELDS - {"spent", "id_number"})


def may_see(username: str) -> set[Cell]:
    """The cells that a person sees whole."""
    match username:
        case "dr_lin" | "dr_mao":
            return doctor(username)
        case "nurse_bai":
            return nurse()
        case "head_yu":
            return cells("patient", OWNERS, PATIENT_FIELDS) | cells("visit", visits_of(OWNERS), VISIT_FIELDS)
        case "desk_tao":
            return registrar()
        case "float_he":
            # A visit inherits from its patient: whoever may read the patient, by whichever role.
            return nurse() | registrar() | cells("visit", visits_of(OWNERS), VISIT_FIELDS - {"note"})
        case _:
            return set()


def in_trash(username: str) -> set[Cell]:
    """The same of the patient in the trash: the rules are those of living records."""
    as_living = {("patient", "lin_1", field) for _, name, field in may_see(username) if name == "lin_1"}
    return {("patient", GONE, field) for _, _, field in as_living if field in PATIENT_FIELDS - {"spent"}}


def revealable(username: str) -> set[Cell]:
    """What a grant lets its holder reveal."""
    mine = [name for name, owner in OWNERS.items() if owner == username]
    return cells("patient", mine, ["phone"]) if username.startswith("dr_") else set()


# --- the doors ------------------------------------------------------------------------------------------------------
def test_no_route_is_missing_from_the_list_of_doors(ward: Ward) -> None:
    named = {route for door in DOORS for route in door.routes}
    there = routes_of(ward.clinic.app)
    assert there - named - set(WITHOUT_DATA) == set(), "add these to tests/doors.py"
    assert (named | set(WITHOUT_DATA)) - there == set(), "these are no longer there"
    assert not named & set(WITHOUT_DATA)


@pytest.mark.parametrize(("ward", "username"), PLACES, indirect=["ward"], scope="module")
@pytest.mark.parametrize("door", DOORS, ids=attrgetter("name"))
def test_a_door_shows_what_the_roles_give_and_no_more(ward: Ward, door: Door, username: str) -> None:
    seen = ward.cells_in(door.ask(ward, username))
    allowed = may_see(username) | in_trash(username)
    if door.name in ("reveal", "revealing pages"):
        allowed |= revealable(username)
    assert seen - allowed == set()
    reach = {cell for cell in may_see(username) if cell[2] in door.reach.get(cell[0], frozenset())}
    assert reach - seen == set()


def test_the_ward_really_is_seen(ward: Ward) -> None:
    """Against an empty ward every door would pass."""
    assert len(ward.texts) == len(ALL["patient"]) * len(OWNERS) + 5 + len(OWNERS) * len(STAGES) * len(
        VISIT_FIELDS
    )
    list_door = next(door for door in DOORS if door.name == "list")
    assert ward.cells_in(list_door.ask(ward, "head_yu")) == may_see("head_yu")


# --- what cannot be seen cannot be asked about ----------------------------------------------------------------------
MASKED = (
    ("dr_lin", "phone", "lin_1"),
    ("nurse_bai", "id_number", "lin_1"),
    ("desk_tao", "id_number", "mao_1"),
)
"""Who sees a field masked, on which record."""
HIDDEN = (("desk_tao", "spent", "mao_1"), ("desk_tao", "risk", "mao_1"))
"""Who never sees a field."""


def ids(answer: Any) -> set[str]:
    assert answer.status_code == 200, answer.text
    return {item["id"] for item in answer.json()["items"]}


@pytest.mark.parametrize(("username", "field", "name"), MASKED)
def test_a_masked_cell_is_absent_to_every_question(ward: Ward, username: str, field: str, name: str) -> None:
    client = ward.clinic.client(username)
    value, id = ward.text_of(("patient", name, field)), ward.id("patient", name)
    for formula in (
        f"{field} = '{value}'", f"{field} <> NULL", f"STARTS({field}, '1')", f"CONTAINS({field}, '{value[-4:]}')",
        f"LEN({field}) > 0", f"NOT ({field} = NULL)", f"{field} >= '0'", f"{field} IN ('{value}', 'x')",
    ):  # fmt: skip
        answer = client.get(f"{PATH}/patient", params={"filter": formula})
        assert answer.status_code == 400 or id not in ids(answer), formula
    assert id in ids(client.get(f"{PATH}/patient", params={"filter": f"{field} = NULL"}))
    for text in (value, value[:6], value[-4:]):
        assert id not in ids(client.get(f"{PATH}/patient", params={"search": text}))
    counted = client.get(f"{PATH}/patient", params={"filter": f"{field} = '{value}'"}).json()
    assert counted["count"] == 0
    grouped = client.post(f"{PATH}/patient/aggregate", json={"rows": [field]})
    assert value not in grouped.text
    summed = client.post(
        f"{PATH}/patient/aggregate",
        json={"measures": [{"name": "n", "formula": f"COUNT({field} = '{value}')"}]},
    )
    assert summed.json()["total"]["n"] == 0
    if username != "desk_tao":
        along = client.get(f"{PATH}/visit", params={"filter": f"patient.{field} = '{value}'"})
        assert ids(along) == set()
        counted_back = client.get(
            f"{PATH}/visit", params={"filter": f"COUNT(patient.visits, patient.{field} = '{value}') > 0"}
        )
        assert counted_back.status_code == 400 or ids(counted_back) == set()


@pytest.mark.parametrize("direction", ["", "-"])
@pytest.mark.parametrize(("username", "field", "name"), MASKED)
def test_masked_cells_do_not_order_a_list(
    ward: Ward, username: str, field: str, name: str, direction: str
) -> None:
    """All of them absent, they leave the order to what follows."""
    client = ward.clinic.client(username)
    masked = client.get(f"{PATH}/patient", params={"sort": f"{direction}{field},name", "fields": "name"})
    plain = client.get(f"{PATH}/patient", params={"sort": "name", "fields": "name"})
    if masked.status_code == 200:
        assert [i["id"] for i in masked.json()["items"]] == [i["id"] for i in plain.json()["items"]]


@pytest.mark.parametrize(("username", "field", "name"), HIDDEN)
def test_a_hidden_field_is_an_unknown_name(ward: Ward, username: str, field: str, name: str) -> None:
    client = ward.clinic.client(username)
    never = "qwzx"
    patient = f"{PATH}/patient"
    for ask in (
        lambda f: client.get(patient, params={"filter": f"{f} = NULL"}),
        lambda f: client.get(patient, params={"sort": f}),
        lambda f: client.get(patient, params={"fields": f}),
        lambda f: client.get(patient, params={"expand": f}),
        lambda f: client.get(f"{PATH}/visit", params={"fields": f"patient.{f}"}),
        lambda f: client.get(f"{PATH}/visit", params={"filter": f"patient.{f} = NULL"}),
        lambda f: client.get(f"{PATH}/visit", params={"sort": f"patient.{f}"}),
        lambda f: client.post(f"{patient}/aggregate", json={"rows": [f]}),
        lambda f: client.post(f"{patient}/aggregate", json={"measures": [{"name": "m", "formula": f"MAX({f})"}]}),
        lambda f: client.post(f"{patient}/{ward.id('patient', name)}/reveal", json={"field": f}),
        lambda f: client.patch(f"{patient}/{ward.id('patient', name)}", json={f: "1"}),
        lambda f: client.post(patient, json={"name": "x", f: "1"}),
    ):  # fmt: skip
        hidden, unknown = ask(field), ask(never)
        assert hidden.status_code == unknown.status_code, (hidden.text, unknown.text)
        assert 400 <= hidden.status_code < 500
        assert [p["type"] for p in hidden.json()["problems"]] == [
            p["type"] for p in unknown.json()["problems"]
        ]


def test_a_taken_value_does_not_say_whose_it_is(ward: Ward) -> None:
    """That a unique value is taken must be said; by which record, and what else stands in it, must not."""
    lin = ward.clinic.client("dr_lin")
    taken = ward.text_of(("patient", "mao_1", "phone"))
    refused = lin.post(f"{PATH}/patient", json={"name": "同号", "phone": taken})
    assert refused.status_code == 409
    assert ward.cells_in(refused.text.replace(taken, "")) == set()
    assert ward.id("patient", "mao_1") not in refused.text


def test_a_conflict_does_not_show_what_its_reader_sees_masked(ward: Ward) -> None:
    """A nurse may write a phone that she sees masked: the other's value stays masked in the conflict."""
    nurse_client, head = ward.clinic.client("nurse_bai"), ward.clinic.client("head_yu")
    path = f"{PATH}/patient/{ward.id('patient', 'lin_2')}"
    before = head.get(path).json()
    try:
        head.patch(path, json={"phone": "13700009999"})
        clash = nurse_client.patch(path, json={"phone": "13700008888", "version": before["version"]})
        assert "13700009999" not in clash.text
    finally:
        head.patch(path, json={"phone": before["phone"]})


def test_figures_of_few_are_withheld_from_who_sees_figures_only(ward: Ward) -> None:
    analyst = ward.clinic.client("stat_gu")
    assert analyst.get(f"{PATH}/patient").status_code == 403
    assert analyst.get(f"{PATH}/patient/{ward.id('patient', 'lin_1')}").status_code in (403, 404)
    for body in (
        {"rows": ["owner"], "measures": [{"name": "sum", "formula": "SUM(spent)"}]},
        {"rows": ["mail"]},
        {"filter": "spent > 0", "measures": [{"name": "sum", "formula": "SUM(spent)"}]},
    ):
        answer = analyst.post(f"{PATH}/patient/aggregate", json=body)
        assert ward.cells_in(answer.text) == set()
        if answer.status_code == 200:
            assert answer.json()["rows"] == []
