"""All functions of the language, one file per family; importing this package registers them."""

from __future__ import annotations

from dougong_runtime.formulas.function import FUNCTIONS, Example, Function, Parameter, Want
from dougong_runtime.formulas.functions import (
    aggregates,
    calendar,
    dates,
    logic,
    numbers,
    operators,
    people,
    texts,
)

__all__ = ["FAMILIES", "FUNCTIONS", "Example", "Function", "Parameter", "Want"]

FAMILIES = (operators, logic, numbers, texts, dates, calendar, aggregates, people)
"""In the order of the manual."""
