"""Values of any type as values of any other: given, or refused in words; never an accident."""

from __future__ import annotations

import itertools
import random
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from dougong_runtime.fields import FIELD_TYPES, ValueProblem
from dougong_runtime.storage.convert import Surroundings, convert
from handmade import field

OPTIONS = {"options": [("1", "low"), ("2", "high")]}
EXTRA: dict[str, dict[str, Any]] = {
    "choice": OPTIONS,
    "multi_choice": OPTIONS,
    "stage": OPTIONS,
    "reference": {"to": "part"},
    "references": {"to": "part"},
    "formula": {"result": "decimal"},
}
PART = "019bd1f0-5c3a-7b1e-9d4f-2a6c8e0b1d35"
AROUND = Surroundings(titles={PART: "刀片"}, known={PART: "part"}, by_title={"刀片": PART})


@pytest.mark.parametrize("old", list(FIELD_TYPES))
def test_every_pair_of_types_converts_or_says_why_not(old: str) -> None:
    source = random.Random(5)
    for new in FIELD_TYPES:
        before = field("x", old, **EXTRA.get(old, {}))
        targets = [{}, {"to": ["part", "tool"]}] if new == "reference" else [{}]
        for extra in targets:
            after = field("x", new, **{**EXTRA.get(new, {}), **extra})
            for _ in range(8):
                value = before.kind.coerce(before, before.kind.sample(before, source))
                try:
                    made = convert(before, after, value, AROUND)
                except ValueProblem:
                    continue
                assert after.kind.coerce(after, after.kind.to_json(after, made)) == made


CASES: list[tuple[str, str, Any, Any]] = [
    ("text", "integer", "１，２３４", 1234),
    ("integer", "text", 1234, "1234"),
    ("decimal", "text", Decimal("1234.50"), "1234.50"),
    ("decimal", "integer", Decimal("12.00"), 12),
    ("boolean", "text", True, "true"),
    ("boolean", "integer", False, 0),
    ("text", "boolean", "是", True),
    ("date", "text", date(2026, 3, 2), "2026-03-02"),
    ("date", "datetime", date(2026, 3, 2), datetime(2026, 3, 1, 16, 0, tzinfo=UTC)),
    ("datetime", "date", datetime(2026, 3, 1, 16, 0, tzinfo=UTC), date(2026, 3, 2)),
    ("text", "datetime", "2026-03-02 08:00", datetime(2026, 3, 2, 0, 0, tzinfo=UTC)),
    ("text", "choice", "low", "low"),
    ("choice", "multi_choice", "low", ["low"]),
    ("multi_choice", "choice", ["high"], "high"),
    ("multi_choice", "text", ["low", "high"], "low; high"),
    ("text", "tags", "a; b", ["a", "b"]),
    ("reference", "text", PART, "刀片"),
    ("text", "reference", "刀片", PART),
    ("text", "references", "刀片", [PART]),
    ("reference", "references", PART, [PART]),
    ("references", "reference", [PART], PART),
    ("rich_text", "text", "<p>a <b>b</b></p>", "a b"),
]


@pytest.mark.parametrize(("old", "new", "value", "expected"), CASES)
def test_it_becomes_what_a_person_would_expect(old: str, new: str, value: Any, expected: Any) -> None:
    before, after = (field("x", t, **EXTRA.get(t, {})) for t in (old, new))
    assert convert(before, after, value, AROUND) == expected


@pytest.mark.parametrize(
    ("old", "new", "value"),
    [
        ("text", "integer", "12.5"),
        ("decimal", "integer", Decimal("12.50")),
        ("text", "date", "3/2/2026"),
        ("text", "choice", "middle"),
        ("multi_choice", "choice", ["low", "high"]),
        ("references", "reference", [PART, "019bd1f0-5c3a-7b1e-9d4f-2a6c8e0b1d36"]),
        ("text", "reference", "无此物"),
        ("integer", "boolean", 2),
    ],
)
def test_nothing_is_guessed(old: str, new: str, value: Any) -> None:
    before, after = (field("x", t, **EXTRA.get(t, {})) for t in (old, new))
    with pytest.raises(ValueProblem):
        convert(before, after, value, AROUND)


def test_absent_stays_absent() -> None:
    for old, new in itertools.product(("text", "integer", "reference"), repeat=2):
        before, after = (field("x", t, **EXTRA.get(t, {})) for t in (old, new))
        assert convert(before, after, None, AROUND) is None


def test_one_file_becomes_a_list_of_one_and_the_only_one_becomes_one() -> None:
    one, several = field("x", "file"), field("x", "image", multiple=True)
    facts = one.kind.sample(one, random.Random(1))
    other = {**facts, "id": "other"}
    assert convert(one, several, facts, AROUND) == [facts]
    assert convert(several, one, [facts], AROUND) == facts
    with pytest.raises(ValueProblem, match="more than one file"):
        convert(several, one, [facts, other], AROUND)
    assert convert(several, field("x", "text"), [facts, other], AROUND) == "sample.png, sample.png"
