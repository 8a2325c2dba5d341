"""Lists of texts or whole numbers, as fields of several choices hold them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any


def count(items: list[Any]) -> Decimal:
    """How many there are."""
    return Decimal(len(items))


def joined(items: list[Any], separator: str | None) -> str | None:
    """Their texts, with the separator between."""
    return (separator or "").join(str(i) for i in items) or None


def has_any(items: list[Any], wanted: list[Any]) -> bool:
    """Whether one of the wanted is among them."""
    return any(w in items for w in wanted)


def has_all(items: list[Any], wanted: list[Any]) -> bool:
    """Whether all of the wanted are among them."""
    return all(w in items for w in wanted)
