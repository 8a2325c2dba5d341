"""What follows the clock by what it reads is computed when it is read, unless it is kept by a refresh."""

from __future__ import annotations

from dougong_runtime.model.graph import Graph
from make import app_of

YARD = """
kind: app
name: yard
---
kind: entity
name: depot
title: name
fields:
  - {name: name, type: text}
  - {name: founded_on, type: date}
  - {name: age, type: formula, formula: "YEAR(TODAY()) - YEAR(founded_on)", result: integer}
  - {name: kept_age, type: formula, formula: age, result: integer, refresh: daily}
  - {name: doubled, type: formula, formula: kept_age * 2, result: integer}
---
kind: entity
name: item
title: name
fields:
  - {name: name, type: text}
  - {name: depot, type: reference, to: depot, inverse: items}
  - {name: owes, type: integer}
  - {name: depot_age, type: formula, formula: depot.age + owes, result: integer}
  - {name: twice, type: formula, formula: depot_age * 2, result: integer}
  - {name: plain, type: formula, formula: owes + 1, result: integer}
"""


def test_a_formula_that_reads_what_follows_the_clock_is_not_stored() -> None:
    fields = app_of(YARD).entities["item"].fields
    stored = {name: fields[name].is_stored_formula for name in ("depot_age", "twice", "plain")}
    assert stored == {"depot_age": False, "twice": False, "plain": True}


def test_a_refresh_ends_the_chain() -> None:
    app = app_of(YARD)
    fields = app.entities["depot"].fields
    stored = {name: fields[name].is_stored_formula for name in ("age", "kept_age", "doubled")}
    assert stored == {"age": False, "kept_age": True, "doubled": True}
    assert [step.fields for step in Graph.of(app).steps if step.entity == "depot"] == [
        ("kept_age",),
        ("doubled",),
    ]
