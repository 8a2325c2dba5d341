"""Rows that name each other are put in an order in which each finds what it names."""

from __future__ import annotations

import random

import pytest

from dougong_runtime.transfer.staging import DEPTH_MAX, Staging


def levels(rows: dict[str, tuple[str, ...]]) -> dict[str, int | None]:
    """The level of each row, by its name; a row's line is its place."""
    with Staging() as staging:
        for line, (name, wishes) in enumerate(rows.items()):
            staging.add(line, [name], wishes)
        staging.order()
        return dict(zip(rows, staging.levels(range(len(rows))), strict=True))


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ({"a": (), "b": ()}, {"a": 0, "b": 0}),
        ({"c": ("b",), "b": ("a",), "a": ()}, {"c": 2, "b": 1, "a": 0}),
        ({"a": (), "b": ("a",), "c": ("a", "b")}, {"a": 0, "b": 1, "c": 2}),
        ({"a": ("elsewhere",)}, {"a": 0}),
        ({"a": ("a",)}, {"a": None}),
        ({"a": ("b",), "b": ("a",), "c": ("b",), "d": ()}, {"a": None, "b": None, "c": None, "d": 0}),
    ],
    ids=["apart", "backwards", "the deepest counts", "not in the file", "itself", "a circle and below it"],
)
def test_levels(rows: dict[str, tuple[str, ...]], expected: dict[str, int | None]) -> None:
    assert levels(rows) == expected


def test_in_a_forest_each_row_stands_above_what_it_names() -> None:
    chance = random.Random(7)
    names = [f"n{i}" for i in range(500)]
    above = {name: (names[chance.randrange(i)],) if i else () for i, name in enumerate(names)}
    shuffled = dict(chance.sample(list(above.items()), len(above)))
    found = levels(shuffled)
    for name, wishes in above.items():
        level = found[name]
        assert level is not None
        assert all((found[wish] or 0) < level for wish in wishes)


def test_what_lies_too_deep_counts_as_a_circle() -> None:
    chain = {f"n{i}": (f"n{i - 1}",) if i else () for i in range(DEPTH_MAX + 5)}
    found = levels(chain)
    assert found[f"n{DEPTH_MAX - 1}"] == DEPTH_MAX - 1
    assert found[f"n{DEPTH_MAX}"] is None


def test_the_first_line_of_a_key_is_remembered() -> None:
    with Staging() as staging:
        assert [staging.first_line(key, line) for line, key in enumerate("abab", start=2)] == [2, 3, 2, 3]


def test_namesakes_and_bad_rows_are_remembered() -> None:
    with Staging() as staging:
        for line, name in enumerate(("a", "b", "a", "a")):
            staging.add(line, [name], [])
        staging.mark_bad(1)
        assert (staging.namesakes("a"), staging.namesakes("b"), staging.namesakes("c")) == ([0, 2], [1], [])
        assert (staging.is_bad(1), staging.is_bad(2)) == (True, False)
        staging.made(1, "x")
        assert (staging.id_of(1), staging.id_of(2)) == ("x", None)
