"""A formula gives the same answer on one record in Python as on all records in SQL, on either database."""

from __future__ import annotations

import os
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from databases import every_database, fresh_url
from dougong_runtime.formulas.calendars import make_calendar
from dougong_runtime.formulas.check import check_formula
from dougong_runtime.formulas.compile import Scope, compile_formula, condition
from dougong_runtime.formulas.context import Context
from dougong_runtime.formulas.evaluate import MemoryRow, evaluate
from dougong_runtime.formulas.problems import FormulaProblems
from dougong_runtime.formulas.tree import Node
from dougong_runtime.formulas.types import Kind
from formula_samples import formulas, random_world
from formula_tables import WorldTables, world_app, world_engine
from formula_world import NOW, SETTING_VALUES, SETTINGS, SHAPES, ZONE, rid

SEEDS = (1, 2) if int(os.environ.get("DOUGONG_TEST_EFFORT", "1")) == 1 else (1, 2, 3)


@cache
def _database(kind: str, seed: int) -> tuple[sa.Engine, WorldTables, dict[str, Any]]:
    engine = world_engine(fresh_url(kind, Path(tempfile.mkdtemp())))
    tables, world = WorldTables(), random_world(seed)
    with engine.begin() as connection:
        tables.metadata.create_all(connection)
        tables.fill(connection, world)
    return engine, tables, world


def _context(world: dict[str, Any]) -> Context:
    me = next(u for u in world["user"] if u["id"] == rid(11))
    return Context(
        now=NOW,
        time_zone=ZONE,
        user=MemoryRow("user", me, world),
        user_id=rid(11),
        roles=("fitter",),
        settings=SETTING_VALUES,
        calendar=make_calendar("CN", 2025, 2027),
    )


def typed(text: str) -> Node | None:
    """The tree of a drawn formula; None where its parts do not go together."""
    try:
        return check_formula(text, entity="client", shapes=SHAPES, settings=SETTINGS, place="filter").tree
    except FormulaProblems:
        return None


@every_database
@pytest.mark.parametrize("seed", SEEDS)
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(texts=st.lists(formulas, min_size=6, max_size=6))
@example(texts=["grade IN ('A', NULL) AND XOR(active, NOT(active))", "NOT(active) = NOT(active)"])
def test_both_readings_agree(database_kind: str, seed: int, texts: list[str]) -> None:
    """On every row: the value, and for a condition whether the row is among those where it is true."""
    engine, tables, world = _database(database_kind, seed)
    context = _context(world)
    trees = {text: tree for text in texts if (tree := typed(text)) is not None}
    for text, tree in trees.items():
        row = tables.of("client").alias("r")
        scope = Scope(world_app(), tables, "client", row, database_kind)
        columns = [row.c.id, compile_formula(tree, scope)]
        if tree.type.kind is Kind.BOOLEAN:
            columns.append(sa.case((condition(tree, scope), sa.true()), else_=sa.false()))
        statement = sa.select(*columns).select_from(scope.joined(row))
        with engine.connect() as connection:
            found = {r[0]: r[1:] for r in connection.execute(statement, context.parameters())}
        for record in world["client"]:
            expected = evaluate(tree, MemoryRow("client", record, world), context)
            answer = found[record["id"]]
            assert answer[0] == expected, (text, record, answer[0], expected)
            if len(answer) > 1:
                assert answer[1] is (expected is True), (text, record, "as a condition")
