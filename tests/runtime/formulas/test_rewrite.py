"""Renames reach exactly what means the field, and leave the writer's text alone otherwise."""

from __future__ import annotations

import pytest

from dougong_runtime.formulas.rewrite import rewrite
from formula_world import SETTINGS, SHAPES

RENAMES = {
    ("client", "name"): "full_name",
    ("client", "orders"): "jobs",
    ("order", "amount"): "total",
    ("client", "small_order"): "floor",
    ("user", "team"): "crew",
}


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
    assert rewrite(before, "client", SHAPES, RENAMES, settings=SETTINGS) == after
