"""The reading of one record: drafts, earlier values, variables, and threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from dougong_runtime.formulas.check import check_formula
from dougong_runtime.formulas.context import Context
from dougong_runtime.formulas.evaluate import EvaluationError, MemoryRow, evaluate, stored
from dougong_runtime.formulas.tree import Node
from dougong_runtime.formulas.types import number
from formula_world import NOW, ROWS, SETTING_VALUES, SETTINGS, SHAPES

CONTEXT = Context(now=NOW, settings=SETTING_VALUES)


def tree(text: str, place: Any = "rule", **rest: Any) -> Node:
    """A typed formula of the workshop's client."""
    return check_formula(text, entity="client", shapes=SHAPES, settings=SETTINGS, place=place, **rest).tree


def test_earlier_values() -> None:
    before, after = (
        {"id": "x", "budget": Decimal(5), "grade": "A"},
        {"id": "x", "budget": Decimal(7), "grade": "A"},
    )
    row = MemoryRow("client", after, {}, before=before)
    assert (
        evaluate(tree("OLD.budget < budget AND CHANGED(budget) AND NOT CHANGED(grade)"), row, CONTEXT) is True
    )
    new = MemoryRow("client", after, {})
    assert evaluate(tree("CHANGED(budget) AND NOT CHANGED(name) AND OLD.budget = NULL"), new, CONTEXT) is True


def test_the_branch_not_taken_is_not_read() -> None:
    class Counting(MemoryRow):
        asked: list[str] = []

        def get(self, field: str) -> Any:
            self.asked.append(field)
            return super().get(field)

    row = Counting("client", ROWS["client"][0], ROWS)
    assert evaluate(tree("IF(active, budget, wide)"), row, CONTEXT) == Decimal(1000)
    assert row.asked == ["active", "budget"]


def test_values_are_those_of_fields() -> None:
    row = MemoryRow(
        "client",
        {"id": "x", "visits": 7, "name": "", "skills": [], "owner": {"entity": "user", "id": "u"}},
        {},
    )
    assert evaluate(tree("visits / 2"), row, CONTEXT) == Decimal("3.5")
    assert evaluate(tree("name = NULL AND skills = NULL AND owner <> NULL"), row, CONTEXT) is True
    assert stored(tree("visits / 3"), number(2), row, CONTEXT) == Decimal("2.33")


def test_computed_fields_are_computed_on_the_way() -> None:
    formulas = {"client": {"budget": tree("visits * 10", "formula")}}
    row = MemoryRow(
        "client", {"id": "x", "visits": 3, "born": date(2020, 1, 1)}, {}, formulas=formulas, context=CONTEXT
    )
    assert evaluate(tree("budget + 1"), row, CONTEXT) == Decimal(31)


def test_a_measure_has_no_meaning_for_one_record() -> None:
    row = MemoryRow("client", ROWS["client"][0], ROWS)
    with pytest.raises(EvaluationError):
        evaluate(tree("SUM(budget)", "measure"), row, CONTEXT)


def test_threads_and_errors_do_not_mix() -> None:
    row = MemoryRow("client", ROWS["client"][0], ROWS)
    measure, good = (
        tree("SUM(budget)", "measure"),
        tree("SUM(orders.amount, amount > THIS.small_order) + budget"),
    )

    def once(number_: int) -> Any:
        if number_ % 3 == 0:
            with pytest.raises(EvaluationError):
                evaluate(measure, row, CONTEXT)
        return evaluate(good, row, CONTEXT)

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(once, range(200))) == {Decimal("1200.50")}
