"""No text, however made, gets anything out of the formula language but its own problems."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dougong_runtime.formulas.check import Place, check_formula
from dougong_runtime.formulas.functions import FUNCTIONS
from dougong_runtime.formulas.problems import FormulaProblem, FormulaProblems
from formula_world import SETTINGS, SHAPES

EFFORT = int(os.environ.get("DOUGONG_TEST_EFFORT", "1"))
NAMES = [name.upper() for name in FUNCTIONS if not name.startswith("_")]
PIECES = [
    *NAMES, "(", ")", ",", ".", "+", "-", "*", "/", "&", "=", "<>", "<", ">", "<=", " in ", " and ", " or ", " not ",
    "THIS", "OLD", "id", "name", "orders", "lines", "client", "grade", "skills", "budget", "born", "tools", "visits",
    "'A'", "'2026-01-01'", "1", "0", "0.1", "9" * 38, "TRUE", "NULL", '"x"', "_add", "__class__", "$", "\\", "%", ":=",
    "lambda", "for", "if", "else", "await", "t1", "t0", "（", "，", "“", "”", "\x00", "\ud800", "…", "'", '"', " ", "\n",
    "#", "@", "`", "~", "**", "//", "[", "]", "{", "}", ";", "USER()", ".team", "NOW()", "SETTING", "CHANNEL", "\u202e",
]  # fmt: skip
ATOMS = [
    "name", "budget", "grade", "skills", "born", "active", "orders", "orders.id", "NULL", "'A'", "'x'", "1", "-1", "0.5",
    "TRUE", "client", "USER()", "id", "USER().team", "TODAY()", "NOW()", "tools", "(1, 2)", "visits", "rate",
    "'2026-02-30'", "'25:00'",
]  # fmt: skip
OPERATORS = ["+", "-", "*", "/", "&", "=", "<>", "<", ">=", "in", "and", "or", "not in"]
CALLS = st.recursive(
    st.sampled_from(ATOMS),
    lambda inner: (
        st.builds(
            lambda name, given: f"{name}({', '.join(given)})",
            st.sampled_from(NAMES),
            st.lists(inner, max_size=4),
        )
        | st.builds(lambda a, sign, b: f"({a} {sign} {b})", inner, st.sampled_from(OPERATORS), inner)
    ),
    max_leaves=10,
)
TEXTS = (
    st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=14).map("".join)
    | st.text(max_size=60)
    | CALLS
)


@settings(max_examples=300 * EFFORT, deadline=None, suppress_health_check=list(HealthCheck))
@given(TEXTS)
def test_garbage_is_a_formula_or_a_problem_with_a_place(text: str) -> None:
    places: tuple[Place, ...] = ("filter", "formula", "rule", "measure")
    for place in places:
        for problem in problems(text, place):
            assert 0 <= problem.offset <= len(text)
            assert problem.zh
            assert problem.en


def problems(text: str, place: Place) -> list[FormulaProblem]:
    """What is wrong with a text; anything but FormulaProblems breaks the test."""
    try:
        check_formula(text, entity="client", shapes=SHAPES, settings=SETTINGS, place=place)
    except FormulaProblems as caught:
        return list(caught.problems)
    return []
