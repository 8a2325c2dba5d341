"""What a formula may say where, and how its writer is told what is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from dougong_runtime.formulas.check import Checked, check_formula
from dougong_runtime.formulas.problems import FormulaProblems
from dougong_runtime.formulas.tree import Aggregate, Call, Path
from dougong_runtime.formulas.types import (
    BOOLEAN,
    DATE,
    DATETIME,
    INTEGER,
    TEXT,
    Kind,
    ValueType,
    number,
    record,
)
from formula_world import SETTINGS, SHAPES, rid


def check(text: str, entity: str = "client", **rest: Any) -> Checked:
    """A formula of the workshop, as a filter unless said otherwise."""
    rest.setdefault("place", "filter")
    return check_formula(text, entity=entity, shapes=SHAPES, settings=SETTINGS, **rest)


def problems(text: str, **rest: Any) -> list[tuple[int, str, str | None]]:
    """Offset, English words and nearest name of each problem."""
    with pytest.raises(FormulaProblems) as caught:
        check(text, **rest)
    return [(p.offset, p.en, p.nearest) for p in caught.value.problems]


@pytest.mark.parametrize(
    ("text", "type_"),
    [
        ("budget", number(2)),
        ("budget * rate", number(6, 36)),
        ("budget / 3", number(20, 36)),
        ("budget - born", None),
        ("born + 7", DATE),
        ("seen_at + 0.5", DATETIME),
        ("born - '2026-01-01'", INTEGER),
        ("IF(active, 'a', NULL)", TEXT),
        ("IF(active, grade, 'z')", TEXT),
        ("COALESCE(budget, rate)", number(4, 20)),
        ("COUNT(orders)", INTEGER),
        ("owner", record("user")),
        ("owner.team.leader", record("user")),
        ("photo.size", INTEGER),
        ("grade = 'A'", BOOLEAN),
        ("NULL", ValueType(Kind.NULL)),
    ],
)
def test_types(text: str, type_: ValueType | None) -> None:
    if type_ is None:
        assert problems(text)
    else:
        assert check(text).type == type_


@pytest.mark.parametrize(
    "text",
    [
        "NOT active AND budget > 0 or Grade_is_missing = 1".replace("Grade_is_missing", "visits"),
        "AND(active, OR(budget > 1, NOT(rate < 1)))",
        "and (active, active)",
        "grade in ('A','B')",
        "grade NOT IN ('A')",
        "name = \"x\" & 'y'",
        "name = 'it\\'s' OR name = \"a\\\"b\"",
        "0 <= budget <= 100",
        "=budget + 1",
        "IF（budget＞1，“多”，“少”）",
        "budget ≠ 3 AND budget ≥ 1",
        "if(active,1,2) = If(active,1,2)",
        "skills <> '' AND photo <> NULL AND tools = ''",
        f"owner = '{rid(11)}'",
        f"owner IN ('{rid(11)}', USER())",
        "MIN(1, visits/12) * 40",
        "MAX(orders.amount) / budget",
        "LAST(orders.amount, paid_on, paid_on <= TODAY() - 7) <= 0.60",
        "COUNT(parent.orders, placed_at >= TODAY())",
        "COUNT_DISTINCT(orders.grade, paid_on > TODAY() - 365)",
        "COALESCE(MIN(parent.orders.paid_on, grade = THIS.grade), born)",
        "EXISTS(orders) AND HAS(tools.name, 'x')",
        "mood < 0 OR mood IN (1, 2)",
        "seen_at = '2026-03-01' AND seen_at < '2026-03-01T10:00'",
    ],
)
def test_what_spreadsheets_and_databases_allow_is_allowed(text: str) -> None:
    check(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("naem", [(0, "client has no field “naem”", "name")]),
        ("orders.amuont", [(7, "order has no field “amuont”", "amount")]),
        ("IFF(1, 2)", [(0, "There is no function “IFF”", "IF")]),
        ("grade = 'Z'", [(8, "“Z” is none of the options (A, B, C)", None)]),
        ("HAS(skills, 'wled')", [(12, "“wled” is none of the options (turn, weld, paint)", "weld")]),
        ("SETTING('discuont')", [(8, "There is no setting “discuont”", "discount")]),
        ("orders", [(0, "“orders” are many records; put it inside SUM, COUNT …", None)]),
        ("parent.parent.parent.parent.name", [(21, "A path crosses at most 3 references", None)]),
        ("subject.name", [(0, "“subject” may name records of several entities, so no path leads through it", None)]),
        ("SUM(orders)", [(4, "SUM must say which field it is taken over", None)]),
        ("skills = 'weld'", [(9, "For several choices write HAS(field, value)", None)]),
        ("budget = '5'", [(9, "A number is expected here, not the text “5”; leave the quotation marks out", None)]),
        ("ROUND()", [(0, "ROUND is written ROUND(number, [places]); 0 arguments are given", None)]),
        ("naem = 1 OR visits IN (1, 'x') OR qqqq(2)", [(0, "client has no field “naem”", "name"), (26, "A number is expected here, not the text “x”", None), (34, "There is no function “qqqq”", None)]),
        ("budget +", [(7, "Something is wrong at “+”", None)]),
        ("budget % 3", [(7, "Write a percentage as a fraction (0.2); for the remainder use MOD", None)]),
        ("(budget", [(0, "This parenthesis is never closed", None)]),
        ("'abc", [(0, "The quotation mark is never closed", None)]),
        ("", [(0, "The formula is empty", None)]),
    ],
)  # fmt: skip
def test_all_that_is_wrong_is_told_with_its_place(
    text: str, expected: list[tuple[int, str, str | None]]
) -> None:
    assert problems(text) == expected


@pytest.mark.parametrize(
    ("text", "places", "elsewhere"),
    [
        ("OLD.budget < budget", ("rule", "trigger"), ("formula", "filter", "row_rule", "default", "message")),
        ("CHANGED(grade)", ("rule", "trigger"), ("formula", "filter", "row_rule")),
        ("owner = USER()", ("row_rule", "filter", "rule", "default"), ("formula",)),
        ("CHANNEL() = 'sms'", ("message",), ("formula", "filter")),
        ("SUM(budget)", ("measure",), ("formula", "filter")),
    ],
)
def test_where_it_may_stand(text: str, places: tuple[Any, ...], elsewhere: tuple[Any, ...]) -> None:
    for place in places:
        check(text, place=place)
    for place in elsewhere:
        assert problems(text, place=place)


def test_measures_are_aggregates_over_the_group() -> None:
    for text in ("COUNT()", "SUM(budget)", "COUNT(grade = 'A') / COUNT()", "SUM(IF(active, budget, -budget))", "AVG(parent.budget)", "MAX(budget)", "MAX(budget, active = TRUE)", "COUNT_DISTINCT(owner)", "SUM(orders.amount)", "SETTING('limit') * COUNT()"):  # fmt: skip
        check(text, place="measure")
    assert problems("budget", place="measure")
    assert problems("SUM(budget) + visits", place="measure")
    assert problems("AVG(orders.amount)", place="measure")
    twice = check("SUM(orders.amount)", place="measure").tree
    assert isinstance(twice, Aggregate)
    assert twice.hops == ()
    assert isinstance(twice.value, Aggregate)


def test_what_a_place_expects_shapes_literals() -> None:
    assert check("'2026-03-02'", expect=DATE).type == DATE
    grade = SHAPES["client"].fields["grade"].type
    assert check("'A'", place="default", expect=grade).type == grade
    assert check("IF(active, 'A', 'B')", expect=grade).type == grade
    assert problems("IF(active, 'A', 'X')", expect=grade)
    assert check("USER()", place="default", expect=record("user")).type == record("user")
    assert problems("USER()", place="default", expect=record("team"))
    assert problems("budget", expect=TEXT)
    assert check("TODAY()", expect=DATETIME).type == DATETIME


def test_variables_are_walked_like_references() -> None:
    variables = {"record": record("order"), "steps.best.value": number(2), "run.at": DATETIME}
    found = check("record.client.owner.team.leader", place="workflow", entity="client", variables=variables)
    assert found.type == record("user")
    checked = check_formula(
        "20 * visits / steps.best.value",
        entity="client",
        shapes=SHAPES,
        place="workflow",
        variables=variables,
    )
    assert isinstance(checked.tree, Call)
    only = check_formula(
        "record.amount > 3", entity=None, shapes=SHAPES, place="workflow", variables=variables
    )
    assert only.type == BOOLEAN
    with pytest.raises(FormulaProblems):
        check_formula("amount", entity=None, shapes=SHAPES, place="workflow", variables=variables)


def test_clock_and_asker_are_known() -> None:
    assert check("AGE(born) > 30").clock
    assert check("COUNT(orders, paid_on > TODAY() - 30) > 1").clock
    assert not check("budget > 1").clock
    assert check("owner = USER()").asks_user
    assert not check("owner = created_by").asks_user


def test_a_field_wins_over_a_keyword_of_its_name() -> None:
    tree = check("COUNT(orders, THIS.budget > amount)").tree
    assert isinstance(tree, Aggregate)
    assert isinstance(tree.condition, Call)
    left = tree.condition.arguments[0]
    assert isinstance(left, Path)
    assert left.base == "this"
