"""Sums that each role of the investment template may see: an adviser's own, and research's without any small group."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import sqlalchemy as sa

from dougong_runtime.errors import Refused
from dougong_runtime.records.door import Records
from dougong_runtime.records.query import AggregateAnswer, AggregateQuery, Measure, Query
from dougong_runtime.stories.stage import Stage
from staged import staged


@dataclass
class Firm:
    stage: Stage
    connection: sa.Connection

    def as_(self, username: str | None) -> Records:
        return self.stage.records(self.connection, username)

    def sum(self, username: str, entity: str, formula: str, *rows: str) -> AggregateAnswer:
        return self.as_(username).aggregate(
            AggregateQuery(entity, rows=rows, measures=(Measure("sum", formula),))
        )


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firm]:
    folder = tmp_path_factory.mktemp("sums")
    with staged("crm_investment", folder) as (stage, engine), engine.begin() as connection:
        firm = Firm(stage, connection)
        _trades(firm)
        yield firm


def _trades(firm: Firm) -> None:
    """Six purchases of technology and four of energy, each of a client of its own."""
    system = firm.as_(None)
    for code, count, owner in (("TECH", 6, "advisor_li"), ("ENERGY", 4, "advisor_sun")):
        topic = system.create("topic", {"code": code, "name": code})["id"]
        share = {
            "code": code,
            "name": code,
            "kind": "stock",
            "risk_level": "R3",
            "sector": topic,
            "last_price": 10,
        }
        product = system.create("product", share)["id"]
        for number in range(count):
            user = firm.stage.viewers[owner].user
            customer = system.create("customer", {"name": f"{code} {number}", "owner": user})["id"]
            given = {
                "customer": customer,
                "number": f"{code}{number}",
                "kind": "securities",
                "opened_on": "2026-01-05",
            }
            account = system.create("account", {**given, "cash": 1000})["id"]
            system.create(
                "trade",
                {
                    "account": account,
                    "product": product,
                    "external_id": f"{code}{number}",
                    "side": "buy",
                    "quantity": 100,
                    "price": 10,
                    "traded_at": "2026-02-10T02:00:00Z",
                },
            )


def test_an_adviser_sums_their_own_clients(firm: Firm) -> None:
    assert firm.sum("advisor_li", "customer", "SUM(aum)").total == {"sum": "6000.00"}
    assert firm.sum("advisor_sun", "customer", "COUNT()").total == {"sum": 4}
    assert firm.sum("leader_zhao", "customer", "COUNT()").total == {"sum": 6}
    assert firm.sum("executive_qian", "customer", "SUM(aum)").total == {"sum": "10000.00"}


def test_search_and_address_lead_to_own_clients_only(firm: Firm) -> None:
    (other,) = firm.as_(None).list(Query("customer", filter="name = 'ENERGY 0'", fields=("id",))).items
    assert firm.as_("advisor_li").list(Query("customer", search="ENERGY")).items == []
    with pytest.raises(Refused):
        firm.as_("advisor_li").get("customer", other["id"])


def test_research_sees_a_flow_of_five_and_more_and_none_of_four(firm: Firm) -> None:
    answer = firm.sum("researcher_chen", "trade", "SUM(amount)", "sector.code")
    assert answer.rows == [{"sector.code": "TECH", "sum": "6000.00"}]
    assert answer.withheld == 1
    assert answer.total.get("sum") is None, "a total would give the withheld group away by subtraction"


def test_research_sees_no_trade(firm: Firm) -> None:
    with pytest.raises(Refused):
        firm.as_("researcher_chen").list(Query("trade"))
