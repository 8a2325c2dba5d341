"""A filter's formula and its chips say the same."""

from __future__ import annotations

import pytest

import make
from dougong_runtime.pages import conditions

CLINIC = make.app("clinic")
PATIENT = CLINIC.entities["patient"]


@pytest.mark.parametrize(
    ("path", "op", "value", "text"),
    [
        ("name", "contains", "王", "CONTAINS(name, '王')"),
        ("name", "eq", "O'Hara", "name = 'O\\'Hara'"),
        ("spent", "ge", "1,000", "spent >= 1000"),
        ("born_on", "lt", "TODAY() - 365", "born_on < TODAY() - 365"),
        ("risk", "ne", "low", "risk <> 'low'"),
        ("consent", "yes", "", "consent = TRUE"),
        ("consent", "no", "", "NOT consent"),
        ("owner", "mine", "", "owner = USER()"),
        ("phone", "empty", "", "phone = NULL"),
        ("phone", "filled", "", "phone <> NULL"),
    ],
)
def test_a_chip_becomes_a_formula_and_comes_back(path: str, op: str, value: str, text: str) -> None:
    made = conditions.compose(CLINIC, PATIENT, path, op, value)
    assert made == text
    (chip,) = conditions.parse(CLINIC, PATIENT, text)
    assert (chip.path, chip.op) == (path, op)
    assert chip.value == value.replace(",", "")


def test_conditions_joined_by_and_are_chips_one_each() -> None:
    text = "stage <> 'discharged' AND spent >= 100 and name = 'this and that'"
    assert [c.path for c in conditions.parse(CLINIC, PATIENT, text)] == ["stage", "spent", "name"]


def test_what_no_chip_can_say_is_kept_as_written() -> None:
    text = "stage = 'active' OR spent > 10"
    (chip,) = conditions.parse(CLINIC, PATIENT, text)
    assert (chip.op, chip.text) == ("formula", text)


def test_an_alternative_is_bracketed_when_joined() -> None:
    joined = conditions.join(["stage = 'active' OR spent > 10", "risk = 'low'"])
    assert joined == "(stage = 'active' OR spent > 10) AND risk = 'low'"
    assert [c.op for c in conditions.parse(CLINIC, PATIENT, joined)] == ["formula", "eq"]


def test_a_path_is_a_chip_too() -> None:
    visit = CLINIC.entities["visit"]
    (chip,) = conditions.parse(CLINIC, visit, "patient.risk = 'high'")
    assert (chip.path, chip.op, chip.value) == ("patient.risk", "eq", "high")


@pytest.mark.parametrize(("path", "op"), [("nothing", "eq"), ("consent", "ge"), ("name", "ge")])
def test_field_and_operator_must_go_together(path: str, op: str) -> None:
    assert conditions.compose(CLINIC, PATIENT, path, op, "x") is None


def test_a_value_is_never_more_than_a_literal() -> None:
    made = conditions.compose(CLINIC, PATIENT, "spent", "ge", "1 OR TRUE")
    assert made == "spent >= '1 OR TRUE'"
    assert (
        conditions.compose(CLINIC, PATIENT, "name", "eq", "x' OR 'a' = 'a")
        == "name = 'x\\' OR \\'a\\' = \\'a'"
    )


def test_a_list_of_values_is_a_chip_that_names_them() -> None:
    (chip,) = conditions.parse(CLINIC, PATIENT, "stage IN ('registered', 'active')")
    assert (chip.op, chip.value.split(conditions.LIST_SIGN)) == ("in", ["registered", "active"])
    (other,) = conditions.parse(CLINIC, PATIENT, "NOT risk IN ('low')")
    assert other.op == "notin"
    (quoted,) = conditions.parse(CLINIC, PATIENT, r"name IN ('it\'s', 'a\\b')")
    assert quoted.value.split(conditions.LIST_SIGN) == ["it's", "a\\b"]
    assert conditions.compose(CLINIC, PATIENT, "name", "in", quoted.value) == quoted.text
