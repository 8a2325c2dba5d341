"""Two builders in the studio at once: text, mends, undo across documents, what the other does; seen in both languages
and themes, and on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable

from looking import findings, too_wide
from playwright.sync_api import Page, Route, expect
from serving import Served

from sites import add_person

Visit = Callable[..., Page]
STUDIO = "/studio/clinic"


def settled(page: Page) -> None:
    """The bar of problems has been drawn: the draft has been linked."""
    expect(page.locator("[data-problems]")).to_contain_text(re.compile("错误|problems", re.IGNORECASE))


def written(page: Page, *changes: tuple[str, str]) -> None:
    """Open the document as text, change it, and keep it."""
    page.get_by_role("button", name="YAML").click()
    text = page.locator("#s-yaml-text")
    value = text.input_value()
    for old, new in changes:
        assert old in value
        value = value.replace(old, new)
    text.fill(value)
    page.locator("dialog[open]").get_by_role("button", name="保存").click()


def test_two_build_at_once_and_lose_nothing(visit: Visit, served: Served) -> None:
    add_person(served.site, "fang", roles=["admin"], name="方芳")
    boss, fang = visit("boss"), visit("fang")
    boss.goto("/apps/clinic")
    boss.locator(".nav-foot").get_by_role("link", name="工作室").click()
    expect(boss.locator("[data-document='view/patients']")).to_be_hidden()
    boss.get_by_role("searchbox", name="筛选文档").fill("patients")
    boss.locator("[data-document='view/patients']").click()
    expect(boss.locator("[data-document='view/patients'][aria-current=page]")).to_be_visible()
    fang.goto(f"{STUDIO}/view/patients")
    settled(fang)

    # What the text says wrong is told at its line, and nothing is kept; then it is right, but for a name.
    settled(boss)
    written(boss, ("kind: view", "kind: view\ncolour: red"))
    fault = boss.locator(".s-faults li")
    expect(fault).to_contain_text("第 2 行 1 列")
    fault.get_by_role("button").click()
    assert (
        boss.locator("#s-yaml-text").evaluate("e => e.value.slice(e.selectionStart, e.selectionStart + 6)")
        == "colour"
    )
    text = boss.locator("#s-yaml-text")
    text.fill(text.input_value().replace("colour: red\n", "").replace("phone", "phne"))
    boss.locator("dialog[open]").get_by_role("button", name="保存").click()
    expect(boss.locator("#toasts")).to_contain_text("已按文本保存")
    expect(boss.locator("dialog[open]")).to_have_count(0)
    dot = boss.locator("[data-document='view/patients'] .new")
    expect(dot).to_be_visible()
    expect(boss.get_by_role("link", name="发布 1 处改动")).to_be_visible()

    # The other hears of it, who did it and who is there.
    expect(fang.locator("#toasts")).to_contain_text("管理员：")
    expect(fang.locator("#s-here [role=img]")).to_have_attribute("aria-label", re.compile("管理员"))
    expect(fang.locator("[data-problems]")).to_contain_text("phne")

    # A key walks to the problem, a click mends it.
    boss.locator("[data-document='view/visits']").click()
    settled(boss)
    boss.keyboard.press("F8")
    boss.wait_for_url(re.compile("view/patients"))
    boss.locator(".s-bar > form").get_by_role("button", name="改为 phone").click()
    expect(boss.locator("[data-problems]")).to_contain_text("没有错误")

    # Meanwhile the other gives an entity another name, by keys alone, after seeing what will be rewritten.
    more = fang.locator("[data-tree-menu='entity/allergy']")
    more.focus()
    fang.keyboard.press("Enter")
    fang.keyboard.press("Enter")
    dialog = fang.get_by_role("dialog")
    expect(dialog).to_contain_text("会同步更新")
    expect(dialog.locator("[data-place='view/allergies']").first).to_be_visible()
    dialog.get_by_label("内部名").fill("reaction")
    fang.keyboard.press("Enter")
    fang.wait_for_url(re.compile("entity/reaction"))
    expect(boss.locator("#toasts")).to_contain_text("方芳")

    # Undo takes back one's own, wherever it was: the mend, then the text; the other's name stays.
    boss.locator("[data-document='view/visits']").click()
    settled(boss)
    expect(boss.locator("[data-chord=undo]")).to_have_attribute("title", re.compile("撤销：.*Ctrl Z"))
    boss.keyboard.press("Control+z")
    expect(boss.locator("[data-problems]")).to_contain_text("phne")
    expect(boss.locator("#toasts").get_by_role("link").last).to_have_attribute(
        "href", f"{STUDIO}/view/patients"
    )
    boss.keyboard.press("Control+z")
    expect(boss.locator("[data-problems]")).to_contain_text("没有错误")
    expect(dot).to_have_count(0)
    expect(boss.locator("[data-document='entity/reaction']")).to_be_visible()
    boss.keyboard.press("Control+Shift+z")
    expect(dot).to_be_visible()

    # Ctrl K finds a field and goes there; a remark is made and settled; the list of steps goes back to the beginning.
    boss.keyboard.press("Control+k")
    boss.locator("#s-find input").fill("体温")
    first = boss.locator("#palette-results a").first
    expect(first).to_contain_text("体温")
    boss.keyboard.press("Enter")
    boss.wait_for_url(re.compile(r"entity/visit\?at="))
    settled(boss)
    boss.get_by_role("button", name="讨论").click()
    boss.get_by_label("对这份文档说点什么").fill("单位写清楚")
    boss.get_by_role("button", name="发送").click()
    expect(boss.locator("#s-remarks .words-of")).to_have_text("单位写清楚")
    boss.get_by_role("button", name="了结").click()
    expect(boss.locator("#s-remarks .settled")).to_be_visible()
    boss.keyboard.press("Escape")
    boss.get_by_role("button", name=re.compile("^步骤")).click()
    boss.locator("#s-steps").get_by_role("button", name="开始之前").click()
    expect(boss.get_by_role("link", name="发布", exact=True)).to_be_visible()
    expect(boss.locator("[data-document='entity/allergy']")).to_be_visible()


def test_what_is_typed_before_the_page_has_come_whole_counts(visit: Visit) -> None:
    boss = visit("boss")
    held: list[Route] = []
    boss.route(re.compile(r"/(documents|finding)-\w+\.js$"), lambda route: held.append(route))
    for first in (0, 1):
        boss.goto(STUDIO, wait_until="commit")
        boss.get_by_role("searchbox", name="筛选文档").fill("patients")
        expect(boss.locator("[data-document='view/patients']")).to_be_hidden()
        while len(held) < 2:
            boss.wait_for_timeout(20)
        held[first].continue_()
        boss.wait_for_timeout(150)
        held[1 - first].continue_()
        expect(boss.locator("[data-document='view/patients']")).to_be_visible()
        expect(boss.locator("[data-document='view/visits']")).to_be_hidden()
        held.clear()


def test_the_frame_is_accessible_in_both_languages_and_themes(visit: Visit) -> None:
    for dark, language in ((False, "zh"), (True, "en")):
        page = visit("boss", dark=dark)
        page.goto(f"{STUDIO}?lang={language}")
        settled(page)
        assert findings(page) == []
        assert too_wide(page) == []
        page.keyboard.press("Control+k")
        page.locator("#s-find input").fill("phone")
        expect(page.locator("#palette-results a").first).to_be_visible()
        assert findings(page, page.locator("#s-find")) == []
        page.keyboard.press("Escape")
        page.goto(f"{STUDIO}/view/patients")
        page.get_by_role("button", name="YAML").click()
        expect(page.locator("#s-yaml-text")).to_be_visible()
        assert findings(page, page.locator("dialog[open]")) == []
        page.keyboard.press("Escape")
        page.keyboard.press("?")
        assert findings(page, page.locator("#keys")) == []
        page.keyboard.press("Escape")
    phone = visit("boss", width=390, height=844)
    phone.goto(f"{STUDIO}/view/patients")
    expect(phone.get_by_role("note")).to_contain_text("窄屏上只能查看")
    expect(phone.get_by_role("link", name=re.compile("^发布"))).to_have_count(0)
    assert too_wide(phone) == []


def test_on_a_phone_one_reads(visit: Visit) -> None:
    page = visit("boss", width=390, height=844)
    page.goto(f"{STUDIO}/entity/patient")
    tree, opens = page.locator("#s-docs"), page.get_by_role("button", name="文档", exact=True)
    expect(tree).to_be_hidden()
    opens.click()
    expect(tree.locator("[aria-current=page]")).to_be_in_viewport()
    expect(page.locator("#main")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(tree).to_be_hidden()
    expect(opens).to_be_focused()
    # Tabs and links lead on; nothing takes a value, a key or a drag.
    page.locator("[data-tab=locks]").click()
    expect(page.locator("[data-tab=locks]")).to_have_attribute("aria-current", "page")
    assert page.locator("#main :is(input, select, button):not([type=hidden])").evaluate_all(
        "all => all.every(e => e.closest('[inert]') || e.closest('form[method=get]'))"
    )
    page.goto(f"{STUDIO}/entity/patient")
    first = page.locator("[data-field-id]").first.get_attribute("data-name")
    page.locator("[data-choose]").nth(1).focus()
    page.keyboard.press("Alt+ArrowUp")
    page.keyboard.press("Delete")
    page.wait_for_timeout(300)
    page.reload()
    expect(page.locator("[data-field-id]").first).to_have_attribute("data-name", str(first))
    opens.click()
    page.locator("[data-document='entity/visit']").click()
    expect(page.locator(".ent-h h1")).to_have_text("就诊")
    page.get_by_role("button", name="查找文档、字段、公式").last.click()
    expect(page.locator("#s-find")).to_be_visible()
    page.goto(f"{STUDIO}/form/patient_form")
    opens.click()
    expect(tree.locator("[aria-current=page]")).to_be_visible()
