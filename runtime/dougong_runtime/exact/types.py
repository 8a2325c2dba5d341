"""SQLAlchemy types whose Python values are equal on both databases."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from dougong_runtime.exact.numbers import TENS, canonical, from_units

NARROW_DIGITS = 18
"""Up to so many digits a decimal is an integer of 10⁻ˢ units on SQLite; above, order-preserving text."""


def ordered_text(units: int, precision: int) -> str:
    """A whole number as text whose order as text is its order as a number: sign, then padded digits.

    >>> sorted(ordered_text(n, 3) for n in (5, -20, 100, -3))
    ['0979', '0996', '1005', '1100']
    """
    if units >= 0:
        return "1" + str(units).zfill(precision)
    return "0" + str(10**precision - 1 + units).zfill(precision)


def from_ordered_text(text: str) -> int:
    """The number that `ordered_text` wrote."""
    digits = int(text[1:])
    return digits if text[0] == "1" else digits + 1 - int(10 ** (len(text) - 1))


class Exact(TypeDecorator[Decimal]):
    """A decimal with `scale` places and `precision` digits in all. In Python always a `Decimal` of that scale.

    A value with more places, or too many digits, raises ValueError: nothing is rounded here.
    """

    impl = sa.Numeric
    cache_ok = True

    def __init__(self, precision: int = 18, scale: int = 2) -> None:
        self.precision, self.scale = precision, scale
        super().__init__(precision, scale)

    @property
    def is_narrow(self) -> bool:
        """Whether SQLite keeps it as an integer."""
        return self.precision <= NARROW_DIGITS

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """NUMERIC, or what stands in for it on SQLite."""
        if dialect.name != "sqlite":
            return dialect.type_descriptor(sa.Numeric(self.precision, self.scale))
        return dialect.type_descriptor(sa.BigInteger() if self.is_narrow else sa.Text())

    def units(self, value: Decimal | int | str) -> int:
        """The value as a whole number of 10⁻ˢ. Raises ValueError where it does not fit."""
        exact = Decimal(value)
        if not exact.is_finite() or exact.adjusted() > self.precision:
            raise ValueError(f"{value} does not fit {self.precision} digits with {self.scale} places")
        sign, digits, exponent = exact.as_tuple()
        shift = int(exponent) + self.scale
        whole = int("".join(map(str, digits)) or "0")
        if shift >= 0:
            whole *= TENS[shift] if shift < len(TENS) else int(10**shift)
        else:
            whole, rest = divmod(whole, int(10**-shift))
            if rest:
                raise ValueError(f"{value} has more than {self.scale} places")
        if whole >= 10**self.precision:
            raise ValueError(f"{value} does not fit {self.precision} digits with {self.scale} places")
        return -whole if sign else whole

    def _fits(self, value: Decimal) -> bool:
        """Whether a value has just these places, and no more digits: most do."""
        return value.as_tuple().exponent == -self.scale and value.adjusted() < self.precision - self.scale

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """To the database."""
        if value is None:
            return None
        if dialect.name != "sqlite" and isinstance(value, Decimal) and self._fits(value):
            return value
        units = self.units(value)
        if dialect.name != "sqlite":
            return from_units(units, self.scale)
        return units if self.is_narrow else ordered_text(units, self.precision)

    def process_literal_param(self, value: Any, dialect: Dialect) -> str:
        """The same, written into the statement (conditions of indexes)."""
        bound = self.process_bind_param(value, dialect)
        if bound is None:
            return "NULL"
        return f"'{bound}'" if isinstance(bound, str) else str(bound)

    def result_processor(self, dialect: Dialect, coltype: Any) -> Callable[[Any], Any] | None:
        """PostgreSQL's driver gives a Decimal of the column's scale."""
        return super().result_processor(dialect, coltype) if dialect.name == "sqlite" else None

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """From SQLite."""
        if value is None:
            return None
        units = from_ordered_text(value) if isinstance(value, str) else int(value)
        return from_units(units, self.scale)


def instant_text(value: datetime) -> str:
    """An aware datetime as text of fixed width, whose order as text is its order in time."""
    if value.tzinfo is None:
        raise ValueError("an instant needs its zone")
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


def from_instant_text(text: str) -> datetime:
    """The instant that `instant_text` wrote."""
    return datetime.fromisoformat(text[:26]).replace(tzinfo=UTC)


class Instant(TypeDecorator[datetime]):
    """An aware datetime, in UTC on both ways."""

    impl = sa.DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """TIMESTAMPTZ, or sortable text on SQLite."""
        if dialect.name != "sqlite":
            return dialect.type_descriptor(sa.DateTime(timezone=True))
        return dialect.type_descriptor(sa.Text())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """To the database."""
        if value is None:
            return None
        if dialect.name == "sqlite":
            return instant_text(value)
        if value.tzinfo is None:
            raise ValueError("an instant needs its zone")
        return value.astimezone(UTC)

    def process_literal_param(self, value: Any, dialect: Dialect) -> str:
        """The same, written into the statement."""
        return "NULL" if value is None else f"'{instant_text(value)}'"

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """From the database."""
        if value is None:
            return None
        if isinstance(value, str):
            return from_instant_text(value)
        at: datetime = value
        return at.astimezone(UTC)


class RecordId(TypeDecorator[str]):
    """A record's id: text of 36 characters in Python, `uuid` on PostgreSQL."""

    impl = sa.String
    cache_ok = True

    def __init__(self) -> None:
        super().__init__(36)

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """UUID, or text on SQLite."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.UUID(as_uuid=False))
        return dialect.type_descriptor(sa.String(36))

    def result_processor(self, dialect: Dialect, coltype: Any) -> None:
        """None: on both databases the driver hands over text (`storage.dialects` sees to it on PostgreSQL)."""


def json_text(value: Any) -> str:
    """A value as JSON in its one spelling: keys sorted, no spaces, decimals as strings."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True, default=str)


class JsonValue(TypeDecorator[Any]):
    """A JSON value; None is NULL. JSONB, or text in its one spelling on SQLite."""

    impl = sa.JSON
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """JSONB, or text."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.JSONB(none_as_null=True))
        return dialect.type_descriptor(sa.Text())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """To the database."""
        if value is None or dialect.name == "postgresql":
            return value
        return json_text(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """From the database."""
        if value is None or dialect.name == "postgresql":
            return value
        return json.loads(value)

    def coerce_compared_value(self, op: Any, value: Any) -> TypeEngine[Any]:
        """What stands beside it is JSON too."""
        return self


class Digits(TypeDecorator[Decimal]):
    """A decimal of any size, as bound values and results of computation have it: canonical text on SQLite."""

    impl = sa.Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """NUMERIC, or text on SQLite."""
        return dialect.type_descriptor(sa.Text() if dialect.name == "sqlite" else sa.Numeric())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """To the database."""
        if value is None:
            return None
        exact = value if isinstance(value, Decimal) else Decimal(value)
        return canonical(exact) if dialect.name == "sqlite" else exact

    def process_literal_param(self, value: Any, dialect: Dialect) -> str:
        """The same, written into the statement."""
        bound = self.process_bind_param(value, dialect)
        return "NULL" if bound is None else f"'{bound}'" if isinstance(bound, str) else format(bound, "f")

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """From the database."""
        return None if value is None else Decimal(value)
