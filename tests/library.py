"""A small library whose loans fall due day by day: for tests of formulas that follow the clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from dougong_runtime.records.door import Records

LIBRARY = """
kind: app
name: library
---
kind: entity
name: reader
title: name
fields:
  - {name: name, type: text, required: true}
  - {name: late, type: formula, formula: "COUNT(loans, overdue)", result: integer}
  - {name: fine, type: formula, formula: "SUM(loans.fine)", result: decimal, scale: 2}
  - {name: barred, type: formula, formula: "fine >= 2", result: boolean}
---
kind: entity
name: loan
title: book
fields:
  - {name: book, type: text, required: true}
  - {name: reader, type: reference, to: reader, inverse: loans}
  - {name: due_on, type: date}
  - {name: days_over, type: formula, formula: "MAX(0, DAYS(TODAY(), due_on))", result: integer, refresh: daily}
  - {name: overdue, type: formula, formula: "days_over > 0", result: boolean}
  - {name: fine, type: formula, formula: "days_over * 0.5", result: decimal, scale: 2}
  - {name: very_late, type: formula, formula: "days_over > 3 AND due_on < TODAY()", result: boolean, refresh: daily}
"""

TODAY = date(2026, 3, 2)
"""The day at which the clock of tests stands."""


def lend(records: Records, count: int) -> None:
    """Two readers, and so many loans to them in turn, due one day after the other from today on."""
    readers = [records.create("reader", {"name": name})["id"] for name in ("Mo", "Su")]
    records.load_many("loan", _loans(readers, count))


def _loans(readers: list[str], count: int) -> Iterator[dict[str, Any]]:
    for i in range(count):
        yield {"book": f"B{i:04}", "reader": readers[i % 2], "due_on": TODAY + timedelta(days=i)}
