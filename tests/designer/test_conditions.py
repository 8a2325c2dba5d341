"""Conditions and sums without typing: what is read from a formula says what the formula says, and goes back to it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dougong_designer import conditions, formulas
from dougong_designer.conditions import Clause
from dougong_designer.formulas import Standing
from dougong_designer.formulas.scan import Frame
from dougong_runtime.formulas.types import Kind
from dougong_runtime.model.link import formula_places
from dougong_runtime.model.linker import formula_text
from dougong_runtime.pages.conditions import LIST_SIGN, PERIODS, operators
from dougong_runtime.pages.filters import Filter, Group
from standings import NAMES, documents, linked, standing

EFFORT = int(os.environ.get("DOUGONG_TEST_EFFORT", "1"))


def of(entity: str = "visit", place: Any = "rule", app: str = "clinic") -> Standing:
    """A condition over an entity."""
    return standing("", entity=entity, place=place, app=app)


def read(text: str, at: Standing | None = None) -> Filter:
    """The sentences of a formula, which has some."""
    found = conditions.read(at or of(), text)
    assert found is not None, text
    return found


def one(text: str, at: Standing | None = None) -> Clause:
    """The one sentence that a formula is."""
    (found,) = read(text, at).items
    assert isinstance(found, Clause)
    assert found.kind != "text", text
    return found


# --- reading ------------------------------------------------------------------------------------------------------
def test_sentences_are_read_with_field_comparison_and_value() -> None:
    assert (one("fee >= 20").path, one("fee >= 20").op, one("fee >= 20").value) == ("fee", "ge", "20")
    along = one("patient.owner.team = USER().team")
    assert (along.path, along.op) == ("patient.owner.team", "myteam")
    assert one("stage IN ('open', 'signed')").value == LIST_SIGN.join(("open", "signed"))
    assert one("visited_at <= TODAY() - 30").value == "TODAY() - 30"


def test_related_records_are_counted_and_summed_with_conditions_of_their_own() -> None:
    some = one("COUNT(prescriptions, amount > THIS.fee AND medicine <> NULL) >= 2")
    assert (some.kind, some.function, some.path, some.op, some.value) == (
        "many",
        "count",
        "prescriptions",
        "ge",
        "2",
    )
    assert some.inner is not None
    inner = [c for c in some.inner.items if isinstance(c, Clause)]
    assert [(c.path, c.op, c.against) for c in inner] == [
        ("amount", "gt", "field"),
        ("medicine", "filled", "value"),
    ]
    total = one("SUM(patient.visits.cost) > SETTING('frequent_spent')")
    assert (total.path, total.field, total.against) == ("patient.visits", "cost", "setting")
    assert one("NOT EXISTS(prescriptions)").function == "lacks"
    assert one("MAX(prescriptions.medicine.price) < 100").field == "medicine.price"


def test_changes_roles_other_fields_and_what_a_workflow_has_are_said() -> None:
    assert one("NOT CHANGED(fee)").op == "unchanged"
    assert one("fee >= OLD.fee").against == "field"
    assert one("OLD.stage = 'open'").before == "OLD."
    assert one("HAS(USER().roles, 'head')").kind == "role"
    assert one("doctor = patient.owner").value == "patient.owner"
    of_run = standing("/workflow~1call_back/steps/1/when")
    path = "record.stage" if "record" in of_run.at.variables else ""
    assert one(f"{path} <> NULL", of_run).before == "record."


def test_groups_stay_groups_and_what_cannot_be_said_stays_its_own_text() -> None:
    found = read("stage = 'open' AND (fee > 5 OR LEN(reason) > 3)")
    group = found.items[1]
    assert isinstance(group, Group)
    assert (found.join, group.join, [c.op for c in group.items]) == ("and", "or", ["gt", "formula"])
    for text in (
        "LEN(reason) > 3",
        "fee",
        "fee >",
        "NOT (fee > 3 AND fee < 5)",
        "x" * 5_000,
        "IF(fee > 1, TRUE, FALSE)",
    ):
        assert conditions.read(of(), text) is None, text


def test_a_value_is_never_taken_for_another() -> None:
    assert one(r"reason IN ('it\'s', 'a\\b')").value == LIST_SIGN.join(("it's", "a\\b"))
    assert one(r"reason = 'it\'s'").value == "it's"
    # An escape that rows do not know: what they would say is another text.
    assert conditions.read(of(), r"reason = 'a\nb'") is None


def test_a_sum_is_read_where_a_formula_is_one_and_nothing_else() -> None:
    at = of("patient", "formula")
    found = conditions.read_sum(at, "COUNT(visits, stage <> 'signed' AND stage <> 'cancelled')")
    assert found is not None
    assert (found.function, found.path) == ("count", "visits")
    for text in ("SUM(visits.cost) / 2", "spent", "MAX(1, 2)", "EXISTS(visits)", "JOIN(visits.code, ',')"):
        assert conditions.read_sum(at, text) is None, text


# --- the law over all formulas ------------------------------------------------------------------------------------
def every_condition(name: str) -> Iterator[tuple[Standing, str]]:
    """Every condition of an app, where it stands."""
    found = linked(name)
    assert found.app is not None
    assert found.linker is not None
    for key, data in documents(name).items():
        kind, _, own = key.partition("/")
        for path, place in formula_places(found, kind, own, data).items() if kind != "file" else ():
            value: Any = data
            for step in path:
                value = value[step]
            at = Standing(found.app, found.linker.shapes, place)
            checked = formulas.checked(at, formula_text(value)).result
            if checked is not None and checked.type.kind is Kind.BOOLEAN:
                yield at, formula_text(value)


@pytest.mark.parametrize("name", NAMES)
def test_every_condition_of_an_app_goes_back_to_what_it_means_or_is_text_only(name: str) -> None:
    told = said = 0
    for at, text in every_condition(name):
        told += 1
        found = conditions.read(at, text)
        if found is None:
            continue
        said += 1
        assert conditions.same_meaning(at, text, conditions.write(found)), text
        assert conditions.read(at, conditions.write(found)) == read(conditions.write(found), at), text
        for clause in conditions.clauses(found):
            if isinstance(clause, Clause) and clause.kind != "text":
                made = conditions.compose(at, clause)
                assert made is not None, clause.text
                assert conditions.same_meaning(at, clause.text, made), (clause.text, made)
    assert said / told > 0.8, (said, told)


# --- the law over what the builder makes --------------------------------------------------------------------------
VALUES = st.sampled_from(("x", "0", "3.50", "张三", "it's", 'a"b', "a\\b", "open", "TODAY() - 3"))


@st.composite
def made(draw: st.DrawFn, depth: int = 2) -> Clause:
    """A sentence as the builder composes it."""
    at = of()
    if depth and draw(st.booleans()):
        function = draw(st.sampled_from(("count", "exists", "sum", "lacks")))
        field = "amount" if function == "sum" else ""
        inner = Filter(draw(st.sampled_from(("and", "or"))), tuple(draw(st.lists(inner_of(), max_size=2))))
        clause = Clause(
            "", "prescriptions", draw(st.sampled_from(tuple(conditions.SIGNS))), str(draw(st.integers(-5, 500))),
            False, "many", "", "visit", function=function, field=field, inner=inner,
        )  # fmt: skip
        if function in conditions.WITHOUT_VALUE:
            clause = replace(clause, op="", value="")
    else:
        clause = draw(plain("visit"))
    return replace(clause, text=conditions.compose(at, clause) or "")


@st.composite
def plain(draw: st.DrawFn, entity: str) -> Clause:
    """A sentence about a field."""
    at = of()
    fields = [f for f in at.app.entities[entity].own_fields if operators(f) and not f.is_many]
    field = draw(st.sampled_from(fields))
    op = draw(st.sampled_from(operators(field)))
    value = draw(VALUES)
    if field.choices:
        value = str(draw(st.sampled_from(field.choices)).value)
    elif field.value_type.kind is Kind.NUMBER:
        value = str(draw(st.integers(-99, 99)))
    elif field.value_type.kind in (Kind.DATE, Kind.DATETIME):
        value = draw(st.sampled_from(("2026-03-02", "TODAY()", "TODAY() - 7")))
    elif field.value_type.kind is Kind.RECORD:
        value = "0198c0de-0000-7000-8000-000000000001"
    if op == "within":
        value = draw(st.sampled_from(tuple(PERIODS)))
    elif op in ("last", "next"):
        value = str(draw(st.integers(0, 400)))
    return Clause("", field.name, op, value, False, "plain", "", entity)


@st.composite
def inner_of(draw: st.DrawFn) -> Clause:
    """A sentence inside an aggregate over prescriptions."""
    clause = draw(plain("prescription"))
    return replace(clause, text=conditions.compose(of(), clause) or "")


@settings(max_examples=60 * EFFORT, deadline=None)
@given(
    st.lists(made() | st.lists(made(1), min_size=2, max_size=3), min_size=1, max_size=4),
    st.sampled_from(("and", "or")),
)
def test_what_the_builder_makes_is_read_as_what_it_made(parts: list[Any], join: Any) -> None:
    at = of()
    other: Any = "or" if join == "and" else "and"
    items = tuple(Group(other, tuple(p)) if isinstance(p, list) else p for p in parts)
    text = conditions.write(Filter(join, items))
    if formulas.checked(at, text).result is None:
        return  # values that their field cannot take
    found = read(text, at)
    assert conditions.same_meaning(at, text, conditions.write(found))
    again = [c for c in conditions.clauses(found) if isinstance(c, Clause)]
    assert all(c.kind != "text" for c in again), text
    mine = [c for p in parts for c in (p if isinstance(p, list) else [p])]
    assert [conditions.compose(at, c) for c in again] == [c.text for c in mine if c.text], text


def test_an_edited_sentence_is_composed_anew_and_the_others_keep_their_text() -> None:
    found = read("fee>=20 and  stage = 'open'")
    first, second = found.items
    assert isinstance(first, Clause)
    edited = replace(first, value="30", text=conditions.compose(of(), replace(first, value="30")) or "")
    assert conditions.write(replace(found, items=(edited, second))) == "fee >= 30 AND stage = 'open'"
    assert conditions.read_one(of(), "fee>=20", Frame("visit")) == first
