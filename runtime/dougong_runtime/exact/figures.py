"""Figures over many values, which SQLite does not have or cannot give exactly."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from dougong_runtime.exact.numbers import (
    add,
    divide,
    multiply,
    multiply_exactly,
    rounded,
    square_root,
    subtract,
)

RATE_PLACES = 10
"""Decimal places of an internal rate of return."""
_LOWEST, _HIGHEST = -0.99, 1000.0
_HALVINGS = 100
_YEARS_MAX = 100.0


def total(values: Sequence[Decimal]) -> Decimal:
    """Their sum; 0 of none."""
    result = Decimal(0)
    for value in values:
        result = add(result, value)
    return result


def mean(values: Sequence[Decimal]) -> Decimal | None:
    """Their sum over their number, at 20 places."""
    return divide(total(values), Decimal(len(values)))


def deviation(values: Sequence[Decimal]) -> Decimal | None:
    """The sample's standard deviation, at 20 places; None for fewer than two values."""
    count = Decimal(len(values))
    if count < 2:
        return None
    sum_ = total(values)
    squares = total([multiply_exactly(value, value) for value in values])
    spread = subtract(multiply_exactly(count, squares), multiply_exactly(sum_, sum_))
    variance = divide(spread, multiply(count, count - 1))
    return None if variance is None else square_root(variance)


def median(values: Sequence[Decimal]) -> Decimal | None:
    """The middle one, or the mean of the two in the middle."""
    if not values:
        return None
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return divide(add(ordered[middle - 1], ordered[middle]), Decimal(2))


def internal_rate(flows: Sequence[tuple[Decimal, date]]) -> Decimal | None:
    """The yearly rate at which dated flows are worth nothing: Σ cf / (1 + r)^(days / 365) = 0, at 10 places.

    None unless there is an inflow and an outflow. Found by halving between -99 % and 100,000 %, over a century at
    most; it is a rate, not an amount, so floating point serves.
    """
    ordered = sorted(flows, key=lambda flow: (flow[1], flow[0]))
    amounts = [float(amount) for amount, _ in ordered]
    if not any(a > 0 for a in amounts) or not any(a < 0 for a in amounts):
        return None
    first = ordered[0][1]
    years = [(day - first).days / 365.0 for _, day in ordered]
    if years[-1] > _YEARS_MAX:
        return None

    def worth(rate: float) -> float:
        return sum((a / (1.0 + rate) ** t for a, t in zip(amounts, years, strict=True)), 0.0)

    low, high = _LOWEST, _HIGHEST
    at_low, at_high = worth(low), worth(high)
    if (at_low > 0) == (at_high > 0):
        return None
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        if middle in (low, high):
            break
        if (worth(middle) > 0) == (at_low > 0):
            low = middle
        else:
            high = middle
    return rounded(Decimal(repr((low + high) / 2.0)), RATE_PLACES)
