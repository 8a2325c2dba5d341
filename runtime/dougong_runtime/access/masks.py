"""How a masked cell is written. What it hides cannot be worked out from it, its length included."""

from __future__ import annotations

from collections.abc import Callable

from dougong_runtime.fields.base import Field
from dougong_runtime.formulas.types import Kind
from dougong_runtime.model.app import Mask

DOT = "•"
DOTS = DOT * 4


def _last4(text: str) -> str:
    return f"{DOTS} {text[-4:]}" if len(text) > 6 else DOTS


def _first1(text: str) -> str:
    return text[:1] + DOTS if len(text) > 1 else DOTS


def _domain(text: str) -> str:
    return DOTS + "@" + text.rpartition("@")[2] if "@" in text else DOTS


_WAYS: dict[str, Callable[[str], str]] = {
    "none": lambda text: DOTS,
    "last4": _last4,
    "first1": _first1,
    "domain": _domain,
}
MASK_WAYS = tuple(_WAYS)


def masked(field: Field, value: object, mask: Mask) -> str | None:
    """The masked form of a field's value or of its JSON: text with dots, or None where there is no value to hide.

    Fields that hold no written text (amounts, days, choices, references) show nothing of themselves, whatever the
    mask says: the last digits of an amount or the first letter of a choice are most of what it tells.
    """
    if value is None:
        return None
    if not isinstance(value, str) or field.value_type.kind is not Kind.TEXT:
        return DOTS
    return _WAYS.get(mask.show, _WAYS["none"])(value)
