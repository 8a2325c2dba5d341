"""axe finds nothing on any page: light and dark, both languages, on a desk and on a phone. Other ways of
showing a list are looked at beside what is done with them."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from looking import findings, too_wide
from playwright.sync_api import Locator, Page, expect

Visit = Callable[..., Page]
EFFORT = int(os.environ.get("DOUGONG_TEST_EFFORT", "1"))
LOOKS = [("zh", False, 1440), ("en", True, 390), ("zh", True, 1440), ("en", False, 390)]
LOOKS = LOOKS if EFFORT > 1 else LOOKS[:2]
MAIN = (
    "/",
    "/apps/clinic",
    "/apps/clinic/views/patients",
    "/apps/clinic/views/visits_by_stage",
    "/apps/clinic/visit/new",
    "/notifications",
)
"""In every look."""
FURTHER = {
    "groups": "/apps/clinic/views/patients?group=risk",
    "groups of groups": "/apps/clinic/views/patients?group=risk,owner&totals=spent:sum",
    "nothing": "/apps/clinic/views/patients?search=nobody",
    "problem": "/apps/clinic/views/patients?filter=rsk = 1",
    "month": "/apps/clinic/views/visit_calendar?on=2026-03-12",
    "day": "/apps/clinic/views/visit_calendar?on=2026-01-12&span=day",
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
    "filtered": "/admin/audit?action=create",
    "erasing": "/admin/audit/erase?app=clinic&entity=patient",
    "settings": "/admin/settings",
    "jobs": "/admin/jobs",
    "links": "/admin/links",
    "health": "/admin/health",
}


def look(page: Page, address: str, language: str = "") -> list[str]:
    """Open an address and examine it."""
    sign = "&" if "?" in address else "?"
    page.goto(f"{address}{sign}lang={language}" if language else address)
    page.wait_for_load_state("networkidle")
    return [f"{address} {line}" for line in findings(page) + too_wide(page)]


def record_of(page: Page, search: str = "wm") -> str:
    """The address of the first patient found."""
    page.goto(f"/apps/clinic/views/patients?search={search}")
    return str(page.locator("a[data-opens-record]").first.get_attribute("href"))


@pytest.mark.parametrize(("language", "dark", "width"), LOOKS)
def test_no_page_shuts_anybody_out(visit: Visit, language: str, dark: bool, width: int) -> None:
    page = visit(width=width, height=900 if width > 640 else 844, dark=dark)
    record = record_of(page)
    found: list[str] = []
    for address in (*MAIN, f"{record}?tab=page", f"{record}?tab=overview", f"{record}/edit"):
        found += look(page, address, language)
    assert found == []


@pytest.mark.parametrize(("language", "dark", "width"), LOOKS[1:])
def test_nor_does_any_further_one(visit: Visit, language: str, dark: bool, width: int) -> None:
    page = visit(width=width, height=900 if width > 640 else 844, dark=dark)
    record = record_of(page)
    found: list[str] = []
    for address in (
        *FURTHER.values(),
        f"{record}?tab=history",
        f"{record}/print",
        f"{record}/why?act=delete",
    ):
        found += look(page, address, language)
    assert found == []


@pytest.mark.parametrize("dark", [True, False] if EFFORT > 1 else [True])
def test_the_administration_and_sign_in_too(visit: Visit, dark: bool) -> None:
    page = visit("", dark=dark)
    found = findings(page)
    page = visit("boss", dark=dark)
    for address in ADMIN.values():
        found += look(page, address)
    assert found == []


def opened(page: Page, what: Locator) -> list[str]:
    """Examine what has opened once something in it is there to be seen."""
    expect(what.first).to_be_visible()
    return findings(page, what)


def test_what_opens_over_a_list_is_examined_open(visit: Visit) -> None:
    page = visit("head_yu")
    page.goto("/apps/clinic/views/patients")
    page.wait_for_load_state("networkidle")
    found: list[str] = []
    for opener, shown in (
        (".tools [aria-controls=filter-panel]", "#filter-panel .frow"),
        ("[aria-controls=columns-panel]", "#columns-panel .order-list"),
        ("[aria-controls=order-panel]", "#order-panel .order-list"),
        ("[aria-controls=view-menu]", "#view-menu .mi"),
        ("[aria-controls=save-menu] >> nth=0", "#save-menu #view-name"),
        ("th[data-field=spent] .hm", "#head-menu .mi"),
        (".ws", "#apps-menu a"),
    ):
        page.locator(opener).click()
        found += opened(page, page.locator(shown))
        page.keyboard.press("Escape")
    page.locator("tr[data-record] a[data-opens-record]").first.focus()
    page.keyboard.press("Space")
    bar = page.get_by_role("toolbar", name="对所选记录的操作")
    found += opened(page, bar)
    bar.get_by_role("button", name="分配").click()
    found += opened(page, page.get_by_role("dialog", name="修改病人（1 条）").get_by_role("combobox"))
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(bar).to_be_hidden()
    page.keyboard.press("Control+k")
    page.keyboard.type("wm")
    found += opened(page, page.locator("#palette-results [role=option]"))
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()
    page.keyboard.press("?")
    found += opened(page, page.get_by_role("heading", name="快捷键"))
    assert found == []


def test_what_opens_in_a_form_and_on_a_record_is_examined_open(visit: Visit) -> None:
    page = visit(dark=True)
    page.goto("/apps/clinic/visit/new")
    page.locator("[name=patient]").press_sequentially("w")
    found = opened(page, page.locator("#o-patient [role=option]"))
    page.keyboard.press("Escape")
    page.locator("[data-placed=visited_at] [data-days]").click()
    found += opened(page, page.locator(".cal-menu:visible td"))
    page.keyboard.press("Escape")
    page.locator("[data-rows=prescriptions]").get_by_role("button", name="添加处方").click()
    page.get_by_role("button", name="新建就诊").click()
    found += opened(page, page.locator("[data-problems]"))
    page.on("dialog", lambda dialog: dialog.accept())

    page.goto(f"{record_of(page)}?tab=overview")
    page.locator(".compose textarea").click()
    page.keyboard.type("@白")
    found += opened(page, page.locator("[data-people] [role=option]"))
    page.keyboard.press("Escape")
    page.locator(".compose textarea").fill("")
    page.locator("dd[data-field=phone] .reveal").click()
    found += opened(page, page.locator("[data-revealed]"))
    page.locator("dd[data-field=born_on]").dblclick()
    found += opened(page, page.locator("dd[data-field=born_on] [name=born_on]"))
    page.keyboard.press("Escape")
    assert found == []


def test_what_opens_over_a_board_is_examined_open(visit: Visit) -> None:
    page = visit(width=390, height=844)
    page.goto("/apps/clinic/views/visits_by_stage")
    page.wait_for_load_state("networkidle")
    page.locator("[data-lane=planned] .kc [data-moves]").first.click()
    found = opened(page, page.get_by_role("menu", name="移动"))
    page.keyboard.press("Escape")
    page.goto("/apps/clinic/views/visit_calendar?on=2026-04-13")
    page.wait_for_load_state("networkidle")
    page.locator("[data-day='2026-04-13']").click()
    found += opened(page, page.get_by_role("dialog", name="4 月 13 日 周一"))
    assert found == []
