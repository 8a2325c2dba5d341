"""Every example of every function gives what the manual says, read in Python and in SQL."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from databases import every_database
from dougong_runtime.formulas.calendars import make_calendar
from dougong_runtime.formulas.check import check_formula, written_functions
from dougong_runtime.formulas.compile import Scope, compile_formula
from dougong_runtime.formulas.context import Context
from dougong_runtime.formulas.evaluate import MemoryRow, evaluate
from dougong_runtime.formulas.functions import FAMILIES, FUNCTIONS, Example
from formula_tables import WorldTables, world_app, world_database
from formula_world import NOW, ROWS, SETTING_VALUES, SETTINGS, SHAPES, ZONE, rid

EXAMPLES = [(f.name, e) for _, f in FUNCTIONS.items() for e in f.examples]
CONTEXT = Context(
    now=NOW,
    time_zone=ZONE,
    user=MemoryRow("user", ROWS["user"][0], ROWS),
    user_id=rid(11),
    roles=("fitter",),
    settings=SETTING_VALUES,
    calendar=make_calendar("CN", 2025, 2027),
)


@pytest.mark.parametrize(("name", "example"), EXAMPLES, ids=[f"{n}-{e.text}" for n, e in EXAMPLES])
def test_read_for_one_record(name: str, example: Example) -> None:
    tree = check_formula(example.text, entity="client", shapes=SHAPES, settings=SETTINGS, place="filter").tree
    assert evaluate(tree, MemoryRow("client", ROWS["client"][0], ROWS), CONTEXT) == example.gives


@every_database
def test_read_by_the_database(database_kind: str, tmp_path: Path) -> None:
    with world_database(database_kind, tmp_path) as (engine, tables), engine.connect() as connection:
        _read(connection, tables)


def _read(connection: sa.Connection, tables: WorldTables) -> None:
    for name, example in EXAMPLES:
        tree = check_formula(
            example.text, entity="client", shapes=SHAPES, settings=SETTINGS, place="filter"
        ).tree
        row = tables.of("client").alias("r")
        scope = Scope(world_app(), tables, "client", row, connection.dialect.name)
        statement = (
            sa.select(compile_formula(tree, scope)).select_from(scope.joined(row)).where(row.c.id == rid(21))
        )
        found = connection.execute(statement, CONTEXT.parameters()).scalar()
        assert found == example.gives, f"{name}: {example.text}"


def test_every_function_is_explained() -> None:
    assert len(written_functions()) >= 80
    for _, function in FUNCTIONS.items():
        if not function.hidden:
            assert function.help.zh, function.name
            assert function.help.en, function.name
            assert function.examples or function.name in ("CHANNEL", "CHANGED"), function.name
    assert all(family.FAMILY for family in FAMILIES)
