"""A filter put together by clicking and its formula say the same, both ways; columns as text and back."""

from __future__ import annotations

import pytest

import make
from dougong_runtime.access.grants import shapes_of
from dougong_runtime.formulas.check import check_formula
from dougong_runtime.formulas.types import BOOLEAN
from dougong_runtime.pages import conditions, filters
from dougong_runtime.pages.filters import Filter, Group
from dougong_runtime.pages.layout import (
    Chosen,
    Layout,
    columns_of,
    columns_text,
    freeze_of,
    of_document,
    totals_of,
)

CLINIC = make.app("clinic")
PATIENT = CLINIC.entities["patient"]
SHAPES = shapes_of(CLINIC)


def read(text: str) -> Filter:
    """A formula over patients, as the builder has it."""
    return filters.read(CLINIC, PATIENT, text)


def shape(found: Filter) -> tuple[object, ...]:
    """A filter as plain values."""
    return (
        found.join,
        *(
            (i.join, *((c.path, c.op) for c in i.items)) if isinstance(i, Group) else (i.path, i.op)
            for i in found.items
        ),
    )


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("stage = 'active'", ("and", ("stage", "eq"))),
        ("stage = 'active' AND spent > 3", ("and", ("stage", "eq"), ("spent", "gt"))),
        ("risk = 'low' OR risk = 'high'", ("or", ("risk", "eq"), ("risk", "eq"))),
        (
            "stage = 'active' AND (risk = 'low' OR spent > 3)",
            ("and", ("stage", "eq"), ("or", ("risk", "eq"), ("spent", "gt"))),
        ),
        (
            "risk = 'low' OR spent > 3 AND name = 'a or b'",
            ("or", ("risk", "eq"), ("and", ("spent", "gt"), ("name", "eq"))),
        ),
        ("owner.team = USER().team AND NOT CONTAINS(name, 'x')", ("and", ("owner.team", "myteam"), ("name", "lacks"))),
        (
            "stage = 'active' AND (spent > 3 AND (risk = 'low' OR risk = 'high'))",
            ("and", ("stage", "eq"), ("spent", "gt"), ("or", ("risk", "eq"), ("risk", "eq"))),
        ),
        ("LEN(name) > 3 AND spent > 3", ("and", ("", "formula"), ("spent", "gt"))),
        ("NOT (risk = 'low' AND spent > 3)", ("and", ("", "formula"))),
        ("", ("and",)),
    ],
)  # fmt: skip
def test_a_formula_becomes_rows_and_comes_back(text: str, wanted: tuple[object, ...]) -> None:
    found = read(text)
    assert shape(found) == wanted
    again = filters.write(found)
    assert shape(read(again)) == wanted
    if text:
        before, after = (
            check_formula(
                t, entity="patient", shapes=SHAPES, settings={}, place="filter", expect=BOOLEAN
            ).tree
            for t in (text, again)
        )
        assert before == after


@pytest.mark.parametrize("period", conditions.PERIODS)
@pytest.mark.parametrize("path", ["born_on", "last_visit_at"])
def test_days_that_move_are_formulas_that_come_back(path: str, period: str) -> None:
    text = conditions.compose(CLINIC, PATIENT, path, "within", period)
    assert text is not None
    check_formula(text, entity="patient", shapes=SHAPES, settings={}, place="filter", expect=BOOLEAN)
    for spaced in (text, text.replace(" ", "  ").replace("(", " ("), text.lower()):
        (chip,) = conditions.parse(CLINIC, PATIENT, spaced)
        assert (chip.path, chip.op, chip.value) == (path, "within", period)


@pytest.mark.parametrize(("op", "value"), [("last", "7"), ("next", "30")])
def test_so_many_days_back_or_ahead(op: str, value: str) -> None:
    text = conditions.compose(CLINIC, PATIENT, "born_on", op, value)
    assert text is not None
    check_formula(text, entity="patient", shapes=SHAPES, settings={}, place="filter", expect=BOOLEAN)
    (chip,) = conditions.parse(CLINIC, PATIENT, text)
    assert (chip.op, chip.value) == (op, value)
    for wrong in ("", "-1", "seven", "1" * 12):
        assert conditions.compose(CLINIC, PATIENT, "born_on", op, wrong) is None


def test_several_values_are_chosen_at_once() -> None:
    both = conditions.LIST_SIGN.join(("low", "high"))
    assert conditions.compose(CLINIC, PATIENT, "risk", "in", both) == "risk IN ('low', 'high')"
    assert conditions.compose(CLINIC, PATIENT, "risk", "notin", both) == "risk NOT IN ('low', 'high')"
    assert conditions.compose(CLINIC, PATIENT, "risk", "in", "") is None
    (chip,) = conditions.parse(CLINIC, PATIENT, "risk NOT IN ('low', 'high')")
    assert (chip.op, chip.value) == ("notin", both)


def test_columns_are_text_and_come_back() -> None:
    chosen = columns_of("name,owner.team:180, spent:20 ,name,1 OR 1,a.b.c.d.e,DROP")
    assert chosen == (Chosen("name"), Chosen("owner.team", 180), Chosen("spent", 48))
    assert columns_text(chosen) == "name,owner.team:180,spent:48"
    assert totals_of("spent:avg,code:nonsense,code:count,x") == {"spent": "avg", "code": "count"}
    assert [freeze_of(t) for t in ("2", "0", "", "-1", "99999", "²")] == [2, 1, 1, 1, 1, 1]


def test_what_a_document_says_of_its_columns() -> None:
    raw = ["name", {"field": "spent", "width": 120, "summary": "avg"}, {"field": "code", "show": False}]
    assert of_document(raw) == Layout("name,spent:120", "", "spent:avg")


def test_the_first_that_speaks_counts() -> None:
    assert Layout(columns="a").over(Layout("b", "2", "c:sum")) == Layout("a", "2", "c:sum")
