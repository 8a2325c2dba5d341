"""What may come in as JSON, and how a refusal names the place."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from dougong_platform.http import json_body
from dougong_runtime.errors import Refused


def refusal(body: bytes) -> tuple[str, dict[str, Any]]:
    with pytest.raises(Refused) as caught:
        json_body.parse(body)
    problem = caught.value.problems[0]
    assert problem.type.status == 400
    return problem.type.name, dict(problem.facts)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (b"0.1", Decimal("0.1")),
        (b"1.10", Decimal("1.10")),
        (b"123456789012345678.99", Decimal("123456789012345678.99")),
        (b"1e3", Decimal("1e3")),
        (b"7", 7),
        (b'{"a": [true, null, "\\u5f20\\ud83d\\ude00"]}', {"a": [True, None, "张😀"]}),
    ],
)
def test_numbers_are_read_as_written(written: bytes, read: object) -> None:
    value = json_body.parse(written)
    assert value == read
    assert type(value) is type(read)
    assert str(value) == str(read)


@pytest.mark.parametrize(
    ("body", "line", "column"),
    [
        (b'{"a": }', 1, 7),
        (b'{\n "a": 1,\n "b" 2}', 3, 6),
        (b"", 1, 1),
        (b'{"a": 1} x', 1, 10),
        (b'{"a": NaN}', 1, 7),
        (b'{"a": -Infinity}', 1, 7),
        (b'{"a": 1, "b": 2, "a": 3}', 1, 18),
        (b'{"a": 1e999999999}', 1, 7),
        (b'{"a": ' + b"9" * 100 + b"}", 1, 7),
        (b'"\xff"', 1, 2),
        ('{"病": \'}'.encode(), 1, 7),
    ],
)
def test_what_is_no_json_is_refused_with_its_line_and_column(body: bytes, line: int, column: int) -> None:
    name, facts = refusal(body)
    assert name == "malformed-json"
    assert (facts["line"], facts["column"]) == (line, column)


def test_depth_is_bounded_without_recursion() -> None:
    name, facts = refusal(b"[" * 1_000_000)
    assert name == "malformed-json"
    assert "32" in facts["en"]
    assert json_body.parse(b'["' + b"[" * 1000 + b'"]') == ["[" * 1000]
    assert json_body.parse(b"[" + b"[1]," * 500 + b"[]]")


@pytest.mark.parametrize("body", [b'{"name": "a\\u0000b"}', b'["\\ud800"]', b'{"\\udc00": 1}'])
def test_text_that_no_database_keeps_is_refused(body: bytes) -> None:
    assert refusal(body)[0] == "bad-request"


def test_an_unknown_member_is_named_with_the_nearest() -> None:
    with pytest.raises(Refused) as caught:
        json_body.only({"filtr": 1}, ("filter", "sort"))
    problem = caught.value.problems[0]
    assert problem.field == "filtr"
    assert problem.facts["nearest"] == "filter"


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (json_body.text_member, 1),
        (json_body.needed_text, ""),
        (json_body.texts_member, "a,b"),
        (json_body.texts_member, ["a", 1]),
        (json_body.flag_member, "true"),
        (lambda body, name: json_body.number_member(body, name, 1, 1, 9), True),
        (lambda body, name: json_body.number_member(body, name, 1, 1, 9), 10),
        (lambda body, name: json_body.number_member(body, name, 1, 1, 9), "5"),
    ],
)
def test_a_member_of_the_wrong_type_is_named(read: Any, value: object) -> None:
    with pytest.raises(Refused) as caught:
        read({"x": value}, "x")
    assert caught.value.problems[0].field == "x"
