"""Numbers: integer, decimal, money, percent, rating. Exact from the first character to the last; never a float."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

import sqlalchemy as sa

from dougong_runtime.fields.base import FIELD_TYPES, Field, FieldType, Json, Value, ValueProblem
from dougong_runtime.fields.columns import column_type
from dougong_runtime.fields.writing import narrow
from dougong_runtime.formulas.types import INTEGER, ValueType, number
from dougong_runtime.labels import Label, Language

PRECISION_MAX = 38
SCALE_MAX = 18
_NUMBER = re.compile(r"([+-]?)(\d{1,3}(?:,\d{3})+|\d+)?(\.\d*)?([eE][+-]?\d{1,3})?\Z", re.ASCII)
_FLOAT_DIGITS = 15
"""A binary float of up to so many digits still says what was written."""


def parse_decimal(field: Field, raw: object) -> Decimal | None:
    """A number as written, exactly. Raises ValueProblem for anything else, NaN, infinity and booleans included."""
    if raw is None:
        return None
    if isinstance(raw, bool):
        raise _no_number(field, raw)
    if isinstance(raw, int):
        return Decimal(raw)
    if isinstance(raw, Decimal):
        if not raw.is_finite():
            raise _no_number(field, raw)
        return raw
    if isinstance(raw, float):
        value = Decimal(repr(raw))
        if not value.is_finite() or len(value.as_tuple().digits) > _FLOAT_DIGITS:
            raise _no_number(field, raw)
        return value
    if not isinstance(raw, str):
        raise _no_number(field, raw)
    text = narrow(raw)
    if not text:
        return None
    found = _NUMBER.match(text)
    if found is None or not (found[2] or (found[3] or "").strip(".")):
        raise _no_number(field, raw)
    return Decimal(f"{found[1]}{(found[2] or '0').replace(',', '')}{found[3] or ''}{found[4] or ''}")


def fit(field: Field, value: Decimal, precision: int, scale: int) -> Decimal:
    """The same value with exactly `scale` places. Raises ValueProblem where digits would be lost."""
    if value.is_zero():
        return Decimal(0).scaleb(-scale)
    if value.adjusted() + 1 > precision - scale:
        raise ValueProblem(
            f"太大：小数点前最多 {precision - scale} 位。",
            f"is too large: at most {precision - scale} digits before the point.",
        )
    sign, digits, exponent = value.as_tuple()
    places = -int(exponent)
    if places == scale:
        return value
    kept = "".join(map(str, digits))
    if places > scale:
        extra = places - scale
        if kept[-extra:].strip("0") or len(kept) <= extra:
            raise _too_many_places(field, scale)
        kept = kept[:-extra]
    else:
        kept += "0" * (scale - places)
    return Decimal((sign, tuple(map(int, kept)), -scale))


def _no_number(field: Field, raw: object) -> Exception:
    shown = str(raw)[:40]
    return ValueProblem(f"应为数字，而不是「{shown}」。", f"must be a number, not “{shown}”.")


def _too_many_places(field: Field, scale: int) -> Exception:
    if scale == 0:
        return ValueProblem("应为整数，没有小数。", "takes whole numbers only, no decimal places.")
    return ValueProblem(f"最多 {scale} 位小数。", f"takes at most {scale} decimal places.")


def _within(field: Field, value: Decimal | int) -> None:
    low, high = field.options.get("minimum"), field.options.get("maximum")
    if low is not None and value < Decimal(str(low)):
        raise ValueProblem(f"不能小于 {low}。", f"must not be below {low}.")
    if high is not None and value > Decimal(str(high)):
        raise ValueProblem(f"不能大于 {high}。", f"must not be above {high}.")


class Whole(FieldType):
    """Whole numbers of up to 18 digits; `int` in Python."""

    widget = "number"
    groupable = True

    def value_type(self, raw: Mapping[str, Any]) -> ValueType:
        """Numbers without places."""
        return INTEGER

    def columns(self, field: Field) -> tuple[sa.Column[Any], ...]:
        """A 64-bit integer."""
        return (sa.Column(field.name, sa.BigInteger()),)

    def coerce(self, field: Field, raw: object) -> Value:
        """From 12, `"12"`, `"1,234"`, 12.0; refused with decimal places that are not zero."""
        value = parse_decimal(field, raw)
        if value is None:
            return None
        whole = int(fit(field, value, 18, 0))
        _within(field, whole)
        return whole

    def to_json(self, field: Field, value: Value) -> Json:
        """A JSON number."""
        return None if value is None else int(value)

    def to_text(self, field: Field, value: Value, language: Language) -> str:
        """With thousands separated."""
        return "" if value is None else f"{int(value):,}"

    def sample(self, field: Field, random: random.Random) -> Value:
        """Within the field's bounds."""
        low, high = int(field.options.get("minimum", -1000)), int(field.options.get("maximum", 1000))
        return random.randint(low, max(low, high))


class IntegerType(Whole):
    """integer."""

    name: ClassVar[str] = "integer"
    label = Label("整数", "Whole number")
    help = Label("没有小数的数字，例如数量。", "A number without decimal places, such as a quantity.")
    schema = {
        "minimum": {"type": "integer"},
        "maximum": {"type": "integer"},
        "unit": {"$ref": "common.schema.json#/$defs/label"},
    }


