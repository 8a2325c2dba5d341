"""Renames reach exactly what a formula means, and leave the writer's text alone otherwise."""

from __future__ import annotations

import pytest

from dougong_runtime.documents.references import Target
from dougong_runtime.formulas.problems import FormulaProblems
from dougong_runtime.model.naming import renamed
from formula_world import SETTINGS, SHAPES

NAMES = {
    Target("field", "name", "client"): "full_name",
    Target("inverse", "orders", "client"): "jobs",
    Target("field", "amount", "order"): "total",
    Target("field", "small_order", "client"): "floor",
    Target("field", "team", "user"): "crew",
    Target("option", "A", "client.grade"): "B",
    Target("option", "B", "client.grade"): "it's A",
    Target("option", "weld", "client.skills"): "join",
    Target("option", "2", "client.mood"): "elated",
    Target("option", "1", "client.mood"): "3",
    Target("role", "clerk"): "desk",
}


def said(text: str) -> str:
    return renamed(text, NAMES, entity="client", shapes=SHAPES, settings=SETTINGS, place="rule")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("name", "full_name"),
        ("  name  &  'name' ", "  full_name  &  'name' "),
        ("owner.name", "owner.name"),
        ("parent.parent.name", "parent.parent.full_name"),
        ("SUM(orders.amount, amount>THIS.small_order)", "SUM(jobs.total, total>THIS.floor)"),
        ("sum( orders . amount )", "sum( jobs . total )"),
        ("COUNT(orders, client.name = number)", "COUNT(jobs, client.full_name = number)"),
        ("JOIN(tools.name, 'name')", "JOIN(tools.name, 'name')"),
        ("owner.team.name = USER().name", "owner.crew.name = USER().name"),
        ("OLD.name <> name AND CHANGED(name)", "OLD.full_name <> full_name AND CHANGED(full_name)"),
        ("HAS(orders.number, name)", "HAS(jobs.number, full_name)"),
        ("IF(name＝“name”，1，2)", "IF(full_name＝“name”，1，2)"),
    ],
)
def test_names_are_replaced_by_what_they_mean(before: str, after: str) -> None:
    assert said(before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # Exchanged with each other, in the marks that stand there.
        ("grade = 'A' OR grade  =  \"B\"", "grade = 'B' OR grade  =  \"it's A\""),
        ("grade IN ('A', 'B', 'C')", "grade IN ('B', 'it\\'s A', 'C')"),
        ("grade＝“A”", "grade＝“B”"),
        ("parent.grade <> 'A' AND name = 'A'", "parent.grade <> 'B' AND full_name = 'A'"),
        ("COUNT(orders, grade = 'A') > 0", "COUNT(jobs, grade = 'A') > 0"),
        ("COUNT(orders, client.grade = 'A' AND THIS.grade = 'B') > 0",
         "COUNT(jobs, client.grade = 'B' AND THIS.grade = 'it\\'s A') > 0"),
        ("HAS(skills, 'weld') OR code = 'weld'", "HAS(skills, 'join') OR code = 'weld'"),
        ("mood = 1 OR mood = 2 OR visits = 2", "mood = 3 OR mood = 'elated' OR visits = 2"),
        ("'A' = grade", "'B' = grade"),
        ("HAS(USER().roles, 'clerk') AND name <> 'clerk'", "HAS(USER().roles, 'desk') AND full_name <> 'clerk'"),
    ],
)  # fmt: skip
def test_options_and_roles_are_replaced_beside_what_they_are_of(before: str, after: str) -> None:
    assert said(before) == after


def test_a_formula_that_is_wrong_is_left_to_its_writer() -> None:
    with pytest.raises(FormulaProblems):
        said("nmae = 'x'")
