"""A form for strangers, end to end; and records picked, cleared and made in place."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

Visit = Callable[..., Page]


def test_an_administrator_makes_a_link_and_a_stranger_fills_it_in_on_a_phone(visit: Visit) -> None:
    admin = visit("boss")
    admin.goto("/admin/links")
    admin.get_by_role("button", name="新建链接").first.click()
    dialog = admin.locator("#add-link")
    dialog.locator("[name=name]").fill("大厅二维码")
    dialog.locator("[name=days]").fill("30")
    dialog.get_by_role("button", name="新建链接").click()
    row = admin.locator("[data-link]", has_text="大厅二维码")
    address = str(row.locator("input").first.input_value())

    stranger = visit("", width=390, height=844)
    stranger.goto(address)
    expect(stranger.locator("h1")).to_have_text("就诊登记")
    expect(stranger.locator("nav.nav, nav.dock")).to_have_count(0)
    expect(stranger.locator("[data-placed=id_number]")).to_be_hidden()
    stranger.locator("[name=born_on]").fill("1990-01-01")
    expect(stranger.locator("[data-placed=id_number]")).to_be_visible()
    stranger.locator("[name=mail]").fill("kein mail")
    stranger.locator("[name=mail]").blur()
    expect(stranger.locator("[data-error-for=mail]")).to_be_visible()
    stranger.locator("[name=mail]").fill("wai@example.cn")
    stranger.wait_for_timeout(2_600)  # Sooner, it would not have been a person.
    stranger.get_by_role("button", name="提交给我们").click()
    expect(stranger.locator("[data-error-for=name]")).to_contain_text("姓名")
    stranger.locator("[name=name]").fill("外来的人")
    stranger.get_by_role("button", name="提交给我们").click()
    expect(stranger.locator("[data-receipt]")).to_contain_text("R")

    admin.reload()
    expect(row.locator("td.k-main")).to_have_text("1")
    row.get_by_role("button", name="关闭").click()
    expect(row).to_contain_text("已关闭")
    stranger.goto(address)
    expect(stranger.locator("[data-behaviour=record-form]")).to_have_count(0)


def test_a_record_is_made_in_place_and_comes_back_chosen(visit: Visit) -> None:
    page = visit("head_yu")
    page.goto("/apps/clinic/views/patients?search=张思远")
    page.goto(str(page.locator("a[data-opens-record]").first.get_attribute("href")) + "/edit")
    page.locator("[name=allergies]").press_sequentially("芒果")
    page.locator("#o-allergies [data-new]").click()
    dialog = page.locator("dialog.quick")
    expect(dialog.locator("[name=name]")).to_have_value("芒果")
    dialog.get_by_role("button", name="新建过敏原").click()
    expect(dialog.locator("[data-error-for=severity]")).to_be_visible()
    dialog.locator("[name=severity]").select_option("mild")
    page.keyboard.press("Control+Enter")
    expect(dialog).to_have_count(0)
    expect(page.locator("[data-placed=allergies] [data-chip]")).to_contain_text("芒果")
    page.get_by_role("button", name="保存").click()
    page.wait_for_url("**/patient/*?done=saved")


def test_one_key_clears_what_was_chosen_and_another_opens_it(visit: Visit) -> None:
    page = visit()
    page.goto("/apps/clinic/visit/new")
    box = page.locator("[name=patient]")
    box.press_sequentially("wm")
    page.locator("#o-patient [role=option]", has_text="王敏").click()
    expect(box).to_have_value("王敏")
    with page.context.expect_page() as opened:
        box.press("Alt+Enter")
    expect(opened.value.locator("h1")).to_contain_text("王敏")
    box.focus()
    box.press("Backspace")
    expect(box).to_have_value("")
    expect(page.locator("[name='patient.id']")).to_have_value("")


def test_on_a_phone_the_picker_takes_the_whole_screen(visit: Visit) -> None:
    page = visit(width=390, height=844)
    page.goto("/apps/clinic/visit/new")
    page.locator("[name=doctor]").click()
    sheet = page.locator(".pick.sheet")
    expect(sheet).to_be_visible()
    found = sheet.bounding_box()
    assert found is not None
    assert (found["width"], found["height"]) == (390, 844)
    sheet.locator("[role=option]", has_text="毛医生").click()
    expect(page.locator(".pick.sheet")).to_have_count(0)
    expect(page.locator("[name=doctor]")).to_have_value("毛医生")
