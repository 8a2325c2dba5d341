"""axe finds nothing on any page: light and dark, both languages, on a desk and on a phone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

Visit = Callable[..., Page]
AXE = (Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
PAGES = {
    "home": "/",
    "app": "/apps/clinic",
    "list": "/apps/clinic/views/patients",
    "groups": "/apps/clinic/views/patients?group=risk",
    "nothing": "/apps/clinic/views/patients?search=nobody",
    "problem": "/apps/clinic/views/patients?filter=rsk = 1",
    "board": "/apps/clinic/views/visits_by_stage",
    "new": "/apps/clinic/visit/new",
    "search": "/search?q=wm",
    "me": "/me",
    "missing": "/apps/clinic/nowhere/else",
    "trash": "/apps/clinic/visit/trash",
    "app trash": "/apps/clinic/trash",
}
ADMIN = {
    "front": "/admin",
    "storage": "/admin/storage",
    "roles": "/admin/roles",
    "role": "/admin/roles/clinic.doctor",
    "deleted": "/admin/trash",
    "people": "/admin/people",
    "person": "/admin/people/dr_lin",
    "teams": "/admin/teams",
    "audit": "/admin/audit",
    "settings": "/admin/settings",
    "jobs": "/admin/jobs",
    "links": "/admin/links",
    "health": "/admin/health",
}


def findings(page: Page) -> list[str]:
    """What axe has to say, a line each: rule, element."""
    page.evaluate(AXE)
    answer: dict[str, Any] = page.evaluate("rules => axe.run(document, rules)", RULES)
    return [
        f"{v['id']}: {node['target']} {node['failureSummary'].splitlines()[-1].strip()}"
        for v in answer["violations"]
        for node in v["nodes"]
    ]


def look(page: Page, address: str) -> list[str]:
    """Open an address and examine it."""
    page.goto(address)
    page.wait_for_load_state("networkidle")
    return [f"{address} {line}" for line in findings(page)]


@pytest.mark.parametrize(
    ("language", "dark", "width"),
    [("zh", False, 1440), ("en", True, 1440), ("zh", True, 390), ("en", False, 390)],
)
def test_no_page_shuts_anybody_out(visit: Visit, language: str, dark: bool, width: int) -> None:
    page = visit(width=width, height=900 if width > 640 else 844, dark=dark)
    found: list[str] = []
    for address in PAGES.values():
        found += look(page, f"{address}{'&' if '?' in address else '?'}lang={language}")
    page.goto("/apps/clinic/views/patients?search=wm")
    record = str(page.locator("a[data-opens-record]").first.get_attribute("href"))
    for address in (
        f"{record}?tab=page",
        f"{record}?tab=overview",
        f"{record}?tab=history",
        f"{record}/edit",
    ):
        found += look(page, f"{address}{'&' if '?' in address else '?'}lang={language}")
    assert found == []


@pytest.mark.parametrize("dark", [False, True])
def test_the_administration_and_sign_in_too(visit: Visit, dark: bool) -> None:
    page = visit("", dark=dark)
    found = findings(page)
    page = visit("boss", dark=dark)
    for address in ADMIN.values():
        found += look(page, address)
    assert found == []


def test_what_opens_is_examined_open(visit: Visit) -> None:
    page = visit()
    page.goto("/apps/clinic/views/patients")
    page.locator(".tools").get_by_role("button", name="筛选").click()
    expect(page.locator("#filter-panel .frow").first).to_be_visible()
    found = findings(page)
    page.keyboard.press("Escape")
    for opener, shown in (
        ("[aria-controls=columns-panel]", "#columns-panel .order-list"),
        ("[aria-controls=order-panel]", "#order-panel .order-list"),
        ("[aria-controls=view-menu]", "#view-menu .mi >> nth=0"),
        ("[aria-controls=save-menu] >> nth=0", "#save-menu #view-name"),
        ("th[data-field=spent] .hm", "#head-menu .mi >> nth=0"),
    ):
        page.locator(opener).click()
        expect(page.locator(shown)).to_be_visible()
        found += findings(page)
        page.keyboard.press("Escape")
    page.locator(".ws").click()
    found += findings(page)
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.keyboard.type("wm")
    expect(page.locator("#palette-results [role=option]").first).to_be_visible()
    found += findings(page)
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="快捷键")).to_be_visible()
    found += findings(page)
    page.goto("/apps/clinic/visit/new")
    page.locator("[name=patient]").press_sequentially("w")
    expect(page.locator("#o-patient [role=option]").first).to_be_visible()
    found += findings(page)
    page.keyboard.press("Escape")
    page.locator("[data-rows] [data-add]").click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="新建就诊").click()
    expect(page.locator("[data-problems]")).to_be_visible()
    found += findings(page)
    assert found == []
