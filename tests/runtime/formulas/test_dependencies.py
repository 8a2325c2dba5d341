"""What a formula reads, as absolute steps from the record stood on."""

from __future__ import annotations

import pytest

from dougong_runtime.formulas.check import check_formula
from dougong_runtime.formulas.dependencies import dependencies, reads_clock, reads_user, settings_of
from formula_world import SETTINGS, SHAPES


def reads(text: str) -> set[str]:
    """Dependencies as `hop/hop.field`."""
    tree = check_formula(text, entity="client", shapes=SHAPES, settings=SETTINGS, place="rule").tree
    return {"/".join([*(h.name for h in d.hops), d.field]) for d in dependencies(tree)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("budget + rate", {"budget", "rate"}),
        ("id", set()),
        ("owner.team.name", {"owner", "owner/team", "owner/team/name"}),
        ("owner", {"owner"}),
        ("SUM(orders.amount)", {"orders/client", "orders/deleted_at", "orders/amount"}),
        (
            "COUNT(orders, amount > THIS.budget AND client.active)",
            {"orders/client", "orders/deleted_at", "orders/amount", "budget", "orders/client/active"},
        ),
        (
            "SUM(orders.lines.price)",
            {"orders/client", "orders/deleted_at", "orders/lines/order", "orders/lines/deleted_at", "orders/lines/price"},
        ),
        ("COUNT(tools, kind = 'press')", {"tools", "tools/deleted_at", "tools/kind"}),
        (
            "LAST(parent.orders.amount, paid_on)",
            {
                "parent",
                "parent/orders/client",
                "parent/orders/deleted_at",
                "parent/orders/amount",
                "parent/orders/paid_on",
            },
        ),
        ("JOIN(orders.grade)", {"orders/client", "orders/deleted_at", "orders/grade", "orders/number"}),
        ("OLD.budget < budget AND CHANGED(grade)", {"budget", "grade"}),
        ("owner = USER() AND budget > SETTING('limit')", {"owner", "budget"}),
    ],
)  # fmt: skip
def test_reads(text: str, expected: set[str]) -> None:
    assert reads(text) == expected


def test_surroundings() -> None:
    tree = check_formula(
        "COUNT(orders, paid_on > TODAY() - SETTING('limit')) > 1 AND owner.team = USER().team",
        entity="client",
        shapes=SHAPES,
        settings=SETTINGS,
        place="filter",
    ).tree
    assert settings_of(tree) == {"limit"}
    assert reads_clock(tree)
    assert reads_user(tree)