class RatingType(Whole):
    """rating: 1 to `maximum` (5 unless the document says)."""

    name: ClassVar[str] = "rating"
    widget = "rating"
    label = Label("评分", "Rating")
    help = Label("用星表示的评分。", "A rating shown as stars.")
    schema = {"maximum": {"type": "integer", "minimum": 2, "maximum": 10, "default": 5}}

    def coerce(self, field: Field, raw: object) -> Value:
        """A whole number from 1 to the maximum."""
        value = super().coerce(field, raw)
        top = self._top(field)
        if value is not None and not 1 <= value <= top:
            raise ValueProblem(f"应在 1 到 {top} 之间。", f"must be between 1 and {top}.")
        return value

    def to_text(self, field: Field, value: Value, language: Language) -> str:
        """Such as `4/5`."""
        return "" if value is None else f"{value}/{self._top(field)}"

    def sample(self, field: Field, random: random.Random) -> Value:
        """Any of them."""
        return random.randint(1, self._top(field))

    def _top(self, field: Field) -> int:
        return int(field.options.get("maximum", 5))


class Fraction(FieldType):
    """Exact decimals; `decimal.Decimal` with the field's scale in Python, a string in JSON."""

    widget = "decimal"
    groupable = False
    scale_default: ClassVar[int] = 2
    schema = {
        "precision": {"type": "integer", "minimum": 1, "maximum": PRECISION_MAX, "default": 18},
        "scale": {"type": "integer", "minimum": 0, "maximum": SCALE_MAX},
        "minimum": {"type": ["number", "string"]},
        "maximum": {"type": ["number", "string"]},
        "unit": {"$ref": "common.schema.json#/$defs/label"},
    }

    def value_type(self, raw: Mapping[str, Any]) -> ValueType:
        """A number with the document's scale and precision."""
        return number(int(raw.get("scale", self.scale_default)), int(raw.get("precision", 18)))

    def columns(self, field: Field) -> tuple[sa.Column[Any], ...]:
        """An exact decimal on both databases."""
        return (sa.Column(field.name, self._column_type(field)),)

    def _column_type(self, field: Field) -> Any:
        return column_type(field.value_type)

    def coerce(self, field: Field, raw: object) -> Value:
        """From JSON numbers or strings, exactly; more places than the field has are refused."""
        value = parse_decimal(field, raw)
        if value is None:
            return None
        kept = fit(field, value, field.value_type.precision, field.value_type.scale)
        _within(field, kept)
        return kept

    def to_json(self, field: Field, value: Value) -> Json:
        """A string with all its places, such as `"12.50"`."""
        return None if value is None else f"{fit(field, Decimal(value), 60, field.value_type.scale):f}"

    def to_text(self, field: Field, value: Value, language: Language) -> str:
        """With thousands separated and the unit behind."""
        if value is None:
            return ""
        unit = Label.of(field.options.get("unit")).in_(language)
        return f"{Decimal(value):,.{field.value_type.scale}f}" + (f" {unit}" if unit else "")

    def sample(self, field: Field, random: random.Random) -> Value:
        """Within the bounds, at the field's scale."""
        scale = field.value_type.scale
        digits = min(field.value_type.precision - scale, 6)
        low = Decimal(str(field.options.get("minimum", -(10**digits) + 1)))
        high = Decimal(str(field.options.get("maximum", 10**digits - 1)))
        units = random.randint(int(low.scaleb(scale)), max(int(low.scaleb(scale)), int(high.scaleb(scale))))
        return Decimal(units).scaleb(-scale)


class DecimalType(Fraction):
    """decimal."""

    name: ClassVar[str] = "decimal"
    label = Label("小数", "Decimal")
    help = Label("位数固定、计算精确的数字。", "A number with a fixed number of places, computed exactly.")


class MoneyType(Fraction):
    """money: a decimal with a currency."""

    name: ClassVar[str] = "money"
    widget = "money"
    label = Label("金额", "Money")
    help = Label("带币种的金额，计算精确。", "An amount with its currency, computed exactly.")
    schema = {**Fraction.schema, "currency": {"type": "string", "pattern": "^[A-Z]{3}$", "default": "CNY"}}

    def to_text(self, field: Field, value: Value, language: Language) -> str:
        """With thousands separated; the currency stands where the field names one."""
        text = super().to_text(field, value, language)
        currency = field.options.get("currency")
        return f"{currency} {text}" if text and currency else text


class PercentType(Fraction):
    """percent: kept as a fraction (0.145), shown as 14.5%."""

    name: ClassVar[str] = "percent"
    widget = "percent"
    scale_default: ClassVar[int] = 4
    label = Label("百分比", "Percent")
    help = Label("以小数保存，如 0.145 即 14.5%。", "Kept as a fraction: 0.145 is 14.5%.")

    def coerce(self, field: Field, raw: object) -> Value:
        """As decimals, and from a text such as `"14.5%"`."""
        if isinstance(raw, str) and narrow(raw).endswith("%"):
            value = parse_decimal(field, narrow(raw)[:-1])
            if value is None:
                raise _no_number(field, raw)
            raw = value.scaleb(-2)
        return super().coerce(field, raw)

    def to_text(self, field: Field, value: Value, language: Language) -> str:
        """As a percentage, two places fewer than the field has."""
        if value is None:
            return ""
        return f"{Decimal(value).scaleb(2):,.{max(0, field.value_type.scale - 2)}f}%"

    def sample(self, field: Field, random: random.Random) -> Value:
        """Between 0 and 1, unless the bounds say otherwise."""
        scale = field.value_type.scale
        low = Decimal(str(field.options.get("minimum", 0))).scaleb(scale)
        high = Decimal(str(field.options.get("maximum", 1))).scaleb(scale)
        return Decimal(random.randint(int(low), int(high))).scaleb(-scale)


for _made in (IntegerType(), DecimalType(), MoneyType(), PercentType(), RatingType()):
    FIELD_TYPES.register(_made.name, _made)
