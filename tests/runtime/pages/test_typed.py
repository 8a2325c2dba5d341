"""Amounts, lengths of time and addresses as people type or paste them."""

from __future__ import annotations

import doctest
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import pytest

from dougong_platform.files import names
from dougong_runtime.pages import file_faces, typed, when
from dougong_runtime.pages.reading import Reader
from dougong_runtime.pages.widgets import WIDGETS
from handmade import field


@pytest.mark.parametrize(
    "module", [typed, file_faces, when, names], ids=lambda m: m.__name__.rpartition(".")[2]
)
def test_the_examples_in_the_words_are_true(module: ModuleType) -> None:
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("12.5万", "125000"),
        ("1.5亿", "150000000"),
        ("３百万", "3000000"),
        ("CNY 1,234.00", "1234.00"),
        ("1 234 567.8", "1234567.8"),
        ("0.1k", "100"),
        ("−5", "-5"),
        (".5", "0.5"),
        ("12,34.5", "12,34.5"),
        ("--5", "--5"),
        ("1e9", "1e9"),
        ("9" * 40, "9" * 40),
        ("", ""),
    ],
)
def test_an_amount_loses_its_dress_and_never_a_digit(text: str, read: str) -> None:
    assert typed.amount(text) == read


@pytest.mark.parametrize(
    ("kind", "text", "value", "shown"),
    [
        ("money", "1,234.5万", "12345000", "12,345,000"),
        ("money", "many", "many", "many"),
        ("percent", "12.5 %", "0.125", "12.5"),
        ("duration", "1小时半", 5400, "1:30"),
        ("duration", "2天3小时", 183_600, "51:00"),
        ("duration", "soon", "soon", "soon"),
        ("url", "example.com/a?b", "https://example.com/a?b", "https://example.com/a?b"),
        ("url", "javascript:alert(1)", "javascript:alert(1)", "javascript:alert(1)"),
        ("date", "下周五", "2026-03-13", "2026-03-13"),
        ("datetime", "tomorrow 3pm", "2026-03-05T07:00:00Z", "2026-03-05 15:00"),
    ],
)
def test_what_a_box_says_is_read_and_stands_in_it_again(kind: str, text: str, value: Any, shown: str) -> None:
    reader = Reader("zh", "Asia/Shanghai", datetime(2026, 3, 4, 1, 30, tzinfo=UTC))
    of, widget = field("x", kind), WIDGETS.get(kind)
    assert widget.read(of, [text], reader) == value
    assert widget.entry(of, value, reader) == shown
