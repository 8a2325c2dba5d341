"""Work that is not saved yet: kept through a crash, compared with a colleague's, rows written with their record."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

Visit = Callable[..., Page]
NEW_VISIT = "/apps/clinic/visit/new"


def address_of(page: Page, name: str) -> str:
    """The address of a patient."""
    page.goto(f"/apps/clinic/views/patients?search={name}")
    return str(page.locator("a[data-opens-record]").first.get_attribute("href"))


def choose(page: Page, field: str, letters: str, title: str) -> None:
    """Pick a record by a few letters."""
    box = page.locator(f"[name='{field}']")
    box.press_sequentially(letters)
    page.locator("[role=listbox]:not([hidden]) [role=option]", has_text=title).first.click()
    expect(box).to_have_value(title)


def test_what_was_typed_survives_a_crash_and_is_offered_on_another_device(visit: Visit) -> None:
    page = visit("head_yu")
    address = address_of(page, "陈嘉禾")
    page.clock.install()
    page.goto(address + "/edit")
    page.fill("[name=mail]", "crash@example.cn")
    page.locator("[name=mail]").press("Tab")
    page.clock.fast_forward(6_000)
    expect(page.locator("[data-draft-state]")).to_contain_text("草稿已存")
    page.context.close()

    other = visit("head_yu", width=390, height=844)
    other.goto(address + "/edit")
    expect(other.locator("[name=mail]")).to_have_value("p2@example.cn")
    offer = other.locator("[data-offer]")
    expect(offer).to_contain_text("你有 今天")
    offer.get_by_role("link", name="继续填写").click()
    expect(other.locator("[name=mail]")).to_have_value("crash@example.cn")
    expect(other.locator("[data-offer]")).to_have_count(0)
    other.get_by_role("button", name="保存").click()
    other.wait_for_url("**/patient/*?done=saved")
    other.goto(address + "/edit")
    expect(other.locator("[data-offer]")).to_have_count(0)
    expect(other.locator("[name=mail]")).to_have_value("crash@example.cn")


def test_leaving_asks_once_and_what_was_typed_is_kept_and_can_be_dropped(visit: Visit) -> None:
    page = visit()
    page.goto(NEW_VISIT)
    page.fill("[name=reason]", "半途而废")
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto("/apps/clinic/views/visits")
    offer = page.locator("[data-offer]")
    for _ in range(25):  # what was sent on leaving may still be on its way
        page.goto(NEW_VISIT)
        if offer.count():
            break
        page.wait_for_timeout(200)
    expect(offer).to_be_visible()
    offer.get_by_role("button", name="丢弃").click()
    expect(offer).to_have_count(0)
    page.reload()
    expect(page.locator("[name=reason]")).to_be_visible()
    expect(page.locator("[data-offer]")).to_have_count(0)


def test_a_colleague_is_not_shown_the_draft(visit: Visit) -> None:
    page = visit()
    address = address_of(page, "林书宁")
    page.clock.install()
    page.goto(address + "/edit")
    page.fill("[name=mail]", "mine@example.cn")
    page.clock.fast_forward(6_000)
    expect(page.locator("[data-draft-state]")).to_contain_text("草稿已存")
    other = visit("head_yu")
    other.goto(address + "/edit")
    expect(other.locator("[name=mail]")).to_be_visible()
    expect(other.locator("[data-offer]")).to_have_count(0)


def test_sentences_stand_beside_a_field_once_it_is_left_and_go_while_one_types(visit: Visit) -> None:
    page = visit()
    page.goto(NEW_VISIT)
    choose(page, "patient", "wm", "王敏")
    fee, error = page.locator("[name=fee]"), page.locator("[data-error-for=fee]")
    fee.fill("-5")
    expect(error).to_be_hidden()
    fee.press("Tab")
    expect(error).to_contain_text("诊费不能为负")
    expect(fee).to_have_attribute("aria-invalid", "true")
    fee.focus()
    fee.press_sequentially("0")
    expect(error).to_be_hidden()
    fee.fill("12.345")
    fee.press("Tab")
    expect(error).to_contain_text("最多 2 位小数")
    fee.fill("30")
    fee.press("Tab")
    expect(error).to_be_hidden()
    expect(page.locator("[data-error-for=doctor]")).to_be_hidden()


def test_rows_are_filled_in_with_their_record_and_written_in_one_go(visit: Visit) -> None:
    page = visit()
    page.goto(NEW_VISIT)
    choose(page, "patient", "zsy", "张思远")
    page.fill("[name=reason]", "三张处方")
    rows = page.locator("[data-rows=prescriptions]")
    rows.get_by_role("button", name="添加处方").click()
    line = rows.locator("[data-row]")
    expect(line).to_have_count(1)
    page.keyboard.type("asp")
    page.locator("[role=listbox]:not([hidden]) [role=option]", has_text="阿司匹林").click()
    first = line.nth(0)
    quantity = first.locator("[name$='.quantity']")
    expect(quantity).to_have_value("1")
    quantity.fill("4")
    expect(first.locator("[name$='.price']")).to_have_value("12.50")
    expect(first.locator("[data-placed$='.amount'] .ro")).to_have_text("50.00")
    expect(rows.locator("[data-total='prescriptions.amount']")).to_have_text("50.00")
    quantity.press("Enter")
    expect(line).to_have_count(2)
    page.keyboard.type("bl")
    page.locator("[role=listbox]:not([hidden]) [role=option]", has_text="布洛芬").click()
    second = line.nth(1)
    second.locator("[name$='.quantity']").fill("0")
    page.get_by_role("button", name="新建就诊").click()

    summary = page.locator("[data-problems]")
    expect(summary).to_be_focused()
    expect(summary).to_contain_text("处方第 2 行")
    expect(page.locator("[data-row]").nth(1).locator("[data-error-for$='.quantity']")).to_be_visible()
    summary.get_by_role("link").first.click()
    expect(page.locator("[data-row]").nth(1).locator("[name$='.quantity']")).to_be_focused()
    page.keyboard.press("Control+Backspace")
    expect(page.locator("[data-row]")).to_have_count(1)
    page.locator("#toasts").get_by_role("button", name="撤销").click()
    expect(page.locator("[data-row]")).to_have_count(2)
    page.locator("[data-row]").nth(1).locator("[name$='.quantity']").fill("2")
    page.get_by_role("button", name="新建就诊").click()
    expect(page.locator(".toast")).to_contain_text("已新建")
    expect(page.locator("[data-field=medicine_cost]").first).to_contain_text("86.00")

    page.goto(page.url.split("?")[0] + "/edit")
    again = page.locator("[data-row]")
    expect(again).to_have_count(2)
    again.nth(0).locator("[data-remove-row]").click()
    again.nth(0).locator("[name$='.quantity']").fill("3")
    page.get_by_role("button", name="保存").click()
    expect(page.locator("[data-field=medicine_cost]").first).to_contain_text("54.00")
