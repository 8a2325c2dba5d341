"""Colours can be told apart: text 4.5 to 1, edges and marks 3 to 1 (WCAG 2.2, 1.4.3 and 1.4.11), in every theme and accent."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

STYLES = Path(__file__).parents[2] / "runtime" / "dougong_runtime" / "pages" / "web" / "styles"
CSS = (STYLES / "10-tokens.css").read_text() + (STYLES / "12-accents.css").read_text()
TEXT = {
    "ink": "sheet base",
    "ink2": "sheet base",
    "ink3": "sheet base sunken hover accent-soft",
    "accent": "sheet base accent-soft",
    "on-fill": "fill fill-hi",
    "wood": "sheet wood-soft",
    "danger": "sheet danger-soft",
    "ok": "sheet ok-soft",
    "warn": "sheet warn-soft",
    "red": "sheet hover",
    "green": "sheet hover",
}
HUES = ("gray", "redx", "orange", "amber", "greenx", "teal", "blue", "indigo", "purple", "pink")
PAIRS = [
    *((a, b, 4.5) for a, bs in TEXT.items() for b in bs.split()),
    *((a, b, 3.0) for a, b in (("edge", "sheet"), ("edge", "base"), ("focus", "sheet"), ("fill", "sheet"))),
    *((f"{hue}-f", f"{hue}-b", 4.5) for hue in HUES),
    *((f"{hue}-d", "sheet", 3.0) for hue in HUES),
    *((f"g{k}", "sheet", 3.0) for k in range(1, 7)),
]
ACCENTS = ["ink", *re.findall(r":root\[data-accent=(\w+)\] \{", CSS)]


def block(selector: str) -> dict[str, str]:
    """The colours that a rule sets."""
    start = CSS.index(selector + " {")
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{3,6})", CSS[start : CSS.index("}", start)]))


def tokens(accent: str, theme: str) -> dict[str, str]:
    """The colours in force."""
    found = block(":root")
    if theme == "dark":
        found |= block(":root[data-theme=dark]")
    if accent != "ink":
        found |= block(f":root[data-accent={accent}]" + ("[data-theme=dark]" if theme == "dark" else ""))
    return found


def luminance(colour: str) -> float:
    """Relative luminance as WCAG defines it."""
    digits = colour.lstrip("#")
    digits = "".join(c * 2 for c in digits) if len(digits) == 3 else digits
    parts = (int(digits[k : k + 2], 16) / 255 for k in (0, 2, 4))
    r, g, b = (v / 12.92 if v <= 0.03928 else ((v + 0.055) / 1.055) ** 2.4 for v in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def ratio(a: str, b: str) -> float:
    """Contrast of two colours."""
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def test_there_are_accents() -> None:
    assert {"ink", "teal", "graphite"} <= set(ACCENTS)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("accent", ACCENTS)
def test_every_pair_can_be_told_apart(accent: str, theme: str) -> None:
    colours = tokens(accent, theme)
    weak = {
        (a, b): round(ratio(colours[a], colours[b]), 2)
        for a, b, least in PAIRS
        if ratio(colours[a], colours[b]) < least
    }
    assert weak == {}
