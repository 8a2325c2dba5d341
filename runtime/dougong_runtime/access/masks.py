"""How a masked cell is written. What it hides cannot be worked out from it, its length included."""

from __future__ import annotations

from collections.abc import Callable

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


def masked(value: object, mask: Mask) -> str | None:
    """The masked form of a value: text with dots, or None where there is no value to hide.

    Values that are not text show nothing of themselves, whatever the mask says.
    """
    if value is None:
        return None
    if not isinstance(value, str):
        return DOTS
    return _WAYS.get(mask.show, _WAYS["none"])(value)
