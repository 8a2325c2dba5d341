"""Formulas that grow when they are written out, or run, end where a bound says."""

from __future__ import annotations

import time
import tracemalloc

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from databases import every_database, fresh_url
from dougong_runtime.errors import Refused
from dougong_runtime.formulas.check import check_formula
from dougong_runtime.formulas.compile import Scope, compile_formula, condition
from dougong_runtime.formulas.context import Context
from dougong_runtime.formulas.evaluate import MemoryRow, evaluate
from dougong_runtime.formulas.problems import FormulaProblems
from dougong_runtime.formulas.tree import Node
from formula_tables import WorldTables, world_app, world_engine
from formula_world import NOW, ROWS, SETTINGS, SHAPES
from make import app_of

DIALECTS = {"sqlite": sqlite.dialect(), "postgresql": postgresql.dialect()}
TABLES, APP = WorldTables(), world_app()


def typed(text: str) -> Node:
    return check_formula(text, entity="client", shapes=SHAPES, settings=SETTINGS, place="filter").tree


def nested(depth: int, around: str, inside: str) -> str:
    """`around`, with itself in place of `{}`, so many times."""
    for _ in range(depth):
        inside = around.replace("{}", inside)
    return inside


TWICE = {
    "xor": nested(40, "XOR({}, active)", "active"),
    "chain": nested(25, "(1 < IF({}, 1, 2) < 4)", "active"),
    "yes as text": nested(28, "CONTAINS(TEXT({}), 'a')", "active"),
    "xor of xor": nested(30, "XOR(active, {})", "active"),
}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("name", TWICE)
def test_what_is_written_twice_within_itself_is_refused_at_once(name: str, dialect: str) -> None:
    """Each level doubled the statement: forty of them, 800 characters of a filter, held a process for ever."""
    began = time.thread_time()
    with pytest.raises((FormulaProblems, Refused), match="complex"):
        condition(typed(TWICE[name]), Scope(APP, TABLES, "client", TABLES.of("client"), dialect))
    assert time.thread_time() - began < 10


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    "text",
    [
        nested(50, "IF({}, active, NOT(active))", "active"),
        nested(50, "({} = active)", "active"),
        nested(50, "COALESCE({}, name)", "name") + " = 'x'",
        " or ".join(["active"] * 300),
        " & ".join(["name"] * 100) + " = 'x'",
    ],
    ids=lambda text: text[:8],
)
def test_what_is_long_but_grows_no_further_is_not(text: str, dialect: str) -> None:
    made = condition(typed(text), Scope(APP, TABLES, "client", TABLES.of("client"), dialect))
    assert len(str(made.compile(dialect=DIALECTS[dialect]))) < 200_000


@pytest.mark.parametrize(
    "text",
    [
        nested(12, "SUBSTITUTE({}, 'a', 'aaaaaaaaaaaaaaaaaaaa')", "'aaaa'"),
        "PAD_LEFT('a', 10000, REPT('b', 10000))",
        nested(12, "REPT({}, 10000)", "'ab'"),
        "REPT('ab', 10000)",
        nested(12, "REPLACE({}, 1, 0, REPT('a', 10000))", "'a'"),
        "FIXED(POWER(10, 55), 20)",
        "LEN(" + " & ".join(["REPT('a', 10000)"] * 100) + ")",
    ],
    ids=lambda text: text[:12],
)
@every_database
def test_texts_do_not_grow_without_end(database_kind: str, tmp_path: object, text: str) -> None:
    """One record, one formula: no more than a few megabytes, and both readings agree."""
    tree = typed(text)
    row = MemoryRow("client", ROWS["client"][0], ROWS)
    tracemalloc.start()
    found = evaluate(tree, row, Context(now=NOW))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8_000_000
    assert len(str(found)) <= 130_000
    engine = world_engine(fresh_url(database_kind, tmp_path))
    with engine.begin() as connection:
        TABLES.metadata.create_all(connection)
        TABLES.fill(connection)
        scope = Scope(APP, TABLES, "client", TABLES.of("client"), database_kind)
        value = compile_formula(tree, scope)
        statement = sa.select(value).select_from(scope.joined(TABLES.of("client"))).limit(1)
        assert connection.scalar(statement) == found
    engine.dispose()


def chain(length: int, formula: str, more: str) -> str:
    fields = [
        f'- {{name: f{n}, type: formula, formula: "{formula.replace("{}", f"f{n + 1}")}"{more}}}'
        for n in range(length)
    ]
    return "\n".join(
        ["kind: entity", "name: thing", "fields:", *fields, f"- {{name: f{length}, type: decimal, scale: 2}}"]
    )


ROWS_EACH = ", result: decimal, scale: 2, visible: rows"


@pytest.mark.parametrize(
    ("length", "formula", "more"),
    [
        (14, "{} + {}", ROWS_EACH),
        (100, "{} + 1", ROWS_EACH),
        (300, "{} + 1", ""),
        (12, "IF({} = {}, {}, {})", ROWS_EACH),
    ],
    ids=["doubled", "deep", "without a type", "four times"],
)
def test_computed_fields_that_stand_in_one_another_are_refused_with_a_place(
    length: int, formula: str, more: str
) -> None:
    """Linked, they would have been written out in each statement that shows them."""
    with pytest.raises(Refused) as caught:
        app_of(chain(length, formula, more))
    assert all(problem.place and problem.place.line for problem in caught.value.problems)


def test_stored_ones_may_follow_each_other() -> None:
    app = app_of(chain(100, "{} + 1", ", result: decimal, scale: 2"))
    assert app.entities["thing"].fields["f0"].has_column
