"""Every list of the investment template opens for every role that it is meant for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from dougong_runtime.records.query import Query
from dougong_runtime.stories.stage import Stage
from staged import staged

TEMPLATE = "crm_investment"
PEOPLE = {
    "advisor": "advisor_li",
    "team_leader": "leader_zhao",
    "researcher": "researcher_chen",
    "trader": "trader_wu",
    "risk_controller": "risk_zhou",
    "suitability": "suitability_he",
    "compliance": "compliance_sun",
    "operations": "operations_ma",
    "executive": "executive_qian",
}


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stage, sa.Connection]]:
    with staged(TEMPLATE, tmp_path_factory.mktemp("views")) as (stage, engine), engine.begin() as connection:
        yield stage, connection


@pytest.mark.parametrize("role", PEOPLE)
def test_the_lists_of_a_role_open(opened: tuple[Stage, sa.Connection], role: str) -> None:
    stage, connection = opened
    app = stage.running.app
    records = stage.records(connection, PEOPLE[role])
    seen = 0
    for view in app.of("view").values():
        entity, meant = view.data["entity"], view.data.get("roles")
        if (meant and role not in meant) or not records.can(entity, "read"):
            continue
        grant = [g for g in app.roles[role].grants if g.entity == entity]
        if all(g.aggregate_only for g in grant):
            continue
        known = {shown.field.name for shown in records.fields(entity)}
        columns = [c if isinstance(c, str) else c["field"] for c in view.data["columns"]]
        fields = tuple(c for c in columns if c.partition(".")[0] in known)
        sort = tuple(view.data.get("sort", ()))
        records.list(Query(entity, filter=view.data.get("filter"), sort=sort, fields=fields))
        seen += 1
    assert seen > 5
