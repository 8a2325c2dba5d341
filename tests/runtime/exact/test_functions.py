"""The functions of both databases give what their Python originals give, at the edges too."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from databases import every_database
from dougong_runtime.exact import (
    Instant,
    JsonValue,
    figures,
    lists,
    numbers,
    register_sqlite_functions,
    texts,
    times,
)
from dougong_runtime.exact.sqlite import PLAIN, encode
from dougong_runtime.exact.types import Digits
from dougong_runtime.formulas import compile as compiling
from dougong_runtime.formulas.functions import FUNCTIONS
from formula_tables import world_engine

_D = Decimal
ZONES = ("Asia/Shanghai", "America/Sao_Paulo", "America/Havana", "Pacific/Apia", "UTC", "Asia/Kathmandu")
DAYS = (date(1, 1, 1), date(9999, 12, 31), date(2024, 2, 29), date(2018, 11, 4), date(2025, 11, 2), date(2011, 12, 30), date(2026, 12, 31), date(1900, 1, 1))  # fmt: skip
BIG = _D("99999999999999999999999999999999999999.99")

CASES: list[tuple[str, tuple[Any, ...]]] = [
    *(("round", (x, p)) for x in (_D("2.5"), _D("-2.5"), _D("0.05"), BIG, _D(0), _D("-0.004")) for p in (_D(0), _D(1), _D(-2), _D(30), _D(-300), _D("1.9"))),
    *((n, (x, p)) for n in ("round_even", "roundup", "rounddown") for x in (_D("2.5"), _D("-3.5"), _D("0.125"), BIG, _D(0)) for p in (_D(0), _D(2), _D(-1), _D(-40), _D(25))),
    *((n, (a, b)) for n in ("mod", "floor_to", "ceiling_to", "quotient") for a in (_D(7), _D(-7), _D("0.3"), BIG) for b in (_D(3), _D(-3), _D("0.1"), _D(0))),
    *(("power", (x, n)) for x in (_D(2), _D("-1.5"), _D(0), _D("0.00000000001"), BIG) for n in (_D(0), _D(3), _D(-2), _D(100), _D(101), _D("0.5"))),
    *(("sqrt", (x,)) for x in (_D(2), _D(0), _D("0.0001"), _D(-1), BIG, _D("152415787532388367501905199875019052100"))),
    *((n, (t, c)) for n in ("left", "right", "rept") for t in ("张三丰", "a😀b") for c in (_D(0), _D(2), _D(-1), _D("1e12"), _D("1.9"))),
    *(("mid", ("abcdef", s, c)) for s in (_D(0), _D(1), _D(4), _D(9), _D("1e10")) for c in (_D(0), _D(2), _D("1e10"))),
    *(("replace", ("abcdef", s, c, n)) for s in (_D(0), _D(3), _D(20)) for c in (_D(-1), _D(2), _D("1e10")) for n in ("X", None)),
    *(("pad_left", ("7", n, f)) for n in (_D(3), _D(0), _D(-1), _D(20000)) for f in ("0", "xy")),
    *(("split", ("a--b", "-", n)) for n in (_D(0), _D(1), _D(2), _D(3), _D(9))),
    *((n, (t,)) for n in ("upper", "lower", "trim", "digits", "reverse", "value", "len") for t in ("İstanbul ß", "ΑΣ", "  \u3000a\u00a0 b\n", "１２,３.50", "-1e5", "+7", "abc", "12.", "  ")),
    *(("fixed", (x, p, g)) for x in (_D("1234567.895"), _D("-0.001"), BIG) for p in (_D(0), _D(2), _D(-1), _D(30)) for g in (True, False)),
    *(("mask", (t, a, b)) for t in ("13812345678", "ab") for a in (_D(1), _D(-1), _D(9)) for b in (_D(0), _D(1), _D(9))),
    *(("find", (p, t, s)) for p in ("b", "x") for t in ("abcb",) for s in (_D(0), _D(1), _D(3), _D(9))),
    *((n, (d, z)) for n in ("day_start", "day_end") for d in DAYS for z in ZONES),
    *(("at", (date(2025, 11, 2), t, z)) for t in (time(0, 30), time(1, 30), time(2, 30)) for z in ("America/New_York", "America/Havana")),
    *(("at", (date(2025, 3, 9), time(2, 30), z)) for z in ("America/New_York", "America/Havana")),
    *((n, (d, c)) for n in ("date_add", "edate", "eomonth") for d in DAYS for c in (_D(0), _D(1), _D(-13), _D(4000000), _D("-0.9"), _D(-200000))),
    *((n, (d,)) for n in ("quarter", "isoweeknum", "weekday", "weeknum") for d in DAYS),
    *((n, (d, k)) for n in ("weekday", "weeknum") for d in DAYS[2:5] for k in (_D(0), _D(1), _D(2), _D(3))),
    *((n, (d, u)) for n in ("start_of", "end_of") for d in DAYS for u in ("week", "month", "quarter", "year", "decade")),
    *(("datedif", (a, b, u)) for a in (date(2024, 2, 29), date(2026, 1, 31)) for b in (date(2025, 2, 28), date(2023, 1, 1)) for u in ("Y", "m", "D", "Q")),
    *(("age", (date(2000, 2, 29), d)) for d in (date(2001, 2, 28), date(2001, 3, 1), date(1999, 1, 1))),
    *(("make_date", parts) for parts in ((_D(2026), _D(13), _D(1)), (_D(2026), _D(2), _D(30)), (_D(1), _D(0), _D(1)), (_D(9999), _D(12), _D(32)), (_D(2026), _D(-5), _D(0)))),
    *(("make_time", parts) for parts in ((_D(9), _D(30), _D("15.7")), (_D(24), _D(0), _D(0)), (_D(-1), _D(0), _D(0)))),
    *(("instant_add", (datetime(2026, 3, 2, tzinfo=UTC), n)) for n in (_D("0.5"), _D("-0.0000000001"), _D("1e7"), _D(3000000), _D("0.123456789"))),
    *(("instant_days", (datetime(2026, 3, 2, 1, 2, 3, 4, UTC), a)) for a in (datetime(1, 1, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC))),
    *(("workday", (date(2026, 2, 13), n, '{"2026-02-14":true,"2026-02-16":false}')) for n in (_D(1), _D(2), _D(-3), _D(0), _D(5000))),
    *(("networkdays", (date(2026, 2, 13), d, "{}")) for d in (date(2026, 2, 17), date(2026, 1, 1), date(2099, 1, 1))),
    *(("format_instant", (datetime(2026, 3, 2, 18, 5, 6, tzinfo=UTC), p, "Asia/Shanghai")) for p in ("yyyy-mm-dd hh:mi:ss", "m/d yy q", "年", "x" * 200)),
    *(("has_any", (["a", "b"], w)) for w in (["b"], ["c"], [])),
    *(("has_all", (["a", "b"], w)) for w in (["b"], ["c"], [])),
    *(("list_join", (["a", 1], s)) for s in ("/", None)),
]  # fmt: skip


def _bound(value: Any, name: str, place: int) -> sa.ColumnElement[Any]:
    """A value as a statement has it; a calendar is JSON."""
    if name in ("workday", "networkdays") and place == 2:
        return sa.cast(sa.literal(json.loads(value), JsonValue()), JsonValue())
    if isinstance(value, Decimal):
        return sa.literal(value, Digits())
    if isinstance(value, datetime):
        return sa.literal(value, Instant())
    if isinstance(value, list):
        return sa.literal(value, JsonValue())
    if value is None:
        return sa.cast(sa.null(), sa.Text())
    return sa.literal(value)


@every_database
def test_the_same_at_the_edges(database_kind: str, database_url: str) -> None:
    engine = world_engine(database_url)
    wrong = []
    with engine.connect() as connection:
        for name, arguments in CASES:
            call = getattr(sa.func, "dg_" + name)(*(_bound(a, name, i) for i, a in enumerate(arguments)))
            expected = PLAIN[name](*arguments)
            found = connection.execute(sa.select(call)).scalar()
            if database_kind == "postgresql" and isinstance(found, datetime):
                found = found.astimezone(UTC)
            if database_kind == "sqlite":
                expected = encode(expected)
            if found != expected:
                wrong.append((name, arguments, found, expected))
    assert wrong == []


def test_figures() -> None:
    assert figures.total([]) == 0
    assert figures.mean([]) is None
    assert figures.deviation([_D(1)]) is None
    assert figures.median([_D(3), _D(1), _D(2)]) == 2
    flows = [
        (_D(-1000000), date(2026, 1, 1)),
        (_D(-200000), date(2026, 1, 11)),
        (_D(1250000), date(2026, 1, 31)),
    ]
    rate = figures.internal_rate(flows)
    assert rate is not None
    assert round(rate, 4) == _D("0.6916")
    assert figures.internal_rate(flows[:2]) is None


def test_wide_numbers_keep_every_digit() -> None:
    assert numbers.add(BIG, BIG) == _D("199999999999999999999999999999999999999.98")
    assert numbers.multiply(BIG, BIG) == _D(str(int(BIG.scaleb(2, numbers.EXACT)) ** 2) + "E-4")
    assert numbers.canonical(_D("-0.00")) == "0"
    assert texts.whole(_D("1e30")) == texts.COUNT_MAX
    assert lists.count(["a"]) == 1
    assert times.zone("UTC") is times.zone("UTC")


def test_every_sql_function_of_a_function_exists() -> None:
    for name, function in FUNCTIONS.items():
        special = name in compiling._SPECIAL or name in compiling._COMPARISONS or name == "_same_person"
        if function.python is None or special:
            continue
        assert (function.sql or name.lstrip("_")) in PLAIN, name


@pytest.mark.parametrize("name", ["round", "left", "edate"])
def test_absent_arguments_give_absent_results(name: str) -> None:
    connection = sqlite3.connect(":memory:")
    register_sqlite_functions(connection)
    assert connection.execute(f"SELECT dg_{name}(NULL, 1)").fetchone() == (None,)
