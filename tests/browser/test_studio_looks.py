"""The studio's pages, one of each kind, in English at a desk's width and a phone's: nothing is wider than the window, no
row runs out of its place, and on a phone what leads on is wide enough for a finger."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from looking import too_wide
from playwright.sync_api import Page, expect

STUDIO = "/studio/clinic"
TOOLS = (
    "relations",
    "relations?shape=table",
    "spreadsheet",
    "patterns",
    "new-view",
    "publish",
    "merge",
    "trial",
)
ENTITY = ("rules", "unique", "locks", "relations", "uses", "data")
FINGER = 40

CUT = """
wide => {
  const places = [".s-top", ".s-narrow", ".rels .s-sub", ".ent-scroll", ".ent-pad", ".canvas > .scroll", ".rbody", ".pub-desk",
    ".mn-c", ".s-over", ".lb-s", ...(wide ? ["#role-matrix", ".tabs"] : [])].join();
  const rows = ".flds tbody tr > *, .sets tbody tr > *, .lb tbody tr > *, .ent-rel li, .s-counts a, .s-place, .cb .ln";
  const named = e => `${e.tagName.toLowerCase()}${[...e.classList].map(c => "." + c).join("")} ${e.textContent.trim().slice(0, 40)}`;
  const found = [];
  for (const place of document.querySelectorAll(places))
    if (place.checkVisibility() && place.scrollWidth > place.clientWidth + 1)
      found.push(`${named(place)}: ${place.scrollWidth} in ${place.clientWidth}`);
  for (const row of document.querySelectorAll(rows)) {
    if (!row.checkVisibility()) continue;
    const edge = row.closest(".scroll, .s-mid, .s-prop, .menu").getBoundingClientRect();
    const box = row.getBoundingClientRect();
    if (box.right > edge.right + 1 || box.left < edge.left - 1) found.push(`${named(row)} runs out of its place`);
    if (row.scrollWidth > row.clientWidth + 1 && getComputedStyle(row).display !== "inline")
      found.push(`${named(row)} is cut: ${row.scrollWidth} in ${row.clientWidth}`);
  }
  return found;
}
"""
SMALL = """
(least) => [...document.querySelectorAll(
  ".s-top a, .s-narrow button, .s-tree :is(a, summary, input), #main .tabs a, .s-counts a, .s-place, .s-sub > .seg > *")]
  .filter(e => e.checkVisibility() && e.getBoundingClientRect().height < least - 0.5)
  .map(e => `${e.className} ${e.textContent.trim()}: ${e.getBoundingClientRect().height}`)
"""


def english(address: str) -> str:
    return f"{address}{'&' if '?' in address else '?'}lang=en"


def addresses(page: Page) -> list[str]:
    """One document of each kind that there is, what the tree offers besides, and pages without a document."""
    first: list[str] = page.locator("[data-group]").evaluate_all(
        "all => all.map(g => g.querySelector('a[data-document]')?.getAttribute('href')).filter(Boolean)"
    )
    top: list[str] = page.locator("#s-tree > a").evaluate_all("all => all.map(a => a.getAttribute('href'))")
    tabs = [f"{STUDIO}/entity/patient?tab={tab}" for tab in ENTITY]
    tools = [f"{STUDIO}/{tool}" for tool in TOOLS]
    return ["/studio", STUDIO, f"{STUDIO}/entity/patient", *top, *first, *tabs, *tools]


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_no_page_runs_out_of_its_place(visit: Callable[..., Page], width: int, height: int) -> None:
    page = visit("boss", width=width, height=height)
    page.goto(english(STUDIO))
    expect(page.locator("#main h1")).to_be_visible()
    found = []
    all_pages = addresses(page)
    assert len(all_pages) > 25
    for address in all_pages:
        answer = page.goto(english(address))
        assert answer is not None
        assert answer.ok, address
        expect(page.locator(".htmx-request")).to_have_count(0)
        wrong = too_wide(page) + page.evaluate(CUT, width > 900)
        if width < 900:
            wrong += page.evaluate(SMALL, FINGER)
        found += [f"{address}: {one}" for one in wrong]
    assert found == []
    if width < 900:
        page.goto(english(f"{STUDIO}/entity/patient"))
        page.get_by_role("button", name="Documents", exact=True).click()
        expect(page.locator("#s-tree")).to_be_visible()
        assert too_wide(page) + page.evaluate(SMALL, FINGER) == []
