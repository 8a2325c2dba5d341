"""What has been used to break out of formula languages, or to exhaust them, is refused at once."""

from __future__ import annotations

import ast
import time

import pytest
from asteval import asteval

from dougong_runtime.formulas import evaluate as reading
from dougong_runtime.formulas.check import check_formula
from dougong_runtime.formulas.context import Context
from dougong_runtime.formulas.problems import FormulaProblems
from formula_world import NOW, ROWS, SETTINGS, SHAPES

ATTACKS = [
    "name.__class__",
    "name.__class__.__mro__",
    "__import__('os').system('id')",
    "().__class__.__bases__[0].__subclasses__()",
    "name.format(name)",
    "'{0.__class__}'.format(name)",
    "f'{name}'",
    "b'x'",
    "(lambda: 1)()",
    "lambda x: x",
    "[x for x in orders]",
    "{x: 1 for x in orders}",
    "(x for x in orders)",
    "(y := 1)",
    "name if active else code",
    "name[0]",
    "name[1:2]",
    "*orders",
    "SUM(*orders)",
    "SUM(x=1)",
    "open('/etc/passwd')",
    "eval('1')",
    "exec('1')",
    "print(1)",
    "getattr(name, 'upper')",
    "f__add(1, 2)",
    "_add(1, 2)",
    "__add__(1)",
    "get(0)",
    "is_true(1)",
    "least(1, 2)",
    "day_part(born, 'year')",
    "9 ** 9 ** 9",
    "2 << 1000",
    "1 // 2",
    "~1",
    "a @ b",
    "await name",
    "yield name",
    "import os",
    "name; name",
    "name # comment",
    "`name`",
    "name\\",
    "1e999999",
    "0x10",
    "1_000",
    "1j",
    "...",
    "None",
    "True.real",
    "USER().__class__",
    "USER().password",
    "USER()()",
    "IF.__call__(1, 2)",
    "SETTING(name)",
    "SETTING('x' & 'y')",
    "1; DROP TABLE w_client",
    "name = 'x' -- ",
    "1" * 400,
    "0." + "1" * 400,
    "ｎａｍｅ",
    "naмe",
    "name\u200b",
    "name ＝ ‘x",
]


@pytest.mark.parametrize("text", ATTACKS)
def test_refused_with_a_place(text: str) -> None:
    with pytest.raises(FormulaProblems) as caught:
        check_formula(text, entity="client", shapes=SHAPES, settings=SETTINGS, place="filter")
    assert all(0 <= p.offset <= len(text) and p.zh and p.en for p in caught.value.problems)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 3000 + "1" + ")" * 900,
        "(" * 70 + "1" + ")" * 70,
        "-" * 3900 + "1",
        "NOT " * 990 + "active",
        "+".join(["1"] * 1900),
        "name.owner" + ".team" * 700,
        "x" * 10_000_000,
        "IF(active," * 55 + "1" + ",2)" * 55 + "+1" * 1000,
        "a=" * 1900 + "a",
        "'" + "a" * 5000,
        "COUNT(" * 59 + "orders" + ")" * 59,
    ],
    ids=lambda text: text[:12],
)
def test_bombs_are_refused_quickly(text: str) -> None:
    started = time.thread_time()
    with pytest.raises(FormulaProblems):
        check_formula(text, entity="client", shapes=SHAPES, settings=SETTINGS, place="filter")
    assert time.thread_time() - started < 10, "work that grows faster than the text does"


def test_numbers_that_grow_without_end_are_refused() -> None:
    with pytest.raises(FormulaProblems):
        check_formula(" * ".join(["wide"] * 9), entity="client", shapes=SHAPES, place="filter")
    tree = check_formula("POWER(wide, 100)", entity="client", shapes=SHAPES, place="filter").tree
    row = reading.MemoryRow("client", ROWS["client"][0], ROWS)
    assert reading.evaluate(tree, row, Context(now=NOW)) is None
    long = check_formula("REPT('a', 1000000000)", entity="client", shapes=SHAPES, place="filter").tree
    assert reading.evaluate(long, row, Context(now=NOW)) is None


def test_text_stays_text() -> None:
    """Braces, percent signs and quotes in literals mean nothing to anybody."""
    row = reading.MemoryRow("client", ROWS["client"][0], ROWS)
    for text in ("'{0.__class__}'", "'%(x)s %s'", "'; DROP TABLE x; --'", '"a\'b"'):
        tree = check_formula(text, entity="client", shapes=SHAPES, place="filter").tree
        assert reading.evaluate(tree, row, Context(now=NOW)) == text[1:-1]


@pytest.mark.parametrize(
    "text",
    [
        "a.b",
        "a[0]",
        "[a]",
        "{}",
        "f''",
        "lambda: 1",
        "[x for x in y]",
        "a + b",
        "a < b",
        "not a",
        "a and b",
        "-a",
    ],
)
def test_the_interpreter_itself_knows_calls_and_nothing_else(text: str) -> None:
    body = ast.parse(text, mode="eval").body
    with pytest.raises(NotImplementedError):
        reading.run(body, lambda index: None)
    assert reading.run(ast.Constant(1), lambda index: None) == 1


def test_the_interpreter_knows_no_names_but_ours() -> None:
    interpreter = reading.make_interpreter()
    known = set(interpreter.symtable) - {"get", "is_true"}
    assert all(name.startswith("f_") for name in known)
    for name in ("print", "open", "eval", "dir", "type", "__builtins__"):
        with pytest.raises(NameError):
            reading.run(ast.Name(name, ast.Load()), lambda index: None)


def test_a_new_kind_of_node_in_asteval_is_noticed() -> None:
    assert set(asteval.ALL_NODES) >= reading.KEEP
    assert len(asteval.ALL_NODES) == EXPECTED_NODES, (
        "asteval's nodes changed: look at them, then change the number"
    )


EXPECTED_NODES = 46
