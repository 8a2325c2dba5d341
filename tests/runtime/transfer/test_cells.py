"""Cells are understood as people and Excel write them, and never guessed."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dougong_runtime.fields.base import FIELD_TYPES, Field, Option, ValueProblem
from dougong_runtime.fields.times import reading_zone
from dougong_runtime.labels import Label
from dougong_runtime.transfer.cells import (
    cell_text,
    join_values,
    parse_cell,
    plain_text,
    safe_text,
    show_cell,
    split_values,
)
from dougong_runtime.transfer.sheets import Cell

SHANGHAI = ZoneInfo("Asia/Shanghai")


def field(type_name: str, **raw: Any) -> Field:
    """A field called `field` of a type, with what its document would say."""
    listed = [(o if isinstance(o, tuple) else (o, o, o)) for o in raw.pop("options", ())]
    options = [{"value": value} for value, _, _ in listed]
    kind = FIELD_TYPES.get(type_name)
    return Field(
        "f1", "field", type_name, Label("字段", "Field"),
        kind.value_type({**raw, "options": options, "stages": options}),
        options=raw,
        choices=tuple(Option(str(v), v, Label(zh, en)) for v, zh, en in listed),
    )  # fmt: skip


RISK = [("low", "低", "Low"), ("high", "高", "High"), (3, "三", "Three"), ("other", "低", "Rest")]


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


UNDERSTOOD: list[tuple[str, dict[str, Any], Cell, Any]] = [
    # texts from Excel's numbers
    ("text", {}, 13800138000.0, "13800138000"),
    ("text", {}, 12.5, "12.5"),
    ("text", {}, True, "true"),
    ("text", {}, dt.date(2026, 3, 2), "2026-03-02"),
    ("phone", {}, 13800138000.0, "13800138000"),
    ("text", {}, None, None),
    ("text", {}, "'=1+1", "=1+1"),
    ("text", {}, "'tis", "'tis"),
    ("text", {}, "''=x", "'=x"),
    # numbers
    ("decimal", {"scale": 2}, "１，２３４．５０", Decimal("1234.50")),
    ("decimal", {"scale": 2}, "1,234.50", Decimal("1234.50")),
    ("money", {"scale": 2}, "¥1,234.50", Decimal("1234.50")),
    ("money", {"scale": 2}, "-￥12", Decimal("-12.00")),
    ("money", {"scale": 2}, "(1,234.50)", Decimal("-1234.50")),
    ("decimal", {"scale": 2}, 0.1 + 0.2, Decimal("0.30")),
    ("integer", {}, 3.0, 3),
    ("integer", {}, "3", 3),
    ("percent", {}, "14.5%", Decimal("0.1450")),
    ("percent", {}, "１４．５％", Decimal("0.1450")),
    ("percent", {}, 0.145, Decimal("0.1450")),
    # days
    ("date", {}, "2026-03-02", dt.date(2026, 3, 2)),
    ("date", {}, "2026/3/2", dt.date(2026, 3, 2)),
    ("date", {}, "２０２６/３/２", dt.date(2026, 3, 2)),
    ("date", {}, "2026年3月2日", dt.date(2026, 3, 2)),
    ("date", {}, "20260302", dt.date(2026, 3, 2)),
    ("date", {}, "2026/3/2 0:00:00", dt.date(2026, 3, 2)),
    ("date", {}, "13/04/2026", dt.date(2026, 4, 13)),
    ("date", {}, "04/13/2026", dt.date(2026, 4, 13)),
    ("date", {}, "03-03-2026", dt.date(2026, 3, 3)),
    ("date", {}, "2 Mar 2026", dt.date(2026, 3, 2)),
    ("date", {}, "March 2, 2026", dt.date(2026, 3, 2)),
    ("date", {}, "2-Mar-2026", dt.date(2026, 3, 2)),
    ("date", {}, 46083.0, dt.date(2026, 3, 2)),
    ("date", {}, "46083", dt.date(2026, 3, 2)),
    ("date", {}, at("2026-03-02T00:00"), dt.date(2026, 3, 2)),
    # instants, in the reader's zone
    ("datetime", {}, "2026-03-02 09:30", at("2026-03-02T01:30:00Z")),
    ("datetime", {}, "2026/3/2 9:30:15", at("2026-03-02T01:30:15Z")),
    ("datetime", {}, "2026/3/2 9:30 PM", at("2026-03-02T13:30:00Z")),
    ("datetime", {}, "2026年3月2日 下午1:05", at("2026-03-02T05:05:00Z")),
    ("datetime", {}, "3/13/2026 12:00 am", at("2026-03-12T16:00:00Z")),
    ("datetime", {}, "2026-03-02T09:30:00+00:00", at("2026-03-02T09:30:00Z")),
    ("datetime", {}, "2026-03-02T09:30:00Z", at("2026-03-02T09:30:00Z")),
    ("datetime", {}, "2026-03-02", at("2026-03-01T16:00:00Z")),
    ("datetime", {}, dt.date(2026, 3, 2), at("2026-03-01T16:00:00Z")),
    ("datetime", {}, at("2026-03-02T09:30"), at("2026-03-02T01:30:00Z")),
    ("datetime", {}, 46083.5, at("2026-03-02T04:00:00Z")),
    # times and durations
    ("time", {}, dt.time(9, 30), dt.time(9, 30)),
    ("time", {}, at("1899-12-31T09:30"), dt.time(9, 30)),
    ("time", {}, dt.timedelta(hours=9, minutes=30), dt.time(9, 30)),
    ("time", {}, "9:30", dt.time(9, 30)),
    ("duration", {}, dt.timedelta(hours=30), 108_000),
    ("duration", {}, dt.time(1, 30), 5_400),
    ("duration", {}, 5400.0, 5_400),
    # one of a list
    ("boolean", {}, True, True),
    ("boolean", {}, 1.0, True),
    ("boolean", {}, "是", True),
    ("choice", {"options": RISK}, "low", "low"),
    ("choice", {"options": RISK}, "高", "high"),
    ("choice", {"options": RISK}, "HIGH", "high"),
    ("choice", {"options": RISK}, 3.0, 3),
    ("choice", {"options": RISK}, "三", 3),
    ("stage", {"options": RISK}, "高", "high"),
    ("multi_choice", {"options": RISK}, "高；three", ["high", 3]),
    ("tags", {}, "急; 回访 ;急", ["急", "回访"]),
    ("tags", {}, "a\\;b;c", ["a;b", "c"]),
    ("json", {}, '{"a": 1}', {"a": 1}),
]


@pytest.mark.parametrize(("type_name", "raw", "cell", "value"), UNDERSTOOD)
def test_a_cell_is_understood(type_name: str, raw: dict[str, Any], cell: Cell, value: Any) -> None:
    with reading_zone("Asia/Shanghai"):
        assert parse_cell(field(type_name, **raw), cell) == value


REFUSED: list[tuple[str, dict[str, Any], Cell, str]] = [
    ("date", {}, "03/04/2026", "cannot tell day and month in “03/04/2026”: write 2026-03-04 or 2026-04-03."),
    ("date", {}, "3.4.2026", "cannot tell day and month"),
    ("datetime", {}, "03/04/2026 9:30", "cannot tell day and month"),
    ("date", {}, "3/4/26", "needs a year of four digits"),
    ("date", {}, "2-Mar-26", "must be a date"),
    ("date", {}, "2026-02-30", "does not exist"),
    ("date", {}, "20260230", "does not exist"),
    ("date", {}, "2026-03-02 09:30", "without a time of day"),
    ("date", {}, at("2026-03-02T09:30"), "without a time of day"),
    ("date", {}, 12.0, "must be a date"),
    ("date", {}, True, "must be a date"),
    ("datetime", {}, "9:30", "must be a date"),
    ("text", {}, 1.10101199003078e17, "Excel keeps 15"),
    ("integer", {}, 1e15, "Excel keeps 15"),
    ("integer", {}, 1.5, "whole numbers"),
    ("decimal", {"scale": 2}, "1.234,50", "must be a number"),
    ("decimal", {"scale": 2}, True, "must be a number"),
    ("decimal", {"scale": 2}, "1.005", "at most 2 decimal places"),
    ("boolean", {}, 2.0, "must be yes or no"),
    ("choice", {"options": RISK}, "低", "several options called “低”"),
    ("choice", {"options": RISK}, "hihg", "Nearest: “high”"),
    ("file", {}, "scan.pdf", "files"),
    ("image", {"multiple": True}, "scan.png", "files"),
]


@pytest.mark.parametrize(("type_name", "raw", "cell", "words"), REFUSED)
def test_what_is_doubtful_is_refused(type_name: str, raw: dict[str, Any], cell: Cell, words: str) -> None:
    with reading_zone("Asia/Shanghai"), pytest.raises(ValueProblem) as refused:
        parse_cell(field(type_name, **raw), cell)
    assert words in refused.value.label.en


TYPES = (
    "text", "long_text", "integer", "decimal", "money", "percent", "boolean", "date", "datetime", "time", "duration",
    "choice", "multi_choice", "tags", "email", "phone", "url", "id_number", "address", "color", "rating",
)  # fmt: skip


@pytest.mark.parametrize("type_name", TYPES)
def test_what_is_shown_is_understood_again(type_name: str) -> None:
    shown_as = field(type_name, **({"options": RISK} if "choice" in type_name else {}))
    chance = random.Random(type_name)
    with reading_zone("Asia/Shanghai"):
        for _ in range(200):
            value = shown_as.kind.sample(shown_as, chance)
            cell = show_cell(shown_as, shown_as.kind.to_json(shown_as, value), SHANGHAI)
            written = safe_text(cell) if isinstance(cell, str) else cell
            assert parse_cell(shown_as, written) == value
            if not isinstance(written, bool | dt.datetime):
                assert parse_cell(shown_as, cell_text(written) or None) == value


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd", "'+cmd"),
        ("-x", "'-x"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("＝1", "'＝1"),
        ("'=1", "''=1"),
        ("-12.50", "-12.50"),
        ("+8613800138000", "+8613800138000"),
        ("-1,234", "-1,234"),
        ("-5%", "-5%"),
        ("-", "'-"),
        ("-2+3+cmd|' /C calc'!A0", "'-2+3+cmd|' /C calc'!A0"),
        ("plain", "plain"),
        ("'quoted'", "'quoted'"),
        ("", ""),
    ],
)
def test_a_spreadsheet_runs_nothing_and_the_text_comes_back(text: str, written: str) -> None:
    assert safe_text(text) == written
    assert plain_text(written) == text


@pytest.mark.parametrize("values", [["a"], ["a;b", "c"], ["a\\", "b"], ["a\\;b"], ["x；y", "z"], ["\\"]])
def test_values_of_one_cell_come_apart_as_they_were_put_together(values: list[str]) -> None:
    assert split_values(join_values(values)) == values


def test_a_masked_value_stays_a_text() -> None:
    assert show_cell(field("date"), "••••", SHANGHAI) == "••••"
    assert show_cell(field("decimal"), "••••", SHANGHAI) == "••••"
