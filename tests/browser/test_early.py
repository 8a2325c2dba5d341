"""What somebody does before the code of a page has come: nothing of it is lost, and nothing of it is done otherwise."""

from __future__ import annotations

import re
from collections.abc import Callable

from hands import ready
from playwright.sync_api import Page, Route, expect

Visit = Callable[..., Page]


class Coming:
    """Code of a page that is on its way until it is let come."""

    def __init__(self, page: Page, *names: str) -> None:
        self._page, self._n = page, len(names)
        self._held: list[Route] = []
        page.route(re.compile(rf"/({'|'.join(names)})-\w+\.js$"), lambda route: self._held.append(route))

    def wait(self) -> None:
        """Until all of it has been asked for."""
        while len(self._held) < self._n:
            self._page.wait_for_timeout(20)

    def come(self) -> None:
        """Let it come."""
        for route in self._held:
            route.continue_()
        ready(self._page)


def test_fields_are_added_before_the_canvas_has_its_code(visit: Visit) -> None:
    boss = visit("boss")
    coming = Coming(boss, "entity")
    boss.goto("/studio/clinic/entity/visit", wait_until="commit")
    coming.wait()
    rows = boss.locator("[data-field-id]")
    before = rows.count()
    boss.locator("#ent-quick").fill("复诊日期 日期")
    boss.keyboard.press("Enter")
    # Nothing seems to happen, so one presses once more.
    boss.locator("[data-palette=autonumber]").click()
    boss.locator("[data-palette=autonumber]").click()
    boss.wait_for_timeout(200)
    expect(rows).to_have_count(before)
    coming.come()
    expect(rows).to_have_count(before + 2)
    assert [row.get_attribute("data-label") for row in rows.all()][-2:] == ["复诊日期", "自动编号"]
    # What was added last is chosen.
    expect(boss.locator("#p-label-zh")).to_have_value("自动编号")
    expect(boss).to_have_url(re.compile(r"/studio/clinic/entity/visit\?at="))


def test_a_record_that_is_saved_before_the_form_has_its_code_is_saved_once(visit: Visit) -> None:
    page = visit()
    coming = Coming(page, "form")
    page.goto("/apps/clinic/patient/new", wait_until="commit")
    coming.wait()
    page.fill("[name=name]", "早早")
    for _ in range(2):
        page.get_by_role("button", name="新建病人").click()
    page.wait_for_timeout(200)
    expect(page).to_have_url(re.compile("/patient/new$"))
    coming.come()
    expect(page.locator(".toast")).to_contain_text("已新建")
    page.goto("/apps/clinic/views/patients?search=早早")
    expect(page.locator("a[data-opens-record]")).to_have_count(1)


def test_a_box_is_ticked_before_the_form_has_its_code_and_saved_after(visit: Visit) -> None:
    page = visit()
    coming = Coming(page, "form")
    page.goto("/apps/clinic/prescription/new", wait_until="commit")
    coming.wait()
    main = page.get_by_role("checkbox", name="主药")
    is_main = main.is_checked()
    page.get_by_text("主药", exact=True).click()
    # After ten seconds all would be let go.
    expect(main).to_be_checked(checked=not is_main, timeout=9_000)
    coming.come()
    expect(main).to_be_checked(checked=not is_main)


def test_where_the_code_does_not_come_the_browser_saves_by_itself(visit: Visit) -> None:
    page = visit()
    page.clock.install()
    coming = Coming(page, "form")
    page.goto("/apps/clinic/patient/new", wait_until="commit")
    coming.wait()
    page.fill("[name=name]", "晚晚")
    page.get_by_role("button", name="新建病人").click()
    page.clock.fast_forward(10_000)
    expect(page.locator(".toast")).to_contain_text("已新建")


ARRIVES = """() => {
  const made = Object.assign(document.createElement('div'), { innerHTML: '<button data-behaviour="print">…</button>' })
  document.querySelector('[data-as-one]').append(made)
  made.dispatchEvent(new CustomEvent('htmx:after:process', { bubbles: true }))
}"""
"""Markup that names a behaviour comes into the page, as htmx tells of it."""


def test_what_comes_later_holds_up_nothing_but_itself(visit: Visit) -> None:
    boss = visit("boss")
    coming = Coming(boss, "print")
    boss.goto("/studio/clinic/entity/patient")
    boss.evaluate(ARRIVES)
    coming.wait()
    boss.locator("[data-name=name] [data-choose]").click()
    # After ten seconds all would be let go.
    expect(boss.locator("#p-name")).to_have_value("name", timeout=9_000)
    coming.come()


def test_a_dialog_that_is_typed_in_before_all_code_has_come_keeps_the_focus(visit: Visit) -> None:
    page = visit("head_yu")
    page.goto("/apps/clinic/views/patients?columns=name,owner")
    held: list[Route] = []
    page.route(re.compile(r"\.js$"), lambda route: held.append(route))
    page.locator("tr[data-record] a[data-opens-record]").first.focus()
    page.keyboard.press("Space")
    page.get_by_role("toolbar", name="对所选记录的操作").get_by_role("button", name="分配").click()
    dialog = page.get_by_role("dialog")
    # Who hears the page hears first what the dialog is about.
    expect(dialog.get_by_role("heading")).to_be_focused()
    who = dialog.get_by_role("combobox", name="责任医生")
    who.fill("毛")
    option = page.get_by_role("option", name="毛医生")
    expect(option).to_be_visible()
    for route in held:
        route.continue_()
    ready(page)
    page.wait_for_timeout(300)
    expect(who).to_be_focused()
    expect(option).to_be_visible()


ANEW = "box => box.replaceWith(box.cloneNode(true))"
"""A part of the page comes again, of which nobody has been told yet."""
TOLD = "box => box.dispatchEvent(new CustomEvent('htmx:after:process', { bubbles: true }))"


def test_a_picker_looks_for_what_was_typed_before_it_had_its_code(visit: Visit) -> None:
    page = visit("head_yu")
    page.goto("/apps/clinic/visit/new")
    who = page.get_by_role("combobox", name="医生")
    box = page.locator("[data-behaviour=combobox]", has=who)
    option = page.get_by_role("option", name="毛医生")
    box.evaluate(ANEW)
    who.fill("毛")
    page.wait_for_timeout(300)
    expect(option).to_have_count(0)
    box.evaluate(TOLD)
    option.click()
    expect(who).to_have_value("毛医生")


def test_a_picker_that_is_left_and_come_back_to_stays_open(visit: Visit) -> None:
    page = visit("head_yu")
    page.goto("/apps/clinic/visit/new")
    who = page.get_by_role("combobox", name="病人")
    who.focus()
    expect(page.get_by_role("option").first).to_be_visible()
    who.evaluate("box => { box.blur(); box.focus() }")
    page.wait_for_timeout(300)
    expect(page.get_by_role("option").first).to_be_visible()
    page.get_by_role("heading").first.click()
    expect(page.get_by_role("option")).to_have_count(0)
