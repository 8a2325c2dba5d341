"""The investment template's demo data: the planted cases are there and are found by the app's own formulas."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from dougong_runtime.records.door import Records
from dougong_runtime.records.query import AggregateQuery, Query
from dougong_runtime.stories.stage import PRODUCER
from dougong_runtime.transfer.demo import load_demo
from staged import staged, template

TEMPLATE = "crm_investment"
NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
SCALE = 0.22
"""Just enough customers to hold every case."""


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Records]:
    with staged(TEMPLATE, tmp_path_factory.mktemp("demo")) as (stage, engine):
        stage.clock.at = NOW

        @contextmanager
        def door() -> Iterator[Records]:
            with engine.begin() as connection:
                yield Records(stage.running, connection, PRODUCER, stage.clock)

        load_demo(door, template(TEMPLATE)[0], anchor=NOW.date(), scale=SCALE)
        with door() as opened:
            yield opened


def count(records: Records, entity: str, where: str) -> int:
    return records.list(Query(entity, filter=where, fields=("id",), limit=1)).count


def customer(records: Records, name: str, *fields: str) -> dict[str, Any]:
    (found,) = records.list(Query("customer", filter=f"name = '{name}'", fields=fields)).items
    return found


def test_one_client_long_active_has_gone_quiet(records: Records) -> None:
    found = customer(records, "王静远", "retreat", "trades_prior_90d", "trades_90d", "ignored_30d", "segment")
    assert (found["trades_prior_90d"], found["trades_90d"], found["ignored_30d"]) == (41, 6, 4)
    assert found["segment"] == "VIP"
    assert count(records, "customer", "retreat") == 1


def test_drawdown_and_margin_are_as_planted(records: Records) -> None:
    assert customer(records, "赵启明", "drawdown")["drawdown"] == "0.2240"
    assert customer(records, "韩立冬", "max_risk_degree")["max_risk_degree"] == "1.1333"
    assert count(records, "account", "margin_state = 'call' AND shortfall = 8000") == 1


def test_a_private_fund_has_reached_its_line_with_its_holders(records: Records) -> None:
    (fund,) = records.list(
        Query("product", filter="line_state <> 'clear'", fields=("holders", "line_state"))
    ).items
    assert (fund["holders"], fund["line_state"]) == (37, "warning")
    managers = records.aggregate(
        AggregateQuery("holding", rows=("customer.owner",), filter="product.code = 'DS0001'")
    )
    assert len(managers.rows) == 9


def test_suitability_cases_stand_out(records: Records) -> None:
    assert (
        count(records, "holding", "quantity > 0 AND ORD(product.risk_level) > ORD(customer.risk_level)") == 1
    )
    assert customer(records, "顾惠芬", "age", "elderly") | {"id": ""} == {
        "id": "",
        "age": 67,
        "elderly": True,
    }
    assert customer(records, "林若安", "lowest_class")["lowest_class"] is True
    assert count(records, "customer", "assessment_state = 'expiring'") == 118
    assert count(records, "customer", "assessment_state = 'expired' AND market_value > 0") == 43


def test_anomalies_stand_out(records: Records) -> None:
    assert customer(records, "许一鸣", "full_position")["full_position"] is True
    assert customer(records, "曹云舟", "unfamiliar_10d")["unfamiliar_10d"] == 7
    assert count(records, "complaint", "overdue") == 1


def test_the_saved_filter_finds_exactly_twelve(records: Records) -> None:
    view = records.running.app.of("view")["customers_tech_aggressive"]
    assert count(records, "customer", view.data["filter"]) == 12


def test_no_account_is_overdrawn_and_assets_add_up(records: Records) -> None:
    assert count(records, "account", "cash < 0 AND kind <> 'futures'") == 0
    people = records.list(Query("customer", fields=("aum",), limit=1000)).items
    accounts = records.list(Query("account", fields=("balance",), limit=1000)).items
    assert sum(Decimal(c["aum"]) for c in people) == sum(Decimal(a["balance"]) for a in accounts)


def test_every_tag_rule_is_a_condition_that_can_be_asked(records: Records) -> None:
    rules = records.list(Query("tag_rule", fields=("name", "condition"), limit=100)).items
    found = {rule["name"]: count(records, "customer", rule["condition"]) for rule in rules}
    assert len(found) == 14
    assert all(found[name] for name in ("稳健型", "成长型", "高频交易者", "追涨杀跌", "逆势", "休眠"))
