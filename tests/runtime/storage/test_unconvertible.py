"""What a retype would lose is told in good time: all of it counted, the first of it shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from databases import every_database
from dougong_runtime.fields.base import ValueProblem
from dougong_runtime.storage import unconvertible
from dougong_runtime.storage.convert import Surroundings, convert
from dougong_runtime.storage.tables import Tables
from dougong_runtime.storage.unconvertible import Lost, find_lost
from handmade import Workshop, app, entity, field


@pytest.fixture
def workshop(database_kind: str, tmp_path: Path) -> Iterator[Workshop]:
    made = Workshop.copied(database_kind, tmp_path)
    yield made
    made.close()


def lost(workshop: Workshop, before: Any, after: Any) -> Lost | None:
    assert workshop.app is not None
    new = Tables(app(entity("tool", field("title"), after)), workshop.dialect)
    with workshop.engine.begin() as connection:
        return find_lost(connection, before, after, workshop.app.entities["tool"], workshop.tables, new)


TEXTS = ["12", "-7", "007", "12.5", "12.345", "-", "", "1e3", "１２", "1,234", "面议", "2020-02-29", "2020-02-30",
         "1899-01-01", "2020-1-2", " 5 ", "9" * 17, "9" * 30, "0.00", "-0.5", ".5", "5.", "true", "12\n"]  # fmt: skip
TARGETS = [
    ("integer", {}),
    ("integer", {"maximum": 10}),
    ("decimal", {"scale": 2}),
    ("decimal", {"scale": 0, "precision": 4}),
    ("money", {}),
    ("percent", {}),
    ("date", {}),
    ("boolean", {}),
    ("long_text", {}),
    ("choice", {"options": ["12", "true"]}),
]


@every_database
@pytest.mark.parametrize(("kind", "facts"), TARGETS, ids=str)
def test_it_counts_what_does_not_convert_one_by_one(
    workshop: Workshop, kind: str, facts: dict[str, Any]
) -> None:
    before, after = field("size"), field("size", kind, **facts)
    workshop.become(app(entity("tool", field("title"), before)))
    held: dict[str, str] = {}
    for text in TEXTS * 2:
        held[workshop.add("tool", title="x", size=text)] = text
    workshop.add("tool", title="y", size=None)
    around = Surroundings()
    bad = set()
    for record, text in held.items():
        try:
            convert(before, after, text, around)
        except ValueProblem:
            bad.add(record)
    found = lost(workshop, before, after)
    assert (found.count if found else 0) == len(bad)
    assert {u.record for u in found.shown} == bad if found else not bad


@every_database
def test_it_shows_some_and_counts_all(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unconvertible, "SHOWN_MAX", 3)
    before, after = field("size"), field("size", "integer")
    workshop.become(app(entity("tool", field("title"), before)))
    for n in range(8):
        workshop.add("tool", title="x", size=f"no {n % 4}")
    found = lost(workshop, before, after)
    assert found is not None
    assert (found.count, len(found.shown)) == (8, 3)
