"""Exact decimals: arithmetic and rounding that gives the same digits in every reading.

No number has more than `PLACES` decimal places: a quotient or product that has is rounded there, half away from
zero. Every function here answers None where it has no answer (x / 0), and never raises for finite decimals.
"""

from __future__ import annotations

from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Context,
    Decimal,
)
from math import isqrt

PLACES = 20
WHOLE_DIGITS_MAX = 200
"""Digits before the point that a formula's type may promise; more are refused when it is checked."""
POWER_DIGITS_MAX = 60
"""Digits before the point of a power; beyond, there is no answer."""

EXACT = Context(prec=1000, rounding=ROUND_HALF_UP, Emax=999999, Emin=-999999)
_SMALLEST = Decimal(1).scaleb(-PLACES)
_ZERO = Decimal(0)
_UNITS = [Decimal(1).scaleb(-n) for n in range(PLACES + 1)]
TENS = [10**n for n in range(2 * PLACES + 2)]


def canonical(x: Decimal) -> str:
    """The one way a number is written: no exponent, no zeros at its end, no minus before zero.

    >>> canonical(Decimal("-12.3400"))
    '-12.34'
    """
    if not x:
        return "0"
    text = format(x, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def from_units(units: int, scale: int) -> Decimal:
    """A whole number of 10⁻ˢ as a decimal with that many places, exactly."""
    return Decimal(units).scaleb(-scale, EXACT)


def rounded(x: Decimal, places: int, rounding: str = ROUND_HALF_UP) -> Decimal:
    """`x` at `places` decimal places, which may be negative (-2: hundreds)."""
    if places >= 0:
        places = min(places, PLACES)
        exponent = x.as_tuple().exponent
        if isinstance(exponent, int) and -exponent <= places:
            return x
        return x.quantize(_UNITS[places], rounding, EXACT)
    if places < -WHOLE_DIGITS_MAX:
        return _ZERO
    shifted = x.scaleb(places, EXACT)
    return (
        shifted.quantize(Decimal(1), rounding, EXACT)
        .scaleb(-places, EXACT)
        .quantize(Decimal(1), context=EXACT)
    )


def add(a: Decimal, b: Decimal) -> Decimal:
    """a + b."""
    return EXACT.add(a, b)


def subtract(a: Decimal, b: Decimal) -> Decimal:
    """a - b."""
    return EXACT.subtract(a, b)


def multiply(a: Decimal, b: Decimal) -> Decimal:
    """a × b, at most 20 places."""
    return rounded(EXACT.multiply(a, b), PLACES)


def multiply_exactly(a: Decimal, b: Decimal) -> Decimal:
    """a × b with every digit: for figures that are rounded at their end."""
    return EXACT.multiply(a, b)


def divide(a: Decimal, b: Decimal) -> Decimal | None:
    """a ÷ b at 20 places; None where b is zero."""
    if not b:
        return None
    return EXACT.divide(a, b).quantize(_SMALLEST, ROUND_HALF_UP, EXACT)


def compare(a: Decimal, b: Decimal) -> int:
    """-1, 0 or 1."""
    return (a > b) - (a < b)


def round_half_up(x: Decimal, places: Decimal = _ZERO) -> Decimal:
    """Half away from zero."""
    return rounded(x, int(places), ROUND_HALF_UP)


def round_half_even(x: Decimal, places: Decimal = _ZERO) -> Decimal:
    """Half to the even neighbour."""
    return rounded(x, int(places), ROUND_HALF_EVEN)


def round_up(x: Decimal, places: Decimal = _ZERO) -> Decimal:
    """Away from zero."""
    return rounded(x, int(places), ROUND_UP)


def round_down(x: Decimal, places: Decimal = _ZERO) -> Decimal:
    """Towards zero."""
    return rounded(x, int(places), ROUND_DOWN)


def floor(x: Decimal) -> Decimal:
    """The next whole number at or below."""
    return rounded(x, 0, ROUND_FLOOR)


def ceiling(x: Decimal) -> Decimal:
    """The next whole number at or above."""
    return rounded(x, 0, ROUND_CEILING)


def floor_to(x: Decimal, step: Decimal) -> Decimal | None:
    """The next multiple of `step` at or below; None where the step is not above zero."""
    if step <= 0:
        return None
    rest = modulo(x, step)
    return None if rest is None else subtract(x, rest)


def ceiling_to(x: Decimal, step: Decimal) -> Decimal | None:
    """The next multiple of `step` at or above; None where the step is not above zero."""
    below = floor_to(x, step)
    if below is None or below == x:
        return below
    return add(below, step)


def modulo(a: Decimal, b: Decimal) -> Decimal | None:
    """What is left of a ÷ b, with the sign of b, as spreadsheets have it; None where b is zero."""
    if not b:
        return None
    rest = EXACT.remainder(a, b)
    return EXACT.add(rest, b) if rest and (rest < 0) != (b < 0) else rest


def power(base: Decimal, exponent: Decimal) -> Decimal | None:
    """`base` to a whole exponent from -100 to 100, at 20 places; None otherwise, and where it has over 60 digits."""
    if exponent != exponent.to_integral_value() or not -100 <= exponent <= 100:
        return None
    times = int(exponent)
    if times < 0 and not base:
        return None
    if base.copy_abs() >= TENS[30]:
        return None
    result = Decimal(1)
    for _ in range(abs(times)):
        result = multiply(result, base)
        if abs(result) >= Decimal(10) ** POWER_DIGITS_MAX:
            return _ZERO if times < 0 else None
    return divide(Decimal(1), result) if times < 0 else result


def square_root(x: Decimal) -> Decimal | None:
    """At 20 places, half away from zero; None below zero.

    For whole m, sqrt(m) never lies on a half, so rounding is decided by one whole digit more.
    """
    if x < 0:
        return None
    whole = int(EXACT.scaleb(x, 2 * PLACES + 2))
    root = (isqrt(whole) + 5) // 10
    return Decimal(root).scaleb(-PLACES, EXACT)


def quotient(a: Decimal, b: Decimal) -> Decimal | None:
    """The whole part of a ÷ b; None where b is zero."""
    result = divide(a, b)
    return None if result is None else rounded(result, 0, ROUND_DOWN)


def is_even(x: Decimal) -> bool:
    """Whether the whole part is even."""
    return modulo(rounded(x, 0, ROUND_DOWN), Decimal(2)) == 0


def clamp(x: Decimal, low: Decimal, high: Decimal) -> Decimal:
    """`x`, but not below `low` nor above `high`; `high` wins where they cross."""
    return min(max(x, low), high)


def sign(x: Decimal) -> Decimal:
    """-1, 0 or 1."""
    return Decimal(compare(x, _ZERO))


def absolute(x: Decimal) -> Decimal:
    """Without its sign."""
    return x.copy_abs()
