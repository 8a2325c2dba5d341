"""Laws of the stylesheets that keep pages quick: rules whose last part could be any element.

Where a rule ends in `tr:has(…) > *` or `:has(…) td`, a browser cannot tell which elements it is about, and styles each
element of the page anew whenever anything is put into it: 25 ms for a table of a hundred rows (Chromium). Where it ends
in `* + *`, the same happens below whatever gets a new child: `:where(:not(:first-child))` says it of those it is about.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHEETS = sorted(p for part in ("runtime", "designer") for p in (ROOT / part).rglob("web/**/*.css"))
RULE = re.compile(r"([^{}@;/]+)\{")


def tails(text: str) -> list[str]:
    """What each selector with `:has(…)` ends in, where that is not what has."""
    found = []
    for selector in (one for heads in RULE.findall(text) for one in _split(heads)):
        plain, had = _without_arguments(selector)
        if had and (compounds := re.split(r"[\s>+~]+", plain.strip())) and ":has" not in compounds[-1]:
            found.append(selector.strip() if _is_any(compounds[-1]) else "")
    return [one for one in found if one]


def _split(heads: str) -> list[str]:
    """Selectors of a list, whose arguments may hold commas."""
    parts, depth = [""], 0
    for sign in heads:
        depth += (sign == "(") - (sign == ")")
        if sign == "," and not depth:
            parts.append("")
        else:
            parts[-1] += sign
    return parts


def _without_arguments(selector: str) -> tuple[str, bool]:
    plain, depth = "", 0
    for sign in selector:
        depth += (sign == "(") - (sign == ")")
        if not depth and sign != ")":
            plain += sign
    return plain, ":has" in plain


def _is_any(compound: str) -> bool:
    return not re.search(r"[.#\[]", compound)


def test_the_law_knows_what_it_forbids() -> None:
    assert tails(".a tr:has(.b, .c:not(.d)) > *, .e { x: y; } .f:has(g) tbody td { x: y; }") == [
        ".a tr:has(.b, .c:not(.d)) > *",
        ".f:has(g) tbody td",
    ]
    assert not tails(
        ".a:has(> *) .b { x: y; } td:has(i) { x: y; } .c > * { x: y; } .d:has(e) .f::before { x: y; }"
    )


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_follows_has_is_named(sheet: Path) -> None:
    assert tails(sheet.read_text("utf-8")) == []


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_follows_anything(sheet: Path) -> None:
    plain = (
        _without_arguments(one)[0]
        for heads in RULE.findall(sheet.read_text("utf-8"))
        for one in _split(heads)
    )
    assert [one for one in plain if re.search(r"(^|[\s>])(\*|:is)\s*[+~]\s*\*$", one.strip())] == []
