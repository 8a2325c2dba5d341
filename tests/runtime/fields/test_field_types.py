"""What each type of field takes, what it refuses, and that its JSON form reads back as the same value."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from databases import every_database
from dougong_runtime.fields import FIELD_TYPES, Field, ValueProblem
from dougong_runtime.fields.links import from_columns, to_columns
from dougong_runtime.fields.times import reading_zone
from dougong_runtime.storage.dialects import make_engine
from handmade import field

OPTIONS = {"options": ["low", "high", "top"]}
EXTRA: dict[str, dict[str, Any]] = {
    "choice": OPTIONS,
    "multi_choice": OPTIONS,
    "stage": OPTIONS,
    "reference": {"to": "part"},
    "references": {"to": "part"},
    "formula": {"result": "decimal", "scale": 3},
    "decimal": {"scale": 3, "precision": 20},
    "filter": {"of": "part"},
}
EVERY_TYPE = list(FIELD_TYPES)
ID = "019bd1f0-5c3a-7b1e-9d4f-2a6c8e0b1d35"


def sample_field(type_name: str) -> Field:
    return field("x", type_name, **EXTRA.get(type_name, {}))


@pytest.mark.parametrize("type_name", EVERY_TYPE)
def test_every_sample_reads_back_from_its_json_and_has_words(type_name: str) -> None:
    of = sample_field(type_name)
    source = random.Random(7)
    for _ in range(50):
        value = of.kind.coerce(of, of.kind.sample(of, source))
        assert of.kind.coerce(of, of.kind.to_json(of, value)) == value
        for language in ("zh", "en"):
            assert isinstance(of.kind.to_text(of, value, language), str)
    for blank in (None, "", "  "):
        assert of.kind.coerce(of, blank) is None
    assert of.kind.to_text(of, None, "zh") == ""
    assert all((of.kind.label.zh, of.kind.label.en, of.kind.help.zh, of.kind.help.en))


@every_database
def test_every_sample_comes_back_from_the_database(database_url: str) -> None:
    engine = make_engine(database_url)
    source = random.Random(3)
    fields = [field(f"x_{t}", t, **EXTRA.get(t, {})) for t in EVERY_TYPE if t != "formula"]
    fields.append(field("x_poly", "reference", to=["part", "tool"]))
    table = sa.Table(
        "t", sa.MetaData(), sa.Column("n", sa.Integer), *(c for f in fields for c in f.kind.columns(f))
    )
    rows = [
        {f.name: f.kind.coerce(f, f.kind.sample(f, source)) for f in fields if not f.is_many}
        for _ in range(20)
    ]
    with engine.begin() as connection:
        table.create(connection)
        for n, row in enumerate(rows):
            stored = {k: v for f in fields if not f.is_many for k, v in to_columns(f, row[f.name]).items()}
            connection.execute(sa.insert(table).values(n=n, **stored))
        found = connection.execute(sa.select(table).order_by(table.c.n)).mappings().all()
    assert [{f.name: from_columns(f, row) for f in fields if not f.is_many} for row in found] == rows


TAKEN: list[tuple[str, dict[str, Any], Any, Any]] = [
    ("text", {}, "  a  ", "a"),
    ("text", {"max_length": 2}, "😀字", "😀字"),
    ("long_text", {}, "a\r\nb\tc ", "a\nb\tc"),
    ("integer", {}, "１，２３４", 1234),
    ("integer", {}, Decimal("12.00"), 12),
    ("integer", {}, "-0", 0),
    ("integer", {}, "1e3", 1000),
    ("decimal", {"scale": 2}, "1,234.5", Decimal("1234.50")),
    ("decimal", {"scale": 2}, 0.1, Decimal("0.10")),
    ("decimal", {"scale": 2}, "1.500", Decimal("1.50")),
    ("decimal", {"scale": 2}, "-0.00", Decimal("0.00")),
    ("decimal", {"scale": 2}, ".5", Decimal("0.50")),
    ("decimal", {"precision": 38, "scale": 2}, "9" * 36, Decimal("9" * 36 + ".00")),
    ("percent", {}, "14.5%", Decimal("0.1450")),
    ("percent", {}, "0.145", Decimal("0.1450")),
    ("percent", {}, "１４．５％", Decimal("0.1450")),
    ("rating", {}, "5", 5),
    ("boolean", {}, "是", True),
    ("boolean", {}, "no", False),
    ("date", {}, "2026/3/2", date(2026, 3, 2)),
    ("date", {}, "2026年3月2日", date(2026, 3, 2)),
    ("date", {}, "２０２６－０３－０２", date(2026, 3, 2)),
    ("datetime", {}, "2026-03-02T09:30:00+08:00", datetime(2026, 3, 2, 1, 30, tzinfo=UTC)),
    ("datetime", {}, "2026-03-02 01:30Z", datetime(2026, 3, 2, 1, 30, tzinfo=UTC)),
    ("datetime", {}, "2026-03-02T01:30:00.250Z", datetime(2026, 3, 2, 1, 30, 0, 250000, tzinfo=UTC)),
    ("time", {}, "9:30", time(9, 30)),
    ("duration", {}, "1:30", 5400),
    ("duration", {}, "PT1H30M", 5400),
    ("duration", {}, 90, 90),
    ("choice", OPTIONS, " high ", "high"),
    ("choice", {"options": [1, 2]}, "２", 2),
    ("multi_choice", OPTIONS, ["top", "low", "top"], ["low", "top"]),
    ("multi_choice", OPTIONS, "high; low", ["low", "high"]),
    ("multi_choice", OPTIONS, [], None),
    ("tags", {}, ["急", " a ", "急", ""], ["急", "a"]),
    ("email", {}, "Li.Wei@Example.COM", "Li.Wei@example.com"),
    ("phone", {}, "+86 138-0013-8000", "13800138000"),
    ("phone", {}, "021-5555  1234 转 8", "021-5555 1234 转 8"),
    ("phone", {}, "+1 (555) 010-9999", "+1 (555) 010-9999"),
    ("url", {}, "HTTPS://Example.com/Path?q=1", "https://example.com/Path?q=1"),
    ("url", {}, "mailto:a@example.com", "mailto:a@example.com"),
    ("id_number", {"scheme": "cn_id"}, "11010519491231002x", "11010519491231002X"),
    ("id_number", {"scheme": "uscc"}, "91110000600037341L", "91110000600037341L"),
    ("id_number", {"scheme": "passport"}, "e12345678", "E12345678"),
    ("color", {}, "#ABC", "#aabbcc"),
    ("reference", {"to": "part"}, ID.upper(), ID),
    ("reference", {"to": ["part", "tool"]}, {"entity": "tool", "id": ID}, {"entity": "tool", "id": ID}),
    ("references", {"to": "part"}, [ID, ID], [ID]),
    ("json", {}, '{"a": [1, 2.5]}', {"a": [1, 2.5]}),
    ("json", {}, {"a": Decimal("2.5")}, {"a": 2.5}),
]


@pytest.mark.parametrize(("type_name", "raw", "given_value", "value"), TAKEN)
def test_it_takes(type_name: str, raw: dict[str, Any], given_value: Any, value: Any) -> None:
    of = field("x", type_name, **raw)
    taken = of.kind.coerce(of, given_value)
    assert taken == value
    assert type(taken) is type(value)


REFUSED: list[tuple[str, dict[str, Any], Any]] = [
    ("text", {}, 12),
    ("text", {}, True),
    ("text", {}, "a\nb"),
    ("text", {}, "a\x00b"),
    ("text", {}, "a\ud800b"),
    ("text", {}, "a" * 256),
    ("long_text", {}, "a\x1bb"),
    ("long_text", {}, "a" * 100_001),
    ("integer", {}, "1.5"),
    ("integer", {}, True),
    ("integer", {}, "1,23"),
    ("integer", {}, 10**18),
    ("integer", {}, "1e999"),
    ("integer", {"minimum": 1}, 0),
    ("decimal", {"scale": 2}, "1.234"),
    ("decimal", {"scale": 2}, Decimal("NaN")),
    ("decimal", {"scale": 2}, Decimal("Infinity")),
    ("decimal", {"scale": 2}, float("inf")),
    ("decimal", {"scale": 2}, float("nan")),
    ("decimal", {"scale": 2}, 0.1 + 0.2),
    ("decimal", {"scale": 2}, False),
    ("decimal", {"scale": 2}, "12 元"),
    ("decimal", {"scale": 2}, Decimal("1E+999999999")),
    ("decimal", {"scale": 2}, Decimal("1E-999999999")),
    ("decimal", {"scale": 2}, [1]),
    ("decimal", {"scale": 2}, "."),
    ("decimal", {"scale": 2}, "²"),
    ("percent", {}, "%"),
    ("rating", {}, 0),
    ("rating", {}, 6),
    ("boolean", {}, 1),
    ("boolean", {}, "maybe"),
    ("date", {}, "3/2/2026"),
    ("date", {}, "2026-02-30"),
    ("date", {}, "0026-02-03"),
    ("date", {}, datetime(2026, 3, 2, tzinfo=UTC)),
    ("date", {}, 20260302),
    ("datetime", {}, "2026-03-02T09:30:00"),
    ("datetime", {}, "2026-03-02"),
    ("datetime", {}, "2026-03-02T25:00Z"),
    ("datetime", {}, "9999-12-31T23:59-10:00"),
    ("time", {}, "24:00"),
    ("duration", {}, "-1"),
    ("duration", {}, True),
    ("choice", OPTIONS, "High"),
    ("choice", OPTIONS, 1),
    ("choice", {"options": [1, 2]}, True),
    ("multi_choice", OPTIONS, ["low", "none"]),
    ("multi_choice", OPTIONS, {"low": 1}),
    ("tags", {}, ["a" * 61]),
    ("email", {}, "a@b"),
    ("email", {}, "a b@example.com"),
    ("phone", {}, "call me"),
    ("phone", {}, "12"),
    ("url", {}, "example.com"),
    ("url", {}, "javascript:alert(1)"),
    ("url", {}, "java\tscript:alert(1)"),
    ("url", {}, "data:text/html,x"),
    ("url", {}, "https://"),
    ("url", {}, "https://a b"),
    ("id_number", {"scheme": "cn_id"}, "110105194912310021"),
    ("id_number", {"scheme": "cn_id"}, "110105194902310023"),
    ("id_number", {"scheme": "uscc"}, "911100006000373411"),
    ("id_number", {"scheme": "passport"}, "E1"),
    ("color", {}, "red"),
    ("user", {}, "li"),
    ("reference", {"to": "part"}, {"id": ID}),
    ("reference", {"to": ["part", "tool"]}, ID),
    ("reference", {"to": ["part", "tool"]}, {"entity": "user", "id": ID}),
    ("references", {"to": "part"}, [ID, 3]),
    ("references", {"to": "part"}, [ID] * 1001),
    ("json", {}, "12"),
    ("json", {}, "{"),
    ("json", {}, {"a": float("inf")}),
    ("json", {}, {"a": "x" * 70_000}),
    ("json", {}, {"a": "\x00"}),
    ("file", {}, {"name": "x"}),
    ("image", {}, {"id": "a", "name": "x", "size": 1, "sha256": "0" * 64, "media_type": "text/html"}),
]


@pytest.mark.parametrize(("type_name", "raw", "given_value"), REFUSED)
def test_it_refuses_in_both_languages(type_name: str, raw: dict[str, Any], given_value: Any) -> None:
    of = field("x", type_name, **raw)
    with pytest.raises(ValueProblem) as refusal:
        of.kind.coerce(of, given_value)
    assert refusal.value.label.zh.endswith("。")
    assert refusal.value.label.en.endswith(".")
    assert refusal.value.label.zh != refusal.value.label.en


def test_a_deep_json_is_refused_before_it_hurts() -> None:
    of = field("x", "json")
    deep: Any = []
    for _ in range(5000):
        deep = [deep]
    for given_value in (deep, "[" * 50_000 + "]" * 10):
        with pytest.raises(ValueProblem):
            of.kind.coerce(of, given_value)


@pytest.mark.parametrize(
    ("html", "kept"),
    [
        ("<p>a<script>alert(1)</script></p>", "<p>a</p>"),
        ('<p onclick="x()" style="color:red">a</p>', "<p>a</p>"),
        ('<a href="javascript:x()">a</a>', '<a rel="noopener noreferrer">a</a>'),
        (
            '<a href="https://example.com/">a</a>',
            '<a href="https://example.com/" rel="noopener noreferrer">a</a>',
        ),
        ("<img src=x onerror=alert(1)>hi", "hi"),
        ("<svg><script>alert(1)</script></svg>b", "b"),
        ("1 < 2", "1 &lt; 2"),
        ("<p> </p>", None),
    ],
)
def test_rich_text_keeps_nothing_that_could_run(html: str, kept: str | None) -> None:
    of = field("x", "rich_text")
    value = of.kind.coerce(of, html)
    assert value == kept
    assert of.kind.coerce(of, value) == value


def test_a_local_time_is_taken_in_the_readers_zone_only() -> None:
    of = field("x", "datetime")
    with reading_zone("Asia/Shanghai"):
        assert of.kind.coerce(of, "2026-03-02 09:30") == datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
        assert of.kind.to_text(of, datetime(2026, 3, 2, 1, 30, tzinfo=UTC), "zh") == "2026-03-02 09:30"
    with reading_zone("America/New_York"):
        skipped = of.kind.coerce(of, "2026-03-08 02:30")
        assert skipped == datetime(2026, 3, 8, 7, 0, tzinfo=UTC)
        doubled = of.kind.coerce(of, "2026-11-01 01:30")
        assert doubled == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**15), max_value=10**15))
def test_a_decimal_survives_json_exactly(value: Decimal) -> None:
    of = field("x", "decimal", scale=2)
    assert of.kind.coerce(of, of.kind.to_json(of, of.kind.coerce(of, value))) == value


@given(st.text(max_size=300), st.sampled_from(EVERY_TYPE))
def test_no_text_does_more_than_be_taken_or_refused(text: str, type_name: str) -> None:
    of = sample_field(type_name)
    try:
        value = of.kind.coerce(of, text)
    except ValueProblem:
        return
    assert of.kind.coerce(of, of.kind.to_json(of, value)) == value


def test_a_type_of_a_plug_in_is_a_class_and_a_registration() -> None:
    from dougong_runtime.fields.text import TextType

    class Shout(TextType):
        name = "shout"

        def normalise(self, field: Field, text: str) -> str | None:
            return text.upper()

    FIELD_TYPES.register("shout", Shout())
    try:
        of = field("x", "shout")
        assert of.kind.coerce(of, "hey") == "HEY"
    finally:
        del FIELD_TYPES._things["shout"]
