"""All functions of the language, one file per family; importing this package registers them."""

from __future__ import annotations

from dougong_runtime.formulas.functions import (
    aggregates,
    calendar,
    conversion,
    dates,
    logic,
    numbers,
    operators,
    people,
    texts,
)
from dougong_runtime.formulas.function import FUNCTIONS, Example, Function, Parameter, Want

__all__ = ["FUNCTIONS", "Example", "Function", "Parameter", "Want"]

_FAMILIES = (operators, conversion, logic, texts, numbers, dates, calendar, aggregates, people)
"""In the order of the manual."""
